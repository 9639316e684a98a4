// Plays one seed: a safety phase with faults, then a liveness phase without, then the judgement.
#pragma once

#include "forecast/engine.hpp"
#include "simulation/chronicle.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace syncwarden::simulation {

struct PlayOptions {
  Millis safety{std::chrono::hours{24 * 4}};
  std::function<void(forecast::Setup&)> change;  ///< of the drawn world, before it begins
  Chronicle::Print print;
};

struct Played {
  std::uint64_t seed = 0;
  Millis span{};
  Tally tally;
  Coverage coverage;
  std::vector<Violation> violations;
  std::uint64_t crashes = 0;
  std::uint64_t events = 0;
  std::uint64_t trace = 0;
};

[[nodiscard]] Played play(std::uint64_t seed, const PlayOptions& options);
/// The violations, and how to see the seed again.
[[nodiscard]] std::string told(const Played& played);

}  // namespace syncwarden::simulation
