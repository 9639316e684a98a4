#include "app/moments.hpp"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace syncwarden::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// In Berlin, where the clocks go back on 2026-10-25.
class Moments : public ::testing::Test {
 protected:
  Moments() {
    ::setenv("TZ", "Europe/Berlin", 1);
    ::tzset();
  }
  Instant now = *parse_rfc3339("2026-11-26T21:35:00Z");
};

TEST_F(Moments, AreLocalWithTheirZone) {
  EXPECT_EQ(local_text(now, now), "22:35:00 CET");
  EXPECT_EQ(local_text(now + hours{8}, now), "2026-11-27 06:35 CET");
  EXPECT_EQ(local_text(*parse_rfc3339("2026-07-01T00:00:00Z"), now), "2026-07-01 02:00 CEST");
  EXPECT_EQ(when_text(now + minutes{4}, now), "22:39:00 CET (in 4m)");
  EXPECT_EQ(when_text(now - hours{3}, now), "19:35:00 CET (3h ago)");
  EXPECT_EQ(relative_text(now - Millis{200}, now), "now");
  EXPECT_EQ(when_text(std::nullopt, now), "-");
}

TEST_F(Moments, InTextsOfTheDaemonBecomeLocal) {
  EXPECT_EQ(with_local_times("due 2026-11-26T21:00:00Z, skipped; until 2026-11-27T05:00:00.5Z.", now),
            "due 22:00:00 CET, skipped; until 2026-11-27 06:00 CET.");
  for (const char* text :
       {"", "2026-11-26", "2026-11-26T21:00:00", "2026-11-26T21:00:00+01:00", "2026-99-26T21:00:00Z"})
    EXPECT_EQ(with_local_times(text, now), text) << "no instant in UTC";
}

TEST_F(Moments, AreReadAsPeopleWriteThem) {
  const auto read = [&](const char* text, Towards towards) {
    const auto at = parse_moment(text, now, towards);
    return at ? to_rfc3339(*at) : std::string("nothing");
  };
  EXPECT_EQ(read("2026-11-26T02:00:00Z", Towards::past), "2026-11-26T02:00:00Z");
  EXPECT_EQ(read("02:00", Towards::past), "2026-11-26T01:00:00Z");
  EXPECT_EQ(read("23:00", Towards::past), "2026-11-25T22:00:00Z")
      << "not come yet today, so it was yesterday";
  EXPECT_EQ(read("06:00", Towards::future), "2026-11-27T05:00:00Z") << "over today, so it is tomorrow";
  EXPECT_EQ(read("23:00:05", Towards::future), "2026-11-26T22:00:05Z");
  EXPECT_EQ(read("2026-07-01 02:00", Towards::past), "2026-07-01T00:00:00Z");
  EXPECT_EQ(read("2h", Towards::past), "2026-11-26T19:35:00Z");
  EXPECT_EQ(read("1h30m", Towards::future), "2026-11-26T23:05:00Z");
  for (const char* text : {"", "soon", "25:00", "02:60", "2:", "2026-02-30 02:00", "02:00x", "5"})
    EXPECT_EQ(read(text, Towards::past), "nothing") << text;
}

}  // namespace
}  // namespace syncwarden::app
