// How fast a receiver is told: a limit for any hour, a distance between two messages, a back-off, and what an
// answer means. Pure.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace syncwarden::notify {

class Pace {
 public:
  /// 0 an hour: no limit.
  Pace(std::uint32_t per_hour, Millis distance) : per_hour_(per_hour), distance_(distance) {}

  /// How long the next message has to wait.
  [[nodiscard]] Millis wait(Mono now);
  void sent(Mono now);

 private:
  std::uint32_t per_hour_;
  Millis distance_;
  std::deque<Mono> sent_;  ///< within the last hour
};

/// Until the next attempt after so many failures in a row: 1s, 2s, 4s, … 5m; never sooner than the receiver
/// asks, and never later than an hour.
[[nodiscard]] Millis back_off(unsigned failures, std::optional<Millis> retry_after);

/// Whether a later attempt may succeed: no answer, 408, 429 and 5xx.
[[nodiscard]] bool worth_repeating(unsigned status);

/// Alertmanager's words for why a notification failed, of an answer and of none.
[[nodiscard]] std::string_view reason_of(unsigned status);
[[nodiscard]] std::string_view reason_of(Errc failure);

/// "120" of a Retry-After header; dates are not understood.
[[nodiscard]] std::optional<Millis> retry_after(std::string_view text);

}  // namespace syncwarden::notify
