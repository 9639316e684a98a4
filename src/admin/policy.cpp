#include "admin/policy.hpp"

#include <algorithm>
#include <cstddef>

namespace syncwarden::admin {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_loopback_name(std::string_view name) {
  return name == "localhost" || name == "[::1]" || name == "127.0.0.1";
}

/// Any address of 127.0.0.0/8, written as four numbers.
bool is_loopback_v4(std::string_view name) {
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::count(name.begin(), name.end(), '.') == 3;
}

/// Digits and dots, or anything in brackets: a name in DNS is neither.
bool is_address(std::string_view name) {
  if (name.starts_with('[')) return name.ends_with(']');
  return name.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::count(name.begin(), name.end(), '.') == 3;
}

bool changes_state(const http::Request& request) {
  return request.method != "GET" && request.method != "HEAD";
}

std::size_t count_of(const http::Request& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [name](const http::Header& header) { return http::iequals(header.name, name); }));
}

Denial foreign_page(std::string message) {
  return {403, std::move(message), "call it from the same host and port, or without a browser", "origin"};
}

/// A page of another origin must not act through the visitor's browser.
std::optional<Denial> check_origin(const http::Request& request) {
  const auto site = request.header("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") {
    return foreign_page("a page of another site must not change anything here");
  }
  const auto origin = request.header("Origin");
  if (!origin) return std::nullopt;
  const std::size_t scheme = origin->find("://");
  const auto host = request.header("Host");
  const bool same = scheme != std::string_view::npos && host &&
                    http::iequals(origin->substr(scheme + 3), *host) && count_of(request, "Origin") == 1;
  if (same) return std::nullopt;
  return foreign_page("the request comes from a page of another origin");
}

}  // namespace

std::optional<std::string> host_name_of(std::string_view authority) {
  std::size_t end = 0;
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    ++end;
  } else {
    end = std::min(authority.find(':'), authority.size());
  }
  const std::string_view port = authority.substr(end);
  const bool good_port = port.empty() || (port.starts_with(':') &&
                                          port.find_first_not_of("0123456789", 1) == std::string_view::npos);
  std::string name = lower(authority.substr(0, end));
  if (name.ends_with('.')) name.pop_back();
  if (name.empty() || !good_port) return std::nullopt;
  return name;
}

Policy::Policy(std::string_view listen_address, std::vector<std::string> host_names) {
  const auto listen = host_name_of(listen_address);  // ":9927" has no name: all addresses
  beyond_loopback_ = !listen || !(is_loopback_name(*listen) || is_loopback_v4(*listen));
  if (listen && *listen != "0.0.0.0" && *listen != "[::]") names_.push_back(*listen);
  for (const std::string& name : host_names) {
    if (auto known = host_name_of(name)) names_.push_back(std::move(*known));
  }
}

bool Policy::knows_host(std::string_view host, bool users) const {
  const auto name = host_name_of(host);
  if (!name) return false;
  // No other site's name can be made to mean us by naming us by our address.
  if (users && is_address(*name)) return true;
  return is_loopback_name(*name) || std::find(names_.begin(), names_.end(), *name) != names_.end();
}

std::optional<Denial> Policy::check(const http::Request& request, const http::Peer& peer, Audience audience,
                                    bool users) const {
  if (audience == Audience::local && !peer.loopback && !users) {
    return Denial{403,
                  "only metrics and health are served beyond this machine",
                  "call it on the machine itself, by 127.0.0.1 or localhost; or configure users: a file with "
                  "basic_auth_users or bearer_tokens, named by web.config_file",
                  {}};
  }
  const bool open_metrics = audience == Audience::metrics && beyond_loopback_;
  const bool any_name = audience == Audience::probe || audience == Audience::bearer || open_metrics;
  if (!any_name) {
    const auto host = request.header("Host");
    if (!host || count_of(request, "Host") != 1 || !knows_host(*host, users)) {
      return Denial{
          421, "this host name is not one of ours",
          "use localhost, 127.0.0.1, [::1] or the listen address, or add the name to web.host_names", "host"};
    }
  }
  return changes_state(request) ? check_origin(request) : std::nullopt;
}

}  // namespace syncwarden::admin
