// What the scenarios leave out until the core can do it.
#pragma once

namespace syncwarden::simulation {

/// The recovery ladder, incidents, commands, pauses, blackouts, chains and keep_fresh: scenarios draw them
/// and their oracles judge. One switch, so that the simulator and the core may be built apart and be put
/// together.
inline constexpr bool core_recovers = true;

/// Defects that the simulator has found in the core. While one is true, scenarios stay clear of what shows
/// it; set it to false with its fix, and never without.
namespace known {

/// After the clock was set back by hours: a restart forgets which nominals ahead were decided already
/// (the cursor is written without them once memory has passed over them, and an open run that lies before
/// them does not raise the watermark).
inline constexpr bool wrong_clock_forgets_decisions = false;
/// A backlog of `catch_up: all` is passed by the cursor when an edit makes the policy another one.
inline constexpr bool edit_loses_a_backlog = false;
/// An old state that is put back starts ticks of `catch_up: all` again that Airbyte's history shows as done.
inline constexpr bool restored_state_repeats_all = false;
/// The same with extra jobs: a failed run of the old state gets them again.
inline constexpr bool restored_state_repeats_extra_jobs = false;
/// The same with a tick that is no minute old: it counts as on time, so nobody asks whether its job is there.
inline constexpr bool restored_state_repeats_what_is_fresh = false;
/// Whether a job is newer than a tick is told by comparing Airbyte's clock with ours, to the millisecond:
/// with ours half a minute ahead, an old state that is put back repeats the latest tick.
inline constexpr bool restored_state_trusts_both_clocks = false;
/// Counters that change are taken as proof that Airbyte's workers live; but jobs count without them, and only
/// a new job, a status or an attempt is proof.
inline constexpr bool counters_prove_workers = false;

}  // namespace known

}  // namespace syncwarden::simulation
