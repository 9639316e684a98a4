// The recovery ladder through the machine, rung by rung: a reading raises a suspicion, a second look confirms
// it, an incident tells of it, a cancel goes out where nothing forbids it, its end is waited for, another job
// follows after a pause, and in the end the breaker or a person.
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

void all_actions(StuckPolicy& stuck, StuckAction action) {
  for (StuckRule* kind : {&stuck.pending, &stuck.queued, &stuck.between_attempts, &stuck.no_progress,
                          &stuck.longer_than, &stuck.max_run_time})
    kind->action = action;
}

/// Every day at one; what is stuck is cancelled and run again.
Plan recovering(const std::function<void(Policy&)>& change = {}) {
  return plan_of(rule("0 0 1 * * ?", [&](Policy& p) {
    all_actions(p.stuck, StuckAction::cancel_and_rerun);
    p.freshness.late_after = Millis{72h};  // no incident but those of the ladder
    if (change) change(p);
  }));
}

std::vector<std::string> steps(const Desk& desk) {
  std::vector<std::string> told;
  for (const auto& step : desk.told<fact::RecoveryStep>())
    told.push_back(std::string(to_string(step.action)) + " " + std::string(to_string(step.result)));
  return told;
}

// ---- what is found, and what becomes of it

struct KindCase {
  const char* name;
  std::function<void(Desk&, JobView&)> looks;  ///< the job that runs since 01:00
  StuckKind kind;
  Millis found;  ///< confirmed by then after 01:00, and not a poll before
  const char* version;
  bool cancelled;
};

class LadderKinds : public testing::TestWithParam<KindCase> {};

TEST_P(LadderKinds, AreFoundByASecondLookAndActedOnWhereThatHelps) {
  const auto& c = GetParam();
  Desk desk(recovering());
  desk.version = c.version;
  desk.crash();
  desk.job_length.reset();
  desk.until(one);
  ASSERT_THAT(desk.sent, SizeIs(1));
  c.looks(desk, desk.jobs.at(JobId{101}));
  desk.until(one + c.found - 1min);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  EXPECT_THAT(desk.cancels, IsEmpty());
  desk.pass(4min);
  EXPECT_THAT(open_incidents(desk), ElementsAre("stuck/" + std::string(to_string(c.kind))));
  EXPECT_THAT(desk.inspections, Not(IsEmpty())) << "nobody acts on one reading";
  EXPECT_THAT(desk.cancels, SizeIs(c.cancelled ? 1 : 0));
}

void is(JobView& job, JobStatus status) { job.status = status; }
void moving(Desk& desk, Millis until) {
  for (Millis passed{}; passed < until; passed += 1h) {
    *desk.jobs.at(JobId{101}).counters.records_emitted += 1;
    desk.pass(1h);
  }
}
void counts(JobView& job) {
  job.status = JobStatus::running;
  job.attempts = 1;
  job.counters.records_emitted = 10;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, LadderKinds,
    testing::Values(KindCase{"pending_before_2_1", [](Desk&, JobView& j) { is(j, JobStatus::pending); },
                             StuckKind::pending, 15min, "2.0.0", false},
                    KindCase{"pending", [](Desk&, JobView& j) { is(j, JobStatus::pending); },
                             StuckKind::pending, 15min, "2.1.0", true},
                    KindCase{"queued", [](Desk&, JobView& j) { is(j, JobStatus::queued); }, StuckKind::queued,
                             1h, "2.1.0", true},
                    KindCase{"queued_before_2_1", [](Desk&, JobView& j) { is(j, JobStatus::queued); },
                             StuckKind::queued, 1h, "2.0.0", false},
                    KindCase{"between_attempts", [](Desk&, JobView& j) { is(j, JobStatus::incomplete); },
                             StuckKind::between_attempts, 45min, "2.0.0", true},
                    KindCase{"no_progress", [](Desk&, JobView& j) { counts(j); }, StuckKind::no_progress, 3h,
                             "2.0.0", true},
                    KindCase{"max_run_time",
                             [](Desk& d, JobView& j) {
                               counts(j);
                               moving(d, 23h);
                             },
                             StuckKind::max_run_time, 24h, "2.0.0", true},
                    KindCase{"orphan",
                             [](Desk& d, JobView& j) {
                               counts(j);
                               d.second_look = [](JobInspection& look) { look.workflow_running = false; };
                             },
                             StuckKind::orphan, 3h, "2.0.0", false}),
    by_name);

