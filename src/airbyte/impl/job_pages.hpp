// Jobs for a person: listed page by page without keeping them, and one in full.
#pragma once

#include "airbyte/impl/errand.hpp"
#include "model/administration.hpp"

#include <functional>

namespace syncwarden::airbyte {

/// Whether a job is one of those that were asked for; servers ignore filters that they do not know.
[[nodiscard]] bool is_wanted(const JobFilter& filter, const JobView& job);

[[nodiscard]] Result<void> list_jobs(Errand& errand, const JobFilter& filter,
                                     const std::function<bool(const JobView&)>& each);
[[nodiscard]] Result<JobDetail> job_detail(Errand& errand, JobId id);

}  // namespace syncwarden::airbyte
