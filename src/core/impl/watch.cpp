// The watcher: what a poll of the job lists shows, and what the end of a job means.
#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

constexpr Millis recent{std::chrono::hours{1}};
/// After an outage of this length Airbyte may be another version.
constexpr Millis probe_again_after{std::chrono::minutes{1}};
constexpr Millis discover_again{std::chrono::seconds{10}};
constexpr std::uint32_t missing_polls_before_read = 2;

bool moved(const JobView& before, const JobView& after) {
  // Counters go on without Airbyte's workers.
  return before.status != after.status || before.attempts != after.attempts;
}

}  // namespace

void Core::Machine::airbyte_seen() {
  const bool was_up = std::exchange(up, true);
  if (!was_up) {
    tell(fact::AirbyteReachable{true, std::nullopt});
    watch_outage();  // also one of a former life
  }
  if (down_since) {
    came_back_after(now.mono - *down_since);
    watched_since = now.wall;
  }
  told_down = false;
  down_error.reset();
  if (down_since && jobs_known && now.mono - *down_since >= probe_again_after) {
    airbyte.reset();
    next_probe = now.mono;
  }
  down_since.reset();
}

void Core::Machine::airbyte_lost(const Error& error) {
  if (up || !told_down) tell(fact::AirbyteReachable{false, error});
  if (up && airbyte && !reading_jobs) next_jobs = now.mono + plan->poll.min;
  up = false;
  told_down = true;
  down_error = error;
  if (!down_since) down_since = now.mono;
}

void Core::Machine::poll_failed(const in::JobsSeen& seen, const Error& error) {
  if (error.code == Errc::rate_limited) {
    // It answers; it only wants to be asked less often.
    if (failed_polls == 0) tell(fact::Warning{"Airbyte limits our requests: " + to_string(error)});
  } else {
    observed.blind();
    airbyte_lost(error);
  }
  const Millis pause = backoff(plan->poll.min, plan->poll.max, ++failed_polls, rng);
  next_jobs = now.mono + std::max(pause, seen.retry_after.value_or(Millis{}));
}

void Core::Machine::see_jobs(const in::JobsSeen& seen) {
  if (seen.poll != poll_number || !reading_jobs) return;
  reading_jobs = false;
  poll_ended = now.mono;
  // By its arrival, so that an Airbyte that takes minutes to list still gets its syncs; but an answer from
  // before a suspend shows the past.
  const Millis slept = (now.wall - asked_poll.wall) - (now.mono - asked_poll.mono);
  if (slept <= longest_gap()) answered_poll = now;
  tell(fact::PollDone{"jobs", seen.page ? std::optional<Error>{} : std::optional<Error>{seen.page.error()},
                      now.mono - poll_asked});
  if (!seen.page) {
    hinted = false;
    poll_failed(seen, seen.page.error());
    return;
  }
  const JobsPage& page = *seen.page;
  failed_polls = 0;
  seen_poll = seen.poll;
  last_jobs_poll = now.wall;
  airbyte_seen();
  observed_poll();

  const bool history = !job_cursor && !jobs_known;  // the first poll ever
  const bool first = !jobs_known;
  jobs_known = true;
  // An end is at most three things to keep and two to tell: a herd's ends come together.
  out->durable.reserve(out->durable.size() + 3 * page.ended.size());
  out->facts.reserve(out->facts.size() + 2 * page.ended.size());
  auto cursor = job_cursor;
  for (const auto& job : page.ended) {
    see_ended(job, history);
    cursor = std::max(cursor.value_or(job.updated), job.updated);
  }
  // After the ends, so that whoever looks for the effect of an old request finds the oldest job first.
  std::optional<Millis> youngest;
  for (const auto& job : page.active) {
    see_active(job, first);
    const Millis age = std::max(Millis{}, now.wall - job.created);
    youngest = std::min(youngest.value_or(age), age);
  }
  if (first) resume_stuck();
  ended_behind = !page.ended_complete;
  if (page.ended_complete) see_missing(page);
  if (cursor && cursor != job_cursor) {
    job_cursor = cursor;
    keep(put::JobCursor{*cursor});
    while (!recent_by_time.empty() && recent_by_time.top().first + recent < *cursor) {
      recent_ended.erase(recent_by_time.top().second);
      recent_by_time.pop();
    }
  }
  remember_listed(page);
  give_up_unresolved(page);
  pass_ladder();
  cancel_for_blackouts();
  tell_late();
  tell_missed_runs();
  tell_unresolved();
  while (!gate_after_poll.empty() && gate_after_poll.begin()->first <= seen.poll) {
    auto& open = runs.at(gate_after_poll.begin()->second);
    stop_waiting(open);
    wait_again(open);
  }
  if (airbyte) {
    const bool urgent =
        !page.ended_complete || !unresolved.empty() || !gate_after_poll.empty() || waiting_for_end > 0;
    const Millis delay = page.ended_complete ? poll_delay(plan->poll, youngest, urgent || hinted) : Millis{};
    next_jobs = next_poll(delay);
  }
  hinted = false;
}

