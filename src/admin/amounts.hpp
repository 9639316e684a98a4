// Numbers as people read them.
#pragma once

#include "base/time.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <string>

namespace syncwarden::admin {

/// "48.2 MB"; powers of ten, as Airbyte's own pages count.
[[nodiscard]] std::string bytes_text(std::int64_t bytes);
/// "1,234,567"
[[nodiscard]] std::string count_text(std::int64_t count);
/// Two units at most, and no more digits than matter: "4m12s", "3h5m", "2d3h". Never negative.
[[nodiscard]] std::string rough_text(Millis duration);
/// "12,000 records, 48.2 MB": committed where it is known, else what was read; "no statistics" where Airbyte
/// shows none.
[[nodiscard]] std::string amounts_text(const JobCounters& counters);

}  // namespace syncwarden::admin
