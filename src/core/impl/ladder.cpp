// The recovery ladder: a reading raises a suspicion, a second look confirms it, an incident tells of it, and
// where the policy says so the job is cancelled, waited for and run again. Nothing here acts on a failed
// read.
#include "core/impl/machine.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

/// One request and two repetitions.
constexpr std::uint32_t most_cancel_requests = 3;
/// A poll that slow would otherwise decide how long a stuck job goes unnoticed; counters move within less.
constexpr Millis second_look_after{std::chrono::seconds{30}};
/// A gap between two polls that is longer than this is no observation.
constexpr Millis least_gap{std::chrono::minutes{2}};
/// Airbyte refuses twice, this far apart, and lists nothing.
constexpr Millis phantom_apart{std::chrono::minutes{1}};
/// Beyond the due instant of Airbyte's own schedule.
constexpr Millis missed_run_grace = airbyte_jitter + Millis{std::chrono::minutes{5}};
constexpr Millis missed_run_tolerance{std::chrono::minutes{1}};

/// "every 24 hours", as the decoder writes a basic schedule.
std::optional<Millis> basic_interval(std::string_view text) {
  using namespace std::chrono;
  constexpr std::array<std::pair<std::string_view, Millis>, 5> units{{{"minute", minutes{1}},
                                                                      {"hour", hours{1}},
                                                                      {"day", hours{24}},
                                                                      {"week", hours{24 * 7}},
                                                                      {"month", hours{24 * 30}}}};
  constexpr std::string_view every = "every ";
  if (!text.starts_with(every)) return std::nullopt;
  text.remove_prefix(every.size());
  std::int64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count <= 0 || count > 100'000) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  for (const auto& [name, length] : units) {
    if (unit.find(name) != std::string_view::npos) return count * length;
  }
  return std::nullopt;
}

const StuckPolicy& stuck_policy_of(const Connection& connection) {
  static const StuckPolicy defaults;
  return connection.rule != nullptr ? connection.rule->policy.stuck : defaults;
}

}  // namespace

/// A complete poll has been answered: the observed clock goes on.
void Core::Machine::observed_poll() { observed.saw(poll_asked, longest_gap()); }

Millis Core::Machine::longest_gap() const { return std::max(least_gap, 3 * plan->poll.max); }

/// A reading of an active job that a poll shows.
void Core::Machine::read_active(ConnectionIndex index, ActiveJob& job, const JobView& reading) {
  auto& connection = connections[index];
  const bool expected_only = job.seen_in_poll == 0;
  if (expected_only) {
    job.watch.begin(reading, observed.now());
  } else {
    const bool moves = job.watch.read(job.view, reading, observed.now());
    if (job.stuck && (moves || job.view.status != reading.status) && !is_by_age(*job.stuck)) {
      close_stuck(connection, *job.stuck, fmt::format("job {} moves again", reading.id.value));
      job.stuck.reset();
    }
    if (moves || job.view.status != reading.status) close_told(connection, job);
    if (moves) forget_cancel(connection, reading);
  }
  const auto found =
      suspect(reading, job.watch, observed.now(), now.wall, stuck_policy_of(connection), connection.history);
  if (!found) {
    job.suspected.reset();
    job.looked.reset();
    return;
  }
  if (job.stuck == found->kind || job.inspecting || job.stuck == StuckKind::orphan) return;
  if (job.suspected != found->kind) {
    job.suspected = found->kind;
    job.looked.reset();
    tell(fact::StuckFound{found->kind, connection.view, reading.id, false, found->evidence});
  }
  job.evidence = found->evidence;
  job.inspecting = true;
  effect(out::InspectJob{reading.id, connection.view.id, connection.view.workspace, reading.attempts});
}

