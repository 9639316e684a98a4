// Times for people: local with the zone's name, and how far away.
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::app {

/// "22:35:09 CET" today, "2026-11-27 06:00 CET" on other days; the zone is the process's own (TZ).
[[nodiscard]] std::string local_text(Instant at, Instant now);
/// "in 4m", "4m12s ago", "now".
[[nodiscard]] std::string relative_text(Instant at, Instant now);
/// Both: "22:35:09 CET (in 4m)"; "-" where there is none.
[[nodiscard]] std::string when_text(std::optional<Instant> at, Instant now);
/// The instants in a text of the daemon (RFC 3339, UTC) as local times.
[[nodiscard]] std::string with_local_times(std::string_view text, Instant now);

/// Where a time without a date, or a bare duration, points.
enum class Towards { past, future };
/// RFC 3339; "2026-11-26 02:00" and "02:00" in local time, the latter the nearest one in that direction;
/// "2h": that long ago, or from now.
[[nodiscard]] std::optional<Instant> parse_moment(std::string_view text, Instant now, Towards towards);

}  // namespace syncwarden::app
