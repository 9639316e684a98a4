// An emulated Airbyte behind HTTP: the Config API under /api/v1, the Public API under /api/public/v1 and /v1,
// with the authentication, error bodies and waits of the version that it plays.
#pragma once

#include "base/time.hpp"
#include "emulator/airbyte.hpp"
#include "emulator/faults.hpp"
#include "http/server.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

namespace syncwarden::emulator {

/// Who may ask (reference 1 and 2).
struct FrontAuth {
  enum class Mode : std::uint8_t {
    none,
    basic,   ///< nginx in front of everything: 401 is an HTML page, health included
    bearer,  ///< tokens from client credentials; health, instance_configuration and the token route are open
  };
  Mode mode = Mode::none;
  std::string username = "airbyte";
  std::string password = "password";
  std::string client_id = "emulator";
  std::string client_secret = "secret";
  std::optional<Millis> token_lifetime;  ///< absent: what the version does (15 min, before 1.8 24 h)
  unsigned wrong_credentials = 400;      ///< 400 simple, 401 OIDC, 500 database applications
};

struct FrontOptions {
  FrontAuth auth;
  Faults faults;
  bool control = false;                       ///< serve /emulator/..., for tests and demonstrations
  std::string url = "http://localhost:8000";  ///< what Airbyte believes to be its address
  std::string webhook;                        ///< where ends of syncs are posted; empty: nowhere
  Millis job_id_wait{60'000};                 ///< the Public API gives up waiting for a job id (6.1.4)
};

/// Run it on the executor's thread only. The emulated Airbyte must live longer.
///
/// With `control`: GET and POST /emulator/faults (see changed()), POST /emulator/do with {"orphan": id},
/// {"phantom": id}, {"break_schema": id}, {"workers_down": bool}, {"version": "2.1.0"} (an upgrade),
/// {"capacity": n} (running jobs at once; 0: no limit), {"prune": "24h"} (forgets jobs that ended earlier) or
/// {"expire_tokens": true} or {"webhook": "http://..."} (see FrontOptions), and GET /emulator/log: every job
/// really created as lines
/// {"job","connection","name","createdAt" (ms),"cause"}, and "endedAt" (ms) of those that have ended.
class Front {
 public:
  virtual ~Front() = default;
  /// What an http::Server needs. Requests that wait hold the front's state alive. A response with status 0
  /// asks the server to close the connection without an answer.
  [[nodiscard]] virtual http::Handler handler() = 0;
  [[nodiscard]] virtual Faults& faults() = 0;
  /// Every token given so far becomes invalid.
  virtual void expire_tokens() = 0;
  /// Requests that still wait for an answer.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  /// Ends everything that waits; answers 503 from now on.
  virtual void stop() = 0;
};

/// `clock` gives the wall clock; it may jump back, the emulated time does not.
[[nodiscard]] std::unique_ptr<Front> make_front(boost::asio::any_io_executor executor, Airbyte& airbyte,
                                                FrontOptions options, std::function<Instant()> clock);

}  // namespace syncwarden::emulator
