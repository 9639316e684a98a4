// The write-ahead rule: what changes something in Airbyte starts after its commit; what only looks does not
// wait for the disk.
#include "stage.hpp"

#include <gtest/gtest.h>

namespace syncwarden::runtime::testing {
namespace {

TEST(Commit, NothingIsTriggeredBeforeItsIntentIsOnDisk) {
  Stage stage;
  stage.open();
  stage.store.hold = true;
  stage.to_minute(0);
  ASSERT_EQ(stage.store.begun.size(), 1U);
  EXPECT_TRUE(Stage::intends(stage.store.begun.front(), Stage::connection(0)));
  EXPECT_EQ(stage.store.begun.front().epoch, Epoch{7});
  EXPECT_TRUE(stage.airbyte->triggers.empty());
  stage.store.let_one_through();
  stage.run();
  ASSERT_EQ(stage.airbyte->triggers.size(), 1U);
  EXPECT_EQ(stage.airbyte->triggers.front()->request.connection, Stage::connection(0));
}

TEST(Commit, NothingIsCancelledBeforeTheCommitOfItsDecision) {
  Stage stage(OverlapPolicy::cancel_other);
  stage.open();
  stage.to_minute(1);
  ASSERT_EQ(stage.airbyte->triggers.size(), 2U);  // both of the last half hour
  for (std::size_t i = 0; i < 2; ++i) {
    const auto job = stage.airbyte->triggers[i]->request.connection == Stage::connection(0) ? 100 : 101;
    stage.airbyte->triggers[i]->reply(Stage::created(job));
  }
  stage.run();
  stage.to_minute(3);  // connections 2 and 3 are due as well, so that there is something to commit
  stage.store.hold = true;
  stage.to_minute(0);
  ASSERT_FALSE(stage.store.begun.empty());
  EXPECT_TRUE(stage.airbyte->cancels.empty());
  stage.store.let_one_through();
  stage.run();
  for (int i = 0; i < 5 && stage.airbyte->cancels.empty(); ++i) {
    stage.store.let_one_through();
    stage.run();
  }
  ASSERT_FALSE(stage.airbyte->cancels.empty());
  EXPECT_EQ(stage.airbyte->cancels.front()->request.job, JobId{100});
}

TEST(Commit, ReadsDoNotWaitForAStalledDisk) {
  Stage stage;
  stage.open();
  const auto polls = stage.airbyte->polls.size();
  stage.store.hold = true;
  stage.to_minute(0);
  stage.later(std::chrono::minutes{2});
  EXPECT_GT(stage.airbyte->polls.size(), polls);
  EXPECT_TRUE(stage.airbyte->triggers.empty());
}

TEST(Commit, WhatIsDecidedMeanwhileGoesIntoOneNextCommit) {
  Stage stage;
  stage.open();
  stage.store.hold = true;
  stage.to_minute(0);
  stage.to_minute(1);
  stage.to_minute(2);
  stage.to_minute(3);
  ASSERT_EQ(stage.store.begun.size(), 1U);
  stage.store.let_one_through();
  stage.run();
  ASSERT_EQ(stage.store.begun.size(), 2U);
  for (const std::size_t i : {1U, 2U, 3U}) {
    EXPECT_TRUE(Stage::intends(stage.store.begun[1], Stage::connection(i))) << i;
  }
  EXPECT_EQ(stage.airbyte->triggers.size(), 1U);
  stage.store.let_one_through();
  stage.run();
  EXPECT_EQ(stage.airbyte->triggers.size(), 4U);
}

TEST(Commit, AFailedOneIsTriedAgainAndNothingIsTriggeredMeanwhile) {
  Stage stage;
  stage.open();
  stage.store.refusal = Error{Errc::store_failed, "no space left on device", "state", ""};
  stage.to_minute(0);
  EXPECT_FALSE(stage.shell->store_healthy());
  ASSERT_FALSE(stage.commits.empty());
  EXPECT_EQ(stage.commits.front(), Errc::store_failed);
  stage.to_minute(1);  // the core knows that the disk is away: nothing is decided
  ASSERT_TRUE(stage.run_until([&] { return stage.store.begun.size() >= 2; }));
  EXPECT_TRUE(Stage::intends(stage.store.begun[1], Stage::connection(0)));
  EXPECT_FALSE(Stage::intends(stage.store.begun[1], Stage::connection(1)));
  EXPECT_TRUE(stage.airbyte->triggers.empty());
  EXPECT_TRUE(stage.store.onto_disk.empty());
  EXPECT_TRUE(stage.fatal.empty());

  stage.store.refusal.reset();
  ASSERT_TRUE(stage.run_until([&] { return stage.airbyte->triggers.size() == 2; }));
  EXPECT_TRUE(stage.shell->store_healthy());
  EXPECT_TRUE(Stage::intends(stage.store.onto_disk.front(), Stage::connection(0)));
  EXPECT_EQ(stage.commits.back(), std::nullopt);
}

TEST(Commit, AFormerLeaderStops) {
  Stage stage;
  stage.open();
  stage.store.refusal = Error{Errc::fenced, "another leader took over", "state", ""};
  stage.to_minute(0);
  ASSERT_EQ(stage.fatal.size(), 1U);
  EXPECT_EQ(stage.fatal.front().code, Errc::fenced);
  EXPECT_TRUE(stage.airbyte->triggers.empty());
}

TEST(Commit, AStateThatAnotherLeadsIsNotStarted) {
  Stage stage;
  stage.store.led_by_another = true;
  const auto started = stage.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::store_locked);
  EXPECT_TRUE(stage.airbyte->probes.empty());
}

TEST(Requests, ATriggerWhoseEffectWasSeenIsTakenOutOfTheLane) {
  Stage stage;
  stage.open();
  stage.to_minute(0);
  ASSERT_EQ(stage.airbyte->triggers.size(), 1U);
  ASSERT_FALSE(stage.airbyte->polls.back()->ended);
  // That poll was asked for at the same time as the request, and shows its job.
  auto job = stage.running(5, 0);
  job.created += std::chrono::milliseconds{100};
  stage.answer_poll({job});
  stage.run();
  if (!stage.airbyte->triggers.front()->ended) {
    stage.later(std::chrono::minutes{1});
    stage.answer_poll({job});
  }
  EXPECT_TRUE(stage.airbyte->triggers.front()->ended);
  EXPECT_TRUE(stage.airbyte->triggers.front()->cancelled);
  EXPECT_EQ(stage.airbyte->triggers.size(), 1U);
}

TEST(Requests, AReloadedClientTakesOnlyNewRequests) {
  Stage stage;
  stage.open();
  stage.to_minute(0);
  ASSERT_EQ(stage.airbyte->triggers.size(), 1U);
  auto next = std::make_shared<FakeAirbyte>(stage.loop.get_executor(), stage.events);
  stage.shell->change(stage.plan(), next);
  stage.run();
  stage.to_minute(1);
  EXPECT_EQ(stage.airbyte->triggers.size(), 1U);
  ASSERT_EQ(next->triggers.size(), 1U);
  EXPECT_EQ(next->triggers.front()->request.connection, Stage::connection(1));
  // The old one still answers for what it was asked.
  EXPECT_FALSE(stage.airbyte->triggers.front()->ended);
  stage.airbyte->triggers.front()->reply(Stage::created(9));
  stage.run();
  const auto& last = stage.store.onto_disk.back().batch;
  bool proven = false;
  for (const auto& mutation : last) {
    const auto* run = std::get_if<put::PutRun>(&mutation);
    proven = proven || (run != nullptr && run->run.job == JobId{9});
  }
  EXPECT_TRUE(proven);
}

TEST(Requests, AShellWhoseAlarmIsOverdueIsNotAwake) {
  Stage stage;
  stage.open();
  EXPECT_TRUE(stage.shell->awake(stage.now));
  Now late = stage.now;
  late.wall += std::chrono::hours{2};
  EXPECT_FALSE(stage.shell->awake(late));
}

}  // namespace
}  // namespace syncwarden::runtime::testing
