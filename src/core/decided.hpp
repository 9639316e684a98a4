// Which nominals of a schedule are decided already, beside the run of them that ends at its watermark.
//
// A schedule goes forward from its watermark, so what lies before is never looked at again, and one instant
// would do, if clocks were never wrong. Where a clock is set back by hours the watermark follows it, and
// everything that was decided ahead of it has to keep its decision (scheduling rules 1 and 6), whatever
// happened meanwhile: a restart, a pause, an edit. What was given up together, because the clock seemed to
// have leapt over it, is in no range: it comes due in its own time.
#pragma once

#include "core/due.hpp"
#include "model/mutation.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace syncwarden::core {

/// Kept per schedule. A range more comes with each restart, pause or edit after which ticks were given up
/// together; the one that ends first is forgotten first, which only a clock that is set back beyond it would
/// notice.
inline constexpr std::size_t max_decided_ranges = 8;

/// A watermark that this nominal follows: nothing lies between the two.
[[nodiscard]] Instant watermark_before(const calendar::Schedule& schedule, Instant nominal);

class DecidedRanges {
 public:
  DecidedRanges() = default;
  explicit DecidedRanges(std::vector<DecidedRange> ranges);

  /// An empty range changes nothing; one that touches a range of the same text grows it.
  void add(DecidedRange range);
  /// Forgets what lies within the range from `from` to the watermark, which a cursor tells by itself.
  void drop_within(const DecidedRange& present);

  [[nodiscard]] std::span<const DecidedRange> all() const { return ranges_; }
  /// Whether a text that a range had yields this nominal.
  [[nodiscard]] bool contain(Instant nominal) const;

  /// The first nominal after the watermark that is decided, when it would come due, and up to where nominals
  /// are decided from there on.
  struct Passage {
    NextTick tick;
    Instant until;
  };
  [[nodiscard]] std::optional<Passage> next_passage(const calendar::Schedule& schedule,
                                                    std::string_view jitter_key, Millis jitter,
                                                    Instant watermark) const;

 private:
  std::vector<DecidedRange> ranges_;  ///< by their ends
};

}  // namespace syncwarden::core
