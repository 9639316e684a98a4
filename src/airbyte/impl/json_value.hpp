// Reading a JSON document without trust, for .cpp files that include Boost.JSON themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Boost.JSON itself is included by .cpp files only.
namespace boost::json {
class value;
class array;
}  // namespace boost::json

namespace syncwarden::airbyte {

/// A value, or none. Every accessor answers "nothing" for a value of another kind.
class JsonView {
 public:
  JsonView() = default;
  explicit JsonView(const boost::json::value* value) : value_(value) {}

  [[nodiscard]] JsonView operator[](std::string_view member) const;
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] const boost::json::array* array() const;
  [[nodiscard]] std::vector<JsonView> items() const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] bool is_true() const;
  /// The strings of an array.
  [[nodiscard]] std::vector<std::string> texts() const;
  /// An array of arrays of strings.
  [[nodiscard]] std::vector<std::vector<std::string>> paths() const;
  [[nodiscard]] std::vector<std::string> keys() const;
  /// As text; empty where there is none.
  [[nodiscard]] std::string json() const;

 private:
  const boost::json::value* value_ = nullptr;
};

}  // namespace syncwarden::airbyte
