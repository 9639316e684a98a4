// The numbered rules of scheduling: what becomes of a tick.
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;

TEST(Rule1AtMostOnce, ATickStartsInItsSecondAndOnlyOnce) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 1h);
  ASSERT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.sent[0].at.wall, monday + 1h);
  EXPECT_EQ(desk.tick(monday + 1h), "started/on_time");
  desk.until(monday + 1h + 59min);
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Rule1AtMostOnce, ARestartAfterTheDecisionDoesNotStartAgain) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 1h);
  for (int i = 0; i < 3; ++i) {
    desk.crash(1s);
    desk.pass(1min);
  }
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.ticks(), 1U);
}

struct CatchUpCase {
  const char* name;
  CatchUpPolicy policy;
  Millis down;
  std::size_t started;
  std::uint32_t missed;  ///< on the one record that covers them
};

class Rule2CatchUp : public testing::TestWithParam<CatchUpCase> {};

TEST_P(Rule2CatchUp, AfterDowntime) {
  const auto& [name, policy, down, started, missed] = GetParam();
  Desk desk(plan_of(rule("0 0 * * * ?", [wanted = policy](Policy& p) { p.catch_up = wanted; })));
  desk.crash(down);  // from 00:30
  desk.pass(5h);
  std::size_t late = 0;
  std::uint32_t covered = 0;
  for (const auto& [key, tick] : desk.disk.ticks()) {
    if (tick.reason == TickReason::catch_up) ++late;
    if (tick.reason == TickReason::down) covered += 1 + tick.also;
  }
  EXPECT_EQ(late, started);
  EXPECT_EQ(covered, missed);
}

INSTANTIATE_TEST_SUITE_P(Policies, Rule2CatchUp,
                         testing::Values(CatchUpCase{"latest_of_one", CatchUpPolicy::latest, 1h, 1, 0},
                                         CatchUpCase{"latest_of_many", CatchUpPolicy::latest, 5h, 1, 4},
                                         CatchUpCase{"none_of_one", CatchUpPolicy::none, 1h, 0, 1},
                                         CatchUpCase{"none_of_many", CatchUpPolicy::none, 5h, 0, 5},
                                         CatchUpCase{"all_of_five", CatchUpPolicy::all, 5h, 5, 0},
                                         CatchUpCase{"all_of_thirteen", CatchUpPolicy::all, 13h, 10, 3}),
                         [](const auto& test) { return test.param.name; });

TEST(Rule2CatchUpOrder, AllGoOldestFirstAndOneAtATime) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.catch_up = CatchUpPolicy::all; })));
  desk.crash(4h);
  desk.pass(1min);
  EXPECT_EQ(desk.sent.size(), 1U) << "the first runs, the others wait";
  EXPECT_EQ(desk.tick(monday + 1h), "started/catch_up");
  EXPECT_EQ(desk.tick(monday + 2h), "-");
  desk.until(monday + 5h + 29min);
  std::vector<Instant> order;
  for (const auto& sent : desk.sent) {
    for (const auto& [id, run] : desk.disk.runs()) {
      if (id == sent.request.run) order.push_back(run.nominal);
    }
  }
  EXPECT_THAT(order, testing::ElementsAre(monday + 1h, monday + 2h, monday + 3h, monday + 4h, monday + 5h));
}

TEST(Rule2CatchUpFresh, AJobCreatedAfterTheTickMakesItFresh) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 90min);
  desk.now.wall += 40min;  // a person's job, seen by nobody
  desk.end_job(desk.start_job("c"), JobStatus::succeeded);
  desk.now.wall -= 40min;
  desk.crash(1h);
  desk.pass(1min);
  EXPECT_EQ(desk.tick(monday + 2h), "skipped/fresh");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Rule2CatchUpFresh, AJobFromBeforeTheTickDoesNot) {
  // Our job started at 01:00 and still runs; the tick of 02:00 was missed. It waits for the end, it is not
  // fresh.
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.overlap = OverlapPolicy::queue_one; })));
  desk.job_length.reset();
  desk.until(monday + 90min);
  desk.crash(1h);
  desk.pass(1min);
  EXPECT_EQ(desk.tick(monday + 2h), "-");
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.poll();
  EXPECT_EQ(desk.tick(monday + 2h), "started/catch_up");
}

