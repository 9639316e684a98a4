#include "airbyte/client.hpp"
#include "fake_http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

out::TriggerSync trigger_of(const Bench& bench, const std::string& connection) {
  out::TriggerSync request;
  request.connection = ConnectionId(connection);
  request.not_after = bench.now.mono + std::chrono::seconds{90};
  return request;
}

std::string job_item(std::int64_t id, const std::string& status, std::int64_t created, std::int64_t updated,
                     const std::string& connection = "c-1") {
  return R"({"job":{"id":)" + std::to_string(id) + R"(,"configType":"sync","configId":")" + connection +
         R"(","createdAt":)" + std::to_string(created) + R"(,"updatedAt":)" + std::to_string(updated) +
         R"(,"status":")" + status + R"("},"attempts":[]})";
}

std::string job_list(const std::vector<std::string>& items) {
  std::string text = R"({"totalJobCount":1,"jobs":[)";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : ",") + items[i];
  return text + "]}";
}

struct ConfigApi : ::testing::Test {
  Bench bench;
  Script& script = *bench.script;

  void use_version(const std::string& version) {
    std::string body = instance_200;
    body.replace(body.find("2.0.0"), 5, version);
    script.on("GET /api/v1/instance_configuration", ok(body));
    const std::string workspaces = R"({"workspaces":[{"workspaceId":"w-1","name":"Default"}]})";
    if (version < "1.7") script.on("POST /api/v1/workspaces/list", ok(workspaces));
    script.on("POST /api/v1/workspaces/list_by_user_id", ok(workspaces));
  }
};

TEST_F(ConfigApi, ProbeTellsVersionAndApi) {
  script.on("GET /api/v1/instance_configuration", ok(instance_200));
  const auto info = bench.run(bench.client().probe());
  ASSERT_TRUE(info) << to_string(info.error());
  EXPECT_EQ(info->version, "2.0.0");
  EXPECT_EQ(info->api, "config");
  EXPECT_TRUE(info->lists_whole_instance);
  EXPECT_THAT(script.lines(), ElementsAre("GET /api/v1/instance_configuration"));
}

TEST_F(ConfigApi, ConnectionsComeWithNamesAndTypesAndWithoutDeletedOnes) {
  use_version("2.0.0");
  script.on("POST /api/v1/connections/list", ok(R"({"connections":[
    {"connectionId":"c-1","name":"orders -> lake","sourceId":"s-1","destinationId":"d-1","status":"active",
     "syncCatalog":{"streams":[{"stream":{"name":"x","jsonSchema":{"a":[1,2,{"b":null}]}}}]},
     "scheduleType":"cron","scheduleData":{"cron":{"cronExpression":"0 15 2 * * ?","cronTimeZone":"Europe/Amsterdam"}},
     "tags":[{"tagId":"t","name":"hourly","color":"red"}],"breakingChange":false},
    {"connectionId":"c-2","name":"gone","sourceId":"s-1","destinationId":"d-1","status":"deprecated"}]})"));
  script.on("POST /api/v1/sources/list", ok(R"({"sources":[{"sourceId":"s-1","name":"orders-pg",
    "sourceName":"Postgres","sourceDefinitionId":"sd-1","connectionConfiguration":{"password":"x"}}]})"));
  script.on("POST /api/v1/destinations/list", ok(R"({"destinations":[{"destinationId":"d-1","name":"lake",
    "destinationName":"My Lake","destinationDefinitionId":"dd-1"}]})"));
  script.on("POST /api/v1/source_definitions/list_for_workspace", ok(R"({"sourceDefinitions":[
    {"sourceDefinitionId":"sd-1","name":"Postgres","dockerRepository":"airbyte/source-postgres"}]})"));
  const auto found = bench.run(bench.client().connections());
  ASSERT_TRUE(found) << to_string(found.error());
  ASSERT_EQ(found->size(), 1U);
  const ConnectionView& view = found->front();
  EXPECT_EQ(view.name, "orders -> lake");
  EXPECT_EQ(view.workspace_name, "Default");
  EXPECT_EQ(view.workspace, WorkspaceId("w-1"));
  EXPECT_EQ(view.source.name, "orders-pg");
  EXPECT_EQ(view.source.connector, "postgres");
  EXPECT_EQ(view.destination.connector, "my lake");  // its definitions could not be listed
  EXPECT_EQ(view.schedule, AirbyteSchedule::cron);
  EXPECT_EQ(view.schedule_text, "0 15 2 * * ? Europe/Amsterdam");
  EXPECT_THAT(view.tags, ElementsAre("hourly"));
  EXPECT_THAT(script.bodies("POST /api/v1/workspaces/list_by_user_id"), ElementsAre(R"({"userId":"u-1"})"));
  EXPECT_THAT(script.bodies("POST /api/v1/connections/list"), ElementsAre(R"({"workspaceId":"w-1"})"));
}

