// A recurring window of local time: maintenance every Sunday from two to five.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"
#include "calendar/zone.hpp"

#include <memory>
#include <optional>
#include <string>

namespace syncwarden::calendar {

/// Half-open, [start, start + duration) on the wall clock of the zone. Where clocks change, a window is never
/// shorter than it says: a start that is repeated counts from its first pass, an end that is repeated from
/// its second, and an end that is skipped is the end of the gap. Immutable and cheap to copy.
class Window {
 public:
  /// Fails as Schedule::cron does, and for a duration that is not positive. `begins.dst` is ignored.
  [[nodiscard]] static Result<Window> make(CronSpec begins, Millis duration);

  /// When the window that holds `at` ends (the latest one, where several do); nothing outside of any.
  [[nodiscard]] std::optional<Instant> end_if_inside(Instant at) const;
  /// The first start strictly after `after`.
  [[nodiscard]] std::optional<Instant> next_begin(Instant after) const { return begins_.next(after); }
  /// When a window that starts then ends.
  [[nodiscard]] Instant end_of(Instant begin) const;
  [[nodiscard]] const Schedule& begins() const { return begins_; }
  [[nodiscard]] Millis duration() const { return duration_; }
  /// "0 2 * * SUN Europe/Paris for 3h"
  [[nodiscard]] std::string text() const;

 private:
  Window(Schedule begins, Millis duration, std::shared_ptr<const Zone> zone)
      : begins_(std::move(begins)), duration_(duration), zone_(std::move(zone)) {}

  Schedule begins_;
  Millis duration_;
  std::shared_ptr<const Zone> zone_;
};

}  // namespace syncwarden::calendar
