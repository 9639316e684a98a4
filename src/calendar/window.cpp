#include "calendar/window.hpp"

#include <algorithm>
#include <chrono>

namespace syncwarden::calendar {
namespace {

/// No change of the clocks moves a window's end by more than this.
constexpr std::chrono::seconds clock_change{std::chrono::hours{3}};
/// Starts looked at for one answer: a window longer than its own distance holds many.
constexpr int most_starts = 1'000;

}  // namespace

Result<Window> Window::make(CronSpec begins, Millis duration) {
  if (duration <= Millis{}) {
    return Error{Errc::invalid_config, "a window of no length never holds anything", "",
                 "give it a duration, such as 3h"};
  }
  begins.dst = DstPolicy::safe;
  auto zone = Zone::find(begins.timezone);
  if (!zone) return zone.error();
  auto schedule = Schedule::cron(begins);
  if (!schedule) return schedule.error();
  return Window(std::move(*schedule), duration, std::move(*zone));
}

Instant Window::end_of(Instant begin) const {
  const auto start = std::chrono::floor<std::chrono::seconds>(begin).time_since_epoch().count();
  const auto length = std::chrono::ceil<std::chrono::seconds>(duration_).count();
  const std::size_t first = zone_->index_at(start);
  const std::int64_t local_end = start + (*zone_)[first].offset + length;
  std::optional<std::int64_t> end;
  for (std::size_t i = first; i < zone_->size(); ++i) {
    const auto& span = (*zone_)[i];
    const std::int64_t local_begin = i == first ? start + span.offset : span.begin + span.offset;
    if (local_end < local_begin) {
      if (!end) end = span.begin;  // the end is skipped
      break;
    }
    if (local_end < zone_->local_end_of(i)) end = local_end - span.offset;
    if (span.begin > start + length + clock_change.count()) break;
  }
  return Instant{std::chrono::seconds{end.value_or(start + length)}};
}

std::optional<Instant> Window::end_if_inside(Instant at) const {
  std::optional<Instant> latest;
  auto begin = begins_.next(at - duration_ - clock_change);
  for (int i = 0; begin && *begin <= at && i < most_starts; ++i, begin = begins_.next(*begin)) {
    const Instant end = end_of(*begin);
    if (end > at) latest = std::max(latest.value_or(end), end);
  }
  return latest;
}

std::string Window::text() const {
  const std::string all(begins_.text().view());
  return all.substr(0, all.rfind(' ')) + " for " + syncwarden::to_string(duration_);
}

}  // namespace syncwarden::calendar
