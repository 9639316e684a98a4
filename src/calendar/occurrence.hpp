// Where wall-clock times meet a zone: which instants a cron expression yields under each DST policy.
#pragma once

#include "calendar/cron.hpp"
#include "calendar/schedule.hpp"
#include "calendar/zone.hpp"

#include <cstdint>
#include <optional>

namespace syncwarden::calendar {

/// The first UTC second strictly after `after` at which the expression fires. `steps` as in next_local.
[[nodiscard]] std::optional<std::int64_t> next_occurrence(const CronFields& fields, const Zone& zone,
                                                          DstPolicy policy, std::int64_t after,
                                                          unsigned* steps = nullptr);

}  // namespace syncwarden::calendar
