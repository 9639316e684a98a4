// sync, cancel and reset as section 6 of the reference describes them.
#include "lab.hpp"

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

TEST(Sync, AnswersOnlyWhenTheJobRuns) {  // 6.1.4
  Lab lab;
  const auto answer = lab.sync();
  ASSERT_EQ(answer.signal, Signal::accepted);
  lab.pass(Millis{49});
  EXPECT_EQ(lab.airbyte.newest_job(), JobId{99}) << "the job is created after the signal, not with it";
  lab.pass(Millis{1});
  EXPECT_EQ(lab.status(JobId{100}), JobStatus::pending);
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), std::nullopt);
  lab.pass(Millis{450});
  EXPECT_EQ(lab.status(JobId{100}), JobStatus::running);
  EXPECT_EQ(lab.airbyte.take_ready(), std::vector<Ticket>{answer.ticket});
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), JobId{100});
}

TEST(Sync, PublicApiOfNewServersAnswersOnceTheJobExists) {  // 6.1.4
  Lab lab(ten_seconds(), exact("2.1.0"));
  const auto answer = lab.airbyte.signal_sync(lab.id(), lab.now, AnswerWhen::job_exists);
  lab.pass(Millis{50});
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), JobId{100});
  EXPECT_EQ(lab.status(JobId{100}), JobStatus::pending);
}

TEST(Sync, ConflictsWithARunningJobButJoinsAPendingOne) {  // 6.1.2, 6.1.6
  Lab lab;
  const auto first = lab.sync();
  const auto while_starting = lab.sync();
  lab.pass(Millis{100});
  const auto while_pending = lab.sync();
  EXPECT_EQ(while_starting.signal, Signal::accepted);
  EXPECT_EQ(while_pending.signal, Signal::accepted);
  lab.pass(Millis{400});
  for (const auto& answer : {first, while_starting, while_pending}) {
    EXPECT_EQ(lab.airbyte.reply(answer.ticket), JobId{100});
  }
  EXPECT_EQ(lab.sync().signal, Signal::conflict);
  EXPECT_EQ(lab.airbyte.history().size(), 1U);
}

TEST(Sync, ConflictsDuringBackOff) {  // 6.1.6
  auto behaviour = ten_seconds();
  behaviour.job_failure = 1;
  Lab lab(behaviour);
  const auto job = lab.running_job();
  lab.pass(seconds{10});
  ASSERT_EQ(lab.status(job), JobStatus::incomplete);
  EXPECT_EQ(lab.sync().signal, Signal::conflict);
}

TEST(Sync, InactiveConnectionsAreRefusedButNotBefore050) {  // 6.1.1, table of section 1
  for (const auto& [version, expected] :
       {std::pair{"2.0.0", Signal::inactive}, std::pair{"0.50.40", Signal::inactive},
        std::pair{"0.40.32", Signal::accepted}}) {
    Lab lab(ten_seconds(), exact(version));
    ConnectionPatch patch;
    patch.status = ConnectionStatus::inactive;
    ASSERT_TRUE(lab.airbyte.update(lab.id(), patch, lab.now));
    EXPECT_EQ(lab.sync().signal, expected) << version;
  }
}

TEST(Sync, UnknownAndDeletedConnections) {  // 3.1, 6.1.3
  Lab lab(ten_seconds(), exact("0.40.32"));
  EXPECT_EQ(lab.airbyte.signal_sync(ConnectionId{"nobody"}, lab.now).signal, Signal::not_found);
  ConnectionPatch patch;
  patch.status = ConnectionStatus::deprecated;
  lab.airbyte.update(lab.id(), patch, lab.now);
  EXPECT_EQ(lab.sync().signal, Signal::deleted);
}

