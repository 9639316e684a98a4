#include "calendar/zone.hpp"

#include "calendar/impl/posix_tz.hpp"
#include "tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

using testing::HasSubstr;

TEST(Zone, UnknownNamesAreErrorsWithASuggestion) {
  const auto message = [](std::string_view name) { return to_string(Zone::find(name).error()); };
  EXPECT_THAT(message("Europe/Berln"), HasSubstr("did you mean Europe/Berlin?"));
  EXPECT_THAT(message("europe/berlin"), HasSubstr("did you mean Europe/Berlin?"));
  EXPECT_THAT(message("Berlin"), HasSubstr("did you mean Europe/Berlin?"));
  EXPECT_THAT(message("America/New York"), HasSubstr("did you mean America/New_York?"));
  for (const char* name : {"", "CEST", "Mars/Olympus", "../../etc/passwd", "localtime", "posixrules",
                           "right/UTC", "UTC ", "+02:00"}) {
    const auto zone = Zone::find(name);
    ASSERT_FALSE(zone.has_value()) << name;
    EXPECT_EQ(zone.error().code, Errc::invalid_config) << name;
  }
  EXPECT_FALSE(test::cron("0 0 * * *", "Nowhere/Land").has_value());
}

TEST(Zone, KnowsOffsetsBeforeAndAfterTheZoneFilesTable) {
  struct Row {
    const char* zone;
    const char* at;
    int offset;
  };
  for (const Row& row :
       {Row{"UTC", "2026-07-01T00:00:00Z", 0}, Row{"Europe/Berlin", "2026-07-01T00:00:00Z", 7200},
        Row{"Europe/Berlin", "2026-03-29T00:59:59Z", 3600},
        Row{"Europe/Berlin", "2026-03-29T01:00:00Z", 7200},
        Row{"Europe/Berlin", "2090-07-01T00:00:00Z", 7200},
        Row{"Europe/Berlin", "2090-12-01T00:00:00Z", 3600},
        Row{"America/New_York", "2077-07-04T00:00:00Z", -14400},
        Row{"Australia/Lord_Howe", "2060-01-01T00:00:00Z", 39600},
        Row{"Australia/Lord_Howe", "2060-07-01T00:00:00Z", 37800},
        Row{"Asia/Kathmandu", "2099-01-01T00:00:00Z", 20700},
        Row{"Asia/Kathmandu", "1975-01-01T00:00:00Z", 19800},
        Row{"Asia/Tokyo", "2150-07-01T00:00:00Z", 32400}, Row{"Pacific/Apia", "2011-12-30T09:59:59Z", -36000},
        Row{"Pacific/Apia", "2011-12-30T10:00:00Z", 50400}}) {
    const auto utc = std::chrono::floor<std::chrono::seconds>(test::at(row.at)).time_since_epoch().count();
    EXPECT_EQ((*Zone::find(row.zone))->offset_at(utc), row.offset) << row.zone << " " << row.at;
  }
}

TEST(PosixRule, IsReadWithAllItsParts) {
  using Transitions = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(posix_transitions("CET-1CEST,M3.5.0,M10.5.0/3", 2026, 2026),
            (Transitions{{1774746000, 7200}, {1792890000, 3600}}));
  EXPECT_EQ(posix_transitions("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2026, 2026),
            (Transitions{{1775314800, 37800}, {1791041400, 39600}}));
  EXPECT_EQ(posix_transitions("EET-2EEST,M3.4.4/50,M10.4.4/50", 2026, 2026)->front().first, 1774656000);
  EXPECT_EQ(posix_transitions("UTC0", 2026, 2026), Transitions{});
  for (const char* bad : {"", "X", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
                          "CET-1CEST,M3.5.0,M10.5.0x", "<CET-1", "CET-1CEST,M3.0.0,M10.5.0", "2TZif"}) {
    EXPECT_EQ(posix_transitions(bad, 2026, 2026), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace syncwarden::calendar
