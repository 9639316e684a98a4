// The workflow of one connection: from the signal to the end of its job (reference 4.6, 6, 8.3).
#include "emulator/airbyte.hpp"

#include <algorithm>
#include <utility>

namespace syncwarden::emulator {
namespace {

/// Airbyte fails a manual sync that waited 8 hours for capacity (8.1).
constexpr Millis longest_queueing = std::chrono::hours{8};

}  // namespace

void Airbyte::set_status(Job& job, JobStatus status) {
  job.status = status;
  job.updated = now_;
}

void Airbyte::end_job(Job& job, JobStatus status) {
  set_status(job, status);
  table_.ended(job);
}

void Airbyte::signal(ConnectionIndex index, JobType type, Cause cause) {
  auto& flow = flows_[index];
  connections_[index].phase = Phase::starting;
  flow.type = type;
  flow.cause = cause;
  ++flow.generation;
  push(now_ + draw(flow, options_.signal_delay), index, EventKind::create_job);
}

/// 6.1.7: a new job first fails whatever the database still takes for running.
void Airbyte::fail_leftovers(ConnectionIndex index) {
  const auto& ids = table_.of(index);
  if (ids.empty()) return;
  auto* job = table_.find({ids.back()});
  if (job == nullptr || is_terminal(job->status)) return;
  if (!job->attempts.empty() && job->attempts.back().status == AttemptStatus::running) {
    finish_attempt(*job, job->attempts.back(), false, std::nullopt);
  }
  end_job(*job, JobStatus::failed);
}

/// What is drawn once a job. A chance of zero draws nothing, so that new chances change no old course.
void Airbyte::draw_fate(Flow& flow, const Behaviour& behaviour, Job& job) {
  const auto hits = [&flow](double chance) { return chance > 0 && flow.rng.chance(chance); };
  ++flow.syncs;
  job.doomed = flow.syncs <= behaviour.fails_first ||
               (behaviour.fail_every != 0 && flow.syncs % behaviour.fail_every == 0) ||
               hits(behaviour.job_failure);
  job.freezes = flow.syncs <= behaviour.freezes_first;
  job.never_starts = hits(behaviour.never_starts);
  job.never_retries = hits(behaviour.never_retries);
  if (hits(behaviour.low_volume)) {
    job.volume = 0.05;
  } else if (hits(behaviour.high_volume)) {
    job.volume = 20;
  }
  job.broken_schema =
      behaviour.breaks_schema_after != 0 && flow.syncs == behaviour.breaks_schema_after + 1ULL;
}

void Airbyte::create_job(ConnectionIndex index) {
  auto& connection = connections_[index];
  auto& flow = flows_[index];
  if (options_.keep_jobs) table_.prune(now_ - *options_.keep_jobs);
  fail_leftovers(index);
  auto& job = table_.create(index, now_);
  job.type = flow.type;
  job.cause = flow.cause;
  if (job.type == JobType::sync) draw_fate(flow, connection.behaviour, job);
  connection.job = job.id;
  connection.phase = Phase::pending;
  if (!rules_.scheduled_jobs_only || job.cause == Cause::schedule) flow.last_counted = now_;
  Created entry;
  entry.job = job.id;
  entry.connection = index;
  entry.at = now_;
  entry.cause = job.cause;
  entry.type = job.type;
  history_.push_back(entry);
  if (options_.history_limit != 0 && history_.size() > options_.history_limit) {
    history_.pop_front();
    ++history_forgotten_;
  }
  answer(index, Waiter::For::job, job.id);
  if (!job.never_starts) push(now_ + draw(flow, options_.start_delay), index, EventKind::start);
}

void Airbyte::start(ConnectionIndex index) {
  if (options_.max_parallel != 0 && running_ >= options_.max_parallel) return wait_for_capacity(index);
  begin_attempt(index, *table_.find(connections_[index].job));
}

void Airbyte::wait_for_capacity(ConnectionIndex index) {
  auto& connection = connections_[index];
  auto& flow = flows_[index];
  connection.phase = Phase::waiting;
  queue_.emplace_back(index, flow.generation);
  if (!rules_.queued_status) return;  // it stays pending, without a limit (#9375)
  auto& job = *table_.find(connection.job);
  set_status(job, JobStatus::queued);
  auto expires = now_ + scaled(longest_queueing);
  if (job.cause == Cause::schedule && connection.schedule.kind == AirbyteSchedule::basic) {
    expires = std::max(now_, job.created + connection.schedule.interval());
  } else if (job.cause == Cause::schedule && flow.cron) {
    expires = flow.cron->next(now_).value_or(expires);
  }
  push(expires, index, EventKind::queue_expired);
}

void Airbyte::expire_queued(ConnectionIndex index) {
  if (connections_[index].phase != Phase::waiting) return;
  auto& job = *table_.find(connections_[index].job);
  end_job(job, JobStatus::cancelled);
  after_end(index, job);
}

void Airbyte::begin_attempt(ConnectionIndex index, Job& job) {
  auto& connection = connections_[index];
  auto& flow = flows_[index];
  const auto& behaviour = connection.behaviour;
  ++flow.generation;  // a limit of the queue is void now
  ++running_;
  connection.phase = Phase::running;
  set_status(job, JobStatus::running);

  auto& attempt = job.attempts.emplace_back();
  attempt.created = now_;
  attempt.updated = now_;
  attempt.planned = job.type == JobType::sync ? draw(flow, behaviour.duration) : behaviour.duration.min;
  const auto width =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, behaviour.records.max - behaviour.records.min)) +
      1;
  attempt.records = behaviour.records.min + static_cast<std::int64_t>(flow.rng.below(width));
  attempt.records = static_cast<std::int64_t>(static_cast<double>(attempt.records) * job.volume);
  if (job.type == JobType::sync) draw_course(flow, behaviour, job, attempt);
  if (!attempt.will_succeed) attempt.reaches = behaviour.fails_with_progress ? 0.5 : 0;
  if (job.broken_schema) {
    find_broken_schema(index);
  } else if (attempt.course != Course::stuck) {
    push(now_ + attempt.planned + attempt.silence, index, EventKind::attempt_ended);
  }
  answer(index, Waiter::For::running, job.id);
}