/// From asking to asking, so that a long list does not slow the watching down; but an Airbyte that is slow to
/// answer gets a rest.
Mono Core::Machine::next_poll(Millis delay) const {
  return std::max(poll_asked + delay, poll_ended + delay / 4);
}

/// As if something were urgent, and no sooner: however many hints come, polls keep their distance. A pause
/// that Airbyte has asked for, or that failures have made necessary, is not shortened.
void Core::Machine::take_hint() {
  if (reading_jobs) {
    hinted = true;
  } else if (next_jobs && failed_polls == 0) {
    next_jobs = std::min(*next_jobs, std::max(now.mono, next_poll(plan->poll.min)));
  }
}

/// A change that the last complete poll did not show yet came after that poll was asked for. When it is seen
/// says nothing: what ended during an outage or before a boot is seen late.
void Core::Machine::movement(const Connection& connection) {
  const auto& not_before = connection.listed ? connection.listed : whole_listed;
  if (not_before && (!last_movement || *last_movement < *not_before)) last_movement = *not_before;
}

/// What a complete poll was asked for, it has shown.
void Core::Machine::remember_listed(const JobsPage& page) {
  if (!page.ended_complete) return;
  if (!page.covers) {
    whole_listed = poll_asked;
    return;
  }
  for (const auto& id : *page.covers) {
    if (auto* connection = find_connection(id)) connection->listed = poll_asked;
  }
}

void Core::Machine::see_active(const JobView& job, bool first_poll) {
  if (is_terminal(job.status) || recent_ended.contains(job.id)) return;  // a list may be older than its end
  const auto entry = connection_index.find(job.connection);
  if (entry == connection_index.end()) {
    // A connection made since the last discovery.
    newest_job = std::max(newest_job, job.id);
    if (airbyte && !reading_connections && last_connections_poll &&
        now.wall - *last_connections_poll > discover_again) {
      next_connections = now.mono;
    }
    return;
  }
  auto& connection = connections[entry->second];
  saw_job(connection);
  connection.history.last_job = std::max(connection.history.last_job, job.id);
  const auto known = std::find_if(connection.active.begin(), connection.active.end(),
                                  [&](const ActiveJob& active) { return active.view.id == job.id; });
  if (known == connection.active.end()) {
    note_unclaimed(connection, job);
    if (!first_poll && job.id > newest_job) movement(connection);
    connection.active.push_back({.view = job, .since = now.mono, .seen_in_poll = poll_number});
    connection.active.back().watch.begin(job, observed.now());
    if (connection.newest_job_created.value_or(Instant{}) < job.created) close_missed_run(entry->second, job);
  } else {
    if (known->seen_in_poll > 0 && moved(known->view, job)) movement(connection);
    read_active(entry->second, *known, job);
    known->view = job;
    known->seen_in_poll = poll_number;
    known->missing_polls = 0;
  }
  newest_job = std::max(newest_job, job.id);
  connection.newest_job_created = std::max(connection.newest_job_created.value_or(job.created), job.created);
  changed_occupancy(entry->second);
  look_for_effects(entry->second, job);
}

