// The numbered rules of scheduling as tables, rule by rule: one row for each word of a policy and each thing
// that may get in the way. Rules 1 to 7 and 12; the others are in gate_tables_test and hold_tables_test.
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAreArray;
using testing::SizeIs;

/// Every table here names its rows.

// ---- rule 1: at most once per nominal

struct AgainCase {
  const char* name;
  std::function<void(Desk&)> happens;  ///< at 01:20, when the job of 01:00 has ended
};

class Rule1NeverAgain : public testing::TestWithParam<AgainCase> {};

TEST_P(Rule1NeverAgain, ADecidedNominalIsNotFiredAgain) {
  Desk desk(plan_of(rule()));
  desk.until(one + 20min);
  ASSERT_EQ(desk.tick(one), "started/on_time");
  const Instant decided = desk.tick_record(one)->decided;
  GetParam().happens(desk);
  desk.until(monday + 1h + 59min);
  EXPECT_THAT(desk.sent, SizeIs(1));
  EXPECT_EQ(desk.tick(one), "started/on_time");
  EXPECT_EQ(desk.tick_record(one)->decided, decided) << "a decision is never replaced";
  desk.until(monday + 2h + 1s);
  EXPECT_THAT(desk.sent, SizeIs(2)) << "and the next one is fired";
}

INSTANTIATE_TEST_SUITE_P(
    Whatever, Rule1NeverAgain,
    testing::Values(AgainCase{"restart", [](Desk& d) { d.crash(1s); }},
                    AgainCase{"three_restarts", [](Desk& d) { d.crash(), d.crash(1min), d.crash(1s); }},
                    AgainCase{"another_daemon_takes_over", [](Desk& d) { d.crash(15s); }},
                    AgainCase{"clock_set_back", [](Desk& d) { d.set_clock(one - 10min); }},
                    AgainCase{"clock_set_back_over_a_restart",
                              [](Desk& d) { d.move_clock(one - 10min), d.crash(1s); }},
                    AgainCase{"clock_set_forward", [](Desk& d) { d.set_clock(one + 40min); }},
                    AgainCase{"suspend", [](Desk& d) { d.suspend(10min); }},
                    AgainCase{"reload", [](Desk& d) { d.reload(); }},
                    AgainCase{"rule_gone_and_back",
                              [](Desk& d) {
                                const auto rules = std::exchange(d.plan.rules, {});
                                d.reload();
                                d.plan.rules = rules;
                                d.reload();
                              }},
                    AgainCase{"connection_gone_and_back",
                              [](Desk& d) {
                                const auto gone = std::exchange(d.connections, {});
                                d.discover();
                                d.connections = gone;
                                d.discover();
                              }},
                    AgainCase{"airbyte_away", [](Desk& d) { d.away = true, d.pass(10min), d.away = false; }}),
    by_name);

// ---- rule 2: what was missed while nobody looked

struct MissedCase {
  const char* name;
  std::function<void(Desk&)> away;  ///< from 00:30 to 04:10
  CatchUpPolicy policy;
  std::array<const char*, 4> ticks;  ///< 01:00 to 04:00, by 04:50; "-": covered by a later record
};

class Rule2Missed : public testing::TestWithParam<MissedCase> {};

TEST_P(Rule2Missed, ByPolicyWhateverTheCause) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule("0 0 * * * ?", [&](Policy& p) { p.catch_up = c.policy; })));
  c.away(desk);
  ASSERT_EQ(desk.now.wall, monday + 4h + 10min);
  desk.until(monday + 4h + 55min);
  std::vector<std::string> ticks;
  std::size_t decided = 0;
  for (int hour = 1; hour <= 4; ++hour) ticks.push_back(desk.tick(monday + hour * 1h));
  for (const auto& [key, tick] : desk.disk.ticks()) decided += 1 + tick.also;
  EXPECT_THAT(ticks, ElementsAreArray(c.ticks));
  EXPECT_EQ(decided, 4U) << "each nominal has one decision";
}

const auto crashed = [](Desk& d) { d.crash(3h + 40min); };
const auto suspended = [](Desk& d) { d.suspend(3h + 40min); };
const auto stepped = [](Desk& d) { d.set_clock(monday + 4h + 10min); };
constexpr std::array latest{"-", "-", "missed/down", "started/catch_up"};
constexpr std::array none{"-", "-", "-", "missed/down"};
constexpr std::array all{"started/catch_up", "started/catch_up", "started/catch_up", "started/catch_up"};

