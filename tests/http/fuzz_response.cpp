// The client's parser: any bytes, in any slices, give the same response, within its limits.
#include "http/impl/reply_parser.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace syncwarden::http;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

ReplyParser::State feed_in_slices(ReplyParser& parser, std::string_view bytes, std::size_t slice) {
  std::string pending;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, slice);
    pending += piece;
    bytes.remove_prefix(piece.size());
    std::size_t used = 0;
    const auto state = parser.feed(pending, used);
    require(used <= pending.size());
    pending.erase(0, used);
    if (state != ReplyParser::State::more) return state;
  }
  return parser.started() ? parser.end() : ReplyParser::State::more;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t slice = 1U + data[0] % 64U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ReplyParser::Limits limits;
  limits.header_bytes = 512;
  limits.body_bytes = 256;
  ReplyParser whole;
  ReplyParser sliced;
  whole.start(limits, nullptr);
  sliced.start(limits, nullptr);
  const auto state = feed_in_slices(whole, bytes, bytes.size());
  const auto state_sliced = feed_in_slices(sliced, bytes, slice);
  require((state == ReplyParser::State::done) == (state_sliced == ReplyParser::State::done));
  if (state != ReplyParser::State::done) return 0;
  const Response response = whole.take();
  require(response.status >= 200 && response.status <= 599);
  require(response.body.size() <= limits.body_bytes);
  require(response.body == sliced.take().body);
  return 0;
}
