// Small responses.
#pragma once

#include "http/message.hpp"

#include <string>
#include <string_view>

namespace syncwarden::admin {

[[nodiscard]] http::Response text_answer(unsigned status, std::string body);
/// {"error": {"code", "message", "hint"}}
/// The same, whatever it is that is not there.
[[nodiscard]] http::Response nothing_here();
[[nodiscard]] http::Response error_answer(unsigned status, std::string_view message, std::string_view hint);
/// Text inside an HTML element or a quoted attribute.
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace syncwarden::admin