INSTANTIATE_TEST_SUITE_P(
    Policies, Rule2Missed,
    testing::Values(MissedCase{"latest_after_a_restart", crashed, CatchUpPolicy::latest, latest},
                    MissedCase{"latest_after_a_suspend", suspended, CatchUpPolicy::latest, latest},
                    MissedCase{"latest_after_a_forward_step", stepped, CatchUpPolicy::latest, latest},
                    MissedCase{"none_after_a_restart", crashed, CatchUpPolicy::none, none},
                    MissedCase{"none_after_a_suspend", suspended, CatchUpPolicy::none, none},
                    MissedCase{"none_after_a_forward_step", stepped, CatchUpPolicy::none, none},
                    MissedCase{"all_after_a_restart", crashed, CatchUpPolicy::all, all},
                    MissedCase{"all_after_a_suspend", suspended, CatchUpPolicy::all, all},
                    MissedCase{"all_after_a_forward_step", stepped, CatchUpPolicy::all, all}),
    by_name);

// ---- rule 3: waiting has an end, whatever is waited for

/// Something that holds the tick of "c" at 01:00 for hours.
struct WaitCase {
  const char* name;
  WaitCause cause;
  std::function<void(Plan&)> configure;
  std::function<void(Desk&)> begins;  ///< at 00:58
  const char* superseded;             ///< what the next tick makes of it
};

class Rule3WhateverItWaitsFor : public testing::TestWithParam<WaitCase> {
 protected:
  static Plan plan_with(std::optional<Millis> deadline, CatchUpPolicy catch_up = CatchUpPolicy::latest) {
    auto only = rule("0 0 * * * ?", [&](Policy& p) {
      p.start_deadline = deadline;
      p.catch_up = catch_up;
      p.overlap = OverlapPolicy::queue_one;
    });
    only.match.id = "c";
    auto plan = plan_of(only);
    if (GetParam().configure) GetParam().configure(plan);
    return plan;
  }
  static std::vector<ConnectionView> all() {
    std::vector<ConnectionView> views{connection("c"), connection("other")};
    for (int i = 0; i < 10; ++i) views.push_back(connection("a" + std::to_string(i)));
    return views;
  }
  static void begin(Desk& desk) {
    desk.job_length.reset();
    desk.until(one - 2min);
    if (GetParam().begins) GetParam().begins(desk);
    desk.until(one + 1s);
    EXPECT_EQ(desk.tick(one), "-");
    EXPECT_GE(desk.core().fleet(desk.now.wall).waiting.at(static_cast<std::size_t>(GetParam().cause)), 1U);
  }
};

TEST_P(Rule3WhateverItWaitsFor, IsMissedAtItsDeadline) {
  Desk desk(plan_with(20min), all());
  begin(desk);
  desk.until(one + 20min - 1s);
  EXPECT_EQ(desk.tick(one), "-");
  desk.until(one + 20min);
  EXPECT_EQ(desk.tick(one), "missed/start_deadline");
}

TEST_P(Rule3WhateverItWaitsFor, EndsWithTheNextTick) {
  Desk desk(plan_with({}), all());
  begin(desk);
  desk.until(monday + 2h - 1s);
  EXPECT_EQ(desk.tick(one), "-");
  desk.until(monday + 2h);
  EXPECT_EQ(desk.tick(one), GetParam().superseded);
  EXPECT_EQ(desk.tick(monday + 2h), "-") << "a schedule has one tick waiting, the newest";
}

TEST_P(Rule3WhateverItWaitsFor, ManyThatAreCaughtUpSupersedeNothing) {
  Desk desk(plan_with({}, CatchUpPolicy::all), all());
  desk.suspend(15min);  // from 00:30
  begin(desk);
  desk.suspend(3h);
  desk.pass(1s);
  for (int hour = 2; hour <= 4; ++hour) EXPECT_EQ(desk.tick(monday + hour * 1h), "-") << hour;
}

