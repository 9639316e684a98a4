// Statements of the rules that need more than one thing at once, as tables: windows that differ, pauses that
// overlap or end while nobody looks, a fleet near its threshold, what `keep_fresh` counts, whom an unclear
// request blocks.
#include "core/desk.hpp"

#include <algorithm>
#include <string_view>

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// ---- rule 3: the deadline goes along with the request

TEST(Rule3StartDeadline, GoesAlongWithARequestThatMayWaitInItsLane) {
  struct Case {
    std::optional<Millis> deadline;
    Millis down;  ///< over 01:00
    Millis left;
  };
  for (const auto& [deadline, down, left] :
       {Case{20s, 0s, 20s}, Case{8min, 37min + 30s, 30s}, Case{{}, 0s, 2min}}) {
    Desk desk(plan_of(rule("0 0 * * * ?", [wanted = deadline](Policy& p) { p.start_deadline = wanted; })));
    desk.by_hand();
    if (down > 0s) desk.crash(down);
    if (desk.now.wall < one) desk.until(one);
    ASSERT_THAT(desk.sent, SizeIs(1));
    EXPECT_EQ(desk.sent[0].request.not_after - desk.sent[0].at.mono, left);
  }
}

// ---- rule 8: pauses that overlap, or end while nobody looks

struct PausesCase {
  const char* name;
  std::function<void(Desk&)> happens;  ///< from 01:30 on; "c" has run at 01:00
  std::vector<const char*> ticks;      ///< 02:00 to 06:00, at 06:10
  std::uint32_t covered;               ///< by records of a pause
};

class Rule8Pauses : public testing::TestWithParam<PausesCase> {};

const std::vector<ConnectionId> c_only{ConnectionId{"c"}};

TEST_P(Rule8Pauses, EndWithTheLastOfThem) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule()));
  desk.until(monday + 90min);
  c.happens(desk);
  desk.until(monday + 6h + 10min);
  std::vector<std::string> ticks;
  std::uint32_t covered = 0;
  for (int hour = 2; hour <= 6; ++hour) {
    ticks.push_back(desk.tick(monday + hour * 1h));
    if (const auto* tick = desk.tick_record(monday + hour * 1h); tick && tick->reason == TickReason::paused)
      covered += 1 + tick->also;
  }
  EXPECT_THAT(ticks, testing::ElementsAreArray(c.ticks));
  EXPECT_EQ(covered, c.covered);
}

void pause(Desk& desk, std::vector<ConnectionId> who, std::optional<Instant> until = {}) {
  EXPECT_TRUE(desk.ask(command::Pause{std::move(who), until, ""}));
}
void resume(Desk& desk, std::vector<ConnectionId> who) {
  EXPECT_TRUE(desk.ask(command::Resume{std::move(who), false}));
}

constexpr const char* ran = "started/on_time";
constexpr const char* paused = "skipped/paused";

INSTANTIATE_TEST_SUITE_P(Ends, Rule8Pauses,
                         testing::Values(PausesCase{"one_of_all_goes_on",
                                                    [](Desk& d) {
                                                      pause(d, c_only);
                                                      pause(d, {});
                                                      d.until(monday + 3h + 10min);
                                                      resume(d, c_only);
                                                      d.until(monday + 5h + 10min);
                                                      resume(d, {});
                                                    },
                                                    {"-", "-", "-", paused, ran},
                                                    4},
                                         PausesCase{"its_own_goes_on",
                                                    [](Desk& d) {
                                                      pause(d, c_only);
                                                      pause(d, {}, monday + 3h + 10min);
                                                      d.until(monday + 5h + 10min);
                                                      resume(d, c_only);
                                                    },
                                                    {"-", "-", "-", paused, ran},
                                                    4},
                                         PausesCase{"made_longer",
                                                    [](Desk& d) {
                                                      pause(d, c_only, monday + 3h + 10min);
                                                      pause(d, c_only, monday + 5h + 10min);
                                                    },
                                                    {"-", "-", "-", paused, ran},
                                                    4},
                                         PausesCase{"made_shorter",
                                                    [](Desk& d) {
                                                      pause(d, c_only);
                                                      pause(d, c_only, monday + 3h + 10min);
                                                    },
                                                    {"-", paused, ran, ran, ran},
                                                    2},
                                         PausesCase{"over_while_nobody_looked",
                                                    [](Desk& d) {
                                                      pause(d, c_only, monday + 3h + 10min);
                                                      d.until(monday + 2h + 30min);
                                                      d.crash(3h);  // until 05:30
                                                    },
                                                    {"-", paused, "missed/down", "started/catch_up", ran},
                                                    2},
                                         PausesCase{"resumed_by_the_next_life",
                                                    [](Desk& d) {
                                                      pause(d, c_only);
                                                      d.until(monday + 2h + 30min);
                                                      d.crash(3h);
                                                      resume(d, c_only);
                                                    },
                                                    {"-", "-", "-", paused, ran},
                                                    4},
                                         PausesCase{"over_a_reload",
                                                    [](Desk& d) {
                                                      pause(d, c_only, monday + 3h + 10min);
                                                      d.until(monday + 2h + 30min);
                                                      d.reload();
                                                    },
                                                    {"-", paused, ran, ran, ran},
                                                    2},
                                         PausesCase{"over_a_suspend",
                                                    [](Desk& d) {
                                                      pause(d, c_only, monday + 3h + 10min);
                                                      d.until(monday + 2h + 30min);
                                                      d.suspend(3h);
                                                    },
                                                    {"-", paused, "missed/down", "started/catch_up", ran},
                                                    2}),
                         by_name);