// ---- the second look

struct LookCase {
  const char* name;
  std::function<void(JobInspection&)> shows;
  bool stuck;
  Verdict verdict = Verdict::none;  ///< none: its run goes on
};

class LadderSecondLook : public testing::TestWithParam<LookCase> {};

TEST_P(LadderSecondLook, DecidesBeforeAnybodyActs) {
  const auto& c = GetParam();
  Desk desk(recovering());
  desk.job_length.reset();
  desk.until(one);
  counts(desk.jobs.at(JobId{101}));
  desk.second_look = c.shows;
  desk.until(one + 3h + 5min);
  EXPECT_THAT(desk.inspections, Not(IsEmpty()));
  EXPECT_THAT(desk.cancels, SizeIs(c.stuck ? 1 : 0));
  EXPECT_THAT(open_incidents(desk), SizeIs(c.stuck ? 1 : 0));
  EXPECT_EQ(desk.run(one).verdict, c.verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Looks, LadderSecondLook,
    testing::Values(
        LookCase{"the_same", {}, true},
        LookCase{"counters_move",
                 [n = 10](JobInspection& look) mutable { look.job.counters.records_emitted = ++n; }, false},
        LookCase{"another_attempt", [](JobInspection& look) { look.job.attempts = 2; }, false},
        LookCase{"rate_limited",
                 [](JobInspection& look) {
                   look.streams.push_back({"s", StreamRunState::rate_limited, {}, {}, {}});
                 },
                 false},
        // No list shows it yet: the second look alone tells.
        LookCase{"ended", [](JobInspection& look) { look.job.status = JobStatus::cancelled; }, false,
                 Verdict::cancelled}),
    by_name);

// ---- what forbids a cancel

struct SparedCase {
  const char* name;
  std::function<void(Plan&)> configure;
  std::function<void(Desk&)> before;  ///< it is found stuck; at 02:00
  std::size_t cancels;                ///< by 04:04
};

class LadderSpared : public testing::TestWithParam<SparedCase> {};

TEST_P(LadderSpared, CancelsNothingThatThePolicyDoesNotName) {
  const auto& c = GetParam();
  auto plan = recovering();
  if (c.configure) c.configure(plan);
  Desk desk(plan);
  desk.job_length.reset();
  desk.until(one);
  if (desk.jobs.empty()) desk.start_job("c");
  counts(desk.jobs.at(JobId{101}));
  desk.until(one + 1h);
  if (c.before) c.before(desk);
  desk.until(one + 3h + 4min);
  EXPECT_THAT(desk.cancels, SizeIs(c.cancels));
  EXPECT_THAT(open_incidents(desk), Contains("stuck/no_progress")) << "somebody is told in any case";
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, LadderSpared,
    testing::Values(
        SparedCase{"nothing_forbids_it", {}, {}, 1},
        SparedCase{
            "action_alert", [](Plan& p) { all_actions(p.rules[0].policy.stuck, StuckAction::alert); }, {}, 0},
        SparedCase{"observed_only", [](Plan& p) { p.rules.clear(); }, {}, 0},
        SparedCase{"no_longer_managed", {}, [](Desk& d) { d.plan.rules.clear(), d.reload(); }, 0},
        SparedCase{"shadow", [](Plan& p) { p.mode = Mode::shadow; }, {}, 0},
        SparedCase{"a_reset", {}, [](Desk& d) { d.jobs.at(JobId{101}).type = JobType::reset; }, 0},
        SparedCase{"a_clear", {}, [](Desk& d) { d.jobs.at(JobId{101}).type = JobType::clear; }, 0},
        SparedCase{"a_refresh", {}, [](Desk& d) { d.jobs.at(JobId{101}).type = JobType::refresh; }, 0},
        SparedCase{"public_api",
                   {},
                   [](Desk& d) {
                     d.api = "public";
                     d.away = true;
                     d.pass(2min);
                     d.away = false;
                     d.now.wall -= 2min;
                   },
                   0},
        SparedCase{"connection_switched_off",
                   {},
                   [](Desk& d) { d.connections[0].status = ConnectionStatus::inactive; },
                   0},
        SparedCase{"no_cancels_left", [](Plan& p) { p.rules[0].policy.stuck.max_cancels = 0; }, {}, 0},
        SparedCase{
            "blackout",
            [](Plan& p) {
              p.blackouts.push_back(
                  {"m", {}, calendar::Window::make({"0 30 3 * * ?", "UTC"}, 9h).value(), false, false});
            },
            {},
            0},
        SparedCase{"paused",
                   {},
                   [](Desk& d) {
                     (void)d.ask(command::Pause{{ConnectionId{"c"}}, {}, ""});
                   },
                   0},
        SparedCase{"store_unhealthy", {}, [](Desk& d) { d.step(in::StoreState{false}); }, 0}),
    by_name);

TEST(LadderHeldBack, IsActedOnWhenTheHoldEnds) {
  auto plan = recovering();
  plan.blackouts.push_back(
      {"m", {}, calendar::Window::make({"0 30 3 * * ?", "UTC"}, 2h).value(), false, false});
  Desk desk(plan);
  desk.job_length.reset();
  desk.until(one);
  counts(desk.jobs.at(JobId{101}));
  desk.until(monday + 5h + 29min);
  EXPECT_THAT(desk.cancels, IsEmpty());
  desk.until(monday + 5h + 32min);
  EXPECT_THAT(desk.cancels, SizeIs(1));
}

// ---- the cancel and its end

/// A job of ours that was found stuck at 04:00 and cancelled: the first request is on its way.
struct Cancelled {
  explicit Cancelled(const std::function<void(Policy&)>& change = {}) : desk(recovering(change)) {
    desk.job_length.reset();
    desk.until(one);
    counts(desk.jobs.at(JobId{101}));
    desk.until(one + 3h + 2min);
    EXPECT_THAT(desk.cancels, SizeIs(1));
  }
  Desk desk;
};

struct AnswerCase {
  const char* name;
  CancelResult result;
  std::size_t requests;  ///< by an hour later, where the job does not end
  bool person;           ///< somebody is told that it did not end
};

class LadderCancel : public testing::TestWithParam<AnswerCase> {};

TEST_P(LadderCancel, IsRepeatedTwiceAndWaitedForAndThenAPersonIsTold) {
  const auto& c = GetParam();
  Cancelled stuck;
  auto& desk = stuck.desk;
  desk.on_cancel = [&](const out::CancelJob& cancel) {
    in::CancelAnswered answered{cancel.job, c.result, {}};
    if (c.result == CancelResult::failed) answered.error = error_of(Errc::server_error);
    return std::optional(answered);
  };
  desk.step(*desk.on_cancel(desk.cancels.front()));
  EXPECT_EQ(desk.cancels.front().attempts, 1U) << "the identity that is checked again before it is sent";
  desk.pass(3min);
  EXPECT_THAT(desk.cancels, SizeIs(1)) << "its end is waited for";
  desk.pass(1h);
  EXPECT_THAT(desk.cancels, SizeIs(c.requests));
  EXPECT_EQ(testing::Value(open_incidents(desk), Contains("cancel_failed")), c.person);
}

INSTANTIATE_TEST_SUITE_P(Answers, LadderCancel,
                         testing::Values(AnswerCase{"accepted", CancelResult::accepted, 3, true},
                                         AnswerCase{"failed", CancelResult::failed, 3, true}),
                         by_name);

struct SparingCase {
  const char* name;
  CancelResult result;
};

class LadderIdentity : public testing::TestWithParam<SparingCase> {};

TEST_P(LadderIdentity, SparesWhatItWasNotMeantFor) {
  Cancelled stuck;
  auto& desk = stuck.desk;
  desk.step(in::CancelAnswered{JobId{101}, GetParam().result, {}});
  EXPECT_THAT(desk.disk.recoveries(), IsEmpty()) << "nothing is waited for";
  EXPECT_THAT(steps(desk), ElementsAre("cancel asked", "cancel not_needed"));
  EXPECT_EQ(desk.run(one).phase, RunPhase::watching);
}

INSTANTIATE_TEST_SUITE_P(Answers, LadderIdentity,
                         testing::Values(SparingCase{"already_ended", CancelResult::already_ended},
                                         SparingCase{"another_job_is_newer", CancelResult::not_latest},
                                         SparingCase{"another_attempt", CancelResult::has_moved}),
                         by_name);

struct EndCase {
  const char* name;
  JobStatus status;
  FailureType failure;
  Verdict verdict;       ///< by 04:40
  std::size_t requests;  ///< syncs, the first one included
  std::vector<std::string> told;
};

class LadderEnd : public testing::TestWithParam<EndCase> {};

TEST_P(LadderEnd, DecidesWhatComesNext) {
  const auto& c = GetParam();
  Cancelled stuck;
  auto& desk = stuck.desk;
  desk.end_job(JobId{101}, c.status, c.failure);
  desk.poll();
  EXPECT_THAT(desk.sent, SizeIs(1)) << "not before the pause";
  desk.pass(4min);
  EXPECT_THAT(desk.sent, SizeIs(1));
  desk.pass(2min);
  EXPECT_THAT(desk.sent, SizeIs(c.requests));
  EXPECT_EQ(desk.run(one).verdict, c.verdict);
  EXPECT_EQ(steps(desk), c.told);
  EXPECT_THAT(desk.disk.recoveries(), IsEmpty());
  EXPECT_EQ(desk.ticks(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Ends, LadderEnd,
                         testing::Values(EndCase{"cancelled_is_run_again",
                                                 JobStatus::cancelled,
                                                 FailureType::unknown,
                                                 Verdict::none,
                                                 2,
                                                 {"cancel asked", "cancel done", "rerun asked"}},
                                         EndCase{"succeeded_by_itself",
                                                 JobStatus::succeeded,
                                                 FailureType::unknown,
                                                 Verdict::succeeded,
                                                 1,
                                                 {"cancel asked", "cancel not_needed"}},
                                         EndCase{"failed_by_itself_and_worth_another",
                                                 JobStatus::failed,
                                                 FailureType::transient_error,
                                                 Verdict::none,
                                                 2,
                                                 {"cancel asked", "cancel not_needed"}},
                                         EndCase{"failed_by_itself_for_good",
                                                 JobStatus::failed,
                                                 FailureType::config_error,
                                                 Verdict::failed,
                                                 1,
                                                 {"cancel asked", "cancel not_needed"}}),
                         by_name);

TEST(LadderRerun, IsNotCancelledAgainWhereOneIsAllowed) {
  Cancelled stuck;
  auto& desk = stuck.desk;
  desk.end_job(JobId{101}, JobStatus::cancelled);
  desk.pass(6min);
  ASSERT_THAT(desk.sent, SizeIs(2));
  counts(desk.jobs.at(JobId{102}));
  desk.pass(4h);
  EXPECT_THAT(desk.cancels, SizeIs(1)) << "max_cancels: 1 for each run";
  EXPECT_THAT(open_incidents(desk), Contains("stuck/no_progress"));
  desk.end_job(JobId{102}, JobStatus::succeeded);
  desk.poll();
  EXPECT_THAT(open_incidents(desk), IsEmpty()) << "a verified success closes it";
}

TEST(LadderMoves, AJobThatMovesAgainIsNotAskedToEndAgain) {
  Cancelled stuck;
  auto& desk = stuck.desk;
  desk.jobs.at(JobId{101}).counters.records_emitted = 11;
  desk.poll();
  EXPECT_THAT(desk.disk.recoveries(), IsEmpty());
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  desk.pass(1h);
  EXPECT_THAT(desk.cancels, SizeIs(1));
}

TEST(LadderCrash, AsksNoMoreOftenThanOneLifeWould) {
  Cancelled stuck;
  auto& desk = stuck.desk;
  for (int i = 0; i < 6; ++i) {
    desk.crash(10s);
    desk.pass(2min);
  }
  EXPECT_THAT(desk.cancels, SizeIs(1)) << "each life waits its time, and looks again first";
  desk.end_job(JobId{101}, JobStatus::cancelled);
  desk.pass(7min);
  EXPECT_THAT(desk.sent, SizeIs(2)) << "and the rerun is not forgotten";
}

// ---- the breaker, and a person

struct BreakerCase {
  const char* name;
  BreakerPolicy policy;
  const char* version;
  std::uint32_t opens_after;  ///< failed jobs; 0: never within 40
};

class LadderBreaker : public testing::TestWithParam<BreakerCase> {};

TEST_P(LadderBreaker, StopsShortOfAirbytesOwnLimit) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 * * * ?", [&](Policy& p) {
    p.breaker = c.policy;
    p.extra_jobs.max = 0;
  }));
  plan.fleet_hold.failed_ratio = 0;
  Desk desk(plan);
  desk.version = c.version;
  desk.crash();
  desk.airbyte = [&](const out::TriggerSync&) {
    const JobId job = desk.start_job("c");
    desk.end_job(job, JobStatus::failed, FailureType::config_error);
    return std::optional(created(job));
  };
  desk.pass(40h);
  const auto opened = c.opens_after == 0 ? 40U : c.opens_after;
  if (c.opens_after == 0) {
    EXPECT_THAT(desk.sent, SizeIs(40));
    return;
  }
  // Those that opened it, and a probe a day later.
  EXPECT_THAT(desk.sent, SizeIs(opened + (opened + 24 <= 40 ? 1 : 0)));
  EXPECT_THAT(open_incidents(desk), Contains("breaker_open"));
  EXPECT_EQ(desk.tick(monday + (opened + 1) * 1h), "skipped/breaker");
}

