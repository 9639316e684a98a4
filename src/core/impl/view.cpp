// What others may read: computed from the state at the moment of asking, so that it cannot drift.
#include "core/impl/machine.hpp"
#include "core/statistics.hpp"

#include <algorithm>

namespace syncwarden::core {
/// The instant after which a connection without a new success counts as late; nothing without an expectation.
/// When data should come next after an instant, by who really starts the connection.
std::optional<Instant> Core::Machine::expected_after(const Connection& connection, Instant since) const {
  const bool by_airbyte = connection.schedules.empty() ||
                          connection.rule->policy.airbyte_schedule == AirbyteSchedulePolicy::refuse;
  if (by_airbyte && connection.airbyte_every) return since + *connection.airbyte_every + airbyte_jitter;
  if (by_airbyte && connection.airbyte_cron) {
    const auto next = connection.airbyte_cron->next(since);
    return next ? std::optional(*next + airbyte_jitter) : std::nullopt;
  }
  std::optional<Instant> first;
  for (const ScheduleIndex index : connection.schedules) {
    const auto& slot = slots[index];
    const auto* calendar = slot.when.calendar();
    if (calendar == nullptr) continue;
    // Nobody expects it before its jitter is over, nor what was due before the schedule was there or while it
    // rested.
    const auto next = next_tick(*calendar, slot.id.text, connection.rule->policy.jitter,
                                std::max({since, slot.range_begin, slot.given_up}));
    if (next && (!first || next->due < *first)) first = next->due;
  }
  return first;
}

std::optional<Instant> Core::Machine::stale_after(const Connection& connection) const {
  if (connection.rule == nullptr) return std::nullopt;
  const Instant since = connection.history.last_success.value_or(connection.history.first_seen);
  auto& remembered = connection.expected_after;
  if (!remembered || remembered->first != since) remembered = {since, expected_after(connection, since)};
  const auto& policy = connection.rule->policy.freshness;
  if (!std::holds_alternative<LateAuto>(policy.late_after) || remembered->second)
    return late_after(policy, connection.history, remembered->second);
  // keep_fresh is a promise of its own.
  for (const ScheduleIndex index : connection.schedules) {
    if (const auto* fresh = slots[index].when.keep_fresh()) return since + fresh->target;
  }
  return std::nullopt;
}

/// Sorted when it is asked for after new ones came, not as each of them comes.
const std::vector<ConnectionIndex>& Core::Machine::in_order() const {
  auto& order = connections_by_id;
  if (order.size() == connections.size()) return order;
  while (order.size() < connections.size()) order.push_back(static_cast<ConnectionIndex>(order.size()));
  std::sort(order.begin(), order.end(), [this](ConnectionIndex a, ConnectionIndex b) {
    return connections[a].view.id < connections[b].view.id;
  });
  return order;
}

ConnectionPicture Core::Machine::picture(const Connection& connection) const {
  ConnectionPicture picture;
  picture.view = &connection.view;
  picture.managed = connection.rule != nullptr;
  if (connection.rule != nullptr) {
    picture.priority = connection.rule->policy.priority;
    picture.freshness_objective = connection.rule->policy.freshness.objective;
  }
  picture.last_success = connection.history.last_success;
  picture.last_completion = connection.history.last_completion;
  picture.consecutive_failures = connection.history.consecutive_failures;
  if (!connection.active.empty()) picture.running_since = connection.active.front().view.created;
  for (const ScheduleIndex index : connection.schedules) {
    const auto& next = slots[index].next;
    if (next && (!picture.next_run || next->due < *picture.next_run)) picture.next_run = next->due;
  }
  picture.stale_after = stale_after(connection);
  picture.pause = pause_of(connection);
  picture.breaker_open = connection.history.breaker.has_value();
  return picture;
}

/// The last thing that holds a run that wants to start, in words.
WaitingPicture Core::Machine::waiting_picture(const OpenRun& open) const {
  WaitingPicture picture{open.run.schedule, open.run.nominal, WaitCause::pacing, {}};
  if (open.held) {
    picture.cause = *open.held;
    picture.what = open.held_by;
  } else if (open.parked) {
    picture.cause = WaitCause::slot;
    picture.what = "limit " + limits.name(*open.parked);
  } else if (open.waits_for_end || open.gate_after_poll) {
    picture.cause = WaitCause::overlap;
    picture.what = "waits for the end of what runs";
  } else if (open.backs_off) {
    picture.cause = WaitCause::backoff;
    picture.what = "an extra job at " + to_rfc3339(open.run.not_before);
  } else {
    picture.cause = wait_of_all();
    if (picture.cause == WaitCause::airbyte_down && down_error) picture.what = down_error->message;
  }
  return picture;
}

/// What everybody waits for who is ready to start.
WaitCause Core::Machine::wait_of_all() const {
  if (!store_healthy) return WaitCause::store_down;
  if (!can_trigger() && !(throttled_until && *throttled_until > now.mono)) return WaitCause::airbyte_down;
  return fleet_held_since ? WaitCause::fleet_hold : WaitCause::pacing;
}

bool Core::Machine::with_connection(const ConnectionId& id,
                                    const std::function<void(const ConnectionPicture&)>& visit) const {
  const auto found = connection_index.find(id);
  if (found == connection_index.end() || !connections[found->second].present) return false;
  const auto& connection = connections[found->second];
  auto full = picture(connection);
  const auto& past = connection.history;
  full.typical_duration = typical_duration(past.samples);
  if (!past.samples.empty()) {
    full.last_duration = past.samples.back().duration;
    full.last_records = past.samples.back().records;
    full.last_bytes = past.samples.back().bytes;
  }
  if (connection.rule != nullptr) full.rule = connection.rule->where;
  for (const ScheduleIndex index : connection.schedules) {
    full.schedules.push_back(slots[index].when.text().str());
    if (slots[index].waiting) full.waiting.push_back(waiting_picture(runs.at(*slots[index].waiting)));
    if (slots[index].chain_waits)
      full.waiting.push_back(
          {slots[index].id, now.wall, WaitCause::dependency, "waits for its other parents"});
  }
  for (const auto& job : connection.active) {
    JobPicture active{&job.view, std::nullopt, job.stuck, full.typical_duration,
                      observed.now() - job.watch.changed_at};
    if (const auto watched = watchers.find(job.view.id);
        watched != watchers.end() && !watched->second.empty())
      active.run = watched->second.front();
    full.jobs.push_back(active);
  }
  full.incidents = incidents.of(id);
  visit(full);
  return true;
}

FleetPicture Core::Machine::fleet(Instant at) const {
  FleetPicture fleet;
  for (const auto& connection : connections) {
    if (!connection.present) continue;
    ++fleet.connections;
    if (connection.rule != nullptr) ++fleet.managed;
    fleet.schedules += connection.schedules.size();
    if (connection.occupied) ++fleet.slots_in_use;
    if (is_paused(connection)) ++fleet.paused;
    for (const auto& active : connection.active) {
      const auto& job = active.view;
      if (active.stuck) ++fleet.stuck[static_cast<std::size_t>(*active.stuck)];
      ++fleet.active_jobs[{job.status, job.type}];
      const auto [entry, fresh] = fleet.oldest_active.emplace(job.status, job.created);
      if (!fresh) entry->second = std::min(entry->second, job.created);
    }
    if (connection.view.status != ConnectionStatus::active) continue;
    if (connection.history.consecutive_failures > 0) ++fleet.failing;
    if (!connection.history.last_success) ++fleet.never_succeeded;
    const auto stale = stale_after(connection);
    if (stale && *stale < at) ++fleet.stale[static_cast<std::size_t>(connection.rule->policy.priority)];
  }
  const auto waiting = [&](WaitCause cause) -> std::size_t& {
    return fleet.waiting[static_cast<std::size_t>(cause)];
  };
  for (const auto& [key, queue] : parked) waiting(WaitCause::slot) += queue.size();
  waiting(WaitCause::overlap) = waiting_for_end + gate_after_poll.size();
  waiting(WaitCause::backoff) = backing_off;
  for (std::size_t i = 0; i < held.size(); ++i) fleet.waiting[i] += held[i];
  for (const ScheduleIndex index : chains) {
    if (slots[index].chain_waits) ++waiting(WaitCause::dependency);
  }
  for (const auto& [key, incident] : incidents.open()) {
    ++fleet.open_incidents[static_cast<std::size_t>(incident.severity)];
    const bool no_job = incident.stuck == StuckKind::phantom || incident.stuck == StuckKind::missed_run;
    if (no_job) ++fleet.stuck[static_cast<std::size_t>(*incident.stuck)];
  }
  fleet.draining = pauses.contains(ConnectionId{});
  fleet.drained = fleet.draining && runs.empty();
  fleet.fleet_held = fleet_held_since.has_value();
  waiting(wait_of_all()) += ready.size();
  if (plan) fleet.slots = plan->limits.total;
  fleet.intents_unresolved = unresolved.size();
  if (!unresolved.empty()) fleet.oldest_unresolved = unresolved.begin()->first;
  fleet.airbyte = airbyte;
  fleet.airbyte_up = up;
  fleet.airbyte_error = down_error;
  fleet.last_jobs_poll = last_jobs_poll;
  fleet.last_connections_poll = last_connections_poll;
  fleet.last_pass = last.wall;
  return fleet;
}

}  // namespace syncwarden::core
