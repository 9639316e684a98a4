// Incidents of connections, rules and the instance: what opens them and what closes them again.
#include "core/impl/machine.hpp"
#include "core/statistics.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

/// Airbyte is away for this long before somebody is told: a restart of its server is no incident.
constexpr Millis patience_with_outage{std::chrono::minutes{1}};
/// Failed jobs in a row of a connection that no rule names.
constexpr std::uint32_t observed_failures = 3;
/// After an outage, late data is told about only when it had time to catch up.
constexpr Millis catch_up_time{std::chrono::minutes{5}};
constexpr Millis longest_grace{std::chrono::hours{24}};

/// What a verified success proves to be over.
const std::set<IncidentKind>& healed_by_success() {
  static const std::set<IncidentKind> kinds{
      IncidentKind::sync_failing, IncidentKind::breaker_open,   IncidentKind::auto_disable_near,
      IncidentKind::stuck,        IncidentKind::cancel_failed,  IncidentKind::suspect_success,
      IncidentKind::data_late,    IncidentKind::volume_outlier, IncidentKind::disabled_by_airbyte};
  return kinds;
}

Severity severity_of(IncidentKind kind) {
  switch (kind) {
    case IncidentKind::airbyte_unreachable:
    case IncidentKind::fleet_hold:
    case IncidentKind::auto_disable_near:
    case IncidentKind::disabled_by_airbyte:
    case IncidentKind::intent_unresolved:
      return Severity::critical;
    case IncidentKind::volume_outlier:
    case IncidentKind::two_schedulers:
      return Severity::info;
    default:
      return Severity::warning;
  }
}

bool asks_for_a_page(const Labels& labels) {
  return std::any_of(labels.begin(), labels.end(), [](const auto& label) {
    return label.first == "severity" && (label.second == "page" || label.second == "critical");
  });
}

/// A job that is stuck in this way is in this status.
bool fits(StuckKind kind, JobStatus status) {
  switch (kind) {
    case StuckKind::pending:
      return status == JobStatus::pending;
    case StuckKind::queued:
      return status == JobStatus::queued;
    case StuckKind::between_attempts:
      return status == JobStatus::incomplete;
    default:
      return status == JobStatus::running;
  }
}

}  // namespace

IncidentBook::Report Core::Machine::report_on(const Connection& connection, IncidentKind kind,
                                              std::string summary, JobId job) const {
  IncidentBook::Report report;
  report.kind = kind;
  report.connection = connection.view.id;
  report.subject = std::string(connection.view.name);
  report.severity = severity_of(kind);
  report.summary = std::move(summary);
  report.job = job;
  report.link = timeline_link(plan->airbyte_ui, connection.view, job);
  if (connection.rule != nullptr) {
    report.labels = connection.rule->policy.labels;
    const bool urgent =
        asks_for_a_page(report.labels) ||
        (kind == IncidentKind::data_late && connection.rule->policy.priority == Priority::high);
    if (urgent && report.severity == Severity::warning) report.severity = Severity::critical;
  }
  return report;
}

void Core::Machine::listen_to_incidents() {
  incidents.listen([this](const Incident& incident, fact::IncidentChange change) {
    keep(put::PutIncident{incident});
    tell(fact::IncidentChanged{incident, change});
  });
}

void Core::Machine::raise(const Connection& connection, IncidentKind kind, std::string summary, JobId job) {
  incidents.raise(report_on(connection, kind, std::move(summary), job), now.wall);
}

void Core::Machine::raise_stuck(const Connection& connection, StuckKind kind, std::string summary,
                                JobId job) {
  auto report = report_on(connection, IncidentKind::stuck, std::move(summary), job);
  report.stuck = kind;
  incidents.raise(report, now.wall);
}

void Core::Machine::close_stuck(const Connection& connection, StuckKind kind, const std::string& why) {
  incidents.close({IncidentKind::stuck, kind, connection.view.id, {}}, why, now.wall);
}

/// What a former life has told of a job is over where the job has gone on.
void Core::Machine::close_told(const Connection& connection, ActiveJob& job) {
  if (!job.told || is_by_age(*job.told)) return;
  close_stuck(connection, *job.told, fmt::format("job {} moves again", job.view.id.value));
  job.told.reset();
}

/// Incidents of a former life, beside the first list of jobs.
void Core::Machine::resume_stuck() {
  for (const auto& [key, incident] : std::map<IncidentBook::Key, Incident>(incidents.open())) {
    auto* connection = incident.stuck ? find_connection(incident.connection) : nullptr;
    if (connection == nullptr) continue;
    if (incident.stuck == StuckKind::phantom) {
      connection->conflict = {now.mono, now.mono};
      if (!connection->active.empty()) saw_job(*connection);
      continue;
    }
    for (auto& job : connection->active) {
      if (job.view.id != incident.job) continue;
      job.told = incident.stuck;
      if (job.seen_in_poll > 0 && !fits(*incident.stuck, job.view.status)) close_told(*connection, job);
    }
  }
}

