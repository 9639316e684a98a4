// The intent protocol: what an answer, or none, and a crash at any point mean.
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;

/// A desk at 01:00:00 with one open request, unanswered.
struct Open : testing::Test {
  Open() : desk(plan_of(rule()), {connection("c"), connection("other")}) { begin(); }
  void begin() {
    desk.job_length.reset();
    desk.plan.rules[0].match.id = "c";
    desk.reload();
    desk.pass(1s);
    desk.by_hand();
    desk.until(one);
  }
  /// Something moves elsewhere, twice seen: Airbyte's workers live.
  void move_elsewhere() {
    desk.end_job(desk.start_job("other"), JobStatus::succeeded);
    desk.poll();
  }
  Desk desk;
};

TEST_F(Open, TheIntentIsOnDiskWithItsBaselineBeforeTheRequest) {
  ASSERT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.run(one).phase, RunPhase::intended);
  EXPECT_EQ(desk.tick(one), "-");
}

TEST_F(Open, TheBaselineIsTheNewestJobSeenAnywhere) {
  desk.answer(created(desk.start_job("c")));
  desk.poll();
  const JobId foreign = desk.start_job("other");
  desk.poll();
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.until(monday + 2h);
  EXPECT_EQ(desk.run(monday + 2h).baseline, foreign);
}

/// What somebody started while the machine slept is not taken for the effect of the next request.
TEST(Baseline, AfterASuspendAPollComesBeforeAnyRequest) {
  Desk desk(plan_of(rule()), {connection("c"), connection("other")});
  desk.plan.rules[0].match.id = "c";
  desk.reload();
  desk.pass(1s);
  desk.by_hand();
  const std::size_t polls = desk.polls.size();
  desk.hold_polls = true;
  desk.suspend(45min);
  const JobId foreign = desk.start_job("other");
  desk.pass(1s);
  EXPECT_GT(desk.polls.size(), polls);
  EXPECT_TRUE(desk.sent.empty());
  desk.hold_polls = false;
  desk.release_polls();
  desk.pass(1min);
  ASSERT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.run(one).baseline, foreign);
}

/// A list that takes longer than any silence may last holds no sync back.
TEST(Baseline, AnAirbyteThatIsSlowToListStillGetsItsSyncs) {
  Desk desk(plan_of(rule()), {connection("c")});
  desk.by_hand();
  desk.until(one - 5min);
  desk.hold_polls = true;
  desk.until(one + 1min);
  desk.release_one_poll();
  desk.pass(1s);
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Open, CreatedIsProven) {
  const JobId job = desk.start_job("c");
  desk.answer(created(job));
  EXPECT_EQ(desk.tick(one), "started/on_time");
  EXPECT_EQ(desk.run(one).attribution, Attribution::proven);
  desk.end_job(job, JobStatus::succeeded);
  desk.poll();
  EXPECT_EQ(desk.run(one).verdict, Verdict::succeeded);
}

TEST_F(Open, AnOldIdMeansAttached) {
  desk.answer(created(desk.start_job("c")));
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.until(monday + 2h);
  desk.answer(created(JobId{101}));
  EXPECT_EQ(desk.tick(monday + 2h), "attached/job_running");
  desk.pass(10min);
  EXPECT_EQ(desk.run(monday + 2h).phase, RunPhase::finished)
      << "the job had ended before, and its end is not told again";
  desk.until(monday + 3h);
  EXPECT_EQ(desk.sent.size(), 3U) << "the connection is free";
}

TEST_F(Open, AnEffectSeenBeforeTheAnswerIsAdoptedAndTheAnswerMakesItCertain) {
  const auto request = desk.sent.back().request;
  const JobId job = desk.start_job("c");
  desk.poll();
  EXPECT_EQ(desk.run(one).attribution, Attribution::adopted);
  ASSERT_EQ(desk.abandoned.size(), 1U);
  EXPECT_EQ(desk.abandoned[0].run, request.run);
  EXPECT_EQ(desk.tick(one), "started/on_time");
  desk.answer(request, created(job));
  EXPECT_EQ(desk.run(one).attribution, Attribution::proven);
}

TEST_F(Open, AJobThatEndedBetweenTwoPollsIsAdoptedToo) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.end_job(desk.start_job("c"), JobStatus::succeeded);
  desk.poll();
  EXPECT_EQ(desk.tick(one), "started/on_time");
  EXPECT_EQ(desk.run(one).verdict, Verdict::succeeded);
}

