#include "base/text.hpp"
#include "settings/impl/assemble.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// An http(s) URL in the parts that matter here. `fault` says what is wrong; the text is never part of it.
struct Url {
  bool secure = false;
  bool credentials = false;
  std::string host;  ///< lower case, without brackets
  std::string fault;
};

Url faulty(std::string fault) {
  Url url;
  url.fault = std::move(fault);
  return url;
}

Url parse_url(std::string_view text) {
  Url url;
  const std::string scheme = lower(text.substr(0, 8));
  url.secure = scheme == "https://";
  if (!url.secure && scheme.substr(0, 7) != "http://")
    return faulty("starts with neither http:// nor https://");
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\'; };
  if (std::any_of(text.begin(), text.end(), bad)) return faulty("holds a space or a control character");
  text.remove_prefix(url.secure ? 8 : 7);
  std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  url.credentials = at != std::string_view::npos;
  if (url.credentials) authority.remove_prefix(at + 1);
  const bool bracketed = !authority.empty() && authority.front() == '[';
  const std::size_t host_end =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return faulty("holds [ without ]");
  url.host = lower(bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end));
  if (url.host.empty()) return faulty("names no host");
  std::string_view port = authority.substr(bracketed ? host_end + 1 : host_end);
  if (!port.empty()) {
    port.remove_prefix(1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool good =
        error == std::errc{} && end == port.data() + port.size() && number > 0 && number <= 65'535;
    if (!good) return faulty("has no port from 1 to 65535 after the colon");
  }
  if (text.find_first_of("?#") != std::string_view::npos) return faulty("holds a query or a fragment");
  return url;
}

bool is_loopback(std::string_view host) {
  constexpr std::string_view suffix = ".localhost";
  return host == "localhost" || host == "::1" || host.substr(0, 4) == "127." ||
         (host.size() > suffix.size() && host.substr(host.size() - suffix.size()) == suffix);
}

Url check_url(const Value& value, const Reading& reading) {
  if (!value.given || !value.valid) return {};
  Url url = parse_url(value.text);
  if (!url.fault.empty()) {
    const std::string hint =
        url.fault.find("neither") != std::string::npos ? "such as http://localhost:8001/api/v1" : "";
    reading.problems.add(value.place, fmt::format("{}: the URL {}", value.path, url.fault), hint);
  } else if (url.credentials) {
    reading.problems.add(value.place, fmt::format("{}: the URL holds credentials", value.path),
                         "move them to airbyte.auth, where nothing shows them");
  }
  return url;
}

