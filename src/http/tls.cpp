#include "http/impl/tls.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace syncwarden::http {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

Error tls_error(std::string message, std::string hint) {
  return {Errc::tls_failed, std::move(message), {}, std::move(hint)};
}

Error explain_certificate(long verdict, const std::string& host) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return tls_error(fmt::format("the server's certificate is not for the host {}", host),
                       "use the name that the certificate was made for, or have one made for this name");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return tls_error("the server's certificate has expired",
                       "renew it, and check the clock of this machine");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return tls_error("the server's certificate is not valid yet", "check the clock of this machine");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return tls_error("the server's certificate was issued by an unknown authority",
                       "name the authority's certificate as ca_file, or add it to the system's store");
    default:
      return tls_error(
          fmt::format("the server's certificate was refused: {}", X509_verify_cert_error_string(verdict)),
          "");
  }
}

bool is_no_tls(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
         reason == SSL_R_UNEXPECTED_MESSAGE;
}

class Stream final : public TlsStream {
 public:
  Stream(tcp::socket& socket, ssl::context& context, std::string host)
      : stream_(socket, context), host_(std::move(host)) {}

  /// Server name indication and the name that the certificate has to bear.
  [[nodiscard]] bool expect_host() {
    SSL* const handle = stream_.native_handle();
    error_code not_an_address;
    (void)asio::ip::make_address(host_, not_an_address);
    if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), host_.c_str()) == 1;
    SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(handle, host_.c_str()) != 1) return false;
    return SSL_ctrl(handle, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data()) == 1;
  }

  asio::awaitable<std::tuple<error_code>> handshake() override {
    return stream_.async_handshake(ssl::stream_base::client, as_values);
  }
  asio::awaitable<IoResult> read_some(asio::mutable_buffer to) override {
    return stream_.async_read_some(asio::mutable_buffer(to), as_values);
  }
  asio::awaitable<IoResult> write_all(asio::const_buffer from) override {
    return asio::async_write(stream_, asio::const_buffer(from), as_values);
  }

  Error explain(const error_code& ec) const override {
    auto& handle = const_cast<ssl::stream<tcp::socket&>&>(stream_);  // native_handle() is not const
    const long verdict = SSL_get_verify_result(handle.native_handle());
    if (verdict != X509_V_OK) return explain_certificate(verdict, host_);
    if (ec.category() != asio::error::get_ssl_category()) {
      return tls_error("the server closed the connection during the TLS handshake",
                       "does this port speak TLS? try http:// instead of https://");
    }
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
    if (is_no_tls(reason)) {
      return tls_error("the server does not speak TLS on this port", "use http:// instead of https://");
    }
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
      return tls_error("the server speaks no TLS version from 1.2 on", "update the server");
    }
    if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE) {
      return tls_error(fmt::format("the server refused the TLS handshake: {}", ec.message()),
                       "does it ask for a client certificate? set cert_file and key_file");
    }
    return tls_error(fmt::format("TLS failed: {}", ec.message()), "");
  }

 private:
  ssl::stream<tcp::socket&> stream_;
  std::string host_;
};

class Context final : public TlsContext {
 public:
  Context() : context_(ssl::context::tls_client) {}

  [[nodiscard]] std::optional<Error> load(const TlsOptions& options) {
    error_code ec;
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
    trust_anybody_ = options.trust_anybody;
    context_.set_verify_mode(trust_anybody_ ? ssl::verify_none : ssl::verify_peer, ec);
    if (!trust_anybody_) {
      if (auto problem = load_authorities(options)) return problem;
    }
    return load_own(options);
  }

  Result<std::unique_ptr<TlsStream>> wrap(tcp::socket& socket, const std::string& host) override {
    auto stream = std::make_unique<Stream>(socket, context_, host);
    if (!trust_anybody_ && !stream->expect_host())
      return tls_error(fmt::format("TLS cannot check the host name {}", host), "");
    return std::unique_ptr<TlsStream>(std::move(stream));
  }

 private:
  [[nodiscard]] std::optional<Error> load_authorities(const TlsOptions& options) {
    error_code ec;
    if (options.ca_file.empty()) {
      context_.set_default_verify_paths(ec);
      if (ec) return unreadable("the system's certificate store", "", ec);
    } else {
      context_.load_verify_file(options.ca_file, ec);
      if (ec) return unreadable("the authority's certificate", options.ca_file, ec);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Error> load_own(const TlsOptions& options) {
    error_code ec;
    if (options.cert_file.empty()) return std::nullopt;
    context_.use_certificate_chain_file(options.cert_file, ec);
    if (ec) return unreadable("the client certificate", options.cert_file, ec);
    const std::string& key = options.key_file.empty() ? options.cert_file : options.key_file;
    context_.use_private_key_file(key, ssl::context::pem, ec);
    if (ec) return unreadable("the client certificate's key", key, ec);
    if (SSL_CTX_check_private_key(context_.native_handle()) != 1) {
      return Error{Errc::invalid_config, "the key does not belong to the client certificate", key, ""};
    }
    return std::nullopt;
  }

  static Error unreadable(std::string_view what, const std::string& file, const error_code& ec) {
    return {Errc::file_unreadable, fmt::format("{} cannot be used: {}", what, ec.message()), file,
            "it has to be a readable PEM file"};
  }

  ssl::context context_;
  bool trust_anybody_ = false;
};

}  // namespace

Result<std::shared_ptr<TlsContext>> make_tls_context(const TlsOptions& options) {
  auto context = std::make_shared<Context>();
  if (auto problem = context->load(options)) return *std::move(problem);
  return std::shared_ptr<TlsContext>(std::move(context));
}

bool is_tls_error(const error_code& ec) { return ec.category() == asio::error::get_ssl_category(); }

}  // namespace syncwarden::http
