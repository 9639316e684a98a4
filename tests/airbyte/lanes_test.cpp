#include "airbyte/impl/lanes.hpp"

#include <list>
#include <string>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;

constexpr Millis patient{std::chrono::minutes{1}};

struct Lanes : ::testing::Test {
  asio::io_context context;
  std::vector<std::string> order;
  std::list<Lane::Permit> held;
  Now now;
  asio::cancellation_signal signal;

  Lanes() { now.mono.since_boot = std::chrono::hours{1}; }

  asio::awaitable<void> enter(Lane* lane, std::string name, Millis patience) {
    Result<Lane::Permit> permit = co_await lane->enter(patience);
    if (permit) {
      order.push_back(name);
      held.push_back(std::move(*permit));
    } else {
      order.push_back(name + ":" + std::string(to_string(permit.error().code)));
    }
  }
  asio::awaitable<void> take(Bucket* bucket, bool urgent, std::string name, Millis patience) {
    const Result<void> turn = co_await bucket->take(urgent, patience);
    order.push_back(turn ? name : name + ":" + std::string(to_string(turn.error().code)));
  }
  static void ignore(std::exception_ptr /*error*/) {}
};

TEST_F(Lanes, FirstComeFirstServed) {
  Lane lane(context.get_executor(), 1);
  for (const char* name : {"a", "b", "c"}) {
    asio::co_spawn(context, enter(&lane, name, patient), ignore);
  }
  context.poll();
  EXPECT_THAT(order, ElementsAre("a"));
  EXPECT_EQ(lane.waiting(), 2U);
  held.pop_front();
  context.poll();
  EXPECT_THAT(order, ElementsAre("a", "b"));
  held.pop_front();
  context.poll();
  EXPECT_THAT(order, ElementsAre("a", "b", "c"));
  held.clear();
}

TEST_F(Lanes, ACancelledWaiterLeavesItsPlaceToTheNext) {
  Lane lane(context.get_executor(), 1);
  asio::co_spawn(context, enter(&lane, "a", patient), ignore);
  asio::co_spawn(context, enter(&lane, "b", patient), asio::bind_cancellation_slot(signal.slot(), ignore));
  asio::co_spawn(context, enter(&lane, "c", patient), ignore);
  context.poll();
  signal.emit(asio::cancellation_type::terminal);
  context.poll();
  EXPECT_EQ(lane.waiting(), 1U);
  held.clear();
  context.poll();
  EXPECT_EQ(order.back(), "c");
  held.clear();
}

TEST_F(Lanes, ATurnGivenToACancelledWaiterIsNotLost) {
  Lane lane(context.get_executor(), 1);
  asio::co_spawn(context, enter(&lane, "a", patient), ignore);
  asio::co_spawn(context, enter(&lane, "b", patient), asio::bind_cancellation_slot(signal.slot(), ignore));
  context.poll();
  held.clear();                                    // b is granted
  signal.emit(asio::cancellation_type::terminal);  // and cancelled before it runs
  context.restart();
  context.poll();
  held.clear();
  asio::co_spawn(context, enter(&lane, "c", patient), ignore);
  context.restart();
  context.poll();
  EXPECT_EQ(order.back(), "c");
  held.clear();
}

TEST_F(Lanes, PatienceAndClosingEndAWait) {
  Lane lane(context.get_executor(), 1);
  asio::co_spawn(context, enter(&lane, "a", patient), ignore);
  asio::co_spawn(context, enter(&lane, "b", Millis{0}), ignore);
  asio::co_spawn(context, enter(&lane, "c", patient), ignore);
  context.poll();
  lane.close();
  context.restart();
  context.poll();
  asio::co_spawn(context, enter(&lane, "d", patient), ignore);
  context.restart();
  context.poll();
  EXPECT_THAT(order, ElementsAre("a", "b:expired", "c:cancelled", "d:cancelled"));
  held.clear();
}

TEST_F(Lanes, UrgentOnesGoFirstWhenTheBucketIsEmpty) {
  Bucket bucket(context.get_executor(), 1, [this] { return now; });
  asio::co_spawn(context, take(&bucket, false, "first", patient), ignore);
  context.poll();
  asio::co_spawn(context, take(&bucket, false, "read 1", patient), ignore);
  asio::co_spawn(context, take(&bucket, false, "read 2", patient), ignore);
  asio::co_spawn(context, take(&bucket, true, "trigger", patient), ignore);
  context.restart();
  context.poll();
  EXPECT_THAT(order, ElementsAre("first"));
  for (int i = 0; i < 3; ++i) {
    now.mono = now.mono + std::chrono::seconds{1};
    // somebody who comes later does not overtake, but makes the bucket look at the clock
    asio::co_spawn(context, take(&bucket, false, "late " + std::to_string(i), patient), ignore);
    context.restart();
    context.poll();
  }
  EXPECT_THAT(order, ElementsAre("first", "trigger", "read 1", "read 2"));
  bucket.close();
  context.restart();
  context.poll();
  EXPECT_EQ(order.back(), "late 2:cancelled");
}

TEST_F(Lanes, NoRateIsNoLimit) {
  Bucket bucket(context.get_executor(), 0, [this] { return now; });
  for (int i = 0; i < 100; ++i) asio::co_spawn(context, take(&bucket, false, "x", Millis{0}), ignore);
  context.poll();
  EXPECT_EQ(order.size(), 100U);
}

}  // namespace
}  // namespace syncwarden::airbyte