TEST(Rule2CatchUpCount, MoreThanAThousandMissedAreCoalescedAndTheLatestRuns) {
  Desk desk(plan_of(rule("0 * * * * ?")));
  desk.crash(24h * 30);
  desk.pass(1s);
  const Instant latest = monday + 24h * 30 + 30min;
  EXPECT_EQ(desk.tick(latest), "started/on_time");
  const auto* missed = desk.tick_record(latest - 1min);
  ASSERT_NE(missed, nullptr);
  EXPECT_EQ(missed->reason, TickReason::down);
  EXPECT_EQ(missed->also, 999U);
  EXPECT_THAT(missed->detail, testing::HasSubstr("more than 1000"));
  EXPECT_EQ(desk.ticks(), 2U);
}

TEST(Rule3StartDeadline, AWaitingTickIsMissedAtItsDeadline) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) {
    p.start_deadline = 20min;
    p.overlap = OverlapPolicy::queue_one;
  })));
  desk.job_length.reset();
  desk.start_job("c");
  desk.poll();
  desk.until(monday + 1h + 19min);
  EXPECT_EQ(desk.tick(monday + 1h), "-");
  desk.until(monday + 1h + 20min);
  EXPECT_EQ(desk.tick(monday + 1h), "missed/start_deadline");
  EXPECT_TRUE(desk.sent.empty());
}

TEST(Rule3StartDeadline, ALateTickWithinItsDeadlineStillStarts) {
  for (const auto& [down, outcome] :
       {std::pair{45min, "started/catch_up"}, std::pair{55min, "missed/start_deadline"}}) {
    Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.start_deadline = 20min; })));
    desk.crash(down);
    desk.pass(1s);
    EXPECT_EQ(desk.tick(monday + 1h), outcome);
  }
}

TEST(Rule3Superseded, TheNextTickEndsTheWaiting) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.overlap = OverlapPolicy::queue_one; })));
  desk.job_length.reset();
  const JobId job = desk.start_job("c");
  desk.poll();
  desk.until(monday + 3h + 1min);
  EXPECT_EQ(desk.tick(monday + 1h), "skipped/superseded");
  EXPECT_EQ(desk.tick(monday + 2h), "skipped/superseded");
  EXPECT_EQ(desk.tick(monday + 3h), "-");
  desk.end_job(job, JobStatus::succeeded);
  desk.poll();
  EXPECT_EQ(desk.tick(monday + 3h), "started/deferred");
}

TEST(Rule5Dst, BerlinFallsBackAndSpringsForward) {
  struct Day {
    const char* expression;
    Instant begin;
    std::vector<Instant> fires;
  };
  const Instant spring{std::chrono::sys_days{std::chrono::year{2027} / 3 / 27} + 23h};
  const Instant autumn{std::chrono::sys_days{std::chrono::year{2027} / 10 / 30} + 22h};
  const std::vector<Day> days{
      {"0 30 2 * * ?", spring, {spring + 2h}},                  // 02:30 does not exist: at 03:00 local
      {"0 30 2 * * ?", autumn, {autumn + 2h + 30min}},          // twice: the first one only
      {"0 0 0/8 * * ?", spring, {spring + 7h, spring + 15h}},   // the day has 23 hours
      {"0 0 0/8 * * ?", autumn, {autumn + 9h, autumn + 17h}}};  // and 25
  for (const auto& day : days) {
    Rule only;
    only.schedules.push_back({"", cron(day.expression, "Europe/Berlin")});
    Desk desk(plan_of(only), {connection("c")}, day.begin + 1min);
    desk.until(day.begin + 22h);
    std::vector<Instant> fired;
    for (const auto& [key, tick] : desk.disk.ticks()) fired.push_back(tick.nominal);
    EXPECT_EQ(fired, day.fires) << day.expression;
  }
}

TEST(Rule6Clock, AForwardStepIsDowntime) {
  Desk desk(plan_of(rule()));
  desk.set_clock(monday + 4h + 10min);
  EXPECT_EQ(desk.tick(monday + 4h), "started/catch_up");
  EXPECT_EQ(desk.tick(monday + 3h), "missed/down");
  EXPECT_EQ(desk.tick_record(monday + 3h)->also, 2U);
  ASSERT_EQ(desk.told<fact::ClockStepped>().size(), 1U);
}

TEST(Rule6Clock, ASuspendIsDowntime) {
  Desk desk(plan_of(rule()));
  desk.suspend(3h);
  EXPECT_EQ(desk.tick(monday + 3h), "started/catch_up");
  EXPECT_EQ(desk.tick(monday + 2h), "missed/down");
}

TEST(Rule6Clock, ASmallBackwardStepRepeatsNothing) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 2h + 5min);
  desk.set_clock(monday + 30min);
  desk.until(monday + 2h + 30min);
  EXPECT_EQ(desk.sent.size(), 2U);
  desk.until(monday + 3h);
  EXPECT_EQ(desk.sent.size(), 3U);
}

