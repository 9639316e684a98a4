#include "core/stuck.hpp"

#include "core/statistics.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

std::string counters_text(const JobCounters& counters) {
  if (!has_statistics(counters)) return "no statistics yet";
  const auto records = counters.records_emitted ? counters.records_emitted : counters.records_committed;
  const auto bytes = counters.bytes_emitted ? counters.bytes_emitted : counters.bytes_committed;
  return fmt::format("{} records, {} bytes", records.value_or(0), bytes.value_or(0));
}

/// Never 0, which stands for nothing.
std::uint64_t fingerprint(const JobCounters& counters) {
  std::uint64_t print = 1;
  for (const auto& counter : {counters.records_emitted, counters.bytes_emitted, counters.records_committed,
                              counters.bytes_committed}) {
    print = print * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(counter.value_or(-1));
  }
  return print | 1;
}

Suspicion suspicion(StuckKind kind, std::string evidence) { return {kind, std::move(evidence)}; }

std::optional<Suspicion> suspect_running(const JobView& job, const JobWatch& watch, Millis observed,
                                         Instant now, const StuckPolicy& policy,
                                         const ConnectionHistory& history) {
  const Millis unchanged = observed - watch.changed_at;
  // Normalisation or typing may keep the counters still for long: what this connection has shown before is no
  // stall.
  const Millis patience = std::max(policy.no_progress.after, 2 * history.longest_quiet);
  const bool waits_for_quota = watch.quiet_until && *watch.quiet_until > now;
  if (unchanged >= patience && !waits_for_quota) {
    return suspicion(StuckKind::no_progress, fmt::format("no counter changed for {}: {}",
                                                         to_string(unchanged), counters_text(job.counters)));
  }
  const Millis running = watch.ran ? observed - watch.running_since : Millis{};
  if (running >= policy.max_run_time.after) {
    return suspicion(StuckKind::max_run_time,
                     fmt::format("it has been running for {}, more than the allowed {}", to_string(running),
                                 to_string(policy.max_run_time.after)));
  }
  const Millis attempt = observed - watch.attempt_since;
  if (policy.longer_than_typical <= 0 || attempt < policy.longer_than.after ||
      history.samples.size() < least_history) {
    return std::nullopt;
  }
  const auto typical = typical_duration(history.samples);
  if (!typical) return std::nullopt;
  const Millis limit = std::max(
      policy.longer_than.after,
      Millis{static_cast<std::int64_t>(static_cast<double>(typical->count()) * policy.longer_than_typical)});
  if (attempt < limit) return std::nullopt;
  return suspicion(StuckKind::longer_than,
                   fmt::format("this attempt has been running for {}; {} runs took {} in the middle",
                               to_string(attempt), history.samples.size(), to_string(*typical)));
}

}  // namespace

void ObservedClock::saw(Mono asked, Millis longest_gap) {
  if (last_) {
    const Millis gap = asked - *last_;
    if (gap > Millis{} && gap <= longest_gap) observed_ += gap;
  }
  last_ = asked;
}

void JobWatch::begin(const JobView& job, Millis observed) {
  *this = {};
  status_since = running_since = attempt_since = changed_at = observed;
  ran = job.status == JobStatus::running;
  (void)shows_new(job.counters);
}

bool JobWatch::shows_new(const JobCounters& counters) {
  if (!has_statistics(counters)) return false;
  const std::uint64_t print = fingerprint(counters);
  auto place = std::find(shown.begin(), shown.end(), print);
  const bool is_new = place == shown.end();
  if (is_new) place = std::prev(shown.end());
  *place = print;
  std::rotate(shown.begin(), place, std::next(place));
  return is_new;
}

bool JobWatch::read(const JobView& before, const JobView& after, Millis observed) {
  const bool other_status = before.status != after.status;
  const bool other_attempt = before.attempts != after.attempts;
  if (other_status) status_since = observed;
  if (other_attempt || (other_status && after.status == JobStatus::running)) attempt_since = observed;
  if (!ran && after.status == JobStatus::running) {
    ran = true;
    running_since = observed;
  }
  const bool new_counters = before.counters != after.counters && shows_new(after.counters);
  if (other_status || other_attempt || new_counters) {
    if (before.status == JobStatus::running && !other_attempt)
      longest_quiet = std::max(longest_quiet, observed - changed_at);
    changed_at = observed;
    quiet_until.reset();
  }
  return other_attempt || new_counters;
}

std::optional<Suspicion> suspect(const JobView& job, const JobWatch& watch, Millis observed, Instant now,
                                 const StuckPolicy& policy, const ConnectionHistory& history) {
  const Millis in_status = observed - watch.status_since;
  switch (job.status) {
    case JobStatus::pending:
      if (in_status < policy.pending.after) return std::nullopt;
      return suspicion(StuckKind::pending,
                       fmt::format("pending for {}, and no attempt yet", to_string(in_status)));
    case JobStatus::queued:
      if (in_status < policy.queued.after) return std::nullopt;
      return suspicion(StuckKind::queued, fmt::format("waits for capacity for {}", to_string(in_status)));
    case JobStatus::incomplete:
      if (in_status < policy.between_attempts.after) return std::nullopt;
      return suspicion(StuckKind::between_attempts,
                       fmt::format("its attempt {} ended {} ago, and no other has begun", job.attempts,
                                   to_string(in_status)));
    case JobStatus::running:
      return suspect_running(job, watch, observed, now, policy, history);
    case JobStatus::failed:
    case JobStatus::succeeded:
    case JobStatus::cancelled:
    case JobStatus::unknown:
      return std::nullopt;
  }
  return std::nullopt;
}

Confirmation confirm(StuckKind suspected, const JobView& first, const JobInspection& second,
                     const std::optional<JobCounters>& earlier) {
  const JobView& job = second.job;
  if (is_terminal(job.status)) return Confirmation::ended;
  if (job.status != first.status || job.attempts != first.attempts) return Confirmation::moved;
  const bool runs = job.status == JobStatus::running;
  if (runs && second.workflow_running == false) return Confirmation::orphan;
  if (suspected == StuckKind::no_progress) {
    if (std::any_of(second.streams.begin(), second.streams.end(),
                    [](const StreamState& stream) { return stream.state == StreamRunState::rate_limited; })) {
      return Confirmation::rate_limited;
    }
    if (!earlier) return Confirmation::look_again;
    if (*earlier != job.counters) return Confirmation::moved;
  }
  return Confirmation::stuck;
}

StuckAction action_for(const StuckPolicy& policy, StuckKind kind) {
  switch (kind) {
    case StuckKind::pending:
      return policy.pending.action;
    case StuckKind::queued:
      return policy.queued.action;
    case StuckKind::between_attempts:
      return policy.between_attempts.action;
    case StuckKind::no_progress:
      return policy.no_progress.action;
    case StuckKind::longer_than:
      return policy.longer_than.action;
    case StuckKind::max_run_time:
      return policy.max_run_time.action;
    case StuckKind::phantom:
    case StuckKind::orphan:
    case StuckKind::missed_run:
      return StuckAction::alert;
  }
  return StuckAction::alert;
}

}  // namespace syncwarden::core
