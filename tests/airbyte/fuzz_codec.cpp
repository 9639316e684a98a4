// Everything that reads bytes from Airbyte, fed with anything. The first byte chooses the decoder, the second
// the size of the chunks.
#include "airbyte/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace syncwarden;
using namespace syncwarden::airbyte;

template <class Decode>
void feed(const Shape& shape, std::string_view body, std::size_t chunk, const Decode& decode) {
  Reader reader(shape, [&decode](const Node& node) { decode(node); });
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, chunk);
    body.remove_prefix(piece.size());
    if (!reader.feed(piece)) break;
  }
  if (!reader.finish()) decode(reader.root());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t chunk = std::size_t{1} + data[1];
  const Api api = (data[0] & 1U) != 0 ? Api::config : Api::public_api;
  const ActorKind kind = (data[0] & 2U) != 0 ? ActorKind::source : ActorKind::destination;
  const Instant now{std::chrono::seconds{1'795'000'000}};
  switch ((data[0] >> 2U) % 9U) {
    case 0:
      feed(job_list_shape(api), body, chunk, [api](const Node& node) { (void)job_from(api, node); });
      break;
    case 1:
      feed(job_shape(api), body, chunk, [api](const Node& node) { (void)job_from(api, node); });
      break;
    case 2:
      feed(connection_list_shape(api), body, chunk,
           [api](const Node& node) { (void)connection_from(api, node); });
      break;
    case 3:
      feed(actor_list_shape(api, kind), body, chunk,
           [api, kind](const Node& node) { (void)actor_from(api, kind, node); });
      break;
    case 4:
      feed(definition_list_shape(kind), body, chunk,
           [kind](const Node& node) { (void)definition_from(kind, node); });
      break;
    case 5:
      feed(workspace_list_shape(api), body, chunk, [](const Node& node) { (void)workspace_from(node); });
      break;
    case 6:
      feed(instance_shape(), body, chunk, [](const Node& node) { (void)instance_from(node); });
      break;
    case 7:
      (void)token_from(body, now);
      break;
    default:
      (void)error_body_from(body);
      (void)retry_after_from(body, now);
      break;
  }
  return 0;
}