void Core::Machine::job_inspected(const in::JobInspected& inspected) {
  const auto place = find_active(inspected.job);
  if (!place) return;
  auto& connection = connections[place->first];
  auto& job = connection.active[place->second];
  job.inspecting = false;
  if (!inspected.inspection || !job.suspected) return;  // the next poll asks again
  const auto& second = *inspected.inspection;
  switch (confirm(*job.suspected, job.view, second, job.looked)) {
    case Confirmation::look_again:
      look_again_at(job, second.job.counters);
      return;
    case Confirmation::moved:
      // What was told before is no progress: a reading that lacks something for a moment, and then has it
      // again.
      if (job.suspected == StuckKind::no_progress && second.job.status == job.view.status &&
          second.job.attempts == job.view.attempts && !job.watch.shows_new(second.job.counters)) {
        look_again_at(job, second.job.counters);
        return;
      }
      job.watch.changed_at = observed.now();
      job.suspected.reset();
      job.looked.reset();
      return;
    case Confirmation::rate_limited: {
      // Until its quota is back; without a date it is looked at again when it has been still as long once
      // more.
      job.watch.changed_at = observed.now();
      for (const auto& stream : second.streams) {
        if (stream.quota_reset)
          job.watch.quiet_until =
              std::max(job.watch.quiet_until.value_or(*stream.quota_reset), *stream.quota_reset);
      }
      job.suspected.reset();
      job.looked.reset();
      return;
    }
    case Confirmation::ended: {
      const JobView ended = second.job;
      see_ended(ended, false);
      return;
    }
    case Confirmation::orphan:
      stuck_confirmed(
          place->first, job, StuckKind::orphan,
          "the job says that it runs, its workflow says that nothing does; a new sync replaces it");
      return;
    case Confirmation::stuck:
      stuck_confirmed(place->first, job, *job.suspected, job.evidence);
      return;
  }
}

void Core::Machine::stuck_confirmed(ConnectionIndex index, ActiveJob& job, StuckKind kind,
                                    std::string evidence) {
  auto& connection = connections[index];
  if (job.stuck && *job.stuck != kind) close_stuck(connection, *job.stuck, "it is stuck in another way now");
  job.stuck = kind;
  job.suspected.reset();
  job.looked.reset();
  tell(fact::StuckFound{kind, connection.view, job.view.id, true, evidence});
  raise_stuck(connection, kind, fmt::format("job {}: {}", job.view.id.value, evidence), job.view.id);
  act_on_stuck(index, job);
}

/// Half a minute on, the counters must still be these.
void Core::Machine::look_again_at(ActiveJob& job, const JobCounters& counters) {
  if (has_statistics(counters)) job.looked = counters;
  if (!job.looked) job.looked.emplace();
  if (reading_jobs) return;
  const Mono soon = now.mono + second_look_after;
  next_jobs = std::min(next_jobs.value_or(soon), soon);
}

/// What the policy allows for this job; everything that forbids it makes it an alert.
StuckAction Core::Machine::permitted_action(const Connection& connection, const ActiveJob& job) const {
  if (connection.rule == nullptr || plan->mode == Mode::shadow || job.view.type != JobType::sync)
    return StuckAction::alert;
  const auto& policy = connection.rule->policy.stuck;
  const StuckAction action = action_for(policy, *job.stuck);
  if (action == StuckAction::alert) return action;
  // Before 2.1 a cancel of a pending job does nothing, and a new sync joins it (reference 6.4).
  const bool early = job.stuck == StuckKind::pending || job.stuck == StuckKind::queued;
  if (early && !(airbyte && version_at_least(airbyte->version, 2, 1))) return StuckAction::alert;
  // The Public API shows committed counters only, which rest for hours in healthy jobs.
  if (job.stuck == StuckKind::no_progress && airbyte && airbyte->api == "public") return StuckAction::alert;
  // Counters that were there and are not told any more may move.
  if (job.stuck == StuckKind::no_progress && !has_statistics(job.view.counters)) {
    const auto& began = job.view.attempt_started;
    const bool seen_whole = began && *began >= booted_at;
    if (job.watch.has_shown_counters() || !seen_whole) return StuckAction::alert;
  }
  if (connection.view.status != ConnectionStatus::active) return StuckAction::alert;
  if (cancels_of(job.view.id) >= policy.max_cancels) return StuckAction::alert;
  return action;
}

/// How often a job of the same run was cancelled before.
std::uint32_t Core::Machine::cancels_of(JobId job) const {
  std::uint32_t cancels = 0;
  if (const auto watched = watchers.find(job); watched != watchers.end()) {
    for (const RunId& id : watched->second) cancels = std::max(cancels, runs.at(id).run.cancels);
  }
  return cancels;
}