TEST(Rule6Clock, ACorrectionByMoreThanThreeHoursGoesOnFromNowAndRepeatsNothing) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 6h + 15min);  // 01:00 to 06:00 have run
  ASSERT_EQ(desk.sent.size(), 6U);
  desk.set_clock(monday - 90min);
  desk.until(monday + 5min);
  EXPECT_EQ(desk.tick(monday - 1h), "started/on_time");
  EXPECT_EQ(desk.tick(monday), "started/on_time");
  desk.until(monday + 6h + 30min);
  EXPECT_EQ(desk.sent.size(), 8U) << "what ran before the correction runs no second time";
  desk.until(monday + 7h);
  EXPECT_EQ(desk.tick(monday + 7h), "started/on_time");
}

TEST(Rule6Clock, WhatRanBeforeACorrectionStaysDecidedOverACrash) {
  Desk desk(plan_of(rule()));
  desk.set_clock(monday + 4h + 10min);
  ASSERT_EQ(desk.tick(monday + 4h), "started/catch_up");
  ASSERT_EQ(desk.tick(monday + 3h), "missed/down");
  desk.set_clock(monday + 10min);
  desk.crash();
  desk.until(monday + 5h + 5min);
  EXPECT_EQ(desk.tick(monday + 4h), "started/catch_up") << "it was started before the clock was set right";
  EXPECT_EQ(desk.tick(monday + 3h), "missed/down") << "a decision is never replaced";
  EXPECT_EQ(desk.tick(monday + 1h), "started/on_time");
  EXPECT_EQ(desk.tick(monday + 5h), "started/on_time");
  EXPECT_EQ(desk.sent.size(), 4U) << "04:00, and after the correction 01:00, 02:00 and 05:00";
}

/// As Quartz counts, 01:00 of New York's long night is 06:00 UTC, unless the count begins within the first of
/// its two hours: then it is passed by. Where it was decided while the clock was wrong, it stays decided.
TEST(Rule6Clock, ANominalInARepeatedHourIsPassedOverToo) {
  const Instant night{std::chrono::sys_days{std::chrono::year{2026} / 11 / 1}};
  auto only = rule("0 0 * * * ?", [](Policy& policy) { policy.catch_up = CatchUpPolicy::none; });
  only.schedules[0].when = cron("0 0 * * * ?", "America/New_York", calendar::DstPolicy::quartz);
  Desk desk(plan_of(only), {connection("c")}, night - 30min);
  desk.set_clock(night + 6h + 30min);
  ASSERT_EQ(desk.tick(night + 6h), "missed/down");
  desk.until(night + 8h + 10min);
  desk.set_clock(night + 2h + 10min);
  desk.until(night + 9h + 10min);
  EXPECT_EQ(desk.tick(night + 3h), "started/on_time");
  EXPECT_EQ(desk.tick(night + 6h), "missed/down") << "a decision is never replaced";
  EXPECT_EQ(desk.tick(night + 9h), "started/on_time");
}

/// It waits when the clock is set right: it comes due in its own time, also where no instant of the hour
/// before leads to it.
TEST(Rule6Clock, WhatWaitsInARepeatedHourComesDueAgain) {
  const Instant night{std::chrono::sys_days{std::chrono::year{2026} / 11 / 1}};
  auto only = rule();
  only.schedules[0].when = cron("0 0 * * * ?", "America/New_York", calendar::DstPolicy::quartz);
  Desk desk(plan_of(only), {connection("c")}, night - 30min);
  desk.set_clock(night + 4h + 30min);
  desk.away = true;
  desk.until(night + 6h + 5min);
  ASSERT_EQ(desk.tick(night + 6h), "-") << "nothing starts while Airbyte is away";
  desk.set_clock(night + 1h + 10min);
  desk.away = false;
  desk.until(night + 7h + 5min);
  EXPECT_EQ(desk.tick(night + 6h), "started/on_time");
  EXPECT_EQ(desk.tick(night + 7h), "started/on_time");
}

/// The clock is ten hours ahead, and 11:00 and 12:00 are started under it. What happens then must not make
/// anybody forget that.
struct MeanwhileCase {
  const char* name;
  std::function<void(Desk&)> happens;  ///< from 12:05 on, until 15:05
  Millis half_past{};                  ///< the edited schedule's other nominals
};

class Rule6Meanwhile : public testing::TestWithParam<MeanwhileCase> {};

