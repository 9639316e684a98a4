// Robust statistics over the few runs that are remembered of a connection: medians, because one bad night
// must not move what counts as usual.
#pragma once

#include "base/time.hpp"
#include "model/mutation.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace syncwarden::core {

/// Below so many verified successes nothing is called usual, and so nothing unusual.
inline constexpr std::size_t least_history = 5;

/// The middle value (the upper one of two); nothing without any.
[[nodiscard]] std::optional<double> median(std::vector<double> values);

/// How far `value` lies from the others, on a logarithmic scale, in robust standard deviations: negative
/// below their median, positive above. Deviations smaller than a factor of about 1.3 count as noise. Nothing
/// with fewer than `least_history` others.
[[nodiscard]] std::optional<double> robust_deviation(double value, const std::vector<double>& others);

/// How large robust_deviation() can be at most, whatever the spread of values with this median: cheap, and
/// for a usual value all that one needs to know.
[[nodiscard]] double most_deviation(double value, double middle);

/// The middle one of a connection's remembered run times; nothing without any.
[[nodiscard]] std::optional<Millis> typical_duration(const std::vector<RunSample>& samples);

/// The run time that nine of ten remembered runs stay below: for starting early enough.
[[nodiscard]] std::optional<Millis> generous_duration(const std::vector<RunSample>& samples);

}  // namespace syncwarden::core