void Core::Machine::act_on_stuck(ConnectionIndex index, ActiveJob& job) {
  auto& connection = connections[index];
  const JobId id = job.view.id;
  if (!job.stuck || stopping || !store_healthy) return;
  const auto known = recoveries.find(id);
  // Where a person could do nothing, the policy may.
  if (known != recoveries.end() && !(known->second.first.given_up && !known->second.first.by.empty())) return;
  const StuckAction action = permitted_action(connection, job);
  if (action == StuckAction::alert) return;
  // It was found under the policy of that moment. Another one may be in force now, and ask for more.
  const auto still = suspect(job.view, job.watch, observed.now(), now.wall, connection.rule->policy.stuck,
                             connection.history);
  if (!still || still->kind != *job.stuck) return;
  // Maintenance, a pause and a fleet that fails hold recovery back; the next poll looks again.
  if (blackout_of(connection) != nullptr || is_paused(connection) || fleet_held_since) return;
  Recovery recovery{id, connection.view.id, *job.stuck, action, 0, now.wall, now.wall, false};
  if (const auto watched = watchers.find(id); watched != watchers.end()) {
    for (const RunId& run : watched->second) {
      auto& open = runs.at(run);
      ++open.run.cancels;
      keep_run(open);
    }
  }
  recoveries[id] = {recovery, observed.now()};
  ask_cancel(connection, id, job.evidence);
}

/// Writes that a cancel is asked for, and asks.
void Core::Machine::ask_cancel(Connection& connection, JobId job, const std::string& why) {
  auto& [recovery, asked] = recoveries.at(job);
  ++recovery.requests;
  recovery.last_asked = now.wall;
  asked = observed.now();
  keep(put::PutRecovery{recovery});
  tell(fact::RecoveryStep{fact::RecoveryAction::cancel, fact::RecoveryResult::asked, connection.view, job,
                          why});
  if (recovery.kind) {
    incidents.note({IncidentKind::stuck, recovery.kind, connection.view.id, {}},
                   fmt::format("cancel of job {} requested, attempt {}", job.value, recovery.requests),
                   now.wall);
  }
  effect(out::CancelJob{job, connection.view.id, meant_attempts(recovery)});
}

/// What a job did not do in one attempt says nothing about the next one; its age goes on.
std::optional<std::uint32_t> Core::Machine::meant_attempts(const Recovery& recovery) const {
  const auto place = find_active(recovery.job);
  if (!recovery.kind || is_by_age(*recovery.kind) || !place) return std::nullopt;
  return connections[place->first].active[place->second].view.attempts;
}

void Core::Machine::give_up_cancel(const Connection& connection, Recovery& recovery, std::string what) {
  recovery.given_up = true;
  keep(put::PutRecovery{recovery});
  tell(fact::RecoveryStep{fact::RecoveryAction::cancel, fact::RecoveryResult::timed_out, connection.view,
                          recovery.job, "it did not end"});
  raise(connection, IncidentKind::cancel_failed, std::move(what), recovery.job);
}

/// After every complete poll: cancels that had no effect in time, and stuck jobs that something held back.
void Core::Machine::pass_ladder() {
  std::vector<JobId> overdue;
  for (const auto& [job, entry] : recoveries) {
    const Millis patience = lost_cancels.contains(job) ? second_look_after : plan->cancel_timeout;
    if (!entry.first.given_up && observed.now() - entry.second >= patience) overdue.push_back(job);
  }
  for (const JobId job : overdue) {
    auto& [recovery, asked] = recoveries.at(job);
    const bool by_hand = !recovery.by.empty();
    auto* connection = find_connection(recovery.connection);
    // Nobody asks for it any more, or there is nothing to cancel.
    if (connection == nullptr || (connection->rule == nullptr && !by_hand) || !find_active(job)) {
      drop_recovery(job);
      continue;
    }
    if (by_hand) {
      pass_cancel_by_hand(*connection, job);
      continue;
    }
    // After a restart it is found still once more before anybody asks again: it may have moved meanwhile.
    const auto place = find_active(job);
    const bool found = connections[place->first].active[place->second].stuck.has_value();
    if (recovery.kind && !is_by_age(*recovery.kind) && !found) continue;
    if (recovery.requests < most_cancel_requests) {
      if (store_healthy && !stopping) ask_cancel(*connection, job, "it has not ended since the last request");
      continue;
    }
    give_up_cancel(
        *connection, recovery,
        fmt::format("job {} was cancelled {} times and has not ended", job.value, recovery.requests));
  }
  for (auto at = busy.next(0); at; at = busy.next(*at + 1)) {
    const ConnectionIndex index = *at;
    for (auto& job : connections[index].active) {
      if (job.stuck && !job.inspecting) act_on_stuck(index, job);
    }
  }
}

