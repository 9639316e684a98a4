// What every store must do, run on each of them.
#include "contract.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::store {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Every, StoreContract, testing::Values(Kind::memory, Kind::sqlite), kind_name);

TEST_P(StoreContract, AnEmptyStoreLoadsEmpty) {
  const auto snapshot = load();
  EXPECT_THAT(snapshot.cursors, IsEmpty());
  EXPECT_THAT(snapshot.open_runs, IsEmpty());
  EXPECT_THAT(snapshot.jobs, IsEmpty());
  EXPECT_FALSE(snapshot.job_cursor);
}

TEST_P(StoreContract, EveryFieldComesBackAlsoAfterAReopening) {
  ASSERT_TRUE(commit(
      {put::Cursor{full_cursor()}, put::PutTick{full_tick()}, put::PutRun{full_run()},
       put::PutJob{full_job()}, put::PutHistory{full_history()}, put::PutConnection{full_connection()},
       put::PutIncident{full_incident()}, put::PutRecovery{full_recovery()}, put::PutPause{full_pause()},
       put::PutCommand{full_command()}, put::PutNotice{full_notice()}, put::JobCursor{at(highest)}}));
  backend_->reopen();
  const auto snapshot = load();
  EXPECT_THAT(snapshot.cursors, ElementsAre(full_cursor()));
  EXPECT_THAT(backend_->ticks(), ElementsAre(full_tick()));
  EXPECT_THAT(snapshot.open_runs, ElementsAre(full_run()));
  EXPECT_THAT(snapshot.jobs, ElementsAre(full_job()));
  EXPECT_THAT(snapshot.histories, ElementsAre(full_history()));
  EXPECT_THAT(snapshot.connections, ElementsAre(full_connection()));
  EXPECT_THAT(snapshot.incidents, ElementsAre(full_incident()));
  EXPECT_EQ(snapshot.newest_incident, full_incident().id);
  EXPECT_THAT(snapshot.recoveries, ElementsAre(full_recovery()));
  EXPECT_THAT(snapshot.pauses, ElementsAre(full_pause()));
  EXPECT_THAT(snapshot.commands, ElementsAre(full_command()));
  EXPECT_THAT(snapshot.outbox, ElementsAre(full_notice()));
  EXPECT_EQ(snapshot.job_cursor, at(highest));
}

TEST_P(StoreContract, FieldsThatAreAbsentStayAbsent) {
  const auto run = open_run(1);
  JobRecord record;
  record.job.id = JobId{5};
  ConnectionView connection;
  ConnectionHistory history;
  ASSERT_TRUE(
      commit({put::PutRun{run}, put::PutJob{record}, put::PutConnection{connection}, put::PutHistory{history},
              put::PutIncident{{}}, put::PutRecovery{{}}, put::PutPause{{}}, put::PutCommand{{}}}));
  backend_->reopen();
  const auto snapshot = load();
  EXPECT_THAT(snapshot.open_runs, ElementsAre(run));
  EXPECT_THAT(snapshot.jobs, ElementsAre(record));
  EXPECT_THAT(snapshot.connections, ElementsAre(connection));
  EXPECT_THAT(snapshot.histories, ElementsAre(history));
  EXPECT_THAT(snapshot.incidents, ElementsAre(Incident{}));
  EXPECT_THAT(snapshot.recoveries, ElementsAre(Recovery{}));
  EXPECT_THAT(snapshot.pauses, ElementsAre(syncwarden::Pause{}));
  EXPECT_THAT(snapshot.commands, ElementsAre(CommandRecord{}));
}