// ---- rule 9: windows that differ

struct WindowsCase {
  const char* name;
  std::vector<std::tuple<const char*, Millis, bool>> windows;  ///< begin in UTC, length, skips
  const char* three;                                           ///< the tick of 03:00, at 05:50
};

class Rule9BlackoutSkip : public testing::TestWithParam<WindowsCase> {};

TEST_P(Rule9BlackoutSkip, IsForTheLongestToSay) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 3 * * ?"));
  for (const auto& [begin, length, skips] : c.windows)
    plan.blackouts.push_back({"w", {}, calendar::Window::make({begin, "UTC"}, length).value(), skips, false});
  Desk desk(plan, {connection("c")}, monday + 2h);
  desk.until(monday + 5h + 50min);
  EXPECT_EQ(desk.tick(monday + 3h), c.three);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, Rule9BlackoutSkip,
    testing::Values(WindowsCase{"defer", {{"0 50 2 * * ?", 1h, false}}, "started/deferred"},
                    WindowsCase{"skip", {{"0 50 2 * * ?", 1h, true}}, "skipped/blackout"},
                    WindowsCase{"the_longer_skips",
                                {{"0 50 2 * * ?", 1h, false}, {"0 50 2 * * ?", 2h, true}},
                                "skipped/blackout"},
                    WindowsCase{"the_longer_defers",
                                {{"0 50 2 * * ?", 2h, false}, {"0 50 2 * * ?", 1h, true}},
                                "started/deferred"},
                    WindowsCase{"deferred_into_one_that_skips",
                                {{"0 50 2 * * ?", 1h, false}, {"0 50 3 * * ?", 1h, true}},
                                "skipped/blackout"}),
    by_name);

// ---- a fleet near its threshold: half of at least ten jobs within fifteen minutes

struct FleetCase {
  const char* name;
  std::string_view ends;  ///< f: fails, s: succeeds, c: cancelled, w: a quarter of an hour passes
  bool held;
};

class FleetHoldThreshold : public testing::TestWithParam<FleetCase> {};

TEST_P(FleetHoldThreshold, IsAShareOfEnoughRecentEnds) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 12 * * ?"));
  plan.fleet_hold = {0.5, 10, 15min};
  std::vector<ConnectionView> views;
  for (int i = 0; i < 20; ++i) views.push_back(connection("c" + std::to_string(i)));
  Desk desk(plan, views);
  desk.job_length.reset();
  int next = 0;
  for (const char end : c.ends) {
    if (end == 'w') {
      desk.pass(16min);
      continue;
    }
    desk.end_job(desk.start_job("c" + std::to_string(next++ % 20)),
                 end == 'f'   ? JobStatus::failed
                 : end == 'c' ? JobStatus::cancelled
                              : JobStatus::succeeded,
                 FailureType::system_error);
    desk.poll();
  }
  EXPECT_EQ(desk.core().fleet(desk.now.wall).fleet_held, c.held);
  EXPECT_EQ(testing::Value(open_incidents(desk), Contains("fleet_hold")), c.held);
}

