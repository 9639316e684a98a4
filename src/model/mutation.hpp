// What the core asks the store to keep, and what the store gives back at start.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/job.hpp"
#include "model/run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace syncwarden {

/// What a schedule has decided: nominals up to `watermark` are never looked at again.
struct ScheduleCursor {
  ScheduleId schedule;
  ConnectionId connection;
  Instant watermark;
  SharedText spec;  ///< Schedule::text(): an edited schedule starts anew
  /// Nominals in (decided_from, watermark] have decisions of their own. Earlier ones may have been given up
  /// together.
  Instant decided_from;
  /// Set when the clock was set back: nominals in (ahead_from, ahead_until], after the watermark, are
  /// decided, too.
  std::optional<Instant> ahead_from;
  std::optional<Instant> ahead_until;

  bool operator==(const ScheduleCursor&) const = default;
};

/// A job that the watcher knows or knew: active ones, and ended ones until history is pruned.
struct JobRecord {
  JobView job;               ///< failures are kept as origin, type and message of the first one
  std::optional<RunId> run;  ///< the run that created it; several runs may be attached to one job

  bool operator==(const JobRecord&) const = default;
};

/// What is remembered about a connection between two lives of the daemon.
struct ConnectionHistory {
  ConnectionId connection;
  Instant first_seen;
  std::optional<Instant> last_success;  ///< end of the last succeeded sync
  std::optional<Instant> last_completion;
  std::uint32_t consecutive_failures = 0;
  std::vector<Millis> durations;  ///< of the last succeeded syncs, newest last, at most 20

  bool operator==(const ConnectionHistory&) const = default;
};

namespace put {
struct Cursor {
  ScheduleCursor cursor;
};  ///< insert or replace
struct DropCursor {
  ScheduleId schedule;
};
struct PutTick {
  Tick tick;
};  ///< insert or replace by (schedule, nominal)
struct PutRun {
  Run run;
};  ///< insert or replace by id
struct PutJob {
  JobRecord record;
};  ///< insert or replace by job id; a run once set stays
struct PutHistory {
  ConnectionHistory history;
};
struct PutConnection {
  ConnectionView connection;
};  ///< the last known picture, used until Airbyte answers again
struct DropConnection {
  ConnectionId connection;
};
struct JobCursor {
  Instant updated;
};  ///< jobs that ended up to here have been seen
struct Prune {
  Instant before;
};  ///< forget ticks, finished runs and ended jobs older than this
}  // namespace put

using Mutation =
    std::variant<put::Cursor, put::DropCursor, put::PutTick, put::PutRun, put::PutJob, put::PutHistory,
                 put::PutConnection, put::DropConnection, put::JobCursor, put::Prune>;

/// Everything that the core needs to go on where it stopped.
struct Snapshot {
  std::vector<ScheduleCursor> cursors;
  std::vector<Run> open_runs;   ///< phase is not finished
  std::vector<JobRecord> jobs;  ///< active ones, those of open runs, and those that ended within the
                                ///< last hour before the job cursor (so that nothing is counted twice)
  std::vector<ConnectionView> connections;
  std::vector<ConnectionHistory> histories;
  std::optional<Instant> job_cursor;
};

}  // namespace syncwarden
