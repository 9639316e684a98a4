// Ready-made instances: a small one that shows everything, a large one to measure with.
#pragma once

#include "emulator/behaviour.hpp"

#include <cstddef>
#include <vector>

namespace syncwarden::emulator {

/// Eight connections in two workspaces: fast, ordinary, slow, sometimes failing, never working, stuck,
/// rate-limited and suspiciously empty ones. A job takes 3 to 20 seconds.
[[nodiscard]] std::vector<Pipeline> sample_pipelines();

/// `count` healthy connections named fleet-00000 and so on, all in the workspace "fleet".
[[nodiscard]] std::vector<Pipeline> fleet(std::size_t count,
                                          Range<Millis> duration = {std::chrono::seconds{10},
                                                                    std::chrono::seconds{20}});

}  // namespace syncwarden::emulator
