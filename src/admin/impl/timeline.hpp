// The last day's jobs as bars.
#pragma once

#include "base/time.hpp"
#include "model/job.hpp"

#include <functional>
#include <string>
#include <vector>

namespace syncwarden::admin {

/// How far back the bars go.
inline constexpr Millis timeline_span{std::chrono::hours{24}};

/// A row for each connection that had a job, those with the newest ones first; empty where there are none.
/// `name_of`: empty for a connection that is gone.
[[nodiscard]] std::string timeline(const std::vector<JobView>& jobs, Instant now,
                                   const std::function<std::string(const ConnectionId&)>& name_of);

}  // namespace syncwarden::admin
