// Both clocks of a simulated machine: the wall clock may be wrong and may be set, the monotonic one stands
// still while the machine sleeps.
#pragma once

#include "base/time.hpp"

namespace syncwarden::forecast {

class VirtualClock {
 public:
  explicit VirtualClock(Instant start) : start_(start) {}

  [[nodiscard]] Now read(Instant truth) const {
    return {truth + offset_, Mono{truth - start_ - slept_ + since_boot_at_start}};
  }
  [[nodiscard]] Millis offset() const { return offset_; }
  void set_offset(Millis offset) { offset_ = offset; }
  /// The machine sleeps for so long from now on: nothing reads a clock before it has woken up.
  void sleep(Millis length) { slept_ += length; }
  /// When, in truth, these clocks show that.
  [[nodiscard]] Instant when(Instant wall) const { return wall - offset_; }
  [[nodiscard]] Instant when(Mono mono) const {
    return start_ + (mono.since_boot - since_boot_at_start) + slept_;
  }

 private:
  static constexpr Millis since_boot_at_start{3'600'000};

  Instant start_;
  Millis offset_{};
  Millis slept_{};
};

}  // namespace syncwarden::forecast
