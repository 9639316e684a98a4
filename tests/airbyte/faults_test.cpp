#include "airbyte/impl/faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

http::Response response(unsigned status, std::string body = "") {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

Outcome failed(Errc code, bool sent) {
  http::Failure failure;
  failure.error.code = code;
  failure.sent = sent;
  return failure;
}

const Context context{"trigger_job POST http://a/api/v1/connections/sync", nullptr};

TEST(TriggerMapping, EveryWayItCanGo) {
  const std::string again = R"({"status":409,"title":"try-again-later","data":{"message":"running"}})";
  const std::string state = R"({"status":409,"title":"state-conflict","data":{"message":"no"}})";
  struct Case {
    Api api;
    Outcome outcome;
    TriggerAnswer answer;
    Errc code;
  };
  for (const auto& one : std::vector<Case>{
           {Api::config, response(409, R"({"errorId":"e"})"), TriggerAnswer::conflict, Errc::conflict},
           {Api::config, response(409, state), TriggerAnswer::conflict, Errc::conflict},
           {Api::public_api, response(409, again), TriggerAnswer::conflict, Errc::conflict},
           {Api::public_api, response(409, state), TriggerAnswer::refused, Errc::conflict},
           {Api::config, response(401), TriggerAnswer::refused, Errc::unauthorized},
           {Api::config, response(403), TriggerAnswer::refused, Errc::forbidden},
           {Api::config, response(404), TriggerAnswer::refused, Errc::not_found},
           {Api::config, response(400), TriggerAnswer::refused, Errc::rejected},
           {Api::config, response(422), TriggerAnswer::refused, Errc::rejected},
           {Api::config, response(408), TriggerAnswer::unclear, Errc::rejected},
           {Api::config, response(429), TriggerAnswer::throttled, Errc::rate_limited},
           {Api::config, response(500), TriggerAnswer::unclear, Errc::server_error},
           {Api::config, response(502, "<html>"), TriggerAnswer::unclear, Errc::server_error},
           {Api::config, response(503), TriggerAnswer::unclear, Errc::server_error},
           {Api::config, response(302), TriggerAnswer::refused, Errc::unexpected_reply},
           {Api::config, response(200, "{}"), TriggerAnswer::unclear, Errc::unexpected_reply},
           {Api::config, response(204), TriggerAnswer::unclear, Errc::unexpected_reply},
           {Api::config, failed(Errc::reply_timeout, true), TriggerAnswer::unclear, Errc::reply_timeout},
           {Api::config, failed(Errc::connection_lost, true), TriggerAnswer::unclear, Errc::connection_lost},
           {Api::config, failed(Errc::reply_too_large, true), TriggerAnswer::unclear, Errc::reply_too_large},
           {Api::config, failed(Errc::connect_refused, false), TriggerAnswer::not_sent,
            Errc::connect_refused},
           {Api::config, failed(Errc::connection_lost, false), TriggerAnswer::not_sent,
            Errc::connection_lost},
           {Api::config, failed(Errc::expired, false), TriggerAnswer::not_sent, Errc::expired},
           {Api::config, failed(Errc::unauthorized, false), TriggerAnswer::refused, Errc::unauthorized},
       }) {
    const auto reply = trigger_reply_from(one.api, one.outcome, std::nullopt, context, Instant{});
    const std::string name = one.outcome ? std::to_string(one.outcome->status) : "failure";
    EXPECT_EQ(reply.answer, one.answer) << name;
    ASSERT_TRUE(reply.error) << name;
    EXPECT_EQ(reply.error->code, one.code) << name;
    EXPECT_FALSE(reply.error->where.empty());
  }
}

TEST(TriggerMapping, RetryAfterComesAlong) {
  http::Response throttled = response(429);
  throttled.headers.push_back({"retry-after", "7"});
  const auto reply = trigger_reply_from(Api::config, throttled, std::nullopt, context, Instant{});
  EXPECT_EQ(reply.retry_after, Millis{7'000});
  EXPECT_FALSE(trigger_reply_from(Api::config, response(429), std::nullopt, context, Instant{}).retry_after);
}

TEST(ErrorTexts, SayWhatToDo) {
  const Auth none = NoAuth{};
  const Auth basic = BasicAuth{"airbyte", Secret("hunter2")};
  http::Response moved = response(302);
  moved.headers.push_back({"Location", "https://user:pw@sso.example.com/login?next=token"});
  struct Case {
    http::Response response;
    const Auth* auth;
    const char* text;
  };
  for (const auto& one : std::vector<Case>{
           {response(401, "<html>Welcome to Airbyte</html>"), &none, "set airbyte.auth"},
           {response(401), &basic, "username and password"},
           {response(502, "<html><title>502 Bad Gateway</title></html>"), &none, "502 Bad Gateway"},
           {response(502, "<html></html>"), &none, "its server is not"},
           {response(404, "<html></html>"), &none, "/api/v1"},
           {moved, &none, "https://sso.example.com/login"},
           {response(500, R"({"errorId":"6c0f"})"), &none, "errorId 6c0f"},
       }) {
    Context of = context;
    of.auth = one.auth;
    const std::string text = to_string(error_of(one.response, of));
    EXPECT_THAT(text, HasSubstr(one.text));
    EXPECT_THAT(text, HasSubstr("http://a/api/v1/connections/sync"));
    EXPECT_THAT(text, Not(HasSubstr("pw@")));
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  }
}

TEST(ErrorTexts, WrongClientCredentialsInEveryDress) {
  for (const unsigned status : {400U, 401U, 403U}) {
    const Error error = token_error_of(response(status), context);
    EXPECT_EQ(error.code, Errc::unauthorized) << status;
    EXPECT_THAT(error.hint, HasSubstr("client_secret"));
  }
  EXPECT_EQ(token_error_of(response(500), context).code, Errc::server_error);
  EXPECT_THAT(token_error_of(response(404), context).hint, HasSubstr("type: none"));
}

TEST(GoneJobs, AreToldInManyWays) {
  EXPECT_TRUE(means_no_such_job(Api::config, response(404)));
  EXPECT_TRUE(means_no_such_job(Api::config, response(403)));
  EXPECT_TRUE(means_no_such_job(Api::config, response(500, R"({"errorId":"e"})")));
  EXPECT_TRUE(means_no_such_job(
      Api::config, response(500, R"({"message":"Internal Server Error: Could not find job with id: 7"})")));
  EXPECT_TRUE(means_no_such_job(Api::public_api, response(409)));
  EXPECT_FALSE(means_no_such_job(Api::config, response(500, R"({"message":"database is down"})")));
  EXPECT_FALSE(means_no_such_job(Api::config, response(404, "<html>no such page</html>")));
  EXPECT_FALSE(means_no_such_job(Api::config, response(502)));
  EXPECT_FALSE(means_no_such_job(Api::public_api, response(500)));
}

TEST(Reasons, CoverWhatCanFail) {
  EXPECT_EQ(reason_of(Errc::resolve_timeout), Reason::dns);
  EXPECT_EQ(reason_of(Errc::connect_timeout), Reason::connect);
  EXPECT_EQ(reason_of(Errc::reply_timeout), Reason::timeout);
  EXPECT_EQ(reason_of(Errc::forbidden), Reason::auth);
  EXPECT_EQ(reason_of(Errc::conflict), Reason::http_4xx);
  EXPECT_EQ(reason_of(Errc::malformed_reply), Reason::decode);
  EXPECT_FALSE(reason_of(Errc::cancelled));
}

}  // namespace
}  // namespace syncwarden::airbyte
