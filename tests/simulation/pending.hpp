// What the scenarios leave out until the core can do it.
#pragma once

namespace syncwarden::simulation {

/// The recovery ladder, incidents, commands, pauses, blackouts, chains and keep_fresh: scenarios draw them
/// and their oracles judge.
inline constexpr bool core_recovers = true;

/// Defects that the simulator has found in the core. While one is true, scenarios stay clear of what shows
/// it; set it to false with its fix, and never without.
namespace known {

/// While the clock is wrong by hours, a restart or the end of a pause records what seems missed together, and
/// forgets which nominals before that had decisions of their own; an edited schedule forgets them, too. Set
/// right again, the clock may decide those once more.
inline constexpr bool wrong_clock_and_restart_decide_twice = true;

}  // namespace known

}  // namespace syncwarden::simulation
