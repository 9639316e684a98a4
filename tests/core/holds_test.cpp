// What holds a start back by somebody's word, and what starts without a calendar: pauses (rule 8), blackouts
// (rule 9), syncs by hand (rule 11), chains (rule 13).
#include "core/desk.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

void ask(Desk& desk, CommandWhat what) {
  CommandRequest request;
  request.ticket = 1;
  request.who = "alice";
  request.what = std::move(what);
  desk.step(in::Command{std::move(request)});
}

// ---- rule 8

struct PauseCase {
  const char* name;
  std::optional<Instant> until;  ///< of the pause
  std::optional<bool> catch_up;  ///< of a resume at 04:30; nothing: nobody resumes
  const char* three;             ///< the tick of 03:00
  const char* four;
  std::uint32_t also;  ///< on the record of the range
  Instant record;      ///< under which nominal it stands
};

class Rule8Pause : public testing::TestWithParam<PauseCase> {};

TEST_P(Rule8Pause, IsOneRecordAndNoBacklog) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule()));
  desk.until(monday + 90min);
  ask(desk, command::Pause{{ConnectionId{"c"}}, c.until, "migration"});
  desk.until(monday + 4h + 30min);
  if (c.catch_up) ask(desk, command::Resume{{ConnectionId{"c"}}, *c.catch_up});
  desk.until(monday + 5h + 1min);
  EXPECT_EQ(desk.tick(monday + 1h), "started/on_time");
  EXPECT_EQ(desk.tick(monday + 2h), "-") << "covered by the one record";
  EXPECT_EQ(desk.tick(monday + 3h), c.three);
  EXPECT_EQ(desk.tick(monday + 4h), c.four);
  EXPECT_EQ(desk.tick(monday + 5h), c.catch_up || c.until ? "started/on_time" : "-");
  if (c.record == Instant{}) return;
  const auto* record = desk.tick_record(c.record);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->also, c.also);
  EXPECT_THAT(record->detail, HasSubstr("paused by alice since 2026-11-02T01:30:00Z"));
  EXPECT_THAT(record->detail, HasSubstr("migration"));
}

INSTANTIATE_TEST_SUITE_P(
    Ends, Rule8Pause,
    testing::Values(
        PauseCase{"resumed", {}, false, "-", "skipped/paused", 2, monday + 4h},
        PauseCase{"resumed_with_catch_up", {}, true, "skipped/paused", "started/catch_up", 1, monday + 3h},
        PauseCase{"over_by_itself", monday + 4h + 10min, {}, "-", "skipped/paused", 2, monday + 4h},
        PauseCase{"over_before_a_tick",
                  monday + 3h + 10min,
                  {},
                  "skipped/paused",
                  "started/on_time",
                  1,
                  monday + 3h},
        PauseCase{"goes_on", {}, {}, "-", "-", 0, Instant{}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Rule8PauseNow, LeavesTheRunningJobAloneAndEndsTheWaitingTick) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.overlap = OverlapPolicy::queue_one; })));
  desk.job_length.reset();
  const JobId job = desk.start_job("c");
  desk.poll();
  desk.until(monday + 1h + 5min);
  EXPECT_EQ(desk.tick(monday + 1h), "-");
  ask(desk, command::Pause{{}, std::nullopt, "everything"});
  EXPECT_EQ(desk.tick(monday + 1h), "skipped/paused");
  EXPECT_TRUE(desk.cancels.empty());
  desk.end_job(job, JobStatus::succeeded);
  desk.poll();
  EXPECT_TRUE(desk.sent.empty());
}

struct FailureCase {
  const char* name;
  std::uint32_t limit;
  std::vector<JobStatus> jobs;  ///< how one after the other ends
  bool paused;
};

class Rule8PauseOnFailure : public testing::TestWithParam<FailureCase> {};

