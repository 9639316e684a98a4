#include "airbyte/client.hpp"
#include "fake_http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* job_body = R"({"job":{"id":7,"configId":"c-1","status":"running"},"attempts":[]})";

struct Credentials : ::testing::Test {
  Bench bench;
  Script& script = *bench.script;
  std::vector<Instant> expiries;
  int retries = 0;
  std::vector<std::pair<Operation, std::optional<Errc>>> ended;

  Credentials() {
    bench.observer.token_expiry = [this](Instant at) { expiries.push_back(at); };
    bench.observer.retry = [this](Operation) { ++retries; };
    bench.observer.request_ended = [this](Operation operation, std::optional<Errc> code, Millis) {
      ended.emplace_back(operation, code);
    };
    script.on("GET /api/v1/instance_configuration", ok(instance_200));
    script.on("POST /api/v1/jobs/get_without_logs", ok(job_body));
    script.on("POST /api/v1/connections/sync", ok(job_body));
  }
  void use_client_credentials() {
    ClientCredentialsAuth auth;
    auth.client_id = "id-1";
    auth.client_secret = Secret("very-secret");
    bench.target.auth = auth;
  }
  std::string authorization_of_last() {
    return std::string(script.asked.back().request.header("Authorization").value_or("none"));
  }
  std::size_t tokens_asked() { return script.bodies("POST /api/v1/applications/token").size(); }
};

TEST_F(Credentials, FixedOnesAndExtraHeadersAreSent) {
  bench.target.headers.emplace_back("X-Proxy-Key", Secret("k"));
  ASSERT_TRUE(bench.run(bench.client().job(JobId{7})));
  EXPECT_EQ(authorization_of_last(), "none");
  EXPECT_EQ(script.asked.back().request.header("X-Proxy-Key"), "k");
  EXPECT_THAT(std::string(*script.asked.back().request.header("User-Agent")), HasSubstr("syncwarden/"));
  EXPECT_EQ(script.asked.back().request.header("Content-Type"), "application/json");

  Bench basic;
  basic.target.auth = BasicAuth{"airbyte", Secret("password")};
  basic.script->on("GET /api/v1/instance_configuration", ok(instance_200));
  ASSERT_TRUE(basic.run(basic.client().probe()));
  EXPECT_EQ(basic.script->asked.back().request.header("Authorization"), "Basic YWlyYnl0ZTpwYXNzd29yZA==");

  Bench fixed;
  fixed.target.auth = TokenAuth{Secret("tok")};
  fixed.script->on("GET /api/v1/instance_configuration", ok(instance_200));
  ASSERT_TRUE(fixed.run(fixed.client().probe()));
  EXPECT_EQ(fixed.script->asked.back().request.header("Authorization"), "Bearer tok");
}

TEST_F(Credentials, ATokenIsFetchedOnceAndRefreshedBeforeItEnds) {
  use_client_credentials();
  script.on("POST /api/v1/applications/token", ok(R"({"access_token":"one","expires_in":900})"));
  script.on("POST /api/v1/applications/token", ok(R"({"access_token":"two","expires_in":100})"));
  script.on("POST /api/v1/applications/token", ok(R"({"access_token":"three","expires_in":900})"));
  ASSERT_TRUE(bench.run(bench.client().job(JobId{7})));
  EXPECT_EQ(authorization_of_last(), "Bearer one");
  EXPECT_THAT(script.bodies("POST /api/v1/applications/token"),
              ElementsAre(R"({"client_id":"id-1","client_secret":"very-secret"})"));
  EXPECT_THAT(expiries, ElementsAre(bench.now.wall + std::chrono::seconds{900}));
  bench.now.mono = bench.now.mono + std::chrono::seconds{839};
  ASSERT_TRUE(bench.run(bench.client().job(JobId{7})));
  EXPECT_EQ(authorization_of_last(), "Bearer one");
  bench.now.mono = bench.now.mono + std::chrono::seconds{1};  // a minute before the end
  ASSERT_TRUE(bench.run(bench.client().job(JobId{7})));
  EXPECT_EQ(authorization_of_last(), "Bearer two");
  bench.now.mono = bench.now.mono + std::chrono::seconds{74};
  ASSERT_TRUE(bench.run(bench.client().job(JobId{7})));
  EXPECT_EQ(authorization_of_last(), "Bearer two");
  bench.now.mono = bench.now.mono + std::chrono::seconds{1};  // three quarters of a short life
  ASSERT_TRUE(bench.run(bench.client().job(JobId{7})));
  EXPECT_EQ(authorization_of_last(), "Bearer three");
}

