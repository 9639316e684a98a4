// Name resolution with a getaddrinfo of our own: this executable's definition goes before the C library's.
#include "http/client.hpp"
#include "peer.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <netdb.h>

namespace {

std::atomic<int> lookups{0};
std::mutex gate_mutex;
std::condition_variable gate;
bool gate_open = false;

/// One or two addresses of 127.0.0.x, chained as getaddrinfo's caller expects.
addrinfo* make_address(const char* port, std::uint32_t last_byte, addrinfo* next) {
  auto* const info = static_cast<addrinfo*>(std::calloc(1, sizeof(addrinfo)));
  auto* const at = static_cast<sockaddr_in*>(std::calloc(1, sizeof(sockaddr_in)));
  at->sin_family = AF_INET;
  at->sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  at->sin_addr.s_addr = htonl(0x7f000000U + last_byte);
  info->ai_family = AF_INET;
  info->ai_socktype = SOCK_STREAM;
  info->ai_addrlen = sizeof(sockaddr_in);
  info->ai_addr = reinterpret_cast<sockaddr*>(at);
  info->ai_next = next;
  return info;
}

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* /*hints*/,
                           addrinfo** result) {
  ++lookups;
  const std::string_view name = node;
  if (name == "hangs.test") {
    std::unique_lock lock(gate_mutex);
    gate.wait(lock, [] { return gate_open; });
  }
  if (name == "two.test") {
    *result = make_address(service, 77, make_address(service, 1, nullptr));
    return 0;
  }
  if (name == "one.test" || name == "hangs.test") {
    *result = make_address(service, 1, nullptr);
    return 0;
  }
  return EAI_NONAME;
}

extern "C" void freeaddrinfo(addrinfo* list) {
  while (list != nullptr) {
    addrinfo* const next = list->ai_next;
    std::free(list->ai_addr);
    std::free(list);
    list = next;
  }
}

namespace syncwarden::http {
namespace {

namespace asio = boost::asio;
using Outcome = boost::system::result<Response, Failure>;

struct Caller {
  asio::io_context context{1};
  std::unique_ptr<Client> client;

  Caller(const std::string& host, std::uint16_t port) {
    Origin origin;
    origin.host = host;
    origin.port = port;
    client = *make_client(context.get_executor(), origin, ClientOptions());
  }

  void start(Millis deadline, std::optional<Outcome>* outcome) {
    SendOptions options;
    options.deadline = deadline;
    asio::co_spawn(
        context, client->send(Request(), options),
        [outcome](const std::exception_ptr&, Outcome result) { outcome->emplace(std::move(result)); });
  }
};

/// Answers every connection once.
void serve(const RawSocket& listener) {
  for (;;) {
    const RawSocket one = listener.accept();
    if (!one.valid()) return;
    (void)one.read_until("\r\n\r\n");
    one.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }
}

TEST(Lookup, KeepsAnAnswerAndSharesALookup) {
  ScriptedPeer peer(serve);
  Caller caller("one.test", peer.port());
  lookups = 0;
  std::optional<Outcome> first;
  std::optional<Outcome> second;
  caller.start(Millis(5'000), &first);
  caller.start(Millis(5'000), &second);
  caller.context.run();
  ASSERT_TRUE(first && *first && second && *second);
  std::optional<Outcome> third;
  caller.start(Millis(5'000), &third);
  caller.context.restart();
  caller.context.run();
  EXPECT_TRUE(third && *third);
  EXPECT_EQ(lookups, 1);
}

TEST(Lookup, TriesTheNextAddress) {
  ScriptedPeer peer(serve);
  Caller caller("two.test", peer.port());
  std::optional<Outcome> outcome;
  caller.start(Millis(5'000), &outcome);
  caller.context.run();
  EXPECT_TRUE(outcome && *outcome);
}

TEST(Lookup, SaysThatANameIsUnknown) {
  Caller caller("unknown.test", 80);
  std::optional<Outcome> outcome;
  caller.start(Millis(5'000), &outcome);
  caller.context.run();
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().error.code, Errc::resolve_failed);
  EXPECT_NE(outcome->error().error.message.find("unknown.test"), std::string::npos);
  EXPECT_FALSE(outcome->error().sent);
}

TEST(Lookup, IsLeftBehindAtTheDeadline) {
  Caller caller("hangs.test", 80);
  std::optional<Outcome> outcome;
  caller.start(Millis(60), &outcome);
  while (!outcome) caller.context.run_one();
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().error.code, Errc::resolve_timeout);
  EXPECT_FALSE(outcome->error().sent);
  const std::lock_guard lock(gate_mutex);  // only now may the lookup end
  gate_open = true;
  gate.notify_all();
}

TEST(Lookup, IsNotNeededForAddressesAndLocalhost) {
  ScriptedPeer peer(serve);
  lookups = 0;
  for (const char* host : {"127.0.0.1", "localhost"}) {
    Caller caller(host, peer.port());
    std::optional<Outcome> outcome;
    caller.start(Millis(5'000), &outcome);
    caller.context.run();
    EXPECT_TRUE(outcome && *outcome);
  }
  EXPECT_EQ(lookups, 0);
}

}  // namespace
}  // namespace syncwarden::http