INSTANTIATE_TEST_SUITE_P(
    Causes, Rule3WhateverItWaitsFor,
    testing::Values(
        WaitCase{
            "what_runs", WaitCause::overlap, {}, [](Desk& d) { d.start_job("c"); }, "skipped/superseded"},
        WaitCase{"blackout",
                 WaitCause::blackout,
                 [](Plan& p) {
                   p.blackouts.push_back(
                       {"m", {}, calendar::Window::make({"0 50 0 * * ?", "UTC"}, 9h).value(), false, false});
                 },
                 {},
                 "skipped/superseded"},
        WaitCase{"limit", WaitCause::slot, [](Plan& p) { p.limits.total = 1; },
                 [](Desk& d) { d.start_job("other"); }, "skipped/superseded"},
        WaitCase{"pace",
                 WaitCause::pacing,
                 [](Plan& p) {
                   p.triggers_per_second = 0.00001;
                   auto herd = rule("0 0 * * * ?", [](Policy& policy) { policy.priority = Priority::high; });
                   herd.match.id.reset();
                   herd.match.name = "a*";
                   p.rules.push_back(herd);
                 },
                 {},
                 "skipped/superseded"},
        WaitCase{"airbyte_away",
                 WaitCause::airbyte_down,
                 {},
                 [](Desk& d) { d.away = true; },
                 "skipped/superseded"},
        WaitCase{"store",
                 WaitCause::store_down,
                 {},
                 [](Desk& d) { d.step(in::StoreState{false}); },
                 "skipped/superseded"},
        WaitCase{"retry_after",
                 WaitCause::pacing,
                 {},
                 [](Desk& d) {
                   d.airbyte = [](const out::TriggerSync&) {
                     auto reply = reply_of(TriggerAnswer::throttled, Errc::rate_limited);
                     reply.retry_after = 9h;
                     return std::optional(reply);
                   };
                 },
                 "skipped/superseded"},
        WaitCase{"fleet_hold", WaitCause::fleet_hold,
                 [](Plan& p) {
                   p.fleet_hold = {0.5, 2, 24h};
                 },
                 [](Desk& d) {
                   for (int i = 0; i < 2; ++i)
                     d.end_job(d.start_job("other"), JobStatus::failed, FailureType::system_error);
                 },
                 "skipped/fleet_hold"}),
    by_name);

// ---- rule 5: clocks that are changed

struct DstCase {
  const char* name;
  calendar::DstPolicy policy;
  const char* expression;
  bool spring;                ///< the night of 2027-03-28 in Berlin, else that of 2027-10-31
  std::vector<Millis> fires;  ///< after local midnight as it passes, before five hours have
};

class Rule5DstPolicies : public testing::TestWithParam<DstCase> {};

TEST_P(Rule5DstPolicies, DecideWhichNominalsThereAre) {
  const auto& c = GetParam();
  const Instant midnight = c.spring ? Instant{std::chrono::sys_days{std::chrono::year{2027} / 3 / 27} + 23h}
                                    : Instant{std::chrono::sys_days{std::chrono::year{2027} / 10 / 30} + 22h};
  Rule only;
  only.schedules.push_back({"", cron(c.expression, "Europe/Berlin", c.policy)});
  Desk desk(plan_of(only), {connection("c")}, midnight + 1min);
  desk.until(midnight + 5h - 1s);
  std::vector<Millis> fires;
  for (const auto& sent : desk.sent) fires.push_back(sent.at.wall - midnight);
  EXPECT_EQ(fires, c.fires);
}

constexpr auto safe = calendar::DstPolicy::safe;
constexpr auto quartz = calendar::DstPolicy::quartz;
constexpr auto skip = calendar::DstPolicy::skip;

