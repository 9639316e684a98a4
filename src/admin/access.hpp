// Who is asking: users with passwords, tokens, and what each may do.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::admin {

/// Each may do what those before it may.
enum class Role : std::uint8_t { metrics, read, admin };

struct Login {
  std::string name;
  Secret secret;  ///< of a user the bcrypt hash, of a token the token
  Role role = Role::read;
};

struct AccessOptions {
  std::vector<Login> users;
  std::vector<Login> tokens;
  Millis rate_interval{};        ///< 0: unlimited; else one login more in each
  std::uint32_t rate_burst = 0;  ///< and so many at once
};

/// Whether a password belongs to a hash. Takes a tenth of a second of a processor: to be done on a thread of
/// its own.
using CheckPassword = std::function<boost::asio::awaitable<bool>(std::string password, std::string hash)>;

struct Recognition {
  unsigned status = 0;  ///< 0: known; else 401 or 429
  std::string name;
  Role role = Role::metrics;
};

/// On the loop's thread. A password that was right is remembered, so that a scrape costs no bcrypt; of what
/// was wrong nothing is remembered but the number.
class Access {
 public:
  Access(AccessOptions options, CheckPassword check, std::function<Mono()> clock);

  [[nodiscard]] boost::asio::awaitable<Recognition> look_at(const http::Request& request,
                                                            const http::Peer& peer);
  [[nodiscard]] bool has_passwords() const { return !options_.users.empty(); }

 private:
  struct Account {
    Login login;
    std::string known_password;  ///< that was right
    bool knows = false;
  };
  struct Failures {
    std::uint32_t count = 0;
    Mono since;
  };

  [[nodiscard]] Recognition by_token(std::string_view token);
  [[nodiscard]] boost::asio::awaitable<Recognition> by_password(std::string credentials, std::string address);
  [[nodiscard]] bool may_try(const std::string& address);
  void failed(const std::string& address);
  [[nodiscard]] bool within_rate();

  AccessOptions options_;
  CheckPassword check_;
  std::function<Mono()> clock_;
  std::map<std::string, Account, std::less<>> accounts_;
  std::map<std::string, Failures> failures_;  ///< by address
  unsigned checking_ = 0;
  double allowance_ = 0;
  std::optional<Mono> counted_;
};

/// bcrypt of libcrypt; blocks.
[[nodiscard]] bool password_matches(const std::string& password, const std::string& hash);

/// Equal, in a time that tells nothing but the length.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace syncwarden::admin
