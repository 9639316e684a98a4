// The only place that reads a clock.
#pragma once

#include "base/time.hpp"

#include <chrono>

namespace syncwarden::runtime {

/// Both clocks, now. Wall-clock time is CLOCK_REALTIME, monotonic time stands still while the machine is
/// suspended.
[[nodiscard]] Now read_clock();

/// The monotonic clock in full resolution, for measuring durations.
[[nodiscard]] std::chrono::steady_clock::time_point steady_now();

/// The time point of a Mono on the clock that Asio's timers use.
[[nodiscard]] std::chrono::steady_clock::time_point steady_time(Mono at);

}  // namespace syncwarden::runtime
