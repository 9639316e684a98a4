#include "model/policy.hpp"

#include "model/incident.hpp"
#include "model/words.hpp"

namespace syncwarden {
namespace {

using model::value_of;
using model::word_of;
using model::Words;

constexpr Words<StuckKind, 9> stuck_kinds{{{StuckKind::pending, "pending"},
                                           {StuckKind::queued, "queued"},
                                           {StuckKind::between_attempts, "between_attempts"},
                                           {StuckKind::no_progress, "no_progress"},
                                           {StuckKind::longer_than, "longer_than"},
                                           {StuckKind::max_run_time, "max_run_time"},
                                           {StuckKind::phantom, "phantom"},
                                           {StuckKind::orphan, "orphan"},
                                           {StuckKind::missed_run, "missed_run"}}};
constexpr Words<StuckAction, 3> stuck_actions{{{StuckAction::alert, "alert"},
                                               {StuckAction::cancel, "cancel"},
                                               {StuckAction::cancel_and_rerun, "cancel_and_rerun"}}};
constexpr Words<NoStatistics, 2> no_statistics{
    {{NoStatistics::suspect, "suspect"}, {NoStatistics::accept, "accept"}}};
constexpr Words<ZeroRecords, 3> zero_records{{{ZeroRecords::unless_usual, "unless_usual"},
                                              {ZeroRecords::suspect, "suspect"},
                                              {ZeroRecords::accept, "accept"}}};
constexpr Words<VolumeCheck, 2> volume_checks{
    {{VolumeCheck::alert_outliers, "alert_outliers"}, {VolumeCheck::off, "off"}}};
constexpr Words<IncidentKind, 16> incident_kinds{
    {{IncidentKind::airbyte_unreachable, "airbyte_unreachable"},
     {IncidentKind::fleet_hold, "fleet_hold"},
     {IncidentKind::sync_failing, "sync_failing"},
     {IncidentKind::breaker_open, "breaker_open"},
     {IncidentKind::auto_disable_near, "auto_disable_near"},
     {IncidentKind::disabled_by_airbyte, "disabled_by_airbyte"},
     {IncidentKind::schema_decision, "schema_decision"},
     {IncidentKind::stuck, "stuck"},
     {IncidentKind::cancel_failed, "cancel_failed"},
     {IncidentKind::suspect_success, "suspect_success"},
     {IncidentKind::volume_outlier, "volume_outlier"},
     {IncidentKind::data_late, "data_late"},
     {IncidentKind::left_management, "left_management"},
     {IncidentKind::rule_matches_nothing, "rule_matches_nothing"},
     {IncidentKind::intent_unresolved, "intent_unresolved"},
     {IncidentKind::two_schedulers, "two_schedulers"}}};
constexpr Words<Severity, 3> severities{
    {{Severity::info, "info"}, {Severity::warning, "warning"}, {Severity::critical, "critical"}}};

}  // namespace

std::string_view to_string(StuckKind kind) { return word_of(stuck_kinds, kind); }
std::string_view to_string(StuckAction action) { return word_of(stuck_actions, action); }
std::string_view to_string(NoStatistics policy) { return word_of(no_statistics, policy); }
std::string_view to_string(ZeroRecords policy) { return word_of(zero_records, policy); }
std::string_view to_string(VolumeCheck policy) { return word_of(volume_checks, policy); }
std::string_view to_string(IncidentKind kind) { return word_of(incident_kinds, kind); }
std::string_view to_string(Severity severity) { return word_of(severities, severity); }

std::optional<IncidentKind> incident_kind_from(std::string_view word) {
  return value_of(incident_kinds, word);
}
std::optional<Severity> severity_from(std::string_view word) { return value_of(severities, word); }
std::optional<StuckKind> stuck_kind_from(std::string_view word) { return value_of(stuck_kinds, word); }

}  // namespace syncwarden
