// Ticks and runs: what happened to a due instant, and what syncwarden does for it.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/job.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace syncwarden {

enum class TickOutcome : std::uint8_t { started, attached, skipped, missed, failed_to_start };

/// The one reason of a tick's one outcome. Which reason goes with which outcome: product.md's table.
enum class TickReason : std::uint8_t {
  // started
  on_time,
  catch_up,
  deferred,
  early,
  // attached
  job_running,
  // skipped
  overlap,
  blackout,
  paused,
  breaker,
  fleet_hold,
  inactive,
  superseded,
  fresh,
  airbyte_scheduled,
  left_management,
  shadow,
  // missed
  down,
  start_deadline,
  dependency,
  // failed_to_start
  auth,
  not_found,
  refused,
  transport,
};

/// Why a due tick has not started yet. Waiting is no outcome.
enum class WaitCause : std::uint8_t {
  slot,
  pacing,
  overlap,
  airbyte_down,
  backoff,
  store_down,
  blackout,
  dependency,
  fleet_hold
};

/// What made a run: the closed label set of `trigger`.
enum class TriggerCause : std::uint8_t { schedule, retry, catch_up, manual, dependency };

enum class RunPhase : std::uint8_t {
  queued,       ///< decided, but surely nothing was sent (a refused or expired request): waits to be sent
  intended,     ///< written before the request; the request is on its way
  unresolved,   ///< nobody knows whether the request took effect
  watching,     ///< the run's job is known and not at its end
  backing_off,  ///< the job failed; another one follows at `not_before`
  finished,
};

/// How we know which job is the run's.
enum class Attribution : std::uint8_t {
  none,
  proven,    ///< our request was answered with this id
  adopted,   ///< found by the baseline after an unclear answer
  attached,  ///< it ran already
};

enum class Verdict : std::uint8_t { none, succeeded, suspect, failed, cancelled, abandoned, ambiguous };

struct ReasonOf {
  TickOutcome outcome;
  TickReason reason;
};
/// Every legal pair: metrics start all of them at 0.
inline constexpr std::array all_tick_results{ReasonOf{TickOutcome::started, TickReason::on_time},
                                             ReasonOf{TickOutcome::started, TickReason::catch_up},
                                             ReasonOf{TickOutcome::started, TickReason::deferred},
                                             ReasonOf{TickOutcome::started, TickReason::early},
                                             ReasonOf{TickOutcome::attached, TickReason::job_running},
                                             ReasonOf{TickOutcome::skipped, TickReason::overlap},
                                             ReasonOf{TickOutcome::skipped, TickReason::blackout},
                                             ReasonOf{TickOutcome::skipped, TickReason::paused},
                                             ReasonOf{TickOutcome::skipped, TickReason::breaker},
                                             ReasonOf{TickOutcome::skipped, TickReason::fleet_hold},
                                             ReasonOf{TickOutcome::skipped, TickReason::inactive},
                                             ReasonOf{TickOutcome::skipped, TickReason::superseded},
                                             ReasonOf{TickOutcome::skipped, TickReason::fresh},
                                             ReasonOf{TickOutcome::skipped, TickReason::airbyte_scheduled},
                                             ReasonOf{TickOutcome::skipped, TickReason::left_management},
                                             ReasonOf{TickOutcome::skipped, TickReason::shadow},
                                             ReasonOf{TickOutcome::missed, TickReason::down},
                                             ReasonOf{TickOutcome::missed, TickReason::start_deadline},
                                             ReasonOf{TickOutcome::missed, TickReason::dependency},
                                             ReasonOf{TickOutcome::failed_to_start, TickReason::auth},
                                             ReasonOf{TickOutcome::failed_to_start, TickReason::not_found},
                                             ReasonOf{TickOutcome::failed_to_start, TickReason::refused},
                                             ReasonOf{TickOutcome::failed_to_start, TickReason::transport}};
inline constexpr std::array all_wait_causes{
    WaitCause::slot,         WaitCause::pacing,     WaitCause::overlap,
    WaitCause::airbyte_down, WaitCause::backoff,    WaitCause::store_down,
    WaitCause::blackout,     WaitCause::dependency, WaitCause::fleet_hold};
inline constexpr std::array all_trigger_causes{TriggerCause::schedule, TriggerCause::retry,
                                               TriggerCause::catch_up, TriggerCause::manual,
                                               TriggerCause::dependency};

[[nodiscard]] std::string_view to_string(TickOutcome outcome);
[[nodiscard]] std::string_view to_string(TickReason reason);
[[nodiscard]] std::string_view to_string(WaitCause cause);
[[nodiscard]] std::string_view to_string(TriggerCause cause);
[[nodiscard]] std::string_view to_string(RunPhase phase);
[[nodiscard]] std::string_view to_string(Attribution attribution);
[[nodiscard]] std::string_view to_string(Verdict verdict);

[[nodiscard]] std::optional<TickOutcome> tick_outcome_from(std::string_view word);
[[nodiscard]] std::optional<TickReason> tick_reason_from(std::string_view word);
[[nodiscard]] std::optional<TriggerCause> trigger_cause_from(std::string_view word);
[[nodiscard]] std::optional<RunPhase> run_phase_from(std::string_view word);
[[nodiscard]] std::optional<Attribution> attribution_from(std::string_view word);
[[nodiscard]] std::optional<Verdict> verdict_from(std::string_view word);
[[nodiscard]] std::optional<FailureClass> failure_class_from(std::string_view word);

/// One due instant and its outcome. The key is (schedule, nominal). While its run's request is under way the
/// outcome is still open.
struct Tick {
  ScheduleId schedule;
  Instant nominal;
  TickOutcome outcome = TickOutcome::skipped;
  TickReason reason = TickReason::superseded;
  Instant decided;
  std::optional<RunId> run;
  std::uint32_t also = 0;  ///< how many older nominals this record covers (coalesced misses); 0 for one tick
  std::string detail;      ///< "job 41 runs since 02:00", "rule conf.yaml:12"; printable

  bool operator==(const Tick&) const = default;
};

/// What syncwarden does for one tick: one job, then perhaps extra ones, until a verdict.
struct Run {
  RunId id;
  ScheduleId schedule;  ///< empty: asked for by a person, or a rerun of a job that no schedule started
  ConnectionId connection;
  Instant nominal;
  Instant due;  ///< nominal + jitter
  TriggerCause cause = TriggerCause::schedule;
  RunPhase phase = RunPhase::queued;
  std::uint32_t job_number = 0;  ///< 0 for the first job, 1 for the first extra one
  std::uint32_t requests = 0;    ///< trigger requests written for this job so far
  JobId baseline;                ///< newest job id seen anywhere before the request
  JobId job;                     ///< 0: not known
  Attribution attribution = Attribution::none;
  Instant intended;    ///< when the latest intent was written
  Instant not_before;  ///< for backing_off and queued
  Verdict verdict = Verdict::none;
  std::optional<FailureClass> failure;
  std::uint32_t cancels = 0;  ///< jobs of this run that syncwarden cancelled because they were stuck
  std::string by;             ///< who asked for it, or who cancelled it; empty: syncwarden's own decision
  std::string why;            ///< what the verdict rests on: "0 records; its last 12 runs moved 4000-6000"

  bool operator==(const Run&) const = default;
};

[[nodiscard]] RunId make_run_id(const ScheduleId& schedule, Instant nominal);

}  // namespace syncwarden