TEST_F(ConfigApi, JobsAreReadInTwoListings) {
  use_version("2.0.0");
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/jobs/list_for_workspaces") return std::nullopt;
    if (request.body.find("running") != std::string::npos) {
      return ok(job_list({job_item(12, "running", 1763800100, 1763800110)}));
    }
    return ok(job_list({job_item(10, "succeeded", 1763800000, 1763800050)}));
  };
  out::ReadJobs request;
  request.ended_since = *parse_rfc3339("2025-11-22T08:00:00Z");
  const auto page = bench.run(bench.client().jobs(request));
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_EQ(page->active.size(), 1U);
  EXPECT_EQ(page->active.front().id, JobId{12});
  ASSERT_EQ(page->ended.size(), 1U);
  EXPECT_EQ(page->ended.front().id, JobId{10});
  EXPECT_TRUE(page->ended_complete);
  EXPECT_FALSE(page->covers);
  EXPECT_THAT(
      script.bodies("POST /api/v1/jobs/list_for_workspaces"),
      ElementsAre(
          R"({"configTypes":["sync","reset_connection","refresh","clear"],"workspaceIds":["w-1"],)"
          R"("statuses":["pending","incomplete","running"],"orderByField":"createdAt","orderByMethod":"DESC",)"
          R"("pagination":{"pageSize":200,"rowOffset":0}})",
          R"({"configTypes":["sync","reset_connection","refresh","clear"],"workspaceIds":["w-1"],)"
          R"("statuses":["failed","succeeded","cancelled"],"updatedAtStart":"2025-11-22T08:00:00Z",)"
          R"("orderByField":"updatedAt","orderByMethod":"ASC","pagination":{"pageSize":200,"rowOffset":0}})"));
}

TEST_F(ConfigApi, TriggerGivesTheJob) {
  use_version("2.0.0");
  script.on("POST /api/v1/connections/sync", ok(job_item(1530, "running", 1763800000, 1763800012)));
  const auto reply = bench.run(bench.client().trigger(trigger_of(bench, "c-1")));
  EXPECT_EQ(reply.answer, TriggerAnswer::created);
  EXPECT_EQ(reply.job, JobId{1530});
  EXPECT_EQ(reply.status, JobStatus::running);
  EXPECT_THAT(script.bodies("POST /api/v1/connections/sync"), ElementsAre(R"({"connectionId":"c-1"})"));
  EXPECT_FALSE(script.asked.back().idempotent);
  EXPECT_EQ(script.asked.back().deadline, Millis{90'000});
}

TEST_F(ConfigApi, CancelChecksBeforeItSends) {
  use_version("2.0.0");
  script.on("POST /api/v1/jobs/get_without_logs", ok(job_item(12, "running", 1763800000, 1763800012)));
  script.on("POST /api/v1/jobs/list", ok(job_list({job_item(12, "running", 1763800000, 1763800012)})));
  script.on("POST /api/v1/jobs/cancel", ok(job_item(12, "running", 1763800000, 1763800012)));
  out::CancelJob request;
  request.job = JobId{12};
  request.connection = ConnectionId("c-1");
  const auto answer = bench.run(bench.client().cancel(request));
  EXPECT_EQ(answer.result, CancelResult::accepted) << to_string(answer.error.value_or(Error{}));
  EXPECT_THAT(script.bodies("POST /api/v1/jobs/cancel"), ElementsAre(R"({"id":12})"));
  EXPECT_THAT(script.bodies("POST /api/v1/jobs/list"), ElementsAre(HasSubstr(R"("configId":"c-1")")));
}

}  // namespace
}  // namespace syncwarden::airbyte::testing