INSTANTIATE_TEST_SUITE_P(Ends, FleetHoldThreshold,
                         testing::Values(FleetCase{"half_of_ten", "sssssfffff", true},
                                         FleetCase{"less_than_half", "ssssssffff", false},
                                         FleetCase{"nine_are_too_few", "fffffffff", false},
                                         FleetCase{"all_of_ten", "ffffffffff", true},
                                         FleetCase{"cancelled_ones_say_nothing", "fffffffffc", false},
                                         FleetCase{"old_ones_say_nothing", "fffffffffwf", false}),
                         by_name);

// ---- keep_fresh: what counts, and what makes a start pointless

struct FreshCase {
  const char* name;
  std::function<void(Desk&)> happens;  ///< at 01:00; the last success was at 00:40, the target is 2 h
  std::size_t starts;                  ///< by 03:30
};

class KeepFreshStarts : public testing::TestWithParam<FreshCase> {};

TEST_P(KeepFreshStarts, OnlyWhereThatKeepsItsPromise) {
  const auto& c = GetParam();
  Rule only;
  only.schedules.push_back({"", KeepFresh{2h}});
  only.policy.freshness.late_after = Millis{72h};
  Desk desk(plan_of(only));
  desk.job_length = 5min;
  desk.until(one);
  ASSERT_THAT(desk.sent, SizeIs(1)) << "nothing was known of it";
  c.happens(desk);
  desk.until(monday + 3h + 30min);
  EXPECT_THAT(desk.sent, SizeIs(1 + c.starts));
  EXPECT_EQ(desk.ticks(), 1 + c.starts) << "what is pointless is no tick";
}

void ends_at(Desk& desk, Instant at, JobStatus status) {
  desk.until(at - 5min);
  desk.job_length.reset();
  const JobId job = desk.start_job("c");
  desk.until(at);
  desk.end_job(job, status);
  desk.job_length = 5min;
}

INSTANTIATE_TEST_SUITE_P(
    Starts, KeepFreshStarts,
    testing::Values(
        FreshCase{"nothing_else", [](Desk&) {}, 1},
        FreshCase{"a_persons_success_counts", [](Desk& d) { ends_at(d, monday + 2h, JobStatus::succeeded); },
                  0},
        FreshCase{"a_persons_failure_does_not", [](Desk& d) { ends_at(d, monday + 2h, JobStatus::failed); },
                  1},
        FreshCase{"a_persons_job_may_make_it_fresh",
                  [](Desk& d) {
                    d.until(monday + 2h);
                    d.job_length.reset();
                    d.start_job("c");
                  },
                  0},
        FreshCase{"switched_off",
                  [](Desk& d) { d.connections[0].status = ConnectionStatus::inactive, d.discover(); }, 0},
        FreshCase{"paused", [](Desk& d) { pause(d, c_only); }, 0},
        FreshCase{"airbyte_away", [](Desk& d) { d.away = true; }, 0}),
    by_name);

// ---- late data: what was not to come is not late

struct ExcusedCase {
  const char* name;
  std::function<void(Policy&)> policy;
  std::function<void(Desk&)> happens;  ///< from 01:30 to 05:30; the job of 01:00 has succeeded
  Instant told;                        ///< the next one hangs
};

class LateExcused : public testing::TestWithParam<ExcusedCase> {};

TEST_P(LateExcused, UntilWhatIsExpectedNextHadItsTime) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule(
      "0 0 * * * ?", c.policy ? c.policy : [](Policy&) {})));
  desk.until(monday + 90min);
  desk.job_length.reset();
  if (c.happens) c.happens(desk);
  desk.until(c.told - 2min);
  EXPECT_THAT(open_incidents(desk), Not(Contains("data_late")));
  desk.pass(4min);
  EXPECT_THAT(open_incidents(desk), Contains("data_late"));
}

constexpr Instant back = monday + 5h + 30min;
const auto paused_till_then = [](Desk& d) { pause(d, c_only), d.until(back); };

