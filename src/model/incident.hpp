// Incidents: what needs a person. Opened once, updated with evidence, acknowledged by somebody, closed by a
// verified success (or by the end of what it is about).
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/policy.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden {

enum class IncidentKind : std::uint8_t {
  airbyte_unreachable,   ///< one for the whole instance
  fleet_hold,            ///< many fail at once: starts are held
  sync_failing,          ///< a run failed, and no further job follows by itself
  breaker_open,          ///< too many failed jobs: only probes are started
  auto_disable_near,     ///< Airbyte is about to switch the connection off
  disabled_by_airbyte,   ///< it has
  schema_decision,       ///< Airbyte waits for a decision about a changed schema
  stuck,                 ///< see StuckKind
  cancel_failed,         ///< a cancelled job did not end
  suspect_success,       ///< succeeded, and the evidence says that nothing moved
  volume_outlier,        ///< far more or less than usual, or records were rejected; told, nothing more
  data_late,             ///< past its freshness deadline
  left_management,       ///< a managed connection that no rule names any more
  rule_matches_nothing,  ///< a rule that named connections and names none now
  intent_unresolved,     ///< a request whose effect cannot be known; a person must look
  two_schedulers,        ///< Airbyte schedules a connection that we schedule, too
};

enum class Severity : std::uint8_t { info, warning, critical };

inline constexpr std::array all_incident_kinds{
    IncidentKind::airbyte_unreachable, IncidentKind::fleet_hold,
    IncidentKind::sync_failing,        IncidentKind::breaker_open,
    IncidentKind::auto_disable_near,   IncidentKind::disabled_by_airbyte,
    IncidentKind::schema_decision,     IncidentKind::stuck,
    IncidentKind::cancel_failed,       IncidentKind::suspect_success,
    IncidentKind::volume_outlier,      IncidentKind::data_late,
    IncidentKind::left_management,     IncidentKind::rule_matches_nothing,
    IncidentKind::intent_unresolved,   IncidentKind::two_schedulers};
inline constexpr std::array all_severities{Severity::info, Severity::warning, Severity::critical};

[[nodiscard]] std::string_view to_string(IncidentKind kind);
[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] std::optional<IncidentKind> incident_kind_from(std::string_view word);
[[nodiscard]] std::optional<Severity> severity_from(std::string_view word);
[[nodiscard]] std::optional<StuckKind> stuck_kind_from(std::string_view word);

/// "team" = "finance": from the rule, into notifications and the incident's metrics.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// One step of an incident's history, with its evidence.
struct IncidentEvent {
  Instant at;
  std::string what;  ///< printable: "counters unchanged for 3h: 120000 records, 48 MB"
  std::string by;    ///< a person, where one did it; empty: syncwarden

  bool operator==(const IncidentEvent&) const = default;
};

/// Events kept of one incident: the first one and the newest.
inline constexpr std::size_t incident_events_kept = 50;

struct Incident {
  IncidentId id;
  IncidentKind kind = IncidentKind::sync_failing;
  std::optional<StuckKind> stuck;  ///< with kind `stuck`
  ConnectionId connection;         ///< empty: about the whole instance, or a rule
  std::string subject;             ///< the connection's name, "Airbyte", "file:line" of a rule
  Severity severity = Severity::warning;
  std::string summary;  ///< one printable sentence that names the fact and the number
  JobId job;            ///< 0: about none
  std::string link;     ///< the job or connection in Airbyte's UI; may be empty
  Labels labels;
  Instant opened;
  Instant updated;
  std::optional<Instant> closed;
  std::uint32_t reopened = 0;  ///< it came back soon after it was closed, so often
  std::string owner;           ///< who acknowledged it
  std::vector<IncidentEvent> events;

  bool operator==(const Incident&) const = default;
};

/// A cancel that was asked for and has not been confirmed yet: durable, so that a restart neither forgets it
/// nor asks more often than the policy says.
struct Recovery {
  JobId job;
  ConnectionId connection;
  std::optional<StuckKind> kind;  ///< nothing: a blackout that cancels what runs has begun, or a person asked
  StuckAction action = StuckAction::cancel;
  std::uint32_t requests = 0;  ///< cancel requests written for this job
  Instant first_asked;
  Instant last_asked;
  bool given_up = false;  ///< it did not end; a person was told
  std::string by;         ///< the person who asked; empty: syncwarden's own decision

  bool operator==(const Recovery&) const = default;
};

}  // namespace syncwarden