TEST(Sync, OrphanIsFailedByTheNextSync) {  // 6.1.7, 6.4
  Lab lab;
  const auto orphan = lab.running_job();
  ASSERT_TRUE(lab.airbyte.make_orphan(lab.id(), lab.now));
  lab.pass(hours{1});
  EXPECT_EQ(lab.status(orphan), JobStatus::running) << "nothing ends an orphan";
  const auto answer = lab.airbyte.signal_cancel(orphan, lab.now);
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), orphan);
  EXPECT_EQ(lab.status(orphan), JobStatus::running) << "cancel is a no-op";
  const auto next = lab.running_job();
  EXPECT_GT(next, orphan);
  EXPECT_EQ(lab.status(orphan), JobStatus::failed);
}

TEST(Sync, PhantomConflictsUntilAnyOldJobIsCancelled) {  // 6.2, 6.4, #25920
  Lab lab;
  const auto old = lab.running_job();
  lab.pass(minutes{1});
  ASSERT_EQ(lab.status(old), JobStatus::succeeded);
  ASSERT_TRUE(lab.airbyte.make_phantom(lab.id(), lab.now));
  EXPECT_EQ(lab.sync().signal, Signal::conflict);
  EXPECT_EQ(lab.airbyte.active_jobs(), 0U);
  lab.airbyte.signal_cancel(old, lab.now);
  EXPECT_EQ(lab.sync().signal, Signal::accepted);
}

TEST(Sync, SignalsAreKeptWhileWorkersAreDown) {
  Lab lab;
  lab.airbyte.set_workers_down(true, lab.now);
  const auto answer = lab.sync();
  lab.pass(hours{1});
  EXPECT_EQ(lab.airbyte.newest_job(), JobId{99});
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), std::nullopt);
  lab.airbyte.set_workers_down(false, lab.now);
  lab.pass(seconds{1});
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), JobId{100});
  EXPECT_EQ(lab.airbyte.history().size(), 1U);
}

TEST(Sync, AForgottenClientChangesNothing) {
  Lab lab;
  lab.airbyte.forget(lab.sync().ticket);
  EXPECT_EQ(lab.airbyte.waiting_tickets(), 0U);
  lab.pass(seconds{1});
  EXPECT_EQ(lab.status(JobId{100}), JobStatus::running);
  EXPECT_TRUE(lab.airbyte.take_ready().empty());
}

TEST(Cancel, EndsTheRunningJob) {  // 6.2
  Lab lab;
  const auto job = lab.running_job();
  lab.pass(seconds{4});
  const auto answer = lab.airbyte.signal_cancel(job, lab.now);
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), std::nullopt) << "it waits for the workflow";
  lab.pass(Millis{100});
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), job);
  EXPECT_EQ(lab.status(job), JobStatus::cancelled);
  const auto& attempt = lab.job(job).attempts.back();
  EXPECT_EQ(attempt.status, AttemptStatus::failed);
  EXPECT_EQ(attempt.failure->type, FailureType::manual_cancellation);
  lab.pass(minutes{1});
  EXPECT_EQ(lab.status(job), JobStatus::cancelled);
}

TEST(Cancel, KillsWhateverTheConnectionRunsNow) {  // 6.2: the id only selects the connection
  Lab lab;
  const auto finished = lab.running_job();
  lab.pass(minutes{1});
  const auto newer = lab.running_job();
  const auto answer = lab.airbyte.signal_cancel(finished, lab.now);
  lab.pass(seconds{1});
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), finished);
  EXPECT_EQ(lab.status(finished), JobStatus::succeeded);
  EXPECT_EQ(lab.status(newer), JobStatus::cancelled);
}

TEST(Cancel, LeavesFinishedAndPendingJobsAlone) {  // 6.2
  Lab lab;
  lab.sync();
  lab.pass(Millis{100});
  ASSERT_EQ(lab.status(JobId{100}), JobStatus::pending);
  const auto pending = lab.airbyte.signal_cancel(JobId{100}, lab.now);
  EXPECT_EQ(lab.airbyte.reply(pending.ticket), JobId{100});
  lab.pass(minutes{1});
  EXPECT_EQ(lab.status(JobId{100}), JobStatus::succeeded);
  const auto finished = lab.airbyte.signal_cancel(JobId{100}, lab.now);
  EXPECT_EQ(lab.airbyte.reply(finished.ticket), JobId{100});
  EXPECT_EQ(lab.airbyte.signal_cancel(JobId{555}, lab.now).signal, Signal::not_found);
}

