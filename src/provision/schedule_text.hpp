// Airbyte's own schedule of a connection, as people write it. Pure.
#pragma once

#include "base/error.hpp"
#include "model/administration.hpp"

#include <string_view>

namespace syncwarden::provision {

/// "manual", "every 24 hours", "0 15 2 * * ? Europe/Berlin" (Quartz, the zone is UTC unless told).
/// Errc::usage names what is wrong.
[[nodiscard]] Result<ScheduleSetting> schedule_from(std::string_view text);

/// What Airbyte would refuse of a cron schedule; also its zones that begin with "Etc".
[[nodiscard]] Result<void> check_cron(const ScheduleSetting& schedule);

}  // namespace syncwarden::provision
