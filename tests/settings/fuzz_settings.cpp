// Any text: no crash, no exception, no secret in a message.
#include "settings/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace syncwarden::settings;
  const std::string text(reinterpret_cast<const char*>(data), size);  // NOLINT: libFuzzer's interface
  // Reading the machine's files would make runs differ.
  if (text.find("include") != std::string::npos || text.find("_file") != std::string::npos) return 0;
  constexpr std::string_view marker = "M4rk3rFr0mTheEnv1ronment";
  // libFuzzer learns the marker from the search below; a text that holds it itself proves nothing.
  if (text.find(marker) != std::string::npos) return 0;
  const LoadOptions options{[&](std::string_view) { return std::optional(std::string(marker)); }, {}};
  const Loaded loaded = load_text(text, "fuzz.yaml", options);
  if (loaded.ok() == !loaded.problems.empty()) std::abort();
  for (const auto* list : {&loaded.problems, &loaded.warnings}) {
    for (const Problem& problem : *list) {
      if (to_string(problem).find(marker) != std::string::npos) std::abort();
    }
  }
  // What is described is what the file says, so it may hold the marker; it must only come to an end.
  if (loaded.ok() && describe(*loaded.settings).empty()) std::abort();
  if (loaded.ok() && !diff(*loaded.settings, *load_text(text, "fuzz.yaml", options).settings).empty())
    std::abort();
  return 0;
}