/// One incident for the whole instance, however many connections there are.
void Core::Machine::watch_outage() {
  const IncidentBook::Key key{IncidentKind::airbyte_unreachable, std::nullopt, {}, "Airbyte"};
  if (up) {
    incidents.close(key, "Airbyte answers again", now.wall);
    return;
  }
  if (!down_since || now.mono - *down_since < patience_with_outage || incidents.is_open(key)) return;
  IncidentBook::Report report;
  report.kind = IncidentKind::airbyte_unreachable;
  report.subject = "Airbyte";
  report.severity = Severity::critical;
  report.link = plan->airbyte_ui;
  report.summary = down_error ? to_string(*down_error) : std::string("no answer");
  incidents.raise(report, now.wall);
}

/// Airbyte was out of sight for this long: nothing that was missed meanwhile is anybody's fault yet.
void Core::Machine::came_back_after(Millis blind) {
  late_grace_until = now.wall + std::min(longest_grace, blind) + catch_up_time;
}

/// A run ended without success, and no other job follows by itself.
void Core::Machine::run_failed(ConnectionIndex index, const Run& run, const JobView& job) {
  auto& connection = connections[index];
  const std::uint32_t runs_in_a_row = ++connection.failed_runs;
  if (connection.rule == nullptr || runs_in_a_row < connection.rule->policy.incident_after) return;
  // pause_on_failure has told of this job, and of what to do.
  if (const Pause* pause = pause_of(connection); pause != nullptr && pause->by == paused_by_policy) return;
  const std::string_view message = job.failures.empty() ? std::string_view("Airbyte tells no reason")
                                                        : std::string_view(job.failures.front().message);
  raise(connection, IncidentKind::sync_failing,
        fmt::format("job {} failed ({}): {}", job.id.value,
                    to_string(run.failure.value_or(FailureClass::unknown)), message),
        job.id);
}

/// A failed job of any connection: the breaker, and Airbyte's own patience.
void Core::Machine::job_failed(Connection& connection, const JobView& job) {
  auto& past = connection.history;
  const auto rule = auto_disable_of(airbyte ? std::string_view(airbyte->version) : std::string_view());
  std::optional<Millis> since;
  if (past.last_success) since = now.wall - *past.last_success;
  if (near_auto_disable(rule, past.consecutive_failures, since)) {
    raise(connection, IncidentKind::auto_disable_near,
          fmt::format("{} failed jobs in a row; this Airbyte switches a connection off at {}",
                      past.consecutive_failures, rule.failed_jobs),
          job.id);
  }
  if (connection.rule == nullptr) {
    if (past.consecutive_failures >= observed_failures) {
      raise(connection, IncidentKind::sync_failing,
            fmt::format(
                "the last {} jobs failed; the newest is job {}: {}", past.consecutive_failures, job.id.value,
                job.failures.empty() ? std::string("Airbyte tells no reason") : job.failures.front().message),
            job.id);
    }
    return;
  }
  pause_on_failure(connection, job);
  const auto limit = breaker_limit(connection.rule->policy.breaker, rule);
  if (limit == 0 || past.consecutive_failures < limit || past.breaker || connection.schedules.empty()) return;
  past.breaker = BreakerState{now.wall, 0, std::nullopt};
  const std::string why = fmt::format("{} failed jobs in a row", past.consecutive_failures);
  tell(fact::RecoveryStep{fact::RecoveryAction::breaker_open, fact::RecoveryResult::done, connection.view,
                          job.id, why});
  raise(connection, IncidentKind::breaker_open,
        fmt::format("{}: only a probe every {} is started until one succeeds", why,
                    to_string(connection.rule->policy.breaker.probe_every)),
        job.id);
}

void Core::Machine::verified_success(ConnectionIndex index, const JobView& job, const std::string& outlier) {
  auto& connection = connections[index];
  connection.failed_runs = 0;
  if (std::exchange(connection.history.breaker, std::nullopt)) {
    tell(fact::RecoveryStep{fact::RecoveryAction::breaker_close, fact::RecoveryResult::done, connection.view,
                            job.id, "a job succeeded"});
  }
  auto healed = healed_by_success();
  if (!outlier.empty()) healed.erase(IncidentKind::volume_outlier);  // the next one of its kind
  incidents.close_all(connection.view.id, healed, fmt::format("job {} succeeded", job.id.value), now.wall);
  if (!outlier.empty()) raise(connection, IncidentKind::volume_outlier, outlier, job.id);
}