TEST_P(Rule6Meanwhile, WhatAWrongClockHadDecidedRunsNoSecondTime) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule()));
  desk.set_clock(monday + 10h + 10min);
  desk.until(monday + 12h + 5min);
  ASSERT_EQ(desk.sent.size(), 3U) << "10:00 is caught up, 11:00 and 12:00 follow";
  c.happens(desk);
  desk.until(monday + 15h + 5min);
  desk.set_clock(monday + 5h + 5min);
  const auto before = desk.sent.size();
  desk.crash(1min);  // it holds over a restart
  desk.until(monday + 9h + 5min);
  EXPECT_EQ(desk.tick(monday + 6h), "started/on_time");
  EXPECT_EQ(desk.tick(monday + 8h), "started/on_time");
  const auto by_then = desk.sent.size();
  EXPECT_GE(by_then, before + 3);
  desk.until(monday + 10h + 5min);
  EXPECT_EQ(desk.tick(monday + 10h), "started/catch_up");
  desk.until(monday + 11h + 5min);
  EXPECT_EQ(desk.tick(monday + 11h), "started/on_time");
  desk.until(monday + 12h + 5min);
  const std::size_t between = c.half_past > Millis{} ? 3 : 0;  // 09:30, 10:30, 11:30
  EXPECT_EQ(desk.sent.size(), by_then + between) << "10:00, 11:00 and 12:00 had their start";
  EXPECT_EQ(desk.tick(monday + 11h + 30min), between > 0 ? "started/on_time" : "-")
      << "the old text knew no such";
  desk.until(monday + 16h + 5min);
  EXPECT_EQ(desk.tick(monday + 16h), "started/on_time");
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Rule6Meanwhile,
    testing::Values(MeanwhileCase{"nothing", [](Desk&) {}},
                    MeanwhileCase{"a_restart", [](Desk& d) { d.crash(2h + 30min); }},
                    MeanwhileCase{"two_restarts",
                                  [](Desk& d) {
                                    d.crash(70min);
                                    d.crash(70min);
                                  }},
                    MeanwhileCase{"a_suspend", [](Desk& d) { d.suspend(2h + 30min); }},
                    MeanwhileCase{"a_pause",
                                  [](Desk& d) {
                                    EXPECT_TRUE(d.ask(command::Pause{{}, {}, "maintenance"}));
                                    d.until(monday + 14h + 5min);
                                    EXPECT_TRUE(d.ask(command::Resume{{}, false}));
                                  }},
                    MeanwhileCase{"an_edit",
                                  [](Desk& d) {
                                    d.plan.rules[0].schedules[0].when = cron("0 0/30 * * * ?");
                                    d.reload();
                                  },
                                  30min},
                    MeanwhileCase{"an_edit_while_down",
                                  [](Desk& d) {
                                    d.plan.rules[0].schedules[0].when = cron("0 0/30 * * * ?");
                                    d.crash(1min);
                                  },
                                  30min},
                    MeanwhileCase{"no_rule_for_a_while",
                                  [](Desk& d) {
                                    const auto rules = std::exchange(d.plan.rules, {});
                                    d.reload();
                                    d.pass(1h);
                                    d.plan.rules = rules;
                                    d.reload();
                                  }},
                    MeanwhileCase{"no_rule_over_a_restart",
                                  [](Desk& d) {
                                    const auto rules = std::exchange(d.plan.rules, {});
                                    d.crash(1min);
                                    d.pass(1h);
                                    d.plan.rules = rules;
                                    d.crash(1min);
                                  }}),
    [](const auto& test) { return std::string(test.param.name); });

/// The pause before another job, while the clock leaps or the machine sleeps.
struct LeapCase {
  const char* name;
  std::function<void(Desk&)> leap;
};

class Rule6BackOff : public testing::TestWithParam<LeapCase> {};

