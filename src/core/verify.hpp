// Verified success: which of Airbyte's successes are believed, and on what evidence.
#pragma once

#include "model/job.hpp"
#include "model/mutation.hpp"
#include "model/policy.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace syncwarden::core {

struct Judgement {
  bool verified = true;
  std::string evidence;        ///< why it is not: "0 records; its last 12 runs moved 3900 in the middle"
  std::string outlier;         ///< verified, and yet unusual: for an alert, nothing more; empty: nothing
  bool unlike_before = false;  ///< it is not, only because it is much smaller or faster than those before
};

/// So many in a row that are unlike those before, but like each other's kind, are what the connection does
/// now.
inline constexpr std::uint32_t new_normal = 3;

/// Judges a job that Airbyte calls succeeded by the connection's own history of verified successes.
/// `statistics_expected`: this Airbyte shows statistics for jobs that have any (0.50 and later, Config API).
/// Only syncs are judged; everything else is believed.
[[nodiscard]] Judgement judge(const JobView& job, const ConnectionHistory& history,
                              const VerifyPolicy& policy, bool statistics_expected);

/// What a verified success leaves in its connection's history.
[[nodiscard]] RunSample sample_of(const JobView& job);

/// More than one in ten of the remembered runs moved nothing.
[[nodiscard]] bool often_empty(const ConnectionHistory& history);

}  // namespace syncwarden::core
