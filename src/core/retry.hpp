// How long to wait: before an extra job, before the next poll, after Airbyte went out of sight.
#pragma once

#include "base/rng.hpp"
#include "base/time.hpp"
#include "model/plan.hpp"

#include <cstdint>
#include <optional>

namespace syncwarden::core {

/// The delay before extra job number `job_number` (1 is the first), or nothing if the policy has no more for
/// this class. `details_missing`: the API gives no failure class at all (Public API), so `unknown` counts as
/// retryable once.
[[nodiscard]] std::optional<Millis> extra_job_delay(const ExtraJobs& policy, std::uint32_t job_number,
                                                    FailureClass failure, bool details_missing);

/// Exponential from `min` to `max`, with up to a fifth of jitter; `failures` counts from 1.
[[nodiscard]] Millis backoff(Millis min, Millis max, std::uint32_t failures, Rng& rng);

/// The pause before the next poll: a tenth of the age of the youngest active job, within the bounds; the
/// maximum when nothing runs; the minimum while somebody waits for the next answer.
[[nodiscard]] Millis poll_delay(const PollPace& pace, std::optional<Millis> youngest_job_age, bool urgent);

/// A token bucket: paces starts. A rate of 0 never holds anything back.
class Pacing {
 public:
  /// `burst` starts at once, then `per_second`.
  void configure(double per_second, double burst, Mono now);
  [[nodiscard]] bool take(Mono now);
  /// When the next start is possible at the earliest.
  [[nodiscard]] Mono ready_at(Mono now) const;

 private:
  void refill(Mono now);

  double per_second_ = 0;
  double burst_ = 0;
  double tokens_ = 0;
  Mono filled_;
};

}  // namespace syncwarden::core
