// Which nominal instants of a schedule have come due since its watermark.
#pragma once

#include "base/time.hpp"
#include "calendar/schedule.hpp"
#include "model/plan.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace syncwarden::core {

/// A tick that comes later than this after its due instant was not merely late: the daemon was not there.
inline constexpr Millis on_time_grace{std::chrono::seconds{60}};
/// Missed nominals are counted up to here; beyond it the count is told as "more than".
inline constexpr std::uint32_t max_counted_misses = 1'000;

struct DueTick {
  Instant nominal;
  Instant due;
  bool late = false;  ///< came after downtime, a suspend or a clock step: catch-up policy applies
};

/// What the half-open range (watermark, now] of a schedule amounts to under a catch-up policy.
struct DueTicks {
  std::vector<DueTick> start;      ///< to be started, oldest first
  std::optional<Instant> missed;   ///< newest nominal that is given up as missed(down)
  std::uint32_t missed_count = 0;  ///< how many were given up, at most max_counted_misses
  bool missed_more = false;        ///< there were more than that
  Instant watermark;               ///< newest nominal looked at
};

/// Scheduling rules 1, 2 and 7. `jitter_key` is the schedule's id.
[[nodiscard]] DueTicks due_ticks(const calendar::Schedule& schedule, std::string_view jitter_key,
                                 Millis jitter, Instant watermark, Instant now, CatchUpPolicy policy,
                                 std::uint32_t catch_up_max);

/// The due instant of the nominal that follows `watermark`, and the nominal itself; nothing if there is none.
struct NextTick {
  Instant nominal;
  Instant due;
};
[[nodiscard]] std::optional<NextTick> next_tick(const calendar::Schedule& schedule,
                                                std::string_view jitter_key, Millis jitter,
                                                Instant watermark);

}  // namespace syncwarden::core
