// HTTP/1.1 messages as plain values. No Beast type leaves this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  ///< origin form: path and query
  std::vector<Header> headers;
  std::string body;

  /// The value of the first header of that name (case-insensitive).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  /// The target without its query.
  [[nodiscard]] std::string_view path() const;
  /// The query without its '?', possibly empty.
  [[nodiscard]] std::string_view query() const;
};

struct Response {
  unsigned status = 200;
  std::vector<Header> headers;
  std::string body;

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// Case-insensitive comparison of ASCII text, as header names need it.
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);

/// "%41+b" read as in a query string; nothing for a broken escape.
[[nodiscard]] std::optional<std::string> decode_query_component(std::string_view text);
[[nodiscard]] std::string encode_query_component(std::string_view text);

/// "OK", "Not Found", ...
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace syncwarden::http
