#include "http/impl/server_tls.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

namespace syncwarden::http {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

class Stream final : public ServerTlsStream {
 public:
  Stream(Socket& socket, std::shared_ptr<ssl::context> context)
      : context_(std::move(context)), stream_(socket, *context_) {}

  asio::awaitable<IoResult> handshake() override {
    const auto [ec] = co_await stream_.async_handshake(ssl::stream_base::server, as_values);
    co_return IoResult{ec, 0};
  }
  asio::awaitable<IoResult> read_some(asio::mutable_buffer to) override {
    return stream_.async_read_some(asio::mutable_buffer(to), as_values);
  }
  asio::awaitable<IoResult> write_all(std::array<asio::const_buffer, 2> from) override {
    return asio::async_write(stream_, std::array<asio::const_buffer, 2>(from), as_values);
  }

 private:
  std::shared_ptr<ssl::context> context_;  // a reload may replace the server's
  ssl::stream<Socket&> stream_;
};

class Context final : public ServerTls {
 public:
  [[nodiscard]] std::optional<Error> load(const ServerTlsOptions& options) {
    error_code ec;
    SSL_CTX* const handle = context_->native_handle();
    SSL_CTX_set_min_proto_version(handle, options.only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    // Renegotiation would let a client burn our time within one connection.
    SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    context_->use_certificate_chain_file(options.cert_file, ec);
    if (ec) return unreadable("the server's certificate", options.cert_file, ec);
    context_->use_private_key_file(options.key_file, ssl::context::pem, ec);
    if (ec) return unreadable("the server's key", options.key_file, ec);
    if (SSL_CTX_check_private_key(handle) != 1) {
      return Error{Errc::invalid_config, "the key does not belong to the server's certificate",
                   options.key_file, ""};
    }
    if (options.client_ca_file.empty()) return std::nullopt;
    context_->load_verify_file(options.client_ca_file, ec);
    if (ec) return unreadable("the authority of client certificates", options.client_ca_file, ec);
    context_->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, ec);
    static constexpr unsigned char session_context[] = "syncwarden";
    SSL_CTX_set_session_id_context(handle, session_context, sizeof session_context - 1);
    return std::nullopt;
  }

  std::unique_ptr<ServerTlsStream> wrap(Socket& socket) override {
    return std::make_unique<Stream>(socket, context_);
  }

 private:
  static Error unreadable(std::string_view what, const std::string& file, const error_code& ec) {
    return {Errc::file_unreadable, fmt::format("{} cannot be used: {}", what, ec.message()), file,
            "it has to be a readable PEM file"};
  }

  std::shared_ptr<ssl::context> context_ = std::make_shared<ssl::context>(ssl::context::tls_server);
};

}  // namespace

Result<std::shared_ptr<ServerTls>> make_server_tls(const ServerTlsOptions& options) {
  auto context = std::make_shared<Context>();
  if (auto problem = context->load(options)) return *std::move(problem);
  return std::shared_ptr<ServerTls>(std::move(context));
}

}  // namespace syncwarden::http
