#include "http/impl/encode.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace syncwarden::http {
namespace {

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

template <std::size_t N>
bool one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view n) { return iequals(n, name); });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void append_length(std::string& out, std::size_t length) {
  fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_sendable_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_sendable_target(std::string_view text) {
  return !text.empty() && text.front() == '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::optional<std::string> encode(const Request& request, const RequestFrame& frame, std::string& out) {
  static constexpr std::array<std::string_view, 6> ours = {
      "Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Accept-Encoding"};
  if (!is_token(request.method)) return "the request method is not a token";
  if (!is_sendable_target(request.target)) {
    return "the request target has to begin with '/' and hold printable ASCII without spaces";
  }
  out.reserve(out.size() + 256 + request.target.size() + request.body.size());
  out += request.method;
  out += ' ';
  out += frame.target_prefix;
  out += request.target;
  out += " HTTP/1.1\r\n";
  append_field(out, "Host", frame.authority);
  if (!frame.proxy_authorization.empty()) append_field(out, "Proxy-Authorization", frame.proxy_authorization);
  for (const Header& header : request.headers) {
    if (!is_token(header.name)) return "a header name of the request is not a token";
    if (one_of(header.name, ours))
      return fmt::format("the header {} is set by the client itself", header.name);
    if (!is_sendable_value(header.value)) {
      return fmt::format("the value of the header {} holds a line break or NUL", header.name);
    }
    append_field(out, header.name, header.value);
  }
  const bool promises_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || promises_body) append_length(out, request.body.size());
  out += "\r\n";
  out += request.body;
  return std::nullopt;
}

bool encode(const Response& response, const ResponseFrame& frame, std::string& out) {
  static constexpr std::array<std::string_view, 4> framing = {"Content-Length", "Transfer-Encoding",
                                                              "Connection", "X-Content-Type-Options"};
  if (response.status < 200 || response.status > 599) return false;
  for (const Header& header : response.headers) {
    if (!is_token(header.name) || !is_sendable_value(header.value)) return false;
  }
  const bool has_body = response.status != 204 && response.status != 304;
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason_phrase(response.status));
  for (const Header& header : response.headers) {
    if (!one_of(header.name, framing)) append_field(out, header.name, header.value);
  }
  out += "X-Content-Type-Options: nosniff\r\n";
  if (has_body) append_length(out, response.body.size());
  if (frame.close) {
    out += "Connection: close\r\n";
  } else if (frame.keep_alive) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (has_body && !frame.head && !frame.body_apart) out += response.body;
  return true;
}

}  // namespace syncwarden::http
