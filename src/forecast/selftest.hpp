// The recovery ladder, step by step, so that an operator can see it work before trusting it: the real core
// against the emulator's model and its faults, in virtual time. Every step provokes one trouble, tells what
// happened and judges it by what really happened in Airbyte, not by what the core believes.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::forecast {

/// What happened, by the clock of the step's world.
struct SelftestEvent {
  Instant at;
  std::string text;  ///< printable
  std::string kind;  ///< of many in a row with the same one, two are worth reading; empty: each is
};

/// What is expected of a step, and what was found.
struct SelftestCheck {
  std::string expected;
  std::string found;
  bool passed = false;
};

struct SelftestStep {
  std::string name;      ///< "frozen"; for --step
  std::string title;     ///< "a job whose counters stand still is cancelled and run again"
  std::string provoked;  ///< what was done to Airbyte or to syncwarden
  Millis lasted{};       ///< in virtual time
  std::vector<SelftestEvent> events;
  std::vector<SelftestCheck> checks;

  [[nodiscard]] bool passed() const;
};

/// The names of the steps, in their order.
[[nodiscard]] std::vector<std::string_view> selftest_steps();

/// Plays one step; `name` is one of selftest_steps(). With `sabotage` syncwarden is broken on purpose in what
/// the step is about, and the step must fail: that shows that its checks can.
[[nodiscard]] SelftestStep run_selftest(std::string_view name, bool sabotage = false);

/// A step as a person reads it.
[[nodiscard]] std::string render(const SelftestStep& step);

}  // namespace syncwarden::forecast
