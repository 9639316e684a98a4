#include "calendar/occurrence.hpp"

#include <algorithm>

namespace syncwarden::calendar {
namespace {

/// The search within one zone. A wall-clock time that is given to several spans exists several times; one
/// that no span shows lies in a gap.
class Search {
 public:
  Search(const CronFields& fields, const Zone& zone, std::int64_t after, unsigned* steps)
      : fields_(fields), zone_(zone), after_(after), steps_(steps), span_(zone.index_at(after)) {}

  /// Every wall-clock time once, in its first pass. With `gap_end`, times in a gap fire together when it
  /// ends.
  std::optional<std::int64_t> first_pass(bool gap_end);
  /// Real time: both passes of a repeated time, no skipped one.
  std::optional<std::int64_t> both_passes();
  /// Quartz 2.3.2: forget the offset of `after`, take the later pass.
  std::optional<std::int64_t> last_pass();

 private:
  std::optional<LocalSeconds> local_after(LocalSeconds time, LocalSeconds limit = no_limit) const {
    return next_local(fields_, time, limit, steps_);
  }
  std::int64_t offset() const { return zone_[span_].offset; }
  std::int64_t local_begin() const { return zone_[span_].begin + zone_[span_].offset; }
  std::int64_t local_end() const { return zone_.local_end_of(span_); }

  const CronFields& fields_;
  const Zone& zone_;
  std::int64_t after_;
  unsigned* steps_;
  std::size_t span_;
};

std::optional<std::int64_t> Search::first_pass(bool gap_end) {
  auto time = local_after(std::max(after_ + offset(), zone_[span_].fresh - 1));
  while (time) {
    if (*time < local_end()) return *time - offset();
    ++span_;
    if (*time >= zone_[span_].fresh) continue;
    // In the gap before this span: a span that starts late shows fresh times from its very begin.
    if (gap_end) return zone_[span_].begin;
    time = local_after(zone_[span_].fresh - 1);
  }
  return std::nullopt;
}

std::optional<std::int64_t> Search::both_passes() {
  auto time = local_after(after_ + offset());
  if (time && *time < local_end()) return *time - offset();
  // Spans after the first may repeat times that were passed already, which `time` knows nothing of.
  for (++span_; span_ < zone_.size(); ++span_) {
    const LocalSeconds repeated = std::min(zone_[span_].fresh, local_end());
    if (local_begin() < repeated) {
      const auto again = local_after(local_begin() - 1, repeated);
      if (again) return *again - offset();
    }
    if (time && *time < zone_[span_].fresh) time = local_after(zone_[span_].fresh - 1);
    if (time && *time < local_end()) return *time - offset();
    if (!time && local_begin() >= zone_[span_].fresh) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Search::last_pass() {
  auto time = local_after(after_ + offset());
  while (time) {
    while (*time >= zone_[span_].seen) ++span_;
    const bool shown_before = span_ > 0 && *time < zone_[span_ - 1].seen;
    if (*time < zone_[span_].fresh && !shown_before) {  // in the gap before this span
      time = local_after(zone_[span_].fresh - 1);
      continue;
    }
    std::size_t last = span_;
    while (last + 1 < zone_.size() && zone_[last + 1].begin + zone_[last + 1].offset <= *time) ++last;
    while (*time >= zone_.local_end_of(last)) --last;
    const std::int64_t instant = *time - zone_[last].offset;
    if (instant > after_) return instant;
    time = local_after(*time);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> next_occurrence(const CronFields& fields, const Zone& zone, DstPolicy policy,
                                            std::int64_t after, unsigned* steps) {
  // Nothing fires before 1970; two days earlier no offset can change that.
  Search search(fields, zone, std::max<std::int64_t>(after, -2 * 86400), steps);
  switch (policy) {
    case DstPolicy::safe:
      return fields.fixed_time ? search.first_pass(true) : search.both_passes();
    case DstPolicy::quartz:
      return search.last_pass();
    case DstPolicy::skip:
      return search.first_pass(false);
  }
  return std::nullopt;
}

}  // namespace syncwarden::calendar
