// What foreign text needs before it goes into a label, a log line or a message.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace syncwarden {

/// Valid UTF-8 without control characters: bad bytes and controls become U+FFFD, the rest is cut to
/// `max_bytes` at a character boundary. Names from Airbyte pass through here before they become label values
/// or log fields.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 128);

/// True if `text` is valid UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The candidate nearest to `word`, if one is near enough to be a typing error ("did you mean").
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

/// A URL without user information and query: what logs and errors may show.
[[nodiscard]] std::string without_credentials(std::string_view url);

}  // namespace syncwarden
