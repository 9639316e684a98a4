// What passes between the core and the shell: inputs in; mutations, effects and facts out.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/command.hpp"
#include "model/connection.hpp"
#include "model/incident.hpp"
#include "model/job.hpp"
#include "model/mutation.hpp"
#include "model/plan.hpp"
#include "model/run.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace syncwarden {

/// What is known about the Airbyte that answers.
struct AirbyteInfo {
  std::string version;               ///< "2.0.0"; empty where it does not tell
  std::string api;                   ///< "config" or "public"
  bool lists_whole_instance = true;  ///< false before 0.50: jobs are listed per connection
};

// ---- Airbyte's answers
// --------------------------------------------------------------------------------------------

/// One complete poll of the jobs. A poll that failed in any part is an error as a whole.
struct JobsPage {
  std::vector<JobView> active;  ///< every non-terminal job (of `covers`)
  std::vector<JobView> ended;   ///< jobs that ended since the cursor asked for, oldest change first
  bool ended_complete = true;   ///< false: more has ended, ask again with the cursor moved
  std::optional<std::vector<ConnectionId>> covers;  ///< nothing: the whole instance
};

enum class TriggerAnswer : std::uint8_t {
  created,    ///< 2xx with a job id
  conflict,   ///< 409: something runs already; no job id is given
  refused,    ///< surely nothing happened, and asking again the same way will not help
  not_sent,   ///< surely nothing happened: not a byte was sent (refused connection, expired in the queue)
  throttled,  ///< surely nothing happened: 429
  unclear,    ///< maybe something happened
};

struct TriggerReply {
  TriggerAnswer answer = TriggerAnswer::unclear;
  JobId job;                              ///< with `created`
  JobStatus status = JobStatus::unknown;  ///< with `created`
  std::optional<Error> error;             ///< with every other answer
  std::optional<Millis> retry_after;      ///< with `throttled`, where the reply said so
};

enum class CancelResult : std::uint8_t {
  accepted,       ///< the request was answered; the end is confirmed by the watcher
  already_ended,  ///< the job was terminal when it was read again: nothing was sent
  not_latest,     ///< another job of the connection is newer: nothing was sent
  has_moved,      ///< the job is in a newer attempt than the one it was meant for: nothing was sent
  failed,         ///< see the error
};

namespace in {
struct Booted {
  std::shared_ptr<const Snapshot> snapshot;
  PlanPtr plan;
};
struct Woke {};
struct PlanChanged {
  PlanPtr plan;
};
struct Probed {
  Result<AirbyteInfo> info;
};
struct ConnectionsSeen {
  Result<std::vector<ConnectionView>> connections;
};
struct JobsSeen {
  std::uint64_t poll = 0;
  Result<JobsPage> page;
  std::optional<Millis> retry_after;
};
struct JobRead {
  JobId job;
  Result<JobView> view;
};
struct TriggerAnswered {
  RunId run;
  std::uint32_t request = 0;
  TriggerReply reply;
};
struct JobInspected {
  JobId job;
  Result<JobInspection> inspection;
};
struct CancelAnswered {
  JobId job;
  CancelResult result = CancelResult::failed;
  std::optional<Error> error;
};
struct ScheduleSetManual {
  ConnectionId connection;
  Result<void> result;
};
/// Whether the last commit reached the disk; while it does not, nothing new is triggered.
struct StoreState {
  bool healthy = true;
};
/// Somebody asks for something; answered by exactly one out::Reply.
struct Command {
  CommandRequest request;
};
/// Somebody says that something has happened in Airbyte. Not believed: the next poll only comes sooner.
struct Hint {};
struct StopAsked {};
}  // namespace in

using Input =
    std::variant<in::Booted, in::Woke, in::PlanChanged, in::Probed, in::ConnectionsSeen, in::JobsSeen,
                 in::JobRead, in::JobInspected, in::TriggerAnswered, in::CancelAnswered,
                 in::ScheduleSetManual, in::StoreState, in::Command, in::Hint, in::StopAsked>;

namespace out {
/// Find out which Airbyte answers. Answered by Probed.
struct Probe {};
struct ReadConnections {};
/// One poll: the non-terminal jobs first, then what ended at or after `ended_since`; in that order, so that a
/// job that ends in between is seen. Without `ended_since` (the first poll ever) the newest ended jobs, at
/// most `history_limit`. `focus`: where jobs can only be listed per connection, the ones to ask about now.
struct ReadJobs {
  std::uint64_t poll = 0;
  std::optional<Instant> ended_since;
  std::size_t history_limit = 2'000;
  std::vector<ConnectionId> focus;
};
struct ReadJob {
  JobId job;
};
/// A second, different look at a job that looks stuck: live counters, stream statuses, the workflow.
struct InspectJob {
  JobId job;
  ConnectionId connection;
  WorkspaceId workspace;
  std::uint32_t attempts = 0;  ///< as last seen: the newest attempt has number attempts - 1
  /// For somebody who watches: counters and streams, of an ended job too, without the workflow, whose reply
  /// carries all logs.
  bool only_progress = false;
};
/// The intent is durable when this is carried out. If its turn has not come by `not_after`, it is answered
/// not_sent.
struct TriggerSync {
  RunId run;
  std::uint32_t request = 0;
  ConnectionId connection;
  Mono not_after;
};
/// Its effect was seen before its answer came: take the request out of the lane, or stop waiting for the
/// answer, so that slow answers do not hold up other triggers. Not answered.
struct AbandonTrigger {
  RunId run;
  std::uint32_t request = 0;
};
/// Re-read the job, require that it is not terminal and the connection's latest, then cancel.
struct CancelJob {
  JobId job;
  ConnectionId connection;
  /// How many attempts the job had when the reason was seen, where a newer one takes the reason away; nothing
  /// where the job is to end in any case.
  std::optional<std::uint32_t> attempts;
};
struct SetScheduleManual {
  ConnectionId connection;
};
/// The answer to a command, given once what it decided is on disk.
struct Reply {
  std::uint64_t ticket = 0;
  Result<CommandDone> done;
};
}  // namespace out

