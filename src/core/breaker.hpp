// The breaker: stops starting what keeps failing, always short of the point at which Airbyte would switch the
// connection off.
#pragma once

#include "base/time.hpp"
#include "model/mutation.hpp"
#include "model/policy.hpp"

#include <cstdint>
#include <string_view>

namespace syncwarden::core {

/// When an Airbyte of some version switches a connection off by itself (reference 8.4).
struct AutoDisable {
  std::uint32_t failed_jobs = 30;
  Millis without_success{std::chrono::hours{24 * 7}};
  bool both = true;  ///< false: either is enough
};

/// For an unknown version the strictest rule holds.
[[nodiscard]] AutoDisable auto_disable_of(std::string_view airbyte_version);

/// "2.0.1-rc3" is at least (2, 0). False for a version that cannot be read.
[[nodiscard]] bool version_at_least(std::string_view version, std::uint32_t major, std::uint32_t minor);

/// So many failed jobs in a row open the breaker; 0: never, because the policy says so.
[[nodiscard]] std::uint32_t breaker_limit(const BreakerPolicy& policy, const AutoDisable& rule);

/// Whether an open breaker lets a probe through now.
[[nodiscard]] bool probe_allowed(const BreakerPolicy& policy, const BreakerState& state, Instant now);
/// When it does so next; nothing: not any more.
[[nodiscard]] std::optional<Instant> next_breaker_probe(const BreakerPolicy& policy,
                                                        const BreakerState& state);

/// A connection that goes on failing like this is switched off soon: worth an alert in time.
[[nodiscard]] bool near_auto_disable(const AutoDisable& rule, std::uint32_t consecutive_failures,
                                     std::optional<Millis> since_last_success);

}  // namespace syncwarden::core
