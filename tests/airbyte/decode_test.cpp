#include "airbyte/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::optional<JobView> job(Api api, const std::string& text) {
  const auto node = read_json(job_shape(api), text);
  return node ? job_from(api, *node) : std::nullopt;
}

Instant at(const char* text) { return *parse_rfc3339(text); }

TEST(DecodeJob, RunningWithAttemptsAndStatistics) {
  const auto view = job(Api::config, R"({"job":{"id":1530,"configType":"sync","configId":"c-1",
    "createdAt":1763800000,"updatedAt":1763800012,"status":"running","enabledStreams":[{"name":"orders"}],
    "aggregatedStats":{"recordsEmitted":120000,"bytesEmitted":48000000,"recordsCommitted":100000,
      "bytesCommitted":40000000,"recordsRejected":17},
    "streamAggregatedStats":[{"streamName":"orders","recordsEmitted":1}]},
   "attempts":[
    {"id":0,"status":"failed","createdAt":1763800001,"updatedAt":1763800010,"endedAt":1763800010,
     "failureSummary":{"partialSuccess":false,"failures":[
       {"timestamp":1763800009000,"failureOrigin":"source","failureType":"transient_error",
        "externalMessage":"connection\nreset","retryable":true},
       {"timestamp":1763800009000,"failureOrigin":"moon","failureType":"eclipse","internalMessage":"dark"}]}},
    {"id":1,"status":"running","createdAt":1763800012,"updatedAt":1763800012,
     "totalStats":{"recordsEmitted":5,"estimatedRecords":500000}}]})");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->id, JobId{1530});
  EXPECT_EQ(view->connection, ConnectionId("c-1"));
  EXPECT_EQ(view->type, JobType::sync);
  EXPECT_EQ(view->status, JobStatus::running);
  EXPECT_EQ(view->created, at("2025-11-22T08:26:40Z"));
  EXPECT_EQ(view->updated, at("2025-11-22T08:26:52Z"));
  EXPECT_EQ(view->attempts, 2U);
  EXPECT_EQ(view->attempt_started, at("2025-11-22T08:26:52Z"));
  EXPECT_FALSE(view->attempt_ended);
  EXPECT_EQ(view->counters.records_emitted, 120000);
  EXPECT_EQ(view->counters.bytes_committed, 40000000);
  EXPECT_EQ(view->counters.records_rejected, 17);
  ASSERT_EQ(view->failures.size(), 2U);
  EXPECT_EQ(view->failures[0].type, FailureType::transient_error);
  EXPECT_EQ(view->failures[0].message, "connection\xEF\xBF\xBDreset");
  EXPECT_EQ(view->failures[1].origin, FailureOrigin::other);
  EXPECT_EQ(view->failures[1].type, FailureType::unknown);
  EXPECT_EQ(view->failures[1].message, "dark");
}

TEST(DecodeJob, AttemptsWrappedOnceMoreAndLogsSkipped) {
  const auto view = job(Api::config, R"({"job":{"id":7,"configType":"reset_connection","configId":"c-1",
    "createdAt":1763800000,"updatedAt":1763800001,"status":"incomplete"},
    "attempts":[{"attempt":{"id":0,"status":"failed","createdAt":1763800000,"updatedAt":1763800001,
      "endedAt":1763800001,"recordsSynced":3,"bytesSynced":30,"totalStats":{"recordsCommitted":2}},
      "logs":{"logLines":["a","b"]}}]})");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->type, JobType::reset);
  EXPECT_EQ(view->attempts, 1U);
  EXPECT_EQ(view->attempt_ended, at("2025-11-22T08:26:41Z"));
  EXPECT_EQ(view->counters.records_emitted, 3);
  EXPECT_EQ(view->counters.bytes_emitted, 30);
  EXPECT_EQ(view->counters.records_committed, 2);
  EXPECT_FALSE(view->counters.bytes_committed);
}