/// Jobs that a complete poll named neither active nor ended: after two of those each is read on its own. (A
/// poll that left out some ends says nothing about those that it did not name.)
void Core::Machine::see_missing(const JobsPage& page) {
  for (auto index = busy.next(0); index; index = busy.next(*index + 1)) {
    auto& connection = connections[*index];
    if (page.covers &&
        std::find(page.covers->begin(), page.covers->end(), connection.view.id) == page.covers->end()) {
      continue;
    }
    for (auto& job : connection.active) {
      if (job.seen_in_poll == poll_number || job.since > poll_asked || job.reading) continue;
      if (++job.missing_polls < missing_polls_before_read) continue;
      job.reading = true;
      effect(out::ReadJob{job.view.id});
    }
  }
}

/// A run has its job from an answer, and no poll has shown it yet.
void Core::Machine::expect_job(ConnectionIndex index, JobId job, JobStatus status) {
  auto& connection = connections[index];
  const bool listed = std::any_of(connection.active.begin(), connection.active.end(),
                                  [&](const ActiveJob& active) { return active.view.id == job; });
  if (!listed) {
    ActiveJob expected{.view = {}, .since = now.mono};
    expected.view.id = job;
    expected.view.connection = connection.view.id;
    expected.view.status = status;
    expected.view.created = now.wall;
    expected.view.updated = now.wall;
    connection.active.push_back(std::move(expected));
  }
  newest_job = std::max(newest_job, job);
  changed_occupancy(index);
  if (airbyte && !reading_jobs) {
    const Mono soon = now.mono + plan->poll.min;
    next_jobs = std::min(next_jobs.value_or(soon), soon);
  }
}

bool Core::Machine::drop_active(ConnectionIndex index, JobId job) {
  auto& active = connections[index].active;
  const auto gone =
      std::erase_if(active, [&](const ActiveJob& candidate) { return candidate.view.id == job; });
  if (gone > 0) changed_occupancy(index);
  return gone > 0;
}

void Core::Machine::remember_ended(const JobView& job) {
  if (recent_ended.insert(job.id).second) recent_by_time.emplace(job.updated, job.id);
}

void Core::Machine::see_ended(const JobView& job, bool history) {
  if (!is_terminal(job.status)) return;
  if (recent_ended.contains(job.id)) {
    // Counted already; but an answer may have named it since.
    const auto known = connection_index.find(job.connection);
    if (known == connection_index.end()) return;
    Ending ending;
    ending.judgement = judged(connections[known->second], job);
    end_watchers(job, ending);
    drop_active(known->second, job.id);
    return;
  }
  const bool fresh = job.id > newest_job;
  newest_job = std::max(newest_job, job.id);
  remember_ended(job);
  const auto entry = connection_index.find(job.connection);
  if (entry == connection_index.end()) return;
  auto& connection = connections[entry->second];
  if (!history) movement(connection);
  note_unclaimed(connection, job);
  connection.newest_job_created = std::max(connection.newest_job_created.value_or(job.created), job.created);
  if (fresh || !connection.holding.empty()) look_for_effects(entry->second, job);

  const bool untold = history && !watchers.contains(job.id);
  if (!untold) saw_job(connection);
  Ending ending;
  ending.judgement = record_end(entry->second, job, untold);
  ending.recovery = end_recovery(connection, job);
  if (ending.recovery) rerun_foreign(entry->second, job, *ending.recovery);
  end_watchers(job, ending);
  drop_active(entry->second, job.id);
  if (!untold) count_for_fleet(job);
  rearm_by_events(entry->second);
  expect_freshness(entry->second);
  expect_airbyte_run(entry->second);
}

/// A job that was created after Airbyte's own schedule was missed.
void Core::Machine::close_missed_run(ConnectionIndex index, const JobView& job) {
  close_stuck(connections[index], StuckKind::missed_run, fmt::format("job {} was created", job.id.value));
}

Judgement Core::Machine::judged(const Connection& connection, const JobView& job) const {
  static const VerifyPolicy defaults;
  if (job.status != JobStatus::succeeded) return {};
  const bool statistics_expected =
      airbyte && airbyte->api == "config" && version_at_least(airbyte->version, 0, 50);
  return judge(job, connection.history,
               connection.rule != nullptr ? connection.rule->policy.verify : defaults, statistics_expected);
}

