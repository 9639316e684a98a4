// How fast a receiver is told, and when it is asked again.
#include "notify/pace.hpp"

#include <gtest/gtest.h>

namespace syncwarden::notify {
namespace {

using namespace std::chrono_literals;

Mono at(Millis since) { return Mono{since}; }

TEST(PaceOfAReceiver, AnHourHoldsSoManyAndNoMore) {
  Pace pace(2, 0ms);
  EXPECT_EQ(pace.wait(at(0ms)), 0ms);
  pace.sent(at(0ms));
  pace.sent(at(10min));
  EXPECT_EQ(pace.wait(at(20min)), 40min) << "until the first one is an hour old";
  EXPECT_EQ(pace.wait(at(60min)), 0ms);
  pace.sent(at(60min));
  EXPECT_EQ(pace.wait(at(61min)), 9min);
}

TEST(PaceOfAReceiver, WithoutALimitOnlyTheDistanceHolds) {
  Pace pace(0, 1s);
  for (int i = 0; i < 10'000; ++i) pace.sent(at(5s));
  EXPECT_EQ(pace.wait(at(5s)), 1s);
  EXPECT_EQ(pace.wait(at(5'400ms)), 600ms);
  EXPECT_EQ(pace.wait(at(6s)), 0ms);
}

TEST(BackOff, DoublesToACapAndHeedsTheReceiver) {
  EXPECT_EQ(back_off(1, {}), 1s);
  EXPECT_EQ(back_off(2, {}), 2s);
  EXPECT_EQ(back_off(5, {}), 16s);
  EXPECT_EQ(back_off(10, {}), 5min);
  EXPECT_EQ(back_off(4'000'000'000U, {}), 5min);
  EXPECT_EQ(back_off(1, 2min), 2min);
  EXPECT_EQ(back_off(10, 1s), 5min) << "never sooner than our own back-off";
  EXPECT_EQ(back_off(1, 10h), 1h) << "a receiver cannot silence itself for ever";
}

TEST(BackOff, ReadsSecondsAndNothingElse) {
  EXPECT_EQ(retry_after("120"), 2min);
  EXPECT_EQ(retry_after("0"), 0ms);
  for (const char* text : {"", "-1", "1.5", " 3", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999"}) {
    EXPECT_FALSE(retry_after(text)) << text;
  }
}

TEST(Answers, WhatALaterAttemptCanMend) {
  for (const unsigned status : {408U, 429U, 500U, 502U, 503U, 599U}) EXPECT_TRUE(worth_repeating(status));
  for (const unsigned status : {301U, 400U, 401U, 403U, 404U, 410U, 413U})
    EXPECT_FALSE(worth_repeating(status));
  EXPECT_EQ(reason_of(401U), "authError");
  EXPECT_EQ(reason_of(404U), "clientError");
  EXPECT_EQ(reason_of(429U), "rateLimited");
  EXPECT_EQ(reason_of(503U), "serverError");
  EXPECT_EQ(reason_of(302U), "other");
  EXPECT_EQ(reason_of(Errc::reply_timeout), "contextDeadlineExceeded");
}

}  // namespace
}  // namespace syncwarden::notify
