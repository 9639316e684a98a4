// The Config API's front: shapes, waits, error bodies and refusals by version (reference 1-6).
#include "desk.hpp"

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

TEST(ConfigSync, AnswersWhenTheJobRuns) {  // 6.1.4
  Desk desk;
  const auto asked = desk.sync();
  EXPECT_FALSE(asked.answered());
  desk.pass(Millis{499});
  EXPECT_FALSE(asked.answered()) << "the job is still pending";
  desk.pass(Millis{1});
  ASSERT_EQ(asked.status(), 200U);
  EXPECT_EQ(asked.at("/job/id"), 100);
  EXPECT_EQ(asked.at("/job/status"), "running");
  EXPECT_EQ(asked.at("/job/createdAt"), day_one.time_since_epoch() / seconds{1})
      << "seconds, not milliseconds";
  EXPECT_TRUE(asked.at("/job/startedAt").is_null()) << "never written (4.5)";
  EXPECT_TRUE(asked.at("/attempts/0/logs/events/0/message").is_string()) << "with logs (5)";
}

TEST(ConfigSync, RealTimeWakesAWaitingRequestWithoutOtherTraffic) {
  auto options = exact();
  options.signal_delay = options.start_delay = {Millis{1}, Millis{1}};
  Desk desk(options);
  const auto asked = desk.sync();
  desk.now += seconds{1};  // the pump's own timer finds the job running
  desk.io.restart();
  while (!asked.answered() && desk.io.run_one_for(seconds{10}) > 0) {}
  EXPECT_EQ(asked.status(), 200U);
}

TEST(ConfigSync, ConflictCarriesNoJobId) {  // 6.1.2
  Desk desk;
  desk.running_job();
  const auto again = desk.sync();
  EXPECT_EQ(again.status(), 409U);
  EXPECT_EQ(again.at("/message"), json::value("A sync is already running for: " + desk.id()));
  EXPECT_TRUE(again.at("/errorId").is_string());
}

TEST(ConfigSync, TwoCallsForAPendingJobGetTheSame) {  // 6.1.6
  Desk desk;
  const auto one = desk.sync();
  const auto two = desk.sync();
  desk.pass(seconds{1});
  EXPECT_EQ(one.at("/job/id"), two.at("/job/id"));
  EXPECT_EQ(desk.airbyte.history().size(), 1U);
}

TEST(ConfigErrors, GrowTerserWithTheVersion) {  // 3, 4.7
  struct Case {
    const char* version;
    unsigned inactive_status;
    bool message, stack;
  };
  for (const auto& row : {Case{"0.50.40", 500, true, true}, Case{"1.5.0", 500, true, false},
                          Case{"2.0.0", 500, false, false}}) {
    Desk desk(exact(row.version));
    const auto unknown =
        desk.config("connections/sync", R"({"connectionId":"11111111-2222-4333-8444-555555555555"})");
    EXPECT_EQ(unknown.status(), 404U);
    EXPECT_EQ(unknown.at("/message").is_string(), row.message) << row.version;
    EXPECT_EQ(unknown.at("/exceptionStack").is_array(), row.stack) << row.version;
    desk.config("connections/update",
                fmt::format(R"({{"connectionId":"{}","status":"inactive"}})", desk.id()));
    EXPECT_EQ(desk.sync().status(), row.inactive_status) << row.version;
  }
}

TEST(ConfigErrors, UnknownIdsRoutesAndMethods) {  // 3.1
  Desk desk;
  EXPECT_EQ(desk.config("jobs/get_without_logs", R"({"id":4711})").status(), 500U) << "an unknown job";
  EXPECT_EQ(desk.config("connections/get", R"({"connectionId":"x"})").status(), 404U);
  EXPECT_EQ(desk.config("connections/get", "{}").status(), 422U);
  EXPECT_EQ(desk.config("connections/get", "{oops").status(), 400U);
  EXPECT_EQ(desk.get("/api/v1/connections/get").status(), 405U);
  const auto nowhere = desk.config("no/such", "{}");
  EXPECT_EQ(nowhere.status(), 404U);
  EXPECT_EQ(nowhere.text(), "Object not found.") << "labelled JSON, but none";
}

