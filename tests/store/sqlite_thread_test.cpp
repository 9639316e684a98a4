// The store's thread: order, groups, closing and cancelling.
#include "store/sqlite/inspect.hpp"
#include "support.hpp"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::store {
namespace {

using namespace test;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

/// Holds the store's thread where it reads the clock, so that what is asked meanwhile waits together.
class Gate {
 public:
  /// The clock to give to the store.
  Instant pass() {
    std::unique_lock lock{mutex_};
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    return at(0);
  }
  void shut() {
    const std::lock_guard lock{mutex_};
    open_ = arrived_ = false;
  }
  void await_arrival() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return arrived_; });
  }
  void open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  bool arrived_ = false;
};

class SqliteThread : public testing::Test {
 protected:
  void SetUp() override {
    SqliteOptions options;
    options.now = [this] { return gate_.pass(); };
    open_ = open_store(loop_, path_, options);
    loop_.restart();
  }
  void hold_thread() {
    gate_.shut();
    boost::asio::co_spawn(loop_, open_.store->acquire_or_renew("me", Millis{1}),
                          [](std::exception_ptr, const Result<std::optional<Lease>>&) {});
    gate_.await_arrival();
  }
  /// Asks for a commit; its answer goes to codes_ (nothing: success) in the order of the answers.
  void ask(Epoch epoch, std::vector<Mutation> batch, int number = 0) {
    boost::asio::co_spawn(loop_, open_.store->commit(request(epoch, std::move(batch))),
                          [this, number](std::exception_ptr, const Result<void>& result) {
                            codes_.push_back(result ? std::nullopt : std::optional{result.error().code});
                            order_.push_back(number);
                          });
  }
  static std::vector<Mutation> mark(std::int64_t number) {
    auto cursor = full_cursor();
    cursor.watermark = at(number);
    return {put::Cursor{cursor}};
  }
  Snapshot load() {
    auto snapshot = wait(loop_, open_.store->load());
    EXPECT_TRUE(snapshot);
    return snapshot ? *snapshot : Snapshot{};
  }

  Gate gate_;
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("state.db");
  std::vector<std::optional<Errc>> codes_;
  std::vector<int> order_;
  boost::asio::io_context loop_;
  OpenStore open_;
};

TEST_F(SqliteThread, CommitsHappenAndAnswerInTheOrderOfTheCalls) {
  hold_thread();
  std::vector<int> expected;
  for (int number = 0; number < 1000; ++number) {
    ask(open_.epoch, mark(number), number);
    expected.push_back(number);
  }
  gate_.open();
  loop_.run();
  EXPECT_THAT(codes_, Each(std::nullopt));
  EXPECT_EQ(order_, expected);
  EXPECT_EQ(load().cursors.at(0).watermark, at(999));
}

TEST_F(SqliteThread, AFloodOfQuestionsCostsACommitOneOfThemAndCommitsDoNotStarveThem) {
  hold_thread();
  for (int number = 100; number < 103; ++number) {
    boost::asio::co_spawn(loop_, open_.store->read({}),
                          [this, number](std::exception_ptr, const Result<HistoryPage>& page) {
                            EXPECT_TRUE(page);
                            order_.push_back(number);
                          });
  }
  ask(open_.epoch, mark(1), 1);
  gate_.open();
  loop_.run();
  EXPECT_THAT(order_, ElementsAre(100, 1, 101, 102));
}

TEST_F(SqliteThread, AGroupFailsAsAWholeAndNothingOfItStays) {
  ASSERT_TRUE(wait(loop_, open_.store->commit(request(open_.epoch, {put::PutRun{open_run(1, 42)}}))));
  loop_.restart();
  hold_thread();
  ask(open_.epoch, mark(1));
  ask(open_.epoch, {put::PutRun{open_run(2, 42)}});
  ask(open_.epoch, {put::PutRun{open_run(9)}});
  gate_.open();
  loop_.run();
  EXPECT_THAT(codes_, Each(std::optional{Errc::internal}));
  EXPECT_EQ(codes_.size(), 3U);
  const auto snapshot = load();
  EXPECT_THAT(snapshot.cursors, IsEmpty());
  EXPECT_THAT(snapshot.open_runs, ElementsAre(open_run(1, 42)));
}