TEST_P(Rule8PauseOnFailure, CountsFailedJobsInARow) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule("0 0 * * * ?", [&](Policy& p) {
    p.pause_on_failure = c.limit;
    p.breaker.after_failed_jobs = 0;
    p.extra_jobs.max = 0;
  })));
  desk.job_length.reset();
  Instant nominal = monday;
  for (const auto status : c.jobs) {
    nominal += 1h;
    desk.until(nominal + 10min);
    desk.end_job(desk.run(nominal).job, status);
    desk.pass(2min);
  }
  const auto sent = desk.sent.size();
  desk.crash(1s);  // it holds over a restart
  desk.until(nominal + 3h + 30min);
  EXPECT_EQ(desk.sent.size() == sent, c.paused);
  ASSERT_EQ(desk.disk.pauses().size(), c.paused ? 1U : 0U);
  if (!c.paused) return;
  const auto& pause = desk.disk.pauses().begin()->second;
  EXPECT_EQ(pause.by, "syncwarden");
  EXPECT_THAT(pause.reason, testing::HasSubstr("in a row"));
  const auto told = desk.told<fact::RecoveryStep>();
  EXPECT_TRUE(std::any_of(told.begin(), told.end(),
                          [](const auto& step) { return step.action == fact::RecoveryAction::pause; }));
  EXPECT_TRUE(std::any_of(desk.disk.incidents().begin(), desk.disk.incidents().end(), [](const auto& entry) {
    return entry.second.kind == IncidentKind::sync_failing && !entry.second.closed &&
           entry.second.summary.find("resume") != std::string::npos;
  })) << "somebody has to be told";
  // Resumed, it takes as many again.
  ASSERT_TRUE(desk.ask(command::Resume{{ConnectionId{"c"}}, false}));
  desk.until(nominal + 4h + 10min);
  EXPECT_EQ(desk.sent.size(), sent + 1);
  EXPECT_EQ(desk.tick(nominal + 3h), "skipped/paused");
  desk.end_job(desk.run(nominal + 4h).job, JobStatus::failed);
  desk.pass(2min);
  EXPECT_EQ(desk.disk.pauses().size(), c.limit == 1 ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Counts, Rule8PauseOnFailure,
    testing::Values(
        FailureCase{"off", 0, {JobStatus::failed, JobStatus::failed, JobStatus::failed}, false},
        FailureCase{"not_yet", 3, {JobStatus::failed, JobStatus::failed}, false},
        FailureCase{"three", 3, {JobStatus::failed, JobStatus::failed, JobStatus::failed}, true},
        FailureCase{"the_first", 1, {JobStatus::failed}, true},
        FailureCase{
            "a_success_between", 2, {JobStatus::failed, JobStatus::succeeded, JobStatus::failed}, false},
        FailureCase{
            "a_cancelled_one_between", 2, {JobStatus::failed, JobStatus::cancelled, JobStatus::failed}, true},
        FailureCase{"cancelled_ones", 1, {JobStatus::cancelled, JobStatus::cancelled}, false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Rule8PauseNow, SurvivesACrash) {
  Desk desk(plan_of(rule()));
  ask(desk, command::Pause{{ConnectionId{"c"}}, std::nullopt, ""});
  desk.crash(10min);
  desk.until(monday + 3h + 1min);
  EXPECT_TRUE(desk.sent.empty());
  ask(desk, command::Resume{{}, false});
  EXPECT_EQ(desk.tick(monday + 3h), "skipped/paused");
  EXPECT_EQ(desk.tick_record(monday + 3h)->also, 2U);
}

// ---- rule 9

struct BlackoutCase {
  const char* name;
  const char* begins;
  Millis lasts;
  bool skip;
  std::optional<Millis> start_deadline;
  const char* three;  ///< the tick of 03:00
  const char* four;
  Instant first_request;  ///< after 02:30
};

class Rule9Blackout : public testing::TestWithParam<BlackoutCase> {};

TEST_P(Rule9Blackout, IsTestedAtTheMomentOfSending) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 * * * ?", [&](Policy& p) { p.start_deadline = c.start_deadline; }));
  plan.blackouts.push_back(
      {"maintenance", {}, calendar::Window::make({c.begins, "UTC"}, c.lasts).value(), c.skip, false});
  Desk desk(plan, {connection("c")}, monday + 2h + 30min);
  desk.until(monday + 5h + 1min);
  EXPECT_EQ(desk.tick(monday + 3h), c.three);
  EXPECT_EQ(desk.tick(monday + 4h), c.four);
  ASSERT_FALSE(desk.sent.empty());
  EXPECT_EQ(desk.sent.front().at.wall, c.first_request);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, Rule9Blackout,
    testing::Values(
        BlackoutCase{"deferred_to_its_end",
                     "0 50 2 * * ?",
                     80min,
                     false,
                     {},
                     "skipped/superseded",
                     "started/deferred",
                     monday + 4h + 10min},
        BlackoutCase{
            "skipped", "0 50 2 * * ?", 80min, true, {}, "skipped/blackout", "skipped/blackout", monday + 5h},
        BlackoutCase{"deferred_past_its_deadline", "0 50 2 * * ?", 80min, false, 5min,
                     "missed/start_deadline", "missed/start_deadline", monday + 5h},
        BlackoutCase{"holds_at_its_first_instant",
                     "0 0 3 * * ?",
                     30min,
                     false,
                     {},
                     "started/deferred",
                     "started/on_time",
                     monday + 3h + 30min},
        BlackoutCase{"holds_not_at_its_last",
                     "0 0 2 * * ?",
                     1h,
                     true,
                     {},
                     "started/on_time",
                     "started/on_time",
                     monday + 3h}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Rule9BlackoutRunning, IsCancelledOnlyIfTheWindowSaysSo) {
  for (const bool cancel : {false, true}) {
    auto plan = plan_of(rule());
    plan.blackouts.push_back(
        {"maintenance", {}, calendar::Window::make({"0 30 1 * * ?", "UTC"}, 1h).value(), false, cancel});
    Desk desk(plan);
    desk.job_length.reset();
    desk.until(monday + 1h + 29min);
    EXPECT_TRUE(desk.cancels.empty());
    desk.until(monday + 1h + 32min);
    EXPECT_THAT(desk.cancels, SizeIs(cancel ? 1 : 0));
  }
}

struct RunningCase {
  const char* name;
  std::function<void(Desk&)> changes;  ///< at 00:40; a window that cancels begins at 01:00
  JobType type;
  std::size_t cancels;
};

class Rule9BlackoutCancels : public testing::TestWithParam<RunningCase> {};

TEST_P(Rule9BlackoutCancels, SyncsOfManagedConnectionsAndNothingElse) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 12 * * ?"));
  plan.rules[0].match.tag = "managed";
  plan.blackouts.push_back(
      {"maintenance", {}, calendar::Window::make({"0 0 1 * * ?", "UTC"}, 1h).value(), false, true});
  auto view = connection("c");
  view.tags = {"managed"};
  Desk desk(plan, {view});
  desk.job_length.reset();
  desk.until(monday + 40min);
  desk.start_job("c", c.type);
  if (c.changes) c.changes(desk);
  desk.until(monday + 1h + 10min);
  EXPECT_THAT(desk.cancels, SizeIs(c.cancels));
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, Rule9BlackoutCancels,
    testing::Values(RunningCase{"sync", {}, JobType::sync, 1 + 1},  // and once more after five minutes
                    RunningCase{"reset", {}, JobType::reset, 0}, RunningCase{"clear", {}, JobType::clear, 0},
                    RunningCase{"refresh", {}, JobType::refresh, 0},
                    RunningCase{"unmanaged", [](Desk& d) { d.connections[0].tags.clear(), d.discover(); },
                                JobType::sync, 0},
                    RunningCase{"shadow", [](Desk& d) { d.plan.mode = Mode::shadow, d.reload(); },
                                JobType::sync, 0},
                    RunningCase{"another_connections_window",
                                [](Desk& d) { d.plan.blackouts[0].match.name = "other*", d.reload(); },
                                JobType::sync, 0}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Rule9BlackoutMatch, HoldsOnlyWhatItNames) {
  auto plan = plan_of(rule());
  Blackout blackout{
      "maintenance", {}, calendar::Window::make({"0 30 0 * * ?", "UTC"}, 2h).value(), true, false};
  blackout.match.id = "a";
  plan.blackouts.push_back(blackout);
  Desk desk(plan, {connection("a"), connection("b")});
  desk.until(monday + 1h + 1min);
  EXPECT_EQ(desk.tick(monday + 1h, "a/0"), "skipped/blackout");
  EXPECT_EQ(desk.tick(monday + 1h, "b/0"), "started/on_time");
}

TEST(Rule9BlackoutRetries, AnExtraJobWaitsToo) {
  auto plan = plan_of(rule("0 0 1 * * ?", [](Policy& p) { p.extra_jobs.initial = 10min; }));
  plan.blackouts.push_back(
      {"maintenance", {}, calendar::Window::make({"0 10 1 * * ?", "UTC"}, 1h).value(), true, false});
  Desk desk(plan);
  desk.job_length.reset();
  desk.until(monday + 1h + 5min);
  ASSERT_THAT(desk.sent, SizeIs(1));
  desk.end_job(JobId{101}, JobStatus::failed, FailureType::transient_error);
  desk.until(monday + 2h + 9min);
  EXPECT_THAT(desk.sent, SizeIs(1)) << "its back-off ended within the window";
  desk.until(monday + 2h + 11min);
  ASSERT_THAT(desk.sent, SizeIs(2));
  EXPECT_GE(desk.sent.back().at.wall, monday + 2h + 10min);
}

// ---- rule 11

TEST(Rule11Manual, DecidesNoTickAndMovesNoSchedule) {
  Desk desk(plan_of(rule()));
  ask(desk, command::Sync{ConnectionId{"c"}});
  desk.pass(1min);
  EXPECT_THAT(desk.sent, SizeIs(1));
  EXPECT_EQ(desk.ticks(), 0U);
  desk.until(monday + 1h + 1min);
  EXPECT_EQ(desk.tick(monday + 1h), "started/on_time") << "the calendar goes on as if nothing had been";
}

TEST(Rule11Manual, GoesBeforeEveryPriorityAndObeysThePace) {
  auto plan = plan_of(rule("0 0 * * * ?", [](Policy& p) { p.priority = Priority::high; }));
  plan.rules.front().match.source = "herd";
  plan.triggers_per_second = 1;
  std::vector<ConnectionView> all;
  for (int i = 0; i < 15; ++i) {
    all.push_back(connection(fmt::format("herd-{:02}", i)));
    all.back().source.name = "herd";
  }
  all.push_back(connection("late"));
  Desk desk(plan, all);
  desk.until(monday + 1h);
  const auto before = desk.sent.size();
  ASSERT_LT(before, 15U) << "the others wait for the pace";
  ask(desk, command::Sync{ConnectionId{"late"}});
  EXPECT_THAT(desk.sent, SizeIs(before)) << "a person's sync waits for it, too";
  desk.pass(2s);
  ASSERT_GT(desk.sent.size(), before);
  EXPECT_EQ(desk.sent[before].request.connection, ConnectionId{"late"});
}

TEST(Rule11Manual, WaitsForABlackoutAndIsRefusedWhilePaused) {
  auto plan = plan_of(rule("0 0 12 * * ?"));
  plan.blackouts.push_back(
      {"maintenance", {}, calendar::Window::make({"0 0 0 * * ?", "UTC"}, 1h).value(), true, false});
  Desk desk(plan);
  ask(desk, command::Sync{ConnectionId{"c"}});
  desk.until(monday + 59min);
  EXPECT_TRUE(desk.sent.empty());
  desk.until(monday + 1h + 1min);
  EXPECT_THAT(desk.sent, SizeIs(1)) << "even where ticks are skipped";
  ask(desk, command::Pause{{ConnectionId{"c"}}, std::nullopt, "no"});
  ask(desk, command::Sync{ConnectionId{"c"}});
  const auto taken = desk.told<fact::CommandTaken>();
  ASSERT_TRUE(taken.back().refused);
  EXPECT_THAT(taken.back().refused->message, HasSubstr("paused by alice"));
}

// ---- rule 13

/// "a" hourly at minute 0, "b" hourly at minute 20, "c" after both.
Plan chain(std::optional<Millis> within = {}) {
  Plan plan;
  for (const auto& [id, expression] : {std::pair{"a", "0 0 * * * ?"}, std::pair{"b", "0 20 * * * ?"}}) {
    auto parent = rule(expression);
    parent.match.id = id;
    plan = plan.rules.empty() ? plan_of(parent) : plan;
    if (plan.rules.front().match.id != parent.match.id) plan.rules.push_back(parent);
  }
  After after;
  for (const char* id : {"a", "b"}) after.parents.emplace_back().id = id;
  after.within = within;
  after.text = "after a and b";
  Rule child;
  child.match.id = "c";
  child.schedules.push_back({"", after});
  plan.rules.push_back(child);
  return plan;
}

std::vector<ConnectionView> family() { return {connection("a"), connection("b"), connection("c")}; }

std::size_t starts_of(const Desk& desk, const char* id) {
  return static_cast<std::size_t>(std::count_if(desk.sent.begin(), desk.sent.end(), [&](const auto& sent) {
    return sent.request.connection == ConnectionId{id};
  }));
}

TEST(Rule13Chain, StartsWithTheLastOfItsParentsAndOnceForThem) {
  Desk desk(chain(), family());
  desk.until(monday + 1h + 29min);
  EXPECT_EQ(starts_of(desk, "c"), 0U) << "b has not ended yet";
  desk.until(monday + 1h + 40min);
  EXPECT_EQ(starts_of(desk, "c"), 1U);
  desk.until(monday + 2h + 15min);
  EXPECT_EQ(starts_of(desk, "c"), 1U) << "a alone has succeeded since";
  desk.until(monday + 2h + 40min);
  EXPECT_EQ(starts_of(desk, "c"), 2U);
  std::vector<Instant> nominals;
  for (const auto& [key, tick] : desk.disk.ticks()) {
    if (key.first == ScheduleId{"c/0"}) nominals.push_back(tick.nominal);
  }
  EXPECT_THAT(nominals, testing::ElementsAre(monday + 1h + 30min, monday + 2h + 30min))
      << "the ends of b's jobs";
}

struct ChainCase {
  const char* name;
  JobStatus b;  ///< how b's job of 01:20 ends, at 01:30
  bool statistics;
  std::optional<Millis> within;
  std::size_t started;  ///< by 01:55
  std::size_t missed;
};

class Rule13ChainEnds : public testing::TestWithParam<ChainCase> {};

TEST_P(Rule13ChainEnds, OnlyVerifiedSuccessesCount) {
  const auto& c = GetParam();
  Desk desk(chain(c.within), family());
  desk.job_length.reset();
  desk.until(monday + 1h + 10min);
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.until(monday + 1h + 30min);
  desk.end_job(JobId{102}, c.b, FailureType::config_error);
  if (!c.statistics) desk.jobs.at(JobId{102}).counters = {};
  desk.until(monday + 1h + 55min);
  EXPECT_EQ(starts_of(desk, "c"), c.started);
  std::size_t missed = 0;
  for (const auto& [key, tick] : desk.disk.ticks()) missed += tick.reason == TickReason::dependency ? 1 : 0;
  EXPECT_EQ(missed, c.missed);
}

INSTANTIATE_TEST_SUITE_P(
    Ends, Rule13ChainEnds,
    testing::Values(ChainCase{"both_succeed", JobStatus::succeeded, true, {}, 1, 0},
                    ChainCase{"one_is_suspect", JobStatus::succeeded, false, {}, 0, 0},
                    ChainCase{"one_fails", JobStatus::failed, true, {}, 0, 0},
                    ChainCase{"one_is_cancelled", JobStatus::cancelled, true, {}, 0, 0},
                    ChainCase{"one_fails_and_the_other_grows_old", JobStatus::failed, true, 40min, 0, 1},
                    ChainCase{"both_succeed_in_time", JobStatus::succeeded, true, 40min, 1, 0},
                    ChainCase{"each_waits_for_the_other_in_vain", JobStatus::succeeded, true, 15min, 0, 2}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace syncwarden::core