TEST_P(Rule6BackOff, IsTimeThatPasses) {
  Desk desk(plan_of(rule("0 0 1 * * ?", [](Policy& p) {
    p.extra_jobs.max = 1;
    p.extra_jobs.initial = 40min;
  })));
  desk.job_length.reset();
  desk.until(monday + 1h + 5min);
  desk.end_job(desk.run(monday + 1h).job, JobStatus::failed, FailureType::transient_error);
  desk.pass(2min);
  const auto run = desk.run(monday + 1h);
  ASSERT_EQ(run.phase, RunPhase::backing_off);
  const Millis rest = run.not_before - desk.now.wall;
  ASSERT_GT(rest, 10min);
  GetParam().leap(desk);
  desk.crash(1s);  // it holds over a restart
  desk.pass(rest - 1min);
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.pass(2min);
  EXPECT_EQ(desk.sent.size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(
    Clock, Rule6BackOff,
    testing::Values(LeapCase{"goes_on", [](Desk&) {}},
                    LeapCase{"set_ahead", [](Desk& d) { d.set_clock(d.now.wall + 2h); }},
                    LeapCase{"set_back", [](Desk& d) { d.set_clock(d.now.wall - 30min); }},
                    LeapCase{"set_back_by_hours", [](Desk& d) { d.set_clock(d.now.wall - 5h); }},
                    LeapCase{"suspended", [](Desk& d) { d.suspend(2h); }}),
    [](const auto& test) { return std::string(test.param.name); });

/// A request is on its way when the clock is set right, and its answer comes afterwards.
TEST(Rule6Clock, AnAnswerFromAWrongTimeMovesNoWatermarkAhead) {
  Desk desk(plan_of(rule()));
  desk.set_clock(monday + 10h + 10min);
  desk.until(monday + 11h + 59min);
  desk.by_hand();
  desk.until(monday + 12h);
  ASSERT_EQ(desk.sent.size(), 3U);
  desk.set_clock(monday + 5h + 5min);
  desk.answer(created(desk.start_job("c")));
  desk.airbyte = nullptr;
  EXPECT_EQ(desk.tick(monday + 12h), "started/on_time");
  desk.crash(1min);
  desk.until(monday + 7h + 5min);
  EXPECT_EQ(desk.tick(monday + 6h), "started/on_time");
  EXPECT_EQ(desk.tick(monday + 7h), "started/on_time");
}

/// A schedule that a rule names again after a while begins then, and catches nothing up.
TEST(Rule2CatchUp, AScheduleWithoutARuleMissesNothing) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 2h + 5min);
  const auto rules = std::exchange(desk.plan.rules, {});
  desk.crash(1min);
  desk.until(monday + 6h + 30min);
  desk.plan.rules = rules;
  desk.crash(1min);
  desk.pass(5min);
  EXPECT_EQ(desk.tick(monday + 6h), "-");
  desk.until(monday + 7h + 5min);
  EXPECT_EQ(desk.tick(monday + 7h), "started/on_time");
  EXPECT_EQ(desk.sent.size(), 3U);
}

/// What it had decided is forgotten in the end, from the disk, too.
TEST(Rule6Clock, AScheduleThatLostItsRuleIsForgottenAfterAWeek) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 2h + 5min);
  desk.plan.rules.clear();
  desk.reload();
  desk.pass(1h);
  desk.crash(1min);
  EXPECT_EQ(desk.disk.cursors().size(), 1U);
  desk.crash(8 * 24h);
  desk.pass(1min);
  EXPECT_EQ(desk.disk.cursors().size(), 0U);
}

TEST(Rule6Clock, AWatermarkFarAheadAtBootIsAWrongClock) {
  Desk desk(plan_of(rule()));
  desk.until(monday + 10h + 15min);
  desk.move_clock(monday - 24h + 30min);
  desk.crash();
  desk.pass(1h);
  EXPECT_EQ(desk.tick(monday - 23h), "started/on_time");
  EXPECT_THAT(desk.told<fact::Warning>(), testing::SizeIs(1));
}

TEST(Rule7Jitter, IsStableNeverNegativeAndShownInNextRun) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.jitter = 30min; })));
  std::optional<Instant> next;
  desk.core().for_each_connection([&](const ConnectionPicture& picture) { next = picture.next_run; });
  ASSERT_TRUE(next);
  const Millis offset = *next - (monday + 1h);
  EXPECT_GE(offset, 0s);
  EXPECT_LT(offset, 30min);
  desk.until(monday + 4h + 59min);
  ASSERT_EQ(desk.sent.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(desk.sent[i].at.wall, monday + (1h + i * 1h) + offset);
    EXPECT_EQ(desk.tick(monday + (1h + i * 1h)), "started/on_time");
  }
}

TEST(Rule12Every, FollowsTheEpochGridWithItsPhase) {
  Rule only;
  only.schedules.push_back({"", calendar::Schedule::every({6h, 10min}).value()});
  Desk desk(plan_of(only));
  desk.until(monday + 24h);
  std::vector<Instant> fired;
  for (const auto& [key, tick] : desk.disk.ticks()) fired.push_back(tick.nominal);
  EXPECT_THAT(fired, testing::ElementsAre(monday + 6h + 10min, monday + 12h + 10min, monday + 18h + 10min));
}

}  // namespace
}  // namespace syncwarden::core
