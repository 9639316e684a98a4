// A world drawn from its seed: swarm testing, so that each seed has a few faults of its own, some of them
// strong, instead of all of them weak.
#pragma once

#include "forecast/engine.hpp"

#include <cstdint>

namespace syncwarden::simulation {

struct Scenario {
  forecast::Setup setup;
  Millis safety{};    ///< with faults
  Millis liveness{};  ///< without: everything settles
};

[[nodiscard]] Scenario draw_scenario(std::uint64_t seed, Millis safety);

/// The plan of the calm: as it is, without what makes a tick wait longer than anybody looks.
[[nodiscard]] Plan calmed(Plan plan);

}  // namespace syncwarden::simulation