/// What a discovery shows of a connection beside its name.
void Core::Machine::watch_connection(Connection& connection, const ConnectionView& before, bool known) {
  const auto& view = connection.view;
  const auto key = [&](IncidentKind kind) { return IncidentBook::Key{kind, std::nullopt, view.id, {}}; };
  if (view.breaking_change) {
    raise(connection, IncidentKind::schema_decision,
          "its source's schema changed in a way that Airbyte does not accept by itself: review it in Airbyte",
          {});
  } else {
    incidents.close(key(IncidentKind::schema_decision), "no schema change waits for a decision", now.wall);
  }
  const bool off = view.status == ConnectionStatus::inactive || view.status == ConnectionStatus::locked;
  const bool was_on = known && before.status == ConnectionStatus::active;
  if (off && !view.status_reason.empty() &&
      (was_on || !known || before.status_reason != view.status_reason)) {
    raise(connection, IncidentKind::disabled_by_airbyte,
          fmt::format("Airbyte switched it off: {}", view.status_reason), {});
  }
  if (view.status == ConnectionStatus::active)
    incidents.close(key(IncidentKind::disabled_by_airbyte), "it is active again", now.wall);
  const bool both = connection.rule != nullptr && !connection.schedules.empty() &&
                    view.status == ConnectionStatus::active &&
                    (view.schedule == AirbyteSchedule::cron || view.schedule == AirbyteSchedule::basic) &&
                    connection.rule->policy.airbyte_schedule != AirbyteSchedulePolicy::set_manual;
  if (both) {
    raise(connection, IncidentKind::two_schedulers,
          fmt::format("Airbyte schedules it ({}) and so does {}", view.schedule_text, connection.rule->where),
          {});
  } else {
    incidents.close(key(IncidentKind::two_schedulers), "one scheduler drives it", now.wall);
  }
}

/// A managed connection that no rule names any more, without anybody having edited the rules. A restart tells
/// nothing about that: it opens none, and closes none that somebody has yet to see.
void Core::Machine::watch_management(Connection& connection, RulesWere rules) {
  auto& past = connection.history;
  const std::string where =
      connection.rule != nullptr && connection.present ? connection.rule->where : std::string{};
  const IncidentBook::Key key{IncidentKind::left_management, std::nullopt, connection.view.id, {}};
  if (where.empty() && !past.managed_by.empty() && rules == RulesWere::the_same) {
    raise(connection, IncidentKind::left_management,
          connection.present
              ? fmt::format("{} named it, and no rule does any more: was it renamed, or a tag removed?",
                            past.managed_by)
              : fmt::format("{} named it, and it is gone from Airbyte", past.managed_by),
          {});
  } else if (!where.empty() || rules == RulesWere::edited) {
    incidents.close(key, where.empty() ? "the rules were edited" : "a rule names it again", now.wall);
  }
  if (past.managed_by == where) return;
  past.managed_by = where;
  keep(put::PutHistory{past});
}

/// A rule that named connections and names none now.
void Core::Machine::watch_rules() {
  std::map<std::string, std::size_t> named;
  for (const auto& rule : plan->rules) named[rule.where];
  for (const auto& connection : connections) {
    if (connection.present && connection.rule != nullptr) ++named[connection.rule->where];
  }
  for (const auto& [where, count] : named) {
    const IncidentBook::Key key{IncidentKind::rule_matches_nothing, std::nullopt, {}, where};
    auto& before = rule_counts[where];
    if (count == 0 && before > 0) {
      IncidentBook::Report report;
      report.kind = IncidentKind::rule_matches_nothing;
      report.subject = where;
      report.summary = fmt::format("the rule named {} connections and names none now", before);
      incidents.raise(report, now.wall);
    } else if (count > 0) {
      incidents.close(key, "the rule names connections again", now.wall);
    }
    before = count;
  }
  for (const auto& [key, incident] : std::map<IncidentBook::Key, Incident>(incidents.open())) {
    if (incident.kind == IncidentKind::rule_matches_nothing && !named.contains(incident.subject))
      incidents.close(key, "the rule was edited", now.wall);
  }
}

/// Files when a connection's data becomes late, after anything that may have changed it.
void Core::Machine::expect_freshness(ConnectionIndex index) {
  const auto& connection = connections[index];
  std::optional<Instant> at;
  if (connection.present && connection.view.status == ConnectionStatus::active) at = stale_after(connection);
  if (at) {
    late.set(index, *at);
  } else {
    late.remove(index);
    incidents.close({IncidentKind::data_late, std::nullopt, connection.view.id, {}},
                    "nothing is expected of it now", now.wall);
  }
}

/// A tick that was to rest, or was given up with its time, brings no data: the next one does.
void Core::Machine::expect_nothing_of(Slot& slot, const Tick& tick) {
  const bool rests = tick.reason == TickReason::paused || tick.reason == TickReason::down ||
                     tick.reason == TickReason::inactive || tick.reason == TickReason::blackout;
  if (!rests || tick.nominal <= slot.given_up) return;
  slot.given_up = tick.nominal;
  connections[slot.connection].expected_after.reset();
  expect_freshness(slot.connection);
}

