#include "runtime/wake_timer.hpp"

#include "runtime/clock.hpp"

#include <memory>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace syncwarden::runtime {
namespace {

class WakeTimerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = make_wake_timer(loop_.get_executor(), [this] { ++woke_; });
    ASSERT_TRUE(made);
    timer_ = std::move(*made);
  }
  void TearDown() override {
    timer_.reset();
    loop_.restart();
    loop_.poll();
  }
  /// Waits for the first wake; false after five seconds.
  bool wakes() {
    for (int i = 0; i < 1000 && woke_ == 0; ++i) {
      loop_.restart();
      loop_.run_for(Millis{5});
    }
    return woke_ > 0;
  }
  void wait(Millis time) {
    loop_.restart();
    loop_.run_for(time);
  }
  static NextWake wall(Millis in) { return {read_clock().wall + in, std::nullopt}; }
  static NextWake mono(Millis in) { return {std::nullopt, read_clock().mono + in}; }

  boost::asio::io_context loop_{1};
  int woke_ = 0;
  std::unique_ptr<WakeTimer> timer_;
};

TEST_F(WakeTimerTest, WakesAtAWallClockInstantAndNotBefore) {
  const auto wake = wall(Millis{30});
  timer_->set(wake);
  ASSERT_TRUE(wakes());
  EXPECT_GE(read_clock().wall, *wake.wall);
  wait(Millis{20});
  EXPECT_EQ(woke_, 1);
}

TEST_F(WakeTimerTest, WakesAtAMonotonicInstantAndNotBefore) {
  const auto wake = mono(Millis{30});
  timer_->set(wake);
  ASSERT_TRUE(wakes());
  EXPECT_GE(read_clock().mono, *wake.mono);
  wait(Millis{20});
  EXPECT_EQ(woke_, 1);
}

TEST_F(WakeTimerTest, AnInstantInThePastWakesAtOnce) {
  timer_->set(wall(Millis{-60'000}));
  EXPECT_TRUE(wakes());
}

TEST_F(WakeTimerTest, TheSameInstantTwiceWakesTwice) {
  const auto past = wall(Millis{-60'000});
  timer_->set(past);
  ASSERT_TRUE(wakes());
  woke_ = 0;
  timer_->set(past);
  EXPECT_TRUE(wakes());
}

TEST_F(WakeTimerTest, SettingItAgainReplacesWhatWasSet) {
  timer_->set({read_clock().wall + Millis{20}, read_clock().mono + Millis{20}});
  timer_->set({read_clock().wall + std::chrono::hours{1}, std::nullopt});
  wait(Millis{60});
  EXPECT_EQ(woke_, 0);
  timer_->set(mono(Millis{1}));
  EXPECT_TRUE(wakes());
}

TEST_F(WakeTimerTest, AStoppedOneIsSilent) {
  timer_->set(mono(Millis{10}));
  timer_->stop();
  wait(Millis{40});
  EXPECT_EQ(woke_, 0);
}

}  // namespace
}  // namespace syncwarden::runtime