INSTANTIATE_TEST_SUITE_P(
    Berlin, Rule5DstPolicies,
    testing::Values(
        DstCase{"safe_fixed_in_the_gap", safe, "0 30 2 * * ?", true, {2h}},
        DstCase{"quartz_fixed_in_the_gap", quartz, "0 30 2 * * ?", true, {}},
        DstCase{"skip_fixed_in_the_gap", skip, "0 30 2 * * ?", true, {}},
        DstCase{"safe_merges_with_the_regular_one", safe, "0 0 2,3 * * ?", true, {2h}},
        DstCase{"safe_several_in_the_gap_are_one", safe, "0 10,20,30 2 * * ?", true, {2h}},
        DstCase{"safe_fixed_twice", safe, "0 30 2 * * ?", false, {2h + 30min}},
        DstCase{"quartz_fixed_twice", quartz, "0 30 2 * * ?", false, {3h + 30min}},
        DstCase{"skip_fixed_twice", skip, "0 30 2 * * ?", false, {2h + 30min}},
        DstCase{"safe_interval_over_the_gap",
                safe,
                "0 30 * * * ?",
                true,
                {30min, 1h + 30min, 2h + 30min, 3h + 30min, 4h + 30min}},
        DstCase{"safe_interval_in_both_passes",
                safe,
                "0 30 * * * ?",
                false,
                {30min, 1h + 30min, 2h + 30min, 3h + 30min, 4h + 30min}},
        DstCase{"quartz_interval_loses_an_hour",
                quartz,
                "0 30 * * * ?",
                false,
                {30min, 1h + 30min, 3h + 30min, 4h + 30min}},
        DstCase{"skip_interval_in_the_first_pass",
                skip,
                "0 30 * * * ?",
                false,
                {30min, 1h + 30min, 2h + 30min, 4h + 30min}},
        DstCase{"quartz_interval_over_the_gap",
                quartz,
                "0 30 * * * ?",
                true,
                {30min, 1h + 30min, 2h + 30min, 3h + 30min, 4h + 30min}},
        DstCase{"skip_interval_over_the_gap",
                skip,
                "0 30 * * * ?",
                true,
                {30min, 1h + 30min, 2h + 30min, 3h + 30min, 4h + 30min}},
        // Lists and ranges are fixed times, a star in the hour is none.
        DstCase{"safe_a_range_in_the_gap", safe, "0 30 1-3 * * ?", true, {1h + 30min, 2h, 2h + 30min}},
        DstCase{"safe_a_range_twice", safe, "0 30 1-3 * * ?", false, {1h + 30min, 2h + 30min, 4h + 30min}},
        DstCase{"safe_a_list_twice", safe, "0 0,30 2 * * ?", false, {2h, 2h + 30min}},
        DstCase{
            "safe_a_step_is_an_interval", safe, "0 0/30 2 * * ?", false, {2h, 2h + 30min, 3h, 3h + 30min}},
        DstCase{"safe_a_step_in_the_gap", safe, "0 0/30 2 * * ?", true, {}}),
    by_name);

// ---- rule 6: the clock

struct StepCase {
  const char* name;
  Millis by;           ///< at 00:35
  bool restarts;       ///< and the daemon is started anew with the clock set
  std::size_t before;  ///< ticks decided before 00:35 comes again
};

class Rule6BackwardStep : public testing::TestWithParam<StepCase> {};

TEST_P(Rule6BackwardStep, BeyondThreeHoursIsACorrection) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule()));
  desk.until(monday + 35min);
  if (c.restarts) {
    desk.move_clock(monday + 35min + c.by);
    desk.crash();
  } else {
    desk.set_clock(monday + 35min + c.by);
  }
  desk.until(monday + 36min);
  EXPECT_EQ(desk.ticks(), c.before);
  desk.until(one + 1s);
  EXPECT_EQ(desk.ticks(), c.before + 1) << "what lies after the watermark is due in any case";
  EXPECT_THAT(desk.told<fact::Warning>(), SizeIs(c.restarts && c.before > 0 ? 1 : 0));
}

INSTANTIATE_TEST_SUITE_P(Steps, Rule6BackwardStep,
                         testing::Values(StepCase{"a_second", -1s, false, 0},
                                         StepCase{"an_hour", -1h, false, 0},
                                         StepCase{"just_under_three_hours", -(2h + 59min), false, 0},
                                         StepCase{"just_over_three_hours", -(3h + 1min), false, 3},
                                         StepCase{"a_day", -24h, false, 24},
                                         StepCase{"two_hours_at_start", -2h, true, 0},
                                         StepCase{"four_hours_at_start", -4h, true, 4}),
                         by_name);

struct UnseenCase {
  const char* name;
  std::function<void(Desk&)> unseen;  ///< five hours that nobody has observed
};

class Rule6ObservedTime : public testing::TestWithParam<UnseenCase> {};

