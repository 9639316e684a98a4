// The troubles that the recovery ladder is for, and those that it must leave alone.
#include "emulator/sample.hpp"
#include "lab.hpp"

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

Behaviour with(void (*change)(Behaviour&)) {
  auto behaviour = ten_seconds();
  change(behaviour);
  return behaviour;
}

TEST(StuckAtFirst, CancelAndRerunHelps) {
  Lab lab(Behaviour::stuck_at_first(2, {seconds{10}, seconds{10}}));
  for (int i = 0; i < 2; ++i) {
    const auto frozen = lab.running_job();
    lab.pass(hours{5});
    const auto before = lab.airbyte.view(lab.job(frozen)).counters;
    lab.pass(hours{5});
    EXPECT_EQ(lab.status(frozen), JobStatus::running);
    EXPECT_EQ(lab.airbyte.view(lab.job(frozen)).counters, before);
    lab.airbyte.signal_cancel(frozen, lab.now);
    lab.pass(seconds{1});
    EXPECT_EQ(lab.status(frozen), JobStatus::cancelled);
  }
  const auto third = lab.running_job();
  lab.pass(seconds{10});
  EXPECT_EQ(lab.status(third), JobStatus::succeeded);
}

TEST(SilenceAtEnd, CountersRestThenTheJobSucceeds) {
  Lab lab(with([](Behaviour& b) { b.silence_at_end = {minutes{20}, minutes{20}}; }));
  const auto id = lab.running_job();
  lab.pass(seconds{11});
  const auto counted = lab.airbyte.view(lab.job(id)).counters;
  EXPECT_EQ(counted.records_emitted, 1'000);
  EXPECT_EQ(counted.records_committed, 1'000);
  lab.pass(minutes{18});
  EXPECT_EQ(lab.airbyte.view(lab.job(id)).counters, counted);
  EXPECT_EQ(lab.status(id), JobStatus::running);
  EXPECT_FALSE(lab.airbyte.is_rate_limited(lab.job(id)));
  lab.pass(minutes{2});
  EXPECT_EQ(lab.status(id), JobStatus::succeeded);
  EXPECT_EQ(lab.airbyte.view(lab.job(id)).counters, counted);
}

TEST(Zombie, AnswersTheFirstCancelsAndGoesOn) {
  auto behaviour = Behaviour::never_ending();
  behaviour.ignores_cancels = 2;
  Lab lab(behaviour);
  const auto id = lab.running_job();
  for (int i = 0; i < 2; ++i) {
    const auto answer = lab.airbyte.signal_cancel(id, lab.now);
    EXPECT_EQ(lab.airbyte.reply(answer.ticket), id);
    lab.pass(minutes{10});
    EXPECT_EQ(lab.status(id), JobStatus::running);
  }
  lab.airbyte.signal_cancel(id, lab.now);
  lab.pass(seconds{1});
  EXPECT_EQ(lab.status(id), JobStatus::cancelled);
}

TEST(PendingForEver, OldServersIgnoreACancelNewOnesDoNot) {
  for (const auto* version : {"2.0.0", "2.1.0"}) {
    Lab lab(Behaviour::pending_for_ever(), exact(version));
    lab.sync();
    lab.pass(hours{15});
    EXPECT_EQ(lab.status({100}), JobStatus::pending);
    EXPECT_TRUE(lab.job({100}).attempts.empty());
    EXPECT_FALSE(lab.airbyte.workflow_runs(0));
    lab.airbyte.signal_cancel({100}, lab.now);
    lab.pass(seconds{1});
    EXPECT_EQ(lab.status({100}), version == std::string("2.0.0") ? JobStatus::pending : JobStatus::cancelled);
  }
}

TEST(BetweenAttemptsForEver, EndsOnlyWithACancel) {
  Lab lab(Behaviour::between_attempts_for_ever());
  const auto id = lab.running_job();
  lab.pass(hours{30});
  EXPECT_EQ(lab.status(id), JobStatus::incomplete);
  EXPECT_EQ(lab.job(id).attempts.size(), 1U);
  EXPECT_EQ(lab.sync().signal, Signal::conflict);
  lab.airbyte.signal_cancel(id, lab.now);
  lab.pass(seconds{1});
  EXPECT_EQ(lab.status(id), JobStatus::cancelled);
}

TEST(Capacity, ChangesInMidLife) {
  auto options = exact("2.1.0");
  options.max_parallel = 1;
  Airbyte airbyte(options, {named("a", Behaviour::never_ending()), named("b"), named("c")});
  auto now = day_one;
  for (ConnectionIndex i = 0; i < 3; ++i) airbyte.signal_sync(airbyte.connection(i).view.id, now);
  airbyte.advance(now += minutes{1});
  EXPECT_EQ(airbyte.job({101})->status, JobStatus::queued);
  airbyte.set_capacity(2, now);
  EXPECT_EQ(airbyte.job({101})->status, JobStatus::running);
  EXPECT_EQ(airbyte.job({102})->status, JobStatus::queued);
  airbyte.set_capacity(0, now);
  EXPECT_EQ(airbyte.job({102})->status, JobStatus::running);
}

TEST(Statistics, VanishInMidRunAndComeBack) {
  Lab lab(with([](Behaviour& b) { b.hides_stats = 1; }));
  const auto id = lab.running_job();
  lab.pass(seconds{3});
  EXPECT_TRUE(has_statistics(lab.airbyte.view(lab.job(id)).counters));
  lab.pass(seconds{2});
  EXPECT_FALSE(has_statistics(lab.airbyte.view(lab.job(id)).counters));
  lab.pass(seconds{3});
  EXPECT_EQ(lab.airbyte.view(lab.job(id)).counters.records_emitted, 800);
  lab.pass(seconds{2});
  EXPECT_EQ(lab.airbyte.view(lab.job(id)).counters.records_committed, 1'000);
}

TEST(Statistics, FallInMidRun) {
  Lab lab(with([](Behaviour& b) { b.restarts_counters = 1; }));
  const auto id = lab.running_job();
  lab.pass(Millis{4'900});
  EXPECT_EQ(lab.airbyte.view(lab.job(id)).counters.records_emitted, 490);
  lab.pass(Millis{600});
  EXPECT_EQ(lab.airbyte.view(lab.job(id)).counters.records_emitted, 100);
  lab.pass(seconds{5});
  EXPECT_EQ(lab.status(id), JobStatus::succeeded);
  EXPECT_EQ(lab.airbyte.view(lab.job(id)).counters.records_emitted, 1'000);
}

TEST(Volume, OutliersAreATwentiethOrTwentyTimes) {
  Lab low(with([](Behaviour& b) { b.low_volume = 1; }));
  Lab high(with([](Behaviour& b) { b.high_volume = 1; }));
  for (auto* lab : {&low, &high}) {
    const auto id = lab->running_job();
    lab->pass(seconds{10});
    EXPECT_EQ(lab->airbyte.view(lab->job(id)).counters.records_committed, lab == &low ? 50 : 20'000);
  }
}

TEST(Rejected, RecordsAreNotCommitted) {
  Lab lab(with([](Behaviour& b) { b.rejected = 0.2; }));
  const auto id = lab.running_job();
  lab.pass(seconds{10});
  const auto counters = lab.airbyte.view(lab.job(id)).counters;
  EXPECT_EQ(counters.records_emitted, 1'000);
  EXPECT_EQ(counters.records_rejected, 200);
  EXPECT_EQ(counters.records_committed, 800);
  EXPECT_EQ(counters.bytes_committed, 800 * 400);
}

TEST(Recovering, TheFirstJobsFailTheOthersDoNot) {
  auto behaviour = Behaviour::recovering_after(2, {seconds{1}, seconds{1}});
  behaviour.failure.type = FailureType::config_error;
  Lab lab(behaviour);
  std::vector<JobStatus> ends;
  for (int i = 0; i < 4; ++i) {
    const auto id = lab.running_job();
    lab.pass(minutes{1});
    ends.push_back(lab.status(id));
  }
  const std::vector<JobStatus> expected{JobStatus::failed, JobStatus::failed, JobStatus::succeeded,
                                        JobStatus::succeeded};
  EXPECT_EQ(ends, expected);
}

TEST(Recovering, CountsFromTheDayTheBehaviourWasSet) {
  Lab lab;
  for (int i = 0; i < 3; ++i) {
    lab.sync();
    lab.pass(minutes{1});
  }
  lab.airbyte.set_behaviour(lab.id(), Behaviour::stuck_at_first(1, {seconds{1}, seconds{1}}));
  const auto id = lab.running_job();
  lab.pass(hours{1});
  EXPECT_EQ(lab.status(id), JobStatus::running);
}

TEST(BreakingSchema, CancelsTheSyncAndSwitchesTheConnectionOff) {
  Lab lab(with([](Behaviour& b) { b.breaks_schema_after = 1; }), exact("2.1.0"));
  const auto good = lab.running_job();
  lab.pass(minutes{1});
  EXPECT_EQ(lab.status(good), JobStatus::succeeded);
  lab.sync();
  lab.pass(minutes{1});
  EXPECT_EQ(lab.status(lab.airbyte.newest_job()), JobStatus::cancelled);
  const auto& view = lab.airbyte.connection(0).view;
  EXPECT_TRUE(view.breaking_change);
  EXPECT_EQ(view.status, ConnectionStatus::inactive);
  EXPECT_EQ(view.status_reason, "SCHEMA_CHANGES_ARE_BREAKING");
  EXPECT_EQ(lab.sync().signal, Signal::inactive);

  ConnectionPatch decided;
  decided.status = ConnectionStatus::active;
  decided.breaking_change = false;
  lab.airbyte.update(lab.id(), decided, lab.now);
  EXPECT_TRUE(view.status_reason.empty());
  const auto again = lab.running_job();
  lab.pass(minutes{1});
  EXPECT_EQ(lab.status(again), JobStatus::succeeded);
}

TEST(BreakingSchema, FoundByTheDailyLookLetsARunningJobEnd) {
  Lab lab;
  const auto id = lab.running_job();
  EXPECT_TRUE(lab.airbyte.break_schema(lab.id(), lab.now));
  EXPECT_TRUE(lab.airbyte.connection(0).view.status_reason.empty()) << "2.0 does not tell";
  lab.pass(minutes{1});
  EXPECT_EQ(lab.status(id), JobStatus::succeeded);
  EXPECT_EQ(lab.sync().signal, Signal::inactive);
  EXPECT_FALSE(lab.airbyte.break_schema(ConnectionId{"nobody"}, lab.now));
}

TEST(History, IsPrunedAfterAWhile) {
  auto options = exact();
  options.keep_jobs = hours{1};
  Lab lab(ten_seconds(), options);
  const auto old = lab.running_job();
  lab.pass(hours{2});
  ASSERT_NE(lab.airbyte.job(old), nullptr);
  lab.sync();
  lab.pass(minutes{1});
  EXPECT_EQ(lab.airbyte.job(old), nullptr);
  EXPECT_EQ(lab.airbyte.jobs_kept(), 1U);
  EXPECT_EQ(lab.airbyte.signal_cancel(old, lab.now).signal, Signal::not_found);
}

TEST(Upgrade, NewRulesHoldAndJobsSurvive) {
  auto options = exact("0.50.40");
  options.max_parallel = 1;
  Airbyte airbyte(options, {named("a", Behaviour::never_ending()), named("b")});
  auto now = day_one;
  airbyte.signal_sync(airbyte.connection(0).view.id, now);
  airbyte.advance(now += seconds{1});
  airbyte.set_version("2.1.0", now);
  EXPECT_EQ(airbyte.options().version, "2.1.0");
  EXPECT_EQ(airbyte.job({100})->status, JobStatus::running);
  airbyte.signal_sync(airbyte.connection(1).view.id, now);
  airbyte.advance(now += seconds{1});
  EXPECT_EQ(airbyte.job({101})->status, JobStatus::queued);
  airbyte.set_version("2.0.0", now);
  EXPECT_EQ(airbyte.job({101})->status, JobStatus::pending) << "2.0 has no such word";
}

TEST(SecondLook, TellsOrphansAndRestingStreams) {
  Lab orphan(Behaviour::never_ending());
  const auto lost = orphan.running_job();
  EXPECT_EQ(orphan.airbyte.inspect(orphan.job(lost)).workflow_running, true);
  orphan.airbyte.make_orphan(orphan.id(), orphan.now);
  const auto seen = orphan.airbyte.inspect(orphan.job(lost));
  EXPECT_EQ(seen.job.status, JobStatus::running);
  EXPECT_EQ(seen.workflow_running, false);

  Lab resting(Behaviour::throttled({seconds{100}, seconds{100}}));
  const auto id = resting.running_job();
  resting.pass(seconds{50});
  const auto rests = resting.airbyte.inspect(resting.job(id));
  ASSERT_EQ(rests.streams.size(), 1U);
  EXPECT_EQ(rests.streams[0].state, StreamRunState::rate_limited);
  EXPECT_EQ(rests.streams[0].quota_reset, resting.job(id).attempts[0].created + seconds{80});
  resting.airbyte.set_version("0.40.32", resting.now);
  EXPECT_TRUE(resting.airbyte.inspect(resting.job(id)).streams.empty());
}

TEST(Sample, HasOneConnectionForEachStepOfRecovery) {
  auto options = exact();
  options.time_scale = 0.01;
  Airbyte airbyte(options, sample_pipelines());
  const auto find = [&airbyte](std::string_view name) {
    for (ConnectionIndex i = 0; i < airbyte.connections(); ++i) {
      if (airbyte.connection(i).view.name == name) return i;
    }
    ADD_FAILURE() << name;
    return ConnectionIndex{0};
  };
  auto now = day_one;
  const auto run = [&](std::string_view name, Millis wait) -> const Job& {
    const auto index = find(name);
    airbyte.signal_sync(airbyte.connection(index).view.id, now);
    airbyte.advance(now += wait);
    return *airbyte.last_job(index);
  };
  const auto& frozen = run("shipments → warehouse", minutes{10});
  EXPECT_EQ(frozen.status, JobStatus::running);
  airbyte.signal_cancel(frozen.id, now);
  airbyte.advance(now += seconds{1});
  EXPECT_EQ(run("shipments → warehouse", seconds{8}).status, JobStatus::succeeded);

  EXPECT_TRUE(airbyte.is_rate_limited(run("contacts → warehouse", seconds{30})));
  airbyte.advance(now += minutes{1});
  EXPECT_EQ(airbyte.last_job(find("contacts → warehouse"))->status, JobStatus::succeeded);

  const auto& empty = run("surveys → warehouse", seconds{6});
  EXPECT_EQ(empty.status, JobStatus::succeeded);
  EXPECT_EQ(airbyte.view(empty).counters.records_committed, 0);

  for (int i = 0; i < 3; ++i) EXPECT_EQ(run("refunds → warehouse", seconds{8}).status, JobStatus::failed);
  EXPECT_EQ(run("refunds → warehouse", seconds{8}).status, JobStatus::succeeded);
}

}  // namespace
}  // namespace syncwarden::emulator
