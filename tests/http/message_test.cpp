#include "http/message.hpp"

#include "http/client.hpp"
#include "http/impl/encode.hpp"
#include "http/impl/proxy.hpp"

#include <string>

#include <gtest/gtest.h>

namespace syncwarden::http {
namespace {

TEST(Message, FindsHeadersWithoutRegardToCase) {
  Request request;
  request.headers = {{"Content-Type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(request.header("CONTENT-TYPE"), "a");
  EXPECT_FALSE(request.header("Accept"));
}

TEST(Message, SplitsTheTarget) {
  Request request;
  request.target = "/a/b?x=1?y";
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.query(), "x=1?y");
  request.target = "/a";
  EXPECT_EQ(request.path(), "/a");
  EXPECT_EQ(request.query(), "");
}

TEST(Message, QueryComponentsComeBackUnchanged) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(decode_query_component(encode_query_component(all)), all);
  EXPECT_EQ(decode_query_component("%41+b"), "A b");
  for (const char* broken : {"%", "%4", "a%zz", "%4g"})
    EXPECT_FALSE(decode_query_component(broken)) << broken;
}

TEST(Origin, ReadsUrls) {
  struct Case {
    const char* url;
    bool tls;
    const char* host;
    int port;
    const char* path;
    const char* back;
  };
  for (const Case& c :
       {Case{"http://host", false, "host", 80, "", "http://host"},
        Case{"HTTPS://host/", true, "host", 443, "", "https://host"},
        Case{"http://host:8000/api/v1/", false, "host", 8000, "/api/v1", "http://host:8000/api/v1"},
        Case{"https://[::1]:8443/x", true, "::1", 8443, "/x", "https://[::1]:8443/x"}}) {
    const auto origin = Origin::parse(c.url);
    ASSERT_TRUE(origin) << c.url;
    EXPECT_EQ(origin->tls, c.tls);
    EXPECT_EQ(origin->host, c.host);
    EXPECT_EQ(origin->port, c.port);
    EXPECT_EQ(origin->base_path, c.path);
    EXPECT_EQ(origin->url(), c.back);
  }
}

TEST(Origin, RefusesWhatItCannotUseWithoutShowingPasswords) {
  for (const char* url : {"host:80", "ftp://host", "http://", "http://host:0", "http://host:65536",
                          "http://host:x", "http://u:secret@host/", "http://host/?a=secret", "http://[::1",
                          "http://[::1]x", "http://ho st", "http://host/a b", "http://host:"}) {
    const auto origin = Origin::parse(url);
    ASSERT_FALSE(origin) << url;
    EXPECT_EQ(origin.error().code, Errc::invalid_config);
    EXPECT_EQ(to_string(origin.error()).find("secret"), std::string::npos) << url;
  }
}

TEST(Encode, RefusesWhatCouldSplitARequest) {
  const auto problem = [](const Request& request) {
    std::string out;
    return encode(request, RequestFrame(), out).has_value();
  };
  EXPECT_FALSE(problem(Request()));
  for (const std::string& target : {std::string("/a b"), std::string("/a\r\nX: y"), std::string("/a\0", 3),
                                    std::string("a"), std::string(), std::string("/\xc3\xa4")}) {
    Request request;
    request.target = target;
    EXPECT_TRUE(problem(request)) << target;
  }
  for (const Header& header : {Header{"X", "a\nb"}, Header{"X", "a\rb"}, Header{"X", std::string("a\0b", 3)},
                               Header{"X:", "a"}, Header{"", "a"}, Header{"a b", "c"}, Header{"Host", "a"},
                               Header{"content-length", "1"}, Header{"Transfer-Encoding", "chunked"}}) {
    Request request;
    request.headers.push_back(header);
    EXPECT_TRUE(problem(request)) << header.name;
  }
}

TEST(Encode, WritesOneRequest) {
  Request request;
  request.method = "POST";
  request.target = "/x?y=1";
  request.headers.push_back({"Accept", "a/b"});
  request.body = "{}";
  RequestFrame frame;
  frame.authority = "host:1";
  std::string out;
  EXPECT_EQ(encode(request, frame, out), std::nullopt);
  EXPECT_EQ(out, "POST /x?y=1 HTTP/1.1\r\nHost: host:1\r\nAccept: a/b\r\nContent-Length: 2\r\n\r\n{}");
}

std::string proxy_for(const char* url, const char* no_proxy) {
  const auto get = [no_proxy](const char* name) -> const char* {
    const std::string_view n = name;
    if (n == "http_proxy") return "http://plain:1";
    if (n == "HTTPS_PROXY") return "http://secure:2";
    return n == "no_proxy" ? no_proxy : nullptr;
  };
  return proxy_from_environment(*Origin::parse(url), get);
}

TEST(ProxyFromEnvironment, ChoosesByScheme) {
  EXPECT_EQ(proxy_for("http://host", nullptr), "http://plain:1");
  EXPECT_EQ(proxy_for("https://host", nullptr), "http://secure:2");
  EXPECT_EQ(proxy_for("http://localhost:8000", nullptr), "");
  EXPECT_EQ(proxy_for("http://127.0.0.1:8000", nullptr), "");
  EXPECT_EQ(proxy_from_environment(*Origin::parse("http://host"),
                                   [](const char* name) -> const char* {
                                     return std::string_view(name) == "ALL_PROXY" ? "all:3" : nullptr;
                                   }),
            "all:3");
}

TEST(ProxyFromEnvironment, HonoursExceptions) {
  struct Case {
    const char* url;
    const char* no_proxy;
    bool direct;
  };
  for (const Case& c :
       {Case{"http://a.example.com", "example.com", true}, Case{"http://a.example.com", ".example.com", true},
        Case{"http://a.example.com", "*.example.com", true}, Case{"http://example.com", "EXAMPLE.com", true},
        Case{"http://badexample.com", "example.com", false}, Case{"http://host", "*", true},
        Case{"http://host", "other, host", true}, Case{"http://host:8000", "host:8000", true},
        Case{"http://host:8001", "host:8000", false}, Case{"http://10.1.2.3", "10.0.0.0/8", true},
        Case{"http://11.1.2.3", "10.0.0.0/8", false}, Case{"http://10.1.2.3", "10.1.2.3", true},
        Case{"http://[fd00::1]", "fd00::/16", true}, Case{"http://[fd00::1]:80", "[fd00::1]:80", true},
        Case{"http://host", "", false}}) {
    EXPECT_EQ(proxy_for(c.url, c.no_proxy).empty(), c.direct) << c.url << " with " << c.no_proxy;
  }
}

TEST(Proxy, ReadsItsUrl) {
  const auto proxy = parse_proxy("http://user:p%40ss@proxy:3129");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->host, "proxy");
  EXPECT_EQ(proxy->port, 3129);
  EXPECT_EQ(proxy->authorization.reveal(), "Basic dXNlcjpwQHNz");
  EXPECT_EQ(parse_proxy("proxy:80")->port, 80);
  EXPECT_EQ(parse_proxy("[::1]:81")->port, 81);
  EXPECT_EQ(parse_proxy("proxy")->port, 3128);
  EXPECT_FALSE(parse_proxy("https://proxy:1"));
}

}  // namespace
}  // namespace syncwarden::http