/// What is sent in a header must not be able to add another one.
bool fits_header(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

void check_header_text(const Value& value, const Reading& reading) {
  if (!value.given || fits_header(value.text)) return;
  reading.problems.add(value.place,
                       fmt::format("{}: the value holds a line break or a control character", value.path),
                       "a secret's file should hold one line");
}

bool need(const Section& auth, std::string_view name, const Reading& reading) {
  const Value& value = auth.at(name);
  if (value.given) return value.valid;
  const bool secret = value.field->kind == Kind::secret;
  reading.problems.add(auth.at("type").place,
                       fmt::format("{} is missing for type {}", value.path, auth.at("type").text),
                       secret ? fmt::format("give {} or {}_file", name, name) : "");
  return false;
}

Auth auth_from(const Section& auth, const Reading& reading) {
  static const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> belongs{
      {"none", {}},
      {"basic", {"username", "password"}},
      {"token", {"token"}},
      {"client_credentials", {"client_id", "client_secret"}}};
  const Value& type = auth.at("type");
  if (!type.valid) return NoAuth{};
  for (const auto& [owner, names] : belongs) {
    if (owner == type.text) continue;
    for (const auto name : names) {
      if (!auth.given(name)) continue;
      reading.problems.add(auth.at(name).place,
                           fmt::format("{} does not go with type {}", auth.at(name).path, type.text),
                           fmt::format("set airbyte.auth.type: {}", owner));
    }
  }
  for (const Value& value : auth.values) check_header_text(value, reading);
  const auto secret = [&](std::string_view name) { return Secret(auth.at(name).text); };
  if (type.text == "basic") {
    need(auth, "username", reading);
    need(auth, "password", reading);
    if (auth.at("username").text.find(':') != std::string::npos) {
      reading.problems.add(auth.at("username").place,
                           "airbyte.auth.username: a colon cannot stand in a user name");
    }
    return BasicAuth{auth.at("username").text, secret("password")};
  }
  if (type.text == "token") {
    need(auth, "token", reading);
    return TokenAuth{secret("token")};
  }
  if (type.text == "client_credentials") {
    need(auth, "client_id", reading);
    need(auth, "client_secret", reading);
    return ClientCredentialsAuth{auth.at("client_id").text, secret("client_secret")};
  }
  return NoAuth{};
}

/// The header's secret: as given, or from the file that NAME_file names.
std::string header_text(const Text& header, bool from_file, const std::string& path, const Reading& reading) {
  if (!from_file) return header.text;
  auto content = read_named(header.text, header.written, header.place, 65'536);
  if (!content.has_value()) {
    reading.problems.add(header.place, fmt::format("{}: {}", path, content.error().message));
    return {};
  }
  if (!content->empty() && content->back() == '\n') content->pop_back();
  if (content->empty()) reading.problems.add(header.place, fmt::format("{}: the file is empty", path));
  return std::move(*content);
}

std::vector<std::pair<std::string, Secret>> headers_from(const Value& value, bool authorized,
                                                         const Reading& reading) {
  static const std::set<std::string> ours{"host",       "content-length", "content-type", "transfer-encoding",
                                          "connection", "accept",         "te",           "upgrade"};
  constexpr std::string_view suffix = "_file";
  std::vector<std::pair<std::string, Secret>> headers;
  std::set<std::string> seen;
  for (const Text& header : value.texts) {
    std::string name = header.label;
    const bool from_file = name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
    if (from_file) name.resize(name.size() - suffix.size());
    const std::string path = fmt::format("{}.{}", value.path, printable(header.label, 60));
    const auto is_token = [](unsigned char c) {
      return std::isalnum(c) != 0 ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    };
    const auto fail = [&](std::string_view message) {
      reading.problems.add(header.place, fmt::format("{}: {}", path, message));
    };
    const std::string lowered = lower(name);
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token)) {
      fail("no name of a header");
    } else if (ours.count(lowered) > 0) {
      fail("this header is the client's own");
    } else if (lowered == "authorization" && authorized) {
      fail("airbyte.auth sets this header already");
    } else if (!seen.insert(lowered).second) {
      fail("the header is given twice");
    } else {
      std::string text = header_text(header, from_file, path, reading);
      if (!fits_header(text)) fail("the value holds a line break or a control character");
      headers.emplace_back(std::move(name), Secret(std::move(text)));
    }
  }
  return headers;
}

void check_tls(const Section& tls, const Reading& reading) {
  for (const Value& value : tls.values) {
    if (!value.given || !value.valid) continue;
    const auto content = read_named(value.text, value.written, value.place, 4U << 20U);
    if (!content.has_value()) {
      reading.problems.add(value.place, fmt::format("{}: {}", value.path, content.error().message));
    }
  }
  if (tls.given("cert_file") != tls.given("key_file")) {
    const Value& lone = tls.at(tls.given("cert_file") ? "cert_file" : "key_file");
    reading.problems.add(lone.place, "airbyte.tls: cert_file and key_file go together");
  }
}

void check_proxy(const Value& proxy, const Reading& reading) {
  if (!proxy.given || !proxy.valid || proxy.text == "from_environment" || proxy.text == "none") return;
  const Url url = parse_url(proxy.text);
  if (!url.fault.empty()) {
    reading.problems.add(proxy.place, fmt::format("{}: the value {}", proxy.path, url.fault),
                         "from_environment, none, or http://host:port");
  } else if (url.secure) {
    reading.problems.add(proxy.place, fmt::format("{}: proxies are reached over http://", proxy.path),
                         "requests to https:// are tunnelled through them");
  }
}

void add_warnings(const Section& airbyte, const AirbyteTarget& target, const Url& url,
                  const Reading& reading) {
  const Place& place = airbyte.at("url").place;
  const bool credentials = !std::holds_alternative<NoAuth>(target.auth) || !target.headers.empty();
  if (!url.host.empty() && !url.secure && credentials && !is_loopback(url.host)) {
    reading.problems.warn(place, "airbyte.url: credentials travel unencrypted to another machine",
                          "use https:// unless the network is yours");
  }
  if (!url.host.empty() && !url.secure && airbyte.given("tls.ca_file")) {
    reading.problems.warn(airbyte.at("tls.ca_file").place, "airbyte.tls: has no effect on an http:// URL");
  }
  if (!is_cloud(target.url)) return;
  if (target.requests_per_second > 1 || target.requests_per_second == 0) {
    reading.problems.warn(airbyte.at("requests_per_second").place,
                          "airbyte.requests_per_second: Airbyte Cloud limits more than 1 a second",
                          "leave the key out: the default on Cloud is 1");
  }
  if (std::holds_alternative<NoAuth>(target.auth) || std::holds_alternative<BasicAuth>(target.auth)) {
    reading.problems.warn(airbyte.at("auth").place, "airbyte.auth: Airbyte Cloud wants client_credentials",
                          "create an application in its settings");
  }
}

}  // namespace