TEST_F(Credentials, ManyWaitForOneFetch) {
  ASSERT_TRUE(bench.run(bench.client().probe()));
  bench.api.reset();
  use_client_credentials();
  script.on("POST /api/v1/applications/token", hanging(R"({"access_token":"one","expires_in":900})"));
  int answered = 0;
  AirbyteApi& api = bench.client();
  for (int i = 0; i < 5; ++i) {
    boost::asio::co_spawn(bench.context, api.job(JobId{7}), [&](std::exception_ptr, Result<JobView> view) {
      if (view) ++answered;
    });
  }
  bench.context.restart();
  bench.context.poll();
  EXPECT_EQ(answered, 0);
  EXPECT_EQ(tokens_asked(), 1U);
  script.release();
  bench.context.run();
  EXPECT_EQ(answered, 5);
  EXPECT_EQ(tokens_asked(), 1U);
}

TEST_F(Credentials, OneRetryAfterA401AlsoForATrigger) {
  use_client_credentials();
  script.on("POST /api/v1/applications/token", ok(R"({"access_token":"old","expires_in":900})"));
  script.on("POST /api/v1/applications/token", ok(R"({"access_token":"new","expires_in":900})"));
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() == "/api/v1/connections/sync" && request.header("Authorization") == "Bearer old") {
      return status(401, "{}");
    }
    return std::nullopt;
  };
  out::TriggerSync request;
  request.connection = ConnectionId("c-1");
  request.not_after = bench.now.mono + std::chrono::seconds{90};
  const auto reply = bench.run(bench.client().trigger(request));
  EXPECT_EQ(reply.answer, TriggerAnswer::created);
  EXPECT_EQ(retries, 1);
  EXPECT_EQ(tokens_asked(), 2U);
}

TEST_F(Credentials, ASecond401IsTheAnswer) {
  use_client_credentials();
  script.on("POST /api/v1/applications/token", ok(R"({"access_token":"t","expires_in":900})"));
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() == "/api/v1/connections/sync") return status(401, "{}");
    return std::nullopt;
  };
  out::TriggerSync request;
  request.connection = ConnectionId("c-1");
  request.not_after = bench.now.mono + std::chrono::seconds{90};
  const auto reply = bench.run(bench.client().trigger(request));
  EXPECT_EQ(reply.answer, TriggerAnswer::refused);
  EXPECT_EQ(reply.error->code, Errc::unauthorized);
  EXPECT_EQ(script.bodies("POST /api/v1/connections/sync").size(), 2U);
}

TEST_F(Credentials, WrongClientCredentialsRefuseATriggerAndNameTheCause) {
  use_client_credentials();
  script.on("POST /api/v1/applications/token", status(400, R"({"message":"Invalid client id or token"})"));
  // nothing is known yet, so the probe is the first to need a token
  const auto info = bench.run(bench.client().probe());
  ASSERT_FALSE(info);
  const std::string text = to_string(info.error());
  EXPECT_EQ(info.error().code, Errc::unauthorized);
  EXPECT_THAT(text, HasSubstr("get_token POST http://airbyte:8000/api/v1/applications/token"));
  EXPECT_THAT(text, HasSubstr("Invalid client id or token"));
  EXPECT_THAT(text, Not(HasSubstr("very-secret")));
  EXPECT_TRUE(script.bodies("POST /api/v1/connections/sync").empty());
}

}  // namespace
}  // namespace syncwarden::airbyte::testing
