#include "admin/policy.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace syncwarden::admin {
namespace {

const http::Peer local{"127.0.0.1", true};
const http::Peer remote{"10.0.0.7", false};

http::Request request(std::string method, std::vector<http::Header> headers) {
  http::Request made;
  made.method = std::move(method);
  made.headers = std::move(headers);
  return made;
}

unsigned status(const Policy& policy, const http::Request& asked, const http::Peer& peer, Audience audience) {
  const auto denial = policy.check(asked, peer, audience);
  return denial ? denial->status : 200;
}

TEST(HostName, IsReadFromAnAuthority) {
  EXPECT_EQ(host_name_of("LocalHost:9927"), "localhost");
  EXPECT_EQ(host_name_of("localhost."), "localhost");
  EXPECT_EQ(host_name_of("[::1]:9927"), "[::1]");
  EXPECT_EQ(host_name_of("127.0.0.1"), "127.0.0.1");
  for (const char* bad :
       {"", ":9927", "localhost:x", "[::1", "::1", "localhost:9927@evil.example", "[::1]evil"}) {
    EXPECT_EQ(host_name_of(bad), std::nullopt) << bad;
  }
}

TEST(Policy, OnlyOurHostNamesReachLocalPages) {
  const Policy policy("127.0.0.1:9927", {"warden.example"});
  const struct {
    const char* host;
    unsigned expected;
  } cases[] = {{"localhost:9927", 200},
               {"127.0.0.1:9927", 200},
               {"[::1]:9927", 200},
               {"LOCALHOST", 200},
               {"warden.example:443", 200},
               {"evil.example", 421},
               {"localhost.evil.example", 421},
               {"127.0.0.1.evil.example", 421},
               {"evil.example:9927", 421},
               {"localhost@evil.example", 421},
               {"", 421}};
  for (const auto& c : cases) {
    const auto asked = request("GET", {{"Host", c.host}});
    EXPECT_EQ(status(policy, asked, local, Audience::local), c.expected) << c.host;
    EXPECT_EQ(status(policy, asked, local, Audience::metrics), c.expected) << c.host;
    EXPECT_EQ(status(policy, asked, local, Audience::probe), 200U) << c.host;
  }
  EXPECT_EQ(status(policy, request("GET", {}), local, Audience::local), 421U);
  EXPECT_EQ(status(policy, request("GET", {{"Host", "localhost"}, {"host", "evil.example"}}), local,
                   Audience::local),
            421U);
}

TEST(Policy, BeyondLoopbackEverybodySeesMetricsAndProbesOnly) {
  for (const char* listen : {":9927", "0.0.0.0:9927", "[::]:9927", "10.0.0.1:9927", "warden.internal:9927"}) {
    const Policy policy(listen, {});
    EXPECT_TRUE(policy.beyond_loopback()) << listen;
    const auto asked = request("GET", {{"Host", "whatever.svc:9927"}});
    EXPECT_EQ(status(policy, asked, remote, Audience::metrics), 200U) << listen;
    EXPECT_EQ(status(policy, asked, remote, Audience::probe), 200U) << listen;
    EXPECT_EQ(status(policy, asked, remote, Audience::local), 403U) << listen;
    EXPECT_EQ(status(policy, request("GET", {{"Host", "localhost"}}), remote, Audience::local), 403U)
        << listen;
  }
  for (const char* listen : {"127.0.0.1:9927", "localhost:9927", "[::1]:9927", "127.1.2.3:0"}) {
    EXPECT_FALSE(Policy(listen, {}).beyond_loopback()) << listen;
  }
  EXPECT_TRUE(Policy("127.evil.example:80", {}).beyond_loopback());
}

TEST(Policy, TheListenAddressIsAHostName) {
  EXPECT_EQ(status(Policy("10.0.0.1:9927", {}), request("GET", {{"Host", "10.0.0.1:9927"}}), local,
                   Audience::local),
            200U);
  EXPECT_EQ(
      status(Policy("0.0.0.0:9927", {}), request("GET", {{"Host", "0.0.0.0:9927"}}), local, Audience::local),
      421U);
}

TEST(Policy, ForeignPagesChangeNothing) {
  const Policy policy("127.0.0.1:9927", {});
  const std::string host = "localhost:9927";
  const struct {
    std::vector<http::Header> headers;
    unsigned expected;
  } cases[] = {{{}, 200},
               {{{"Origin", "http://localhost:9927"}}, 200},
               {{{"Origin", "http://localhost:9927"}, {"Sec-Fetch-Site", "same-origin"}}, 200},
               {{{"Sec-Fetch-Site", "none"}}, 200},
               {{{"Origin", "http://evil.example"}}, 403},
               {{{"Origin", "http://localhost:8080"}}, 403},
               {{{"Origin", "null"}}, 403},
               {{{"Origin", ""}}, 403},
               {{{"Origin", "http://localhost:9927"}, {"Origin", "http://evil.example"}}, 403},
               {{{"Sec-Fetch-Site", "cross-site"}}, 403},
               {{{"Sec-Fetch-Site", "same-site"}}, 403}};
  for (const auto& c : cases) {
    auto headers = c.headers;
    headers.push_back({"Host", host});
    EXPECT_EQ(status(policy, request("POST", headers), local, Audience::local), c.expected)
        << (c.headers.empty() ? "" : c.headers[0].value);
    EXPECT_EQ(status(policy, request("GET", headers), local, Audience::local), 200U)
        << "reading is no change";
  }
}

}  // namespace
}  // namespace syncwarden::admin
