// Questions about jobs. Counters cost no events: they follow from the plan of the attempt and the instant.
#include "emulator/airbyte.hpp"

#include <algorithm>

namespace syncwarden::emulator {
namespace {

/// Where a stuck attempt stops counting, as a part of its records.
constexpr double stuck_at = 0.3;
/// A rate-limited attempt rests between these parts of its time.
constexpr double rest_from = 0.2;
constexpr double rest_until = 0.8;
/// How far the destination's acknowledgements trail the source.
constexpr double commit_lag = 0.1;

/// The part of its records that an attempt has emitted after a part of its time.
double emitted_part(Course course, double time_part) {
  switch (course) {
    case Course::empty:
      return 0;
    case Course::stuck:
      return std::min(time_part, stuck_at);
    case Course::rate_limited:
      if (time_part <= rest_from) return time_part;
      return time_part < rest_until
                 ? rest_from
                 : rest_from + (time_part - rest_until) * (1 - rest_from) / (1 - rest_until);
    case Course::steady:
      break;
  }
  return time_part;
}

double time_part(const Attempt& attempt, Instant now) {
  if (attempt.planned <= Millis{0}) return 1;
  const auto passed = static_cast<double>((now - attempt.created).count());
  return std::clamp(passed / static_cast<double>(attempt.planned.count()), 0.0, 1.0);
}

std::int64_t part_of(std::int64_t whole, double part) {
  return static_cast<std::int64_t>(static_cast<double>(whole) * part);
}

}  // namespace

Progress Airbyte::progress(const Job& job, const Attempt& attempt) const {
  if (attempt.status != AttemptStatus::running) return attempt.final_progress;
  const auto& behaviour = connections_[job.connection].behaviour;
  const auto part = time_part(attempt, now_);
  const auto emitted = std::min(emitted_part(attempt.course, part), attempt.reaches);
  const auto committed =
      behaviour.commits_at_end
          ? 0.0
          : std::min(emitted, emitted_part(attempt.course, std::max(0.0, part - commit_lag)));
  Progress progress;
  progress.records_emitted = part_of(attempt.records, emitted);
  progress.records_committed = part_of(attempt.records, committed);
  progress.bytes_emitted = progress.records_emitted * behaviour.bytes_per_record;
  progress.bytes_committed = progress.records_committed * behaviour.bytes_per_record;
  return progress;
}

/// 5: full-refresh streams show the last attempt (so the number may fall), incremental ones the sum.
std::optional<Progress> Airbyte::progress(const Job& job) const {
  if (job.attempts.empty() || job.without_stats) return std::nullopt;
  if (job.type != JobType::sync && job.type != JobType::refresh) return std::nullopt;
  if (connections_[job.connection].behaviour.full_refresh) return progress(job, job.attempts.back());
  Progress sum;
  for (const auto& attempt : job.attempts) {
    const auto one = progress(job, attempt);
    sum.records_emitted += one.records_emitted;
    sum.bytes_emitted += one.bytes_emitted;
    sum.records_committed += one.records_committed;
    sum.bytes_committed += one.bytes_committed;
  }
  return sum;
}

bool Airbyte::is_rate_limited(const Job& job) const {
  if (job.attempts.empty()) return false;
  const auto& attempt = job.attempts.back();
  if (attempt.status != AttemptStatus::running || attempt.course != Course::rate_limited) return false;
  const auto part = time_part(attempt, now_);
  return part > rest_from && part < rest_until;
}

JobList Airbyte::jobs(const JobQuery& query) const {
  std::optional<ConnectionIndex> only;
  if (query.connection) {
    only = find(*query.connection);
    if (!only) return {};
  }
  std::function<bool(ConnectionIndex)> accepts;
  if (only || !query.workspaces.empty()) {
    accepts = [this, only, &query](ConnectionIndex index) {
      if (only && *only != index) return false;
      if (query.workspaces.empty()) return true;
      const auto& workspace = connections_[index].view.workspace;
      return std::find(query.workspaces.begin(), query.workspaces.end(), workspace) != query.workspaces.end();
    };
  }
  return table_.list(query, only, accepts);
}

const Job* Airbyte::last_job(ConnectionIndex connection) const {
  const auto& ids = table_.of(connection);
  return ids.empty() ? nullptr : table_.find({ids.back()});
}

JobView Airbyte::view(const Job& job) const {
  JobView view;
  view.id = job.id;
  view.connection = connections_[job.connection].view.id;
  view.type = job.type;
  view.status = job.status;
  view.created = job.created;
  view.updated = job.updated;
  view.attempts = static_cast<std::uint32_t>(job.attempts.size());
  if (!job.attempts.empty()) {
    view.attempt_started = job.attempts.back().created;
    view.attempt_ended = job.attempts.back().ended;
  }
  if (const auto counted = progress(job)) {
    view.counters.records_emitted = counted->records_emitted;
    view.counters.bytes_emitted = counted->bytes_emitted;
    view.counters.records_committed = counted->records_committed;
    view.counters.bytes_committed = counted->bytes_committed;
  }
  for (auto at = job.attempts.rbegin(); at != job.attempts.rend() && view.failures.empty(); ++at) {
    if (at->failure) view.failures.push_back(*at->failure);
  }
  return view;
}

}  // namespace syncwarden::emulator
