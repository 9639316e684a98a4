// What the API can ask a connection to do, who waits for it, and the faults (reference 6).
#include "emulator/airbyte.hpp"

#include <algorithm>

namespace syncwarden::emulator {

SignalAnswer Airbyte::signal_sync(const ConnectionId& id, Instant now, AnswerWhen when) {
  advance(now);
  const auto found = find(id);
  if (!found) return {Signal::not_found};
  const auto index = *found;
  const auto& connection = connections_[index];
  if (rules_.checks_active && connection.view.status != ConnectionStatus::active) return {Signal::inactive};
  if (connection.view.status == ConnectionStatus::deprecated) return {Signal::deleted};
  const auto what = when == AnswerWhen::running ? Waiter::For::running : Waiter::For::job;
  switch (connection.phase) {
    case Phase::running:
    case Phase::backing_off:  // 6.1.6
    case Phase::cancelling:
    case Phase::phantom:
      return {Signal::conflict};
    case Phase::pending:
    case Phase::waiting: {
      const auto ticket = issue(index, what);
      if (what == Waiter::For::job) answer(index, Waiter::For::job, connection.job);
      return {Signal::accepted, ticket};
    }
    case Phase::starting:
      return {Signal::accepted, issue(index, what)};
    case Phase::idle:
      break;
  }
  signal(index, JobType::sync, Cause::manual);
  return {Signal::accepted, issue(index, what)};
}

SignalAnswer Airbyte::signal_reset(const ConnectionId& id, JobType type, Instant now) {
  advance(now);
  const auto found = find(id);
  if (!found) return {Signal::not_found};
  const auto index = *found;
  auto& connection = connections_[index];
  if (connection.view.status == ConnectionStatus::deprecated) return {Signal::deleted};
  auto& flow = flows_[index];
  switch (connection.phase) {
    case Phase::running:
    case Phase::backing_off:
      flow.next_type = type;
      begin_cancel(index);
      break;
    case Phase::pending:
    case Phase::waiting:
      flow.next_type = type;
      ++flow.generation;
      connection.phase = Phase::cancelling;
      push(now_, index, EventKind::cancel_done);
      break;
    case Phase::cancelling:
      flow.next_type = type;
      break;
    case Phase::starting:
    case Phase::phantom:
    case Phase::idle:
      signal(index, type, Cause::manual);
      break;
  }
  return {Signal::accepted, issue(index, Waiter::For::running)};
}

SignalAnswer Airbyte::signal_cancel(JobId id, Instant now) {
  advance(now);
  const auto* job = table_.find(id);
  if (job == nullptr) return {Signal::not_found};
  const auto index = job->connection;
  auto& connection = connections_[index];
  if (connection.view.status == ConnectionStatus::deprecated) return {Signal::deleted};
  auto& flow = flows_[index];
  const auto ticket = issue(index, Waiter::For::cancel, id);
  switch (connection.phase) {
    case Phase::running:
    case Phase::backing_off:
      if (auto& hit = *table_.find(connection.job);
          hit.cancels_ignored < connection.behaviour.ignores_cancels) {
        ++hit.cancels_ignored;  // 200, and nothing ends (#8808)
        break;
      }
      begin_cancel(index);  // whatever runs now, not what was asked for
      return {Signal::accepted, ticket};
    case Phase::cancelling:
      return {Signal::accepted, ticket};
    case Phase::waiting:
      if (rules_.cancels_queued) {
        ++flow.generation;
        connection.phase = Phase::cancelling;
        push(now_ + draw(flow, options_.cancel_delay), index, EventKind::cancel_done);
        return {Signal::accepted, ticket};
      }
      break;
    case Phase::phantom:
      become_idle(index);
      break;
    case Phase::pending:
      // one that never gets beyond it waits for capacity in the end, where newer servers hear a cancel
      if (rules_.cancels_queued && table_.find(connection.job)->never_starts) {
        ++flow.generation;
        connection.phase = Phase::cancelling;
        push(now_ + draw(flow, options_.cancel_delay), index, EventKind::cancel_done);
        return {Signal::accepted, ticket};
      }
      break;
    case Phase::starting:
    case Phase::idle:
      break;
  }
  answer(index, Waiter::For::cancel, {});
  return {Signal::accepted, ticket};
}

// ---- tickets

Ticket Airbyte::issue(ConnectionIndex index, Waiter::For what, JobId job) {
  const auto ticket = ++last_ticket_;
  flows_[index].waiters.push_back({ticket, what, job});
  ticket_of_.emplace(ticket, index);
  ++waiting_;
  return ticket;
}

void Airbyte::answer_now(Ticket ticket, JobId job) {
  ticket_of_.erase(ticket);
  answers_.emplace(ticket, job);
  ready_.push_back(ticket);
  --waiting_;
}

void Airbyte::answer(ConnectionIndex index, Waiter::For what, JobId job) {
  auto& waiters = flows_[index].waiters;
  if (waiters.empty()) return;
  const auto done = std::remove_if(waiters.begin(), waiters.end(), [&](const Waiter& waiter) {
    // Whoever waits for a job to exist is content with one that runs.
    const bool hit = waiter.what == what || (what == Waiter::For::running && waiter.what == Waiter::For::job);
    if (hit) answer_now(waiter.ticket, waiter.what == Waiter::For::cancel ? waiter.job : job);
    return hit;
  });
  waiters.erase(done, waiters.end());
}

std::optional<JobId> Airbyte::reply(Ticket ticket) {
  const auto at = answers_.find(ticket);
  if (at == answers_.end()) return std::nullopt;
  const auto job = at->second;
  answers_.erase(at);
  return job;
}

std::vector<Ticket> Airbyte::take_ready() {
  std::vector<Ticket> taken;
  taken.swap(ready_);
  return taken;
}

void Airbyte::forget(Ticket ticket) {
  answers_.erase(ticket);
  const auto at = ticket_of_.find(ticket);
  if (at == ticket_of_.end()) return;
  auto& waiters = flows_[at->second].waiters;
  waiters.erase(std::remove_if(waiters.begin(), waiters.end(),
                               [ticket](const Waiter& waiter) { return waiter.ticket == ticket; }),
                waiters.end());
  ticket_of_.erase(at);
  --waiting_;
}

// ---- faults

bool Airbyte::make_orphan(const ConnectionId& id, Instant now) {
  advance(now);
  const auto index = find(id);
  if (!index) return false;
  auto& connection = connections_[*index];
  if (connection.phase != Phase::running && connection.phase != Phase::backing_off) return false;
  if (connection.phase == Phase::running) --running_;
  become_idle(*index);
  release_capacity();
  return true;
}

bool Airbyte::make_phantom(const ConnectionId& id, Instant now) {
  advance(now);
  const auto index = find(id);
  if (!index || connections_[*index].phase != Phase::idle) return false;
  connections_[*index].phase = Phase::phantom;
  ++flows_[*index].generation;
  return true;
}

}  // namespace syncwarden::emulator
