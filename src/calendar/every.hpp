// Intervals: their notation, and how they are spread over their period.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"

#include <string_view>

namespace syncwarden::calendar {

/// "every 6h" or "every 1h phase 10m". Errc::invalid_config for anything else; the bounds are
/// Schedule::every's.
[[nodiscard]] Result<EverySpec> parse_every(std::string_view text);

/// A phase in [0, interval), whole seconds, fixed by the connection's id: connections with the same interval
/// do not all start at once, and a restart moves none of them.
[[nodiscard]] Millis spread_phase(std::string_view connection_id, Millis interval);

}  // namespace syncwarden::calendar
