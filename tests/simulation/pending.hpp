// What the scenarios ask for only where the core can do it.
#pragma once

namespace syncwarden::simulation {

/// The recovery ladder, incidents, commands, pauses, blackouts, chains and keep_fresh: scenarios draw them
/// and their oracles judge. One switch, so that the simulator and the core may be built apart and be put
/// together.
inline constexpr bool core_recovers = false;

}  // namespace syncwarden::simulation