TEST(DecodeJob, ToleranceTable) {
  struct Case {
    const char* text;
    bool kept;
  };
  for (
      const auto& [text, kept] : std::vector<Case>{
          {R"({"job":{"id":1,"status":"running"}})", true},
          {R"({"job":{"id":"1","status":"running"}})", true},
          {R"({"job":{"id":1,"status":"levitating"}})", true},
          {R"({"job":{"id":1,"status":"RUNNING","createdAt":null,"aggregatedStats":null},"attempts":null})",
           true},
          {R"({"job":{"id":1,"status":"running","aggregatedStats":{"recordsEmitted":"12","bytesEmitted":{}}}})",
           true},
          {R"({"job":{"id":1,"status":"running","configType":"brand_new"},"attempts":[null,1,"x",[],{}]})",
           true},
          {R"({"job":{"id":1,"status":"running","createdAt":-9007199254740991,"updatedAt":9223372036854775807}})",
           true},
          {R"({"job":{"status":"running"}})", false},
          {R"({"job":{"id":1}})", false},
          {R"({"job":{"id":null,"status":"running"}})", false},
          {R"({"job":{"id":0,"status":"running"}})", false},
          {R"({"job":{"id":-9007199254740991,"status":"running"}})", false},
          {R"({"job":{"id":1.5,"status":"running"}})", false},
          {R"({"job":{"id":99999999999999999999999,"status":"running"}})", false},
          {R"({"job":{"id":1,"status":"running","configType":"discover_schema"}})", false},
          {R"({"job":[]})", false},
          {R"([])", false},
          {R"(null)", false},
      }) {
    EXPECT_EQ(job(Api::config, text).has_value(), kept) << text;
  }
  const auto odd = job(Api::config, R"({"job":{"id":1,"status":"levitating","createdAt":1763800000000,
    "aggregatedStats":{"recordsEmitted":"12","bytesEmitted":-3,"recordsCommitted":4.0}}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->status, JobStatus::unknown);
  EXPECT_EQ(odd->created, at("2025-11-22T08:26:40Z"));
  EXPECT_EQ(odd->updated, odd->created);
  EXPECT_FALSE(odd->counters.records_emitted);
  EXPECT_FALSE(odd->counters.bytes_emitted);
  EXPECT_EQ(odd->counters.records_committed, 4);
}

TEST(DecodeJob, PublicTimesWithoutSeconds) {
  const auto running = job(Api::public_api, R"({"jobId":1530,"status":"running","jobType":"sync",
    "connectionId":"c-1","startTime":"2026-11-22T08:26Z","duration":"PT12S","bytesSynced":40000000,
    "rowsSynced":100000})");
  ASSERT_TRUE(running);
  EXPECT_EQ(running->created, at("2026-11-22T08:26:00Z"));
  EXPECT_EQ(running->updated, at("2026-11-22T08:26:12Z"));
  EXPECT_EQ(running->counters.bytes_committed, 40000000);
  EXPECT_FALSE(running->counters.bytes_emitted);
  const auto ended = job(Api::public_api, R"({"jobId":1531,"status":"cancelled","jobType":"clear",
    "connectionId":"c-1","startTime":"2026-11-22T08:26Z","lastUpdatedAt":"2026-11-22T09:00:01Z"})");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->type, JobType::clear);
  EXPECT_EQ(ended->updated, at("2026-11-22T09:00:01Z"));
}

TEST(DecodeConnection, SchedulesOfEveryAge) {
  struct Case {
    Api api;
    const char* fields;
    AirbyteSchedule schedule;
    const char* text;
  };
  for (
      const auto& one : std::vector<Case>{
          {Api::config, R"("scheduleType":"manual")", AirbyteSchedule::manual, ""},
          {Api::config, R"("schedule":null)", AirbyteSchedule::manual, ""},
          {Api::config, R"("schedule":{"units":24,"timeUnit":"hours"})", AirbyteSchedule::basic,
           "every 24 hours"},
          {Api::config,
           R"("scheduleType":"basic","scheduleData":{"basicSchedule":{"units":2,"timeUnit":"days"}})",
           AirbyteSchedule::basic, "every 2 days"},
          {Api::config,
           R"("scheduleType":"cron","scheduleData":{"cron":{"cronExpression":"0 0 * * * ?","cronTimeZone":"UTC"}})",
           AirbyteSchedule::cron, "0 0 * * * ? UTC"},
          {Api::config, R"("scheduleType":"lunar")", AirbyteSchedule::unknown, ""},
          {Api::public_api, R"("schedule":{"scheduleType":"basic","basicTiming":"Every 24 HOURS"})",
           AirbyteSchedule::basic, "every 24 hours"},
          {Api::public_api, R"("schedule":{"scheduleType":"cron","cronExpression":"0 0 * * * ? UTC"})",
           AirbyteSchedule::cron, "0 0 * * * ? UTC"},
          {Api::public_api, R"("schedule":{"scheduleType":"manual"})", AirbyteSchedule::manual, ""},
      }) {
    const std::string text = std::string(R"({"connectionId":"c","name":"n",)") + one.fields + "}";
    const auto node = read_json(connection_shape(one.api), text);
    ASSERT_TRUE(node) << text;
    const auto view = connection_from(one.api, *node);
    ASSERT_TRUE(view) << text;
    EXPECT_EQ(view->schedule, one.schedule) << text;
    EXPECT_EQ(view->schedule_text, one.text) << text;
  }
}