TEST_F(Open, AResetIsNoEffect) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.start_job("c", JobType::reset);
  desk.poll();
  EXPECT_EQ(desk.run(one).phase, RunPhase::unresolved);
}

TEST_F(Open, WithoutMovementAnUnclearAnswerStaysUnresolved) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.pass(3 * desk.plan.settle - 1min);
  EXPECT_EQ(desk.run(one).phase, RunPhase::unresolved);
  EXPECT_EQ(desk.core().fleet(desk.now.wall).intents_unresolved, 1U);
  EXPECT_EQ(desk.sent.size(), 1U);
}

/// An Airbyte with one connection: nothing else ever moves, and it is not to stand still for ever.
TEST_F(Open, WithoutMovementOneRunAsksAgainAfterALongLook) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.pass(2 * desk.plan.settle);
  desk.away = true;  // what nobody sees counts for nothing
  desk.pass(3h);
  desk.away = false;
  desk.pass(desk.plan.settle / 2);
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.pass(desk.plan.settle);
  ASSERT_EQ(desk.sent.size(), 2U);
  EXPECT_EQ(desk.sent[1].request.request, 2U);
  EXPECT_EQ(desk.run(one).baseline, JobId{}) << "what is newer than it may be the first request's effect";
}

/// It gives nothing up, whatever is said of the second request: the first may have its effect yet. Each look
/// is twice as long as the one before.
TEST_F(Open, WhoAsksOnceMoreStaysUnresolvedUntilItHasAJob) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  Millis look = 3 * desk.plan.settle;
  for (const auto& said :
       {reply_of(TriggerAnswer::refused, Errc::forbidden), reply_of(TriggerAnswer::unclear),
        reply_of(TriggerAnswer::not_sent, Errc::expired), reply_of(TriggerAnswer::throttled)}) {
    const auto sent = desk.sent.size();
    desk.pass(look - 1min);
    EXPECT_EQ(desk.sent.size(), sent);
    desk.pass(3min);
    ASSERT_EQ(desk.sent.size(), sent + 1);
    look *= 2;
    desk.answer(said);
    EXPECT_EQ(desk.run(one).phase, RunPhase::unresolved);
    EXPECT_EQ(desk.tick(one), "-");
  }
  const JobId late = desk.start_job("c");
  desk.poll();
  EXPECT_EQ(desk.run(one).job, late) << "of the first request, hours later";
}

/// Airbyte's proxy went away with a herd: one asks again, and its job is the evidence for all the others.
TEST(Canary, OneOfAHerdAsksAgainAndTheOthersFollowItsJob) {
  std::vector<ConnectionView> views;
  for (int i = 0; i < 20; ++i) views.push_back(connection("c" + std::to_string(i)));
  Desk desk(plan_of(rule("0 0 1 * * ?")), views);
  desk.airbyte = [](const out::TriggerSync&) { return reply_of(TriggerAnswer::unclear); };
  desk.until(one + 1s);
  ASSERT_EQ(desk.sent.size(), 20U);
  desk.by_hand();
  desk.pass(3 * desk.plan.settle + 2min);
  ASSERT_EQ(desk.sent.size(), 21U) << "one";
  desk.pass(2 * desk.plan.settle);
  EXPECT_EQ(desk.sent.size(), 21U) << "and no other while nothing is known of it";
  const auto bold = desk.sent.back().request;
  desk.airbyte = nullptr;
  desk.answer(bold, created(desk.start_job(bold.connection.text.str())));
  desk.pass(desk.job_length.value_or(Millis{}) + 2min);
  EXPECT_EQ(desk.sent.size(), 40U);
  EXPECT_EQ(desk.core().fleet(desk.now.wall).intents_unresolved, 0U);
}

TEST_F(Open, AfterSettleAndMovementItIsAskedAgainWithTheOldBaseline) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.poll();
  move_elsewhere();
  desk.pass(3min - 1s);
  EXPECT_EQ(desk.sent.size(), 1U) << "not before the settle time is over";
  desk.pass(2min);
  ASSERT_EQ(desk.sent.size(), 2U);
  EXPECT_EQ(desk.sent[1].request.request, 2U);
  EXPECT_EQ(desk.run(one).baseline, JobId{}) << "what is newer than it may be the first request's effect";
}

