// What others may read: computed from the state at the moment of asking, so that it cannot drift.
#include "core/impl/machine.hpp"

#include <algorithm>

namespace syncwarden::core {
namespace {

/// A success may take twice as long as usual, and at least this much, before its absence counts as late.
constexpr Millis least_patience{std::chrono::minutes{5}};

}  // namespace

std::optional<Millis> typical_duration(const std::vector<Millis>& durations) {
  if (durations.empty()) return std::nullopt;
  auto sorted = durations;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

/// The instant after which a connection without a new success counts as late; nothing without an expectation.
std::optional<Instant> Core::Machine::stale_after(const Connection& connection) const {
  if (connection.rule == nullptr) return std::nullopt;
  const Instant since = connection.history.last_success.value_or(connection.history.first_seen);
  if (const auto& fixed = connection.rule->policy.late_after) return since + *fixed;
  auto& remembered = connection.expected_after;
  if (!remembered || remembered->first != since) {
    std::optional<Instant> first;
    for (const ScheduleIndex index : connection.schedules) {
      const auto next = slots[index].when.next(since);
      if (next && (!first || *next < *first)) first = next;
    }
    remembered = {since, first};
  }
  const auto& expected = remembered->second;
  if (!expected) return std::nullopt;
  return *expected +
         std::max(least_patience, 2 * typical_duration(connection.history.durations).value_or(Millis{}));
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
  if (connection.rule != nullptr) picture.priority = connection.rule->policy.priority;
  picture.last_success = connection.history.last_success;
  picture.last_completion = connection.history.last_completion;
  picture.consecutive_failures = connection.history.consecutive_failures;
  if (!connection.active.empty()) picture.running_since = connection.active.front().view.created;
  for (const ScheduleIndex index : connection.schedules) {
    const auto& next = slots[index].next;
    if (next && (!picture.next_run || next->due < *picture.next_run)) picture.next_run = next->due;
  }
  picture.stale_after = stale_after(connection);
  return picture;
}

FleetPicture Core::Machine::fleet(Instant at) const {
  FleetPicture fleet;
  for (const auto& connection : connections) {
    if (!connection.present) continue;
    ++fleet.connections;
    if (connection.rule != nullptr) ++fleet.managed;
    fleet.schedules += connection.schedules.size();
    if (connection.occupied) ++fleet.slots_in_use;
    for (const auto& active : connection.active) {
      const auto& job = active.view;
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
  const WaitCause all = !store_healthy ? WaitCause::store_down
                        : can_trigger() || (throttled_until && *throttled_until > now.mono)
                            ? WaitCause::pacing
                            : WaitCause::airbyte_down;
  waiting(all) += ready.size();
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
