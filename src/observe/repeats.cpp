#include "observe/repeats.hpp"

#include <algorithm>

namespace syncwarden::observe {

std::optional<std::uint64_t> Repeats::admit(const std::string& key, Mono now) {
  const auto known = seen_.find(key);
  if (known != seen_.end()) {
    Seen& seen = known->second;
    if (now - seen.written < window_) {
      ++seen.suppressed;
      return std::nullopt;
    }
    const std::uint64_t suppressed = seen.suppressed;
    seen = {now, 0};
    return suppressed;
  }
  if (seen_.size() >= max_keys_) {
    // Only a flood of distinct keys gets here: the oldest makes room.
    seen_.erase(std::min_element(seen_.begin(), seen_.end(), [](const auto& a, const auto& b) {
      return a.second.written < b.second.written;
    }));
  }
  seen_.insert({key, {now, 0}});
  return 0;
}

}  // namespace syncwarden::observe
