// A secret prints as "<secret>" wherever it is formatted; only reveal() gives the text, and reveal() is easy
// to grep.
#pragma once

#include <ostream>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  /// The secret itself: only for the place that sends it.
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  bool operator==(const Secret&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret& /*secret*/) { return out << "<secret>"; }

 private:
  std::string text_;
};

}  // namespace syncwarden

template <>
struct fmt::formatter<syncwarden::Secret> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const syncwarden::Secret& /*secret*/, Context& context) const {
    return fmt::formatter<std::string_view>::format("<secret>", context);
  }
};
