// What holds a start back by somebody's word or by experience: blackouts, pauses, the breaker.
#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {

/// The blackout that holds for the connection now, and until when; the longest one where several do.
const Blackout* Core::Machine::blackout_of(const Connection& connection, Instant* until) const {
  const Blackout* found = nullptr;
  Instant longest{};
  for (const auto& blackout : plan->blackouts) {
    const auto end = blackout.window.end_if_inside(now.wall);
    if (!end || *end <= longest || !matches(blackout.match, connection.view)) continue;
    longest = *end;
    found = &blackout;
  }
  if (until != nullptr) *until = longest;
  return found;
}

const Pause* Core::Machine::pause_of(const Connection& connection) const {
  if (pauses.empty()) return nullptr;
  if (const auto all = pauses.find(ConnectionId{}); all != pauses.end()) return &all->second;
  const auto one = pauses.find(connection.view.id);
  return one == pauses.end() ? nullptr : &one->second;
}

bool Core::Machine::is_paused(const Connection& connection) const { return pause_of(connection) != nullptr; }

/// Holds a run that is ready until an instant.
void Core::Machine::hold(OpenRun& open, WaitCause cause, Instant until, std::string what) {
  open.deferred = true;
  open.held = cause;
  open.held_until = until;
  open.held_by = std::move(what);
  ++held[static_cast<std::size_t>(cause)];
  wall_timers.emplace(until, open.run.id);
}

/// Blackouts and the breaker, tested at the moment of sending. False: the run has been dealt with.
bool Core::Machine::lets_start(RunId id) {
  auto& open = runs.at(id);
  auto& connection = connections[open.connection];
  const bool by_hand = open.run.cause == TriggerCause::manual;
  if (const Pause* pause = pause_of(connection)) {
    give_up_waiting(id, TickReason::paused, pause_text(*pause));
    return false;
  }
  Instant until{};
  if (const Blackout* blackout = blackout_of(connection, &until)) {
    const std::string what = fmt::format("blackout {} until {}", blackout->name, to_rfc3339(until));
    if (blackout->skip_ticks && !open.tick_decided && !by_hand) {
      give_up_waiting(id, TickReason::blackout, what);
    } else {
      hold(open, WaitCause::blackout, until, what);
    }
    return false;
  }
  const auto& breaker = connection.history.breaker;
  if (!breaker || by_hand) return true;
  const auto& policy = policy_of(open).breaker;
  if (policy.after_failed_jobs == 0 || probe_allowed(policy, *breaker, now.wall)) return true;
  const auto next = next_breaker_probe(policy, *breaker);
  give_up_waiting(
      id, TickReason::breaker,
      fmt::format("{} failed jobs in a row; {}", connection.history.consecutive_failures,
                  next ? "the next probe may start at " + to_rfc3339(*next)
                       : std::string("every probe is used up: start it by hand once it is mended")));
  return false;
}

/// A start while the breaker is open is a probe.
void Core::Machine::count_probe(Connection& connection, const Run& run) {
  auto& breaker = connection.history.breaker;
  if (!breaker || run.cause == TriggerCause::manual) return;
  ++breaker->probes;
  breaker->last_probe = now.wall;
  keep(put::PutHistory{connection.history});
  tell(fact::RecoveryStep{fact::RecoveryAction::breaker_probe,
                          fact::RecoveryResult::asked,
                          connection.view,
                          {},
                          fmt::format("probe {}", breaker->probes)});
}

/// A blackout that says so cancels what runs on managed connections when it begins.
void Core::Machine::cancel_for_blackouts() {
  const bool any = std::any_of(plan->blackouts.begin(), plan->blackouts.end(),
                               [](const Blackout& blackout) { return blackout.cancel_running; });
  if (!any || plan->mode == Mode::shadow || stopping || !store_healthy) return;
  for (auto at = busy.next(0); at; at = busy.next(*at + 1)) {
    const ConnectionIndex index = *at;
    auto& connection = connections[index];
    if (connection.rule == nullptr) continue;
    const Blackout* blackout = blackout_of(connection);
    if (blackout == nullptr || !blackout->cancel_running) continue;
    for (auto& job : connection.active) {
      if (job.view.type != JobType::sync || job.seen_in_poll == 0 || recoveries.contains(job.view.id))
        continue;
      Recovery recovery{job.view.id, connection.view.id, std::nullopt, StuckAction::cancel,
                        0,           now.wall,           now.wall,     false};
      recoveries[job.view.id] = {recovery, observed.now()};
      ask_cancel(connection, job.view.id, fmt::format("blackout {}", blackout->name));
    }
  }
}

std::string Core::Machine::pause_text(const Pause& pause) {
  return fmt::format("paused by {} since {}{}{}", pause.by, to_rfc3339(pause.since),
                     pause.until ? " until " + to_rfc3339(*pause.until) : std::string{},
                     pause.reason.empty() ? std::string{} : ": " + pause.reason);
}