std::string url_fault(std::string_view text, bool query_allowed) {
  const std::size_t query = query_allowed ? text.find('?') : std::string_view::npos;
  const bool fragment = text.find('#') != std::string_view::npos;
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7F;
  });
  if (control) return "holds a space, a control character or one beyond ASCII";
  if (fragment) return "holds a fragment";
  const Url url = parse_url(text.substr(0, query));
  if (!url.fault.empty()) return url.fault;
  return url.credentials ? "holds credentials before the host" : "";
}

bool is_cloud(std::string_view url) { return parse_url(url).host == "api.airbyte.com"; }

std::string default_ui(std::string_view url) {
  if (is_cloud(url)) return "https://cloud.airbyte.com";
  if (!parse_url(url).fault.empty()) return {};
  std::string ui = without_credentials(url);
  const std::size_t path = ui.find('/', ui.find("://") + 3);
  for (std::size_t at = path; at < ui.size(); at = ui.find('/', at + 1)) {
    const std::string_view rest = std::string_view(ui).substr(at);
    if (rest != "/api" && rest.substr(0, 5) != "/api/") continue;
    ui.resize(at);
    break;
  }
  while (ui.back() == '/') ui.pop_back();
  return ui;
}

std::string assemble_ui(const Section& airbyte, const Reading& reading) {
  const Value& value = airbyte.at("ui");
  if (!value.given) return default_ui(airbyte.at("url").text);
  if (!value.valid || value.text == "none") return {};
  const Url url = parse_url(value.text);
  if (!url.fault.empty()) {
    reading.problems.add(value.place, fmt::format("{}: the URL {}", value.path, url.fault),
                         "such as http://localhost:8000, or none");
  } else if (url.credentials) {
    reading.problems.add(value.place, fmt::format("{}: the URL holds credentials", value.path),
                         "links are shown to people; leave them out");
  }
  std::string ui = value.text;
  while (!ui.empty() && ui.back() == '/') ui.pop_back();
  return ui;
}

AirbyteTarget assemble_airbyte(const Section& airbyte, const Reading& reading) {
  const auto duration = [&](std::string_view path) { return airbyte.at(path).duration; };
  const auto count = [&](std::string_view path) {
    return static_cast<std::uint32_t>(airbyte.at(path).number);
  };
  const auto path = [&](std::string_view key) {
    const Value& value = airbyte.at(key);
    return value.given ? resolved_path(value.text, value.place) : std::string();
  };
  AirbyteTarget target;
  const Url url = check_url(airbyte.at("url"), reading);
  target.url = airbyte.at("url").text;
  const std::string& api = airbyte.at("api").text;
  target.api = api == "config"   ? ApiChoice::config
               : api == "public" ? ApiChoice::public_api
                                 : ApiChoice::probe;
  target.auth = auth_from(airbyte.section("auth"), reading);
  for (const Text& workspace : airbyte.at("workspaces").texts) target.workspaces.push_back(workspace.text);
  target.connect_timeout = duration("timeouts.connect");
  target.read_timeout = duration("timeouts.read");
  target.trigger_timeout = duration("timeouts.trigger");
  target.cancel_timeout = duration("timeouts.cancel");
  target.connector_timeout = duration("timeouts.connector");
  target.trigger_lanes = count("in_flight.triggers");
  target.read_lanes = count("in_flight.reads");
  target.connector_lanes = count("in_flight.connectors");
  target.requests_per_second = airbyte.at("requests_per_second").number;
  if (is_cloud(target.url) && !airbyte.given("requests_per_second")) target.requests_per_second = 1;
  target.ca_file = path("tls.ca_file");
  target.cert_file = path("tls.cert_file");
  target.key_file = path("tls.key_file");
  check_tls(airbyte.section("tls"), reading);
  target.proxy = airbyte.at("proxy").text;
  check_proxy(airbyte.at("proxy"), reading);
  target.headers = headers_from(airbyte.at("headers"), !std::holds_alternative<NoAuth>(target.auth), reading);
  add_warnings(airbyte, target, url, reading);
  return target;
}

}  // namespace syncwarden::settings