using Effect =
    std::variant<out::Probe, out::ReadConnections, out::ReadJobs, out::ReadJob, out::InspectJob,
                 out::TriggerSync, out::AbandonTrigger, out::CancelJob, out::SetScheduleManual, out::Reply>;

/// Things worth counting or logging. Applied at once, lossy, never awaited.
namespace fact {
struct TickDecided {
  Tick tick;
  ConnectionId connection;
  SharedText name;  ///< of the connection, as Airbyte shows it
};
struct RunFinished {
  Run run;
  SharedText name;  ///< of its connection
};
/// A trigger request is written and about to be sent.
struct TriggerSent {
  Run run;
};
struct TriggerFailed {
  Run run;
  TriggerAnswer answer;
  std::optional<Error> error;
};
/// A run has its job: `delay` is the time from due to known.
struct TriggerAccepted {
  Run run;
  Millis delay{};
};
/// A terminal state seen for the first time since the state file exists (history is not counted).
struct JobEnded {
  JobView job;
  ConnectionView connection;
  std::optional<RunId> run;
  std::string doubt;  ///< why its success is not believed; empty: it is, or it did not succeed
};
/// `poll`: "jobs", "connections" or "probe"; `took`: from asking to the answer.
struct PollDone {
  std::string_view poll;
  std::optional<Error> error;
  Millis took{};
};
struct AirbyteReachable {
  bool reachable = false;
  std::optional<Error> error;
};
struct AirbyteIdentified {
  AirbyteInfo info;
};
struct ClockStepped {
  Millis by{};
};
struct ConnectionFound {
  ConnectionView connection;
  std::string rule;
};  ///< rule: "file:line", empty: observed only
struct ConnectionGone {
  ConnectionView connection;
};
struct Warning {
  std::string text;
};
enum class IncidentChange : std::uint8_t { opened, reopened, updated, acknowledged, closed };
struct IncidentChanged {
  Incident incident;
  IncidentChange change = IncidentChange::opened;
};
/// One step of the recovery ladder: the label sets of syncwarden_recovery_actions_total.
enum class RecoveryAction : std::uint8_t { cancel, rerun, breaker_open, breaker_probe, breaker_close, pause };
enum class RecoveryResult : std::uint8_t {
  asked,      ///< written and about to be sent
  done,       ///< the job ended, the job was started
  refused,    ///< Airbyte or the policy said no
  timed_out,  ///< the job did not end in time
  not_needed  ///< it had ended, or is not the connection's latest any more
};
struct RecoveryStep {
  RecoveryAction action = RecoveryAction::cancel;
  RecoveryResult result = RecoveryResult::asked;
  ConnectionView connection;
  JobId job;
  std::string why;
};
/// A job was found stuck by a first reading (confirmed = false) or by a second, different one.
struct StuckFound {
  StuckKind kind = StuckKind::no_progress;
  ConnectionView connection;
  JobId job;
  bool confirmed = false;
  std::string evidence;
};
struct CommandTaken {
  std::string who;
  std::string what;
  std::optional<Error> refused;
};
}  // namespace fact

using Fact = std::variant<fact::TickDecided, fact::RunFinished, fact::TriggerSent, fact::TriggerFailed,
                          fact::TriggerAccepted, fact::JobEnded, fact::PollDone, fact::AirbyteReachable,
                          fact::AirbyteIdentified, fact::ClockStepped, fact::ConnectionFound,
                          fact::ConnectionGone, fact::Warning, fact::IncidentChanged, fact::RecoveryStep,
                          fact::StuckFound, fact::CommandTaken>;

[[nodiscard]] std::string_view to_string(fact::RecoveryAction action);
[[nodiscard]] std::string_view to_string(fact::RecoveryResult result);
[[nodiscard]] std::string_view to_string(fact::IncidentChange change);

/// One step's result. The write-ahead rule is in the type: `durable` is committed as one whole before any of
/// `after` is started; `facts` are applied at once.
struct Decision {
  std::vector<Mutation> durable;
  std::vector<Effect> after;
  std::vector<Fact> facts;
};

/// When the core wants to be woken at the latest; both may be set, whichever comes first counts.
struct NextWake {
  std::optional<Instant> wall;
  std::optional<Mono> mono;
};

}  // namespace syncwarden
