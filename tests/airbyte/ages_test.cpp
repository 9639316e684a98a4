// The flows that differ: before 0.50, before 1.0, the Public API, a bare host.
#include "airbyte/client.hpp"
#include "fake_http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Ages : ::testing::Test {
  Bench bench;
  Script& script = *bench.script;
};

TEST_F(Ages, BeforeFiftyJobsAreListedPerConnection) {
  script.on("GET /api/v1/health", ok(R"({"available":true})"));
  script.on("POST /api/v1/deployment/metadata", ok(R"({"id":"x","mode":"oss","version":"0.40.32"})"));
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/jobs/list") return std::nullopt;
    if (request.body.find("c-1") != std::string::npos) {
      return ok(R"({"jobs":[
        {"job":{"id":9,"configType":"sync","configId":"c-1","createdAt":1763800200,"updatedAt":1763800200,"status":"running"}},
        {"job":{"id":8,"configType":"sync","configId":"c-1","createdAt":1763800000,"updatedAt":1763800100,"status":"failed"}},
        {"job":{"id":7,"configType":"sync","configId":"c-1","createdAt":1763700000,"updatedAt":1763700100,"status":"succeeded"}}]})");
    }
    return status(404, R"({"message":"Could not find configuration"})");
  };
  const auto info = bench.run(bench.client().probe());
  ASSERT_TRUE(info) << to_string(info.error());
  EXPECT_EQ(info->version, "0.40.32");
  EXPECT_FALSE(info->lists_whole_instance);
  out::ReadJobs request;
  request.ended_since = parse_rfc3339("2025-11-22T08:00:00Z");
  request.focus = {ConnectionId("c-1"), ConnectionId("deleted")};
  const auto page = bench.run(bench.client().jobs(request));
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_EQ(page->active.size(), 1U);
  EXPECT_EQ(page->active[0].id, JobId{9});
  ASSERT_EQ(page->ended.size(), 1U);
  EXPECT_EQ(page->ended[0].id, JobId{8});
  EXPECT_EQ(page->covers, request.focus);
  EXPECT_THAT(script.bodies("POST /api/v1/jobs/list"),
              Contains(R"({"configTypes":["sync","reset_connection"],"configId":"c-1",)"
                       R"("pagination":{"pageSize":20,"rowOffset":0}})"));
  script.on("POST /api/v1/jobs/get_light", ok(R"({"job":{"id":9,"configId":"c-1","status":"running"}})"));
  EXPECT_TRUE(bench.run(bench.client().job(JobId{9})));
  EXPECT_THAT(script.lines(), Not(Contains("POST /api/v1/jobs/get_without_logs")));

  // a light reading has no counters: how much an ended job moved comes from the list
  script.handler = [](const http::Request& asked) -> std::optional<Reply> {
    if (asked.path() == "/api/v1/jobs/get_light")
      return ok(R"({"job":{"id":9,"configId":"c-1","status":"succeeded"}})");
    return ok(
        R"({"jobs":[{"job":{"id":9,"configType":"sync","configId":"c-1","createdAt":1763800200,"updatedAt":1763800300,
      "status":"succeeded"},"attempts":[{"id":0,"createdAt":1763800201,"recordsSynced":7}]}]})");
  };
  const auto ended = bench.run(bench.client().job(JobId{9}));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->counters.records_emitted, 7);
}

TEST_F(Ages, BeforeOneOnlyOneStatusIsAskedForAtATime) {
  std::string body = instance_200;
  body.replace(body.find("2.0.0"), 5, "0.50.40");
  script.on("GET /api/v1/instance_configuration", ok(body));
  script.on("POST /api/v1/workspaces/list", ok(R"({"workspaces":[{"workspaceId":"w-1","name":"Default"}]})"));
  script.on("POST /api/v1/jobs/list_for_workspaces", ok(R"({"jobs":[]})"));
  out::ReadJobs request;
  request.ended_since = bench.now.wall;
  ASSERT_TRUE(bench.run(bench.client().jobs(request)));
  const auto bodies = script.bodies("POST /api/v1/jobs/list_for_workspaces");
  ASSERT_EQ(bodies.size(), 4U);
  EXPECT_THAT(bodies[0], HasSubstr(R"("status":"pending")"));
  EXPECT_THAT(bodies[1], HasSubstr(R"("status":"incomplete")"));
  EXPECT_THAT(bodies[2], HasSubstr(R"("status":"running")"));
  EXPECT_THAT(bodies[3], Not(HasSubstr("status\"")));
  EXPECT_THAT(bodies, Each(Not(HasSubstr("refresh"))));
}

