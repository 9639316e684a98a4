// What the core asks the store to keep, and what the store gives back at start.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/command.hpp"
#include "model/connection.hpp"
#include "model/incident.hpp"
#include "model/job.hpp"
#include "model/notice.hpp"
#include "model/run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace syncwarden {

/// Nominals in (from, until] of a schedule that had this text have decisions of their own.
struct DecidedRange {
  Instant from;
  Instant until;
  SharedText spec;

  bool operator==(const DecidedRange&) const = default;
};

/// What a schedule has decided: nominals up to `watermark` are never looked at again.
struct ScheduleCursor {
  ScheduleId schedule;
  ConnectionId connection;
  Instant watermark;
  /// Schedule::text(): an edited schedule starts anew. Empty: no rule names it any more, and should one do so
  /// again, it starts anew, too.
  SharedText spec;
  /// Nominals in (decided_from, watermark] have decisions of their own. Earlier ones may have been given up
  /// together.
  Instant decided_from;
  /// What else is decided one by one: ahead of the watermark since the clock was set back, or before
  /// `decided_from`, to be known if it should be set back beyond it.
  std::vector<DecidedRange> decided_besides;

  bool operator==(const ScheduleCursor&) const = default;
};

/// A job that the watcher knows or knew: active ones, and ended ones until history is pruned.
struct JobRecord {
  JobView job;               ///< failures are kept as origin, type and message of the first one
  std::optional<RunId> run;  ///< the run that created it; several runs may be attached to one job

  bool operator==(const JobRecord&) const = default;
};

/// One verified success, as the statistics of its connection remember it.
struct RunSample {
  Millis duration{};  ///< of the last attempt where Airbyte tells, else from creation to end
  std::optional<std::int64_t> records;  ///< committed, else emitted
  std::optional<std::int64_t> bytes;

  bool operator==(const RunSample&) const = default;
};

inline constexpr std::size_t samples_kept = 20;

/// Stops starting what keeps failing.
struct BreakerState {
  Instant opened;
  std::uint32_t probes = 0;
  std::optional<Instant> last_probe;

  bool operator==(const BreakerState&) const = default;
};

/// A sync job of a time that the state knows nothing of: no run claims it.
struct UnclaimedJob {
  JobId id;
  Instant created;

  bool operator==(const UnclaimedJob&) const = default;
};

/// So many unclaimed jobs of a connection are remembered; the newest say the most.
inline constexpr std::size_t unclaimed_kept = 8;

/// What is remembered about a connection between two lives of the daemon.
struct ConnectionHistory {
  ConnectionId connection;
  Instant first_seen;
  std::optional<Instant> last_success;          ///< end of the last verified success
  std::optional<Instant> last_success_created;  ///< when its job was created
  std::optional<Instant> last_completion;
  std::uint32_t consecutive_failures = 0;  ///< failed jobs; cancelled and suspect ones do not count
  std::vector<RunSample> samples;          ///< of the last verified successes, newest last
  Millis longest_quiet{};  ///< longest time without a changed counter inside of a job that then succeeded
  std::optional<BreakerState> breaker;
  JobId last_job;  ///< newest one known
  JobId last_ended;
  std::optional<Instant> newest_job_created;
  std::string managed_by;  ///< "file:line" of the rule when it was last managed; empty: never
  /// Oldest first, at most `unclaimed_kept`. The state may be an old copy, and they the effects of ticks that
  /// it still holds for undecided; so the next life needs them as much as the one that met them.
  std::vector<UnclaimedJob> unclaimed;

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
struct PutIncident {
  Incident incident;
};  ///< insert or replace by id
struct PutRecovery {
  Recovery recovery;
};  ///< insert or replace by job
struct DropRecovery {
  JobId job;
};
struct PutPause {
  Pause pause;
};  ///< insert or replace by connection; the empty one is everybody's
struct DropPause {
  ConnectionId connection;
};
struct PutCommand {
  CommandRecord record;
};  ///< insert or replace by key
struct PutNotice {
  Notice notice;
};  ///< insert or replace by key
struct DropNotice {
  std::string key;
};  ///< delivered, or given up
struct Prune {
  Instant before;
};  ///< forget ticks, finished runs, ended jobs, closed incidents and commands older than this
}  // namespace put

using Mutation = std::variant<put::Cursor, put::DropCursor, put::PutTick, put::PutRun, put::PutJob,
                              put::PutHistory, put::PutConnection, put::DropConnection, put::JobCursor,
                              put::PutIncident, put::PutRecovery, put::DropRecovery, put::PutPause,
                              put::DropPause, put::PutCommand, put::PutNotice, put::DropNotice, put::Prune>;

/// Everything that the core needs to go on where it stopped.
struct Snapshot {
  std::vector<ScheduleCursor> cursors;
  std::vector<Run> open_runs;   ///< phase is not finished
  std::vector<JobRecord> jobs;  ///< active ones, those of open runs, and those that ended within the
                                ///< last hour before the job cursor (so that nothing is counted twice)
  std::vector<ConnectionView> connections;
  std::vector<ConnectionHistory> histories;
  std::vector<Incident> incidents;  ///< open ones, and those closed within a day before the newest change
  IncidentId newest_incident;
  std::vector<Recovery> recoveries;
  std::vector<Pause> pauses;
  std::vector<CommandRecord> commands;  ///< of the last day before the newest one: for repeated keys
  std::vector<Notice> outbox;           ///< what was not delivered yet, in the order of its writing
  /// The events of outbox rows that only a newer version knows, one for each row: they stay in the store.
  std::vector<std::string> newer_notices;
  std::optional<Instant> job_cursor;
};

}  // namespace syncwarden
