// Messages as bytes. Whatever could split a message (line breaks, NUL, spaces in a target) is refused, not
// escaped.
#pragma once

#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::http {

/// True for an RFC 9110 token: what a method or header name may be.
[[nodiscard]] bool is_token(std::string_view text);
/// True if a header value can be sent: no CR, LF or NUL.
[[nodiscard]] bool is_sendable_value(std::string_view text);
/// True for an origin-form target of printable ASCII without spaces.
[[nodiscard]] bool is_sendable_target(std::string_view text);

/// What the connection adds to a request.
struct RequestFrame {
  std::string_view authority;            ///< value of Host
  std::string_view target_prefix;        ///< "http://host:port" towards a proxy, else empty
  std::string_view proxy_authorization;  ///< empty: none
};

/// Appends the request to `out`: request line, Host, the request's headers, Content-Length, body. Host,
/// Content-Length, Transfer-Encoding, Connection, Expect and Accept-Encoding belong to the client and are
/// refused in Request::headers. Returns what is wrong, without showing a value; `out` is then unusable.
[[nodiscard]] std::optional<std::string> encode(const Request& request, const RequestFrame& frame,
                                                std::string& out);

/// What the session adds to a response.
struct ResponseFrame {
  bool head = false;        ///< a HEAD request: the body stays away, its length is told
  bool close = false;       ///< Connection: close
  bool keep_alive = false;  ///< Connection: keep-alive, which HTTP/1.0 needs
  bool body_apart = false;  ///< the body is written beside `out`, not copied into it
};

/// Appends the response to `out` with Content-Length and nosniff. Framing headers of the handler are dropped.
/// False if a header cannot be sent or the status is not 200..599; `out` is then as before.
[[nodiscard]] bool encode(const Response& response, const ResponseFrame& frame, std::string& out);

}  // namespace syncwarden::http
