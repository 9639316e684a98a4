#include "http/server.hpp"

#include "http/client.hpp"
#include "raw_socket.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace syncwarden::http {
namespace {

namespace asio = boost::asio;

std::atomic<int> handlers_waiting{0};

asio::awaitable<Response> echo(Request request, Peer peer) {
  Response response;
  if (request.path() == "/throw") throw std::runtime_error("secret text");
  if (request.path() == "/bad-header") response.headers.push_back({"X", "a\r\nInjected: 1"});
  if (request.path() == "/empty") response.status = 204;
  if (request.path() == "/slow") {
    asio::steady_timer timer(co_await asio::this_coro::executor, Millis(150));
    ++handlers_waiting;
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (request.path() == "/forever") {
    asio::steady_timer timer(co_await asio::this_coro::executor, Millis(3'600'000));
    co_await timer.async_wait(asio::use_awaitable);
  }
  response.body = request.method + " " + request.target + " " + peer.address + " [" + request.body + "]";
  co_return response;
}

/// A server on its own thread; the test talks to it with blocking sockets.
class RunningServer {
 public:
  explicit RunningServer(const ServerLimits& limits = ServerLimits(),
                         const std::string& address = "127.0.0.1:0") {
    ServerObserver observer;
    observer.refused = [this](Refusal why, std::string_view) {
      const std::lock_guard lock(mutex_);
      refusals_.push_back(why);
    };
    observer.connections = [this](int delta) { open_ += delta; };
    observer.answered = [this](const Request&, unsigned, Millis) { ++answered_; };
    server_ = make_server(context_.get_executor(), limits, echo, observer);
    const auto port = server_->listen(address);
    if (port) port_ = *port;
    asio::co_spawn(context_, server_->run(), [this](const std::exception_ptr&) { finished_ = true; });
    thread_ = std::thread([this] { context_.run(); });
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() { stop(Millis(0)); }

  void stop(Millis grace) {
    asio::post(context_, [this, grace] { server_->stop(grace); });
    join();
  }
  void post_stop(Millis grace) {
    asio::post(context_, [this, grace] { server_->stop(grace); });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] int open() const { return open_; }
  [[nodiscard]] int answered() const { return answered_; }
  [[nodiscard]] std::vector<Refusal> refusals() {
    const std::lock_guard lock(mutex_);
    return refusals_;
  }
  /// Sends bytes and returns everything that comes back until the server closes.
  [[nodiscard]] std::string talk(const std::string& bytes) const {
    const RawSocket socket = RawSocket::connect(port_);
    socket.write(bytes);
    return socket.read_all();
  }

 private:
  asio::io_context context_{1};
  std::mutex mutex_;
  std::vector<Refusal> refusals_;
  std::atomic<int> open_{0};
  std::atomic<int> answered_{0};
  std::atomic<bool> finished_{false};
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string status_of(const std::string& reply) {
  return reply.size() >= 12 ? reply.substr(9, 3) : "no reply: " + reply;
}

const std::string host = "Host: x\r\n";

TEST(Server, AnswersAndKeepsTheConnection) {
  RunningServer server;
  const RawSocket socket = RawSocket::connect(server.port());
  for (int i = 0; i < 3; ++i) {
    socket.write("POST /a?b HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nxyz");
    const std::string reply = socket.read_until("]");
    EXPECT_EQ(status_of(reply), "200");
    EXPECT_NE(reply.find("Content-Length: 25\r\n"), std::string::npos) << reply;
    EXPECT_NE(reply.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
    EXPECT_EQ(reply.find("Server:"), std::string::npos);
    EXPECT_EQ(reply.find("Connection:"), std::string::npos);
    EXPECT_NE(reply.find("POST /a?b 127.0.0.1 [xyz]"), std::string::npos);
  }
  server.stop(Millis(0));
  EXPECT_EQ(server.answered(), 3);
  EXPECT_EQ(server.open(), 0);
}

TEST(Server, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  const std::string get = "GET / HTTP/1.1\r\n" + host;
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  struct Case {
    const char* name;
    std::string bytes;
    const char* status;
  };
  std::string many;
  for (int i = 0; i < 70; ++i) many += "A: b\r\n";
  const std::vector<Case> cases = {
      {"chunked", post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"},
      {"identity", post + "Transfer-Encoding: identity\r\n\r\n", "501"},
      {"xchunked and length", post + "Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc", "501"},
      {"length and chunked", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "501"},
      {"two encodings", post + "Transfer-Encoding: chunked, identity\r\n\r\n", "501"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two hosts", get + host + "\r\n", "400"},
      {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400"},
      {"host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
      {"absolute form", "GET http://x/ HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"authority form", "GET x:80 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"asterisk", "GET * HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"connect", "CONNECT x:80 HTTP/1.1\r\n" + host + "\r\n", "405"},
      {"options", "OPTIONS / HTTP/1.1\r\n" + host + "\r\n", "405"},
      {"lower case", "get / HTTP/1.1\r\n" + host + "\r\n", "501"},
      {"unknown", "BREW / HTTP/1.1\r\n" + host + "\r\n", "501"},
      {"long method", std::string(4000, 'A') + " / HTTP/1.1\r\n" + host + "\r\n", "501"},
      {"repeated length", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
      {"listed length", post + "Content-Length: 3, 3\r\n\r\nabc", "400"},
      {"differing lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "400"},
      {"signed length", post + "Content-Length: +3\r\n\r\nabc", "400"},
      {"huge length", post + "Content-Length: 99999999999999999999\r\n\r\n", "400"},
      {"folded line", get + "A: b\r\n c\r\n\r\n", "400"},
      {"8-bit header", get + "A: \xc3\xa4\r\n\r\n", "400"},
      {"8-bit target", "GET /\xc3\xa4 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"control in target", "GET /\x01 HTTP/1.1\r\n" + host + "\r\n", "400"},
      {"NUL in header", get + "A: b" + std::string(1, '\0') + "\r\n\r\n", "400"},
      {"bare line feed", get + "A: b\nC: d\r\n\r\n", "400"},
      {"bare return", get + "A: b\rC: d\r\n\r\n", "400"},
      {"space before colon", get + "A : b\r\n\r\n", "400"},
      {"too many fields", get + many + "\r\n", "431"},
      {"long header", get + "A: " + std::string(9000, 'b') + "\r\n\r\n", "431"},
      {"long target", "GET /" + std::string(3000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "414"},
      {"very long target", "GET /" + std::string(9000, 'a'), "414"},
      {"large body", post + "Content-Length: 65537\r\n\r\n", "413"},
      {"compressed", post + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "415"},
      {"odd expectation", post + "Expect: tea\r\nContent-Length: 1\r\n\r\nx", "417"},
      {"HTTP/2", "GET / HTTP/2.0\r\n" + host + "\r\n", "505"},
      {"HTTP/0.9", "GET /\r\n\r\n", "400"},
      {"TLS hello", std::string("\x16\x03\x01\x02\x00\x01", 6), "400"},
      {"empty line first", "\r\nGET / HTTP/1.1\r\n" + host + "\r\n", "400"},
  };
  RunningServer server;
  for (const Case& c : cases) {
    // A second request behind it must never be answered.
    const std::string reply = server.talk(c.bytes + get + "\r\n");
    EXPECT_EQ(status_of(reply), c.status) << c.name;
    EXPECT_EQ(reply.find("HTTP/1.1", 5), std::string::npos) << c.name << ": " << reply;
    EXPECT_NE(reply.find("Connection: close\r\n"), std::string::npos) << c.name;
    EXPECT_NE(reply.find("nosniff"), std::string::npos) << c.name;
  }
  EXPECT_EQ(server.refusals().size(), cases.size());
  EXPECT_EQ(server.answered(), 0);
}

TEST(Server, AnswersHttp10AndClosesOrKeeps) {
  RunningServer server;
  EXPECT_EQ(status_of(server.talk("GET / HTTP/1.0\r\n\r\n")), "200");
  const RawSocket socket = RawSocket::connect(server.port());
  socket.write("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(socket.read_until("]").find("Connection: keep-alive\r\n"), std::string::npos);
  socket.write("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_NE(socket.read_all().find("Connection: close\r\n"), std::string::npos);
}

TEST(Server, ClosesWhenAsked) {
  RunningServer server;
  const std::string reply = server.talk("GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
  EXPECT_NE(reply.find("Connection: close\r\n"), std::string::npos);
}

TEST(Server, HeadHasTheLengthButNoBody) {
  RunningServer server;
  const std::string reply = server.talk("HEAD / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
  EXPECT_NE(reply.find("Content-Length: 18\r\n"), std::string::npos) << reply;
  EXPECT_EQ(reply.substr(reply.size() - 4), "\r\n\r\n");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  RunningServer server;
  const std::string reply = server.talk("POST /1 HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nab" +
                                        "GET /2 HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
  const std::size_t first = reply.find("POST /1 127.0.0.1 [ab]");
  const std::size_t second = reply.find("GET /2 127.0.0.1 []");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, second);
}

TEST(Server, ReadsRequestsThatComeByteByByte) {
  RunningServer server;
  const RawSocket socket = RawSocket::connect(server.port());
  for (const char c : "POST /1 HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nab") socket.write({&c, 1});
  EXPECT_NE(socket.read_until("]").find("POST /1 127.0.0.1 [ab]"), std::string::npos);
}

TEST(Server, InvitesTheBodyThatIsExpected) {
  RunningServer server;
  const RawSocket socket = RawSocket::connect(server.port());
  socket.write("POST / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.write("ab");
  EXPECT_NE(socket.read_until("]").find("[ab]"), std::string::npos);
}

TEST(Server, HidesWhatAHandlerThrows) {
  RunningServer server;
  for (const char* path : {"/throw", "/bad-header"}) {
    const std::string reply =
        server.talk(std::string("GET ") + path + " HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
    EXPECT_EQ(status_of(reply), "500");
    EXPECT_EQ(reply.find("secret"), std::string::npos);
    EXPECT_EQ(reply.find("Injected"), std::string::npos);
  }
}

TEST(Server, EmptyAnswersHaveNoBody) {
  RunningServer server;
  const std::string reply = server.talk("GET /empty HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
  EXPECT_EQ(status_of(reply), "204");
  EXPECT_EQ(reply.find("Content-Length"), std::string::npos);
  EXPECT_EQ(reply.substr(reply.size() - 4), "\r\n\r\n");
}

TEST(Server, GivesSlowSendersUp) {
  ServerLimits limits;
  limits.header_timeout = Millis(60);
  limits.request_timeout = Millis(120);
  RunningServer server(limits);
  EXPECT_EQ(status_of(server.talk("GET / HTTP/1.1\r\nHo")), "408");
  EXPECT_EQ(status_of(server.talk("POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nab")), "408");
  EXPECT_EQ(server.talk(""), "");
  EXPECT_EQ(server.refusals().size(), 2U);
}

TEST(Server, ClosesIdleConnections) {
  ServerLimits limits;
  limits.idle_timeout = Millis(60);
  RunningServer server(limits);
  const std::string reply = server.talk("GET / HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_EQ(status_of(reply), "200");
  EXPECT_EQ(reply.find("408"), std::string::npos);
}

TEST(Server, TurnsConnectionsAwayBeyondItsLimit) {
  for (const bool by_address : {false, true}) {
    ServerLimits limits;
    (by_address ? limits.max_connections_per_address : limits.max_connections) = 1;
    RunningServer server(limits);
    handlers_waiting = 0;
    RawSocket first = RawSocket::connect(server.port());
    first.write("GET /slow HTTP/1.1\r\n" + host + "\r\n");
    while (handlers_waiting < 1) std::this_thread::yield();
    EXPECT_EQ(status_of(server.talk("")), "503");
    EXPECT_EQ(server.refusals(), std::vector<Refusal>{Refusal::max_connections});
    server.post_stop(Millis(0));
    server.join();
  }
}

TEST(Server, EndsWhoeverWaitsTheLongestToLetANewcomerIn) {
  for (const bool by_address : {false, true}) {
    ServerLimits limits;
    (by_address ? limits.max_connections_per_address : limits.max_connections) = 2;
    RunningServer server(limits);
    RawSocket half = RawSocket::connect(server.port());
    half.write("GET / HTTP/1.1\r\nHos");
    while (server.open() < 1) std::this_thread::yield();
    RawSocket idle = RawSocket::connect(server.port());
    idle.write("GET / HTTP/1.1\r\n" + host + "\r\n");
    EXPECT_EQ(status_of(idle.read_until("]")), "200");
    EXPECT_EQ(status_of(server.talk("GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n")), "200");
    EXPECT_EQ(half.read_all(), "");
    EXPECT_EQ(server.refusals(), std::vector<Refusal>{Refusal::max_connections});
  }
}

TEST(Server, FinishesRequestsInFlightBeforeItStops) {
  RunningServer server;
  handlers_waiting = 0;
  const RawSocket idle = RawSocket::connect(server.port());
  const RawSocket busy = RawSocket::connect(server.port());
  busy.write("GET /slow HTTP/1.1\r\n" + host + "\r\n");
  while (server.open() < 2 || handlers_waiting < 1) std::this_thread::yield();
  server.post_stop(Millis(10'000));
  EXPECT_EQ(idle.read_all(), "");
  const std::string reply = busy.read_all();
  EXPECT_EQ(status_of(reply), "200");
  EXPECT_NE(reply.find("Connection: close"), std::string::npos);
  server.join();
  EXPECT_TRUE(server.finished());
}

TEST(Server, CutsRequestsOffWhenTheGraceIsOver) {
  RunningServer server;
  const RawSocket busy = RawSocket::connect(server.port());
  busy.write("GET /forever HTTP/1.1\r\n" + host + "\r\n");
  while (server.open() < 1) std::this_thread::yield();
  server.stop(Millis(50));
  EXPECT_TRUE(server.finished());
  EXPECT_EQ(busy.read_all(), "");
}

TEST(Server, ListensOnAllAddressesOfBothFamilies) {
  RunningServer server(ServerLimits(), ":0");
  const std::string reply = server.talk("GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
  EXPECT_NE(reply.find("GET / 127.0.0.1 []"), std::string::npos) << reply;
}

TEST(Server, SaysWhyItCannotListen) {
  asio::io_context context;
  const auto server = make_server(context.get_executor(), ServerLimits(), echo, ServerObserver());
  const auto port = server->listen("127.0.0.1:0");
  ASSERT_TRUE(port);
  const auto again = server->listen("127.0.0.1:" + std::to_string(*port));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::address_in_use);
  EXPECT_NE(again.error().message.find(std::to_string(*port)), std::string::npos);
  for (const char* bad : {"", "9927", "name:1", "127.0.0.1:x", "127.0.0.1:99999", "::1:80", "[::1:80"}) {
    EXPECT_EQ(server->listen(bad).error().code, Errc::invalid_config) << bad;
  }
}

asio::awaitable<void> post_many(Client* client, int count, int* good) {
  for (int i = 0; i < count; ++i) {
    Request request;
    request.method = "POST";
    request.target = "/sync";
    request.body = "{}";
    SendOptions options;
    const auto response = co_await client->send(std::move(request), std::move(options));
    if (response && response->status == 200) ++*good;
  }
}

TEST(ClientAndServer, ExchangeTenThousandRequests) {
  RunningServer server;
  asio::io_context context{1};
  Origin origin;
  origin.host = "127.0.0.1";
  origin.port = server.port();
  auto client = make_client(context.get_executor(), origin, ClientOptions());
  ASSERT_TRUE(client);
  int good = 0;
  for (int i = 0; i < 16; ++i) {
    asio::co_spawn(context, post_many(client->get(), 625, &good),
                   [](const std::exception_ptr& problem) { EXPECT_FALSE(problem); });
  }
  context.run();
  EXPECT_EQ(good, 10'000);
  EXPECT_LE(server.open(), 16);
}

}  // namespace
}  // namespace syncwarden::http