TEST_F(Open, APollThatBeganBeforeTheSettleTimeWasOverIsNoEvidence) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.poll();
  move_elsewhere();
  desk.until(one + desk.plan.settle - 15s);
  desk.hold_polls = true;
  desk.pass(14s);
  const auto asked = desk.polls.size();
  desk.pass(1min);
  ASSERT_EQ(desk.polls.size(), asked);
  const JobId late = desk.start_job("other");  // keep the world moving
  desk.end_job(late, JobStatus::succeeded);
  const auto before = desk.sent.size();
  desk.release_polls();
  EXPECT_EQ(desk.sent.size(), before);
  desk.poll();
  EXPECT_EQ(desk.sent.size(), before + 1) << "the next one is";
}

TEST_F(Open, APollOfOtherConnectionsIsNoEvidence) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.poll();
  move_elsewhere();
  desk.covers = std::vector<ConnectionId>{ConnectionId{"other"}};
  desk.pass(30min);
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.covers.reset();
  desk.poll();
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST_F(Open, AnIncompletePollIsNoEvidence) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.poll();
  move_elsewhere();
  desk.until(one + 239s);
  desk.hold_polls = true;
  desk.pass(2min);  // the poll under way began before the settle time was over
  desk.ended_complete = false;
  desk.hold_polls = false;
  const std::size_t before = desk.polls.size();
  in::JobsSeen partial{desk.polls.back().poll, JobsPage{}, std::nullopt};
  partial.page->ended_complete = false;
  desk.hold_polls = true;
  desk.step(partial);
  ASSERT_EQ(desk.polls.size(), before + 1) << "asked again at once";
  partial.poll = desk.polls.back().poll;
  desk.step(partial);
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Open, WhatEndedBeforeTheIntentIsNoMovementWheneverItIsSeen) {
  desk.answer(created(desk.start_job("c")));
  desk.end_job(JobId{101}, JobStatus::succeeded);
  const JobId elsewhere = desk.start_job("other");
  desk.until(monday + 2h);
  desk.end_job(elsewhere, JobStatus::succeeded);
  desk.crash(10min);  // the daemon boots, and sees only now what ended before
  desk.pass(3 * desk.plan.settle - 1min);
  EXPECT_EQ(desk.run(monday + 2h).phase, RunPhase::unresolved);
  EXPECT_EQ(desk.sent.size(), 2U);
  move_elsewhere();
  desk.poll();
  EXPECT_EQ(desk.sent.size(), 3U);
}

TEST_F(Open, AConflictAfterAnUnclearAnswerMeansThatItTookEffect) {
  desk.answer(reply_of(TriggerAnswer::unclear));
  desk.poll();
  move_elsewhere();
  desk.pass(5min);
  ASSERT_EQ(desk.sent.size(), 2U);
  const JobId job = desk.start_job("c");
  desk.answer(reply_of(TriggerAnswer::conflict, Errc::conflict));
  desk.poll();
  EXPECT_EQ(desk.run(one).job, job);
  EXPECT_EQ(desk.run(one).attribution, Attribution::adopted);
  EXPECT_EQ(desk.tick(one), "started/deferred");
}

struct RefusedCase {
  Errc code;
  const char* tick;
};

TEST(Refused, ByClass) {
  for (const auto& [code, outcome] : {RefusedCase{Errc::forbidden, "failed_to_start/auth"},
                                      RefusedCase{Errc::not_found, "failed_to_start/not_found"},
                                      RefusedCase{Errc::rejected, "failed_to_start/refused"},
                                      RefusedCase{Errc::conflict, "skipped/inactive"}}) {
    Desk desk(plan_of(rule()));
    desk.by_hand();
    desk.until(one);
    desk.answer(reply_of(TriggerAnswer::refused, code));
    EXPECT_EQ(desk.tick(one), outcome);
    EXPECT_EQ(desk.run(one).phase, RunPhase::finished);
    desk.until(monday + 2h);
    EXPECT_EQ(desk.sent.size(), 2U) << "the next tick tries again after " << outcome;
  }
}

