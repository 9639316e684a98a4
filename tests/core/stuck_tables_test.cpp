// Trouble that no single job shows by its status, as tables: a run that takes much longer than usual, a run
// of Airbyte's own schedule that did not come, and a stream that waits for its quota.
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr Instant noon = monday + 12h;

/// Its counters change every minute.
void moves_for(Desk& desk, JobId job, Millis duration) {
  for (Millis passed{}; passed < duration; passed += 1min) {
    auto& counters = desk.jobs.at(job).counters;
    counters.records_emitted = counters.records_emitted.value_or(0) + 1;
    desk.pass(1min);
  }
}

// ---- much longer than usual

struct LongerCase {
  const char* name;
  Millis usual;                 ///< of each run before noon
  Millis every;                 ///< between their starts
  double typical;               ///< the policy's factor
  std::optional<Millis> found;  ///< after noon; nothing: not within three hours
};

class StuckLonger : public testing::TestWithParam<LongerCase> {};

TEST_P(StuckLonger, ThanItsConnectionsRunsUsuallyTake) {
  const auto& c = GetParam();
  Rule only;
  only.match.id = "c";
  only.schedules.push_back({"", calendar::Schedule::every({c.every, 0s}).value()});
  only.policy.stuck.longer_than_typical = c.typical;
  only.policy.stuck.longer_than.action = StuckAction::cancel;
  only.policy.freshness.late_after = Millis{72h};
  Desk desk(plan_of(only));
  desk.job_length = c.usual;
  desk.until(noon - 1s);
  desk.job_length.reset();
  desk.until(noon);
  const JobId job = desk.jobs.rbegin()->first;
  ASSERT_EQ(desk.jobs.at(job).status, JobStatus::running);
  const Millis quiet = c.found.value_or(3h);
  moves_for(desk, job, quiet - 1min);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  EXPECT_THAT(desk.cancels, IsEmpty());
  if (!c.found) return;
  moves_for(desk, job, 4min);
  EXPECT_THAT(open_incidents(desk), ElementsAre("stuck/longer_than"));
  EXPECT_THAT(desk.cancels, SizeIs(1));
  EXPECT_THAT(desk.inspections, SizeIs(1)) << "a second look, although its counters move";
}

INSTANTIATE_TEST_SUITE_P(Usual, StuckLonger,
                         testing::Values(LongerCase{"three_times", 20min, 1h, 3, 1h},
                                         LongerCase{"twice", 40min, 1h, 2, 80min},
                                         LongerCase{"half_an_hour_at_least", 2min, 1h, 3, 30min},
                                         LongerCase{"five_runs_are_a_history", 20min, 2h, 3, 1h},
                                         LongerCase{"three_runs_are_none", 20min, 3h, 3, {}},
                                         LongerCase{"never", 20min, 1h, 0, {}}),
                         by_name);

// ---- a run of Airbyte's own schedule that did not come

struct MissedCase {
  const char* name;
  AirbyteSchedule schedule;
  const char* text;
  std::function<void(Desk&)> happens;  ///< from 00:40, when its last job has ended, until 01:20
  std::optional<Millis> told;          ///< after 01:00; nothing: not by 01:55
};

class StuckMissedRun : public testing::TestWithParam<MissedCase> {};

TEST_P(StuckMissedRun, IsToldAfterAirbytesOwnDelayAndOnlyIfSomebodyLooked) {
  const auto& c = GetParam();
  Plan plan = plan_of(rule());
  plan.rules.clear();
  auto view = connection("c");
  view.schedule = c.schedule;
  view.schedule_text = c.text;
  Desk desk(plan, {view}, monday + 5min);
  desk.job_length.reset();
  desk.until(monday + 10min);
  const JobId job = desk.start_job("c");  // created at 00:10
  desk.until(monday + 40min);
  desk.end_job(job, JobStatus::succeeded);
  desk.poll();
  if (c.happens) c.happens(desk);
  ASSERT_LE(desk.now.wall, one + 20min);
  if (!c.told) {
    desk.until(one + 55min);
    EXPECT_THAT(open_incidents(desk), Not(Contains("stuck/missed_run")));
    return;
  }
  desk.until(one + *c.told - 1min);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  desk.pass(2min);
  EXPECT_THAT(open_incidents(desk), ElementsAre("stuck/missed_run"));
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_THAT(desk.cancels, IsEmpty());
  desk.start_job("c");
  desk.poll();
  EXPECT_THAT(open_incidents(desk), IsEmpty()) << "it came";
}

