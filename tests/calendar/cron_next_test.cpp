// Which days and times an expression means, in UTC, and what finding them costs.
#include "calendar/occurrence.hpp"
#include "tables.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

struct Row {
  std::string_view expression;
  std::string_view from;
  std::string_view dates;  // without "T...Z" where it is midnight
};

// clang-format off
constexpr Row rows[] = {
    {"0 0 29 2 *",       "2026-01-01", "2028-02-29 2032-02-29 2036-02-29"},
    {"0 0 29 2 *",       "2096-03-01", "2104-02-29"},
    {"0 0 31 * *",       "2026-01-31", "2026-03-31 2026-05-31 2026-07-31"},
    {"0 0 0 L * ?",      "2028-01-31", "2028-02-29 2028-03-31 2028-04-30"},
    {"0 0 0 L-3 * ?",    "2026-01-24", "2026-01-28 2026-02-25 2026-03-28"},
    {"0 0 0 L-30 * ?",   "2026-01-01", "2026-03-01 2026-05-01 2026-07-01"},
    {"0 0 0 LW * ?",     "2026-01-01", "2026-01-30 2026-02-27 2026-03-31 2026-04-30 2026-05-29"},
    {"0 0 0 15W * ?",    "2026-02-01", "2026-02-16 2026-03-16 2026-04-15 2026-05-15 2026-06-15 2026-07-15 2026-08-14"},
    {"0 0 0 1W * ?",     "2026-01-02", "2026-02-02 2026-03-02 2026-04-01 2026-05-01 2026-06-01 2026-07-01 2026-08-03"},
    {"0 0 0 31W * ?",    "2026-01-01", "2026-01-30 2026-03-31 2026-05-29 2026-07-31 2026-08-31 2026-10-30"},
    {"0 0 0 30W * ?",    "2026-01-01", "2026-01-30 2026-03-30 2026-04-30 2026-05-29"},
    {"0 0 0 10W,20W * ?","2026-01-01", "2026-01-09 2026-02-10 2026-03-10"},
    {"0 0 0 ? * L",      "2026-01-01", "2026-01-03 2026-01-10"},
    {"0 0 0 ? * 6L",     "2026-01-01", "2026-01-30 2026-02-27 2026-03-27 2026-04-24"},
    {"0 0 0 ? * 5#5",    "2026-01-24", "2026-01-29 2026-04-30 2026-07-30 2026-10-29 2026-12-31"},
    {"0 0 0 ? * MON#1",  "2026-01-01", "2026-01-05 2026-02-02 2026-03-02"},
    {"0 0 0 ? * 2#1,4",  "2026-01-01", "2026-01-05 2026-02-02 2026-03-02"},
    {"0 0 0 ? * MON-FRI/2", "2026-01-24", "2026-01-26 2026-01-27 2026-01-28 2026-01-29 2026-01-30 2026-02-02"},
    {"0 0 0 ? * MON/2",  "2026-01-24", "2026-01-26 2026-02-02"},
    {"0 0 0 ? * 2/2",    "2026-01-24", "2026-01-26 2026-01-28 2026-01-30 2026-02-02"},
    {"0 0 0 ? * FRI-MON","2026-01-24", "2026-01-25 2026-01-26 2026-01-30 2026-01-31"},
    {"0 0 0 25-5/2 * ?", "2026-01-24", "2026-01-25 2026-01-27 2026-01-29 2026-01-31 2026-02-02 2026-02-04 2026-02-25"},
    {"0 0 0 1 11-2 ?",   "2026-01-24", "2026-02-01 2026-11-01 2026-12-01 2027-01-01 2027-02-01 2027-11-01"},
    {"0 0 0 1 1 ? 2027/2", "2026-01-24", "2027-01-01 2029-01-01 2031-01-01"},
    {"0 0 0 1 1 ? 2028,2030-2031", "2026-01-24", "2028-01-01 2030-01-01 2031-01-01 NONE"},
    {"0 0 0 1 1 ? 2098/1", "2098-06-01", "2099-01-01 NONE"},
    {"0 0 1 1 *",        "2198-06-01", "2199-01-01 NONE"},
    // Unix: either day field may match, unless one begins with a star
    {"0 0 13 * FRI",     "2026-01-01", "2026-01-02 2026-01-09 2026-01-13 2026-01-16"},
    {"0 0 */2 * FRI",    "2026-01-01", "2026-01-09 2026-01-23 2026-02-13"},
    {"0 0 13 * */5",     "2026-01-01", "2026-02-13 2026-03-13 2026-09-13"},
    {"0 0 * * 0",        "2026-01-01", "2026-01-04 2026-01-11"},
    {"0 0 * * 7",        "2026-01-01", "2026-01-04 2026-01-11"},
    {"0 0 * * FRI-SUN",  "2026-01-01", "2026-01-02 2026-01-03 2026-01-04 2026-01-09"},
    {"@weekly",          "2026-01-01", "2026-01-04 2026-01-11"},
    {"@monthly",         "2026-01-01", "2026-02-01 2026-03-01"},
    {"@yearly",          "2026-01-01", "2027-01-01 2028-01-01"},
    // times of day
    {"5/15 12 * * *",    "2026-01-01", "2026-01-01T12:05:00Z 2026-01-01T12:20:00Z 2026-01-01T12:35:00Z 2026-01-01T12:50:00Z 2026-01-02T12:05:00Z"},
    {"59 59 23 31 12 ?", "2026-01-01", "2026-12-31T23:59:59Z 2027-12-31T23:59:59Z"},
    {"0 0 22-2/2 * * ?", "2026-01-01", "2026-01-01T02:00:00Z 2026-01-01T22:00:00Z 2026-01-02 2026-01-02T02:00:00Z"},
    {"* * * * * ?",      "2026-01-01", "2026-01-01T00:00:01Z 2026-01-01T00:00:02Z"},
    {"0 50-10/10 5 * * ?", "2026-01-01", "2026-01-01T05:00:00Z 2026-01-01T05:10:00Z 2026-01-01T05:50:00Z 2026-01-02T05:00:00Z"},
};
// clang-format on

