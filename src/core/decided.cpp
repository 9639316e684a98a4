#include "core/decided.hpp"

#include <algorithm>
#include <utility>

namespace syncwarden::core {

namespace {

/// No zone has ever repeated more of a day than this when its summer time ended.
constexpr Millis longest_repeat{std::chrono::hours{3}};

/// As Quartz counts, which nominal follows an instant within a repeated hour depends on where the count
/// began: it begins before that hour here, as it did when the nominals were decided.
Instant before_repeat(Instant at) { return at - longest_repeat; }

bool yields(const calendar::Schedule& schedule, Instant nominal) {
  auto at = schedule.next(before_repeat(nominal));
  while (at && *at < nominal) at = schedule.next(*at);
  return at == nominal;
}

/// The first nominal after both, and where the count has to begin for it to follow.
std::optional<Instant> first_after(const calendar::Schedule& schedule, Instant watermark, Instant from) {
  if (watermark >= from) return schedule.next(watermark);
  auto at = schedule.next(std::max(watermark, before_repeat(from)));
  while (at && *at <= from) at = schedule.next(*at);
  return at;
}

}  // namespace

Instant watermark_before(const calendar::Schedule& schedule, Instant nominal) {
  Instant watermark = before_repeat(nominal);
  for (auto at = schedule.next(watermark); at && *at < nominal; at = schedule.next(*at)) watermark = *at;
  return watermark;
}

DecidedRanges::DecidedRanges(std::vector<DecidedRange> ranges) {
  for (auto& range : ranges) add(std::move(range));
}

void DecidedRanges::add(DecidedRange range) {
  if (range.from >= range.until) return;
  for (auto known = ranges_.begin(); known != ranges_.end();) {
    const bool touches =
        known->spec == range.spec && known->from <= range.until && range.from <= known->until;
    if (!touches) {
      ++known;
      continue;
    }
    range.from = std::min(range.from, known->from);
    range.until = std::max(range.until, known->until);
    known = ranges_.erase(known);
  }
  const auto place = std::upper_bound(ranges_.begin(), ranges_.end(), range.until,
                                      [](Instant until, const DecidedRange& r) { return until < r.until; });
  ranges_.insert(place, std::move(range));
  if (ranges_.size() > max_decided_ranges) ranges_.erase(ranges_.begin());
}

void DecidedRanges::drop_within(const DecidedRange& present) {
  std::erase_if(ranges_, [&](const DecidedRange& range) {
    return range.spec == present.spec && range.from >= present.from && range.until <= present.until;
  });
}

bool DecidedRanges::contain(Instant nominal) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const DecidedRange& range) {
    if (nominal <= range.from || nominal > range.until) return false;
    // Another text may have known nothing of it. Chains have no calendar to ask.
    const auto schedule = calendar::Schedule::from_text(range.spec.view());
    return !schedule || yields(*schedule, nominal);
  });
}

std::optional<DecidedRanges::Passage> DecidedRanges::next_passage(const calendar::Schedule& schedule,
                                                                  std::string_view jitter_key, Millis jitter,
                                                                  Instant watermark) const {
  std::optional<Passage> first;
  const auto offer = [&](Instant nominal, Instant until) {
    if (first && (first->tick.nominal < nominal || (first->tick.nominal == nominal && first->until >= until)))
      return;
    Millis offset{};
    if (jitter > Millis::zero())
      offset = calendar::jitter_offset(jitter_key, jitter, nominal, schedule.next(nominal));
    first = Passage{{nominal, nominal + offset}, until};
  };
  for (const auto& range : ranges_) {
    if (range.until <= watermark) continue;
    auto nominal = first_after(schedule, watermark, range.from);
    if (range.spec == schedule.text()) {
      if (nominal && *nominal <= range.until) offer(*nominal, range.until);
      continue;
    }
    // Decided under another text: only what both name. A text that cannot be read names nothing.
    const auto then = calendar::Schedule::from_text(range.spec.view());
    if (!then) continue;
    while (nominal && *nominal <= range.until && !yields(*then, *nominal)) nominal = schedule.next(*nominal);
    if (nominal && *nominal <= range.until) offer(*nominal, *nominal);
  }
  return first;
}

}  // namespace syncwarden::core
