// An HTTP/1.1 client for one origin: kept-alive connections, TLS, proxy, a deadline on every request, bounded
// bodies. It repeats nothing but one idempotent request on a kept-alive connection that turned out to be
// dead: retries are decided in the core.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace syncwarden::http {

/// scheme://host:port and a base path without a trailing slash.
struct Origin {
  bool tls = false;
  std::string host;  ///< without brackets
  std::uint16_t port = 80;
  std::string base_path;  ///< "" or "/api/v1"

  /// Reads "http://host:8000/api/v1"; a scheme other than http and https, user information, a query or a bad
  /// port is an error that says so.
  [[nodiscard]] static Result<Origin> parse(std::string_view url);
  /// "https://host:8443/api/v1"; the port only where it is not the scheme's own.
  [[nodiscard]] std::string url() const;
};

struct TlsOptions {
  std::string ca_file;    ///< empty: the system's authorities
  std::string cert_file;  ///< client certificate; empty: none
  std::string key_file;
  /// Takes any certificate for any name: for questions to this very machine that carry no secret.
  bool trust_anybody = false;
};

struct ClientOptions {
  Millis connect_timeout{5'000};  ///< name resolution, TCP, proxy tunnel and TLS handshake together
  Millis idle_timeout{
      30'000};  ///< a kept-alive connection is not used after this; the next request closes it
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_idle = 16;  ///< kept-alive connections at most
  TlsOptions tls;
  std::string unix_socket;     ///< path of a server's Unix socket instead of the origin's host; empty: TCP
  std::string proxy;           ///< "http://proxy:3128", empty: direct
  Secret proxy_authorization;  ///< value of Proxy-Authorization, empty: none
};

/// The proxy that the environment (https_proxy, http_proxy, all_proxy, no_proxy and their upper-case forms)
/// names for an origin; empty for none. `get` looks a variable up.
[[nodiscard]] std::string proxy_from_environment(const Origin& origin,
                                                 const std::function<const char*(const char*)>& get);

/// Where the body goes while it arrives, instead of into Response::body. Returning false ends the request
/// with Errc::malformed_reply. Called only for a 2xx status.
using BodySink = std::function<bool(std::string_view chunk)>;

struct SendOptions {
  Millis deadline{30'000};                       ///< for the whole exchange, connecting included
  std::size_t max_body_bytes = 8 * 1024 * 1024;  ///< decoded length; more is Errc::reply_too_large
  BodySink sink;                                 ///< empty: collect into Response::body
  bool idempotent = false;                       ///< may be repeated once on a dead kept-alive connection
};

/// A failure and whether the peer may have seen the request. `sent` false: no byte of the request was
/// written, so surely nothing happened.
///
/// The code says the cause: resolve_failed, resolve_timeout, connect_refused, connect_timeout, tls_failed,
/// proxy_failed, send_timeout, reply_timeout, connection_lost, malformed_reply, reply_too_large, cancelled,
/// or invalid_config for a header or target that cannot be sent. Error::where is the URL without its query.
struct Failure {
  Error error;
  bool sent = false;
};

class Client {
 public:
  virtual ~Client() = default;
  /// Any HTTP status is a success here. The target is appended to the origin's base path by the caller. Host,
  /// Content-Length, Connection, Expect and encodings are the client's own and refused in Request::headers.
  /// Redirects are not followed. An exception of the sink reaches the caller.
  [[nodiscard]] virtual boost::asio::awaitable<boost::system::result<Response, Failure>> send(
      Request request, SendOptions options) = 0;
  /// Closes idle connections and ends requests in flight with Errc::cancelled.
  virtual void close() = 0;
};

/// Fails if a certificate file or the proxy's URL cannot be used. Run everything on the executor's thread,
/// and destroy the client before its context. Cancelling the awaiting coroutine (terminal) closes the
/// connection.
[[nodiscard]] Result<std::unique_ptr<Client>> make_client(boost::asio::any_io_executor executor,
                                                          Origin origin, ClientOptions options);

}  // namespace syncwarden::http

namespace syncwarden::http {
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& location);
}
