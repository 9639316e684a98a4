// Ready-made instances: a small one that shows everything, a large one to measure with.
#pragma once

#include "emulator/behaviour.hpp"

#include <cstddef>
#include <vector>

namespace syncwarden::emulator {

/// Twelve connections in three workspaces: fast, ordinary, slow, sometimes failing, never working, stuck,
/// rate-limited and suspiciously empty ones, whose jobs take 3 to 20 seconds; and in "operations" one for
/// each thing that recovery does or must not do: "shipments → warehouse" freezes on its first run only,
/// "contacts → warehouse" rests half a minute while it is rate-limited, "surveys → warehouse" succeeds with
/// zero records, "refunds → warehouse" fails three times and then works.
[[nodiscard]] std::vector<Pipeline> sample_pipelines();

/// `count` healthy connections named fleet-00000 and so on, all in the workspace "fleet".
[[nodiscard]] std::vector<Pipeline> fleet(std::size_t count,
                                          Range<Millis> duration = {std::chrono::seconds{10},
                                                                    std::chrono::seconds{20}});

}  // namespace syncwarden::emulator
