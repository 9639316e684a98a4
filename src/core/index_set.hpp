// A set of small numbers, in order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace syncwarden::core {

/// One bit for each number: changes cost no search and no allocation, and a walk visits them in ascending
/// order:
///
///     for (auto i = set.next(0); i; i = set.next(*i + 1))
///
/// The set may change while it is walked.
class IndexSet {
 public:
  void insert(std::uint32_t number) {
    if (number / bits >= words_.size()) words_.resize(number / bits + 1);
    words_[number / bits] |= bit(number);
  }
  void erase(std::uint32_t number) {
    if (number / bits < words_.size()) words_[number / bits] &= ~bit(number);
  }
  /// The first member that is not below `from`.
  [[nodiscard]] std::optional<std::uint32_t> next(std::uint32_t from) const {
    std::size_t word = from / bits;
    if (word >= words_.size()) return std::nullopt;
    std::uint64_t rest = words_[word] & ~(bit(from) - 1);
    while (rest == 0) {
      if (++word == words_.size()) return std::nullopt;
      rest = words_[word];
    }
    return static_cast<std::uint32_t>(word * bits) + static_cast<std::uint32_t>(std::countr_zero(rest));
  }

 private:
  static constexpr std::uint32_t bits = 64;
  static std::uint64_t bit(std::uint32_t number) { return std::uint64_t{1} << (number % bits); }

  std::vector<std::uint64_t> words_;
};

}  // namespace syncwarden::core
