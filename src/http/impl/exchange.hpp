// One request and its answer on one connection, and the way to get that connection.
#pragma once

#include "http/client.hpp"
#include "http/impl/connection.hpp"
#include "http/impl/lookup.hpp"
#include "http/impl/proxy.hpp"
#include "http/impl/tls.hpp"

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::http {

/// Where a client's requests go, and how; never changes.
struct Route {
  Origin origin;
  ClientOptions options;
  std::optional<Proxy> proxy;
  std::shared_ptr<TlsContext> tls;
  std::shared_ptr<AddressBook> book;  ///< of the origin, or of the proxy
  std::string authority;              ///< "host" or "host:port", as Host wants it
  std::string absolute_prefix;        ///< "http://host:port" for requests through a proxy, else empty
  std::string root_url;               ///< scheme, host and port
  std::string url;                    ///< of the origin, for messages
};

/// How an attempt ended without a response.
struct Broken {
  Error error;
  bool sent = false;
  bool unanswered = false;  ///< the peer closed a kept-alive connection without a byte of an answer
};

/// The error for an operation of the current phase that failed with `ec`.
[[nodiscard]] Error explain(const Route& route, Connection& connection, const boost::system::error_code& ec);

/// Resolves, connects, and where needed tunnels and shakes hands. Cut short by Connection::shut.
[[nodiscard]] boost::asio::awaitable<std::optional<Error>> establish(std::shared_ptr<const Route> route,
                                                                     std::shared_ptr<Connection> connection);

/// What the caller learns even if the exchange ends by an exception.
struct Progress {
  bool sent = false;
  bool reusable = false;
};

/// Writes Connection::out and reads the answer. The pointers outlive the call.
[[nodiscard]] boost::asio::awaitable<boost::system::result<Response, Broken>> exchange(
    std::shared_ptr<const Route> route, std::shared_ptr<Connection> connection, const SendOptions* options,
    bool head, Progress* progress);

[[noreturn]] void throw_exception_from_error(const Broken& broken, const boost::source_location& location);

}  // namespace syncwarden::http
