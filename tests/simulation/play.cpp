#include "simulation/play.hpp"

#include "simulation/scenario.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::simulation {

Played play(std::uint64_t seed, const PlayOptions& options) {
  auto scenario = draw_scenario(seed, options.safety);
  if (options.change) options.change(scenario.setup);
  const Instant calm = scenario.setup.start + scenario.safety;
  const Instant end = calm + scenario.liveness;
  Chronicle chronicle(options.print);
  forecast::Engine world(std::move(scenario.setup), &chronicle);
  chronicle.watch(world);
  const auto until = [&](Instant then) {
    constexpr Millis between_looks{std::chrono::minutes{7}};
    while (world.now() < then) {
      world.run_until(std::min(then, world.now() + between_looks));
      chronicle.look();
    }
  };
  until(calm);
  world.calm_down();
  world.change_plan(calmed(world.plan()));
  until(end);
  chronicle.judge(calm);

  Played played;
  played.seed = seed;
  played.span = end - world.setup().start;
  played.tally = chronicle.tally();
  played.coverage = chronicle.coverage();
  played.violations = chronicle.violations();
  played.crashes = world.crashes();
  played.events = world.events();
  played.trace = world.trace();
  return played;
}

std::string told(const Played& played) {
  std::string text =
      fmt::format("seed {}: {} violations; see it with ./dev simulate --seeds 1 --seed {} --trace\n",
                  played.seed, played.violations.size(), played.seed);
  for (std::size_t i = 0; i < std::min<std::size_t>(played.violations.size(), 8); ++i) {
    text += fmt::format("  {}: {}\n", played.violations[i].oracle, played.violations[i].text);
  }
  return text;
}

}  // namespace syncwarden::simulation
