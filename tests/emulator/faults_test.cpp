// Authentication (reference 2) and what can go wrong on the way.
#include "desk.hpp"

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

FrontOptions with_auth(FrontAuth::Mode mode) {
  FrontOptions options;
  options.auth.mode = mode;
  options.control = true;
  return options;
}

constexpr const char* credentials = R"({"client_id":"emulator","client_secret":"secret"})";

TEST(Basic, GuardsEverythingWithHtml) {  // 1
  Desk desk(exact("0.50.40"), with_auth(FrontAuth::Mode::basic));
  const auto refused = desk.get("/api/v1/health");
  EXPECT_EQ(refused.status(), 401U);
  EXPECT_NE(refused.text().find("<html>"), std::string::npos);
  EXPECT_EQ((*refused.answer)->header("WWW-Authenticate"), "Basic realm=\"Welcome to Airbyte\"");
  desk.headers = {{"Authorization", "Basic YWlyYnl0ZTpwYXNzd29yZA=="}};
  EXPECT_EQ(desk.get("/api/v1/health").status(), 200U);
}

TEST(Bearer, TokensAreGrantedUsedAndExpire) {  // 2
  Desk desk(exact(), with_auth(FrontAuth::Mode::bearer));
  EXPECT_EQ(desk.get("/api/v1/health").status(), 200U) << "anonymous";
  EXPECT_EQ(desk.get("/api/v1/instance_configuration").at("/auth/mode"), "simple");
  EXPECT_EQ(desk.sync().status(), 401U);
  const auto granted = desk.config("applications/token", credentials);
  ASSERT_EQ(granted.status(), 200U);
  EXPECT_EQ(granted.body().as_object().size(), 1U) << "the Config route gives the token only";
  const std::string token{granted.at("/access_token").as_string().c_str()};
  EXPECT_EQ(std::count(token.begin(), token.end(), '.'), 2);
  desk.headers = {{"Authorization", "Bearer " + token}};
  EXPECT_EQ(desk.config("jobs/list", R"({"configTypes":["sync"]})").status(), 200U);
  desk.now += minutes{16};
  EXPECT_EQ(desk.config("jobs/list", R"({"configTypes":["sync"]})").status(), 401U) << "15 minutes";
}

TEST(Bearer, PublicRouteTellsTheLifetimeAndTakesForms) {  // 2
  Desk desk(exact(), with_auth(FrontAuth::Mode::bearer));
  http::Request request;
  request.method = "POST";
  request.target = "/api/public/v1/applications/token";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "client_id=emulator&client_secret=secret&grant_type=client_credentials";
  const auto granted = desk.send(request);
  EXPECT_EQ(granted.at("/expires_in"), 900);
  EXPECT_EQ(granted.at("/token_type"), "Bearer");
  request.target = "/api/v1/applications/token";
  EXPECT_EQ(desk.send(request).status(), 401U) << "the Config route wants JSON";
}

TEST(Bearer, WrongCredentialsByDeployment) {  // 2
  for (const unsigned status : {400U, 401U, 500U}) {
    auto options = with_auth(FrontAuth::Mode::bearer);
    options.auth.wrong_credentials = status;
    Desk desk(exact(), options);
    EXPECT_EQ(desk.config("applications/token", R"({"client_id":"x","client_secret":"y"})").status(), status);
  }
}

TEST(Bearer, TokensCanBeExpiredAtOnce) {
  Desk desk(exact(), with_auth(FrontAuth::Mode::bearer));
  const auto granted = desk.config("applications/token", credentials);
  desk.headers = {
      {"Authorization", fmt::format("Bearer {}", granted.at("/access_token").as_string().c_str())}};
  EXPECT_EQ(desk.config("jobs/get_light", R"({"id":1})").status(), 500U);
  EXPECT_EQ(desk.post("/emulator/do", R"({"expire_tokens":true})").status(), 200U);
  EXPECT_EQ(desk.config("jobs/get_light", R"({"id":1})").status(), 401U);
}

TEST(Faults, AreSwitchedAtRunTimeAndOnlyWhereAllowed) {
  Desk closed;
  EXPECT_EQ(closed.post("/emulator/faults", R"({"down":true})").status(), 404U);
  Desk desk(exact(), with_auth(FrontAuth::Mode::none));
  EXPECT_EQ(desk.post("/emulator/faults", R"({"http_502":1,"slow_sync":"5s","retry_after_s":7})").status(),
            200U);
  EXPECT_EQ(desk.front->faults().slow_sync, seconds{5});
  const auto bad_gateway = desk.sync();
  EXPECT_EQ(bad_gateway.status(), 502U);
  EXPECT_NE(bad_gateway.text().find("nginx"), std::string::npos);
  EXPECT_EQ(desk.post("/emulator/faults", R"({"htttp":1})").status(), 400U);
  EXPECT_EQ(desk.post("/emulator/faults", R"({"http_502":2})").status(), 400U);
  EXPECT_EQ(desk.get("/emulator/faults").at("/slow_sync"), "5s");
  EXPECT_TRUE(desk.airbyte.history().empty()) << "nothing happened";
}