void Core::Machine::drop_recovery(JobId job) {
  recoveries.erase(job);
  lost_cancels.erase(job);
  keep(put::DropRecovery{job});
}

/// A job that makes progress after it was to be cancelled is not asked to end again: the request is lost, and
/// what it was for is over.
void Core::Machine::forget_cancel(const Connection& connection, const JobView& job) {
  const auto entry = recoveries.find(job.id);
  if (entry == recoveries.end() || job.status != JobStatus::running) return;
  const auto& recovery = entry->second.first;
  const bool by_movement = recovery.kind == StuckKind::no_progress ||
                           recovery.kind == StuckKind::between_attempts ||
                           recovery.kind == StuckKind::pending || recovery.kind == StuckKind::queued;
  if (!by_movement) return;
  tell(fact::RecoveryStep{fact::RecoveryAction::cancel, fact::RecoveryResult::not_needed, connection.view,
                          job.id, "it moves again"});
  drop_recovery(job.id);
}

namespace {

/// Why nothing was cancelled; nothing where something was, or may have been.
std::optional<std::string> why_spared(CancelResult result) {
  switch (result) {
    case CancelResult::already_ended:
      return "it had ended already";
    case CancelResult::not_latest:
      return "another job of the connection is newer";
    case CancelResult::has_moved:
      return "it has begun another attempt";
    case CancelResult::accepted:
    case CancelResult::failed:
      break;
  }
  return std::nullopt;
}

}  // namespace

void Core::Machine::cancel_answered(const in::CancelAnswered& answered) {
  const auto entry = recoveries.find(answered.job);
  auto* connection = entry == recoveries.end() ? nullptr : find_connection(entry->second.first.connection);
  if (answered.result == CancelResult::failed && answered.error) {
    tell(fact::Warning{
        fmt::format("job {} could not be cancelled: {}", answered.job.value, to_string(*answered.error))});
  }
  if (connection != nullptr) {
    if (const auto spared = why_spared(answered.result)) {
      // Nothing was sent: what would be hit is not what it was meant for.
      tell(fact::RecoveryStep{fact::RecoveryAction::cancel, fact::RecoveryResult::not_needed,
                              connection->view, answered.job, *spared});
      drop_recovery(answered.job);
    } else if (answered.result == CancelResult::failed) {
      tell(fact::RecoveryStep{fact::RecoveryAction::cancel, fact::RecoveryResult::refused, connection->view,
                              answered.job, answered.error ? to_string(*answered.error) : std::string{}});
      if (!entry->second.first.by.empty())
        lost_cancels[answered.job] = answered.error ? to_string(*answered.error) : std::string{};
    }
  }
  if (airbyte && !reading_jobs) next_jobs = now.mono;
}

/// A job that was being cancelled has ended. What comes next for its run is the ladder's, unless it ended by
/// itself.
std::optional<Recovery> Core::Machine::end_recovery(const Connection& connection, const JobView& job) {
  const auto entry = recoveries.find(job.id);
  if (entry == recoveries.end()) return std::nullopt;
  const Recovery recovery = entry->second.first;
  drop_recovery(job.id);
  const bool by_cancel = job.status == JobStatus::cancelled;
  tell(fact::RecoveryStep{
      fact::RecoveryAction::cancel, by_cancel ? fact::RecoveryResult::done : fact::RecoveryResult::not_needed,
      connection.view, job.id,
      by_cancel ? "it has ended" : fmt::format("it {} by itself", to_string(job.status))});
  if (recovery.kind) {
    incidents.note({IncidentKind::stuck, recovery.kind, connection.view.id, {}},
                   fmt::format("job {} is {}", job.id.value, to_string(job.status)), now.wall);
  }
  return by_cancel ? std::optional(recovery) : std::nullopt;
}

