// Which of a row of numbered things is due next.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <tuple>
#include <vector>

namespace syncwarden::core {

/// At most one instant for each number; the earliest comes first, the lower number where two are equal. A
/// heap in one piece of memory: entering, moving and removing cost a few steps in it and no allocation.
class Agenda {
 public:
  using Number = std::uint32_t;
  struct Entry {
    Instant at;
    Number number = 0;
  };

  /// Enters a number, or moves it to another instant.
  void set(Number number, Instant at);
  /// Does nothing for a number that is not entered.
  void remove(Number number);
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Entry& first() const { return heap_.front(); }

 private:
  static constexpr std::uint32_t absent = ~std::uint32_t{0};
  static bool before(const Entry& a, const Entry& b) {
    return std::tie(a.at, a.number) < std::tie(b.at, b.number);
  }

  void put(std::size_t place, const Entry& entry);
  /// Finds the place of `entry` from a free place on, upwards or downwards.
  void settle(std::size_t place, const Entry& entry);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> places_;  // by number: where in the heap, or `absent`
};

}  // namespace syncwarden::core
