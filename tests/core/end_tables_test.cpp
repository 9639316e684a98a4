// What the end of a job means and what follows it, as tables: what it counts for, when somebody is told, and
// what holds an extra job or a rerun back.
#include "core/desk.hpp"

#include <algorithm>
#include <string_view>

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// ---- what an end counts for

struct CountsCase {
  const char* name;
  JobType type;
  JobStatus status;
  bool statistics;
  std::uint32_t failures;  ///< in a row afterwards; there were two before
  bool success;            ///< it is the last success now
};

class EndCounts : public testing::TestWithParam<CountsCase> {};

TEST_P(EndCounts, AsAFailureOrASuccessOrNeither) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule("0 0 12 * * ?")));
  desk.job_length.reset();
  const auto ends = [&](JobType type, JobStatus status) {
    desk.pass(1min);
    const JobId job = desk.start_job("c", type);
    desk.poll();
    desk.end_job(job, status, FailureType::config_error);
    if (!c.statistics) desk.jobs.at(job).counters = {};
    desk.poll();
    return desk.jobs.at(job).updated;
  };
  ends(JobType::sync, JobStatus::failed);
  ends(JobType::sync, JobStatus::failed);
  const Instant ended = ends(c.type, c.status);
  const auto history = [&] { return desk.disk.histories().at(ConnectionId{"c"}); };
  EXPECT_EQ(history().consecutive_failures, c.failures);
  EXPECT_EQ(history().last_success, c.success ? std::optional(ended) : std::nullopt);
  EXPECT_EQ(history().last_completion, ended);
  const auto before = history();
  desk.crash(1min);
  desk.pass(5min);
  EXPECT_EQ(history(), before) << "an end counts once, also for the next life";
}

INSTANTIATE_TEST_SUITE_P(
    Ends, EndCounts,
    testing::Values(CountsCase{"sync_succeeds", JobType::sync, JobStatus::succeeded, true, 0, true},
                    CountsCase{"refresh_succeeds", JobType::refresh, JobStatus::succeeded, true, 0, true},
                    // A suspect success neither resets nor raises the count, and is no last success.
                    CountsCase{"suspect", JobType::sync, JobStatus::succeeded, false, 2, false},
                    CountsCase{"sync_fails", JobType::sync, JobStatus::failed, true, 3, false},
                    CountsCase{"refresh_fails", JobType::refresh, JobStatus::failed, true, 3, false},
                    CountsCase{"sync_is_cancelled", JobType::sync, JobStatus::cancelled, true, 2, false},
                    CountsCase{"reset_succeeds", JobType::reset, JobStatus::succeeded, true, 2, false},
                    CountsCase{"clear_succeeds", JobType::clear, JobStatus::succeeded, true, 2, false}),
    by_name);

// ---- after how many somebody is told

struct TellCase {
  const char* name;
  std::string_view runs;  ///< f: fails, s: succeeds, u: suspect, c: cancelled; one after another
  bool told;
};

class EndTells : public testing::TestWithParam<TellCase> {};

TEST_P(EndTells, AfterThreeFailedRunsWhereThePolicySaysThree) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule("0 0 12 * * ?", [](Policy& p) { p.incident_after = 3; })));
  desk.job_length.reset();
  for (const char end : c.runs) {
    ASSERT_TRUE(desk.ask(command::Sync{ConnectionId{"c"}}));
    const JobId job = desk.jobs.rbegin()->first;
    desk.end_job(job,
                 end == 'f'   ? JobStatus::failed
                 : end == 'c' ? JobStatus::cancelled
                              : JobStatus::succeeded,
                 FailureType::config_error);
    if (end == 'u') desk.jobs.at(job).counters = {};
    desk.pass(1min);
  }
  EXPECT_EQ(testing::Value(open_incidents(desk), Contains("sync_failing")), c.told);
}

INSTANTIATE_TEST_SUITE_P(Runs, EndTells,
                         testing::Values(TellCase{"two", "ff", false}, TellCase{"three", "fff", true},
                                         TellCase{"a_success_between_them", "ffsf", false},
                                         TellCase{"a_suspect_one_between_them", "ffuf", true},
                                         TellCase{"a_cancelled_one_between_them", "ffcf", true},
                                         TellCase{"ended_by_a_success", "fffs", false}),
                         by_name);

// ---- what holds an extra job back