/// A refusal, or a 409, may be untrue. The next request of the connection waits for a list, so that a job
/// which is there already does not pass for its effect.
TEST(Refused, TheNextRequestOfTheConnectionWaitsForAList) {
  for (const auto& [answer, code] : {std::pair{TriggerAnswer::refused, Errc::forbidden},
                                     std::pair{TriggerAnswer::conflict, Errc::conflict}}) {
    auto twice = rule("0 0 * * * ?", [](Policy& policy) { policy.overlap = OverlapPolicy::skip; });
    twice.schedules.push_back({.name = "second", .when = cron("0 1 * * * ?")});
    Desk desk(plan_of(twice));
    desk.job_length.reset();
    desk.by_hand();
    desk.until(one);
    ASSERT_EQ(desk.sent.size(), 1U);
    desk.hold_polls = true;
    const JobId untold = desk.start_job("c");
    desk.pass(30s);
    desk.answer(reply_of(answer, code));
    desk.until(one + 1min);
    EXPECT_EQ(desk.sent.size(), 1U) << "before anybody looked, after " << to_string(code);
    desk.hold_polls = false;
    desk.release_polls();
    desk.poll();
    EXPECT_EQ(desk.sent.size(), 1U);
    EXPECT_EQ(desk.tick(one + 1min, "c/second"), "skipped/overlap") << "job " << untold.value;
  }
}

TEST_F(Open, UnauthorizedIsTriedOnceMoreAfterAPoll) {
  desk.answer(reply_of(TriggerAnswer::refused, Errc::unauthorized));
  EXPECT_EQ(desk.tick(one), "-");
  desk.poll();
  ASSERT_EQ(desk.sent.size(), 2U);
  desk.answer(reply_of(TriggerAnswer::refused, Errc::unauthorized));
  EXPECT_EQ(desk.tick(one), "failed_to_start/auth");
}

TEST_F(Open, NotSentWaitsUntilAirbyteIsSeenAgain) {
  desk.away = true;
  desk.answer(reply_of(TriggerAnswer::not_sent, Errc::connect_refused));
  EXPECT_FALSE(desk.core().fleet(desk.now.wall).airbyte_up);
  desk.pass(20min);
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.tick(one), "-");
  EXPECT_EQ(desk.core().fleet(desk.now.wall).waiting[static_cast<std::size_t>(WaitCause::airbyte_down)], 1U);
  desk.away = false;
  desk.airbyte = nullptr;
  desk.pass(2min);
  EXPECT_EQ(desk.tick(one), "started/deferred");
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST_F(Open, ExpiredInTheLaneSaysNothingAboutAirbyte) {
  desk.airbyte = nullptr;
  desk.answer(reply_of(TriggerAnswer::not_sent, Errc::expired));
  EXPECT_TRUE(desk.core().fleet(desk.now.wall).airbyte_up);
  EXPECT_EQ(desk.tick(one), "started/deferred");
}

TEST_F(Open, ThrottledHonoursRetryAfter) {
  auto reply = reply_of(TriggerAnswer::throttled, Errc::rate_limited);
  reply.retry_after = 7min;
  desk.answer(reply);
  desk.pass(7min - 1s);
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.pass(2s);
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST_F(Open, ThrottledWithoutRetryAfterDoublesFromAMinute) {
  for (const Millis pause : {1min, 2min, 4min}) {
    const auto before = desk.sent.size();
    desk.answer(reply_of(TriggerAnswer::throttled, Errc::rate_limited));
    desk.pass(pause - 1s);
    EXPECT_EQ(desk.sent.size(), before);
    desk.pass(2s);
    EXPECT_EQ(desk.sent.size(), before + 1);
    desk.now.wall -= 1s;
  }
}

TEST(Store, NothingNewStartsWhileItIsUnhealthy) {
  Desk desk(plan_of(rule()));
  desk.step(in::StoreState{false});
  desk.until(monday + 1h + 10min);
  EXPECT_TRUE(desk.sent.empty());
  EXPECT_EQ(desk.core().fleet(desk.now.wall).waiting[static_cast<std::size_t>(WaitCause::store_down)], 1U);
  desk.step(in::StoreState{true});
  EXPECT_EQ(desk.tick(one), "started/deferred");
}

TEST(Stop, NothingNewStartsAndTheCoreRestsUntilItEnds) {
  Desk desk(plan_of(rule()));
  desk.step(in::StopAsked{});
  desk.pass(2h);  // a core that spins fails here
  EXPECT_TRUE(desk.sent.empty());
  desk.crash();
  desk.pass(1min);
  EXPECT_EQ(desk.tick(monday + 2h), "started/catch_up") << "the next life decides what this one did not";
}

// ---- the crash table ----

TEST(Crash, BeforeTheIntentIsOnDiskTheTickIsDueAgain) {
  Desk desk(plan_of(rule()));
  desk.until(one - 1s);
  desk.disk_frozen = true;
  desk.pass(2s);
  EXPECT_TRUE(desk.sent.empty());
  desk.crash(5s);
  desk.pass(10s);
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.tick(one), "started/deferred");
}

