#include "http/impl/proxy.hpp"

#include "base/text.hpp"
#include "http/client.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/format.h>

namespace syncwarden::http {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

std::string base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, text.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = (bits << 8U) | (k < have ? static_cast<unsigned char>(text[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= have ? alphabet[(bits >> (18 - 6 * k)) & 63U] : '=';
    }
  }
  return out;
}

/// Percent-decoding as in user information, where '+' is itself.
std::optional<std::string> decode_userinfo(std::string_view text) {
  std::string protected_plus;
  for (const char c : text) {
    if (c == '+') {
      protected_plus += "%2B";
    } else {
      protected_plus += c;
    }
  }
  return decode_query_component(protected_plus);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool in_network(const ip::address& address, std::string_view network) {
  error_code ec;
  if (address.is_v4()) {
    const auto net = ip::make_network_v4(std::string(network), ec);
    return !ec && ip::network_v4(address.to_v4(), net.prefix_length()).canonical() == net.canonical();
  }
  const auto net = ip::make_network_v6(std::string(network), ec);
  return !ec && ip::network_v6(address.to_v6(), net.prefix_length()).canonical() == net.canonical();
}

/// One entry of no_proxy, in lower case, against a host in lower case.
bool entry_matches(std::string_view entry, const std::string& host, std::uint16_t port) {
  if (entry == "*") return true;
  error_code ec;
  const ip::address address = ip::make_address(host, ec);
  const bool is_address = !ec;
  if (is_address && entry.find('/') != std::string_view::npos) return in_network(address, entry);
  const bool several_colons = std::count(entry.begin(), entry.end(), ':') > 1;
  const std::size_t colon = entry.rfind(':');
  const bool bracketed = !entry.empty() && entry.front() == '[';
  const bool has_port = bracketed ? entry.find("]:") != std::string_view::npos
                                  : colon != std::string_view::npos && !several_colons;
  if (has_port) {
    if (entry.substr(colon + 1) != std::to_string(port)) return false;
    entry = entry.substr(0, colon);
  }
  if (bracketed && entry.size() > 2) entry = entry.substr(1, entry.size() - 2);
  if (is_address) {
    const ip::address other = ip::make_address(std::string(entry), ec);
    return !ec && other == address;
  }
  if (entry.substr(0, 2) == "*.") entry.remove_prefix(2);
  if (!entry.empty() && entry.front() == '.') entry.remove_prefix(1);
  if (entry.empty()) return false;
  const std::string_view name = host;
  if (name == entry) return true;
  return name.size() > entry.size() && name.substr(name.size() - entry.size()) == entry &&
         name[name.size() - entry.size() - 1] == '.';
}

bool is_local(const std::string& host) {
  if (host == "localhost") return true;
  error_code ec;
  const ip::address address = ip::make_address(host, ec);
  return !ec && address.is_loopback();
}

bool is_excepted(std::string_view list, const std::string& host, std::uint16_t port) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", \t"), list.size());
    const std::string entry = lower(list.substr(0, end));
    if (!entry.empty() && entry_matches(entry, host, port)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace

Result<Proxy> parse_proxy(std::string_view url) {
  const auto bad = [url](std::string message) {
    return Error{Errc::invalid_config, std::move(message), printable(without_credentials(url), 200),
                 "write the proxy as http://proxy:3128"};
  };
  const std::string full =
      url.find("://") == std::string_view::npos ? "http://" + std::string(url) : std::string(url);
  const std::size_t authority = full.find("://") + 3;
  const std::size_t at = full.substr(0, full.find('/', authority)).rfind('@');
  Proxy proxy;
  std::string bare = full;
  if (at != std::string::npos && at >= authority) {
    const auto user = decode_userinfo(std::string_view(full).substr(authority, at - authority));
    if (!user) return bad("the user information of the proxy's URL has a broken escape");
    proxy.authorization = Secret("Basic " + base64(*user));
    bare = full.substr(0, authority) + full.substr(at + 1);
  }
  const auto origin = Origin::parse(bare);
  if (!origin) return bad(fmt::format("the proxy's URL cannot be used: {}", origin.error().message));
  if (origin->tls) return bad("a proxy that is itself reached over TLS is not supported");
  proxy.host = origin->host;
  // Every HTTP client reads a proxy URL without a port its own way; curl's 1080 and Go's 80 are both
  // surprises.
  const bool has_port =
      bare.find(':', bare.find(']') == std::string::npos ? authority : bare.find(']')) != std::string::npos;
  if (has_port) proxy.port = origin->port;
  return proxy;
}

std::string proxy_from_environment(const Origin& origin, const std::function<const char*(const char*)>& get) {
  const auto read = [&get](const char* small, const char* big) -> std::string {
    for (const char* name : {small, big}) {
      const char* const value = get(name);
      if (value != nullptr && *value != '\0') return value;
    }
    return {};
  };
  const std::string host = lower(origin.host);
  if (is_local(host) || is_excepted(read("no_proxy", "NO_PROXY"), host, origin.port)) return {};
  std::string proxy = origin.tls ? read("https_proxy", "HTTPS_PROXY") : read("http_proxy", "HTTP_PROXY");
  if (proxy.empty()) proxy = read("all_proxy", "ALL_PROXY");
  return proxy;
}

}  // namespace syncwarden::http