TEST(Versions, RoutesComeAndGo) {  // table of section 1
  struct Case {
    const char* version;
    const char* operation;
    const char* body;
    unsigned status;
  };
  const Case cases[] = {
      {"1.6.0", "workspaces/list", "{}", 200},
      {"1.7.0", "workspaces/list", "{}", 404},
      {"2.0.0", "workspaces/list_by_user_id", R"({"userId":"u"})", 200},
      {"0.40.32", "jobs/list_for_workspaces", R"({"configTypes":["sync"]})", 404},
      {"0.50.40", "jobs/list_for_workspaces", R"({"configTypes":["sync"]})", 200},
      {"0.40.32", "jobs/get_without_logs", R"({"id":1})", 404},
      {"0.50.40", "jobs/list", R"({"configTypes":["sync"]})", 422},
      {"2.0.0", "jobs/list", R"({"configTypes":["sync"]})", 200},
      {"2.0.0", "jobs/list", R"({"configTypes":[]})", 500},
      {"2.0.0", "jobs/list", R"({"configTypes":["sinc"]})", 422},
      {"0.50.40", "jobs/list_for_workspaces", R"({"configTypes":["refresh"]})", 422},
      {"2.0.0", "jobs/list", R"({"configTypes":["sync"],"statuses":["queued"]})", 422},
      {"2.1.0", "jobs/list", R"({"configTypes":["sync"],"statuses":["queued"]})", 200},
      {"2.0.0", "jobs/list", R"({"configTypes":["sync"],"createdAtStart":"yesterday"})", 422},
  };
  for (const auto& row : cases) {
    Desk desk(exact(row.version));
    EXPECT_EQ(desk.config(row.operation, row.body).status(), row.status)
        << row.version << " " << row.operation << " " << row.body;
  }
  EXPECT_EQ(Desk(exact("0.40.32")).get("/api/v1/instance_configuration").status(), 404U);
  Desk desk;
  const auto instance = desk.get("/api/v1/instance_configuration");
  EXPECT_EQ(instance.at("/version"), "2.0.0");
  EXPECT_EQ(instance.at("/defaultWorkspaceId"), json::value(desk.airbyte.workspaces().front().id.text));
}

TEST(JobLists, PagesFiltersAndTotals) {  // 4.5
  Desk desk;
  for (int i = 0; i < 5; ++i) {
    desk.running_job();
    desk.pass(minutes{1});
  }
  desk.running_job();
  const auto ask = [&](const char* operation, const char* rest) {
    return desk.config(operation, fmt::format(R"({{"configTypes":["sync"]{}}})", rest));
  };
  const auto listed = ask("jobs/list", R"(,"pagination":{"pageSize":2,"rowOffset":3})");
  EXPECT_EQ(listed.at("/totalJobCount"), 6) << "the real total";
  EXPECT_EQ(listed.at("/jobs/0/job/id"), 103) << "offset 3 of pages of 2 is rounded down to 2";
  const auto across = ask("jobs/list_for_workspaces", R"(,"pagination":{"pageSize":2,"rowOffset":3})");
  EXPECT_EQ(across.at("/totalJobCount"), 2) << "the size of the page";
  EXPECT_EQ(across.at("/jobs/0/job/id"), 102) << "exact";
  const auto active = ask("jobs/list_for_workspaces", R"(,"statuses":["pending","running","incomplete"])");
  EXPECT_EQ(active.at("/totalJobCount"), 1);
  EXPECT_EQ(active.at("/jobs/0/job/status"), "running");
  const auto ended =
      ask("jobs/list_for_workspaces", R"(,"updatedAtStart":"2026-03-01T00:03:00Z","statuses":["succeeded"],)"
                                      R"("orderByField":"updatedAt","orderByMethod":"ASC")");
  EXPECT_EQ(ended.at("/jobs/0/job/id"), 103);
  const auto nothing = desk.config("jobs/list", R"({"configTypes":["get_spec"]})");
  EXPECT_EQ(nothing.at("/totalJobCount"), 0);
}