/// What is drawn once an attempt of a sync.
void Airbyte::draw_course(Flow& flow, const Behaviour& behaviour, Job& job, Attempt& attempt) {
  const auto hits = [&flow](double chance) { return chance > 0 && flow.rng.chance(chance); };
  if (job.freezes || hits(behaviour.stuck)) {
    attempt.course = Course::stuck;
  } else if (hits(behaviour.empty)) {
    attempt.course = Course::empty;
    job.without_stats = !behaviour.empty_has_stats;
  } else if (hits(behaviour.rate_limited)) {
    attempt.course = Course::rate_limited;
  } else if (hits(behaviour.restarts_counters)) {
    attempt.course = Course::restarting;
  }
  const bool fails = job.doomed || (job.never_retries && job.attempts.size() == 1);
  attempt.will_succeed = !fails && !hits(behaviour.attempt_failure);
  attempt.hides_stats = hits(behaviour.hides_stats);
  if (attempt.will_succeed) attempt.silence = draw(flow, behaviour.silence_at_end);
}

/// A sync looks at the schema first. Airbyte then ends its own job as cancelled and switches the connection
/// off.
void Airbyte::find_broken_schema(ConnectionIndex index) {
  mark_schema_broken(index);
  auto& flow = flows_[index];
  --running_;
  connections_[index].phase = Phase::cancelling;
  ++flow.generation;
  push(now_ + draw(flow, options_.cancel_delay), index, EventKind::cancel_done);
}

void Airbyte::mark_schema_broken(ConnectionIndex index) {
  auto& connection = connections_[index];
  connection.view.breaking_change = true;
  if (connection.view.status != ConnectionStatus::active) return;
  connection.view.status = ConnectionStatus::inactive;
  give_reason(connection, "SCHEMA_CHANGES_ARE_BREAKING");
}

/// Why a connection is off; only newer servers tell it.
void Airbyte::give_reason(Connection& connection, std::string reason) {
  connection.view.status_reason = rules_.locked_status ? reason : std::string();
  connection.status_reason = std::move(reason);
}

void Airbyte::finish_attempt(const Job& job, Attempt& attempt, bool succeeded,
                             std::optional<JobFailure> failure) {
  auto& counted = attempt.final_progress;
  counted = progress(job, attempt);
  if (succeeded) {
    const auto& behaviour = connections_[job.connection].behaviour;
    counted.records_rejected = static_cast<std::int64_t>(static_cast<double>(counted.records_emitted) *
                                                         std::clamp(behaviour.rejected, 0.0, 1.0));
    counted.records_committed = counted.records_emitted - counted.records_rejected;
    counted.bytes_committed = counted.records_committed * behaviour.bytes_per_record;
  }
  attempt.status = succeeded ? AttemptStatus::succeeded : AttemptStatus::failed;
  attempt.failure = std::move(failure);
  attempt.updated = now_;
  attempt.ended = now_;
}

