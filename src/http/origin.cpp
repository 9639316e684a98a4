#include "base/text.hpp"
#include "http/client.hpp"
#include "http/impl/encode.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace syncwarden::http {
namespace {

Error bad_url(std::string_view url, std::string message) {
  return {Errc::invalid_config, std::move(message), printable(without_credentials(url), 200),
          "write it as http://host:8000 or https://host/path"};
}

bool is_name_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_';
}

bool is_host(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > 253) return false;
  if (bracketed) return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  return std::all_of(host.begin(), host.end(), is_name_char);
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, port);
  if (problem != std::errc() || stop != end || port == 0) return std::nullopt;
  return port;
}

}  // namespace

Result<Origin> Origin::parse(std::string_view url) {
  Origin origin;
  const std::size_t mark = url.find("://");
  if (mark == std::string_view::npos) return bad_url(url, "the URL has no scheme");
  const std::string_view scheme = url.substr(0, mark);
  if (iequals(scheme, "https")) {
    origin.tls = true;
    origin.port = 443;
  } else if (!iequals(scheme, "http")) {
    return bad_url(url, fmt::format("the scheme {} is neither http nor https", printable(scheme, 20)));
  }
  std::string_view rest = url.substr(mark + 3);
  if (rest.find_first_of("?#") != std::string_view::npos)
    return bad_url(url, "the URL holds a query or a fragment");
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view path = rest.substr(slash);
  rest = rest.substr(0, slash);
  if (rest.find('@') != std::string_view::npos) {
    return bad_url(url, "the URL holds user information; credentials have settings of their own");
  }
  const bool bracketed = !rest.empty() && rest.front() == '[';
  const std::size_t host_end = bracketed ? rest.find(']') : std::min(rest.find(':'), rest.size());
  if (host_end == std::string_view::npos) return bad_url(url, "the IPv6 address has no closing bracket");
  const std::string_view host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end);
  if (!is_host(host, bracketed)) return bad_url(url, "the host of the URL is not a name or an address");
  origin.host = std::string(host);
  std::string_view port = rest.substr(host_end + (bracketed ? 1 : 0));
  if (!port.empty()) {
    if (port.front() != ':') return bad_url(url, "something other than a port follows the IPv6 address");
    const auto number = read_port(port.substr(1));
    if (!number) return bad_url(url, "the port of the URL is not a number from 1 to 65535");
    origin.port = *number;
  }
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  if (!path.empty() && !is_sendable_target(path)) {
    return bad_url(url, "the path of the URL holds spaces, control or non-ASCII characters");
  }
  origin.base_path = std::string(path);
  return origin;
}

std::string Origin::url() const {
  std::string text = tls ? "https://" : "http://";
  const bool bracketed = host.find(':') != std::string::npos;
  text += bracketed ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) text += fmt::format(":{}", port);
  return text + base_path;
}

}  // namespace syncwarden::http
