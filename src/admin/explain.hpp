// What happened to a tick, and why: one line per tick with the rule, the facts and the outcome, and the story
// of its run. Pure: from what was read to what is told.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"
#include "model/connection.hpp"
#include "model/incident.hpp"
#include "model/mutation.hpp"
#include "model/read_view.hpp"
#include "model/run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::admin {

/// Everything that bears on the question; histories newest first, as the store gives them.
struct Evidence {
  ConnectionView connection;
  std::string rule;                    ///< "file:line"; empty: observed only
  std::vector<std::string> schedules;  ///< texts of our schedules
  std::vector<WaitingPicture> waiting;
  std::optional<Pause> pause;  ///< that holds it now, of its own or with everything
  bool breaker_open = false;
  std::optional<Instant> at;  ///< nothing: the newest ticks
  Instant now;
  std::vector<Tick> ticks;
  std::vector<Run> runs;
  std::vector<JobRecord> jobs;
  std::vector<Incident> incidents;
};

enum class LineKind : std::uint8_t {
  tick,     ///< a tick's outcome
  run,      ///< a run that a person asked for
  job,      ///< a job of Airbyte's history that no run of ours stands for
  waiting,  ///< a tick that is due and has not started
  idle,     ///< nothing was due
  unknown,  ///< the schedule names this time, the history does not know it
};

struct Step {
  std::optional<Instant> at;
  std::string text;

  bool operator==(const Step&) const = default;
};

struct Line {
  LineKind kind = LineKind::tick;
  std::optional<Instant> at;  ///< the nominal instant, or when it began
  std::string text;           ///< printable; instants in RFC 3339, UTC
  std::vector<Step> steps;    ///< of a run: request, job, end, verdict, incident

  bool operator==(const Line&) const = default;
};

[[nodiscard]] std::vector<Line> explain(const Evidence& evidence);
[[nodiscard]] std::string_view to_string(LineKind kind);

/// The last instant at or before `at`, looking back five years.
[[nodiscard]] std::optional<Instant> last_at_or_before(const calendar::Schedule& schedule, Instant at);
/// How long after `at` a person still means that time: "02:00" is the whole minute, "02:00:15" the second.
[[nodiscard]] Millis meant_span(Instant at);

}  // namespace syncwarden::admin
