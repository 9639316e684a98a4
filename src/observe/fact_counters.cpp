#include "observe/impl/fact_counters.hpp"

#include "observe/catalogue.hpp"
#include "observe/impl/instruments.hpp"
#include "observe/impl/labels.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::observe {
namespace {

constexpr std::array job_bounds{60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0};
constexpr std::array delay_bounds{1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0};

using fact::RecoveryAction;
using fact::RecoveryResult;
constexpr std::array all_actions{RecoveryAction::cancel,        RecoveryAction::rerun,
                                 RecoveryAction::breaker_open,  RecoveryAction::breaker_probe,
                                 RecoveryAction::breaker_close, RecoveryAction::pause};
constexpr std::array all_results{RecoveryResult::asked, RecoveryResult::done, RecoveryResult::refused,
                                 RecoveryResult::timed_out, RecoveryResult::not_needed};

template <class Enum>
std::string word(Enum value) {
  return std::string(syncwarden::to_string(value));
}

}  // namespace

struct FactCounters::Impl {
  struct Trigger {
    Counter sent;
    std::vector<Counter> failed;  ///< by reason
  };
  std::map<std::pair<TickOutcome, TickReason>, Counter> ticks;
  std::map<TriggerCause, Trigger> triggers;
  std::map<std::pair<FailureOrigin, FailureType>, Counter> failures;
  std::map<JobType, Histogram> durations;
  std::map<std::pair<RecoveryAction, RecoveryResult>, Counter> recoveries;
  Histogram delay;
  Counter suspect;
};

FactCounters::FactCounters(Instruments& instruments)
    : impl_(new Impl{{},
                     {},
                     {},
                     {},
                     {},
                     instruments.histogram(family::scheduler_trigger_delay_seconds, delay_bounds),
                     instruments.counter(family::runs_suspect_total, {{"job_type", "sync"}})}) {
  for (const auto& [outcome, reason] : all_tick_results) {
    impl_->ticks.emplace(
        std::pair{outcome, reason},
        instruments.counter(family::ticks_total, {{"outcome", word(outcome)}, {"reason", word(reason)}}));
  }
  for (const TriggerCause cause : all_trigger_causes) {
    Impl::Trigger trigger{instruments.counter(family::scheduler_triggers_total, {{"trigger", word(cause)}}),
                          {}};
    for (const std::string_view reason : trigger_failure_reasons) {
      trigger.failed.push_back(
          instruments.counter(family::scheduler_trigger_failures_total,
                              {{"trigger", word(cause)}, {"reason", std::string(reason)}}));
    }
    impl_->triggers.emplace(cause, std::move(trigger));
  }
  for (const FailureOrigin origin : all_failure_origins) {
    for (const FailureType type : all_failure_types) {
      impl_->failures.emplace(std::pair{origin, type}, instruments.counter(family::job_failure_reasons_total,
                                                                           {{"failure_origin", word(origin)},
                                                                            {"failure_type", word(type)}}));
    }
  }
  for (const RecoveryAction action : all_actions) {
    for (const RecoveryResult result : all_results) {
      impl_->recoveries.emplace(std::pair{action, result},
                                instruments.counter(family::recovery_actions_total,
                                                    {{"action", word(action)}, {"result", word(result)}}));
    }
  }
  for (const JobType type : all_job_types) {
    impl_->durations.emplace(
        type, instruments.histogram(family::job_duration_seconds, job_bounds, {{"job_type", word(type)}}));
  }
}
FactCounters::~FactCounters() = default;

void FactCounters::tick(const Tick& tick) {
  const auto counter = impl_->ticks.find({tick.outcome, tick.reason});
  // A coalesced record stands for all the ticks that it covers.
  if (counter != impl_->ticks.end()) counter->second.add(1.0 + tick.also);
}

void FactCounters::run_finished(const Run& run) {
  if (run.verdict == Verdict::suspect) impl_->suspect.add();
}

void FactCounters::recovery(const fact::RecoveryStep& step) {
  const auto counter = impl_->recoveries.find({step.action, step.result});
  if (counter != impl_->recoveries.end()) counter->second.add();
}

void FactCounters::trigger_sent(const Run& run) {
  const auto trigger = impl_->triggers.find(run.cause);
  if (trigger != impl_->triggers.end()) trigger->second.sent.add();
}

void FactCounters::trigger_failed(const fact::TriggerFailed& failed) {
  const auto trigger = impl_->triggers.find(failed.run.cause);
  if (trigger == impl_->triggers.end() || failed.answer == TriggerAnswer::created) return;
  const std::optional<Errc> code = failed.error ? std::optional(failed.error->code) : std::nullopt;
  trigger->second.failed[trigger_failure_reason(failed.answer, code)].add();
}

void FactCounters::trigger_accepted(Millis delay) {
  // Known before it was due (a clock stepped back) is no delay.
  impl_->delay.observe(std::max(delay, Millis{}));
}

void FactCounters::job_ended(const JobView& job) {
  const auto duration = impl_->durations.find(job.type);
  if (duration != impl_->durations.end()) duration->second.observe(job.updated - job.created);
  if (job.status != JobStatus::failed) return;
  const JobFailure failure = job.failures.empty() ? JobFailure{} : job.failures.front();
  const auto counter = impl_->failures.find({failure.origin, failure.type});
  if (counter != impl_->failures.end()) counter->second.add();
}

}  // namespace syncwarden::observe