TEST_P(Rule6ObservedTime, AgesNoStuckJob) {
  Desk desk(plan_of(rule("0 0 1 * * ?")));
  desk.job_length.reset();
  desk.until(one + 10min);
  ASSERT_THAT(desk.sent, SizeIs(1));
  GetParam().unseen(desk);
  desk.pass(2h + 30min);
  EXPECT_TRUE(desk.told<fact::StuckFound>().empty()) << "less than three hours of it were seen";
  desk.pass(30min);
  EXPECT_FALSE(desk.told<fact::StuckFound>().empty());
}

INSTANTIATE_TEST_SUITE_P(Unseen, Rule6ObservedTime,
                         testing::Values(UnseenCase{"forward_step",
                                                    [](Desk& d) { d.set_clock(d.now.wall + 5h); }},
                                         UnseenCase{"suspend", [](Desk& d) { d.suspend(5h); }},
                                         UnseenCase{"airbyte_away",
                                                    [](Desk& d) {
                                                      d.away = true;
                                                      d.pass(5h);
                                                      d.away = false;
                                                    }}),
                         by_name);

class Rule6SettleTime : public testing::TestWithParam<UnseenCase> {};

TEST_P(Rule6SettleTime, PassesWithTheTimeThatTheMachineWasAwake) {
  Desk desk(plan_of(rule("0 0 1 * * ?")), {connection("c"), connection("other")});
  desk.plan.rules[0].match.id = "c";
  desk.reload();
  desk.job_length.reset();
  desk.by_hand();
  desk.until(one);
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.poll();
  GetParam().unseen(desk);
  desk.end_job(desk.start_job("other"), JobStatus::succeeded);  // its workers live
  desk.pass(1min);
  EXPECT_EQ(desk.run(one).phase, RunPhase::unresolved);
  EXPECT_THAT(desk.sent, SizeIs(1)) << "what may still take effect is not asked for again";
  desk.pass(4min);
  EXPECT_THAT(desk.sent, SizeIs(2));
}

INSTANTIATE_TEST_SUITE_P(Unseen, Rule6SettleTime,
                         testing::Values(UnseenCase{"forward_step",
                                                    [](Desk& d) { d.set_clock(d.now.wall + 5h); }},
                                         UnseenCase{"suspend", [](Desk& d) { d.suspend(5h); }}),
                         by_name);

// ---- rule 7: jitter

struct JitterCase {
  const char* name;
  const char* expression;
  Millis jitter;
  Millis cap;  ///< half of the distance to the next one at most
};

class Rule7JitterCap : public testing::TestWithParam<JitterCase> {};

TEST_P(Rule7JitterCap, IsOneOffsetForEachScheduleWithinHalfTheInterval) {
  const auto& c = GetParam();
  std::vector<ConnectionView> views;
  for (int i = 0; i < 20; ++i) views.push_back(connection("c" + std::to_string(i)));
  Desk desk(plan_of(rule(c.expression,
                         [&](Policy& p) { p.jitter = c.jitter, p.overlap = OverlapPolicy::queue_one; })),
            views, monday - 1s);
  desk.job_length = 1s;
  desk.until(monday + 3h - 1s);
  std::map<ConnectionId, std::set<Millis>> offsets;
  for (const auto& [id, run] : desk.disk.runs()) offsets[run.connection].insert(run.due - run.nominal);
  std::set<Millis> different;
  for (const auto& [id, seen] : offsets) {
    EXPECT_THAT(seen, SizeIs(1)) << id.text.view() << ": the same every time";
    EXPECT_GE(*seen.begin(), 0ms);
    EXPECT_LT(*seen.begin(), std::max(c.cap, Millis{1}));
    different.insert(seen.begin(), seen.end());
  }
  EXPECT_THAT(offsets, SizeIs(20));
  EXPECT_GT(different.size(), c.cap > 0ms ? 10U : 0U) << "a herd is spread";
}

INSTANTIATE_TEST_SUITE_P(Jitters, Rule7JitterCap,
                         testing::Values(JitterCase{"none", "0 0 * * * ?", 0s, 0s},
                                         JitterCase{"short_of_the_cap", "0 0 * * * ?", 10min, 10min},
                                         JitterCase{"at_the_cap", "0 0 * * * ?", 30min, 30min},
                                         JitterCase{"capped", "0 0 * * * ?", 24h, 30min},
                                         JitterCase{"capped_within_minutes", "0 0/10 * * * ?", 1h, 5min}),
                         by_name);

