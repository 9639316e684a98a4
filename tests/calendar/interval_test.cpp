// Intervals, their spread, and jitter.
#include "calendar/every.hpp"
#include "tables.hpp"

#include <set>

#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Every, IsAlignedToTheEpochPlusItsPhase) {
  const auto hourly = Schedule::every({hours{1}, minutes{10}});
  EXPECT_EQ(test::next(hourly, "2026-03-29T00:30:00Z", 2), "2026-03-29T01:10:00Z 2026-03-29T02:10:00Z");
  EXPECT_EQ(test::next(hourly, "2026-03-29T01:10:00Z", 1), "2026-03-29T02:10:00Z");
  EXPECT_EQ(test::next(hourly, "2026-03-29T01:09:59.999Z", 1), "2026-03-29T01:10:00Z");
  EXPECT_EQ(test::next(Schedule::every({hours{24}, {}}), "1969-12-31T12:00:00Z", 1), "1970-01-01T00:00:00Z");
  EXPECT_EQ(hourly->text(), "every 1h phase 10m");
  EXPECT_EQ(Schedule::every({hours{1}, {}})->text(), "every 1h");
  EXPECT_EQ(hourly->next(Instant::max()), std::nullopt);
  EXPECT_TRUE(hourly->next(Instant::min()).has_value());
}

TEST(Every, RefusesIntervalsItCannotKeep) {
  EXPECT_FALSE(Schedule::every({Millis{999}, {}}).has_value());
  EXPECT_FALSE(Schedule::every({Millis{1500}, {}}).has_value());
  EXPECT_FALSE(Schedule::every({Millis{0}, {}}).has_value());
  EXPECT_FALSE(Schedule::every({Millis::max(), {}}).has_value());
  EXPECT_FALSE(Schedule::every({hours{1}, hours{1}}).has_value());
  EXPECT_FALSE(Schedule::every({hours{1}, minutes{-1}}).has_value());
  EXPECT_TRUE(Schedule::every({seconds{1}, {}}).has_value());
}

TEST(Every, IsReadFromText) {
  EXPECT_EQ(parse_every("every 6h")->interval, hours{6});
  EXPECT_EQ(parse_every("  every  1h30m phase 10m ")->phase, minutes{10});
  for (const char* text :
       {"every", "every 6", "every 6h phase", "every 6h after 1h", "6h", "everyday", "every 6h phase 1"}) {
    EXPECT_FALSE(parse_every(text).has_value()) << text;
  }
}

TEST(SpreadPhase, IsStableWholeSecondsWithinTheInterval) {
  std::set<Millis> phases;
  for (int i = 0; i < 200; ++i) {
    const std::string id = fmt::format("connection-{}", i);
    const Millis phase = spread_phase(id, hours{1});
    EXPECT_GE(phase, Millis{0});
    EXPECT_LT(phase, hours{1});
    EXPECT_EQ(phase % seconds{1}, Millis{0});
    EXPECT_EQ(phase, spread_phase(id, hours{1}));
    phases.insert(phase);
  }
  EXPECT_GT(phases.size(), 180U);
  EXPECT_EQ(spread_phase("x", Millis{0}), Millis{0});
}

TEST(Jitter, IsStableAndNeverReachesHalfWayToTheNextTick) {
  const Instant nominal = test::at("2026-01-01T00:00:00Z");
  const Millis minute = minutes{1};
  for (int i = 0; i < 500; ++i) {
    const std::string id = fmt::format("s{}", i);
    const Millis free = jitter_offset(id, minutes{10}, nominal, std::nullopt);
    EXPECT_GE(free, Millis{0});
    EXPECT_LT(free, minutes{10});
    EXPECT_EQ(free, jitter_offset(id, minutes{10}, nominal + hours{24}, nominal + hours{48}));
    EXPECT_LT(jitter_offset(id, minutes{10}, nominal, nominal + minute), minute / 2);
    EXPECT_GE(jitter_offset(id, minutes{10}, nominal, nominal + minute), Millis{0});
  }
  EXPECT_EQ(jitter_offset("s", Millis{0}, nominal, std::nullopt), Millis{0});
  EXPECT_EQ(jitter_offset("s", minutes{-5}, nominal, std::nullopt), Millis{0});
  EXPECT_EQ(jitter_offset("s", minutes{5}, nominal, nominal), Millis{0});
}

TEST(Schedule, IsReadBackFromItsText) {
  for (const char* text : {"0 0 2 * * ? Europe/Berlin safe", "0 0 2 * * ? UTC quartz",
                           "30 2 * * 1-5 UTC skip", "every 1h phase 10m", "every 30s"}) {
    const auto schedule = Schedule::from_text(text);
    ASSERT_TRUE(schedule.has_value()) << text;
    EXPECT_EQ(schedule->text(), text);
  }
  for (const char* text : {"", "every", "keep fresh 2h", "after orders", "0 0 2 * * ? UTC", "x UTC safe"})
    EXPECT_FALSE(Schedule::from_text(text).has_value()) << text;
}

}  // namespace
}  // namespace syncwarden::calendar
