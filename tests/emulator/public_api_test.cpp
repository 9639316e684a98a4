// The Public API's front (reference 7).
#include "desk.hpp"

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

const std::string base = "/api/public/v1";

std::string sync_of(const Desk& desk) {
  return fmt::format(R"({{"connectionId":"{}","jobType":"sync"}})", desk.id());
}

TEST(PublicJobs, OldestFirstUnlessAskedOtherwise) {
  Desk desk;
  for (int i = 0; i < 3; ++i) {
    desk.running_job();
    desk.pass(minutes{1});
  }
  EXPECT_EQ(desk.get(base + "/jobs").at("/data/0/jobId"), 100);
  EXPECT_EQ(desk.get(base + "/jobs?orderBy=createdAt%7CDESC&limit=1").at("/data/0/jobId"), 102);
  const auto page = desk.get(base + "/jobs?limit=2&offset=2");
  EXPECT_EQ(page.at("/data").as_array().size(), 1U);
  EXPECT_NE(page.at("/next"), "") << "there whenever the page has an item";
  EXPECT_EQ(desk.get(base + "/jobs?offset=3").at("/next"), "");
  for (const char* bad : {"/jobs?limit=0", "/jobs?limit=101", "/jobs?orderBy=status%7CASC"}) {
    EXPECT_EQ(desk.get(base + bad).status(), 422U) << bad;
  }
  EXPECT_EQ(desk.get(base + "/jobs?status=queued").status(), 400U) << "before 2.1";
  EXPECT_EQ(desk.get(base + "/jobs?status=failed").at("/data").as_array().size(), 0U);
}

TEST(PublicJobs, TimesAreJavas) {
  Desk desk;
  desk.now += seconds{60} - Millis{50};  // the job is created in a whole minute
  desk.running_job();
  const auto running = desk.get(base + "/jobs/100");
  EXPECT_EQ(running.at("/startTime"), "2026-03-01T00:01Z") << "seconds are dropped when zero";
  EXPECT_EQ(running.at("/duration"), "PT0S");
  EXPECT_TRUE(running.at("/lastUpdatedAt").is_null());
  desk.pass(seconds{9});
  EXPECT_EQ(desk.get(base + "/jobs/100").at("/duration"), "PT0S") << "frozen at the last change of status";
  EXPECT_EQ(desk.get(base + "/jobs/100").at("/rowsSynced"), 800);
  desk.pass(seconds{2});
  const auto ended = desk.get(base + "/jobs/100");
  EXPECT_EQ(ended.at("/lastUpdatedAt"), "2026-03-01T00:01:10Z");
  EXPECT_EQ(ended.at("/duration"), "PT10S");
}

TEST(PublicSync, WaitsLikeTheConfigApiUpTo20) {  // 6.1.4
  Desk desk;
  const auto asked = desk.post(base + "/jobs", sync_of(desk));
  desk.pass(Millis{100});
  EXPECT_FALSE(asked.answered());
  desk.pass(Millis{400});
  EXPECT_EQ(asked.at("/status"), "running");
  EXPECT_TRUE(asked.at("/bytesSynced").is_null()) << "absent in POST replies";
}

TEST(PublicSync, NewServersAnswerOnceTheJobExists) {
  Desk desk(exact("2.1.0"));
  const auto asked = desk.post(base + "/jobs", sync_of(desk));
  desk.pass(Millis{50});
  EXPECT_EQ(asked.at("/status"), "pending");
}

TEST(PublicSync, GivesUpWithoutAJobId) {  // 6.1.4, workers down
  FrontOptions options;
  options.job_id_wait = Millis{5};
  Desk desk(exact("2.1.0"), options);
  desk.airbyte.set_workers_down(true, desk.now);
  const auto asked = desk.post(base + "/jobs", sync_of(desk));
  while (!asked.answered() && desk.io.run_one_for(seconds{10}) > 0) {}
  EXPECT_EQ(asked.status(), 500U);
  desk.airbyte.set_workers_down(false, desk.now);
  desk.pass(seconds{1});
  EXPECT_EQ(desk.airbyte.history().size(), 1U) << "the sync starts all the same";
}

TEST(PublicErrors, TheTwoConflictsDifferByTitle) {
  Desk desk;
  desk.running_job();
  const auto running = desk.post(base + "/jobs", sync_of(desk));
  EXPECT_EQ(running.status(), 409U);
  EXPECT_EQ(running.at("/title"), "try-again-later");
  const auto unknown = desk.get(base + "/jobs/4711");
  EXPECT_EQ(unknown.status(), 409U);
  EXPECT_EQ(unknown.at("/title"), "state-conflict");
  const auto nobody = desk.post(base + "/jobs", R"({"connectionId":"x","jobType":"sync"})");
  EXPECT_EQ(nobody.status(), 404U);
  EXPECT_EQ(nobody.at("/title"), "resource-not-found");
  EXPECT_EQ(
      desk.post(base + "/jobs", fmt::format(R"({{"connectionId":"{}","jobType":"refresh"}})", desk.id()))
          .status(),
      422U);
  EXPECT_EQ(Desk(exact("0.40.32")).get(base + "/jobs").status(), 404U) << "there is none before 0.50";
}

TEST(PublicCancel, IsADelete) {
  Desk desk;
  desk.running_job();
  const auto asked = desk.post(base + "/jobs/100", "", "DELETE");
  desk.pass(seconds{1});
  EXPECT_EQ(asked.status(), 200U);
  EXPECT_EQ(asked.at("/status"), "cancelled");
}

TEST(PublicConnections, SchedulesReadBackAsOneText) {
  Desk desk;
  const auto target = base + "/connections/" + desk.id();
  EXPECT_EQ(desk.get(target).at("/schedule/scheduleType"), "manual");
  const auto patched = desk.post(
      target, R"({"schedule":{"scheduleType":"cron","cronExpression":"0 15 2 * * ? UTC"}})", "PATCH");
  EXPECT_EQ(patched.at("/schedule/cronExpression"), "0 15 2 * * ? UTC");
  EXPECT_EQ(desk.airbyte.connection(0).schedule.cron, "0 15 2 * * ?");
  EXPECT_EQ(desk.post(target, R"({"schedule":{"scheduleType":"basic"}})", "PATCH").status(), 400U);
  EXPECT_EQ(
      desk.post(target, R"({"schedule":{"scheduleType":"manual"}})", "PATCH").at("/schedule/scheduleType"),
      "manual");
  EXPECT_EQ(desk.get(base + "/connections?limit=100").at("/data/0/connectionId"), json::value(desk.id()));
  EXPECT_EQ(desk.get("/v1/workspaces").at("/data/0/name"), "default") << "the old base path";
  EXPECT_EQ(desk.get(base + "/sources").at("/data/0/sourceType"), "postgres");
  EXPECT_EQ(desk.get(base + "/destinations").at("/data/0/destinationType"), "snowflake");
}

}  // namespace
}  // namespace syncwarden::emulator
