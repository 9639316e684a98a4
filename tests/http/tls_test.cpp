#include "http/client.hpp"
#include "http/server.hpp"
#include "peer.hpp"
#include "test_authority.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

namespace syncwarden::http {
namespace {

namespace asio = boost::asio;
using Outcome = boost::system::result<Response, Failure>;

const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Reads a request and answers over TLS; records what the client named in SNI. `ending` follows the answer.
void serve_tls(SSL_CTX* context, const RawSocket& socket, const std::string& text, std::string* sni) {
  const SslPtr ssl(SSL_new(context));
  SSL_set_fd(ssl.get(), socket.fd());
  if (SSL_accept(ssl.get()) != 1) {
    (void)socket.read_all();  // closing with unread bytes would reset the connection and lose the alert
    return;
  }
  const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
  if (sni != nullptr && name != nullptr) *sni = name;
  char buffer[4096];
  while (SSL_read(ssl.get(), buffer, sizeof buffer) > 0) {
    SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
    if (text.find("Content-Length") == std::string::npos) return;  // ends without saying goodbye
  }
}

class Tls : public testing::Test {
 protected:
  Tls() {
    std::string pattern = (std::filesystem::temp_directory_path() / "syncwarden-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    authority_ = make_identity("test authority", "", nullptr, 30);
    write_pem(authority_, file("ca.pem"));
  }
  ~Tls() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return (folder_ / name).string(); }

  Outcome send(std::uint16_t port, ClientOptions options, const std::string& host = "localhost",
               int times = 1) {
    if (options.tls.ca_file.empty()) options.tls.ca_file = file("ca.pem");
    asio::io_context context{1};
    Origin origin;
    origin.tls = true;
    origin.host = host;
    origin.port = port;
    auto client = make_client(context.get_executor(), origin, options);
    EXPECT_TRUE(client);
    std::optional<Outcome> outcome;
    for (int i = 0; i < times; ++i) {
      Request request;
      request.method = "POST";
      SendOptions how;
      how.deadline = Millis(5'000);
      asio::co_spawn(
          context, (*client)->send(std::move(request), how),
          [&outcome](const std::exception_ptr&, Outcome result) { outcome.emplace(std::move(result)); });
      context.restart();
      context.run();
    }
    return *outcome;
  }

  Outcome send_to(const Identity& identity, const std::string& host = "localhost",
                  std::string* sni = nullptr) {
    const SslCtxPtr context = make_server_context(identity, nullptr);
    ScriptedPeer peer(
        [&](const RawSocket& listener) { serve_tls(context.get(), listener.accept(), answer, sni); });
    return send(peer.port(), ClientOptions(), host);
  }

  void expect_refused(const Outcome& outcome, const std::string& part) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().error.code, Errc::tls_failed);
    EXPECT_FALSE(outcome.error().sent);
    EXPECT_NE(outcome.error().error.message.find(part), std::string::npos)
        << to_string(outcome.error().error);
  }

  std::filesystem::path folder_;
  Identity authority_;
};

TEST_F(Tls, AcceptsAGoodCertificateAndNamesTheHost) {
  std::string sni;
  const Outcome outcome = send_to(make_identity("x", "DNS:localhost", &authority_, 30), "localhost", &sni);
  ASSERT_TRUE(outcome) << to_string(outcome.error().error);
  EXPECT_EQ(outcome->body, "ok");
  EXPECT_EQ(sni, "localhost");
}

TEST_F(Tls, AcceptsACertificateForAnAddress) {
  std::string sni;
  EXPECT_TRUE(send_to(make_identity("x", "IP:127.0.0.1", &authority_, 30), "127.0.0.1", &sni));
  EXPECT_EQ(sni, "");
}

TEST_F(Tls, RefusesAnotherHostsCertificate) {
  expect_refused(send_to(make_identity("localhost", "DNS:other.test", &authority_, 30)), "not for the host");
  expect_refused(send_to(make_identity("x", "IP:127.0.0.2", &authority_, 30), "127.0.0.1"),
                 "not for the host");
}

TEST_F(Tls, RefusesAnExpiredCertificate) {
  expect_refused(send_to(make_identity("x", "DNS:localhost", &authority_, 1)), "expired");
}

TEST_F(Tls, RefusesAnUnknownAuthority) {
  const Identity stranger = make_identity("stranger", "", nullptr, 30);
  expect_refused(send_to(make_identity("x", "DNS:localhost", &stranger, 30)), "unknown authority");
  expect_refused(send_to(make_identity("x", "DNS:localhost", nullptr, 30)), "unknown authority");
}

TEST_F(Tls, RecognisesAPlainServer) {
  ScriptedPeer peer([](const RawSocket& listener) {
    const RawSocket one = listener.accept();
    (void)one.read_some();
    one.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    (void)one.read_all();
  });
  const Outcome outcome = send(peer.port(), ClientOptions());
  expect_refused(outcome, "does not speak TLS");
  EXPECT_NE(outcome.error().error.hint.find("http://"), std::string::npos);
}

TEST_F(Tls, GivesASilentServerUp) {
  ScriptedPeer peer([](const RawSocket& listener) { (void)listener.accept().read_all(); });
  ClientOptions options;
  options.connect_timeout = Millis(80);
  const Outcome outcome = send(peer.port(), options);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, Errc::connect_timeout);
  EXPECT_FALSE(outcome.error().sent);
}