const auto cron_of_airbyte = AirbyteSchedule::cron;
const char* const hourly = "0 0 * * * ? UTC";

INSTANTIATE_TEST_SUITE_P(
    Schedules, StuckMissedRun,
    testing::Values(
        // Airbyte spreads its own cron runs over 25 minutes; five more are for the clocks.
        MissedCase{"cron", cron_of_airbyte, hourly, {}, 30min},
        // An hour from the last job's creation, at 01:10.
        MissedCase{"basic", AirbyteSchedule::basic, "every 1 hour", {}, 40min},
        MissedCase{"in_its_zone", cron_of_airbyte, "0 30 2 * * ? Europe/Berlin", {}, 60min},
        MissedCase{"manual", AirbyteSchedule::manual, "", {}, {}},
        MissedCase{"unreadable", cron_of_airbyte, "whenever it suits", {}, {}},
        MissedCase{"it_came",
                   cron_of_airbyte,
                   hourly,
                   [](Desk& d) {
                     d.until(one + 10min);
                     d.end_job(d.start_job("c"), JobStatus::failed);
                   },
                   {}},
        MissedCase{
            "one_still_runs", cron_of_airbyte, hourly, [](Desk& d) { d.start_job("c"), d.poll(); }, {}},
        MissedCase{"switched_off",
                   cron_of_airbyte,
                   hourly,
                   [](Desk& d) { d.connections[0].status = ConnectionStatus::inactive, d.discover(); },
                   {}},
        MissedCase{"set_to_manual",
                   cron_of_airbyte,
                   hourly,
                   [](Desk& d) {
                     d.connections[0].schedule = AirbyteSchedule::manual;
                     d.connections[0].schedule_text = {};
                     d.discover();
                   },
                   {}},
        MissedCase{"gone", cron_of_airbyte, hourly, [](Desk& d) { d.connections.clear(), d.discover(); }, {}},
        MissedCase{"airbyte_away_when_it_was_due",
                   cron_of_airbyte,
                   hourly,
                   [](Desk& d) {
                     d.until(one - 5min);
                     d.away = true;
                     d.pass(10min);
                     d.away = false;
                     d.pass(2min);
                   },
                   {}},
        MissedCase{"started_after_it_was_due",
                   cron_of_airbyte,
                   hourly,
                   [](Desk& d) {
                     d.until(one - 5min);
                     d.crash(10min);
                   },
                   {}}),
    by_name);

// ---- what a former life has told of

void moves(JobView& job) { job.counters.records_emitted = job.counters.records_emitted.value_or(0) + 1; }
void runs_on(JobView& job) { job.status = JobStatus::running, ++job.attempts; }

struct RestartCase {
  const char* name;
  JobStatus status;  ///< since 01:00; found stuck by 02:40
  Millis no_progress;
  std::function<void(JobView&)> down;   ///< while nobody looked
  std::function<void(JobView&)> later;  ///< and after that
  bool over;
};

class StuckRestart : public testing::TestWithParam<RestartCase> {};

