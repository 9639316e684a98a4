// The server's side of TLS behind an interface, so that OpenSSL stays in server_tls.cpp.
#pragma once

#include "http/impl/tls.hpp"
#include "http/server.hpp"

#include <array>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

namespace syncwarden::http {

/// TLS over an accepted socket that outlives it. Of no use after a failure.
class ServerTlsStream {
 public:
  ServerTlsStream() = default;
  ServerTlsStream(const ServerTlsStream&) = delete;
  ServerTlsStream& operator=(const ServerTlsStream&) = delete;
  virtual ~ServerTlsStream() = default;

  [[nodiscard]] virtual boost::asio::awaitable<IoResult> handshake() = 0;
  [[nodiscard]] virtual boost::asio::awaitable<IoResult> read_some(boost::asio::mutable_buffer to) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<IoResult> write_all(
      std::array<boost::asio::const_buffer, 2> from) = 0;
};

/// Certificate, key and what is asked of clients: read once, used for every connection.
class ServerTls {
 public:
  ServerTls() = default;
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;
  virtual ~ServerTls() = default;

  [[nodiscard]] virtual std::unique_ptr<ServerTlsStream> wrap(
      boost::asio::generic::stream_protocol::socket& socket) = 0;
};

}  // namespace syncwarden::http
