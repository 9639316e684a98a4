// Responses out of bytes, without any I/O: the client feeds it from a socket, the fuzzer from a file.
#pragma once

#include "http/client.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace syncwarden::http {

class ReplyParser {
 public:
  enum class State { more, done, malformed, header_too_large, body_too_large, sink_refused };

  struct Limits {
    std::size_t header_bytes = 16 * 1024;
    std::uint64_t body_bytes = 8 * 1024 * 1024;
    bool no_body = false;  ///< the answer to HEAD or CONNECT: ends with its header
  };

  ReplyParser();
  ~ReplyParser();
  ReplyParser(const ReplyParser&) = delete;
  ReplyParser& operator=(const ReplyParser&) = delete;

  /// Begins a new response. `sink` may be null and must outlive the response.
  void start(const Limits& limits, const BodySink* sink);
  /// Takes what it can from `data` and says how much; the rest has to come again with more behind it. Interim
  /// (1xx) responses are skipped.
  [[nodiscard]] State feed(std::string_view data, std::size_t& consumed);
  /// The peer sent its last byte: `done` if the response ends with the connection, else `malformed`.
  [[nodiscard]] State end();

  /// True once any byte was taken.
  [[nodiscard]] bool started() const;
  /// The connection may carry another request; asked when done.
  [[nodiscard]] bool keep_alive() const;
  /// Why the last call said `malformed`.
  [[nodiscard]] std::string_view problem() const;
  /// The response; asked once, when done.
  [[nodiscard]] Response take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace syncwarden::http