/// The schedules of a connection look at no clock while it is paused; what comes due is covered by one record
/// when the pause ends.
void Core::Machine::pause_schedules(Connection& connection) {
  const Pause* pause = pause_of(connection);
  for (const ScheduleIndex index : connection.schedules) {
    auto& slot = slots[index];
    due.remove(index);
    slot.next.reset();
    const auto backlog = std::exchange(slot.backlog, {});
    if (slot.waiting && !runs.at(*slot.waiting).tick_decided)
      give_up_waiting(*slot.waiting, TickReason::paused, pause_text(*pause));
    for (const auto& tick : backlog)
      record_tick(slot, tick.nominal, TickOutcome::skipped, TickReason::paused, 0, pause_text(*pause));
  }
}

/// What came due up to `until` is skipped, told as one; the newest of it may be caught up instead.
void Core::Machine::resume_calendar(Slot& slot, ScheduleIndex index, const Pause& pause, Instant until,
                                    bool catch_up) {
  std::uint32_t paused = 0;
  std::optional<Instant> newest;
  std::optional<DueTick> latest;
  const auto skip_latest = [&] {
    if (!latest) return;
    newest = latest->nominal;
    ++paused;
    latest.reset();
  };
  const auto look = [&](Instant up_to) {
    const auto ticks =
        due_ticks(*slot.when.calendar(), slot.id.text, connections[slot.connection].rule->policy.jitter,
                  slot.watermark, up_to, CatchUpPolicy::latest, 1);
    if (ticks.missed || !ticks.start.empty()) skip_latest();
    if (ticks.missed) newest = ticks.missed;
    paused += ticks.missed_count;
    for (const auto& tick : ticks.start) {
      skip_latest();
      latest = tick;
    }
    slot.watermark = std::max(slot.watermark, ticks.watermark);
  };
  const Instant before = slot.watermark;
  while (const auto passage = passage_of(slot)) {
    if (passage->tick.due > until) break;
    look(passage->tick.due - Millis{1});
    slot.watermark = std::max(slot.watermark, passage->until);
  }
  look(until);
  if (!catch_up) skip_latest();
  if (newest) {
    give_up_together(slot, before, *newest);
    record_tick(slot, *newest, TickOutcome::skipped, TickReason::paused, paused - 1, pause_text(pause));
  }
  arm(slot, index);
  if (latest) take_tick(index, *latest);
}

/// A schedule goes on from `until`.
void Core::Machine::resume_schedules(Connection& connection, const Pause& pause, Instant until,
                                     bool catch_up) {
  for (const ScheduleIndex index : connection.schedules) {
    auto& slot = slots[index];
    if (slot.when.calendar() != nullptr) {
      resume_calendar(slot, index, pause, until, catch_up);
      continue;
    }
    // A chain or keep_fresh counts from now: paused time is not caught up.
    if (!catch_up) set_cursor(slot, slot.watermark = std::max(slot.watermark, until));
    arm(slot, index);
  }
}

void Core::Machine::begin_pause(Pause pause) {
  const ConnectionId id = pause.connection;
  pauses[id] = pause;
  keep(put::PutPause{std::move(pause)});
  if (auto* connection = id.empty() ? nullptr : find_connection(id)) {
    pause_schedules(*connection);
    return;
  }
  for (auto& connection : connections) {
    if (is_paused(connection)) pause_schedules(connection);
  }
}

/// Scheduling rule 8: so many failed jobs in a row, and again with each further so many, once somebody has
/// resumed it. What people have stopped is no failure.
void Core::Machine::pause_on_failure(Connection& connection, const JobView& job) {
  const auto limit = connection.rule->policy.pause_on_failure;
  const auto failures = connection.history.consecutive_failures;
  if (limit == 0 || failures % limit != 0 || connection.schedules.empty() || is_paused(connection)) return;
  const std::string why = fmt::format("{} failed {} in a row", failures, failures == 1 ? "job" : "jobs");
  tell(fact::RecoveryStep{fact::RecoveryAction::pause, fact::RecoveryResult::done, connection.view, job.id,
                          why});
  raise(connection, IncidentKind::sync_failing,
        fmt::format(
            "{}: paused until `syncwarden resume {}`, as its rule says; the newest is job {}: {}", why,
            connection.view.name, job.id.value,
            job.failures.empty() ? std::string("Airbyte tells no reason") : job.failures.front().message),
        job.id);
  begin_pause({connection.view.id, std::nullopt, why + " (pause_on_failure)", std::string(paused_by_policy),
               now.wall});
}

/// Ends pauses whose time has come.
void Core::Machine::end_pauses() {
  for (const auto& [id, pause] : std::map<ConnectionId, Pause>(pauses)) {
    if (pause.until && *pause.until <= now.wall) end_pause(id, *pause.until, false);
  }
}

