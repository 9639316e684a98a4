// The last day's jobs as bars.
#pragma once

#include "base/time.hpp"
#include "model/job.hpp"

#include <functional>
#include <string>
#include <vector>

namespace syncwarden::admin {

/// How far back the bars go at most; they begin with the oldest job where that is younger.
inline constexpr Millis longest_timeline{std::chrono::hours{24}};

/// A heading, and a row for each connection that had a job, those with the newest ones first; empty where
/// there are none. `name_of`: empty for a connection that is gone.
[[nodiscard]] std::string timeline(const std::vector<JobView>& jobs, Instant now,
                                   const std::function<std::string(const ConnectionId&)>& name_of);

}  // namespace syncwarden::admin
