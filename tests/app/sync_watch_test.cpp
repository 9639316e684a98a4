#include "app/sync_watch.hpp"

#include "app/direct_sync.hpp"
#include "app/flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::app {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;
using ::testing::Not;

const Instant now = *parse_rfc3339("2026-11-26T21:35:00Z");

Answer answer(const std::string& text) {
  const auto parsed = Answer::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Answer());
}

SyncState state_of(const std::string& run, const std::string& connection = "{}") {
  const auto state = sync_state(answer(R"json({"runs": [)json" + run + "]}"), answer(connection));
  EXPECT_TRUE(state.has_value());
  return state.value_or(SyncState());
}

TEST(SyncWatch, TheEndDecidesTheExitStatus) {
  const struct {
    const char* verdict;
    int status;
  } cases[] = {{"succeeded", 0}, {"suspect", 4},   {"cancelled", 5},
               {"failed", 1},    {"abandoned", 1}, {"ambiguous", 1}};
  for (const auto& c : cases) {
    const auto state =
        state_of(std::string(R"json({"phase": "finished", "verdict": ")json") + c.verdict + "\"}");
    EXPECT_TRUE(state.over());
    EXPECT_EQ(exit_status_of(state), c.status) << c.verdict;
  }
  EXPECT_FALSE(state_of(R"json({"phase": "watching", "verdict": null})json").over());
  EXPECT_EQ(exit_status_of(state_of(R"json({"phase": "finished"})json")), 1)
      << "an end without a verdict is no success";
  EXPECT_FALSE(sync_state(answer(R"json({"runs": []})json"), Answer()).has_value());
}

TEST(SyncWatch, ALineTellsWhyNothingHappensAndHowFarItIs) {
  const auto waiting =
      state_of(R"json({"phase": "queued", "job": null})json",
               R"json({"name": "orders", "waiting": [{"cause": "slot", "what": "limit total (2)"}]
})json");
  EXPECT_EQ(progress_line(waiting, now), "orders: waits: limit total (2)");
  const auto running = state_of(
      R"json({"phase": "watching", "job": {"id": 41, "status": "pending"}})json",
      R"json({"name": "orders", "typical_duration_ms": 240000, "jobs": [{"id": 41, "status": "running", "attempts": 2,
          "created": "2026-11-26T21:33:30Z", "counters": {"records_emitted": 12000, "bytes_emitted": 48200000}}]})json");
  EXPECT_EQ(progress_line(running, now),
            "orders: job 41 running, attempt 2, 12,000 records, 48.2 MB, 1m30s of typically 4m");
  Look look;
  look.width = 60;
  const auto bar = progress_bar(running, now, look);
  EXPECT_THAT(bar, HasSubstr("[#######.............]"));
  EXPECT_LT(display_width(bar), 60U) << "a line that wraps cannot be redrawn";
  look.width = 200;
  EXPECT_THAT(progress_bar(running, now, look), HasSubstr("535.6 kB/s"));
}

TEST(SyncWatch, TheVerdictHasItsEvidence) {
  const auto state = state_of(
      R"json({"phase": "finished", "verdict": "suspect", "why": "0 records; its last 12 runs moved 4000-6000",
          "job": {"id": 41, "status": "succeeded", "created": "2026-11-26T21:30:00Z", "updated": "2026-11-26T21:34:12Z",
                  "counters": {"records_committed": 0, "records_emitted": 9, "bytes_committed": 0}}})json",
      R"json({"name": "orders"})json");
  EXPECT_EQ(
      verdict_line(state, now),
      "orders: suspect, job 41 after 4m12s, 0 records, 0 B: 0 records; its last 12 runs moved 4000-6000");
}

TEST(SyncWatch, StreamsSayWhatTheyDoAndTheTroubledOnesComeFirst) {
  const auto streams = streams_of(answer(R"json({"streams": [
      {"name": "public.a", "state": "complete", "quota_reset": null, "records": 12000, "bytes": 48200000},
      {"name": "public.b", "state": "pending"}, {"name": "public.c", "state": "running", "records": 7},
      {"name": "d\u001b[2J", "state": "rate_limited", "quota_reset": "2026-11-26T21:40:00Z"}]})json"));
  ASSERT_EQ(streams.size(), 4U);
  const auto all = stream_lines(streams, now, 4);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_THAT(all[0], HasSubstr("rate limited until "));
  EXPECT_THAT(all[0], HasSubstr("in 5m"));
  EXPECT_THAT(all[0], Not(HasSubstr("\x1b"))) << "a name is Airbyte's";
  EXPECT_EQ(all[1], "public.c: running, 7 records");
  EXPECT_EQ(all[2], "public.b: pending");
  EXPECT_EQ(all[3], "public.a: complete, 12,000 records, 48.2 MB");
  const auto few = stream_lines(streams, now, 2);
  ASSERT_EQ(few.size(), 2U) << "no more than there is room for";
  EXPECT_EQ(few[1], "and 3 more: 1 complete, 1 pending, 1 running");
  EXPECT_TRUE(streams_of(answer("{}")).empty()) << "an older daemon";
}

TEST(SyncWatch, WithoutATerminalAStreamIsToldWhereItChanges) {
  SyncState state;
  state.name = "orders";
  state.job = 41;
  state.status = "running";
  state.phase = "watching";
  state.streams = {{"public.a", StreamRunState::running, std::nullopt, 5, std::nullopt}};
  ProgressDisplay display{Look()};
  ::testing::internal::CaptureStdout();
  display.show(state, now);
  state.streams[0].records = 6;
  display.show(state, now);
  state.streams[0].state = StreamRunState::complete;
  display.show(state, now);
  display.end();
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "orders: job 41 running\norders: public.a: running, 5 records\norders: public.a: complete, 6 "
            "records\n");
}

TEST(SyncWatch, OnATerminalTheStreamsStandBelowTheBarAndAreDrawnOver) {
  SyncState state;
  state.name = "orders";
  state.job = 41;
  state.status = "running";
  state.phase = "watching";
  state.streams = {{"public.a", StreamRunState::running, std::nullopt, 5, std::nullopt},
                   {"public.b", StreamRunState::pending, std::nullopt, std::nullopt, std::nullopt}};
  Look look;
  look.terminal = true;
  look.width = 80;
  look.height = 24;
  ProgressDisplay display{look};
  ::testing::internal::CaptureStdout();
  display.show(state, now);
  display.show(state, now);
  display.end();
  const std::string page = "orders: job 41 running\n  public.a: running, 5 records\n  public.b: pending";
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "\r\x1b[J" + page + "\x1b[2A\r\x1b[J" + page + "\n");
}

TEST(SyncWatch, WithoutADaemonASuccessWithoutStatisticsIsSuspect) {
  JobView job;
  job.id = JobId{41};
  job.status = JobStatus::running;
  EXPECT_FALSE(direct_state("orders", job).over());
  job.status = JobStatus::succeeded;
  EXPECT_EQ(exit_status_of(direct_state("orders", job)), exit_suspect);
  job.counters.records_committed = 5;
  EXPECT_EQ(exit_status_of(direct_state("orders", job)), exit_done);
  job.status = JobStatus::cancelled;
  EXPECT_EQ(exit_status_of(direct_state("orders", job)), exit_cancelled);
  job.status = JobStatus::failed;
  job.failures = {{FailureOrigin::source, FailureType::config_error, "401"}};
  EXPECT_EQ(exit_status_of(direct_state("orders", job)), exit_failed);
  EXPECT_EQ(direct_state("orders", job).why, "401");
}

}  // namespace
}  // namespace syncwarden::app