TEST(JobLists, OldServersIgnoreFilters) {  // 1
  Desk desk(exact("0.40.32"));
  desk.running_job();
  const auto listed = desk.config(
      "jobs/list",
      fmt::format(R"({{"configTypes":["sync"],"configId":"{}","statuses":["failed"]}})", desk.id()));
  EXPECT_EQ(listed.at("/jobs/0/job/status"), "running");
}

TEST(JobReads, StatisticsFollowTheTable) {  // 5
  Desk desk;
  const auto id = desk.running_job();
  desk.pass(seconds{5});
  const auto by_id = fmt::format(R"({{"id":{}}})", id.value);
  const auto listed = desk.config("jobs/list", R"({"configTypes":["sync"]})");
  EXPECT_EQ(listed.at("/jobs/0/job/aggregatedStats/recordsEmitted"), 500);
  EXPECT_EQ(listed.at("/jobs/0/attempts/0/totalStats/recordsEmitted"), 500);
  EXPECT_TRUE(listed.at("/jobs/0/attempts/0/totalStats/bytesCommitted").is_null());
  const auto plain = desk.config("jobs/get_without_logs", by_id);
  EXPECT_EQ(plain.at("/job/aggregatedStats/recordsCommitted"), 400);
  EXPECT_TRUE(plain.at("/attempts/0/attempt/totalStats").is_null()) << "only from finished output";
  EXPECT_TRUE(plain.at("/attempts/0/logs").is_null());
  const auto full = desk.config("jobs/get", by_id);
  EXPECT_TRUE(full.at("/job/aggregatedStats").is_null());
  EXPECT_TRUE(full.at("/attempts/0/logs/events").is_array());
  const auto light = desk.config("jobs/get_light", by_id);
  EXPECT_TRUE(light.at("/attempts").is_null());
  EXPECT_EQ(light.at("/job/id"), id.value);
  const auto stats = desk.config("attempt/get_combined_stats", R"({"jobId":100,"attemptNumber":0})");
  EXPECT_EQ(stats.at("/bytesCommitted"), 400 * 400);
  const auto progress = desk.config("connections/sync_progress", desk.with_id());
  EXPECT_EQ(progress.at("/jobId"), 100);
  EXPECT_EQ(progress.at("/streams/0/recordsEmitted"), 500);
}

TEST(JobReads, IdleProgressOmitsWhatTheSchemaRequires) {  // 5
  Desk desk;
  EXPECT_EQ(desk.config("connections/sync_progress", desk.with_id()).text(),
            fmt::format(R"({{"connectionId":"{}","streams":[]}})", desk.id()));
}

TEST(JobReads, ProgressWasAListBefore10) {
  Desk desk(exact("0.50.40"));
  EXPECT_EQ(desk.config("connections/sync_progress", desk.with_id()).text(), "[]");
  desk.running_job();
  desk.pass(seconds{5});
  EXPECT_EQ(desk.config("connections/sync_progress", desk.with_id()).at("/0/recordsExtracted"), 500);
}

TEST(JobReads, FailuresNameOriginTypeAndMilliseconds) {  // 4.5
  auto broken = Behaviour::failing(FailureType::config_error, "the \"key\" was\nrevoked");
  broken.duration = {seconds{1}, seconds{1}};
  Desk desk(exact(), {}, {named("payments", broken)});
  desk.running_job();
  desk.pass(seconds{1});
  const auto asked = desk.config("jobs/get_without_logs", R"({"id":100})");
  EXPECT_EQ(asked.at("/job/status"), "failed");
  const char* failure = "/attempts/0/attempt/failureSummary/failures/0/";
  EXPECT_EQ(asked.at((failure + std::string{"failureType"}).c_str()), "config_error");
  EXPECT_EQ(asked.at((failure + std::string{"externalMessage"}).c_str()), "the \"key\" was\nrevoked");
  EXPECT_EQ(asked.at((failure + std::string{"timestamp"}).c_str()), (desk.now.time_since_epoch()).count());
}

