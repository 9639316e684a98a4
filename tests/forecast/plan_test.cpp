#include "forecast/plan.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace syncwarden::forecast {
namespace {

using namespace std::chrono_literals;

const Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

struct Fleet {
  Plan plan;
  std::vector<ConnectionView> connections;
  std::vector<ConnectionHistory> histories;

  Forecast look(Millis horizon = 24h) const {
    return forecast::plan(plan, connections, histories, midnight, horizon);
  }
};

/// `count` connections to one warehouse, each taking so long.
Fleet fleet(std::size_t count, Millis lasts, const char* cron) {
  Fleet made;
  for (std::size_t i = 0; i < count; ++i) {
    ConnectionView view;
    view.id = ConnectionId{fmt::format("connection-{:04}", i)};
    view.name = fmt::format("orders-{:04}", i);
    view.source = {ActorId{fmt::format("source-{}", i % 7)}, fmt::format("shop-{}", i % 7), "postgres", {}};
    view.destination = {ActorId{"warehouse"}, "warehouse", "snowflake", {}};
    view.status = ConnectionStatus::active;
    view.schedule = AirbyteSchedule::manual;
    ConnectionHistory history;
    history.connection = view.id;
    history.last_success = midnight - 30min;
    history.samples.assign(5, RunSample{lasts, 100, 1'000});
    made.connections.push_back(view);
    made.histories.push_back(history);
  }
  Rule rule;
  rule.where = "syncwarden.yaml:3";
  rule.schedules.push_back({"", calendar::Schedule::cron({cron, "UTC"}).value()});
  made.plan.rules.push_back(rule);
  made.plan.triggers_per_second = 0;
  return made;
}

TEST(ForecastPlan, AQuietDayStartsEveryTickWhenItIsDue) {
  const auto forecast = fleet(3, 10min, "0 0 * * * ?").look();
  ASSERT_EQ(forecast.ticks.size(), 3U * 24);
  for (const auto& tick : forecast.ticks) {
    ASSERT_TRUE(tick.starts) << to_rfc3339(tick.due);
    EXPECT_LT(tick.waits, 2s);
    EXPECT_FALSE(tick.cause);
  }
  EXPECT_EQ(forecast.not_started, 0U);
  EXPECT_TRUE(forecast.hours.empty());
  EXPECT_EQ(forecast.unknown_durations, 0U);
  EXPECT_EQ(forecast.peaks.front().jobs, 3U);
  EXPECT_NEAR(forecast.peaks.front().mean, 3 * 10.0 / 60, 0.15);
}

TEST(ForecastPlan, ALimitMakesTicksWaitAndNamesTheHourAndTheDestination) {
  auto tight = fleet(4, 10min, "0 0 6 * * ?");
  tight.plan.limits.per_destination = 1;
  const auto forecast = tight.look();
  ASSERT_EQ(forecast.ticks.size(), 4U);
  ASSERT_EQ(forecast.hours.size(), 1U);
  EXPECT_EQ(forecast.hours.front().hour, midnight + 6h);
  EXPECT_EQ(forecast.hours.front().destination, "warehouse");
  EXPECT_EQ(forecast.hours.front().ticks, 3U);
  EXPECT_GE(forecast.hours.front().longest, 30min);
  EXPECT_LE(forecast.hours.front().longest, 34min);
  const auto last = std::max_element(forecast.ticks.begin(), forecast.ticks.end(),
                                     [](const auto& a, const auto& b) { return a.waits < b.waits; });
  EXPECT_EQ(last->cause, WaitCause::slot);
  EXPECT_EQ(forecast.peaks.front().jobs, 1U);
}

TEST(ForecastPlan, ASyncLongerThanItsIntervalSkipsTicks) {
  const auto forecast = fleet(1, 90min, "0 0 * * * ?").look();
  EXPECT_GT(forecast.not_started, 8U);
  const auto skipped = std::find_if(forecast.ticks.begin(), forecast.ticks.end(),
                                    [](const auto& tick) { return tick.outcome == TickOutcome::skipped; });
  ASSERT_NE(skipped, forecast.ticks.end());
  EXPECT_EQ(skipped->reason, TickReason::overlap);
}

TEST(ForecastPlan, TellsWhichTargetBreaksAndWhen) {
  auto slow = fleet(2, 10min, "0 0 0/6 * * ?");
  slow.plan.rules.front().policy.freshness.late_after = Millis{4h};
  const auto forecast = slow.look();
  ASSERT_EQ(forecast.broken.size(), 2U);
  EXPECT_GE(forecast.broken.front().at, midnight + 10min + 4h);
  EXPECT_LT(forecast.broken.front().at, midnight + 11min + 4h);
  slow.plan.rules.front().policy.freshness.late_after = Millis{7h};
  EXPECT_TRUE(slow.look().broken.empty());
  slow.plan.rules.front().policy.freshness.late_after =
      DoneBy{calendar::Schedule::cron({"0 5 6 * * ?", "UTC"}).value()};
  EXPECT_TRUE(slow.look().broken.empty()) << "the success of last night counts";
  slow.plan.rules.front().policy.freshness.late_after =
      DoneBy{calendar::Schedule::cron({"0 5,8 6 * * ?", "UTC"}).value()};
  EXPECT_EQ(slow.look().broken.size(), 2U) << "nothing ends between 06:05 and 06:08";
}

TEST(ForecastPlan, ProposesOffsetsThatFlattenAPeak) {
  const auto forecast = fleet(6, 9min, "0 0 * * * ?").look();
  ASSERT_EQ(forecast.flattenings.size(), 1U);
  const auto& flat = forecast.flattenings.front();
  EXPECT_EQ(flat.destination, "warehouse");
  EXPECT_EQ(flat.peak_before, 6U);
  EXPECT_EQ(flat.peak_after, 1U);
  EXPECT_EQ(flat.moves.size(), 5U);
}

TEST(ForecastPlan, WhatNobodyKnowsIsAssumedAndTold) {
  auto unknown = fleet(2, 5min, "0 0 * * * ?");
  unknown.histories.clear();
  const auto forecast = unknown.look(3h);
  EXPECT_EQ(forecast.unknown_durations, 2U);
  ASSERT_TRUE(forecast.ticks.front().ends);
  EXPECT_GE(*forecast.ticks.front().ends - *forecast.ticks.front().starts, assumed_duration);
}

TEST(ForecastPlan, TheSamePictureGivesTheSameForecastAndAReadablePage) {
  auto tight = fleet(5, 12min, "0 0 * * * ?");
  tight.plan.limits.total = 2;
  const auto page = render(tight.look());
  EXPECT_EQ(page, render(tight.look()));
  EXPECT_NE(page.find("120 ticks from 2026-06-01T00:00:00Z until 2026-06-02T00:00:00Z"), std::string::npos)
      << page;
  EXPECT_NE(page.find("Ticks would wait"), std::string::npos) << page;
  EXPECT_NE(page.find("destination warehouse"), std::string::npos) << page;
}

TEST(ForecastPlan, AThousandConnectionsForADay) {
  auto large = fleet(1'000, 8min, "0 0 * * * ?");
  large.plan.triggers_per_second = 5;
  const auto forecast = large.look();
  EXPECT_EQ(forecast.ticks.size(), 24'000U);
  EXPECT_EQ(forecast.peaks.front().jobs, 1'000U);
}

}  // namespace
}  // namespace syncwarden::forecast
