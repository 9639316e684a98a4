// Small readings that several decoders share.
#pragma once

#include "base/text.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::airbyte {

/// Epoch seconds or milliseconds, told apart by size; nothing for what lies outside the years 1970 to 9999.
[[nodiscard]] std::optional<Instant> instant_from_epoch(std::optional<std::int64_t> value);

/// ASCII lower case.
[[nodiscard]] inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// An id as it may go into URLs, labels and log lines; empty for what is no id of Airbyte's.
[[nodiscard]] inline std::string id_from(std::string_view text) {
  constexpr std::size_t longest = 128;
  if (text.size() > longest) return {};
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7F) return {};
  }
  return std::string(text);
}

/// A name as Airbyte gave it; only bytes that are no UTF-8 are replaced.
[[nodiscard]] inline std::string name_from(std::string_view text) {
  return is_utf8(text) ? std::string(text) : printable(text, 1'024);
}

}  // namespace syncwarden::airbyte