struct RetryCase {
  const char* name;
  std::function<void(Plan&)> configure;
  std::function<void(Desk&)> happens;  ///< at 01:06; the job of 01:00 failed, its extra job is due at 01:15
  bool started;                        ///< by 01:40
  Verdict verdict;                     ///< by then; none: the run goes on
  const char* why;                     ///< part of what the run says about that
  std::function<void(Desk&)> ends = {};
};

class EndRetries : public testing::TestWithParam<RetryCase> {};

TEST_P(EndRetries, ObeyWhatHoldsTicks) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 1 * * ?", [](Policy& p) {
    p.extra_jobs.initial = 10min;
    p.overlap = OverlapPolicy::queue_one;
    p.freshness.late_after = Millis{72h};
  }));
  plan.rules[0].match.tag = "managed";
  if (c.configure) c.configure(plan);
  auto views = std::vector{connection("c"), connection("other")};
  views[0].tags = {"managed"};
  Desk desk(plan, views);
  desk.job_length.reset();
  desk.until(one + 5min);
  ASSERT_THAT(desk.sent, SizeIs(1));
  desk.end_job(JobId{101}, JobStatus::failed, FailureType::transient_error);
  desk.poll();
  desk.until(one + 6min);
  if (c.happens) c.happens(desk);
  desk.until(one + 40min);
  EXPECT_THAT(desk.sent, SizeIs(c.started ? 2 : 1));
  EXPECT_EQ(desk.run(one).verdict, c.verdict);
  EXPECT_THAT(desk.run(one).why, HasSubstr(c.why));
  if (!c.ends) return;
  c.ends(desk);
  EXPECT_THAT(desk.sent, SizeIs(2)) << "it has waited";
}

INSTANTIATE_TEST_SUITE_P(
    Holds, EndRetries,
    testing::Values(RetryCase{"nothing", {}, {}, true, Verdict::none, ""},
                    RetryCase{"what_runs",
                              {},
                              [](Desk& d) { d.start_job("c"), d.poll(); },
                              false,
                              Verdict::none,
                              "",
                              [](Desk& d) { d.end_job(JobId{102}, JobStatus::cancelled), d.poll(); }},
                    RetryCase{"limit", [](Plan& p) { p.limits.total = 1; },
                              [](Desk& d) { d.start_job("other"), d.poll(); }, false, Verdict::none, "",
                              [](Desk& d) { d.end_job(JobId{102}, JobStatus::succeeded), d.poll(); }},
                    RetryCase{"airbyte_away",
                              {},
                              [](Desk& d) { d.away = true; },
                              false,
                              Verdict::none,
                              "",
                              [](Desk& d) { d.away = false, d.pass(1min); }},
                    RetryCase{"store",
                              {},
                              [](Desk& d) { d.step(in::StoreState{false}); },
                              false,
                              Verdict::none,
                              "",
                              [](Desk& d) { d.step(in::StoreState{true}); }},
                    RetryCase{"pause",
                              {},
                              [](Desk& d) {
                                (void)d.ask(command::Pause{{ConnectionId{"c"}}, {}, "migration"});
                              },
                              false,
                              Verdict::failed,
                              "no extra job: paused by alice"},
                    RetryCase{"drain",
                              {},
                              [](Desk& d) { (void)d.ask(command::Drain{"upgrade"}); },
                              false,
                              Verdict::failed,
                              "upgrade"},
                    RetryCase{
                        "switched_off",
                        {},
                        [](Desk& d) { d.connections[0].status = ConnectionStatus::inactive, d.discover(); },
                        false,
                        Verdict::failed,
                        "no extra job: the connection is inactive"},
                    RetryCase{"left_management",
                              {},
                              [](Desk& d) { d.connections[0].tags.clear(), d.discover(); },
                              false,
                              Verdict::failed,
                              "no extra job: no rule names"},
                    RetryCase{"shadow",
                              {},
                              [](Desk& d) { d.plan.mode = Mode::shadow, d.reload(); },
                              false,
                              Verdict::failed,
                              "no extra job: mode: shadow"}),
    by_name);