TEST_F(Ages, AWordThatIsRefusedIsNotSaidAgain) {
  std::string body = instance_200;
  body.replace(body.find("2.0.0"), 5, "2.1.0");
  script.on("GET /api/v1/instance_configuration", ok(body));
  script.on("POST /api/v1/workspaces/list_by_user_id", ok(R"({"workspaces":[{"workspaceId":"w-1"}]})"));
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/jobs/list_for_workspaces") return std::nullopt;
    if (request.body.find("queued") != std::string::npos) return status(422, R"({"errorId":"e"})");
    return ok(R"({"jobs":[]})");
  };
  ASSERT_TRUE(bench.run(bench.client().jobs(out::ReadJobs())));
  EXPECT_EQ(script.bodies("POST /api/v1/jobs/list_for_workspaces").size(), 3U);
  ASSERT_TRUE(bench.run(bench.client().jobs(out::ReadJobs())));
  EXPECT_EQ(script.bodies("POST /api/v1/jobs/list_for_workspaces").size(), 5U);
}

struct PublicApi : Ages {
  PublicApi() {
    bench.target.url = "https://api.airbyte.com/v1";
    script.on("GET /v1/health", ok("Successful operation"));
  }
};

TEST_F(PublicApi, ReadsConnections) {
  script.on("GET /v1/workspaces", ok(R"({"data":[{"workspaceId":"w-1","name":"Default"}],"next":"x"})"));
  script.on("GET /v1/connections", ok(R"({"data":[{"connectionId":"c-1","name":"n","sourceId":"s-1",
    "destinationId":"d-1","workspaceId":"w-1","status":"active","schedule":{"scheduleType":"manual"},"tags":[]}]})"));
  script.on("GET /v1/sources", ok(R"({"data":[{"sourceId":"s-1","name":"pg","sourceType":"postgres"}]})"));
  script.on("GET /v1/destinations",
            ok(R"({"data":[{"destinationId":"d-1","name":"bq","destinationType":"bigquery"}]})"));
  const auto found = bench.run(bench.client().connections());
  ASSERT_TRUE(found) << to_string(found.error());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().workspace_name, "Default");
  EXPECT_EQ(found->front().source.connector, "postgres");
  EXPECT_EQ(found->front().destination.connector, "bigquery");
  EXPECT_THAT(script.lines(), Contains("GET /v1/connections?limit=100&offset=0"));
}

TEST_F(PublicApi, PollsOneStatusAtATimeAndPagesByLength) {
  std::string full = R"({"data":[)";
  for (int i = 1; i <= 100; ++i) {
    full +=
        (i == 1 ? "" : ",") + std::string(R"({"jobId":)") + std::to_string(i) +
        R"(,"status":"succeeded","connectionId":"c-1","startTime":"2026-11-22T08:00Z","lastUpdatedAt":"2026-11-22T09:00Z"})";
  }
  full += R"(],"next":"http://wrong/next"})";
  script.handler = [full](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/v1/jobs") return std::nullopt;
    const std::string target = request.target;
    if (target.find("status=running") != std::string::npos) {
      return ok(
          R"({"data":[{"jobId":500,"status":"running","connectionId":"c-2","startTime":"2026-11-22T09:00Z"}]})");
    }
    if (target.find("status=") != std::string::npos) return ok(R"({"data":[],"next":""})");
    return ok(target.find("offset=0") != std::string::npos ? full : R"({"data":[]})");
  };
  out::ReadJobs request;
  request.ended_since = parse_rfc3339("2026-11-22T08:30:00Z");
  const auto page = bench.run(bench.client().jobs(request));
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_EQ(page->active.size(), 1U);
  EXPECT_EQ(page->ended.size(), 100U);
  EXPECT_THAT(
      script.lines(),
      ElementsAre(
          "GET /v1/health", "GET /v1/jobs?limit=100&offset=0&status=pending&orderBy=createdAt%7CDESC",
          "GET /v1/jobs?limit=100&offset=0&status=queued&orderBy=createdAt%7CDESC",
          "GET /v1/jobs?limit=100&offset=0&status=incomplete&orderBy=createdAt%7CDESC",
          "GET /v1/jobs?limit=100&offset=0&status=running&orderBy=createdAt%7CDESC",
          "GET /v1/jobs?limit=100&offset=0&updatedAtStart=2026-11-22T08%3A30%3A00Z&orderBy=updatedAt%7CASC",
          "GET "
          "/v1/jobs?limit=100&offset=100&updatedAtStart=2026-11-22T08%3A30%3A00Z&orderBy=updatedAt%7CASC"));
}

