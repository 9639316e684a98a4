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
    view.destination = {ActorId{"d-1"}, "warehouse", "snowflake", {}};
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
      DoneBy{calendar::Schedule::cron({"0 15 6 * * ?", "UTC"}).value()};
  EXPECT_TRUE(slow.look().broken.empty());
  slow.plan.rules.front().policy.freshness.late_after =
      DoneBy{calendar::Schedule::cron({"0 5 6 * * ?", "UTC"}).value()};
  const auto early = slow.look();
  ASSERT_EQ(early.broken.size(), 2U) << "the tick of 06:00 is done at 06:10";
  EXPECT_EQ(early.broken.front().at, midnight + 6h + 5min);
  EXPECT_EQ(early.broken.front().target, "done_by 2026-06-01T06:05:00Z");
}

TEST(ForecastPlan, ATickThatWaitsTooLongBreaksWhatAutoExpects) {
  auto tight = fleet(4, 30min, "0 0 6 * * ?");
  EXPECT_TRUE(tight.look().broken.empty());
  tight.plan.limits.per_destination = 1;
  const auto forecast = tight.look();
  ASSERT_EQ(forecast.broken.size(), 3U) << "the second ends some seconds after 07:00";
  EXPECT_EQ(forecast.broken.front().at, midnight + 7h);
  EXPECT_EQ(forecast.broken.front().target, "late_after auto");
}

TEST(ForecastPlan, TheCoreItselfTellsWhatATickWaitsFor) {
  auto tight = fleet(3, 10min, "0 0 6 * * ?");
  tight.plan.limits.per_destination = 1;
  const auto limited = tight.look();
  ASSERT_EQ(limited.hours.size(), 1U);
  EXPECT_EQ(limited.hours.front().waits_for, "slot: limit destination warehouse (limit 1)");

  auto closed = fleet(2, 10min, "0 0 6 * * ?");
  closed.plan.blackouts.push_back(
      {"maintenance", {}, calendar::Window::make({"0 0 5 * * ?", "UTC"}, 3h).value(), false, false});
  // A limit that nothing reaches does not pass for the cause.
  closed.plan.limits.total = 100;
  const auto held = closed.look();
  ASSERT_EQ(held.ticks.size(), 2U);
  EXPECT_EQ(held.ticks.front().cause, WaitCause::blackout);
  EXPECT_NE(held.ticks.front().waits_for.find("maintenance"), std::string::npos)
      << held.ticks.front().waits_for;
  EXPECT_GE(held.ticks.front().waits, 2h);
  EXPECT_LT(held.ticks.front().waits, 2h + 1min);
}

TEST(ForecastPlan, WhatIsOverhauledOrStillWaitsIsToldToo) {
  auto hourly = fleet(1, 10min, "0 0 * * * ?");
  hourly.plan.blackouts.push_back(
      {"long", {}, calendar::Window::make({"0 30 1 * * ?", "UTC"}, 20h).value(), false, false});
  const auto forecast = hourly.look(3h + 30min);
  ASSERT_EQ(forecast.ticks.size(), 4U);
  EXPECT_EQ(forecast.ticks[2].reason, TickReason::superseded);
  EXPECT_EQ(forecast.ticks[2].cause, WaitCause::blackout);
  EXPECT_EQ(forecast.ticks[2].waits, 1h);
  EXPECT_FALSE(forecast.ticks[3].decided);
  EXPECT_EQ(forecast.ticks[3].cause, WaitCause::blackout);
  EXPECT_EQ(forecast.not_started, 2U);
  EXPECT_NE(render(forecast).find("still waiting at the end"), std::string::npos) << render(forecast);
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
