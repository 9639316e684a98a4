// The bars of the status page.
#include "admin/impl/timeline.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Instant now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 29} + std::chrono::hours{12}};
constexpr std::chrono::hours hour{1};

JobView job(std::int64_t id, const char* connection, JobStatus status, Instant created, Instant updated) {
  JobView out;
  out.id = JobId{id};
  out.connection = ConnectionId{connection};
  out.status = status;
  out.created = created;
  out.updated = updated;
  return out;
}

std::string drawn(const std::vector<JobView>& jobs) {
  return timeline(jobs, now, [](const ConnectionId& id) {
    return id.text == "gone" ? std::string() : "name of " + id.text.str();
  });
}

TEST(Timeline, NothingIsDrawnWithoutJobs) {
  EXPECT_EQ(drawn({}), "");
  EXPECT_EQ(drawn({job(1, "c", JobStatus::succeeded, now - 30 * hour, now - 25 * hour)}), "");
}

TEST(Timeline, ABarStandsWhereItsJobRan) {
  const auto shown = drawn({job(1, "c", JobStatus::failed, now - 12 * hour, now - 6 * hour),
                            job(2, "d", JobStatus::succeeded, now - 30 * hour, now - 23 * hour)});
  EXPECT_THAT(shown, HasSubstr("<h2>Jobs of the last 1d</h2>"));
  EXPECT_THAT(
      shown,
      HasSubstr(R"(class="bad" style="left:50.00%;width:25.00%" title="job 1, 00:00 UTC, failed, 6h")"));
  EXPECT_THAT(shown, HasSubstr("1 jobs, 0 succeeded, 1 failed"));
  EXPECT_THAT(shown, HasSubstr(">name of c<"));
}

TEST(Timeline, WhatBeganEarlierIsCutAndWhatRunsReachesUntilNow) {
  const auto early = drawn({job(1, "c", JobStatus::succeeded, now - 30 * hour, now - 18 * hour)});
  EXPECT_THAT(early, HasSubstr("left:0.00%;width:25.00%"));
  const auto running = drawn({job(1, "c", JobStatus::succeeded, now - 24 * hour, now - 18 * hour),
                              job(2, "gone", JobStatus::running, now - 6 * hour, now - 6 * hour)});
  EXPECT_THAT(running, HasSubstr(R"(class="now" style="left:75.00%;width:25.00%")"));
  EXPECT_THAT(running, HasSubstr(">gone<"));
}

TEST(Timeline, ItBeginsWithTheOldestJobWhereThatIsYoung) {
  const auto young = drawn({job(1, "c", JobStatus::succeeded, now - hour, now - std::chrono::minutes{30})});
  EXPECT_THAT(young, HasSubstr("left:0.00%;width:50.00%"));
  EXPECT_THAT(young, HasSubstr("<h2>Jobs of the last 1h</h2>"));
  EXPECT_THAT(drawn({job(1, "c", JobStatus::succeeded, now - std::chrono::minutes{1}, now)}),
              HasSubstr("left:90.00%;width:10.00%"));
}

TEST(Timeline, ThirtyConnectionsWithTheNewestJobs) {
  std::vector<JobView> jobs;
  for (int i = 0; i < 33; ++i) {
    const auto at = now - (33 - i) * std::chrono::minutes{10};
    const auto name = "c" + std::to_string(i);
    jobs.push_back(job(i, name.c_str(), JobStatus::succeeded, at, at));
  }
  const auto shown = drawn(jobs);
  EXPECT_THAT(shown, HasSubstr("and 3 more connections"));
  EXPECT_LT(shown.find(">name of c32<"), shown.find(">name of c3<"));
  EXPECT_THAT(shown, Not(HasSubstr(">name of c2<")));
}

}  // namespace
}  // namespace syncwarden::admin