TEST_F(PublicApi, TriggersCancelsAndSetsTheSchedule) {
  const std::string job =
      R"({"jobId":5,"status":"pending","jobType":"sync","connectionId":"c-1","startTime":"2026-11-22T09:00Z"})";
  script.on("POST /v1/jobs", ok(job));
  script.on("GET /v1/jobs/5", ok(job));
  script.on("GET /v1/jobs", ok(R"({"data":[)" + job + "]}"));
  script.on("DELETE /v1/jobs/5", ok(job));
  script.on("PATCH /v1/connections/c-1", ok(R"({"connectionId":"c-1","schedule":{"scheduleType":"cron"}})"));
  out::TriggerSync trigger;
  trigger.connection = ConnectionId("c-1");
  trigger.not_after = bench.now.mono + std::chrono::seconds{9};
  const auto reply = bench.run(bench.client().trigger(trigger));
  EXPECT_EQ(reply.answer, TriggerAnswer::created);
  EXPECT_EQ(reply.status, JobStatus::pending);
  EXPECT_THAT(script.bodies("POST /v1/jobs"), ElementsAre(R"({"connectionId":"c-1","jobType":"sync"})"));
  out::CancelJob cancel;
  cancel.job = JobId{5};
  cancel.connection = ConnectionId("c-1");
  EXPECT_EQ(bench.run(bench.client().cancel(cancel)).result, CancelResult::accepted);
  EXPECT_EQ(script.lines().back(), "DELETE /v1/jobs/5");
  const auto set = bench.run(bench.client().set_schedule_manual(ConnectionId("c-1")));
  ASSERT_FALSE(set);  // the reply says that nothing changed
  EXPECT_THAT(set.error().message, HasSubstr("still cron"));
  EXPECT_THAT(script.bodies("PATCH /v1/connections/c-1"),
              ElementsAre(R"({"schedule":{"scheduleType":"manual"}})"));
}

struct BareHost : Ages {
  BareHost() { bench.target.url = "http://airbyte:8000"; }
};

TEST_F(BareHost, TriesThePlacesInOrder) {
  script.on("GET /api/v1/instance_configuration", ok("<!doctype html><title>Airbyte</title>"));
  script.on("GET /api/v1/health", ok("<!doctype html><title>Airbyte</title>"));
  script.on("GET /v1/health", ok("Successful operation"));
  const auto info = bench.run(bench.client().probe());
  ASSERT_TRUE(info) << to_string(info.error());
  EXPECT_EQ(info->api, "public");
  EXPECT_THAT(script.lines(), ElementsAre("GET /api/v1/instance_configuration", "GET /api/v1/health",
                                          "GET /api/public/v1/health", "GET /v1/health"));
}

TEST_F(BareHost, NamesWhatWasTried) {
  const auto info = bench.run(bench.client().probe());
  ASSERT_FALSE(info);
  const std::string text = to_string(info.error());
  EXPECT_THAT(text, HasSubstr("GET http://airbyte:8000/api/v1/instance_configuration: Airbyte answered 404"));
  EXPECT_THAT(text, HasSubstr("GET http://airbyte:8000/v1/health"));
}

TEST_F(BareHost, TroubleIsNotTakenForAnotherApi) {
  script.on("GET /api/v1/instance_configuration", broken(Errc::connect_refused, false));
  const auto info = bench.run(bench.client().probe());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Errc::connect_refused);
  EXPECT_EQ(script.asked.size(), 1U);
}

}  // namespace
}  // namespace syncwarden::airbyte::testing