TEST_F(Open, CrashWithARequestThatNeverArrived) {
  desk.crash(1s);
  desk.pass(3min);
  move_elsewhere();
  EXPECT_EQ(desk.sent.size(), 1U) << "the whole settle time counts from boot";
  desk.pass(2min);
  EXPECT_EQ(desk.sent.size(), 2U);
  desk.answer(created(desk.start_job("c")));
  EXPECT_EQ(desk.tick(one), "started/deferred");
}

TEST_F(Open, CrashWithARequestThatTookEffect) {
  const JobId job = desk.start_job("c");
  desk.crash(1s);
  desk.poll();
  EXPECT_EQ(desk.run(one).job, job);
  EXPECT_EQ(desk.run(one).attribution, Attribution::adopted);
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Open, CrashAfterTheAnswerBeforeItWasWritten) {
  const JobId job = desk.start_job("c");
  desk.disk_frozen = true;
  desk.answer(created(job));
  desk.crash(1s);
  desk.poll();
  EXPECT_EQ(desk.run(one).job, job);
  EXPECT_EQ(desk.tick(one), "started/on_time") << "its request was";
  EXPECT_EQ(desk.sent.size(), 1U);
}

/// An old copy of the state is put back, and the first life on it ends before it could decide what the old
/// copy holds for due: what it saw of the time between must not be lost.
TEST(Crash, TheSecondLifeOnAnOldStateKnowsWhatTheFirstOneSaw) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& policy) { policy.catch_up = CatchUpPolicy::all; })));
  desk.until(monday + 1h + 30min);
  const auto old = desk.disk;
  desk.until(monday + 3h + 30min);
  ASSERT_EQ(desk.sent.size(), 3U);
  desk.disk = old;
  desk.away = true;
  desk.crash(1min);
  desk.step(in::StoreState{false});
  desk.away = false;
  desk.pass(2min);
  EXPECT_EQ(desk.tick(monday + 2h), "-") << "the first life decides nothing";
  desk.crash(1min);
  desk.pass(5min);
  EXPECT_EQ(desk.sent.size(), 3U) << "nothing is asked for again";
  EXPECT_EQ(desk.tick(monday + 2h), "skipped/fresh");
  EXPECT_EQ(desk.tick(monday + 3h), "skipped/fresh");
}

/// Syncs that people ask for answer for no tick, also where a restart comes between.
TEST(Crash, SyncsByHandOfOneMomentAreNoTicks) {
  Desk desk(plan_of(rule("0 0 12 * * ?")), {connection("a"), connection("b")});
  desk.airbyte = [](const out::TriggerSync&) { return reply_of(TriggerAnswer::throttled); };
  ASSERT_TRUE(desk.ask(command::Sync{ConnectionId{"a"}}));
  ASSERT_TRUE(desk.ask(command::Sync{ConnectionId{"b"}}));
  desk.airbyte = nullptr;
  desk.crash(1min);
  desk.pass(5min);
  EXPECT_EQ(desk.jobs.size(), 2U);
  EXPECT_EQ(desk.ticks(), 0U);
}

TEST_F(Open, CrashWhileWatchingGoesOnWatching) {
  const JobId job = desk.start_job("c");
  desk.answer(created(job));
  desk.crash(1min);
  desk.end_job(job, JobStatus::succeeded);
  desk.pass(2min);
  EXPECT_EQ(desk.run(one).verdict, Verdict::succeeded);
  EXPECT_EQ(desk.told<fact::JobEnded>().size(), 1U);
}

TEST_F(Open, CrashAfterAWithdrawnIntentStartsIt) {
  desk.away = true;
  desk.answer(reply_of(TriggerAnswer::not_sent, Errc::connect_refused));
  ASSERT_EQ(desk.run(one).phase, RunPhase::queued);
  desk.away = false;
  desk.airbyte = nullptr;
  desk.crash(1min);
  desk.pass(1s);
  EXPECT_EQ(desk.tick(one), "started/deferred");
}

}  // namespace
}  // namespace syncwarden::core
