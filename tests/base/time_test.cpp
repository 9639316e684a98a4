#include "base/time.hpp"

#include <gtest/gtest.h>

namespace syncwarden {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t ms) { return Instant{Millis{ms}}; }

TEST(Rfc3339, WritesMillisecondsOnlyWhereThereAreAny) {
  EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(at(1'774'746'000'000)), "2026-03-29T01:00:00Z");
  EXPECT_EQ(to_rfc3339(at(1'774'746'000'007)), "2026-03-29T01:00:00.007Z");
  EXPECT_EQ(to_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_rfc3339(at(1'774'746'000'000), 2h), "2026-03-29T03:00:00+02:00");
  EXPECT_EQ(to_rfc3339(at(1'774'746'000'000), -(3h + 30min)), "2026-03-28T21:30:00-03:30");
}

TEST(Rfc3339, ReadsWhatAirbyteWrites) {
  EXPECT_EQ(parse_rfc3339("2026-11-22T10:15Z"), parse_rfc3339("2026-11-22T10:15:00Z"));
  EXPECT_EQ(parse_rfc3339("2026-11-22T10:15:30.123456789Z"), parse_rfc3339("2026-11-22T10:15:30.123Z"));
  EXPECT_EQ(parse_rfc3339("2026-11-22T10:15:30.5Z"), parse_rfc3339("2026-11-22T10:15:30.500Z"));
  EXPECT_EQ(parse_rfc3339("2026-11-22T12:15:00+02:00"), parse_rfc3339("2026-11-22T10:15:00Z"));
  EXPECT_EQ(parse_rfc3339("2026-11-22 10:15:00-0130"), parse_rfc3339("2026-11-22T11:45:00Z"));
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const auto* text :
       {"", "now", "2026-11-22", "2026-11-22T10:15", "2026-13-01T00:00Z", "2026-02-29T00:00Z",
        "2026-11-22T24:00Z", "2026-11-22T10:60Z", "2026-11-22T10:15:00.Z", "2026-11-22T10:15:00Zx",
        "2026-11-22T10:15:00+2:00", "+026-11-22T10:15:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Duration, ReadsUnitsAndCombinations) {
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("2w"), 336h);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(Duration, RefusesBareNumbersSignsAndOverflow) {
  for (const auto* text :
       {"", "5", "-5s", "5 s", "5x", "s", "1h30", "99999999999999999999h", "9223372036854775807w"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, WritesWhatItReads) {
  for (const Millis value :
       {Millis{0}, Millis{1}, Millis{1000}, Millis{90min}, Millis{36h}, Millis{999'999'999}}) {
    EXPECT_EQ(parse_duration(to_string(value)), value);
  }
  EXPECT_EQ(to_string(Millis{90min}), "1h30m");
  EXPECT_EQ(to_string(Millis{24h * 90}), "90d");
  EXPECT_EQ(to_string(Millis{24h * 14}), "2w");
}

TEST(Iso8601Duration, ReadsJavasNotation) {
  EXPECT_EQ(parse_iso8601_duration("PT8H6M12S"), 8h + 6min + 12s);
  EXPECT_EQ(parse_iso8601_duration("PT0S"), 0ms);
  EXPECT_EQ(parse_iso8601_duration("PT49H"), 49h);
  EXPECT_EQ(parse_iso8601_duration("PT1.5S"), 1500ms);
  EXPECT_EQ(parse_iso8601_duration("P1DT2H"), 26h);
  for (const auto* text : {"", "P", "PT", "8h", "PT8", "PT5X", "P5H", "PTT5S"}) {
    EXPECT_FALSE(parse_iso8601_duration(text)) << text;
  }
}

}  // namespace
}  // namespace syncwarden
