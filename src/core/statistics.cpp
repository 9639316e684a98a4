#include "core/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace syncwarden::core {
namespace {

/// Of the logarithm; half of it is a factor of 1.28.
constexpr double least_spread = 0.25;
/// Makes the median absolute deviation comparable with a standard deviation.
constexpr double mad_scale = 1.4826;

std::vector<Millis> sorted_durations(const std::vector<RunSample>& samples) {
  std::vector<Millis> sorted;
  sorted.reserve(samples.size());
  for (const auto& sample : samples) sorted.push_back(sample.duration);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
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
  const auto scale = [](double plain) { return std::log1p(std::max(0.0, plain)); };
  std::vector<double> logs;
  logs.reserve(others.size());
  for (const double other : others) logs.push_back(scale(other));
  const double middle = median(logs).value_or(0);
  for (double& log : logs) log = std::abs(log - middle);
  const double spread = std::max(least_spread, mad_scale * median(std::move(logs)).value_or(0));
  return (scale(value) - middle) / spread;
}

std::optional<Millis> typical_duration(const std::vector<RunSample>& samples) {
  if (samples.empty()) return std::nullopt;
  const auto sorted = sorted_durations(samples);
  return sorted[sorted.size() / 2];
}

std::optional<Millis> generous_duration(const std::vector<RunSample>& samples) {
  if (samples.empty()) return std::nullopt;
  const auto sorted = sorted_durations(samples);
  return sorted[std::min(sorted.size() - 1, sorted.size() * 9 / 10)];
}

}  // namespace syncwarden::core