TEST(Cancel, AnswersWithTheJobThatWasNamed) {  // 6.2
  Desk desk;
  desk.running_job();
  const auto asked = desk.config("jobs/cancel", R"({"id":100})");
  EXPECT_FALSE(asked.answered());
  desk.pass(Millis{100});
  EXPECT_EQ(asked.at("/job/status"), "cancelled");
  EXPECT_EQ(desk.config("jobs/cancel", R"({"id":4711})").status(), 500U);
}

TEST(Update, IsAPatchThatChecksCron) {  // 4.4, 8.2
  Desk desk;
  const auto update = [&](const char* rest) {
    return desk.config("connections/update", fmt::format(R"({{"connectionId":"{}",{}}})", desk.id(), rest));
  };
  const auto good = update(
      R"("scheduleType":"cron","scheduleData":{"cron":{"cronExpression":"0 15 2 * * ?","cronTimeZone":"Europe/Amsterdam"}})");
  EXPECT_EQ(good.status(), 200U);
  EXPECT_EQ(good.at("/scheduleData/cron/cronTimeZone"), "Europe/Amsterdam");
  EXPECT_EQ(good.at("/name"), "orders");
  EXPECT_EQ(
      update(R"("scheduleType":"cron","scheduleData":{"cron":{"cronExpression":"0 15 2 * * ?"}})").status(),
      422U);
  const auto zone = update(
      R"("scheduleType":"cron","scheduleData":{"cron":{"cronExpression":"0 15 2 * * ?","cronTimeZone":"Etc/UTC"}})");
  EXPECT_EQ(zone.status(), 400U);
  EXPECT_EQ(zone.at("/type"), "error:cron-validation/invalid-timezone");
  EXPECT_EQ(update(R"("scheduleType":"basic")").status(), 422U);
  const auto manual = update(R"("scheduleType":"manual")");
  EXPECT_EQ(manual.at("/scheduleType"), "manual");
  EXPECT_TRUE(manual.at("/scheduleData").is_null());
}

TEST(Connections, ListsLeaveOutTheDeleted) {  // 4.4
  Desk desk(exact(), {}, {named("a"), named("b")});
  desk.config("connections/delete", desk.with_id());
  const auto workspace =
      fmt::format(R"({{"workspaceId":"{}"}})", desk.airbyte.connection(0).view.workspace.text);
  EXPECT_EQ(desk.config("connections/list", workspace).at("/connections").as_array().size(), 1U);
  EXPECT_EQ(desk.config("connections/list_all", workspace).at("/connections").as_array().size(), 2U);
  EXPECT_EQ(desk.config("connections/get", desk.with_id()).at("/status"), "deprecated");
}

TEST(Health, SaysFalseWithStatus200) {  // 4.1
  Desk desk;
  EXPECT_EQ(desk.get("/api/v1/health").at("/available"), true);
  desk.front->faults().unavailable = true;
  const auto asked = desk.get("/api/v1/health");
  EXPECT_EQ(asked.status(), 200U);
  EXPECT_EQ(asked.at("/available"), false);
}

TEST(Streams, SayWhenTheyAreRateLimited) {  // 10.3
  Desk desk(exact(), {}, {named("contacts", Behaviour::throttled({seconds{10}, seconds{10}}))});
  desk.running_job();
  desk.pass(seconds{5});
  const auto body =
      fmt::format(R"({{"workspaceId":"{}","pagination":{{"pageSize":10,"rowOffset":0}},"jobId":100}})",
                  desk.airbyte.connection(0).view.workspace.text);
  EXPECT_EQ(desk.config("stream_statuses/list", body).at("/streamStatuses/0/runState"), "RATE_LIMITED");
}

}  // namespace
}  // namespace syncwarden::emulator
