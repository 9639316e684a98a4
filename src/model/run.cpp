#include "model/run.hpp"

#include "base/rng.hpp"
#include "model/words.hpp"

#include <fmt/format.h>

namespace syncwarden {
namespace {

using model::value_of;
using model::word_of;
using model::Words;

constexpr Words<TickOutcome, 5> outcomes{{{TickOutcome::started, "started"},
                                          {TickOutcome::attached, "attached"},
                                          {TickOutcome::skipped, "skipped"},
                                          {TickOutcome::missed, "missed"},
                                          {TickOutcome::failed_to_start, "failed_to_start"}}};
constexpr Words<TickReason, 23> reasons{{{TickReason::on_time, "on_time"},
                                         {TickReason::catch_up, "catch_up"},
                                         {TickReason::deferred, "deferred"},
                                         {TickReason::early, "early"},
                                         {TickReason::job_running, "job_running"},
                                         {TickReason::overlap, "overlap"},
                                         {TickReason::blackout, "blackout"},
                                         {TickReason::paused, "paused"},
                                         {TickReason::breaker, "breaker"},
                                         {TickReason::fleet_hold, "fleet_hold"},
                                         {TickReason::inactive, "inactive"},
                                         {TickReason::superseded, "superseded"},
                                         {TickReason::fresh, "fresh"},
                                         {TickReason::airbyte_scheduled, "airbyte_scheduled"},
                                         {TickReason::left_management, "left_management"},
                                         {TickReason::shadow, "shadow"},
                                         {TickReason::down, "down"},
                                         {TickReason::start_deadline, "start_deadline"},
                                         {TickReason::dependency, "dependency"},
                                         {TickReason::auth, "auth"},
                                         {TickReason::not_found, "not_found"},
                                         {TickReason::refused, "refused"},
                                         {TickReason::transport, "transport"}}};
constexpr Words<WaitCause, 9> waits{{{WaitCause::slot, "slot"},
                                     {WaitCause::pacing, "pacing"},
                                     {WaitCause::overlap, "overlap"},
                                     {WaitCause::airbyte_down, "airbyte_down"},
                                     {WaitCause::backoff, "backoff"},
                                     {WaitCause::store_down, "store_down"},
                                     {WaitCause::blackout, "blackout"},
                                     {WaitCause::dependency, "dependency"},
                                     {WaitCause::fleet_hold, "fleet_hold"}}};
constexpr Words<TriggerCause, 5> causes{{{TriggerCause::schedule, "schedule"},
                                         {TriggerCause::retry, "retry"},
                                         {TriggerCause::catch_up, "catch_up"},
                                         {TriggerCause::manual, "manual"},
                                         {TriggerCause::dependency, "dependency"}}};
constexpr Words<RunPhase, 6> phases{{{RunPhase::queued, "queued"},
                                     {RunPhase::intended, "intended"},
                                     {RunPhase::unresolved, "unresolved"},
                                     {RunPhase::watching, "watching"},
                                     {RunPhase::backing_off, "backing_off"},
                                     {RunPhase::finished, "finished"}}};
constexpr Words<Attribution, 4> attributions{{{Attribution::none, "none"},
                                              {Attribution::proven, "proven"},
                                              {Attribution::adopted, "adopted"},
                                              {Attribution::attached, "attached"}}};
constexpr Words<Verdict, 7> verdicts{{{Verdict::none, "none"},
                                      {Verdict::succeeded, "succeeded"},
                                      {Verdict::suspect, "suspect"},
                                      {Verdict::failed, "failed"},
                                      {Verdict::cancelled, "cancelled"},
                                      {Verdict::abandoned, "abandoned"},
                                      {Verdict::ambiguous, "ambiguous"}}};

}  // namespace

std::string_view to_string(TickOutcome outcome) { return word_of(outcomes, outcome); }
std::string_view to_string(TickReason reason) { return word_of(reasons, reason); }
std::string_view to_string(WaitCause cause) { return word_of(waits, cause); }
std::string_view to_string(TriggerCause cause) { return word_of(causes, cause); }
std::string_view to_string(RunPhase phase) { return word_of(phases, phase); }
std::string_view to_string(Attribution attribution) { return word_of(attributions, attribution); }
std::string_view to_string(Verdict verdict) { return word_of(verdicts, verdict); }

std::optional<TickOutcome> tick_outcome_from(std::string_view word) { return value_of(outcomes, word); }
std::optional<TickReason> tick_reason_from(std::string_view word) { return value_of(reasons, word); }
std::optional<TriggerCause> trigger_cause_from(std::string_view word) { return value_of(causes, word); }
std::optional<RunPhase> run_phase_from(std::string_view word) { return value_of(phases, word); }
std::optional<Attribution> attribution_from(std::string_view word) { return value_of(attributions, word); }
std::optional<Verdict> verdict_from(std::string_view word) { return value_of(verdicts, word); }

RunId make_run_id(const ScheduleId& schedule, Instant nominal) {
  const auto key = fmt::format("{}@{}", schedule.text, nominal.time_since_epoch().count());
  return {hash64(key, 1), hash64(key, 2)};
}

}  // namespace syncwarden
