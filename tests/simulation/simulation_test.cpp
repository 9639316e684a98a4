#include "emulator/sample.hpp"
#include "simulation/world.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

namespace syncwarden::simulation {
namespace {

using namespace std::chrono_literals;

Scenario hourly(std::uint64_t seed, std::size_t connections) {
  Scenario scenario;
  scenario.seed = seed;
  scenario.pipelines = emulator::fleet(connections, {3min, 15min});
  Rule rule;
  rule.schedules.push_back(
      {"", calendar::Schedule::cron({"0 0 * * * ?", "UTC", calendar::DstPolicy::safe}).value()});
  scenario.plan.rules.push_back(rule);
  scenario.plan.poll = {10s, 5min, 1h};
  scenario.plan.triggers_per_second = 0;
  return scenario;
}

Faults everything_goes_wrong(Rng& rng) {
  Faults faults;  // swarm: how bad each is comes from the seed, too
  faults.lost_request = rng.unit() * 0.1;
  faults.lost_reply = rng.unit() * 0.1;
  faults.error_after_effect = rng.unit() * 0.06;
  faults.error_without_effect = rng.unit() * 0.06;
  faults.refused_connection = rng.unit() * 0.05;
  faults.throttled = rng.unit() * 0.02;
  faults.slow_request = rng.unit() * 0.1;
  faults.failed_poll = rng.unit() * 0.1;
  faults.slow_commit = rng.unit() * 0.02;
  faults.crashes_per_day = rng.unit() * 8;
  faults.outages_per_day = rng.unit() * 0.5;
  return faults;
}

std::string told(const Verdicts& v) {
  std::string text = "due " + std::to_string(v.due) + ", started " + std::to_string(v.started) +
                     ", skipped " + std::to_string(v.skipped) + ", missed " + std::to_string(v.missed) +
                     ", undecided " + std::to_string(v.undecided) + ", lost " + std::to_string(v.lost) +
                     ", doubled " + std::to_string(v.doubled) + ", jobs " + std::to_string(v.jobs) +
                     ", crashes " + std::to_string(v.crashes) + ", requests repeated " +
                     std::to_string(v.unclear) + ", adopted " + std::to_string(v.adopted) + ", events " +
                     std::to_string(v.events);
  for (const auto& [reason, count] : v.reasons) text += ", " + reason + " " + std::to_string(count);
  for (std::size_t i = 0; i < std::min<std::size_t>(v.violations.size(), 10); ++i)
    text += "\n  " + v.violations[i];
  return text;
}

/// SYNCWARDEN_SEED plays one seed again.
std::uint64_t base_seed() {
  const char* given = std::getenv("SYNCWARDEN_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20'261'123;
}

void expect_nothing_lost_or_doubled(const Verdicts& v) {
  EXPECT_EQ(v.lost, 0U) << told(v);
  EXPECT_EQ(v.doubled, 0U) << told(v);
  EXPECT_EQ(v.undecided, 0U) << told(v);
  EXPECT_TRUE(v.violations.empty()) << told(v);
}

TEST(Simulation, AQuietDayStartsEveryTickOnce) {
  World world(hourly(1, 20));
  world.run_until(world.now() + 24h + 30min);
  const auto v = world.judge();
  expect_nothing_lost_or_doubled(v);
  EXPECT_EQ(v.started, v.due) << told(v);
  EXPECT_EQ(v.jobs, v.due) << told(v);
}

TEST(Simulation, AYearOfFaultsAndCrashesLosesAndDoublesNothing) {
  const std::uint64_t seed = base_seed();
  Rng rng{seed};
  Scenario scenario = hourly(seed, 20);
  scenario.faults = everything_goes_wrong(rng);
  scenario.faults.crashes_per_day = 4;
  World world(scenario);
  const Instant end = scenario.start + 24h * 365;
  world.run_until(end);
  world.calm_down();
  world.run_until(end + 2h + 30min);
  const auto v = world.judge();
  std::cout << "seed " << seed << ": " << told(v) << '\n';
  expect_nothing_lost_or_doubled(v);
  EXPECT_GT(v.crashes, 1'000U);
  EXPECT_GT(v.adopted, 1'000U) << "the faults did not bite";
  EXPECT_GT(v.started, v.due * 8 / 10) << told(v);
}

TEST(Simulation, ManySeedsWithDrawnFaults) {
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 40; ++seed) {
    Rng rng{seed * 977};
    Scenario scenario = hourly(seed, 5 + rng.below(10));
    scenario.faults = everything_goes_wrong(rng);
    scenario.faults.longest_downtime = Millis{static_cast<std::int64_t>(rng.below(5 * 3'600'000))};
    auto& policy = scenario.plan.rules.front().policy;
    policy.overlap = static_cast<OverlapPolicy>(rng.below(4));
    policy.catch_up = static_cast<CatchUpPolicy>(rng.below(3));
    if (rng.chance(0.3)) scenario.plan.limits.total = 6;
    if (rng.chance(0.3)) policy.jitter = 10min;
    SCOPED_TRACE("overlap " + std::string(to_string(policy.overlap)) + ", catch_up " +
                 std::string(to_string(policy.catch_up)) + ", total " +
                 std::to_string(scenario.plan.limits.total));
    World world(scenario);
    const Instant end = scenario.start + 24h * 10;
    world.run_until(end);
    world.calm_down();
    world.run_until(end + 12h + 50min);
    const auto v = world.judge();
    EXPECT_EQ(v.lost, 0U) << "seed " << seed << ": " << told(v);
    EXPECT_EQ(v.doubled, 0U) << "seed " << seed << ": " << told(v);
    EXPECT_TRUE(v.violations.empty()) << "seed " << seed << ": " << told(v);
    EXPECT_LE(v.undecided, scenario.plan.limits.total > 0 ? 20U : 0U) << "seed " << seed << ": " << told(v);
    if (HasFailure()) break;
  }
}

TEST(Simulation, TheSameSeedPlaysTheSameWorld) {
  const auto play = [](std::uint64_t seed) {
    Rng rng{seed};
    Scenario scenario = hourly(seed, 10);
    scenario.faults = everything_goes_wrong(rng);
    World world(scenario);
    world.run_until(scenario.start + 24h * 20);
    return world.judge().trace;
  };
  EXPECT_EQ(play(7), play(7));
  EXPECT_NE(play(7), play(8));
}

TEST(Simulation, TheOraclesSeeABrokenProtocol) {
  for (const auto sabotage : {Scenario::Sabotage::forget_intents, Scenario::Sabotage::no_settle}) {
    std::uint64_t wrong = 0;
    for (std::uint64_t seed = 1; seed <= 10 && wrong == 0; ++seed) {
      Rng rng{seed};
      Scenario scenario = hourly(seed, 20);
      scenario.faults = everything_goes_wrong(rng);
      scenario.faults.crashes_per_day = 24;
      scenario.faults.slow_request = 0.2;
      scenario.sabotage = sabotage;
      World world(scenario);
      world.run_until(scenario.start + 24h * 30);
      const auto v = world.judge();
      wrong = v.lost + v.doubled + v.violations.size();
    }
    EXPECT_GT(wrong, 0U) << "sabotage " << static_cast<int>(sabotage) << " went unnoticed";
  }
}

}  // namespace
}  // namespace syncwarden::simulation
