// A message that its receiver can tell from a forged one.
#pragma once

#include <string>
#include <string_view>

namespace syncwarden::http {

/// HMAC-SHA256 (RFC 2104) in lower-case hexadecimal: 64 characters.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);

}  // namespace syncwarden::http
