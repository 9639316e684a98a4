// JSON by appending text: the benches list ten thousand jobs a second, and a tree would be built only to be
// written.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace syncwarden::emulator {

/// Commas follow from the last character, so members can be written by any function in any order.
class Json {
 public:
  explicit Json(std::size_t expected_bytes = 512) { text_.reserve(expected_bytes); }

  Json& open(char bracket) {
    separate();
    text_ += bracket;
    return *this;
  }
  Json& close(char bracket) {
    text_ += bracket;
    return *this;
  }
  Json& key(std::string_view name) {
    separate();
    text_ += '"';
    text_ += name;
    text_ += "\":";
    return *this;
  }
  Json& value(std::string_view text) {
    separate();
    quote(text);
    return *this;
  }
  Json& value(const char* text) { return value(std::string_view{text}); }
  Json& value(const std::string& text) { return value(std::string_view{text}); }
  template <std::integral Integer>
  Json& value(Integer number) {
    separate();
    if constexpr (std::same_as<Integer, bool>) {
      text_ += number ? "true" : "false";
    } else {
      const fmt::format_int digits(number);
      text_.append(digits.data(), digits.size());
    }
    return *this;
  }
  Json& null() { return raw("null"); }
  /// Text that is JSON already.
  Json& raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
  }
  template <class Value>
  Json& member(std::string_view name, const Value& content) {
    return key(name).value(content);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (text_.empty()) return;
    const char last = text_.back();
    if (last != '{' && last != '[' && last != ':') text_ += ',';
  }
  void quote(std::string_view text);

  std::string text_;
};

}  // namespace syncwarden::emulator
