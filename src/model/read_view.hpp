// What the outside may ask about the present: the core implements it, `admin` and `observe` read it. Called
// on the loop's thread only; nothing it returns outlives the call unless copied.
#pragma once

#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/exchange.hpp"
#include "model/incident.hpp"
#include "model/job.hpp"
#include "model/plan.hpp"
#include "model/run.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace syncwarden {

/// A job that runs now, and what looks wrong with it.
struct JobPicture {
  const JobView* view = nullptr;
  std::optional<RunId> run;        ///< of ours
  std::optional<StuckKind> stuck;  ///< confirmed
  std::optional<Millis> typical;   ///< run time of this connection's jobs
  Millis unchanged{};              ///< observed time since a counter changed
};

/// A tick that is due and has not started.
struct WaitingPicture {
  ScheduleId schedule;
  Instant nominal;
  WaitCause cause = WaitCause::slot;
  std::string what;  ///< "limit source orders-pg (2)", "blackout warehouse until 05:00"; printable
};

/// One connection as it stands now.
struct ConnectionPicture {
  const ConnectionView* view = nullptr;
  bool managed = false;
  Priority priority = Priority::normal;
  std::optional<Instant> last_success;
  std::optional<Instant> last_completion;
  std::optional<Instant> running_since;  ///< creation of the job that runs now
  std::optional<Instant> next_run;       ///< next due instant over its schedules
  std::optional<Instant> stale_after;    ///< nothing without a freshness expectation
  double freshness_objective = 0;        ///< share of the time that its data is to be fresh; 0 = none
  std::uint32_t consecutive_failures = 0;
  // of the last finished sync, where they are known
  std::optional<Millis> last_duration;
  std::optional<std::int64_t> last_records;  ///< committed
  std::optional<std::int64_t> last_bytes;    ///< committed
  // what a person asks about
  std::string rule;                    ///< "file:line"; empty: observed only
  std::vector<std::string> schedules;  ///< texts of our schedules
  std::vector<JobPicture> jobs;        ///< non-terminal ones
  std::vector<WaitingPicture> waiting;
  std::vector<IncidentId> incidents;  ///< open ones
  const Pause* pause = nullptr;
  bool breaker_open = false;
  std::optional<Millis> typical_duration;
};

struct FleetPicture {
  std::size_t connections = 0;
  std::size_t managed = 0;
  std::size_t schedules = 0;
  std::size_t failing = 0;               ///< active, the last finished sync failed
  std::size_t never_succeeded = 0;       ///< active, no succeeded sync known
  std::array<std::size_t, 3> stale{};    ///< active and past stale_after, by Priority
  std::array<std::size_t, 9> waiting{};  ///< due ticks not yet started, by WaitCause
  std::size_t slots = 0;                 ///< limits.total
  std::size_t slots_in_use = 0;
  std::size_t intents_unresolved = 0;
  std::optional<Instant> oldest_unresolved;
  std::optional<AirbyteInfo> airbyte;
  bool airbyte_up = false;                ///< the last jobs poll succeeded with valid credentials
  std::optional<Error> airbyte_error;     ///< why not
  std::optional<Instant> last_jobs_poll;  ///< last complete one
  std::optional<Instant> last_connections_poll;
  Instant last_pass;  ///< last step of the core
  /// Non-terminal jobs by (status, type), and the creation of the oldest by status.
  std::map<std::pair<JobStatus, JobType>, std::size_t> active_jobs;
  std::map<JobStatus, Instant> oldest_active;
  std::array<std::size_t, all_stuck_kinds.size()> stuck{};          ///< confirmed, by StuckKind
  std::array<std::size_t, all_severities.size()> open_incidents{};  ///< by Severity
  std::size_t paused = 0;                                           ///< connections
  bool draining = false;
  bool drained = false;  ///< draining, and nothing of ours is under way any more
  bool fleet_held = false;
};

class ReadView {
 public:
  virtual ~ReadView() = default;
  [[nodiscard]] virtual FleetPicture fleet(Instant now) const = 0;
  /// Every known connection, ordered by id.
  virtual void for_each_connection(const std::function<void(const ConnectionPicture&)>& visit) const = 0;
  /// The same, of one connection, with everything that for_each_connection leaves out because it is asked ten
  /// thousand times. False: unknown.
  virtual bool with_connection(const ConnectionId& /*id*/,
                               const std::function<void(const ConnectionPicture&)>& /*visit*/) const {
    return false;
  }
  /// Open incidents, oldest first.
  virtual void for_each_incident(const std::function<void(const Incident&)>& /*visit*/) const {}
};

}  // namespace syncwarden
