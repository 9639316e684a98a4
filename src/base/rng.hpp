// Randomness and hashing as values: seeded, the same on every machine and release.
#pragma once

#include <cstdint>
#include <string_view>

namespace syncwarden {

/// A 64-bit hash that never changes between releases (FNV-1a with a strong finish): jitter, spread and run
/// ids depend on it.
[[nodiscard]] std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0);

/// SplitMix64: small, fast, good enough for jitter, back-off and simulations. Not for secrets.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  /// Uniform in [0, bound); 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  /// True with the probability p.
  bool chance(double p) { return unit() < p; }

 private:
  std::uint64_t state_;
};

}  // namespace syncwarden
