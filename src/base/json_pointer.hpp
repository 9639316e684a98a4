// The places of things in a JSON document, as RFC 6901 writes them.
#pragma once

#include <string>
#include <string_view>

namespace syncwarden {

/// A member's name as one token of a JSON pointer: "a/b" becomes "a~1b".
[[nodiscard]] std::string pointer_token(std::string_view name);

}  // namespace syncwarden