TEST(Faults, WordsOfACommandLine) {
  const auto faults =
      changed_by_word(changed_by_word({}, "http_502=0.25").value(), "slow_sync=1m30s").value();
  EXPECT_EQ(faults.http_502, 0.25);
  EXPECT_EQ(faults.slow_sync, seconds{90});
  EXPECT_TRUE(changed_by_word({}, "hang_sync").value().hang_sync);
  EXPECT_TRUE(changed_by_word({}, "hang_sink").has_error());
}

TEST(Faults, ALostReplyHasItsEffect) {
  Desk desk;
  desk.front->faults().lose_reply = 1;
  const auto asked = desk.sync();
  desk.pass(seconds{1});
  ASSERT_TRUE(asked.answered());
  EXPECT_EQ(asked.status(), 0U);
  EXPECT_EQ(desk.airbyte.history().size(), 1U);
  desk.front->faults() = {};
  desk.front->faults().bad_gateway_after = 1;
  desk.pass(minutes{1});
  const auto unclear = desk.sync();
  desk.pass(seconds{1});
  EXPECT_EQ(unclear.status(), 502U);
  EXPECT_EQ(desk.airbyte.history().size(), 2U);
}

TEST(Faults, AHangingSyncNeverAnswersButRuns) {
  Desk desk;
  desk.front->faults().hang_sync = true;
  const auto asked = desk.sync();
  desk.pass(minutes{10});
  EXPECT_FALSE(asked.answered());
  EXPECT_EQ(desk.airbyte.history().size(), 1U);
  EXPECT_EQ(desk.config("jobs/list", R"({"configTypes":["sync"]})").status(), 200U) << "others are served";
  desk.front->stop();
  desk.settle();
  EXPECT_EQ(asked.status(), 503U);
}

TEST(Faults, ADelayedRequestTakesEffectLater) {
  Desk desk;
  desk.front->faults().delay_request = Millis{5};
  const auto asked = desk.sync();
  desk.pass(seconds{1});
  EXPECT_TRUE(desk.airbyte.history().empty());
  while (desk.airbyte.waiting_tickets() == 0 && desk.io.run_one_for(seconds{10}) > 0) {}
  desk.pass(seconds{1});
  EXPECT_EQ(desk.airbyte.history().size(), 1U);
  while (!asked.answered() && desk.io.run_one_for(seconds{10}) > 0) {}
  EXPECT_EQ(asked.status(), 200U);
}

TEST(Faults, RateLimitsSayWhenOnlyIfAsked) {  // 7
  Desk desk;
  desk.front->faults().rate_limit = 1;
  auto limited = desk.sync();
  EXPECT_EQ(limited.status(), 429U);
  EXPECT_FALSE((*limited.answer)->header("Retry-After"));
  desk.front->faults().retry_after_s = 30;
  limited = desk.sync();
  EXPECT_EQ((*limited.answer)->header("Retry-After"), "30");
}

TEST(Faults, HugeRepliesMissingStatsStrangeWordsAndNulls) {
  Desk desk;
  desk.front->faults().huge_reply = 1'000'000;
  const auto asked = desk.sync();
  desk.pass(seconds{1});
  EXPECT_GT(asked.text().size(), 1'000'000U);
  desk.front->faults() = {};
  desk.front->faults().drop_stats = true;
  const auto read = [&] { return desk.config("jobs/get_without_logs", R"({"id":100})"); };
  EXPECT_TRUE(read().at("/job/aggregatedStats").is_null());
  desk.front->faults().unknown_words = true;
  EXPECT_EQ(read().at("/job/status"), "from_the_future");
  desk.front->faults().nulls = true;
  EXPECT_TRUE(read().at("/job").as_object().contains("startedAt"));
}

TEST(Control, TheLogNamesEveryJobThatWasCreated) {
  auto options = with_auth(FrontAuth::Mode::none);
  Desk desk(exact(), options);
  desk.running_job();
  const auto log = desk.get("/emulator/log");
  EXPECT_EQ(
      log.text(),
      fmt::format(
          "{{\"job\":100,\"connection\":\"{}\",\"name\":\"orders\",\"createdAt\":{},\"cause\":\"manual\"}}\n",
          desk.id(), (day_one + Millis{50}).time_since_epoch().count()));
  EXPECT_EQ(desk.post("/emulator/do", fmt::format(R"({{"orphan":"{}"}})", desk.id())).status(), 200U);
  EXPECT_EQ(desk.post("/emulator/do", fmt::format(R"({{"phantom":"{}"}})", desk.id())).status(), 200U);
  EXPECT_EQ(desk.sync().status(), 409U);
}

}  // namespace
}  // namespace syncwarden::emulator
