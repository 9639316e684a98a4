// Foreign text inside one-line formats.
#pragma once

#include <string>
#include <string_view>

namespace syncwarden::observe {

/// A JSON string with its quotes: valid UTF-8, every control escaped, cut to `max_bytes` of input-derived
/// text (an ellipsis shows where).
[[nodiscard]] std::string json_quoted(std::string_view text, std::size_t max_bytes = 1024);
void append_json_quoted(std::string& out, std::string_view text, std::size_t max_bytes = 1024);
/// A logfmt value: quoted only where it must be.
[[nodiscard]] std::string logfmt_value(std::string_view text, std::size_t max_bytes = 1024);
void append_logfmt_value(std::string& out, std::string_view text, std::size_t max_bytes = 1024);

}  // namespace syncwarden::observe