TEST(EndPaused, AJobThatFailsWhileItsConnectionIsPausedIsToldOfAndNotRunAgain) {
  Desk desk(plan_of(rule("0 0 1 * * ?")));
  desk.job_length.reset();
  desk.until(one + 5min);
  ASSERT_TRUE(desk.ask(command::Pause{{ConnectionId{"c"}}, {}, "migration"}));
  desk.end_job(JobId{101}, JobStatus::failed, FailureType::transient_error);
  desk.poll();
  EXPECT_EQ(desk.run(one).verdict, Verdict::failed);
  EXPECT_THAT(open_incidents(desk), Contains("sync_failing"));
  EXPECT_TRUE(desk.ask(command::Resume{{}, false}));
  desk.pass(2h);
  EXPECT_THAT(desk.sent, SizeIs(1));
}

TEST(EndPaused, ADrainIsOverWithItsLastJob) {
  Desk desk(plan_of(rule("0 0 1 * * ?")));
  desk.job_length.reset();
  desk.until(one + 5min);
  desk.end_job(JobId{101}, JobStatus::failed, FailureType::transient_error);
  desk.poll();
  ASSERT_EQ(desk.run(one).phase, RunPhase::backing_off);
  ASSERT_TRUE(desk.ask(command::Drain{"upgrade"}));
  EXPECT_TRUE(desk.core().fleet(desk.now.wall).drained) << "no extra job is waited for";
}

TEST(EndPaused, AnExtraJobThatAirbytePutOffIsNotAskedForAgain) {
  Desk desk(plan_of(rule("0 0 1 * * ?", [](Policy& p) { p.extra_jobs.initial = 1min; })));
  desk.job_length.reset();
  desk.until(one + 1min);
  desk.end_job(JobId{101}, JobStatus::failed, FailureType::transient_error);
  desk.by_hand();
  desk.pass(3min);
  ASSERT_THAT(desk.sent, SizeIs(2)) << "its request is on the way";
  ASSERT_TRUE(desk.ask(command::Pause{{ConnectionId{"c"}}, {}, "migration"}));
  EXPECT_EQ(desk.run(one).verdict, Verdict::none);
  desk.answer(reply_of(TriggerAnswer::throttled, Errc::rate_limited));
  desk.pass(1h);
  EXPECT_THAT(desk.sent, SizeIs(2));
  EXPECT_EQ(desk.run(one).verdict, Verdict::failed);
}

/// A job of nobody's run and one of a tick's, both cancelled for being stuck: neither is run again into a
/// pause.
TEST(EndPaused, WhatWasStuckIsNotRunAgain) {
  for (const bool ours : {true, false}) {
    Desk desk(plan_of(rule(ours ? "0 0 1 * * ?" : "0 0 12 * * ?", [](Policy& p) {
      p.stuck.between_attempts.action = StuckAction::cancel_and_rerun;
      p.freshness.late_after = Millis{72h};
    })));
    desk.job_length.reset();
    if (!ours) desk.start_job("c");
    desk.until(one);
    desk.jobs.at(JobId{101}).status = JobStatus::incomplete;
    desk.until(one + 50min);
    ASSERT_THAT(desk.cancels, SizeIs(1));
    ASSERT_TRUE(desk.ask(command::Pause{{ConnectionId{"c"}}, {}, "migration"}));
    desk.end_job(JobId{101}, JobStatus::cancelled);
    desk.pass(30min);
    EXPECT_THAT(desk.sent, SizeIs(ours ? 1 : 0));
    EXPECT_EQ(desk.run(one).verdict, ours ? Verdict::cancelled : Verdict::none);
    EXPECT_THAT(desk.disk.runs(), SizeIs(ours ? 1 : 0));
  }
}

TEST(EndPaused, ASyncByHandThatWaitsIsGivenUpAndSaysWhy) {
  auto plan = plan_of(rule("0 0 12 * * ?"));
  plan.limits.total = 1;
  Desk desk(plan, {connection("c"), connection("other")});
  desk.job_length.reset();
  desk.start_job("other");
  desk.poll();
  const auto done = desk.ask(command::Sync{ConnectionId{"c"}});
  ASSERT_TRUE(done && done->run);
  ASSERT_TRUE(desk.ask(command::Pause{{ConnectionId{"c"}}, {}, "migration"}));
  const auto& run = desk.disk.runs().at(*done->run);
  EXPECT_EQ(run.verdict, Verdict::abandoned);
  EXPECT_THAT(run.why, HasSubstr("paused by alice"));
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.poll();
  EXPECT_THAT(desk.sent, IsEmpty());
}

}  // namespace
}  // namespace syncwarden::core