TEST_F(Tls, KeepsAConnection) {
  const Identity identity = make_identity("x", "DNS:localhost", &authority_, 30);
  const SslCtxPtr context = make_server_context(identity, nullptr);
  ScriptedPeer peer(
      [&](const RawSocket& listener) { serve_tls(context.get(), listener.accept(), answer, nullptr); });
  EXPECT_TRUE(send(peer.port(), ClientOptions(), "localhost", 3));  // the peer accepts only once
}

TEST_F(Tls, DoesNotTakeACutForTheEndOfABody) {
  const Identity identity = make_identity("x", "DNS:localhost", &authority_, 30);
  const SslCtxPtr context = make_server_context(identity, nullptr);
  ScriptedPeer peer([&](const RawSocket& listener) {
    serve_tls(context.get(), listener.accept(), "HTTP/1.1 200 OK\r\n\r\nhalf of i", nullptr);
  });
  const Outcome outcome = send(peer.port(), ClientOptions());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, Errc::connection_lost);
  EXPECT_TRUE(outcome.error().sent);
}

TEST_F(Tls, ShowsAClientCertificate) {
  const Identity identity = make_identity("x", "DNS:localhost", &authority_, 30);
  const SslCtxPtr context = make_server_context(identity, &authority_);
  write_pem(make_identity("client", "DNS:client", &authority_, 30), file("client.pem"));
  for (const bool shown : {true, false}) {
    ScriptedPeer peer(
        [&](const RawSocket& listener) { serve_tls(context.get(), listener.accept(), answer, nullptr); });
    ClientOptions options;
    if (shown) options.tls.cert_file = file("client.pem");
    const Outcome outcome = send(peer.port(), options);
    EXPECT_EQ(outcome.has_value(), shown);
    if (!shown && !outcome) {
      EXPECT_NE(outcome.error().error.hint.find("client certificate"), std::string::npos)
          << to_string(outcome.error().error);
    }
  }
}

