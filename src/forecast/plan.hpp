// What the coming hours look like: the real core against an Airbyte in which every sync goes well and takes
// as long as its connection's syncs usually do.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/mutation.hpp"
#include "model/plan.hpp"
#include "model/run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace syncwarden::forecast {

/// A tick that comes due, and what would become of it.
struct PlannedTick {
  ScheduleId schedule;
  ConnectionId connection;
  std::string name;         ///< of the connection; foreign: printable() before it is shown
  std::string destination;  ///< its name; foreign, too
  Instant nominal;
  Instant due;  ///< with jitter
  TickOutcome outcome = TickOutcome::started;
  TickReason reason = TickReason::on_time;
  std::optional<Instant> starts;  ///< when its job would be created
  std::optional<Instant> ends;
  Millis waits{};                  ///< from due to the start, or to the decision that it does not start
  bool decided = true;             ///< false: it still waits at the end; outcome and reason mean nothing
  std::optional<WaitCause> cause;  ///< of a wait, for the most of it, as the core tells it
  std::string waits_for;           ///< "limit destination warehouse (limit 1)"; printable, may be empty
  std::string detail;
};

/// The most jobs at once that a source or destination would see.
struct Peak {
  enum class Of : std::uint8_t { everything, source, destination } of = Of::everything;
  std::string name;  ///< empty for everything
  std::uint32_t jobs = 0;
  Instant at;
  double mean = 0;  ///< jobs at once, on average over the whole span
};

/// An hour in which ticks for a destination would wait.
struct WaitingHour {
  Instant hour;
  std::string destination;
  std::uint32_t ticks = 0;
  Millis longest{};
  std::string waits_for;  ///< what most of them wait for: "slot: limit destination warehouse (limit 1)"
};

/// A freshness target that would not be met.
struct BrokenTarget {
  ConnectionId connection;
  std::string name;
  Instant at;          ///< from then on the data would be too old
  std::string target;  ///< "late_after 2h", "late_after auto", "done_by 2026-11-27T08:00:00Z"
};

/// Moving these schedules would make a destination's peak lower.
struct Flattening {
  std::string destination;
  std::uint32_t peak_before = 0;
  std::uint32_t peak_after = 0;
  struct Move {
    std::string name;  ///< of the connection
    ScheduleId schedule;
    Millis by{};
  };
  std::vector<Move> moves;
};

struct Forecast {
  Instant from;
  Instant until;
  std::vector<PlannedTick> ticks;  ///< by due instant
  std::vector<Peak> peaks;         ///< everything first, then by jobs
  std::vector<WaitingHour> hours;  ///< by time
  std::vector<BrokenTarget> broken;
  std::vector<Flattening> flattenings;
  std::uint64_t not_started = 0;        ///< skipped, missed, not started and still waiting ticks
  std::uint64_t unknown_durations = 0;  ///< managed connections without a success to learn from
};

/// How long a sync is taken to last where nobody knows.
inline constexpr Millis assumed_duration{std::chrono::minutes{10}};

/// Pure: the same picture gives the same forecast. What waits at `from` already is left out.
[[nodiscard]] Forecast plan(const Plan& plan, const std::vector<ConnectionView>& connections,
                            const std::vector<ConnectionHistory>& histories, Instant from, Millis horizon);

/// As a person reads it: a table of what is worth knowing, and a timeline, a line an hour.
[[nodiscard]] std::string render(const Forecast& forecast);

}  // namespace syncwarden::forecast