/// What a job's end changes in its connection's history, and the one time that it is counted.
Judgement Core::Machine::record_end(ConnectionIndex index, const JobView& job, bool history) {
  auto& connection = connections[index];
  auto& past = connection.history;
  past.last_completion = std::max(past.last_completion.value_or(job.updated), job.updated);
  past.last_job = std::max(past.last_job, job.id);
  past.last_ended = std::max(past.last_ended, job.id);
  past.newest_job_created = connection.newest_job_created;
  auto judgement = judged(connection, job);
  if (judgement.unlike_before && !history && ++connection.unlike_before >= new_normal) {
    past.samples.clear();
    judgement = {};
  }
  if (job.type == JobType::sync || job.type == JobType::refresh) {
    if (job.status == JobStatus::succeeded && judgement.verified) {
      remember_success(connection, job);
      connection.unlike_before = 0;
      if (!history) verified_success(index, job, judgement.outlier);
    } else if (job.status == JobStatus::succeeded && !history) {
      raise(connection, IncidentKind::suspect_success,
            fmt::format("job {} is called succeeded: {}", job.id.value, judgement.evidence), job.id);
      // What was stuck is not any more, whatever this one is worth.
      incidents.close_all(connection.view.id, {IncidentKind::stuck},
                          fmt::format("job {} came to its end", job.id.value), now.wall);
    } else if (job.status == JobStatus::failed) {
      ++past.consecutive_failures;
      if (!history) job_failed(connection, job);
    }
  }
  JobRecord record{job, std::nullopt};
  if (const auto watched = watchers.find(job.id); watched != watchers.end()) {
    for (const RunId& id : watched->second) {
      if (runs.at(id).run.attribution != Attribution::attached) record.run = id;
    }
  }
  if (!history) tell(fact::JobEnded{job, connection.view, record.run, judgement.evidence});
  keep(put::PutJob{std::move(record)});
  keep(put::PutHistory{past});
  return judgement;
}

void Core::Machine::remember_success(Connection& connection, const JobView& job) {
  auto& past = connection.history;
  if (!past.last_success || *past.last_success <= job.updated) {
    past.last_success = job.updated;
    past.last_success_created = job.created;
  }
  past.consecutive_failures = 0;
  past.samples.push_back(sample_of(job));
  if (past.samples.size() > samples_kept) past.samples.erase(past.samples.begin());
  const auto seen = std::find_if(connection.active.begin(), connection.active.end(),
                                 [&](const ActiveJob& active) { return active.view.id == job.id; });
  if (seen == connection.active.end() || seen->seen_in_poll == 0) return;
  // How still a healthy job may be: also at its end, when a destination types and normalises.
  const Millis at_end = observed.now() - seen->watch.changed_at;
  past.longest_quiet = std::max({past.longest_quiet, seen->watch.longest_quiet, at_end});
}

void Core::Machine::end_watchers(const JobView& job, const Ending& ending) {
  const auto watched = watchers.find(job.id);
  if (watched == watchers.end()) return;
  const auto ids = watched->second;
  watchers.erase(watched);
  for (const RunId& id : ids) end_run(id, job, ending);
}

