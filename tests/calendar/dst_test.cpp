// What every DST policy does where clocks change. Instants are UTC.
#include "tables.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

using test::cron;
using test::next;

constexpr auto safe = DstPolicy::safe;
constexpr auto quartz = DstPolicy::quartz;
constexpr auto skip = DstPolicy::skip;

struct Row {
  DstPolicy policy;
  std::string_view expression;
  std::string_view zone;
  std::string_view from;
  std::string_view expected;
};

// clang-format off
constexpr Row rows[] = {
    // Berlin, 2026-03-29: 02:00 -> 03:00
    {safe,   "0 30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"},
    {quartz, "0 30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z 2026-03-31T00:30:00Z"},
    {skip,   "0 30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z 2026-03-31T00:30:00Z"},
    {safe,   "0 10,20,30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:10:00Z"},
    {safe,   "30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-29T01:30:00Z 2026-03-30T00:30:00Z"},
    {safe,   "0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z"},
    {safe,   "30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T00:30:00Z 2026-03-29T01:30:00Z 2026-03-29T02:30:00Z"},
    {quartz, "0 30 * * * ?", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T00:30:00Z 2026-03-29T01:30:00Z 2026-03-29T02:30:00Z"},
    // Berlin, 2026-10-25: 03:00 -> 02:00
    {safe,   "0 30 2 * * ?", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
    {skip,   "0 30 2 * * ?", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
    {quartz, "0 30 2 * * ?", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T01:30:00Z 2026-10-26T01:30:00Z"},
    {safe,   "0 0/30 * * * ?", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z 2026-10-25T01:00:00Z 2026-10-25T01:30:00Z 2026-10-25T02:00:00Z"},
    {skip,   "0 0/30 * * * ?", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z 2026-10-25T02:00:00Z"},
    {quartz, "0 0/30 * * * ?", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T01:30:00Z 2026-10-25T02:00:00Z"},
    // New York, 2026-03-08 and 2026-11-01
    {quartz, "0 30 * * * ?", "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T04:30:00Z 2026-11-01T06:30:00Z 2026-11-01T07:30:00Z"},
    {safe,   "0 30 * * * ?", "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T04:30:00Z 2026-11-01T05:30:00Z 2026-11-01T06:30:00Z 2026-11-01T07:30:00Z"},
    {quartz, "0 0/15 * * * ?", "America/New_York", "2026-11-01T04:45:00Z", "2026-11-01T06:00:00Z 2026-11-01T06:15:00Z"},
    {quartz, "0 30 2 * * ?", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-09T06:30:00Z"},
    {safe,   "0 30 2 * * ?", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z 2026-03-09T06:30:00Z"},
    {safe,   "30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"},
    // Beirut, 2026-03-29: 00:00 -> 01:00
    {quartz, "0 0 0 * * ?", "Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-29T21:00:00Z"},
    {safe,   "0 0 0 * * ?", "Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z 2026-03-29T21:00:00Z"},
    // Lord Howe, half an hour: 2026-10-04 02:00 -> 02:30, 2026-04-05 02:00 -> 01:30
    {safe,   "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z"},
    {skip,   "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-04T15:15:00Z"},
    {safe,   "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", "2026-04-04T14:45:00Z 2026-04-05T15:15:00Z"},
    {quartz, "0 45 1 * * ?", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", "2026-04-04T15:15:00Z 2026-04-05T15:15:00Z"},
    {safe,   "*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:30:00Z", "2026-04-04T14:45:00Z 2026-04-04T15:00:00Z 2026-04-04T15:15:00Z 2026-04-04T15:30:00Z"},
    {quartz, "0 0/15 * * * ?", "Australia/Lord_Howe", "2026-04-04T14:20:00Z", "2026-04-04T15:00:00Z 2026-04-04T15:15:00Z"},
    // Chatham, 2026-09-27: 02:45 -> 03:45; 2026-04-05: 03:45 -> 02:45
    {safe,   "0 3 * * *", "Pacific/Chatham", "2026-09-26T00:00:00Z", "2026-09-26T14:00:00Z 2026-09-27T13:15:00Z"},
    {safe,   "0 3 * * *", "Pacific/Chatham", "2026-04-04T00:00:00Z", "2026-04-04T13:15:00Z 2026-04-05T14:15:00Z"},
    {quartz, "0 0 3 * * ?", "Pacific/Chatham", "2026-04-04T00:00:00Z", "2026-04-04T14:15:00Z 2026-04-05T14:15:00Z"},
    // Apia had no 2011-12-30
    {safe,   "0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z"},
    {quartz, "0 0 12 * * ?", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-29T22:00:00Z 2011-12-30T22:00:00Z"},
    // Dublin: winter is the "negative DST"
    {safe,   "30 1 * * *", "Europe/Dublin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z"},
    {safe,   "30 1 * * *", "Europe/Dublin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
    // Casablanca leaves DST for Ramadan: 2026-02-15 03:00 -> 02:00, 2026-03-22 02:00 -> 03:00
    {safe,   "30 2 * * *", "Africa/Casablanca", "2026-02-14T12:00:00Z", "2026-02-15T01:30:00Z 2026-02-16T02:30:00Z"},
    {safe,   "30 2 * * *", "Africa/Casablanca", "2026-03-21T12:00:00Z", "2026-03-22T02:00:00Z 2026-03-23T01:30:00Z"},
    // beyond the end of the zone file's table
    {safe,   "30 2 * * *", "Europe/Berlin", "2050-03-26T12:00:00Z", "2050-03-27T01:00:00Z 2050-03-28T00:30:00Z"},
    {safe,   "30 12 * 7 *", "Europe/Berlin", "2150-06-30T23:00:00Z", "2150-07-01T10:30:00Z"},
};
// clang-format on

TEST(Dst, PoliciesDecideWhatSkippedAndRepeatedTimesDo) {
  for (const Row& row : rows) {
    const auto count = static_cast<int>(std::count(row.expected.begin(), row.expected.end(), ' ')) + 1;
    EXPECT_EQ(next(cron(row.expression, row.zone, row.policy), row.from, count), row.expected)
        << to_string(row.policy) << " \"" << row.expression << "\" " << row.zone << " from " << row.from;
  }
}

}  // namespace
}  // namespace syncwarden::calendar
