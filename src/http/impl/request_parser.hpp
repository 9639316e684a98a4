// Requests out of bytes, without any I/O. Beast supplies the grammar; this is the policy: everything that two
// readers could understand differently is refused.
#pragma once

#include "http/message.hpp"
#include "http/server.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace syncwarden::http {

/// A request line and header that passed. `request.method` is GET for HEAD; the body is still to come.
struct RequestHead {
  Request request;
  std::uint64_t content_length = 0;
  bool head = false;
  bool http10 = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// How a request is turned away.
struct Denial {
  unsigned status = 400;
  Refusal refusal = Refusal::malformed;
  std::string_view text;
};

class RequestParser {
 public:
  enum class State { more, ready, refused };

  explicit RequestParser(const ServerLimits& limits) : limits_(limits) {}

  /// Looks at the whole buffer from the request's first byte on. On `ready`, `head()` is filled and
  /// `consumed` bytes belong to it; on `refused`, `denial()` says why. Every call must show the same bytes
  /// again, possibly more.
  [[nodiscard]] State feed(std::string_view buffer, std::size_t& consumed);

  [[nodiscard]] RequestHead& head() { return head_; }
  [[nodiscard]] const Denial& denial() const { return denial_; }
  /// Forgets the request, for the next one on the connection.
  void reset();

 private:
  State refuse(unsigned status, Refusal refusal, std::string_view text);
  State check_bytes(std::string_view text);
  State parse(std::string_view text);

  ServerLimits limits_;
  std::size_t scanned_ = 0;  ///< the end of the header does not begin before this
  RequestHead head_;
  Denial denial_;
};

}  // namespace syncwarden::http
