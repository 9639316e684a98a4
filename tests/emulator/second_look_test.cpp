// What a client asks before it acts on a job (reference 4.5, 5, 10).
#include "desk.hpp"

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

std::string page(const Desk& desk, const std::string& more, int size = 10, int offset = 0) {
  return fmt::format(R"({{"workspaceId":"{}","pagination":{{"pageSize":{},"rowOffset":{}}}{}}})",
                     desk.airbyte.connection(0).view.workspace.text, size, offset, more);
}

TEST(StreamStatuses, TellWhenTheQuotaResets) {
  Desk desk(exact(), {}, {named("contacts", Behaviour::throttled({seconds{10}, seconds{10}}))});
  desk.running_job();
  desk.pass(seconds{5});
  const auto asked = desk.config("stream_statuses/list", page(desk, R"(,"jobId":100,"attemptNumber":0)"));
  EXPECT_EQ(asked.at("/streamStatuses/0/runState"), "RATE_LIMITED");
  EXPECT_EQ(asked.at("/streamStatuses/0/metadata/quotaReset"),
            desk.airbyte.quota_reset(*desk.airbyte.job({100}))->time_since_epoch().count());
  desk.pass(seconds{4});
  const auto later = desk.config("stream_statuses/list", page(desk, R"(,"jobId":100)"));
  EXPECT_EQ(later.at("/streamStatuses/0/runState"), "RUNNING");
  EXPECT_TRUE(later.at("/streamStatuses/0/metadata").is_null());
}

TEST(StreamStatuses, FilterAndPageLikeTheRealOnes) {
  auto flaky = ten_seconds();
  flaky.job_failure = 1;
  Desk desk(exact(), {}, {named("orders", flaky)});
  desk.running_job();
  desk.pass(seconds{25});  // the second attempt
  ASSERT_EQ(desk.airbyte.job({100})->attempts.size(), 2U);
  const auto all = desk.config("stream_statuses/list", page(desk, R"(,"jobId":100)"));
  EXPECT_EQ(all.at("/streamStatuses").as_array().size(), 2U);
  const auto first = desk.config("stream_statuses/list", page(desk, R"(,"jobId":100,"attemptNumber":0)"));
  EXPECT_EQ(first.at("/streamStatuses/0/runState"), "INCOMPLETE");
  EXPECT_EQ(first.at("/streamStatuses/0/incompleteRunCause"), "FAILED");
  const auto second = desk.config("stream_statuses/list", page(desk, R"(,"jobId":100)", 1, 1));
  EXPECT_EQ(second.at("/streamStatuses/0/attemptNumber"), 0) << "newest first";
  EXPECT_EQ(desk.config("stream_statuses/list", page(desk, "", 10, 5)).status(), 400U);
  EXPECT_EQ(desk.config("stream_statuses/list", page(desk, R"(,"connectionId":"x","jobId":100)"))
                .at("/streamStatuses")
                .as_array()
                .size(),
            0U);
}

TEST(DebugInfo, TellsAnOrphanFromALiveJob) {
  Desk desk(exact(), {}, {named("orders", Behaviour::never_ending())});
  desk.running_job();
  const auto live = desk.config("jobs/get_debug_info", R"({"id":100})");
  EXPECT_EQ(live.at("/workflowState/running"), true);
  EXPECT_EQ(live.at("/job/airbyteVersion"), "2.0.0");
  EXPECT_TRUE(live.at("/attempts/0/logs/events/0/message").is_string());
  desk.airbyte.make_orphan(desk.airbyte.connection(0).view.id, desk.now);
  const auto orphan = desk.config("jobs/get_debug_info", R"({"id":100})");
  EXPECT_EQ(orphan.at("/workflowState/running"), false);
  EXPECT_EQ(orphan.at("/job/status"), "running");
  EXPECT_EQ(desk.config("jobs/get_debug_info", R"({"id":999})").status(), 500U);
}

