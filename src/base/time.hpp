// Time as values. Nothing here reads a clock: instants come in from the shell (runtime/clock.cpp) or a
// simulator.
#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace syncwarden {

using Millis = std::chrono::milliseconds;

/// Wall-clock time in UTC, to the millisecond. Schedules are about these.
using Instant = std::chrono::sys_time<Millis>;

/// A point on the monotonic clock (which stands still during a suspend). Timeouts and ages are about these.
struct Mono {
  Millis since_boot{};

  auto operator<=>(const Mono&) const = default;
  friend Mono operator+(Mono at, Millis by) { return {at.since_boot + by}; }
  friend Millis operator-(Mono a, Mono b) { return a.since_boot - b.since_boot; }
};

/// Both clocks, always read together.
struct Now {
  Instant wall;
  Mono mono;
};

/// "2026-03-29T01:00:00Z"; milliseconds are written only where they are not zero.
[[nodiscard]] std::string to_rfc3339(Instant at);

/// The instant at `at` in a zone that is `offset` ahead of UTC: "2026-03-29T03:00:00+02:00".
[[nodiscard]] std::string to_rfc3339(Instant at, std::chrono::seconds offset);

/// RFC 3339 as Airbyte writes it: "Z" or an offset, seconds may be missing (Java drops them when zero), any
/// number of fraction digits (cut to milliseconds). Nothing for anything else.
[[nodiscard]] std::optional<Instant> parse_rfc3339(std::string_view text);

/// A duration in syncwarden's notation: units ms s m h d w, combinable ("1h30m"). A bare number is no
/// duration.
[[nodiscard]] std::optional<Millis> parse_duration(std::string_view text);

/// The shortest notation that parse_duration reads back: 90 min is "1h30m", zero is "0s".
[[nodiscard]] std::string to_string(Millis duration);

/// java.time.Duration's notation as Airbyte's public API uses it: "PT8H6M12S", "PT0S", "PT49H", "PT1.5S".
[[nodiscard]] std::optional<Millis> parse_iso8601_duration(std::string_view text);

}  // namespace syncwarden