TEST(DecodeConnection, ConnectorTypesFromRepositories) {
  struct Case {
    const char* repository;
    const char* connector;
  };
  for (const auto& [repository, connector] : std::vector<Case>{
           {"airbyte/source-postgres", "postgres"},
           {"registry.example.com:5000/team/source-Orders-API", "orders-api"},
           {"airbyte/source-google-ads:1.2.3", "google-ads"},
           {"custom", "custom"},
       }) {
    Node node;
    const auto shape = definition_list_shape(ActorKind::source).inside.front();
    const Shape item{"", shape.inside};
    const auto parsed = read_json(
        item, std::string(R"({"sourceDefinitionId":"d","dockerRepository":")") + repository + "\"}");
    ASSERT_TRUE(parsed);
    const auto definition = definition_from(ActorKind::source, *parsed);
    ASSERT_TRUE(definition) << repository;
    EXPECT_EQ(definition->connector, connector);
  }
}

TEST(DecodeToken, LifetimeFromReplyClaimsOrAssumed) {
  const Instant now = at("2026-11-22T12:00:00Z");
  // {"alg":"none"} . {"exp":1795349700,"iat":1795348800} and {"exp": now + 600 s}
  const std::string claims = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUzNDk3MDAsImlhdCI6MTc5NTM0ODgwMH0.sig";
  struct Case {
    std::string body;
    std::optional<Millis> lifetime;
  };
  for (const auto& [body, lifetime] : std::vector<Case>{
           {R"({"access_token":"abc","token_type":"Bearer","expires_in":900})", Millis{900'000}},
           {R"({"access_token":"abc","expires_in":"900"})", Millis{900'000}},
           {R"({"access_token":")" + claims + "\"}", Millis{900'000}},
           {R"({"access_token":"opaque"})", Millis{180'000}},
           {R"({"access_token":"a.!!!.c","expires_in":-5})", Millis{180'000}},
           {R"({"access_token":""})", std::nullopt},
           {R"({"access_token":"a\r\nX-Evil: 1"})", std::nullopt},
           {R"({"token":"abc"})", std::nullopt},
           {"<html>login</html>", std::nullopt},
       }) {
    const auto reply = token_from(body, now);
    ASSERT_EQ(reply.has_value(), lifetime.has_value()) << body;
    if (reply) {
      EXPECT_EQ(reply->lifetime, *lifetime) << body;
    }
  }
}

TEST(DecodeError, BodiesOfEveryAge) {
  struct Case {
    const char* body;
    const char* message;
  };
  for (
      const auto& [body, message] : std::vector<Case>{
          {R"({"message":"A sync is already running for: c-1","errorId":"6c0f"})",
           "A sync is already running for: c-1 [errorId 6c0f]"},
          {R"({"errorId":"6c0f"})", "[errorId 6c0f]"},
          {R"({"message":"Internal Server Error: Can only sync an active connection","exceptionClassName":"x"})",
           "Internal Server Error: Can only sync an active connection"},
          {R"({"id":"x","message":"Could not find","exceptionStack":["at a","at b"]})", "Could not find"},
          {R"({"status":409,"title":"try-again-later","detail":"Please","data":{"message":"running"}})",
           "running"},
          {R"({"message":"Bad Request","_embedded":{"errors":[{"message":"Invalid client id or token"}]}})",
           "Bad Request: Invalid client id or token"},
          {R"({"message":"bad","validationErrors":[{"propertyPath":"a.b","message":"is null"}]})",
           "bad; a.b: is null"},
          {"<html><head><title>502 Bad Gateway</title></head></html>",
           "an HTML page titled \"502 Bad Gateway\""},
          {"Object not found.", "Object not found."},
          {"", ""},
      }) {
    EXPECT_EQ(error_body_from(body).message, message) << body;
  }
  EXPECT_EQ(error_body_from(R"({"title":"state-conflict","data":{}})").title, "state-conflict");
  EXPECT_LE(
      error_body_from(R"({"message":")" + std::string(5'000, 'x') + R"(","errorId":"e"})").message.size(),
      500U);
}

TEST(DecodeError, RetryAfter) {
  const Instant now = at("2026-11-22T12:00:00Z");
  struct Case {
    const char* text;
    std::optional<Millis> pause;
  };
  for (const auto& [text, pause] : std::vector<Case>{
           {"5", Millis{5'000}},
           {" 60 ", Millis{60'000}},
           {"0", Millis{0}},
           {"99999999", Millis{3'600'000}},
           {"Sun, 22 Nov 2026 12:00:30 GMT", Millis{30'000}},
           {"Sun, 22 Nov 2026 11:00:30 GMT", Millis{0}},
           {"Sun, 22 Foo 2026 11:00:30 GMT", std::nullopt},
           {"-1", std::nullopt},
           {"soon", std::nullopt},
           {"", std::nullopt},
       }) {
    EXPECT_EQ(retry_after_from(text, now), pause) << text;
  }
}

}  // namespace
}  // namespace syncwarden::airbyte
