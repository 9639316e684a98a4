#include "settings/settings.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace syncwarden::settings {
namespace {

// "secret", of cost 10: the example of Prometheus' own guide has this form.
const std::string hash = "$2b$10$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay";

class WebConfigFile : public testing::Test {
 protected:
  WebConfigFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "syncwarden-web-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~WebConfigFile() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  Loaded load(const std::string& web) const {
    write("web.yaml", web);
    write("syncwarden.yaml", "airbyte: {url: http://localhost:8001}\nweb: {config_file: web.yaml}\n");
    return load_file((folder_ / "syncwarden.yaml").string(), {});
  }

  std::filesystem::path folder_;
};

TEST_F(WebConfigFile, IsReadWhole) {
  write("token", "0123456789abcdef0123\n");
  const Loaded loaded = load(
      "tls_server_config:\n  cert_file: server.pem\n  key_file: /etc/server.key\n"
      "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"
      "  min_version: TLS13\n"
      "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n"
      "basic_auth_users:\n  alice: " +
      hash + "\n  prometheus: " + hash +
      "\n"
      "basic_auth_roles: {prometheus: metrics}\n"
      "bearer_tokens:\n  - {name: ci, token_file: token, role: admin}\n"
      "rate_limit: {interval: 100ms, burst: 5}\n");
  ASSERT_TRUE(loaded.ok()) << to_string(loaded.problems.front());
  const WebConfig& web = loaded.settings->web;
  EXPECT_EQ(web.cert_file, (folder_ / "server.pem").string());
  EXPECT_EQ(web.key_file, "/etc/server.key");
  EXPECT_EQ(web.client_ca_file, (folder_ / "ca.pem").string());
  EXPECT_TRUE(web.only_tls13);
  ASSERT_EQ(web.users.size(), 2U);
  EXPECT_EQ(web.users[0], (WebUser{"alice", Secret(hash), WebRole::admin}));
  EXPECT_EQ(web.users[1].role, WebRole::metrics);
  ASSERT_EQ(web.tokens.size(), 1U);
  EXPECT_EQ(web.tokens[0], (WebToken{"ci", Secret("0123456789abcdef0123"), WebRole::admin}));
  EXPECT_EQ(web.headers.front().second, "deny");
  EXPECT_EQ(web.rate_interval, Millis(100));
  EXPECT_EQ(web.rate_burst, 5U);
  const std::string shown = describe(*loaded.settings);
  EXPECT_EQ(shown.find(hash), std::string::npos);
  EXPECT_EQ(shown.find("0123456789abcdef"), std::string::npos);
}

TEST_F(WebConfigFile, SaysEachMistakeAtItsPlaceAndNoSecret) {
  const std::string user = "basic_auth_users: {alice: " + hash + "}\n";
  const struct {
    std::string web;
    std::string told;
  } mistakes[] = {
      {"basic_auth: {}\n", "web.yaml:1:1: \"basic_auth\" is no key here"},
      {"tls_server_config: {cert_file: a}\n",
       "web.yaml:1:20: tls_server_config: cert_file and key_file belong together"},
      {"tls_server_config: {cipher_suites: []}\n",
       "web.yaml:1:21: cipher_suites is not supported; leave it out"},
      {"tls_server_config: {min_version: TLS11}\n", "web.yaml:1:34: min_version: \"TLS11\" is not supported"},
      {"tls_server_config: {client_auth_type: RequestClientCert}\n",
       "client_auth_type: \"RequestClientCert\" is not"},
      {"tls_server_config: {client_ca_file: a}\n", "client_ca_file and client_auth_type"},
      {"http_server_config: {http2: true}\n", "http2: HTTP/2 is not served; write false"},
      {"http_server_config: {headers: {Server: x}}\n", "\"Server\" is no key here"},
      {"http_server_config: {headers: {X-Frame-Options: \"a\\r\\nb\"}}\n", "X-Frame-Options:"},
      {"basic_auth_users: {alice: hunter2}\n", "the password of \"alice\" is no bcrypt hash of cost 4 to 14"},
      {"basic_auth_users: {\"a:b\": x}\n", "has no colon"},
      {"basic_auth_users: {alice: " + std::string(hash).replace(4, 2, "31") + "}\n",
       "no bcrypt hash of cost 4 to 14"},
      {user + "basic_auth_roles: {bob: read}\n", "\"bob\" is none of basic_auth_users"},
      {user + "basic_auth_roles: {alice: root}\n", "\"root\" is no role; use metrics, read or admin"},
      {"bearer_tokens: [{name: ci, token: hunter2}]\n", "a token has at least 16 printable characters"},
      {"bearer_tokens: [{token: 0123456789abcdef}]\n", "a token needs a name"},
      {"bearer_tokens: [{name: ci, token_file: nowhere}]\n", "token_file: "},
      {"rate_limit: {interval: often}\n", "interval: \"often\" is no duration"},
      {"rate_limit: {burst: -1}\n", "burst: \"-1\" is no number"},
      {"- a\n", "web.yaml:1:"}};
  for (const auto& mistake : mistakes) {
    const Loaded loaded = load(mistake.web);
    EXPECT_FALSE(loaded.ok()) << mistake.web;
    std::string all;
    for (const auto& one : loaded.problems) all += to_string(one) + "\n";
    const std::string folder = folder_.string() + "/";
    for (auto at = all.find(folder); at != std::string::npos; at = all.find(folder))
      all.erase(at, folder.size());
    EXPECT_NE(all.find(mistake.told), std::string::npos) << mistake.web << all;
    EXPECT_EQ(all.find("hunter2"), std::string::npos) << all;
    EXPECT_EQ(all.find(hash), std::string::npos) << all;
  }
}

TEST_F(WebConfigFile, ThatIsNotThereIsAMistakeOfTheKey) {
  write("syncwarden.yaml", "airbyte: {url: http://localhost:8001}\nweb: {config_file: nowhere.yaml}\n");
  const Loaded loaded = load_file((folder_ / "syncwarden.yaml").string(), {});
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_NE(to_string(loaded.problems.front()).find("syncwarden.yaml:2:20: web.config_file: "),
            std::string::npos)
      << to_string(loaded.problems.front());
}

}  // namespace
}  // namespace syncwarden::settings