INSTANTIATE_TEST_SUITE_P(Policies, LadderBreaker,
                         testing::Values(BreakerCase{"default", {8, 24h, 5}, "2.0.0", 8},
                                         BreakerCase{"three", {3, 24h, 5}, "2.0.0", 3},
                                         BreakerCase{"too_bold_for_2_0", {40, 24h, 5}, "2.0.0", 23},
                                         BreakerCase{"too_bold_for_0_50", {40, 24h, 5}, "0.50.40", 13},
                                         BreakerCase{"never", {0, 24h, 5}, "2.0.0", 0}),
                         by_name);

TEST(LadderBreakerEnds, WithASuccessAndAPersonMayTryAtAnyTime) {
  auto plan = plan_of(rule("0 0 * * * ?", [](Policy& p) {
    p.breaker = {2, 24h, 1};
    p.extra_jobs.max = 0;
  }));
  Desk desk(plan);
  desk.airbyte = [&](const out::TriggerSync&) {
    const JobId job = desk.start_job("c");
    desk.end_job(job, JobStatus::failed, FailureType::config_error);
    return std::optional(created(job));
  };
  desk.pass(72h);
  EXPECT_THAT(desk.sent, SizeIs(3)) << "two, and the one probe";
  EXPECT_THAT(desk.told<fact::TickDecided>().back().tick.detail, HasSubstr("by hand"));
  desk.airbyte = nullptr;
  desk.job_length = 1min;
  ASSERT_TRUE(desk.ask(command::Sync{ConnectionId{"c"}}));
  desk.pass(5min);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  EXPECT_THAT(steps(desk), ElementsAre("breaker_open done", "breaker_probe asked", "breaker_close done"));
  desk.pass(1h);
  EXPECT_THAT(desk.sent, SizeIs(5)) << "ticks start again";
}

