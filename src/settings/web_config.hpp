// TLS and users of the daemon's own HTTP server: the exporters' web-config file, and tokens with roles.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::settings {

/// What somebody may do: each role may do what those before it may.
enum class WebRole : std::uint8_t {
  metrics,  ///< scrape
  read,     ///< see everything
  admin     ///< sync, cancel, pause, reload ...
};
[[nodiscard]] std::string_view to_string(WebRole role);

struct WebUser {
  std::string name;
  Secret hash;  ///< bcrypt: "$2b$10$..."
  WebRole role = WebRole::admin;

  bool operator==(const WebUser&) const = default;
};

struct WebToken {
  std::string name;  ///< who acts, in the audit
  Secret token;
  WebRole role = WebRole::read;

  bool operator==(const WebToken&) const = default;
};

struct WebConfig {
  std::string cert_file;       ///< not empty: TLS
  std::string key_file;        ///< with cert_file
  std::string client_ca_file;  ///< not empty: clients must show a certificate of this authority
  bool only_tls13 = false;
  std::vector<std::pair<std::string, std::string>> headers;  ///< added to every answer
  std::vector<WebUser> users;
  std::vector<WebToken> tokens;
  Millis rate_interval{};  ///< 0: no limit; else one login more in each, `rate_burst` at once
  std::uint32_t rate_burst = 0;

  [[nodiscard]] bool has_users() const { return !users.empty() || !tokens.empty(); }
  bool operator==(const WebConfig&) const = default;
};

}  // namespace syncwarden::settings
