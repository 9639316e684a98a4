// Repeated errors: the first of a kind is logged, the next ones are counted until the window is over.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace syncwarden::observe {

class Repeats {
 public:
  explicit Repeats(Millis window = std::chrono::minutes{1}, std::size_t max_keys = 1'000)
      : window_(window), max_keys_(max_keys) {}

  /// Nothing: keep quiet. Otherwise write the line, and tell that so many like it were suppressed since the
  /// last one.
  [[nodiscard]] std::optional<std::uint64_t> admit(const std::string& key, Mono now);
  /// The trouble is over: the next one of this kind is news again.
  void forget(const std::string& key) { seen_.erase(key); }

 private:
  struct Seen {
    Mono written;
    std::uint64_t suppressed = 0;
  };
  Millis window_;
  std::size_t max_keys_;
  std::map<std::string, Seen> seen_;
};

}  // namespace syncwarden::observe