/// What was found under one policy is nothing to act on under another that asks for more.
TEST(Ladder, ARuleThatCameAfterwardsActsOnItsOwnTerms) {
  Desk desk(recovering([](Policy& p) { p.stuck.pending.action = StuckAction::alert; }));
  desk.version = "2.1.0";
  desk.crash();
  desk.job_length.reset();
  desk.until(one);
  is(desk.jobs.at(JobId{101}), JobStatus::pending);
  desk.until(one + 20min);
  ASSERT_THAT(open_incidents(desk), ElementsAre("stuck/pending"));
  desk.plan = recovering([](Policy& p) { p.stuck.pending.after = 2h; });
  desk.reload();
  desk.until(one + 1h + 55min);
  EXPECT_THAT(desk.cancels, IsEmpty());
  desk.until(one + 2h + 5min);
  EXPECT_THAT(desk.cancels, SizeIs(1));
}

/// An old copy of the state is put back that knows of the cancel, and not of the job that followed it.
TEST(Ladder, ARerunThatTheOldStateDoesNotKnowIsNotRepeated) {
  Desk desk(recovering());
  desk.crash();
  desk.job_length.reset();
  desk.until(one - 30min);
  const JobId job = desk.start_job("c");  // somebody's: no run of ours answers for it
  counts(desk.jobs.at(job));
  forecast::DurableImage old;
  desk.on_cancel = [&](const out::CancelJob& cancel) {
    old = desk.disk;
    desk.end_job(cancel.job, JobStatus::cancelled);
    desk.job_length = 10min;
    return std::optional<in::CancelAnswered>{};
  };
  desk.until(one + 3h);
  ASSERT_THAT(desk.cancels, SizeIs(1));
  const auto sent = desk.sent.size();
  ASSERT_THAT(steps(desk), Contains("rerun asked"));
  desk.disk = old;
  desk.crash(1min);
  desk.pass(2h);
  EXPECT_EQ(desk.sent.size(), sent) << "it was run again then";
}

}  // namespace
}  // namespace syncwarden::core