std::string short_dates(std::string text) {
  constexpr std::string_view midnight = "T00:00:00Z";
  for (auto found = text.find(midnight); found != std::string::npos; found = text.find(midnight)) {
    text.erase(found, midnight.size());
  }
  return text;
}

TEST(CronNext, FindsTheDays) {
  for (const Row& row : rows) {
    const auto count = static_cast<int>(std::count(row.dates.begin(), row.dates.end(), ' ')) + 1;
    EXPECT_EQ(
        short_dates(test::next(test::cron(row.expression), std::string(row.from) + "T00:00:00Z", count)),
        row.dates)
        << row.expression;
  }
}

TEST(CronNext, IsStrictlyLaterToTheMillisecond) {
  const auto schedule = test::cron("* * * * * ?");
  EXPECT_EQ(schedule->next(test::at("2026-01-01T00:00:00.999Z")), test::at("2026-01-01T00:00:01Z"));
  EXPECT_EQ(schedule->next(test::at("2026-01-01T00:00:01Z")), test::at("2026-01-01T00:00:02Z"));
  EXPECT_EQ(schedule->next(test::at("1960-01-01T00:00:00Z")), test::at("1970-01-01T00:00:00Z"));
  EXPECT_EQ(schedule->next(Instant::max()), std::nullopt);
  EXPECT_EQ(schedule->next(Instant::min()), test::at("1970-01-01T00:00:00Z"));
}

TEST(CronNext, CostsBoundedStepsHoweverRareTheExpression) {
  struct Cost {
    const char* expression;
    unsigned most;
  };
  // 29 February comes every four years; on a Monday every 28, after a century up to 40.
  for (const Cost cost : {Cost{"* * * * *", 1}, Cost{"0 0 29 2 *", 10}, Cost{"0 0 0 ? 2 2#5", 70},
                          Cost{"0 0 0 29W 2 ?", 10}, Cost{"0 0 31 12 *", 2}, Cost{"0 0 0 1 1 ? 2099", 3}}) {
    const auto parsed = parse_cron(cost.expression);
    for (const char* zone_name : {"UTC", "Europe/Berlin"}) {
      const auto zone = Zone::find(zone_name);
      for (const auto policy : {DstPolicy::safe, DstPolicy::quartz, DstPolicy::skip}) {
        std::int64_t at = 1767225600;
        for (int i = 0; i < 10; ++i) {
          unsigned steps = 0;
          const auto found = next_occurrence(parsed->fields, **zone, policy, at, &steps);
          if (!found) break;
          EXPECT_LE(steps, cost.most) << cost.expression << " " << zone_name << " " << to_string(policy);
          at = *found;
        }
      }
    }
  }
}

}  // namespace
}  // namespace syncwarden::calendar
