// The client of Airbyte: AirbyteApi over HTTP, for the Config API from 0.40 on and for the Public API.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "http/client.hpp"
#include "model/airbyte_target.hpp"
#include "ports/airbyte_api.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

namespace syncwarden::airbyte {

/// What a request is for; a closed set, because it becomes a label (all_operations). Probes count as
/// `health`, the lists that complete connections (sources, destinations, definitions) as `list_connections`,
/// as do updates.
enum class Operation : std::uint8_t {
  get_token,
  health,
  list_workspaces,
  list_connections,
  list_jobs,
  get_job,
  trigger_job,
  cancel_job,
  administer,  ///< what commands ask for, never the daemon: no label of its own
};
inline constexpr std::array all_operations{
    Operation::get_token, Operation::health,  Operation::list_workspaces, Operation::list_connections,
    Operation::list_jobs, Operation::get_job, Operation::trigger_job,     Operation::cancel_job};
[[nodiscard]] std::string_view to_string(Operation operation);

/// Why a request failed, in the words of the metrics.
enum class Reason : std::uint8_t {
  dns,
  connect,
  tls,
  timeout,
  auth,
  rate_limited,
  http_4xx,
  http_5xx,
  decode
};
inline constexpr std::array all_reasons{Reason::dns,      Reason::connect,  Reason::tls,
                                        Reason::timeout,  Reason::auth,     Reason::rate_limited,
                                        Reason::http_4xx, Reason::http_5xx, Reason::decode};
[[nodiscard]] std::string_view to_string(Reason reason);
/// Nothing for `cancelled`: what we end ourselves is no failure.
[[nodiscard]] std::optional<Reason> reason_of(Errc code);

/// Told of every request that is really sent (waiting for a turn is not part of it). Empty members are not
/// called. Called on the executor's thread.
struct Observer {
  std::function<void(Operation)> request_started;
  std::function<void(Operation, std::optional<Errc> failure, Millis duration)> request_ended;
  std::function<void(Operation)> retry;       ///< the request is sent once more after a token was refreshed
  std::function<void(Instant)> token_expiry;  ///< a token was fetched that is good until then
};

using Clock = std::function<Now()>;
using HttpFactory = std::function<Result<std::unique_ptr<http::Client>>(boost::asio::any_io_executor,
                                                                        http::Origin, http::ClientOptions)>;

/// Fails if the URL, the proxy or a certificate file is wrong; nothing is sent. Run everything on the
/// executor's thread; close() and join all calls before destroying the client.
[[nodiscard]] Result<std::unique_ptr<AirbyteApi>> make_client(boost::asio::any_io_executor executor,
                                                              AirbyteTarget target, Clock clock,
                                                              Observer observer);

/// The same over another HTTP client (tests).
[[nodiscard]] Result<std::unique_ptr<AirbyteApi>> make_client(boost::asio::any_io_executor executor,
                                                              AirbyteTarget target, Clock clock,
                                                              Observer observer, const HttpFactory& factory);

}  // namespace syncwarden::airbyte
