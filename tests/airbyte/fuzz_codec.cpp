// Everything that reads bytes from Airbyte, fed with anything. The first byte chooses the decoder, the second
// the size of the chunks.
#include "airbyte/codec.hpp"
#include "airbyte/impl/inspection.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

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

/// Whatever a log says, its lines are few, short and free of controls.
void read_log(const Shape& shape, std::string_view body, std::size_t chunk) {
  LogTail tail(3);
  feed(shape, body, chunk, [&tail](const Node& node) { tail.take(node); });
  const auto lines = tail.lines();
  if (lines.size() > 3) __builtin_trap();
  for (const auto& line : lines) {
    if (line.size() > LogTail::max_line) __builtin_trap();
    for (const char c : line) {
      if ((c >= 0 && c < ' ') || c == 0x7F) __builtin_trap();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t chunk = std::size_t{1} + data[1];
  const Api api = (data[0] & 1U) != 0 ? Api::config : Api::public_api;
  const ActorKind kind = (data[0] & 2U) != 0 ? ActorKind::source : ActorKind::destination;
  const Instant now{std::chrono::seconds{1'795'000'000}};
  switch ((data[0] >> 2U) % 14U) {
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
    case 8:
      feed(sync_progress_shape(), body, chunk, [](const Node& node) { (void)sync_progress_from(node); });
      break;
    case 9: {
      StreamRoll roll(JobId{1}, 0);
      feed(stream_status_list_shape(), body, chunk, [&roll](const Node& node) {
        if (auto report = stream_report_from(node)) roll.add(std::move(*report));
      });
      (void)roll.take();
      break;
    }
    case 10:
      feed(workflow_shape(), body, chunk, [](const Node& node) { (void)workflow_running_from(node); });
      break;
    case 11:
      read_log(attempt_log_shape(), body, chunk);
      break;
    case 12:
      read_log(job_log_shape(), body, chunk);
      break;
    default:
      (void)error_body_from(body);
      (void)retry_after_from(body, now);
      break;
  }
  return 0;
}
