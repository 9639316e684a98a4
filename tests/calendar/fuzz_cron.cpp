// Any text through the batch line and the tables: no crash, no endless search, instants strictly increasing.
#include "calendar/next_command.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace syncwarden;
  using namespace syncwarden::calendar;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  NextDefaults how{"Australia/Lord_Howe", Instant{std::chrono::seconds{1767225600}}, 8, DstPolicy::safe};
  (void)answer_line(text, how, true);
  for (const auto policy : {DstPolicy::safe, DstPolicy::quartz, DstPolicy::skip}) {
    how.dst = policy;
    if (answer_line(text, how, false).find('\n') != std::string::npos) std::abort();
    const auto table = next_table(text, how);
    if (!table) continue;
    Instant last = how.from;
    for (const auto& row : table->rows) {
      if (row.instant <= last) std::abort();
      last = row.instant;
    }
  }
  return 0;
}