TEST_P(StoreContract, EveryWordOfEveryEnumComesBack) {
  std::vector<Mutation> batch;
  std::vector<JobRecord> jobs;
  std::int64_t id = 0;
  for (const auto status : all_job_statuses) {
    for (const auto type : all_job_types) {
      auto record = job(++id, status, 1000);
      record.job.type = type;
      const auto at_failure = static_cast<std::size_t>(id);
      record.job.failures = {JobFailure{all_failure_origins[at_failure % all_failure_origins.size()],
                                        all_failure_types[at_failure % all_failure_types.size()], ""}};
      jobs.push_back(record);
      batch.emplace_back(put::PutJob{record});
    }
  }
  batch.emplace_back(put::JobCursor{at(1000)});
  std::vector<syncwarden::Run> runs;
  for (const auto cause : all_trigger_causes) {
    for (const auto failure : all_failure_classes) {
      auto run = open_run(static_cast<std::uint64_t>(++id));
      run.cause = cause;
      run.failure = failure;
      run.phase = static_cast<RunPhase>(id % 5);
      run.attribution = static_cast<Attribution>(id % 4);
      run.verdict = static_cast<Verdict>(id % 7);
      runs.push_back(run);
      batch.emplace_back(put::PutRun{run});
    }
  }
  std::vector<Incident> incidents;
  std::vector<Recovery> recoveries;
  for (const auto kind : all_incident_kinds) {
    for (const auto stuck : all_stuck_kinds) {
      Incident incident;
      incident.id = IncidentId{incidents.size() + 1};
      incident.kind = kind;
      incident.stuck = stuck;
      incident.severity = all_severities.at(incidents.size() % all_severities.size());
      incidents.push_back(incident);
      batch.emplace_back(put::PutIncident{incident});
      Recovery recovery;
      recovery.job = JobId{++id};
      if (recoveries.size() % 4 != 0) recovery.kind = stuck;
      if (!recovery.kind && recoveries.size() % 8 == 0) recovery.by = "alice, by hand";
      recovery.action = static_cast<StuckAction>(recoveries.size() % 3);
      recoveries.push_back(recovery);
      batch.emplace_back(put::PutRecovery{recovery});
    }
  }
  ASSERT_TRUE(commit(std::move(batch)));
  const auto snapshot = load();
  EXPECT_EQ(snapshot.jobs, jobs);
  EXPECT_EQ(snapshot.open_runs, runs);
  EXPECT_EQ(snapshot.incidents, incidents);
  EXPECT_EQ(snapshot.recoveries, recoveries);
}

TEST_P(StoreContract, PuttingAgainReplaces) {
  auto run = open_run(1);
  auto changing = tick(7, TickOutcome::skipped);
  ASSERT_TRUE(commit({put::PutRun{run}, put::PutTick{changing}, put::Cursor{full_cursor()}}));
  run.phase = RunPhase::watching;
  run.job = JobId{9};
  changing.also = 3;
  changing.outcome = TickOutcome::attached;
  auto cursor = full_cursor();
  cursor.watermark = at(77);
  ASSERT_TRUE(commit({put::PutRun{run}, put::PutTick{changing}, put::Cursor{cursor}}));
  const auto snapshot = load();
  EXPECT_THAT(snapshot.open_runs, ElementsAre(run));
  EXPECT_THAT(backend_->ticks(), ElementsAre(changing));
  EXPECT_THAT(snapshot.cursors, ElementsAre(cursor));
}

TEST_P(StoreContract, DroppedThingsAreGone) {
  ASSERT_TRUE(commit({put::Cursor{full_cursor()}, put::PutConnection{full_connection()}}));
  ASSERT_TRUE(commit({put::DropCursor{full_cursor().schedule}, put::DropConnection{full_connection().id}}));
  const auto snapshot = load();
  EXPECT_THAT(snapshot.cursors, IsEmpty());
  EXPECT_THAT(snapshot.connections, IsEmpty());
}

TEST_P(StoreContract, AJobKeepsTheRunThatCreatedItAndOnlyItsFirstFailure) {
  auto mine = job(5, JobStatus::running, 0);
  mine.run = RunId{1, 1};
  ASSERT_TRUE(commit({put::PutJob{mine}}));
  auto later = job(5, JobStatus::incomplete, 10);
  later.job.failures = {JobFailure{FailureOrigin::source, FailureType::config_error, "first"},
                        JobFailure{FailureOrigin::destination, FailureType::system_error, "second"}};
  auto other = later;
  other.run = RunId{2, 2};
  ASSERT_TRUE(commit({put::PutJob{later}, put::PutJob{other}}));
  auto expected = later;
  expected.run = RunId{1, 1};
  expected.job.failures.resize(1);
  EXPECT_THAT(load().jobs, ElementsAre(expected));
}

TEST_P(StoreContract, LoadBringsOpenThingsOnly) {
  ASSERT_TRUE(commit({put::PutRun{open_run(1)}, put::PutRun{finished_run(2)}}));
  const auto snapshot = load();
  EXPECT_THAT(snapshot.open_runs, ElementsAre(open_run(1)));
}