/// Due ten minutes past the hour and at the full one: the first has 50 minutes to its follower, the other 10.
TEST(Rule7JitterCap, ShrinksOnlyWhereTheNextOneIsNear) {
  std::vector<ConnectionView> views;
  for (int i = 0; i < 20; ++i) views.push_back(connection("c" + std::to_string(i)));
  Desk desk(plan_of(rule("0 0,10 * * * ?",
                         [](Policy& p) { p.jitter = 20min, p.overlap = OverlapPolicy::queue_one; })),
            views, monday - 1s);
  desk.job_length = 1s;
  desk.until(monday + 3h - 1s);
  std::map<ConnectionId, std::array<std::set<Millis>, 2>> offsets;
  for (const auto& [id, run] : desk.disk.runs()) {
    const bool full = (run.nominal - monday) % Millis{1h} == Millis{};
    offsets[run.connection][full ? 0 : 1].insert(run.due - run.nominal);
  }
  ASSERT_THAT(offsets, SizeIs(20));
  bool wide = false;
  for (const auto& [id, seen] : offsets) {
    ASSERT_THAT(seen[0], SizeIs(1)) << id.text.view();
    ASSERT_THAT(seen[1], SizeIs(1)) << id.text.view();
    EXPECT_LT(*seen[0].begin(), 5min) << "two never touch";
    EXPECT_LT(*seen[1].begin(), 20min);
    wide = wide || *seen[1].begin() > 5min;
    EXPECT_EQ(*seen[1].begin() % Millis{5min}, *seen[0].begin()) << "one offset, which the cap cuts";
  }
  EXPECT_TRUE(wide);
}

// ---- rule 12: intervals

struct EveryCase {
  const char* name;
  Millis every;
  Millis phase;
  std::vector<Millis> fires;  ///< after Monday's midnight
};

class Rule12Intervals : public testing::TestWithParam<EveryCase> {};

TEST_P(Rule12Intervals, AreAlignedToTheEpochAndKeepNoZone) {
  const auto& c = GetParam();
  Rule only;
  only.schedules.push_back({"", calendar::Schedule::every({c.every, c.phase}).value()});
  Desk desk(plan_of(only), {connection("c")}, monday + 1s);
  desk.job_length = 1min;
  desk.until(monday + 24h);
  std::vector<Millis> fires;
  for (const auto& [key, tick] : desk.disk.ticks()) fires.push_back(tick.nominal - monday);
  EXPECT_EQ(fires, c.fires);
}

INSTANTIATE_TEST_SUITE_P(
    Intervals, Rule12Intervals,
    testing::Values(
        EveryCase{"six_hours", 6h, 0s, {6h, 12h, 18h, 24h}},
        EveryCase{"six_hours_with_phase", 6h, 10min, {10min, 6h + 10min, 12h + 10min, 18h + 10min}},
        // Monday begins 20,759 days after the epoch, which leaves 2 h to the next multiple of 7 h.
        EveryCase{"seven_hours", 7h, 0s, {2h, 9h, 16h, 23h}}, EveryCase{"a_day", 24h, 5h, {5h}}),
    by_name);

TEST(Rule12Spread, HasOnePhaseForEachConnection) {
  Rule only;
  only.schedules.push_back({"", SpreadEvery{1h}});
  std::vector<ConnectionView> views;
  for (int i = 0; i < 20; ++i) views.push_back(connection("c" + std::to_string(i)));
  Desk desk(plan_of(only), views, monday);
  desk.until(monday + 3h);
  std::map<ConnectionId, std::set<Millis>> phases;
  for (const auto& [id, run] : desk.disk.runs())
    phases[run.connection].insert((run.nominal - Instant{}) % Millis{1h});
  std::set<Millis> different;
  for (const auto& [id, seen] : phases) {
    EXPECT_THAT(seen, SizeIs(1)) << id.text.view();
    different.insert(seen.begin(), seen.end());
  }
  EXPECT_THAT(phases, SizeIs(20));
  EXPECT_GT(different.size(), 10U);
}

}  // namespace
}  // namespace syncwarden::core