/// Since when a run of the connection makes up for what was missed; nothing where none does.
std::optional<Instant> Core::Machine::catching_up_since(const Connection& connection) const {
  std::optional<Instant> newest;
  const auto look = [&](const RunId& id) {
    const auto& open = runs.at(id);
    if (open.run.cause != TriggerCause::catch_up) return;
    const Instant since =
        open.run.intended != Instant{} ? open.run.intended : now.wall - (now.mono - open.since);
    newest = std::max(newest.value_or(since), since);
  };
  for (const ScheduleIndex index : connection.schedules) {
    if (slots[index].waiting) look(*slots[index].waiting);
  }
  for (const RunId& id : connection.holding) look(id);
  for (const auto& job : connection.active) {
    const auto watched = watchers.find(job.view.id);
    if (watched == watchers.end()) continue;
    for (const RunId& id : watched->second) look(id);
  }
  return newest;
}

/// A planned blackout and a run that catches up excuse what nobody gave a deadline of its own, until there
/// was time for it.
std::optional<Instant> Core::Machine::excused_until(const Connection& connection) const {
  static const FreshnessPolicy defaults;
  const auto& policy = connection.rule != nullptr ? connection.rule->policy.freshness : defaults;
  if (!std::holds_alternative<LateAuto>(policy.late_after)) return std::nullopt;
  const Millis patience =
      std::max(least_patience, 2 * typical_duration(connection.history.samples).value_or(Millis{}));
  // Nobody knows yet how long it takes.
  if (connection.history.samples.empty() && !connection.active.empty()) return now.wall + least_patience;
  std::optional<Instant> caught_up = catching_up_since(connection);
  if (caught_up) *caught_up += patience;
  Instant until{};
  const Blackout* blackout = blackout_of(connection, &until);
  if (blackout == nullptr) return caught_up;
  if (blackout->skip_ticks) {
    // What was due meanwhile is not caught up.
    std::optional<Instant> next;
    for (const ScheduleIndex index : connection.schedules) {
      const auto* calendar = slots[index].when.calendar();
      const auto tick = calendar == nullptr ? std::nullopt
                                            : next_tick(*calendar, slots[index].id.text,
                                                        connection.rule->policy.jitter, until);
      if (tick && (!next || tick->due < *next)) next = tick->due;
    }
    until = next.value_or(until);
  }
  return std::max(until + patience, caught_up.value_or(Instant{}));
}

/// Only with a picture of the present: what cannot be seen is not late.
void Core::Machine::tell_late() {
  if (now.wall < late_grace_until || fleet_held_since) return;
  while (!late.empty() && late.first().at < now.wall) {
    const auto [at, index] = late.first();
    late.remove(index);
    auto& connection = connections[index];
    if (is_paused(connection)) {
      // Nobody expects data while somebody has paused it; it is looked at again when that ends.
      continue;
    }
    if (const auto later = excused_until(connection); later && *later >= now.wall) {
      late.set(index, *later);
      continue;
    }
    raise(connection, IncidentKind::data_late,
          connection.history.last_success
              ? fmt::format("no verified success since {}; one was expected by {}",
                            to_rfc3339(*connection.history.last_success), to_rfc3339(at))
              : fmt::format("no verified success is known; one was expected by {}", to_rfc3339(at)),
          connection.history.last_ended);
  }
}

/// A request whose effect has not become known although time enough has passed for a person to look.
void Core::Machine::tell_unresolved() {
  std::vector<IncidentBook::Key> settled;
  const auto& open_ones = incidents.open();
  for (auto entry = open_ones.lower_bound({IncidentKind::intent_unresolved, std::nullopt, {}, {}});
       entry != open_ones.end() && entry->second.kind == IncidentKind::intent_unresolved; ++entry) {
    const auto* connection = find_connection(entry->second.connection);
    const bool still =
        connection != nullptr &&
        std::any_of(connection->holding.begin(), connection->holding.end(), [&](const RunId& id) {
          const auto& open = runs.at(id);
          return open.run.phase == RunPhase::unresolved || open.asks_once_more;
        });
    if (!still) settled.push_back(entry->first);
  }
  for (const auto& key : settled) incidents.close(key, "no request of its is unresolved any more", now.wall);
  for (const auto& [intended, id] : unresolved) {
    const auto& open = runs.at(id);
    if (now.mono - open.since < 2 * plan->settle) continue;
    raise(connections[open.connection], IncidentKind::intent_unresolved,
          fmt::format(
              "a sync was requested at {} and nothing shows whether Airbyte took it: look for a job of that "
              "time; starting one by hand settles it",
              to_rfc3339(intended)),
          {});
  }
}

}  // namespace syncwarden::core