TEST(Cancel, MayAnswerBeforeTheRowSaysSo) {  // 6.2, #8808
  auto options = exact();
  options.cancel_lag = {seconds{3}, seconds{3}};
  Lab lab(ten_seconds(), options);
  const auto job = lab.running_job();
  const auto answer = lab.airbyte.signal_cancel(job, lab.now);
  lab.pass(Millis{100});
  EXPECT_EQ(lab.airbyte.reply(answer.ticket), job);
  EXPECT_EQ(lab.status(job), JobStatus::running);
  lab.pass(seconds{3});
  EXPECT_EQ(lab.status(job), JobStatus::cancelled);
}

TEST(Reset, CancelsTheSyncAndStartsItsOwnJob) {  // 6.3
  Lab lab;
  const auto sync = lab.running_job();
  ConnectionPatch patch;
  patch.status = ConnectionStatus::inactive;
  lab.airbyte.update(lab.id(), patch, lab.now);
  const auto answer = lab.airbyte.signal_reset(lab.id(), JobType::reset, lab.now);
  ASSERT_EQ(answer.signal, Signal::accepted) << "resets do not ask whether the connection is active";
  lab.pass(seconds{1});
  const auto reset = lab.airbyte.reply(answer.ticket);
  ASSERT_TRUE(reset);
  EXPECT_EQ(lab.status(sync), JobStatus::cancelled);
  EXPECT_EQ(lab.job(*reset).type, JobType::reset);
}

struct CapacityCase {
  const char* version;
  JobStatus waiting;
};
class Capacity : public testing::TestWithParam<CapacityCase> {};

TEST_P(Capacity, JobsBeyondItWaitInOrder) {  // 4.6, 8.1
  auto options = exact(GetParam().version);
  options.max_parallel = 1;
  Airbyte airbyte(options, {named("a"), named("b"), named("c")});
  auto now = day_one;
  for (ConnectionIndex i = 0; i < 3; ++i) airbyte.signal_sync(airbyte.connection(i).view.id, now);
  airbyte.advance(now += seconds{1});
  EXPECT_EQ(airbyte.job({100})->status, JobStatus::running);
  EXPECT_EQ(airbyte.job({101})->status, GetParam().waiting);
  EXPECT_EQ(airbyte.job({102})->status, GetParam().waiting);
  EXPECT_EQ(airbyte.signal_sync(airbyte.connection(1).view.id, now).signal, Signal::accepted) << "joins";
  airbyte.advance(now += seconds{10});
  EXPECT_EQ(airbyte.job({101})->status, JobStatus::running);
  EXPECT_EQ(airbyte.job({102})->status, GetParam().waiting);
  airbyte.advance(now += seconds{20});
  EXPECT_EQ(airbyte.job({102})->status, JobStatus::succeeded);
  EXPECT_EQ(airbyte.history().size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Versions, Capacity,
                         testing::Values(CapacityCase{"2.0.0", JobStatus::pending},
                                         CapacityCase{"2.1.0", JobStatus::queued}));

TEST(CapacityLimit, QueuedManualJobsAreCancelledAfterEightHours) {  // 8.1
  auto options = exact("2.1.0");
  options.max_parallel = 1;
  Airbyte airbyte(options, {named("a", Behaviour::never_ending()), named("b")});
  airbyte.signal_sync(airbyte.connection(0).view.id, day_one);
  airbyte.signal_sync(airbyte.connection(1).view.id, day_one);
  airbyte.advance(day_one + hours{7});
  EXPECT_EQ(airbyte.job({101})->status, JobStatus::queued);
  airbyte.advance(day_one + hours{9});
  EXPECT_EQ(airbyte.job({101})->status, JobStatus::cancelled);
}

}  // namespace
}  // namespace syncwarden::emulator
