// Where Airbyte is and how to speak with it: what the `airbyte:` section of the configuration says.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace syncwarden {

struct NoAuth {};
struct BasicAuth {
  std::string username;
  Secret password;
};
struct TokenAuth {
  Secret token;
};
struct ClientCredentialsAuth {
  std::string client_id;
  Secret client_secret;
};
using Auth = std::variant<NoAuth, BasicAuth, TokenAuth, ClientCredentialsAuth>;

/// `probe`: the path of the URL tells, a bare host is asked.
enum class ApiChoice : std::uint8_t { probe, config, public_api };

struct AirbyteTarget {
  std::string url;  ///< "http://host:8000/api/v1", "https://api.airbyte.com/v1", a bare host
  ApiChoice api = ApiChoice::probe;
  Auth auth;
  std::vector<std::string> workspaces;  ///< names or ids; empty: every visible one

  Millis connect_timeout{std::chrono::seconds{5}};
  Millis read_timeout{std::chrono::seconds{30}};
  Millis trigger_timeout{std::chrono::seconds{90}};
  Millis cancel_timeout{std::chrono::minutes{5}};
  Millis connector_timeout{std::chrono::minutes{10}};

  std::uint32_t trigger_lanes = 8;  ///< requests in flight, per lane
  std::uint32_t read_lanes = 8;
  std::uint32_t connector_lanes = 2;
  double requests_per_second = 20;  ///< over all lanes; 0 = unlimited

  std::string ca_file;  ///< empty: the system's authorities
  std::string cert_file;
  std::string key_file;
  std::string proxy = "from_environment";               ///< "from_environment", "none", or a URL
  std::vector<std::pair<std::string, Secret>> headers;  ///< sent with every request
};

}  // namespace syncwarden
