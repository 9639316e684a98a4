// A schedule as a value: which instants it yields. Semantics: every rule of cron, DST and `every` that users
// rely on is tested in tests/calendar and described in README.md beside this file.
#pragma once

#include "base/error.hpp"
#include "base/shared_text.hpp"
#include "base/time.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace syncwarden::calendar {

/// What happens to local times that a DST change skips or repeats.
enum class DstPolicy {
  safe,    ///< fixed times never vanish and never double; intervals follow real time
  quartz,  ///< bit for bit what Quartz 2.3.2, and so Airbyte, does
  skip,    ///< skipped times never fire, repeated ones fire in the first pass
};

[[nodiscard]] std::string_view to_string(DstPolicy policy);

struct CronSpec {
  std::string expression;        ///< Quartz (6 or 7 fields), Unix (5 fields) or a macro such as @hourly
  std::string timezone = "UTC";  ///< IANA name
  DstPolicy dst = DstPolicy::safe;
};

struct EverySpec {
  Millis interval{};
  Millis phase{};  ///< offset from the epoch-aligned grid, in [0, interval)
};

/// Immutable and cheap to copy.
class Schedule {
 public:
  /// Fails with Errc::invalid_config: the message names the field and what it allows. Unknown zones and
  /// expressions that never fire are errors here, never surprises later.
  [[nodiscard]] static Result<Schedule> cron(const CronSpec& spec);
  [[nodiscard]] static Result<Schedule> every(const EverySpec& spec);
  /// The schedule that has this text(). Fails as the others do.
  [[nodiscard]] static Result<Schedule> from_text(std::string_view text);

  /// The first instant strictly after `after`; nothing if there is none any more (a year field in the past).
  [[nodiscard]] std::optional<Instant> next(Instant after) const;

  /// One line that identifies the schedule: equal text means equal instants. "0 15 * * * ? Europe/Berlin
  /// safe", "every 1h phase 10m".
  [[nodiscard]] const SharedText& text() const;

  /// What a careful reader of the expression should be told: ambiguous weekday numbers, steps that Quartz
  /// ignores.
  [[nodiscard]] std::span<const std::string> warnings() const;

  struct Impl;

 private:
  explicit Schedule(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// How long after its nominal instant a tick is due: stable for a schedule, never negative, at most half the
/// distance to the following nominal, so that two ticks never touch. D = N + hash64(schedule_id) mod J, J =
/// min(jitter, (next - N) / 2).
[[nodiscard]] Millis jitter_offset(std::string_view schedule_id, Millis jitter, Instant nominal,
                                   std::optional<Instant> following);

}  // namespace syncwarden::calendar