INSTANTIATE_TEST_SUITE_P(
    Events, LateExcused,
    testing::Values(
        // The tick of 02:00, and twice the ten minutes that a job takes.
        ExcusedCase{"nothing", {}, {}, monday + 2h + 20min},
        ExcusedCase{
            "resumed", {}, [](Desk& d) { paused_till_then(d), resume(d, c_only); }, monday + 6h + 20min},
        ExcusedCase{"pause_over_by_itself",
                    {},
                    [](Desk& d) { pause(d, c_only, back), d.until(back); },
                    monday + 6h + 20min},
        ExcusedCase{"resumed_and_caught_up",
                    {},
                    [](Desk& d) {
                      paused_till_then(d);
                      EXPECT_TRUE(d.ask(command::Resume{c_only, true}));
                    },
                    back + 20min},
        ExcusedCase{"switched_on_again",
                    {},
                    [](Desk& d) {
                      d.connections[0].status = ConnectionStatus::inactive;
                      d.until(back - 5min);
                      d.connections[0].status = ConnectionStatus::active;
                      d.until(back);
                    },
                    monday + 6h + 20min},
        ExcusedCase{"restarted", {}, [](Desk& d) { d.crash(4h); }, back + 20min},
        ExcusedCase{"restarted_without_catching_up", [](Policy& p) { p.catch_up = CatchUpPolicy::none; },
                    [](Desk& d) { d.crash(4h); }, monday + 6h + 20min},
        ExcusedCase{"suspended", {}, [](Desk& d) { d.suspend(4h); }, back + 20min},
        // Somebody gave the data a deadline of its own.
        ExcusedCase{"restarted_beyond_a_deadline", [](Policy& p) { p.freshness.late_after = Millis{3h}; },
                    [](Desk& d) { d.crash(4h); }, back + 5min},
        ExcusedCase{"resumed_beyond_a_deadline", [](Policy& p) { p.freshness.late_after = Millis{3h}; },
                    [](Desk& d) { paused_till_then(d), resume(d, c_only); }, back}),
    by_name);

/// How long the first one takes nobody knows; whether it goes on, the ladder watches.
TEST(LateFirst, IsNotToldWhileTheFirstSyncOfAConnectionRuns) {
  for (const bool fails : {false, true}) {
    Desk desk(plan_of(rule("0 0 1 * * ?", [](Policy& p) { p.extra_jobs.max = 0; })));
    desk.job_length.reset();
    desk.until(one + 2h + 50min);
    EXPECT_THAT(open_incidents(desk), IsEmpty());
    desk.end_job(JobId{101}, fails ? JobStatus::failed : JobStatus::succeeded, FailureType::config_error);
    desk.pass(10min);
    EXPECT_EQ(testing::Value(open_incidents(desk), Contains("data_late")), fails);
  }
}

/// A lost node pool is not 20 problems.
TEST(LateFleet, IsNotToldWhileStartsAreHeldAndHasTimeToCatchUp) {
  auto plan = plan_of(rule("0 0 * * * ?", [](Policy& p) {
    p.extra_jobs.max = 0;
    p.incident_after = 9;
  }));
  plan.fleet_hold = {0.5, 10, 15min};
  std::vector<ConnectionView> views;
  for (int i = 0; i < 20; ++i) views.push_back(connection("c" + std::to_string(i)));
  Desk desk(plan, views);
  desk.until(one + 30min);
  ASSERT_THAT(open_incidents(desk), IsEmpty());
  desk.airbyte = [&](const out::TriggerSync& request) {
    const JobId job = desk.start_job(request.connection.text.str());
    desk.end_job(job, JobStatus::failed, FailureType::system_error);
    return std::optional(created(job));
  };
  desk.until(monday + 4h + 50min);
  EXPECT_THAT(open_incidents(desk), testing::ElementsAre("fleet_hold"));
  desk.airbyte = nullptr;
  desk.until(monday + 8h);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  for (const auto& [id, incident] : desk.disk.incidents()) EXPECT_NE(incident.kind, IncidentKind::data_late);
}

// ---- an unclear request blocks its own connection, and nobody else

TEST(Unresolved, BlocksOnlyItsOwnConnection) {
  Desk desk(plan_of(rule()), {connection("c"), connection("d")});
  desk.job_length = 1min;
  desk.airbyte = [&](const out::TriggerSync& request) {
    return request.connection == ConnectionId{"c"} && desk.sent.size() <= 2
               ? reply_of(TriggerAnswer::unclear)
               : created(desk.start_job(request.connection.text.str()));
  };
  desk.until(one);
  ASSERT_EQ(desk.run(one, "c/0").phase, RunPhase::unresolved);
  EXPECT_EQ(desk.tick(one, "d/0"), "started/on_time");
  EXPECT_FALSE(desk.ask(command::Sync{ConnectionId{"c"}})) << "it may be running";
  desk.pass(3min);
  EXPECT_TRUE(desk.ask(command::Sync{ConnectionId{"d"}}));
}

}  // namespace
}  // namespace syncwarden::core
