// TLS behind an interface, so that OpenSSL stays in tls.cpp.
#pragma once

#include "base/error.hpp"
#include "http/client.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

namespace syncwarden::http {

using IoResult = std::tuple<boost::system::error_code, std::size_t>;

/// A client-side TLS stream over a socket that outlives it. Of no use after a failure.
class TlsStream {
 public:
  TlsStream() = default;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  virtual ~TlsStream() = default;

  [[nodiscard]] virtual boost::asio::awaitable<std::tuple<boost::system::error_code>> handshake() = 0;
  [[nodiscard]] virtual boost::asio::awaitable<IoResult> read_some(boost::asio::mutable_buffer to) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<IoResult> write_all(boost::asio::const_buffer from) = 0;
  /// Why the handshake, or a later operation, failed: code, message and hint. `where` is left to the caller.
  [[nodiscard]] virtual Error explain(const boost::system::error_code& ec) const = 0;
};

/// Authorities, client certificate and protocol versions: made once, used for every connection.
class TlsContext {
 public:
  TlsContext() = default;
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  virtual ~TlsContext() = default;

  /// A stream that accepts only a certificate for `host`.
  [[nodiscard]] virtual Result<std::unique_ptr<TlsStream>> wrap(boost::asio::ip::tcp::socket& socket,
                                                                const std::string& host) = 0;
};

/// Fails if a file of `options` cannot be read or the key does not belong to the certificate.
[[nodiscard]] Result<std::shared_ptr<TlsContext>> make_tls_context(const TlsOptions& options);

/// True for an error code that TLS itself produced.
[[nodiscard]] bool is_tls_error(const boost::system::error_code& ec);

}  // namespace syncwarden::http
