// Blackout windows in local time: what they hold where clocks change.
#include "calendar/window.hpp"

#include "tables.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

using test::at;
using namespace std::chrono_literals;

struct Row {
  const char* name;
  const char* cron;
  const char* zone;
  Millis lasts;
  const char* after;   ///< the window looked at is the first that begins after this
  const char* begins;  ///< UTC
  const char* ends;
};

class WindowTable : public testing::TestWithParam<Row> {};

TEST_P(WindowTable, HoldsFromItsBeginToItsEndAndNoLonger) {
  const auto& row = GetParam();
  const auto window = Window::make({row.cron, row.zone}, row.lasts);
  ASSERT_TRUE(window) << to_string(window.error());
  const auto begin = window->next_begin(at(row.after));
  ASSERT_TRUE(begin);
  EXPECT_EQ(to_rfc3339(*begin), row.begins);
  const Instant end = window->end_of(*begin);
  EXPECT_EQ(to_rfc3339(end), row.ends);
  EXPECT_EQ(window->end_if_inside(*begin), end) << "its first instant is inside";
  EXPECT_EQ(window->end_if_inside(end - 1ms), end) << "so is the last before its end";
  EXPECT_FALSE(window->end_if_inside(*begin - 1ms));
  EXPECT_FALSE(window->end_if_inside(end)) << "its end is not";
}

INSTANTIATE_TEST_SUITE_P(
    Windows, WindowTable,
    testing::Values(Row{"plain", "0 0 2 ? * SUN", "UTC", 3h, "2026-10-31T00:00:00Z", "2026-11-01T02:00:00Z",
                        "2026-11-01T05:00:00Z"},
                    Row{"five_fields", "0 2 * * SUN", "UTC", 3h, "2026-10-31T00:00:00Z",
                        "2026-11-01T02:00:00Z", "2026-11-01T05:00:00Z"},
                    Row{"over_midnight", "0 0 23 * * ?", "America/New_York", 2h, "2026-07-01T12:00:00Z",
                        "2026-07-02T03:00:00Z", "2026-07-02T05:00:00Z"},
                    // Berlin, 2026-03-29: 02:00 becomes 03:00.
                    Row{"over_a_gap", "0 30 1 * * ?", "Europe/Berlin", 3h, "2026-03-28T12:00:00Z",
                        "2026-03-29T00:30:00Z", "2026-03-29T02:30:00Z"},
                    Row{"ends_in_a_gap", "0 0 1 * * ?", "Europe/Berlin", 90min, "2026-03-28T12:00:00Z",
                        "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
                    Row{"ends_where_a_gap_begins", "0 0 1 * * ?", "Europe/Berlin", 1h, "2026-03-28T12:00:00Z",
                        "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
                    Row{"begins_in_a_gap", "0 30 2 * * ?", "Europe/Berlin", 2h, "2026-03-28T12:00:00Z",
                        "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},
                    // Berlin, 2026-10-25: 03:00 becomes 02:00.
                    Row{"over_an_overlap", "0 30 1 * * ?", "Europe/Berlin", 3h, "2026-10-24T12:00:00Z",
                        "2026-10-24T23:30:00Z", "2026-10-25T03:30:00Z"},
                    Row{"ends_in_an_overlap", "0 0 1 * * ?", "Europe/Berlin", 90min, "2026-10-24T12:00:00Z",
                        "2026-10-24T23:00:00Z", "2026-10-25T01:30:00Z"},
                    Row{"begins_in_an_overlap", "0 30 2 * * ?", "Europe/Berlin", 2h, "2026-10-24T12:00:00Z",
                        "2026-10-25T00:30:00Z", "2026-10-25T03:30:00Z"},
                    Row{"within_an_overlap", "0 10 2 * * ?", "Europe/Berlin", 20min, "2026-10-24T12:00:00Z",
                        "2026-10-25T00:10:00Z", "2026-10-25T01:30:00Z"},
                    // Lord Howe moves by half an hour; Beirut has no midnight on 2026-03-29.
                    Row{"half_an_hour_of_overlap", "0 45 1 * * ?", "Australia/Lord_Howe", 1h,
                        "2026-04-04T00:00:00Z", "2026-04-04T14:45:00Z", "2026-04-04T16:15:00Z"},
                    Row{"no_midnight", "0 0 0 * * ?", "Asia/Beirut", 2h, "2026-03-28T12:00:00Z",
                        "2026-03-28T22:00:00Z", "2026-03-29T00:00:00Z"},
                    // A change of the zone itself: Samoa had no 2011-12-30, Volgograd went back an hour for
                    // good on 2020-12-27.
                    Row{"over_a_day_that_never_was", "0 0 22 29 12 ?", "Pacific/Apia", 4h,
                        "2011-12-01T00:00:00Z", "2011-12-30T08:00:00Z", "2011-12-30T10:00:00Z"},
                    Row{"over_a_zone_that_moves", "0 0 1 * * ?", "Europe/Volgograd", 2h,
                        "2020-12-26T12:00:00Z", "2020-12-26T21:00:00Z", "2020-12-27T00:00:00Z"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Window, OneThatIsLongerThanItsDistanceHoldsWithoutAPause) {
  const auto window = Window::make({"0 0 0 * * ?", "UTC"}, 30h).value();
  const auto end = window.end_if_inside(at("2026-11-02T03:00:00Z"));
  EXPECT_EQ(end, at("2026-11-03T06:00:00Z")) << "the latest end counts";
}

TEST(Window, ItsTextSaysWhenAndForHowLong) {
  EXPECT_EQ(Window::make({"0 2 * * SUN", "Europe/Paris"}, 3h)->text(), "0 2 * * SUN Europe/Paris for 3h");
}

TEST(Window, WhatIsNoneIsRefused) {
  EXPECT_EQ(Window::make({"0 0 2 * * ?", "UTC"}, 0ms).error().code, Errc::invalid_config);
  EXPECT_EQ(Window::make({"0 0 2 * * ?", "UTC"}, -1h).error().code, Errc::invalid_config);
  EXPECT_EQ(Window::make({"0 0 2 * * ?", "Europe/Pariss"}, 1h).error().code, Errc::invalid_config);
  EXPECT_EQ(Window::make({"never", "UTC"}, 1h).error().code, Errc::invalid_config);
}

}  // namespace
}  // namespace syncwarden::calendar
