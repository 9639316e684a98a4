// A small HTTP/1.1 server: strict about what it accepts, bounded in everything, one coroutine a connection.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace syncwarden::http {

struct ServerLimits {
  std::size_t max_header_bytes = 8 * 1024;
  std::size_t max_header_fields = 64;
  std::size_t max_target_bytes = 2 * 1024;
  std::size_t max_body_bytes = 64 * 1024;
  std::size_t max_connections = 512;
  std::size_t max_connections_per_address = 128;
  Millis header_timeout{
      10'000};  ///< first byte to end of the header; also until a new connection's first byte
  Millis request_timeout{30'000};  ///< first byte to end of the body; the handler's own time does not count
  Millis idle_timeout{60'000};     ///< between two requests of a connection
  Millis write_timeout{30'000};
};

/// Why a connection or request was refused before a handler saw it.
enum class Refusal {
  max_connections,
  header_timeout,
  header_limit,
  body_limit,
  malformed,
  host,
  origin,
  tls
};
[[nodiscard]] std::string_view to_string(Refusal refusal);

struct Peer {
  std::string address;               ///< textual IP address of the client
  bool loopback = false;             ///< of this machine: loopback, or a Unix socket
  std::optional<std::uint32_t> uid;  ///< over a Unix socket: whose process it is, as the kernel tells
  std::string user;                  ///< who it proved to be; empty: it was not asked
};

/// Answers one request. An exception becomes a 500 without text. HEAD requests reach the handler as GET; the
/// body is dropped on the way out. A response with the status 0 closes the connection without an answer (the
/// emulator loses replies that way).
using Handler = std::function<boost::asio::awaitable<Response>(Request request, Peer peer)>;

/// What the server tells about itself; every member may be empty. They must not throw. `answered` gets the
/// request's method (HEAD stays HEAD) and target only, and the time from the complete request to the written
/// answer.
struct ServerObserver {
  /// `target`: as far as it was read; empty where nothing was.
  std::function<void(Refusal, std::string_view target)> refused;
  std::function<void(const Request&, unsigned status, Millis duration)> answered;
  std::function<void(int delta)> connections;  ///< +1 opened, -1 closed
};

/// Who the server is, and whose certificates it wants to see: PEM files, read by make_server_tls().
struct ServerTlsOptions {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  ///< not empty: clients must show a certificate of this authority
  bool only_tls13 = false;     ///< else from 1.2 on
};

class ServerTls;
/// Fails if a file cannot be read or the key does not belong to the certificate.
[[nodiscard]] Result<std::shared_ptr<ServerTls>> make_server_tls(const ServerTlsOptions& options);

class Server {
 public:
  virtual ~Server() = default;
  /// Binds and listens on "127.0.0.1:9927", "[::1]:9927", ":9927" (all addresses) or port 0. Returns the
  /// bound port. Errc::address_in_use names the port and how to choose another.
  [[nodiscard]] virtual Result<std::uint16_t> listen(std::string_view address) = 0;
  /// Binds and listens on a Unix socket of mode 0660, whose peers are known by their uid. A socket that
  /// nobody listens on any more is replaced, anything else at the path is left alone. stop() removes it.
  [[nodiscard]] virtual Result<void> listen_unix(const std::string& path) = 0;
  /// TCP connections accepted from now on speak TLS; null: they do not. Unix sockets never do.
  virtual void use_tls(std::shared_ptr<ServerTls> tls) = 0;
  /// Accepts until stop(); survives EMFILE by waiting. Completes when the last connection has ended.
  [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
  /// Stops accepting, lets requests in flight finish within `grace`, closes the rest.
  virtual void stop(Millis grace) = 0;
};

[[nodiscard]] std::unique_ptr<Server> make_server(boost::asio::any_io_executor executor, ServerLimits limits,
                                                  Handler handler, ServerObserver observer);

}  // namespace syncwarden::http
