// The address of an HTTP proxy, and what it wants to hear.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace syncwarden::http {

struct Proxy {
  std::string host;
  std::uint16_t port = 3128;
  Secret authorization;  ///< "Basic ..." made of the URL's user information; may be empty
};

/// Reads "http://user:password@proxy:3128" or "proxy:3128".
[[nodiscard]] Result<Proxy> parse_proxy(std::string_view url);

}  // namespace syncwarden::http