/// A run's job has ended: a verdict, or an extra job later.
void Core::Machine::end_run(RunId id, const JobView& job, const Ending& ending) {
  auto& open = runs.at(id);
  if (!ending.lost && job.status == JobStatus::succeeded) {
    open.run.why = ending.judgement.evidence;
    finish(id, ending.judgement.verified ? Verdict::succeeded : Verdict::suspect, std::nullopt);
    return;
  }
  if (!ending.lost && job.status == JobStatus::cancelled) {
    std::optional<FailureClass> failure;
    const bool was_stuck = ending.recovery && ending.recovery->kind;
    if (ending.recovery && !was_stuck) {
      const auto& who = ending.recovery->by;
      // Of other runs than those by hand, `by` says it already.
      const bool told = !who.empty() && open.run.cause != TriggerCause::manual;
      if (!told)
        open.run.why =
            fmt::format("job {} was cancelled by {}", job.id.value, who.empty() ? "a blackout" : who);
    }
    if (was_stuck) {
      open.run.why = fmt::format("job {} was stuck ({})", job.id.value, to_string(*ending.recovery->kind));
      if (ending.recovery->kind == StuckKind::max_run_time) failure = FailureClass::deadline;
      if (run_again(open, job, *ending.recovery)) return;
    }
    const ConnectionIndex index = open.connection;
    const Run run = open.run;
    finish(id, Verdict::cancelled, failure);
    if (was_stuck) run_failed(index, run, job);
    return;
  }
  const FailureClass failure = ending.lost.value_or(classify(job.failures));
  const bool details_missing = airbyte && airbyte->api == "public";
  const auto& connection = connections[open.connection];
  const bool no_more = open.run.attribution == Attribution::attached || open.run.schedule.empty() ||
                       connection.history.breaker.has_value() || is_paused(connection);
  const auto delay = no_more ? std::nullopt
                             : extra_job_delay(policy_of(open).extra_jobs, open.run.job_number + 1, failure,
                                               details_missing);
  const auto* slot = open.slot ? &slots[*open.slot] : nullptr;
  if (!delay || slot == nullptr || !slot->bound || slot->waiting) {
    const ConnectionIndex index = open.connection;
    open.run.failure = failure;
    if (!job.failures.empty()) open.run.why = job.failures.front().message;
    const Run run = open.run;
    finish(id, Verdict::failed, failure);
    run_failed(index, run, job);
    return;
  }
  next_job(open, *delay, failure);
}

/// Another job of the same run, after a pause.
void Core::Machine::next_job(OpenRun& open, Millis delay, std::optional<FailureClass> failure) {
  ++open.run.job_number;
  open.run.requests = 0;
  open.run.job = {};
  open.run.attribution = Attribution::none;
  open.run.phase = RunPhase::backing_off;
  open.run.not_before = now.wall + delay;
  open.run.failure = failure;
  keep_run(open);
  wait_again(open);
}

/// The last rung: a job that was stuck and is cancelled now is run again, where the policy says so.
bool Core::Machine::run_again(OpenRun& open, const JobView& job, const Recovery& recovery) {
  const auto& connection = connections[open.connection];
  if (recovery.action != StuckAction::cancel_and_rerun || connection.rule == nullptr ||
      open.run.attribution == Attribution::attached || open.run.schedule.empty() || is_paused(connection)) {
    return false;
  }
  const auto* slot = open.slot ? &slots[*open.slot] : nullptr;
  if (slot == nullptr || !slot->bound || slot->waiting) return false;  // its next tick runs it again
  tell(fact::RecoveryStep{fact::RecoveryAction::rerun, fact::RecoveryResult::asked, connection.view, job.id,
                          open.run.why});
  incidents.note({IncidentKind::stuck, recovery.kind, connection.view.id, {}},
                 fmt::format("another job follows after {}", to_string(policy_of(open).extra_jobs.initial)),
                 now.wall);
  next_job(open, policy_of(open).extra_jobs.initial, FailureClass::lost);
  return true;
}

void Core::Machine::job_read(const in::JobRead& read) {
  if (read.view) {
    const JobView& job = *read.view;
    if (is_terminal(job.status)) {
      see_ended(job, false);
      return;
    }
    if (auto* connection = find_connection(job.connection)) {
      for (auto& active : connection->active) {
        if (active.view.id != job.id) continue;
        active.view = job;
        active.reading = false;
        active.missing_polls = 0;
      }
    }
    return;
  }
  for (auto index = busy.next(0); index; index = busy.next(*index + 1)) {
    auto& active = connections[*index].active;
    const auto found = std::find_if(active.begin(), active.end(), [&](const ActiveJob& candidate) {
      return candidate.view.id == read.job;
    });
    if (found == active.end()) continue;
    if (read.view.error().code != Errc::not_found) {
      found->reading = false;
      return;
    }
    const JobView gone = found->view;
    tell(fact::Warning{
        fmt::format("job {} of {} is unknown to Airbyte now", gone.id.value, connections[*index].view.name)});
    drop_active(*index, read.job);
    Ending ending;
    ending.lost = FailureClass::lost;
    end_watchers(gone, ending);
    if (recoveries.contains(read.job)) drop_recovery(read.job);
    return;
  }
}

}  // namespace syncwarden::core
