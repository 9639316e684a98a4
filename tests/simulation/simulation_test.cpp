// Worlds drawn from seeds, with every fault; and each oracle seen crying once.
#include "simulation/play.hpp"
#include "simulation/sabotage.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace syncwarden::simulation {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

/// 200 in all, in four shards that may run at once; a sanitizer slows the world down by ten.
constexpr std::uint64_t seeds_in_a_shard = sanitized ? 5 : 50;

class Shard : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Shard, LosesDoublesAndWronglyCancelsNothing) {
  Coverage coverage;
  for (std::uint64_t seed = GetParam() + 1; seed <= GetParam() + seeds_in_a_shard; ++seed) {
    const auto played = play(seed, {});
    EXPECT_TRUE(played.violations.empty()) << told(played);
    EXPECT_EQ(played.tally.lost + played.tally.doubled + played.tally.wrongly_cancelled, 0U) << told(played);
    coverage.add(played.coverage);
    if (HasFailure()) return;
  }
  // The faults bite: a world in which nothing goes wrong proves nothing.
  if (!sanitized) {
    EXPECT_GT(coverage.of("fault", "crash"), 0U);
  }
  EXPECT_GT(coverage.of("tick", "started/on_time"), 100U);
}

INSTANTIATE_TEST_SUITE_P(Simulation, Shard, testing::Values(0, 50, 100, 150));

TEST(Simulation, TheSameSeedPlaysTheSameWorld) {
  const PlayOptions day{.safety = 24h};
  for (const std::uint64_t seed : {7U, 19U, 31U}) {
    const auto once = play(seed, day);
    const auto again = play(seed, day);
    EXPECT_EQ(once.trace, again.trace) << "seed " << seed;
    EXPECT_EQ(once.events, again.events) << "seed " << seed;
  }
  EXPECT_NE(play(7, day).trace, play(8, day).trace);
}

TEST(Simulation, WithoutFaultsEveryTickStartsOnTime) {
  PlayOptions options{.safety = 48h + 10min};
  options.change = [](forecast::Setup& setup) {
    setup.faults = {};
    setup.start = std::chrono::sys_days{std::chrono::year{2026} / 2 / 3};  // no zone changes its clocks then
    for (auto& pipeline : setup.pipelines) {
      pipeline.schedule = {};
      pipeline.behaviour = emulator::Behaviour::healthy({1min, 3min}, {1'000, 5'000});
    }
    setup.airbyte.max_parallel = 0;
    setup.plan.limits = {};
    setup.plan.triggers_per_second = 0;
    setup.plan.mode = Mode::live;
    setup.plan.blackouts.clear();
    for (auto& rule : setup.plan.rules) {
      rule.schedules.clear();
      rule.schedules.push_back({"", calendar::Schedule::cron({"0 0/30 * * * ?", "Europe/Berlin"}).value()});
      rule.policy.jitter = {};
    }
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto played = play(seed, options);
    EXPECT_TRUE(played.violations.empty()) << told(played);
    EXPECT_GT(played.tally.due, 200U);
    EXPECT_EQ(played.tally.started, played.tally.due) << told(played);
    EXPECT_EQ(played.tally.ours, played.tally.due) << told(played);
  }
}

class Broken : public testing::TestWithParam<SabotageOf> {};

/// Shorter days, more of what the oracle is about: a promise that is broken shows within 200 seeds.
PlayOptions with(Sabotage sabotage, bool& applied) {
  PlayOptions options{.safety = 30h};
  options.change = [sabotage, &applied](forecast::Setup& setup) {
    applied = true;
    if (sabotage == Sabotage::answer_twice) setup.faults[forecast::Fault::command] = 10;
    apply(sabotage, setup);
  };
  return options;
}

TEST_P(Broken, IsSeenWithin200Seeds) {
  const auto& sabotage = GetParam();
  bool applied = false;
  const auto options = with(sabotage.what, applied);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto played = play(seed, options);
    if (sabotage.what == Sabotage::unseeded_chance) {
      if (play(seed, options).trace != played.trace) return;
      continue;
    }
    for (const auto& violation : played.violations) {
      if (violation.oracle == sabotage.oracle) return;
    }
  }
  ASSERT_TRUE(applied);
  FAIL() << sabotage.oracle << " did not see " << sabotage.name << " in 200 worlds";
}

INSTANTIATE_TEST_SUITE_P(Simulation, Broken, testing::ValuesIn(all_sabotage),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace syncwarden::simulation
