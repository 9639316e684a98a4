#include "core/retry.hpp"

#include <algorithm>
#include <cmath>

namespace syncwarden::core {

std::optional<Millis> extra_job_delay(const ExtraJobs& policy, std::uint32_t job_number, FailureClass failure,
                                      bool details_missing) {
  const bool listed = std::find(policy.on.begin(), policy.on.end(), failure) != policy.on.end();
  const bool once = details_missing && failure == FailureClass::unknown && job_number == 1;
  if (job_number > policy.max || !(listed || once)) return std::nullopt;
  const double delay = static_cast<double>(policy.initial.count()) * std::pow(policy.factor, job_number - 1);
  const auto longest = static_cast<double>(policy.longest.count());
  return Millis{static_cast<std::int64_t>(std::min(delay, longest))};
}

Millis backoff(Millis min, Millis max, std::uint32_t failures, Rng& rng) {
  const auto doublings = std::min<std::uint32_t>(failures > 0 ? failures - 1 : 0, 20);
  const Millis delay = std::min(max, min * (std::int64_t{1} << doublings));
  return delay +
         Millis{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(delay.count() / 5 + 1)))};
}

Millis poll_delay(const PollPace& pace, std::optional<Millis> youngest_job_age, bool urgent) {
  if (urgent) return pace.min;
  if (!youngest_job_age) return pace.max;
  return std::clamp(*youngest_job_age / 10, pace.min, std::max(pace.min, pace.max));
}

void Pacing::configure(double per_second, double burst, Mono now) {
  per_second_ = per_second;
  burst_ = burst;
  tokens_ = burst;
  filled_ = now;
}

void Pacing::refill(Mono now) {
  const auto elapsed = static_cast<double>((now - filled_).count()) / 1000.0;
  tokens_ = std::min(burst_, tokens_ + std::max(0.0, elapsed) * per_second_);
  filled_ = now;
}

bool Pacing::take(Mono now) {
  if (per_second_ <= 0) return true;
  refill(now);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

Mono Pacing::ready_at(Mono now) const {
  if (per_second_ <= 0 || tokens_ >= 1) return now;
  return now + Millis{static_cast<std::int64_t>(std::ceil((1 - tokens_) / per_second_ * 1000.0))};
}

}  // namespace syncwarden::core
