#include "settings/impl/web_config.hpp"

#include "settings/impl/files.hpp"
#include "settings/impl/read.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

constexpr std::size_t most_users = 100;
constexpr std::size_t shortest_token = 16;
constexpr std::size_t max_token_bytes = 4096;

std::optional<WebRole> role_from(std::string_view word) {
  for (const WebRole role : {WebRole::metrics, WebRole::read, WebRole::admin}) {
    if (word == to_string(role)) return role;
  }
  return std::nullopt;
}

/// "$2b$10$" and 53 characters of bcrypt's alphabet. Costs above 14 take seconds each.
bool is_bcrypt(std::string_view hash) {
  if (hash.size() != 60 || !hash.starts_with("$2") || hash[3] != '$' || hash[6] != '$') return false;
  if (hash[2] != 'a' && hash[2] != 'b' && hash[2] != 'y') return false;
  unsigned cost = 0;
  const auto [end, bad] = std::from_chars(hash.data() + 4, hash.data() + 6, cost);
  if (bad != std::errc() || end != hash.data() + 6 || cost < 4 || cost > 14) return false;
  return std::all_of(hash.begin() + 7, hash.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
  });
}

bool is_token(std::string_view text) {
  return text.size() >= shortest_token && text.size() <= max_token_bytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  WebConfig read(const Node& root) {
    each(root, "", [this](const Node::Member& member) {
      if (member.name == "tls_server_config") return tls(member.value);
      if (member.name == "http_server_config") return http(member.value);
      if (member.name == "basic_auth_users") return users(member.value);
      if (member.name == "basic_auth_roles") return keep(member.value, roles_);
      if (member.name == "bearer_tokens") return tokens(member.value);
      if (member.name == "rate_limit") return rate(member.value);
      unknown(member,
              "tls_server_config, http_server_config, basic_auth_users, basic_auth_roles, bearer_tokens, "
              "rate_limit");
    });
    if (roles_ != nullptr) give_roles(*roles_);
    return std::move(config_);
  }

 private:
  void each(const Node& node, std::string_view what, const std::function<void(const Node::Member&)>& take) {
    if (node.kind == Node::Kind::null) return;
    if (node.kind != Node::Kind::mapping) {
      problems_.add(node.place, fmt::format("{}{} where a mapping belongs", what, kind_of(node)));
      return;
    }
    for (const auto& member : node.members) take(member);
  }

  void unknown(const Node::Member& member, std::string_view known) {
    problems_.add(member.place, fmt::format("{} is no key here", shown(member.name)),
                  fmt::format("there are {}", known));
  }

  static void keep(const Node& node, const Node*& kept) { kept = &node; }

  /// A scalar's text; a problem otherwise. What stands there is not told: it may be a secret.
  std::string text(const Node::Member& member) {
    if (member.value.kind == Node::Kind::scalar && !member.value.text.empty()) return member.value.text;
    problems_.add(member.value.place,
                  fmt::format("{}: {} where text belongs", member.name, kind_of(member.value)));
    return {};
  }

  std::string path(const Node::Member& member) {
    const std::string given = text(member);
    return given.empty() ? given : resolved_path(given, member.value.place);
  }

  void tls(const Node& node) {
    std::string client_auth;
    each(node, "tls_server_config: ", [&](const Node::Member& member) {
      if (member.name == "cert_file") {
        config_.cert_file = path(member);
      } else if (member.name == "key_file") {
        config_.key_file = path(member);
      } else if (member.name == "client_ca_file") {
        config_.client_ca_file = path(member);
      } else if (member.name == "client_auth_type") {
        client_auth = text(member);
        if (client_auth != "NoClientCert" && client_auth != "RequireAndVerifyClientCert")
          problems_.add(member.value.place,
                        fmt::format("client_auth_type: {} is not supported", shown(client_auth)),
                        "use NoClientCert or RequireAndVerifyClientCert");
      } else if (member.name == "min_version") {
        const std::string version = text(member);
        config_.only_tls13 = version == "TLS13";
        if (version != "TLS12" && version != "TLS13")
          problems_.add(member.value.place, fmt::format("min_version: {} is not supported", shown(version)),
                        "use TLS12 or TLS13");
      } else if (member.name == "max_version") {
        if (text(member) != "TLS13")
          problems_.add(member.value.place, "max_version: only TLS13 is supported", "leave it out");
      } else if (is_foreign(member.name)) {
        problems_.add(member.place, fmt::format("{} is not supported", member.name), "leave it out");
      } else {
        unknown(member, "cert_file, key_file, client_auth_type, client_ca_file, min_version, max_version");
      }
    });
    if (config_.cert_file.empty() != config_.key_file.empty())
      problems_.add(node.place, "tls_server_config: cert_file and key_file belong together");
    if ((client_auth == "RequireAndVerifyClientCert") != !config_.client_ca_file.empty())
      problems_.add(node.place,
                    "tls_server_config: client_ca_file and client_auth_type: RequireAndVerifyClientCert "
                    "belong together");
  }

  /// Keys of the exporters that we do not serve.
  static bool is_foreign(std::string_view name) {
    constexpr std::array names{
        "cipher_suites", "curve_preferences", "prefer_server_cipher_suites", "client_allowed_sans", "cert",
        "key",           "client_ca"};
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void http(const Node& node) {
    each(node, "http_server_config: ", [this](const Node::Member& member) {
      if (member.name == "http2") {
        if (text(member) != "false")
          problems_.add(member.value.place, "http2: HTTP/2 is not served", "write false");
      } else if (member.name == "headers") {
        each(member.value, "headers: ", [this](const Node::Member& header) { add_header(header); });
      } else {
        unknown(member, "http2, headers");
      }
    });
  }

  void add_header(const Node::Member& header) {
    constexpr std::array known{"Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
                               "X-XSS-Protection", "Content-Security-Policy"};
    if (std::find(known.begin(), known.end(), header.name) == known.end()) {
      return unknown(header,
                     "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection, "
                     "Content-Security-Policy");
    }
    const std::string value = text(header);
    const bool printable_ascii =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    const bool allowed = (header.name != "X-Content-Type-Options" || value == "nosniff") &&
                         (header.name != "X-Frame-Options" || value == "deny" || value == "sameorigin");
    if (!printable_ascii || !allowed) {
      problems_.add(header.value.place, fmt::format("{}: {} is no value of it", header.name, shown(value)));
      return;
    }
    config_.headers.emplace_back(header.name, value);
  }

  void users(const Node& node) {
    each(node, "basic_auth_users: ", [this](const Node::Member& member) {
      if (config_.users.size() >= most_users)
        return problems_.add(member.place, fmt::format("more than {} users", most_users));
      if (member.name.empty() || member.name.find(':') != std::string::npos)
        return problems_.add(member.place, "basic_auth_users: a user's name is not empty and has no colon");
      const std::string hash = text(member);
      if (hash.empty()) return;
      if (!is_bcrypt(hash))
        return problems_.add(
            member.value.place,
            fmt::format("the password of {} is no bcrypt hash of cost 4 to 14", shown(member.name)),
            "make one with: htpasswd -nBC 10 \"\" | tr -d ':\\n'");
      config_.users.push_back({member.name, Secret(hash), WebRole::admin});
    });
  }

  void give_roles(const Node& node) {
    each(node, "basic_auth_roles: ", [this](const Node::Member& member) {
      const auto user = std::find_if(config_.users.begin(), config_.users.end(),
                                     [&](const WebUser& one) { return one.name == member.name; });
      const auto role = role_from(text(member));
      if (user == config_.users.end())
        return problems_.add(member.place, fmt::format("{} is none of basic_auth_users", shown(member.name)));
      if (!role) return no_role(member.value);
      user->role = *role;
    });
  }

  void no_role(const Node& node) {
    problems_.add(node.place, fmt::format("{} is no role", shown(node)), "use metrics, read or admin");
  }

  void tokens(const Node& node) {
    if (node.kind == Node::Kind::null) return;
    if (node.kind != Node::Kind::sequence)
      return problems_.add(node.place, fmt::format("bearer_tokens: {} where a list belongs", kind_of(node)));
    for (const Node& item : node.items) token(item);
  }

  void token(const Node& node) {
    WebToken made;
    std::string secret;
    each(node, "bearer_tokens: ", [&](const Node::Member& member) {
      if (member.name == "name") {
        made.name = text(member);
      } else if (member.name == "token") {
        secret = text(member);
      } else if (member.name == "token_file") {
        secret = from_file(member);
      } else if (member.name == "role") {
        const auto role = role_from(text(member));
        if (!role) return no_role(member.value);
        made.role = *role;
      } else {
        unknown(member, "name, token, token_file, role");
      }
    });
    if (made.name.empty()) problems_.add(node.place, "a token needs a name: the audit tells it");
    if (config_.tokens.size() >= most_users)
      return problems_.add(node.place, fmt::format("more than {} tokens", most_users));
    if (!is_token(secret))
      return problems_.add(
          node.place,
          fmt::format("a token has at least {} printable characters and no spaces", shortest_token),
          "make one with: openssl rand -hex 32");
    made.token = Secret(std::move(secret));
    config_.tokens.push_back(std::move(made));
  }

  std::string from_file(const Node::Member& member) {
    const std::string name = text(member);
    if (name.empty()) return {};
    auto content = read_named(name, member.value.written, member.value.place, max_token_bytes + 2);
    if (!content) {
      problems_.add(member.value.place, "token_file: " + to_string(content.error()));
      return {};
    }
    if (content->ends_with('\n')) content->pop_back();
    return *std::move(content);
  }

  void rate(const Node& node) {
    each(node, "rate_limit: ", [this](const Node::Member& member) {
      const std::string value = text(member);
      if (member.name == "interval") {
        const auto interval = value == "0" ? Millis(0) : parse_duration(value);
        if (!interval || *interval < Millis(0) || *interval > std::chrono::hours(1))
          return problems_.add(member.value.place, fmt::format("interval: {} is no duration", shown(value)),
                               "such as 1s or 100ms, at most 1h; 0 is no limit");
        config_.rate_interval = *interval;
      } else if (member.name == "burst") {
        const auto [end, bad] =
            std::from_chars(value.data(), value.data() + value.size(), config_.rate_burst);
        if (bad != std::errc() || end != value.data() + value.size() || config_.rate_burst > 100'000)
          problems_.add(member.value.place,
                        fmt::format("burst: {} is no number from 0 to 100000", shown(value)));
      } else {
        unknown(member, "interval, burst");
      }
    });
  }

  Problems& problems_;
  WebConfig config_;
  const Node* roles_ = nullptr;
};

}  // namespace

std::string_view to_string(WebRole role) {
  switch (role) {
    case WebRole::metrics:
      return "metrics";
    case WebRole::read:
      return "read";
    case WebRole::admin:
      break;
  }
  return "admin";
}

WebConfig read_web_config(const std::string& path, const std::string& written, const Place& at,
                          Problems& problems) {
  const auto content = read_file(path, max_file_bytes, written);
  if (!content) {
    problems.add(at, "web.config_file: " + to_string(content.error()));
    return {};
  }
  const auto name = std::make_shared<const std::string>(path);
  const Node root = parse_document(*content, name, problems);
  return Reader(problems).read(root);
}

}  // namespace syncwarden::settings