TEST_P(StoreContract, LoadBringsJobsThatAreActiveOrOfOpenRunsOrRecent) {
  constexpr std::int64_t cursor = 10'000'000;
  constexpr std::int64_t hour = 3'600'000;
  auto created = job(6, JobStatus::failed, 0);  // an earlier job of an open run
  created.run = open_run(1).id;
  auto of_finished = job(7, JobStatus::succeeded, 0);
  of_finished.run = finished_run(2).id;
  ASSERT_TRUE(
      commit({put::PutJob{job(1, JobStatus::running, 0)}, put::PutJob{job(2, JobStatus::unknown, 0)},
              put::PutJob{job(3, JobStatus::succeeded, cursor - hour)},
              put::PutJob{job(4, JobStatus::succeeded, cursor - hour - 1)},
              put::PutJob{job(5, JobStatus::cancelled, 0)}, put::PutJob{created}, put::PutJob{of_finished},
              put::PutRun{open_run(1, 5)}, put::PutRun{finished_run(2, 7)}, put::JobCursor{at(cursor)}}));
  EXPECT_THAT(loaded_jobs(), ElementsAre(1, 2, 3, 5, 6));
}

TEST_P(StoreContract, WithoutAJobCursorNoEndedJobIsRecent) {
  ASSERT_TRUE(
      commit({put::PutJob{job(1, JobStatus::failed, 500)}, put::PutJob{job(2, JobStatus::queued, 0)}}));
  EXPECT_THAT(loaded_jobs(), ElementsAre(2));
}

TEST_P(StoreContract, TheEarliestJobCursorDoesNotWrapAround) {
  ASSERT_TRUE(commit({put::PutJob{job(1, JobStatus::failed, lowest)}, put::JobCursor{at(lowest)}}));
  EXPECT_THAT(loaded_jobs(), ElementsAre(1));
}

TEST_P(StoreContract, ABatchWithABadRowLeavesNothing) {
  ASSERT_TRUE(commit({put::PutRun{open_run(1, 42)}}));
  const auto result = commit({put::PutTick{tick(1)}, put::Cursor{full_cursor()}, put::PutRun{open_run(2, 42)},
                              put::JobCursor{at(5)}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::internal) << to_string(result.error());
  const auto snapshot = load();
  EXPECT_THAT(backend_->ticks(), IsEmpty());
  EXPECT_THAT(snapshot.cursors, IsEmpty());
  EXPECT_FALSE(snapshot.job_cursor);
  EXPECT_THAT(snapshot.open_runs, ElementsAre(open_run(1, 42)));
  EXPECT_TRUE(commit({put::PutTick{tick(1)}})) << "the store goes on";
}

TEST_P(StoreContract, AJobBelongsToOneOpenRunButMayBeSharedByAttachedAndFinishedOnes) {
  auto attached = open_run(2, 42);
  attached.attribution = Attribution::attached;
  EXPECT_TRUE(
      commit({put::PutRun{open_run(1, 42)}, put::PutRun{attached}, put::PutRun{finished_run(3, 42)}}));
  EXPECT_FALSE(commit({put::PutRun{open_run(4, 42)}}));
  // It passes on within one batch, once its holder is done with it.
  EXPECT_TRUE(commit({put::PutRun{finished_run(1, 42)}, put::PutRun{open_run(4, 42)}}));
  EXPECT_FALSE(commit({put::PutRun{open_run(5, 7)}, put::PutRun{open_run(6, 7)}}));
  EXPECT_TRUE(
      commit({put::PutRun{open_run(5, 7)}, put::PutRun{open_run(5, 8)}, put::PutRun{open_run(6, 7)}}));
}

TEST_P(StoreContract, OnlyTheCurrentEpochCommits) {
  EXPECT_EQ(commit_as(Epoch{epoch_.value + 1}, {}).error().code, Errc::fenced);
  EXPECT_EQ(lead("me"), epoch_) << "a renewal keeps the epoch";
  const auto held = wait(backend_->loop, backend_->store().acquire_or_renew("other", Millis{1000}));
  ASSERT_TRUE(held);
  EXPECT_FALSE(*held) << "unexpired";
  clock_ += Millis{1000};
  const auto other = lead("other");
  EXPECT_GT(other, epoch_);
  const auto late = commit({put::PutRun{open_run(1)}});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::fenced);
  EXPECT_THAT(load().open_runs, IsEmpty());
  EXPECT_TRUE(commit_as(other, {put::PutRun{open_run(1)}}));
}