TEST(AttemptLogs, AreEventsOfOneAttemptLinesBefore14) {
  for (const auto* version : {"2.0.0", "0.50.40"}) {
    auto broken = Behaviour::failing(FailureType::config_error, "the API key was revoked");
    Desk desk(exact(version), {}, {named("orders", broken)});
    desk.running_job();
    desk.pass(minutes{1});
    const auto logs = desk.config("attempt/get_for_job", R"({"jobId":100,"attemptNumber":0})");
    EXPECT_NE(logs.text().find("the API key was revoked"), std::string::npos);
    EXPECT_EQ(logs.at("/logs/logLines/0").is_string(), version == std::string("0.50.40"));
    EXPECT_EQ(logs.at("/attempt/status"), "failed");
    EXPECT_EQ(desk.config("attempt/get_for_job", R"({"jobId":100,"attemptNumber":1})").status(), 404U);
  }
}

TEST(LiveCounters, AreAbsentWhileStatisticsAreHidden) {
  auto hiding = ten_seconds();
  hiding.hides_stats = 1;
  hiding.rejected = 0.5;
  Desk desk(exact(), {}, {named("orders", hiding)});
  desk.running_job();
  desk.pass(seconds{5});
  const auto* one = R"({"jobId":100,"attemptNumber":0})";
  EXPECT_EQ(desk.config("attempt/get_combined_stats", one).text(), "{}");
  EXPECT_TRUE(desk.config("connections/sync_progress", desk.with_id()).at("/recordsEmitted").is_null());
  EXPECT_TRUE(desk.config("jobs/get_without_logs", R"({"id":100})").at("/job/aggregatedStats").is_null());
  desk.pass(seconds{3});
  EXPECT_EQ(desk.config("attempt/get_combined_stats", one).at("/recordsRejected"), 350);
  EXPECT_EQ(desk.config("connections/sync_progress", desk.with_id()).at("/recordsRejected"), 350);
}

TEST(Connections, TellABreakingChange) {
  Desk desk(exact("2.1.0"));
  desk.airbyte.break_schema(desk.airbyte.connection(0).view.id, desk.now);
  const auto seen = desk.config("connections/get", desk.with_id());
  EXPECT_EQ(seen.at("/breakingChange"), true);
  EXPECT_EQ(seen.at("/statusReason"), "SCHEMA_CHANGES_ARE_BREAKING");
  const auto id = desk.id();
  const auto decided =
      desk.config("connections/update",
                  fmt::format(R"({{"connectionId":"{}","status":"active","breakingChange":false}})", id));
  EXPECT_EQ(decided.at("/breakingChange"), false);
  EXPECT_TRUE(decided.at("/statusReason").is_null());
}

TEST(Control, ChangesTheInstanceInMidLife) {
  FrontOptions options;
  options.control = true;
  Desk desk(exact("2.0.0"), options);
  EXPECT_EQ(desk.post("/emulator/do", R"({"version":"2.1.0"})").status(), 200U);
  EXPECT_EQ(desk.get("/api/v1/instance_configuration").at("/version"), "2.1.0");
  EXPECT_EQ(desk.post("/emulator/do", R"({"capacity":3})").status(), 200U);
  EXPECT_EQ(desk.airbyte.options().max_parallel, 3U);
  desk.running_job();
  desk.pass(hours{2});
  EXPECT_EQ(desk.post("/emulator/do", R"({"prune":"1h"})").status(), 200U);
  EXPECT_EQ(desk.airbyte.jobs_kept(), 0U);
  EXPECT_EQ(desk.post("/emulator/do", R"({"prune":"soon"})").status(), 400U);
  EXPECT_EQ(desk.post("/emulator/do", fmt::format(R"({{"break_schema":"{}"}})", desk.id())).status(), 200U);
  EXPECT_TRUE(desk.airbyte.connection(0).view.breaking_change);
}

}  // namespace
}  // namespace syncwarden::emulator
