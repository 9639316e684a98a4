// The parameters of a request: each known, given once, and of its type.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::admin {

class Query {
 public:
  /// Errc::usage names the parameter that is unknown, given twice or badly encoded.
  [[nodiscard]] static Result<Query> parse(std::string_view text, std::span<const std::string_view> known);

  [[nodiscard]] std::optional<std::string> text(const std::string& name) const;
  /// A whole number from 1 to `most`; `otherwise` where it is not given.
  [[nodiscard]] Result<std::size_t> count(const std::string& name, std::size_t otherwise,
                                          std::size_t most) const;
  [[nodiscard]] Result<std::optional<Instant>> instant(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

/// The decoded segments of a path; Errc::usage for an encoding that is none. "+" is a plus in a path.
[[nodiscard]] Result<std::vector<std::string>> path_segments(std::string_view path);

/// A positive whole number, and nothing else.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text);

}  // namespace syncwarden::admin