/// Runs a job again that no run of ours had started.
void Core::Machine::rerun_foreign(ConnectionIndex index, const JobView& job, const Recovery& recovery) {
  if (recovery.action != StuckAction::cancel_and_rerun || watchers.contains(job.id)) return;
  auto& connection = connections[index];
  if (connection.rule == nullptr || is_paused(connection)) return;
  OpenRun open;
  open.run.id = make_run_id(
      ScheduleId{fmt::format("{}/rerun of {}", connection.view.id.text.view(), job.id.value)}, job.created);
  open.run.connection = connection.view.id;
  // What was created since, before this life began, may be the job that is asked for here.
  open.run.nominal = std::min(job.updated, now.wall);
  open.run.due = now.wall + connection.rule->policy.extra_jobs.initial;
  open.run.cause = TriggerCause::retry;
  open.run.cancels = 1;
  open.run.phase = RunPhase::backing_off;
  open.run.not_before = open.run.due;
  open.run.why = fmt::format("job {} was stuck ({}) and cancelled", job.id.value, to_string(*recovery.kind));
  open.connection = index;
  open.since = now.mono;
  open.tick_decided = true;  // it answers for no tick
  const auto [kept, fresh] = runs.emplace(open.run.id, open);
  if (!fresh) return;
  tell(fact::RecoveryStep{fact::RecoveryAction::rerun, fact::RecoveryResult::asked, connection.view, job.id,
                          open.run.why});
  keep_run(kept->second);
  wait_unscheduled(kept->second);
}

/// 409 to a first request, and the next complete polls list nothing: Airbyte runs something that it does not
/// show.
void Core::Machine::saw_conflict(Connection& connection) {
  if (!connection.conflict) connection.conflict = {now.mono, now.mono};
  connection.conflict->second = now.mono;
  if (now.mono - connection.conflict->first < phantom_apart) return;
  // Only a list that was asked for since can lack the job.
  const auto& listed = connection.listed ? connection.listed : whole_listed;
  if (!up || !listed || *listed < connection.conflict->first) return;
  tell(fact::StuckFound{StuckKind::phantom, connection.view, {}, true, "409 twice, and no job is listed"});
  raise_stuck(connection, StuckKind::phantom,
              "Airbyte refuses a sync because one is running, and lists none: cancelling any old job of this "
              "connection in Airbyte frees it",
              connection.history.last_job);
}

/// Any job of the connection that is seen proves that there is no phantom.
void Core::Machine::saw_job(Connection& connection) {
  if (!std::exchange(connection.conflict, std::nullopt)) return;
  close_stuck(connection, StuckKind::phantom, "a job runs again");
}

std::optional<std::pair<ConnectionIndex, std::size_t>> Core::Machine::find_active(JobId job) const {
  for (auto at = busy.next(0); at; at = busy.next(*at + 1)) {
    const ConnectionIndex index = *at;
    const auto& active = connections[index].active;
    for (std::size_t i = 0; i < active.size(); ++i) {
      if (active[i].view.id == job) return std::pair{index, i};
    }
  }
  return std::nullopt;
}

// ---- many at once

void Core::Machine::count_for_fleet(const JobView& job) {
  const auto& hold = plan->fleet_hold;
  if (hold.failed_ratio <= 0 || job.status == JobStatus::cancelled) return;
  recent_ends.emplace_back(now.mono, job.status == JobStatus::failed);
  if (job.status == JobStatus::failed) ++recent_failures;
  while (!recent_ends.empty() && recent_ends.front().first + hold.window < now.mono) {
    if (recent_ends.front().second) --recent_failures;
    recent_ends.pop_front();
  }
  if (fleet_held_since) {
    if (job.status != JobStatus::succeeded || job.created < fleet_held_wall) return;
    release_fleet(fmt::format("job {} succeeded: starts go on", job.id.value));
    return;
  }
  if (recent_ends.size() < hold.min_jobs ||
      static_cast<double>(recent_failures) < hold.failed_ratio * static_cast<double>(recent_ends.size())) {
    return;
  }
  fleet_held_since = now.mono;
  fleet_held_wall = now.wall;
  fleet_next_probe = now.mono + hold.window / 3;
  fleet_probes = 0;
  IncidentBook::Report report;
  report.kind = IncidentKind::fleet_hold;
  report.subject = "Airbyte";
  report.severity = Severity::critical;
  report.link = plan->airbyte_ui;
  report.summary = fmt::format("{} of {} jobs failed within {}: starts are held, one at a time is tried",
                               recent_failures, recent_ends.size(), to_string(hold.window));
  incidents.raise(report, now.wall);
}

