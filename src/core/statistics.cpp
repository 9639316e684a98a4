#include "core/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace syncwarden::core {
namespace {

/// Of the logarithm; half of it is a factor of 1.28.
constexpr double least_spread = 0.25;
/// Makes the median absolute deviation comparable with a standard deviation.
constexpr double mad_scale = 1.4826;

double scale(double plain) { return std::log1p(std::max(0.0, plain)); }

/// The duration at this tenth of the newest samples in order of size. Every poll asks it for every job, so it
/// allocates nothing.
std::optional<Millis> duration_at(const std::vector<RunSample>& samples, std::size_t tenth) {
  if (samples.empty()) return std::nullopt;
  std::array<Millis, samples_kept> durations;
  const std::size_t count = std::min(samples.size(), durations.size());
  std::transform(samples.end() - static_cast<std::ptrdiff_t>(count), samples.end(), durations.begin(),
                 [](const RunSample& sample) { return sample.duration; });
  const auto at = durations.begin() + static_cast<std::ptrdiff_t>(std::min(count - 1, count * tenth / 10));
  std::nth_element(durations.begin(), at, durations.begin() + static_cast<std::ptrdiff_t>(count));
  return *at;
}

}  // namespace

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::optional<double> robust_deviation(double value, const std::vector<double>& others) {
  if (others.size() < least_history) return std::nullopt;
  std::vector<double> logs;
  logs.reserve(others.size());
  for (const double other : others) logs.push_back(scale(other));
  const double middle = median(logs).value_or(0);
  for (double& log : logs) log = std::abs(log - middle);
  const double spread = std::max(least_spread, mad_scale * median(std::move(logs)).value_or(0));
  return (scale(value) - middle) / spread;
}

double most_deviation(double value, double middle) {
  return std::abs(scale(value) - scale(middle)) / least_spread;
}

std::optional<Millis> typical_duration(const std::vector<RunSample>& samples) {
  return duration_at(samples, 5);
}

std::optional<Millis> generous_duration(const std::vector<RunSample>& samples) {
  return duration_at(samples, 9);
}

}  // namespace syncwarden::core
