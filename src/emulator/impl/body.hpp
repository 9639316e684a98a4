// A request body, read once; boost.json stays behind it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::emulator {

/// A JSON object. Members that are absent, null or of another type read as nothing.
class Body {
 public:
  /// An empty text is an empty object; nothing for what is no JSON object.
  [[nodiscard]] static std::optional<Body> parse(std::string_view text);
  /// application/x-www-form-urlencoded, as the token route takes it.
  [[nodiscard]] static Body parse_form(std::string_view text);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view key) const;
  [[nodiscard]] std::optional<double> real(std::string_view key) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
  [[nodiscard]] std::optional<Body> object(std::string_view key) const;
  /// The strings of an array (others left out); empty where there is none.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> keys() const;
  /// A member as JSON text, whatever it is; nothing where there is none.
  [[nodiscard]] std::optional<std::string> json(std::string_view key) const;

  struct Impl;

 private:
  explicit Body(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace syncwarden::emulator