/// A server of ours for the time of one request; false: its files are unusable.
class TlsServer {
 public:
  explicit TlsServer(const ServerTlsOptions& options) {
    ServerLimits limits;
    limits.header_timeout = Millis(5'000);
    ServerObserver observer;
    observer.refused = [this](Refusal why, std::string_view) { refused_ = why; };
    server_ = make_server(
        context_.get_executor(), limits,
        [](Request request, Peer) -> asio::awaitable<Response> {
          Response response;
          response.body = std::string(200'000, 'x') + request.method;
          co_return response;
        },
        observer);
    const auto tls = make_server_tls(options);
    EXPECT_TRUE(tls);
    if (tls) server_->use_tls(*tls);
    port_ = server_->listen("127.0.0.1:0").value();
    asio::co_spawn(context_, server_->run(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer() { stop(); }
  void stop() {
    asio::post(context_, [this] { server_->stop(Millis(0)); });
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// After stop().
  [[nodiscard]] std::optional<Refusal> refused() const { return refused_; }

 private:
  asio::io_context context_{1};
  std::unique_ptr<Server> server_;
  std::optional<Refusal> refused_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(Tls, OurServerAnswersOverItAndKeepsTheConnection) {
  write_pem(make_identity("x", "DNS:localhost", &authority_, 30), file("server.pem"));
  TlsServer server({file("server.pem"), file("server.pem"), "", false});
  const Outcome outcome = send(server.port(), ClientOptions(), "localhost", 3);
  ASSERT_TRUE(outcome) << to_string(outcome.error().error);
  EXPECT_EQ(outcome->body.size(), 200'004U);
  server.stop();
  EXPECT_EQ(server.refused(), std::nullopt);
}

TEST_F(Tls, OurServerWantsAClientCertificateIfItIsTold) {
  write_pem(make_identity("x", "DNS:localhost", &authority_, 30), file("server.pem"));
  write_pem(make_identity("me", "DNS:me", &authority_, 30), file("client.pem"));
  TlsServer server({file("server.pem"), file("server.pem"), file("ca.pem"), true});
  EXPECT_FALSE(send(server.port(), ClientOptions()));
  ClientOptions known;
  known.tls.cert_file = file("client.pem");
  const Outcome outcome = send(server.port(), known);
  ASSERT_TRUE(outcome) << to_string(outcome.error().error);
  known.tls.trust_anybody = true;  // whom we trust changes nothing about who we are
  EXPECT_TRUE(send(server.port(), known));
  server.stop();
  EXPECT_EQ(server.refused(), Refusal::tls);
}

TEST_F(Tls, OurServerClosesOnAPlainRequestAndSaysWhichFileIsUnusable) {
  write_pem(make_identity("x", "DNS:localhost", &authority_, 30), file("server.pem"));
  TlsServer server({file("server.pem"), file("server.pem"), "", false});
  const RawSocket plain = RawSocket::connect(server.port());
  plain.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(plain.read_all().find("HTTP"), std::string::npos);
  server.stop();
  EXPECT_EQ(server.refused(), Refusal::tls);
  const auto none = make_server_tls({file("none.pem"), file("server.pem"), "", false});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().where, file("none.pem"));
  write_pem(make_identity("x", "DNS:localhost", &authority_, 30), file("other.pem"));
  const auto strange = make_server_tls({file("server.pem"), file("other.pem"), "", false});
  ASSERT_FALSE(strange);
  EXPECT_NE(strange.error().message.find("key"), std::string::npos);
}

TEST_F(Tls, SaysWhichFileIsUnusable) {
  asio::io_context context{1};
  Origin origin;
  origin.tls = true;
  origin.host = "localhost";
  std::ofstream(file("garbage.pem")) << "garbage";
  for (const std::string& name : {file("absent.pem"), file("garbage.pem")}) {
    ClientOptions options;
    options.tls.ca_file = name;
    const auto client = make_client(context.get_executor(), origin, options);
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().code, Errc::file_unreadable);
    EXPECT_EQ(client.error().where, name);
  }
}

TEST_F(Tls, GoesThroughAProxysTunnel) {
  const Identity identity = make_identity("x", "DNS:airbyte.test", &authority_, 30);
  const SslCtxPtr context = make_server_context(identity, nullptr);
  std::string asked;
  std::string sni;
  ScriptedPeer proxy([&](const RawSocket& listener) {
    const RawSocket one = listener.accept();
    asked = one.read_until("\r\n\r\n");
    one.write("HTTP/1.1 200 Connection established\r\n\r\n");
    serve_tls(context.get(), one, answer, &sni);
  });
  ClientOptions options;
  options.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
  options.proxy_authorization = Secret("Basic abc");
  const Outcome outcome = send(8443, options, "airbyte.test");
  ASSERT_TRUE(outcome) << to_string(outcome.error().error);
  EXPECT_EQ(outcome->body, "ok");
  EXPECT_EQ(sni, "airbyte.test");
  EXPECT_EQ(asked,
            "CONNECT airbyte.test:8443 HTTP/1.1\r\nHost: airbyte.test:8443\r\nProxy-Authorization: Basic "
            "abc\r\n\r\n");
}

}  // namespace
}  // namespace syncwarden::http
