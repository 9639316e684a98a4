// The server's parser: any bytes, in any slices, must give the same verdict, and a request that passes must
// be one that nobody could read differently.
#include "http/impl/request_parser.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace syncwarden::http;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

RequestParser::State feed_in_slices(RequestParser& parser, std::string_view bytes, std::size_t slice,
                                    std::size_t& used) {
  for (std::size_t have = 0; have < bytes.size();) {
    have += slice < bytes.size() - have ? slice : bytes.size() - have;
    const auto state = parser.feed(bytes.substr(0, have), used);
    if (state != RequestParser::State::more) return state;
  }
  return RequestParser::State::more;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t slice = 1U + data[0] % 64U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ServerLimits limits;
  limits.max_header_bytes = 512;
  limits.max_target_bytes = 64;
  limits.max_header_fields = 8;
  RequestParser whole(limits);
  RequestParser sliced(limits);
  std::size_t used = 0;
  std::size_t used_sliced = 0;
  const auto state = feed_in_slices(whole, bytes, bytes.size(), used);
  const auto state_sliced = feed_in_slices(sliced, bytes, slice, used_sliced);
  require((state == RequestParser::State::ready) == (state_sliced == RequestParser::State::ready));
  if (state != RequestParser::State::ready) return 0;
  require(used == used_sliced && used <= limits.max_header_bytes);
  const RequestHead& head = whole.head();
  require(head.request.target.front() == '/' && head.request.target.size() <= limits.max_target_bytes);
  require(head.request.headers.size() <= limits.max_header_fields);
  require(head.content_length <= limits.max_body_bytes);
  require(!head.request.header("Transfer-Encoding") && !head.request.header("Content-Encoding"));
  require(head.http10 || head.request.header("Host").has_value());
  for (const Header& header : head.request.headers) {
    for (const char c : header.value) require(c == '\t' || (c >= ' ' && c < '\x7f'));
  }
  return 0;
}
