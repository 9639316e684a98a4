// Who may ask for what. Without users loopback may do everything and everybody else sees metrics and probes;
// with users access.hpp decides who is who. Browsers are kept from acting for foreign pages either way.
#pragma once

#include "http/message.hpp"
#include "http/server.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::admin {

/// What a path is, as far as policy cares.
enum class Audience {
  probe,    ///< health: everybody, by any host name
  metrics,  ///< everybody who can reach a daemon that is bound beyond loopback; else like `local`
  bearer,   ///< carries a secret of its own in its path: everybody who knows it, by any host name
  local     ///< loopback only, or whoever proves to be a user
};

struct Denial {
  unsigned status = 403;
  std::string message;
  std::string hint;
  std::string_view counted;  ///< label of the refusal ("host", "origin"), empty: not counted as one
};

class Policy {
 public:
  /// `listen_address` as given to http::Server::listen.
  Policy(std::string_view listen_address, std::vector<std::string> host_names);

  /// Nothing: go on.
  [[nodiscard]] std::optional<Denial> check(const http::Request& request, const http::Peer& peer,
                                            Audience audience, bool users = false) const;
  [[nodiscard]] bool beyond_loopback() const { return beyond_loopback_; }

 private:
  [[nodiscard]] bool knows_host(std::string_view host, bool users) const;

  std::vector<std::string> names_;
  bool beyond_loopback_ = false;
};

/// "name" of "name:port", "[v6]:port" or a bare name, lower case, without a final dot; nothing for anything
/// else.
[[nodiscard]] std::optional<std::string> host_name_of(std::string_view authority);

}  // namespace syncwarden::admin
