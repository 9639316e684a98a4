// SIGTERM: in order, and within the limit whatever hangs.
#include "stage.hpp"

#include <chrono>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

namespace syncwarden::runtime::testing {
namespace {

namespace asio = boost::asio;
using ::testing::Sequence;

bool stop(Stage& stage, Millis limit, Millis patience) {
  bool stopped = false;
  auto stopping = stage.shell->stop(limit);
  asio::co_spawn(stage.loop, std::move(stopping), [&stopped](const std::exception_ptr&) { stopped = true; });
  return stage.run_until([&stopped] { return stopped; }, patience);
}

TEST(Stop, AnswersAreTakenBeforeTheLastCommitAndTheLeaseGoesLast) {
  Stage stage;
  stage.open();
  stage.to_minute(0);
  ASSERT_EQ(stage.airbyte->triggers.size(), 1U);
  const auto commits = stage.store.onto_disk.size();
  ::testing::Mock::VerifyAndClearExpectations(&stage.events);
  const Sequence order;
  EXPECT_CALL(stage.events, Call("close airbyte")).InSequence(order);
  EXPECT_CALL(stage.events, Call("commit")).Times(::testing::AtLeast(1)).InSequence(order);
  EXPECT_CALL(stage.events, Call("release")).InSequence(order);

  ASSERT_TRUE(stop(stage, std::chrono::seconds{20}, std::chrono::seconds{5}));
  // The request that never left is taken back on disk, so that the next life asks again.
  ASSERT_GT(stage.store.onto_disk.size(), commits);
  const auto* run = std::get_if<put::PutRun>(&stage.store.onto_disk.back().batch.front());
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->run.phase, RunPhase::queued);
  EXPECT_EQ(stage.store.released, Epoch{7});
  ::testing::Mock::VerifyAndClearExpectations(&stage.events);
}

TEST(Stop, NothingNewIsAsked) {
  Stage stage;
  stage.open();
  ASSERT_TRUE(stop(stage, std::chrono::seconds{20}, std::chrono::seconds{5}));
  const auto polls = stage.airbyte->polls.size();
  stage.to_minute(0);
  EXPECT_TRUE(stage.airbyte->triggers.empty());
  EXPECT_EQ(stage.airbyte->polls.size(), polls);
}

TEST(Stop, ACallThatHangsIsLeftAnIntentWithinTheLimit) {
  Stage stage;
  stage.open();
  stage.to_minute(0);
  ASSERT_EQ(stage.airbyte->triggers.size(), 1U);
  stage.airbyte->deaf_to_close = true;
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(stop(stage, Millis{400}, std::chrono::seconds{10}));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{5});
  EXPECT_TRUE(stage.airbyte->triggers.front()->cancelled);
  EXPECT_EQ(stage.store.released, Epoch{7});
  bool intended = false;
  for (const auto& commit : stage.store.onto_disk) {
    intended = intended || Stage::intends(commit, Stage::connection(0));
  }
  EXPECT_TRUE(intended);
}

TEST(Stop, ACommitUnderWayIsWaitedFor) {
  Stage stage;
  stage.open();
  stage.store.hold = true;
  stage.to_minute(0);
  ASSERT_TRUE(stage.store.onto_disk.empty());
  asio::steady_timer soon(stage.loop, Millis{30});
  soon.async_wait([&stage](const boost::system::error_code&) {
    stage.store.hold = false;
    stage.store.let_one_through();
  });
  ASSERT_TRUE(stop(stage, std::chrono::seconds{20}, std::chrono::seconds{5}));
  EXPECT_FALSE(stage.store.onto_disk.empty());
  EXPECT_TRUE(stage.airbyte->triggers.empty());  // it is an intent that nobody has sent
}

}  // namespace
}  // namespace syncwarden::runtime::testing
