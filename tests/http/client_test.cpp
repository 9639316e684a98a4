#include "http/client.hpp"

#include "peer.hpp"
#include "raw_socket.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

namespace syncwarden::http {
namespace {

namespace asio = boost::asio;
using Outcome = boost::system::result<Response, Failure>;

using Peer = ScriptedPeer;

/// One connection, one request, these bytes in pieces, and the end.
ScriptedPeer::Script reply_with(std::vector<std::string> pieces) {
  return [pieces = std::move(pieces)](const RawSocket& listener) {
    const RawSocket peer = listener.accept();
    (void)peer.read_until("\r\n\r\n");
    for (const std::string& piece : pieces) {
      peer.write(piece);
      std::this_thread::sleep_for(Millis(1));
    }
    peer.shutdown_send();
    (void)peer.read_all();
  };
}

std::vector<std::string> single_bytes(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

struct Fixture {
  asio::io_context context{1};
  std::unique_ptr<Client> client;

  explicit Fixture(std::uint16_t port, ClientOptions options = ClientOptions(),
                   std::string host = "127.0.0.1") {
    Origin origin;
    origin.host = std::move(host);
    origin.port = port;
    client = *make_client(context.get_executor(), origin, std::move(options));
  }

  void start(Request request, SendOptions options, std::optional<Outcome>* outcome) {
    asio::co_spawn(context, client->send(std::move(request), std::move(options)),
                   [outcome](const std::exception_ptr& problem, Outcome result) {
                     EXPECT_FALSE(problem);
                     outcome->emplace(std::move(result));
                   });
  }

  Outcome send(Request request = Request(), SendOptions options = SendOptions()) {
    std::optional<Outcome> outcome;
    start(std::move(request), std::move(options), &outcome);
    context.restart();
    context.run();
    return *outcome;
  }
};

Request post(std::string body = "{}") {
  Request request;
  request.method = "POST";
  request.target = "/sync?token=hidden";
  request.body = std::move(body);
  return request;
}

SendOptions idempotent() {
  SendOptions options;
  options.idempotent = true;
  return options;
}

SendOptions within(int millis) {
  SendOptions options;
  options.deadline = Millis(millis);
  return options;
}

TEST(Client, ReadsEveryFramingInOnePieceAndByteByByte) {
  struct Case {
    const char* name;
    std::string bytes;
    unsigned status;
    const char* body;
  };
  for (const Case& c : {
           Case{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
           Case{"end of stream", "HTTP/1.1 404 Not Found\r\n\r\nhello", 404, "hello"},
           Case{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"},
           Case{"chunked",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: "
                "1\r\n\r\n",
                200, "hello"},
           Case{"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
           Case{"redirect stays one", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302,
                ""},
           Case{"interim first",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n"
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                200, "hello"},
       }) {
    for (const bool sliced : {false, true}) {
      Peer peer(reply_with(sliced ? single_bytes(c.bytes) : std::vector<std::string>{c.bytes}));
      Fixture f(peer.port());
      const Outcome outcome = f.send();
      ASSERT_TRUE(outcome) << c.name << ": " << to_string(outcome.error().error);
      EXPECT_EQ(outcome->status, c.status) << c.name;
      EXPECT_EQ(outcome->body, c.body) << c.name;
      f.client->close();
    }
  }
}

TEST(Client, NamesEachCauseOfABadAnswer) {
  struct Case {
    const char* name;
    std::string bytes;
    Errc code;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  std::string interim;
  for (int i = 0; i < 30; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  for (const Case& c : {
           Case{"garbage", "SSH-2.0-OpenSSH_9.2\r\n", Errc::malformed_reply},
           Case{"nothing", "", Errc::connection_lost},
           Case{"cut in the header", "HTTP/1.1 200 OK\r\nCont", Errc::connection_lost},
           Case{"cut in the body", ok + "Content-Length: 50\r\n\r\nhello", Errc::connection_lost},
           Case{"cut in a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", Errc::connection_lost},
           Case{"bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhel", Errc::malformed_reply},
           Case{"endless chunk line", ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(40'000, 'x'),
                Errc::reply_too_large},
           Case{"other encoding", ok + "Transfer-Encoding: gzip\r\n\r\nx", Errc::malformed_reply},
           Case{"compressed", ok + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
                Errc::malformed_reply},
           Case{"both framings", ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
                Errc::malformed_reply},
           Case{"switching", "HTTP/1.1 101 Switching Protocols\r\n\r\n", Errc::malformed_reply},
           Case{"interim forever", interim, Errc::malformed_reply},
           Case{"one long field", ok + "A: " + std::string(20'000, 'x'), Errc::reply_too_large},
           Case{"many fields",
                ok +
                    [] {
                      std::string fields;
                      for (int i = 0; i < 2000; ++i) fields += "Abcdefgh: ijklmnop\r\n";
                      return fields;
                    }(),
                Errc::malformed_reply},
           Case{"long body", ok + "Content-Length: 101\r\n\r\n" + std::string(101, 'x'),
                Errc::reply_too_large},
           Case{"long chunked body", ok + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x'),
                Errc::reply_too_large},
           Case{"long body to the end", ok + "\r\n" + std::string(101, 'x'), Errc::reply_too_large},
       }) {
    Peer peer(reply_with({c.bytes}));
    Fixture f(peer.port());
    SendOptions options;
    options.max_body_bytes = 100;
    const Outcome outcome = f.send(post(), options);
    ASSERT_FALSE(outcome) << c.name;
    EXPECT_EQ(outcome.error().error.code, c.code) << c.name << ": " << to_string(outcome.error().error);
    EXPECT_TRUE(outcome.error().sent) << c.name;
    EXPECT_EQ(outcome.error().error.where, "http://127.0.0.1:" + std::to_string(peer.port()) + "/sync")
        << c.name;
    f.client->close();
  }
}

TEST(Client, StreamsABodyOfAnyFramingIntoTheSink) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
  for (const bool accept : {true, false}) {
    Peer peer(reply_with({text}));
    Fixture f(peer.port());
    std::string body;
    SendOptions options;
    options.sink = [&](std::string_view piece) {
      body += piece;
      return accept;
    };
    const Outcome outcome = f.send(Request(), options);
    EXPECT_EQ(outcome.has_value(), accept);
    if (accept) {
      EXPECT_EQ(body, "hello");
      EXPECT_EQ(outcome->body, "");
    } else {
      EXPECT_EQ(outcome.error().error.code, Errc::malformed_reply);
    }
  }
}

TEST(Client, KeepsErrorBodiesAwayFromTheSink) {
  Peer peer(reply_with({"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\ntext"}));
  Fixture f(peer.port());
  SendOptions options;
  options.sink = [](std::string_view) {
    ADD_FAILURE();
    return true;
  };
  EXPECT_EQ(f.send(Request(), options)->body, "text");
}

const std::string small_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(Client, ReusesAConnection) {
  std::atomic<int> connections{0};
  Peer peer([&](const RawSocket& listener) {
    const RawSocket one = listener.accept();
    ++connections;
    for (int i = 0; i < 3; ++i) {
      EXPECT_NE(one.read_until("{}").find("Content-Length: 2\r\n"), std::string::npos);
      one.write(small_answer);
    }
    (void)one.read_all();
  });
  Fixture f(peer.port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(f.send(post())->body, "ok");
  f.client->close();
  EXPECT_EQ(connections, 1);
}

TEST(Client, DiscardsAConnectionThatWasClosedOrSpokeWhileIdle) {
  for (const std::string& extra : {std::string(), std::string("unasked")}) {
    std::atomic<bool> ready{false};
    Peer peer([&](const RawSocket& listener) {
      {
        const RawSocket one = listener.accept();
        (void)one.read_until("{}");
        one.write(small_answer + "");
        std::this_thread::sleep_for(Millis(20));
        one.write(extra);
        if (extra.empty()) one.shutdown_send();
        ready = true;
        (void)one.read_all();
      }
      const RawSocket two = listener.accept();
      (void)two.read_until("{}");
      two.write(small_answer);
      (void)two.read_all();
    });
    Fixture f(peer.port());
    EXPECT_TRUE(f.send(post()));
    while (!ready) std::this_thread::yield();
    EXPECT_TRUE(f.send(post()));  // not idempotent, and yet safe: nothing was sent on the dead connection
    f.client->close();
  }
}

/// Answers once, then closes the kept connection in the face of the second request, then answers again.
ScriptedPeer::Script dies_on_second(std::atomic<int>* requests, bool reset) {
  return [requests, reset](const RawSocket& listener) {
    {
      const RawSocket one = listener.accept();
      (void)one.read_until("\r\n\r\n");
      ++*requests;
      one.write(small_answer);
      (void)one.read_until("\r\n\r\n");
      ++*requests;
      if (reset) one.reset_on_close();
    }
    const RawSocket two = listener.accept();
    if (!two.valid()) return;
    if (two.read_until("\r\n\r\n").empty()) return;
    ++*requests;
    two.write(small_answer);
    (void)two.read_all();
  };
}

TEST(Client, NeverRepeatsAPostOnADeadConnection) {
  for (const bool reset : {false, true}) {
    std::atomic<int> requests{0};
    {
      Peer peer(dies_on_second(&requests, reset));
      Fixture f(peer.port());
      EXPECT_TRUE(f.send(post("")));
      const Outcome outcome = f.send(post(""));
      ASSERT_FALSE(outcome);
      EXPECT_EQ(outcome.error().error.code, Errc::connection_lost);
      EXPECT_TRUE(outcome.error().sent);
      f.client->close();
    }
    EXPECT_EQ(requests, 2);
  }
}

TEST(Client, RepeatsAnIdempotentRequestOnceOnADeadConnection) {
  for (const bool reset : {false, true}) {
    std::atomic<int> requests{0};
    Peer peer(dies_on_second(&requests, reset));
    Fixture f(peer.port());
    EXPECT_TRUE(f.send(Request(), idempotent()));
    EXPECT_TRUE(f.send(Request(), idempotent()));
    f.client->close();
    EXPECT_EQ(requests, 3);
  }
}

TEST(Client, DoesNotRepeatOnAFreshConnection) {
  std::atomic<int> connections{0};
  {
    Peer peer([&](const RawSocket& listener) {
      while (listener.accept().valid()) ++connections;
    });
    Fixture f(peer.port());
    EXPECT_EQ(f.send(Request(), idempotent()).error().error.code, Errc::connection_lost);
    f.client->close();
  }
  EXPECT_EQ(connections, 1);
}

TEST(Client, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  { port = RawSocket::listen().port(); }
  for (const char* host : {"127.0.0.1", "localhost"}) {
    Fixture f(port, ClientOptions(), host);
    const Outcome outcome = f.send(post());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().error.code, Errc::connect_refused);
    EXPECT_FALSE(outcome.error().sent);
    EXPECT_NE(outcome.error().error.hint.find("curl"), std::string::npos);
    EXPECT_EQ(to_string(outcome.error().error).find("hidden"), std::string::npos);
  }
}

TEST(Client, StopsWaitingForTheAnswerAtTheDeadline) {
  for (const std::string& begin :
       {std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")}) {
    Peer peer([&](const RawSocket& listener) {
      const RawSocket one = listener.accept();
      one.write(begin);
      (void)one.read_all();
    });
    Fixture f(peer.port());
    const Outcome outcome = f.send(post(), within(80));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().error.code, Errc::reply_timeout);
    EXPECT_TRUE(outcome.error().sent);
  }
}

TEST(Client, StopsSendingAtTheDeadline) {
  Peer peer([](const RawSocket& listener) {
    const RawSocket one = listener.accept();
    (void)listener.accept();  // reads nothing until the test is over
  });
  Fixture f(peer.port());
  const Outcome outcome = f.send(post(std::string(32 * 1024 * 1024, 'x')), within(100));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, Errc::send_timeout);
  EXPECT_TRUE(outcome.error().sent);
}

TEST(Client, StopsConnectingAtTheConnectTimeout) {
  // A listener whose queue is full drops further connections, as a black hole does.
  const RawSocket listener = RawSocket::listen();
  ::listen(listener.fd(), 0);
  std::vector<RawSocket> fill;
  for (int i = 0; i < 3; ++i) {
    fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(listener.port());
    (void)::connect(fill.back().fd(), reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  ClientOptions options;
  options.connect_timeout = Millis(80);
  Fixture f(listener.port(), options);
  const Outcome outcome = f.send(post());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, Errc::connect_timeout);
  EXPECT_FALSE(outcome.error().sent);
}

TEST(Client, CancellingTheCallerClosesTheConnection) {
  std::atomic<bool> closed{false};
  Peer peer([&](const RawSocket& listener) {
    const RawSocket one = listener.accept();
    (void)one.read_until("{}");
    closed = one.read_all().empty();
  });
  Fixture f(peer.port());
  asio::cancellation_signal signal;
  std::optional<Outcome> outcome;
  auto done = [&outcome](const std::exception_ptr& problem, Outcome result) {
    EXPECT_FALSE(problem);
    outcome.emplace(std::move(result));
  };
  asio::co_spawn(f.context, f.client->send(post(), SendOptions()),
                 asio::bind_cancellation_slot(signal.slot(), std::move(done)));
  asio::steady_timer timer(f.context, Millis(50));
  timer.async_wait([&](const boost::system::error_code&) { signal.emit(asio::cancellation_type::terminal); });
  f.context.run();
  ASSERT_TRUE(outcome);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().error.code, Errc::cancelled);
  EXPECT_TRUE(outcome->error().sent);
  while (!closed) std::this_thread::yield();
}

TEST(Client, ClosingOrDestroyingItEndsRequestsInFlight) {
  for (const bool destroy : {false, true}) {
    Peer peer([](const RawSocket& listener) {
      const RawSocket one = listener.accept();
      (void)one.read_all();
    });
    Fixture f(peer.port());
    std::optional<Outcome> outcome;
    f.start(post(), SendOptions(), &outcome);
    asio::steady_timer timer(f.context, Millis(50));
    timer.async_wait([&](const boost::system::error_code&) {
      if (destroy) {
        f.client.reset();
      } else {
        f.client->close();
      }
    });
    f.context.run();
    ASSERT_TRUE(outcome);
    ASSERT_FALSE(*outcome);
    EXPECT_EQ(outcome->error().error.code, Errc::cancelled);
    if (!destroy) {
      EXPECT_EQ(f.send(post()).error().error.code, Errc::cancelled);
    }
  }
}

TEST(Client, MayBeAbandonedWithARequestInFlight) {
  Peer peer([](const RawSocket& listener) {
    const RawSocket one = listener.accept();
    (void)one.read_all();
  });
  std::optional<Outcome> outcome;
  {
    Fixture f(peer.port());
    f.start(post(), SendOptions(), &outcome);
    f.context.run_for(Millis(30));
  }
  EXPECT_FALSE(outcome);
}

TEST(Client, RefusesHeadersThatWouldSplitTheRequest) {
  Fixture f(1);
  Request request = post();
  request.headers.push_back({"Authorization", "Bearer hidden\n"});
  const Outcome outcome = f.send(std::move(request));
  ASSERT_FALSE(outcome);
  EXPECT_FALSE(outcome.error().sent);
  EXPECT_EQ(to_string(outcome.error().error).find("hidden"), std::string::npos);
}

TEST(Client, SendsHttpThroughAProxyInAbsoluteForm) {
  std::string seen;
  {
    Peer proxy([&](const RawSocket& listener) {
      const RawSocket one = listener.accept();
      seen = one.read_until("{}");
      one.write(small_answer);
      (void)one.read_all();
    });
    ClientOptions options;
    options.proxy = "http://u:p@127.0.0.1:" + std::to_string(proxy.port());
    Fixture f(8000, options, "airbyte.test");
    EXPECT_EQ(f.send(post())->body, "ok");
    f.client->close();
  }
  EXPECT_EQ(seen.substr(0, seen.find("\r\n")), "POST http://airbyte.test:8000/sync?token=hidden HTTP/1.1");
  EXPECT_NE(seen.find("Host: airbyte.test:8000\r\n"), std::string::npos);
  EXPECT_NE(seen.find("Proxy-Authorization: Basic dTpw\r\n"), std::string::npos);
}

TEST(Client, BlamesTheProxyForItsOwnFailures) {
  struct Case {
    bool tls;
    const char* answer;
  };
  for (const Case& c :
       {Case{true, "HTTP/1.1 407 Auth\r\n\r\n"}, Case{true, "HTTP/1.1 403 No\r\n\r\n"}, Case{true, ""},
        Case{true, "garbage\r\n\r\n"}, Case{false, "HTTP/1.1 407 Auth\r\n\r\n"}}) {
    Peer proxy(reply_with({c.answer}));
    asio::io_context context{1};
    ClientOptions options;
    options.proxy = "http://u:hidden@127.0.0.1:" + std::to_string(proxy.port());
    Origin origin;
    origin.host = "airbyte.test";
    origin.tls = c.tls;
    auto client = make_client(context.get_executor(), origin, options);
    ASSERT_TRUE(client);
    std::optional<Outcome> outcome;
    asio::co_spawn(context, (*client)->send(post(), SendOptions()),
                   [&](const std::exception_ptr&, Outcome result) { outcome.emplace(std::move(result)); });
    context.run();
    ASSERT_TRUE(outcome && !*outcome);
    EXPECT_EQ(outcome->error().error.code, Errc::proxy_failed) << c.answer;
    EXPECT_EQ(outcome->error().sent, !c.tls) << c.answer;
    EXPECT_EQ(to_string(outcome->error().error).find("hidden"), std::string::npos);
  }
}

}  // namespace
}  // namespace syncwarden::http
