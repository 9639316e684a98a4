// A strict reader of the Prometheus text format, for tests: what it accepts, Prometheus accepts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::observe::testing {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct ExposedFamily {
  std::string name;
  std::string type;
  std::string help;
  std::vector<Sample> samples;
};

struct Exposition {
  std::vector<ExposedFamily> families;  ///< in the order in which they appear
  std::vector<std::string> faults;      ///< everything that is wrong with the text

  [[nodiscard]] const ExposedFamily* family(std::string_view name) const;
  /// The value of the one series with exactly these labels.
  [[nodiscard]] std::optional<double> value(std::string_view name,
                                            const std::map<std::string, std::string>& labels = {}) const;
  [[nodiscard]] std::size_t series() const;
};

[[nodiscard]] Exposition parse_exposition(std::string_view text);

}  // namespace syncwarden::observe::testing