TEST_P(StoreContract, AReleasedEpochIsOver) {
  EXPECT_EQ(wait(backend_->loop, backend_->store().release(Epoch{99})).error().code, Errc::fenced);
  ASSERT_TRUE(wait(backend_->loop, backend_->store().release(epoch_)));
  EXPECT_EQ(commit({put::PutRun{open_run(1)}}).error().code, Errc::fenced);
  EXPECT_GT(lead("me"), epoch_) << "the same owner starts anew";
}

TEST_P(StoreContract, PruneForgetsTheOldAndClosedAndKeepsTheRest) {
  auto of_open_run = tick(3);
  of_open_run.run = open_run(50).id;
  auto created = job(4, JobStatus::failed, 1);
  created.run = open_run(50).id;
  auto late = finished_run(2);  // due long ago, tried until recently
  late.intended = at(200'000'000);
  ASSERT_TRUE(commit(
      {put::PutTick{tick(1)}, put::PutTick{tick(2)}, put::PutTick{of_open_run},
       put::PutTick{tick(90'000'000)}, put::PutRun{open_run(50, 3)}, put::PutRun{finished_run(1)},
       put::PutRun{late}, put::PutRun{finished_run(95'000)}, put::PutJob{job(1, JobStatus::succeeded, 1)},
       put::PutJob{job(2, JobStatus::running, 1)}, put::PutJob{job(3, JobStatus::succeeded, 1)},
       put::PutJob{created}, put::PutJob{job(5, JobStatus::failed, 95'000'000)},
       put::JobCursor{at(80'000'000)}, put::Prune{at(90'000'000)}}));
  EXPECT_THAT(backend_->tick_nominals(), ElementsAre(3, 90'000'000));
  EXPECT_THAT(backend_->run_ids(), ElementsAre(late.id, open_run(50).id, finished_run(95'000).id));
  EXPECT_THAT(loaded_jobs(), ElementsAre(2, 3, 4, 5));
}

TEST_P(StoreContract, PruneNeverForgetsJobsThatTheNextStartNeeds) {
  constexpr std::int64_t cursor = 10'000'000;
  ASSERT_TRUE(commit({put::PutJob{job(1, JobStatus::failed, cursor - 3'600'001)},
                      put::PutJob{job(2, JobStatus::failed, cursor - 3'600'000)}, put::JobCursor{at(cursor)},
                      put::Prune{at(highest)}, put::JobCursor{at(lowest)}}));
  EXPECT_THAT(loaded_jobs(), ElementsAre(2));
}

TEST_P(StoreContract, PruneIsBoundedAndStartsWithTheOldest) {
  ASSERT_TRUE(commit({put::PutTick{tick(5)}, put::PutTick{tick(4)}, put::PutTick{tick(3)},
                      put::PutTick{tick(2)}, put::PutTick{tick(1)}}));
  ASSERT_TRUE(commit({put::Prune{at(1'000)}}));
  EXPECT_THAT(backend_->tick_nominals(), ElementsAre(4, 5));
  ASSERT_TRUE(commit({put::Prune{at(1'000)}}));
  EXPECT_THAT(backend_->tick_nominals(), IsEmpty());
}

TEST_P(StoreContract, AClosedStoreAnswersCancelled) {
  backend_->store().close();
  backend_->store().close();
  EXPECT_EQ(commit({}).error().code, Errc::cancelled);
  EXPECT_EQ(wait(backend_->loop, backend_->store().load()).error().code, Errc::cancelled);
  EXPECT_EQ(wait(backend_->loop, backend_->store().stats()).error().code, Errc::cancelled);
  EXPECT_EQ(wait(backend_->loop, backend_->store().read({})).error().code, Errc::cancelled);
  EXPECT_EQ(wait(backend_->loop, backend_->store().backup("x")).error().code, Errc::cancelled);
}

}  // namespace
}  // namespace syncwarden::store