TEST_P(StuckRestart, IsOverWhenTheJobGoesOn) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule("0 0 1 * * ?", [&](Policy& p) {
    p.stuck.no_progress.after = c.no_progress;
    p.stuck.max_run_time.after = 95min;
    p.freshness.late_after = Millis{72h};
  })));
  desk.job_length.reset();
  desk.until(one);
  auto& job = desk.jobs.at(JobId{101});
  job.status = c.status;
  job.counters.records_emitted = 10;
  desk.until(one + 100min);
  ASSERT_THAT(open_incidents(desk), SizeIs(1));
  if (c.down) c.down(job);
  desk.crash(5min);
  desk.pass(2min);
  if (c.later) c.later(job);
  desk.pass(2min);
  EXPECT_THAT(open_incidents(desk), SizeIs(c.over ? 0 : 1));
  EXPECT_THAT(desk.disk.incidents(), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(
    Stuck, StuckRestart,
    testing::Values(RestartCase{"counters_move", JobStatus::running, 80min, {}, moves, true},
                    RestartCase{"counters_rest", JobStatus::running, 80min, {}, {}, false},
                    RestartCase{"another_attempt_begins", JobStatus::incomplete, 80min, {}, runs_on, true},
                    RestartCase{"another_attempt_began", JobStatus::incomplete, 80min, runs_on, {}, true},
                    RestartCase{"capacity_is_there", JobStatus::queued, 80min, {}, runs_on, true},
                    RestartCase{"capacity_was_there", JobStatus::queued, 80min, runs_on, {}, true},
                    RestartCase{"it_waits_on", JobStatus::queued, 80min, {}, {}, false},
                    RestartCase{"its_age_goes_on", JobStatus::running, 3h, moves, moves, false}),
    by_name);

// ---- a sync that Airbyte says it runs, and does not list

TEST(StuckPhantom, IsOverWithTheNextJobThatIsListedWhateverBecomesOfIt) {
  for (const bool restarts : {false, true}) {
    auto plan = plan_of(rule("0 0 12 * * ?"));
    Desk desk(plan);
    desk.job_length.reset();
    desk.airbyte = [](const out::TriggerSync&) { return reply_of(TriggerAnswer::conflict, Errc::conflict); };
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(desk.ask(command::Sync{ConnectionId{"c"}}));
      desk.pass(70s);
    }
    ASSERT_THAT(open_incidents(desk), ElementsAre("stuck/phantom"));
    if (restarts) desk.crash(1min);
    desk.pass(1min);
    EXPECT_THAT(open_incidents(desk), ElementsAre("stuck/phantom"));
    const JobId job = desk.start_job("c");
    desk.poll();
    EXPECT_THAT(open_incidents(desk), IsEmpty());
    desk.end_job(job, JobStatus::cancelled);
    desk.poll();
    EXPECT_THAT(open_incidents(desk), IsEmpty());
  }
}

// ---- a stream that waits for its quota

TEST(StuckQuota, IsLeftAloneUntilItsQuotaIsBackAndFoundAfterwards) {
  Desk desk(plan_of(rule("0 0 1 * * ?", [](Policy& p) {
    p.stuck.no_progress.action = StuckAction::cancel;
    p.freshness.late_after = Millis{72h};
  })));
  desk.job_length.reset();
  desk.until(one);
  auto& job = desk.jobs.at(JobId{101});
  job.attempts = 1;
  job.counters.records_emitted = 10;
  const Instant back = one + 8h;
  desk.second_look = [&](JobInspection& look) {
    if (desk.now.wall < back) look.streams.push_back({"tickets", StreamRunState::rate_limited, back, {}, {}});
  };
  desk.until(back - 1min);
  EXPECT_THAT(desk.inspections, SizeIs(1)) << "its date is believed";
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  desk.pass(5min);
  EXPECT_THAT(open_incidents(desk), ElementsAre("stuck/no_progress")) << "the quota is back, and it rests on";
  EXPECT_THAT(desk.cancels, SizeIs(1));
}

/// Normalisation and typing keep counters still: what a connection's successes have shown is no stall.
TEST(StuckQuiet, IsLearntFromWhatSucceeded) {
  Desk desk(plan_of(rule("0 0 1 * * ?", [](Policy& p) { p.freshness.late_after = Millis{72h}; })));
  desk.job_length.reset();
  const auto rests_for = [&](Millis duration) {
    auto& job = desk.jobs.rbegin()->second;
    job.attempts = 1;
    job.counters.records_emitted = 10;
    desk.pass(duration);
  };
  desk.until(one);
  rests_for(2h + 50min);
  desk.end_job(desk.jobs.rbegin()->first, JobStatus::succeeded);
  desk.until(one + 24h);
  rests_for(5h + 30min);
  EXPECT_THAT(open_incidents(desk), IsEmpty()) << "twice as long as it has rested before";
  desk.pass(20min);
  EXPECT_THAT(open_incidents(desk), ElementsAre("stuck/no_progress"));
}

}  // namespace
}  // namespace syncwarden::core
