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
/// Where counters fall to zero and start over.
constexpr double restart_at = 0.5;
/// Statistics that vanish do so between these parts of the time.
constexpr double hidden_from = 0.4;
constexpr double hidden_until = 0.7;

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
    case Course::restarting:
      return time_part < restart_at ? time_part : (time_part - restart_at) / (1 - restart_at);
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
  auto committed = behaviour.commits_at_end
                       ? 0.0
                       : std::min(emitted, emitted_part(attempt.course, std::max(0.0, part - commit_lag)));
  if (part >= 1 && attempt.silence > Millis{}) committed = emitted;  // everything is there, only not final
  Progress progress;
  progress.records_emitted = part_of(attempt.records, emitted);
  const auto acknowledged = part_of(attempt.records, committed);
  progress.records_rejected = part_of(acknowledged, behaviour.rejected);
  progress.records_committed = acknowledged - progress.records_rejected;
  progress.bytes_emitted = progress.records_emitted * behaviour.bytes_per_record;
  progress.bytes_committed = progress.records_committed * behaviour.bytes_per_record;
  return progress;
}

/// 5: full-refresh streams show the last attempt (so the number may fall), incremental ones the sum.
std::optional<Progress> Airbyte::progress(const Job& job) const {
  if (job.attempts.empty() || !shows_stats(job)) return std::nullopt;
  if (connections_[job.connection].behaviour.full_refresh) return progress(job, job.attempts.back());
  Progress sum;
  for (const auto& attempt : job.attempts) {
    const auto one = progress(job, attempt);
    sum.records_emitted += one.records_emitted;
    sum.bytes_emitted += one.bytes_emitted;
    sum.records_committed += one.records_committed;
    sum.bytes_committed += one.bytes_committed;
    sum.records_rejected += one.records_rejected;
  }
  return sum;
}

bool Airbyte::shows_stats(const Attempt& attempt) const {
  if (!attempt.hides_stats || attempt.status != AttemptStatus::running) return true;
  const auto part = time_part(attempt, now_);
  return part < hidden_from || part >= hidden_until;
}

bool Airbyte::shows_stats(const Job& job) const {
  if (job.without_stats || (job.type != JobType::sync && job.type != JobType::refresh)) return false;
  return job.attempts.empty() || shows_stats(job.attempts.back());
}

bool Airbyte::is_rate_limited(const Job& job) const {
  if (job.attempts.empty()) return false;
  const auto& attempt = job.attempts.back();
  if (attempt.status != AttemptStatus::running || attempt.course != Course::rate_limited) return false;
  const auto part = time_part(attempt, now_);
  return part > rest_from && part < rest_until;
}

std::optional<Instant> Airbyte::quota_reset(const Job& job) const {
  if (!is_rate_limited(job)) return std::nullopt;
  const auto& attempt = job.attempts.back();
  const auto rests = static_cast<double>(attempt.planned.count()) * rest_until;
  return attempt.created + Millis{static_cast<std::int64_t>(rests)};
}

bool Airbyte::workflow_runs(ConnectionIndex connection) const {
  switch (connections_[connection].phase) {
    case Phase::running:
    case Phase::backing_off:
    case Phase::cancelling:
    case Phase::phantom:
      return true;
    case Phase::idle:
    case Phase::starting:
    case Phase::pending:
    case Phase::waiting:
      break;
  }
  return false;
}

JobInspection Airbyte::inspect(const Job& job) const {
  JobInspection inspection;
  inspection.job = view(job);
  if (is_terminal(job.status)) return inspection;
  inspection.workflow_running = workflow_runs(job.connection);
  if (!rules_.stream_statuses || job.attempts.empty()) return inspection;
  StreamState stream;
  stream.name = "public." + connections_[job.connection].view.source.name.str();
  stream.state = stream_state(job);
  stream.quota_reset = quota_reset(job);
  // The only stream: what it has read is what the job has.
  const JobCounters& counters = inspection.job.counters;
  stream.records = counters.records_emitted ? counters.records_emitted : counters.records_committed;
  stream.bytes = counters.bytes_emitted ? counters.bytes_emitted : counters.bytes_committed;
  inspection.streams.push_back(std::move(stream));
  return inspection;
}

StreamRunState Airbyte::stream_state(const Job& job) const {
  if (job.attempts.empty()) return StreamRunState::pending;
  if (rules_.rate_limited_streams && is_rate_limited(job)) return StreamRunState::rate_limited;
  switch (job.attempts.back().status) {
    case AttemptStatus::running:
      return StreamRunState::running;
    case AttemptStatus::succeeded:
      return StreamRunState::complete;
    case AttemptStatus::failed:
      break;
  }
  return StreamRunState::incomplete;
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
    view.counters.records_rejected = counted->records_rejected;
  }
  for (auto at = job.attempts.rbegin(); at != job.attempts.rend() && view.failures.empty(); ++at) {
    if (at->failure) view.failures.push_back(*at->failure);
  }
  return view;
}

}  // namespace syncwarden::emulator