void Airbyte::attempt_ended(ConnectionIndex index) {
  auto& connection = connections_[index];
  auto& flow = flows_[index];
  auto& job = *table_.find(connection.job);
  auto& attempt = job.attempts.back();
  --running_;
  if (attempt.will_succeed) {
    finish_attempt(job, attempt, true, std::nullopt);
    end_job(job, JobStatus::succeeded);
    after_end(index, job);
    return;
  }
  finish_attempt(job, attempt, false, connection.behaviour.failure);
  if (!may_retry(job, attempt)) {
    end_job(job, JobStatus::failed);
    after_end(index, job);
    return;
  }
  set_status(job, JobStatus::incomplete);
  connection.phase = Phase::backing_off;
  ++flow.generation;
  if (!job.never_retries) push(now_ + back_off(job), index, EventKind::retry);
  release_capacity();
}

/// 8.3, and counts the failure.
bool Airbyte::may_retry(Job& job, const Attempt& attempt) const {
  if (attempt.final_progress.records_committed > 0) {
    ++job.partial_failures;
    job.complete_failures_in_row = 0;
  } else {
    ++job.complete_failures;
    ++job.complete_failures_in_row;
  }
  if (attempt.failure && attempt.failure->type == FailureType::config_error) return false;
  if (!rules_.back_off) return job.attempts.size() < 3;  // the old rule
  const auto& limits = options_.retries;
  return job.complete_failures_in_row < limits.complete_in_row &&
         job.complete_failures < limits.complete_total && job.partial_failures < limits.partial_total;
}

Millis Airbyte::back_off(const Job& job) const {
  if (!rules_.back_off || job.complete_failures_in_row == 0) return Millis{0};
  auto wait = options_.retries.base;
  for (int n = 1; n < job.complete_failures_in_row && wait < options_.retries.longest; ++n) {
    wait *= options_.retries.factor;
  }
  return scaled(std::min(wait, options_.retries.longest));
}

// ---- cancel

void Airbyte::begin_cancel(ConnectionIndex index) {
  auto& connection = connections_[index];
  auto& flow = flows_[index];
  ++flow.generation;
  if (connection.phase == Phase::running) --running_;
  connection.phase = Phase::cancelling;
  const auto answered = now_ + draw(flow, options_.cancel_delay);
  const auto lag = draw(flow, options_.cancel_lag);
  if (lag > Millis{0}) push(answered, index, EventKind::cancel_answered);
  push(answered + lag, index, EventKind::cancel_done);
}

void Airbyte::cancel_done(ConnectionIndex index) {
  auto& job = *table_.find(connections_[index].job);
  if (!job.attempts.empty() && job.attempts.back().status == AttemptStatus::running) {
    finish_attempt(job, job.attempts.back(), false,
                   JobFailure{FailureOrigin::airbyte_platform, FailureType::manual_cancellation,
                              "Setting attempt to FAILED because the job was cancelled"});
  }
  end_job(job, JobStatus::cancelled);
  answer(index, Waiter::For::cancel, {});
  after_end(index, job);
}

// ---- after a job

/// Auto-disable (8.4), the next capacity, the next due time.
void Airbyte::after_end(ConnectionIndex index, const Job& job) {
  auto& connection = connections_[index];
  auto& flow = flows_[index];
  if (job.type == JobType::sync && job.status == JobStatus::succeeded) {
    flow.failures_in_row = 0;
    flow.last_success = now_;
  } else if (job.type == JobType::sync && job.status == JobStatus::failed) {
    ++flow.failures_in_row;
    const bool often = flow.failures_in_row >= static_cast<std::uint32_t>(rules_.disable_after_failures);
    const bool lasting = now_ - flow.last_success >= std::chrono::hours{24 * rules_.disable_after_days};
    const bool disables = rules_.disable_needs_both ? often && lasting : often || lasting;
    if (options_.auto_disable && disables && connection.view.status == ConnectionStatus::active) {
      connection.view.status = ConnectionStatus::inactive;
      give_reason(connection, "TOO_MANY_FAILED_JOBS_WITH_NO_RECENT_SUCCESS");
    }
  }
  // Before 1.4 a cancelled job did not count for `basic` (8.1), which then restarted at once (#16905).
  if (!rules_.scheduled_jobs_only && job.status == JobStatus::cancelled) flow.last_counted.reset();
  become_idle(index);
  release_capacity();
}

void Airbyte::become_idle(ConnectionIndex index) {
  auto& flow = flows_[index];
  ++flow.generation;
  connections_[index].phase = Phase::idle;
  if (flow.next_type) {
    const auto type = *std::exchange(flow.next_type, std::nullopt);
    signal(index, type, Cause::manual);
    return;
  }
  reschedule(index, false);
}

void Airbyte::release_capacity() {
  while (!queue_.empty() && (options_.max_parallel == 0 || running_ < options_.max_parallel)) {
    const auto [index, generation] = queue_.front();
    queue_.pop_front();
    if (flows_[index].generation != generation || connections_[index].phase != Phase::waiting) continue;
    begin_attempt(index, *table_.find(connections_[index].job));
  }
}

}  // namespace syncwarden::emulator
