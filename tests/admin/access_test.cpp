#include "admin/access.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace syncwarden::admin {
namespace {

namespace asio = boost::asio;

std::string base64(const std::string& text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8U | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j > text.size() ? '=' : alphabet[bits >> (18 - 6 * j) & 63U];
    }
  }
  return out;
}

/// A hash is "hash of <password>"; each check is counted.
class Door : public testing::Test {
 protected:
  Door() {
    options.users = {{"alice", Secret("hash of open sesame"), Role::admin},
                     {"prometheus", Secret("hash of scrape"), Role::metrics},
                     {"empty", Secret("hash of "), Role::read}};
    options.tokens = {{"ci", Secret("0123456789abcdef"), Role::admin},
                      {"old", Secret("fedcba9876543210"), Role::read}};
  }

  Recognition ask(std::vector<http::Header> headers, const std::string& address = "10.0.0.7") {
    if (!access) {
      access.emplace(
          options,
          [this](std::string password, std::string hash) -> asio::awaitable<bool> {
            ++checks;
            co_return hash == "hash of " + password;
          },
          [this] { return now; });
    }
    http::Request request;
    request.headers = std::move(headers);
    const http::Peer peer{address, false, std::nullopt, {}};
    asio::io_context io{1};
    std::optional<Recognition> result;
    asio::co_spawn(io, access->look_at(request, peer),
                   [&](const std::exception_ptr&, Recognition made) { result = std::move(made); });
    io.run();
    return *result;
  }
  Recognition login(const std::string& credentials, const std::string& address = "10.0.0.7") {
    return ask({{"Authorization", "Basic " + base64(credentials)}}, address);
  }

  AccessOptions options;
  std::optional<Access> access;
  Mono now{};
  int checks = 0;
};

TEST_F(Door, KnowsUsersByTheirPasswordAndTokensByTheirText) {
  const auto alice = login("alice:open sesame");
  EXPECT_EQ(alice.status, 0U);
  EXPECT_EQ(alice.name, "alice");
  EXPECT_EQ(alice.role, Role::admin);
  EXPECT_EQ(login("prometheus:scrape").role, Role::metrics);
  EXPECT_EQ(login("empty:").role, Role::read);
  const auto token = ask({{"authorization", "bearer 0123456789abcdef"}});
  EXPECT_EQ(token.status, 0U);
  EXPECT_EQ(token.name, "ci");
  EXPECT_EQ(ask({{"Authorization", "Bearer fedcba9876543210"}}).role, Role::read);
}

TEST_F(Door, KnowsNobodyElse) {
  for (const std::string credentials :
       {"alice:open", "alice:open sesame ", "alice:", "alice", ":", ":open sesame", "bob:open sesame",
        "alice:hash of open sesame", "alice:open:sesame", "ALICE:open sesame", "prometheus:open sesame"}) {
    access.reset();
    EXPECT_EQ(login(credentials).status, 401U) << credentials;
  }
  EXPECT_EQ(login(std::string("alice:open sesame\0x", 19)).status, 401U);
  EXPECT_EQ(login("alice:" + std::string(5'000, 'x')).status, 401U);
  for (const std::string header :
       {"", "Basic", "Basic ", "Basic !!!!", "Basic YWxpY2U", "Bearer ", "Bearer 0123456789abcde",
        "Bearer 0123456789abcdef ", "Digest x", "0123456789abcdef"}) {
    EXPECT_EQ(ask({{"Authorization", header}}).status, 401U) << header;
  }
  EXPECT_EQ(ask({}).status, 401U);
  const http::Header right{"Authorization", "Bearer 0123456789abcdef"};
  EXPECT_EQ(ask({right, right}).status, 401U);
}

TEST_F(Door, ChecksAPasswordThatWasRightOnceAndOneThatWasWrongAlways) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(login("alice:open sesame").status, 0U);
  EXPECT_EQ(checks, 1);
  EXPECT_EQ(login("alice:open sesamE").status, 401U);
  EXPECT_EQ(login("alice:open sesamE").status, 401U);
  EXPECT_EQ(checks, 3);
  EXPECT_EQ(login("alice:open sesame").status, 0U);
  EXPECT_EQ(checks, 3);
}

TEST_F(Door, TakesAnUnknownNameThroughTheSameWork) {
  EXPECT_EQ(login("bob:x").status, 401U);
  EXPECT_EQ(checks, 1);
}

TEST_F(Door, StopsCheckingForAnAddressThatIsWrongTooOftenAndForgetsAfterAMinute) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(login("alice:guess " + std::to_string(i)).status, 401U);
  EXPECT_EQ(login("alice:open sesame").status, 429U);
  EXPECT_EQ(checks, 10);
  EXPECT_EQ(login("alice:open sesame", "10.0.0.8").status, 0U) << "others go on";
  EXPECT_EQ(login("alice:open sesame").status, 0U) << "and so does a password that is known by now";
  EXPECT_EQ(ask({{"Authorization", "Bearer 0123456789abcdef"}}).status, 0U);
  EXPECT_EQ(login("prometheus:scrape").status, 429U);
  now = now + Millis(60'000);
  EXPECT_EQ(login("prometheus:scrape").status, 0U);
}

TEST_F(Door, KeepsToTheRateOfTheFile) {
  options.rate_interval = Millis(1'000);
  options.rate_burst = 2;
  const std::vector<http::Header> token{{"Authorization", "Bearer 0123456789abcdef"}};
  EXPECT_EQ(ask(token).status, 0U);
  EXPECT_EQ(ask(token).status, 0U);
  EXPECT_EQ(ask(token).status, 429U);
  now = now + Millis(1'000);
  EXPECT_EQ(ask(token).status, 0U);
  EXPECT_EQ(ask(token).status, 429U);
}

TEST(Password, IsCheckedByBcrypt) {
  const std::string hash = "$2b$10$hNf2lSsxfm0.i4a.1kVpSONtgKufVdOAnWzEO9bozmsmBipUhL7XK";
  EXPECT_TRUE(password_matches("secret", hash));
  EXPECT_FALSE(password_matches("Secret", hash));
  EXPECT_FALSE(password_matches("", hash));
  EXPECT_FALSE(password_matches(hash, hash));
  EXPECT_FALSE(password_matches("secret", "*0"));
}

}  // namespace
}  // namespace syncwarden::admin