/// A hold of a former life goes on, and tries at once.
void Core::Machine::resume_fleet_hold() {
  const auto entry = incidents.open().find({IncidentKind::fleet_hold, std::nullopt, {}, "Airbyte"});
  if (entry == incidents.open().end()) return;
  if (plan->fleet_hold.failed_ratio <= 0) {
    release_fleet("fleet_hold is switched off");
    return;
  }
  fleet_held_since = fleet_next_probe = now.mono;
  fleet_held_wall = entry->second.updated;
}

void Core::Machine::release_fleet(const std::string& why) {
  if (fleet_held_since) came_back_after(now.mono - *fleet_held_since);
  fleet_held_since.reset();
  recent_ends.clear();
  recent_failures = 0;
  incidents.close({IncidentKind::fleet_hold, std::nullopt, {}, "Airbyte"}, why, now.wall);
}

/// While starts are held, one at a time is let through, at growing distances.
bool Core::Machine::fleet_lets_through() {
  if (!fleet_held_since) return true;
  if (now.mono < fleet_next_probe) return false;
  const auto doublings = std::min<std::uint32_t>(fleet_probes++, 4);
  fleet_next_probe = now.mono + (plan->fleet_hold.window / 3) * (1 << doublings);
  return true;
}

// ---- Airbyte's own schedules

/// Reads Airbyte's own schedule once for each text.
void Core::Machine::read_airbyte_schedule(Connection& connection) {
  const std::string text(connection.view.schedule_text);
  if (connection.airbyte_text == text) return;
  connection.airbyte_text = text;
  connection.airbyte_cron.reset();
  connection.airbyte_every =
      connection.view.schedule == AirbyteSchedule::basic ? basic_interval(text) : std::nullopt;
  if (connection.view.schedule != AirbyteSchedule::cron) return;
  const auto zone = text.rfind(' ');
  if (zone == std::string::npos) return;
  auto cron =
      calendar::Schedule::cron({text.substr(0, zone), text.substr(zone + 1), calendar::DstPolicy::quartz});
  if (cron) connection.airbyte_cron = std::move(*cron);
}

/// When Airbyte itself should have created a job at the latest.
void Core::Machine::expect_airbyte_run(ConnectionIndex index) {
  auto& connection = connections[index];
  airbyte_due.remove(index);
  if (!connection.present || connection.view.status != ConnectionStatus::active) return;
  read_airbyte_schedule(connection);
  const auto& newest = connection.history.newest_job_created;
  if (!newest) return;
  std::optional<Instant> due_at;
  if (connection.airbyte_cron) due_at = connection.airbyte_cron->next(*newest + missed_run_tolerance);
  // Counted from any job, also from those that do not postpone it: rather late than a false alarm.
  if (connection.airbyte_every) due_at = *newest + *connection.airbyte_every;
  // What was due while nobody looked is nobody's to judge.
  if (due_at && *due_at < watched_since) {
    due_at = connection.airbyte_cron ? connection.airbyte_cron->next(watched_since)
                                     : std::optional(watched_since + *connection.airbyte_every);
  }
  if (!due_at) return;
  airbyte_due.set(index, *due_at + missed_run_grace);
}

void Core::Machine::tell_missed_runs() {
  while (!airbyte_due.empty() && airbyte_due.first().at < now.wall) {
    const auto [at, index] = airbyte_due.first();
    airbyte_due.remove(index);
    auto& connection = connections[index];
    const Instant due_at = at - missed_run_grace;
    const bool ran =
        connection.history.newest_job_created.value_or(Instant{}) >= due_at - missed_run_tolerance;
    // Out of sight since then, or something still runs: nobody can say that it was missed.
    if (ran || !connection.active.empty() || due_at < watched_since) {
      if (connection.active.empty()) expect_airbyte_run(index);
      // Airbyte's clock and ours may disagree about a minute: never the same instant twice.
      if (!airbyte_due.empty() && airbyte_due.first().number == index && airbyte_due.first().at <= at)
        airbyte_due.remove(index);
      continue;
    }
    tell(fact::StuckFound{
        StuckKind::missed_run, connection.view, {}, true, fmt::format("due at {}", to_rfc3339(due_at))});
    raise_stuck(
        connection, StuckKind::missed_run,
        fmt::format(
            "Airbyte's own schedule ({}) was due at {}, and no job came: switching the connection off "
            "and on in Airbyte wakes it",
            connection.view.schedule_text, to_rfc3339(due_at)),
        {});
  }
}

}  // namespace syncwarden::core