void Core::Machine::end_pause(const ConnectionId& id, Instant until, bool catch_up) {
  auto node = pauses.extract(id);
  if (node.empty()) return;
  keep(put::DropPause{id});
  const Pause pause = node.mapped();
  for (ConnectionIndex i = 0; i < connections.size(); ++i) {
    auto& connection = connections[i];
    if (!id.empty() && connection.view.id != id) continue;
    if (is_paused(connection)) continue;  // by another one
    if (connection.rule != nullptr && connection.present)
      resume_schedules(connection, pause, until, catch_up);
    expect_freshness(i);
  }
}

std::optional<Instant> Core::Machine::next_pause_end() const {
  std::optional<Instant> first;
  for (const auto& [id, pause] : pauses) {
    if (pause.until && (!first || *pause.until < *first)) first = pause.until;
  }
  return first;
}

// ---- schedules without a calendar

/// When a schedule without a calendar is due next, by what is known now.
void Core::Machine::arm_by_events(Slot& slot, ScheduleIndex index) {
  slot.next.reset();
  due.remove(index);
  const auto& connection = connections[slot.connection];
  if (const auto* fresh = slot.when.keep_fresh()) {
    // What runs now may make the data fresh; its end arms this again.
    if (slot.unfinished > 0 || !connection.active.empty()) return;
    if (const auto at = keep_fresh_due(connection, *fresh, slot.watermark)) slot.next = NextTick{*at, *at};
  } else if (const auto* after = slot.when.after()) {
    const auto state = chain_state(parent_successes(*after), slot.watermark);
    slot.chain_waits = state.first.has_value() && !state.ready;
    if (state.ready) {
      slot.next = NextTick{*state.ready, *state.ready};
    } else if (state.first && after->within) {
      slot.next = NextTick{*state.first, *state.first + *after->within};
    }
  }
  if (slot.next) due.set(index, slot.next->due);
}

/// Nothing where a start would be pointless until something else happens, which arms the schedule again.
std::optional<Instant> Core::Machine::keep_fresh_due(const Connection& connection, const KeepFresh& fresh,
                                                     Instant watermark) const {
  if (connection.view.status != ConnectionStatus::active &&
      connection.view.status != ConnectionStatus::unknown) {
    return std::nullopt;
  }
  Instant at = next_keep_fresh(fresh.target, connection.history, watermark);
  if (plan->mode == Mode::shadow) at = std::max(at, watermark + fresh.target);  // as if it had helped
  const auto& breaker = connection.history.breaker;
  if (!breaker || connection.rule == nullptr) return at;
  const auto& policy = connection.rule->policy.breaker;
  if (policy.after_failed_jobs == 0) return at;
  const auto probe = next_breaker_probe(policy, *breaker);
  if (!probe) return std::nullopt;
  return std::max(at, *probe);
}

std::vector<std::optional<Instant>> Core::Machine::parent_successes(const After& after) const {
  std::vector<std::optional<Instant>> successes;
  for (const auto& parent : after.parents) {
    bool any = false;
    for (const auto& connection : connections) {
      if (!connection.present || !matches(parent, connection.view)) continue;
      any = true;
      successes.push_back(connection.history.last_success);
    }
    if (!any) successes.emplace_back(std::nullopt);  // a parent that is not there keeps the chain waiting
  }
  return successes;
}

/// The due instant of a schedule without a calendar has come.
void Core::Machine::due_by_events(Slot& slot, ScheduleIndex index) {
  const auto armed = std::exchange(slot.next, std::nullopt);
  due.remove(index);
  if (const auto* after = slot.when.after()) {
    const auto state = chain_state(parent_successes(*after), slot.watermark);
    if (!state.ready) {
      if (state.first && after->within && *state.first + *after->within <= now.wall) {
        slot.watermark = *state.first;
        record_tick(slot, *state.first, TickOutcome::missed, TickReason::dependency, 0,
                    fmt::format("{} of its parents had no success within {} of the first one", state.missing,
                                to_string(*after->within)));
      }
      arm(slot, index);
      return;
    }
    slot.watermark = *state.ready;
    slot.chain_waits = false;
    arm(slot, index);
    take_tick(index, {*state.ready, *state.ready, false});
    return;
  }
  const auto& connection = connections[slot.connection];
  const auto at = keep_fresh_due(connection, *slot.when.keep_fresh(), slot.watermark);
  if (!connection.active.empty() || !at || *at > now.wall) {
    arm(slot, index);  // something runs that may make it fresh, or has done so
    return;
  }
  slot.watermark = armed->nominal;
  take_tick(index, {armed->nominal, armed->due, false});
  arm(slot, index);
}

/// A connection's history has changed: chains that wait for it and its own freshness look again.
void Core::Machine::rearm_by_events(ConnectionIndex index) {
  const auto again = [&](ScheduleIndex at) {
    auto& slot = slots[at];
    if (!slot.bound || slot.when.calendar() != nullptr || is_paused(connections[slot.connection])) return;
    arm_by_events(slot, at);
  };
  for (const ScheduleIndex at : connections[index].schedules) again(at);
  for (const ScheduleIndex at : chains) again(at);
}

}  // namespace syncwarden::core
