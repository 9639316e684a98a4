#include "core/breaker.hpp"

#include <algorithm>
#include <charconv>

namespace syncwarden::core {
namespace {

constexpr Millis day{std::chrono::hours{24}};
/// The breaker and its probes stay this far below Airbyte's own limit.
constexpr std::uint32_t margin = 2;
/// With an either-or rule: days before the end at which somebody should know.
constexpr Millis warn_before = 4 * day;

}  // namespace

bool version_at_least(std::string_view version, std::uint32_t major, std::uint32_t minor) {
  const char* const end = version.data() + version.size();
  std::uint32_t found_major = 0;
  std::uint32_t found_minor = 0;
  const auto [dot, error] = std::from_chars(version.data(), end, found_major);
  if (error != std::errc{} || dot == end || *dot != '.') return false;
  if (std::from_chars(dot + 1, end, found_minor).ec != std::errc{}) return false;
  return found_major != major ? found_major > major : found_minor >= minor;
}

AutoDisable auto_disable_of(std::string_view airbyte_version) {
  if (version_at_least(airbyte_version, 1, 3)) return {30, 7 * day, true};
  if (version_at_least(airbyte_version, 0, 50)) return {20, 14 * day, false};
  if (version_at_least(airbyte_version, 0, 0)) return {100, 14 * day, false};
  return {20, 7 * day, false};
}

std::uint32_t breaker_limit(const BreakerPolicy& policy, const AutoDisable& rule) {
  if (policy.after_failed_jobs == 0) return 0;
  const std::uint32_t reserved = std::min(policy.probe_max, rule.failed_jobs / 2) + margin;
  return std::min(policy.after_failed_jobs, rule.failed_jobs - std::min(reserved, rule.failed_jobs - 1));
}

std::optional<Instant> next_breaker_probe(const BreakerPolicy& policy, const BreakerState& state) {
  if (state.probes >= policy.probe_max) return std::nullopt;
  return state.last_probe.value_or(state.opened) + policy.probe_every;
}

bool probe_allowed(const BreakerPolicy& policy, const BreakerState& state, Instant now) {
  const auto next = next_breaker_probe(policy, state);
  return next && *next <= now;
}

bool near_auto_disable(const AutoDisable& rule, std::uint32_t consecutive_failures,
                       std::optional<Millis> since_last_success) {
  if (consecutive_failures == 0) return false;
  const bool many = consecutive_failures * 3 >= rule.failed_jobs * 2;
  const bool long_ago = since_last_success && *since_last_success + warn_before >= rule.without_success;
  return rule.both ? many && (!since_last_success || long_ago) : many || long_ago;
}

}  // namespace syncwarden::core
