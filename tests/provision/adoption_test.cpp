// Airbyte's schedules as rules, and back.
#include "provision/adoption.hpp"

#include "provision/schedule_text.hpp"

#include <gtest/gtest.h>

namespace syncwarden::provision {
namespace {

const Instant now = *parse_rfc3339("2026-11-27T10:00:00Z");

ConnectionEntry connection(const char* schedule) {
  ConnectionEntry entry;
  entry.id = ConnectionId("11111111-2222-4333-8444-555555555555");
  entry.name = "orders → lake";
  entry.status = ConnectionStatus::active;
  entry.schedule = schedule_from(schedule).value();
  return entry;
}

TEST(Adoption, CronShowsEveryFireOfTwoYearsThatChanges) {
  const auto adopted =
      adopt(connection("0 30 2 * * ? Europe/Berlin"), std::nullopt, now, calendar::DstPolicy::safe);
  ASSERT_TRUE(adopted);
  // 2027-03-28 and 2028-03-26: 02:30 does not exist; Airbyte runs nothing, the rule runs at the gap's end.
  // 2027-10-31 and 2028-10-29: 02:30 comes twice; Airbyte takes the later, the rule the first.
  const std::vector<FireChange> wanted{
      {*parse_rfc3339("2027-03-28T01:00:00Z"), true},  {*parse_rfc3339("2027-10-31T00:30:00Z"), true},
      {*parse_rfc3339("2027-10-31T01:30:00Z"), false}, {*parse_rfc3339("2028-03-26T01:00:00Z"), true},
      {*parse_rfc3339("2028-10-29T00:30:00Z"), true},  {*parse_rfc3339("2028-10-29T01:30:00Z"), false}};
  EXPECT_EQ(adopted->changes, wanted);
  EXPECT_NE(adopted->rule.find("match: {id: 11111111-2222-4333-8444-555555555555}"), std::string::npos);
  EXPECT_NE(adopted->rule.find(R"(schedule: {cron: "0 30 2 * * ?", timezone: "Europe/Berlin", dst: safe})"),
            std::string::npos);
  EXPECT_TRUE(adopt(connection("0 30 2 * * ? Europe/Berlin"), std::nullopt, now, calendar::DstPolicy::quartz)
                  ->changes.empty())
      << "bit for bit what Airbyte does";
}

TEST(Adoption, BasicGoesOnFromItsNewestJobAndQueues) {
  const auto adopted = adopt(connection("every 6 hours"), *parse_rfc3339("2026-11-27T07:13:11Z"), now,
                             calendar::DstPolicy::safe);
  ASSERT_TRUE(adopted);
  EXPECT_NE(adopted->rule.find("schedule: {every: 6h, phase: 1h13m11s}\n    overlap: queue_one"),
            std::string::npos)
      << adopted->rule;
  ASSERT_FALSE(adopted->next.empty());
  EXPECT_EQ(to_rfc3339(adopted->next.front()), "2026-11-27T13:13:11Z")
      << "when Airbyte would have started it";
}

TEST(Adoption, PhasesAreWholeSecondsAndMonthsAreThirtyDays) {
  const auto adopted =
      adopt(connection("every 1 months"), std::nullopt, now + Millis{166}, calendar::DstPolicy::safe);
  ASSERT_TRUE(adopted) << to_string(adopted.error());
  EXPECT_NE(adopted->rule.find("every: "), std::string::npos);
  EXPECT_EQ(adopted->next.at(1) - adopted->next.at(0), std::chrono::hours{24 * 30});
}

TEST(Adoption, ManualOnesAreNotAdopted) {
  EXPECT_FALSE(adopt(connection("manual"), std::nullopt, now, calendar::DstPolicy::safe));
}

TEST(ScheduleText, ReadsBackWhatItWrites) {
  for (const char* text : {"manual", "every 24 hours", "every 90 minutes", "0 15 2 * * ? Europe/Berlin",
                           "0 0/30 8-18 ? * MON-FRI UTC", "0 0 12 1 1 ? 2027 America/New_York"}) {
    const auto schedule = schedule_from(text);
    ASSERT_TRUE(schedule) << text;
    EXPECT_EQ(schedule->text(), text);
  }
  EXPECT_EQ(schedule_from("every 1 hour")->text(), "every 1 hours");
  EXPECT_EQ(schedule_from("0 15 2 * * ?")->zone, "UTC");
}

TEST(ScheduleText, WhatAirbyteRefusesIsRefusedBefore) {
  for (const char* text :
       {"", "0 30 * * *", "@hourly", "every day", "every 0 hours", "every 5 fortnights",
        "0 15 2 * * ? Etc/UTC", "0 15 2 * * ? Mars/Olympus", "0 15 25 * * ?", "0 15 2 * * *"}) {
    const auto schedule = schedule_from(text);
    ASSERT_FALSE(schedule) << text;
    EXPECT_EQ(schedule.error().code, Errc::usage) << text;
  }
}

}  // namespace
}  // namespace syncwarden::provision