TEST_F(SqliteThread, AFencedCommitDoesNotSpoilItsGroup) {
  hold_thread();
  ask(open_.epoch, mark(1));
  ask(Epoch{open_.epoch.value + 1}, {put::PutRun{open_run(9)}});
  ask(open_.epoch, mark(3));
  gate_.open();
  loop_.run();
  EXPECT_THAT(codes_, ElementsAre(std::nullopt, std::optional{Errc::fenced}, std::nullopt));
  const auto snapshot = load();
  EXPECT_EQ(snapshot.cursors.at(0).watermark, at(3));
  EXPECT_THAT(snapshot.open_runs, IsEmpty());
}

TEST_F(SqliteThread, CloseFinishesWhatWasAskedAndFreesTheFile) {
  for (int number = 0; number < 50; ++number) ask(open_.epoch, mark(number));
  open_.store->close();
  ask(open_.epoch, mark(99));
  const auto next = open_store(loop_, path_);  // while the old one still exists
  EXPECT_EQ(codes_.size(), 51U);
  EXPECT_EQ(std::count(codes_.begin(), codes_.end(), std::nullopt), 50);
  EXPECT_EQ(codes_.back(), Errc::cancelled);
  const auto snapshot = wait(loop_, next.store->load());
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->cursors.at(0).watermark, at(49));
}

TEST_F(SqliteThread, DestroyedWithWaitersItAnswersEachOfThemTruly) {
  hold_thread();
  for (int number = 0; number < 20; ++number) {
    ask(open_.epoch, {put::PutRun{open_run(static_cast<std::uint64_t>(number))}}, number);
  }
  {
    const std::jthread opener{[this] { gate_.open(); }};
    open_.store.reset();
  }
  loop_.run();
  ASSERT_EQ(codes_.size(), 20U);
  const auto next = open_store(loop_, path_);
  const auto snapshot = wait(loop_, next.store->load());
  ASSERT_TRUE(snapshot);
  const auto stored = std::count(codes_.begin(), codes_.end(), std::nullopt);
  EXPECT_EQ(stored, static_cast<std::ptrdiff_t>(snapshot->open_runs.size()));
  EXPECT_EQ(std::count(codes_.begin(), codes_.end(), Errc::cancelled), 20 - stored);
}

TEST_F(SqliteThread, TheLoopMayGoWithAnswersUndelivered) {
  auto inner = std::make_unique<boost::asio::io_context>();
  auto open = open_store(*inner, directory_.file("other.db"));
  boost::asio::co_spawn(
      *inner, open.store->commit(request(open.epoch, mark(1))),
      [](std::exception_ptr, const Result<void>&) { ADD_FAILURE() << "nobody runs the loop"; });
  inner->restart();
  inner->poll_one();  // it waits now
  open.store.reset();
  inner.reset();
}

TEST_F(SqliteThread, AWaitThatIsCancelledEndsAtOnceWhileTheCommitGoesOn) {
  hold_thread();
  boost::asio::cancellation_signal signal;
  std::optional<Result<void>> answer;
  boost::asio::co_spawn(
      loop_, open_.store->commit(request(open_.epoch, mark(5))),
      boost::asio::bind_cancellation_slot(
          signal.slot(), [&answer](std::exception_ptr, const Result<void>& result) { answer = result; }));
  loop_.poll();
  signal.emit(boost::asio::cancellation_type::terminal);
  loop_.poll();
  ASSERT_TRUE(answer) << "the store's thread is still held";
  EXPECT_EQ(answer->error().code, Errc::cancelled);
  gate_.open();
  loop_.run();
  EXPECT_EQ(load().cursors.at(0).watermark, at(5));
}

}  // namespace
}  // namespace syncwarden::store
