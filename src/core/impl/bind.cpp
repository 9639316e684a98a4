// Plan and connections: which schedules there are, and where each goes on.
#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

/// A watermark further ahead of the clock than this was written by a wrong clock.
constexpr Millis watermark_ahead{std::chrono::hours{3}};
/// What a schedule without a rule has decided is forgotten after that long.
constexpr Millis retired_for{std::chrono::hours{24 * 7}};

Timing timing_for(const RuleSchedule& schedule, const ConnectionId& connection) {
  if (const auto* fixed = std::get_if<calendar::Schedule>(&schedule.when)) return Timing(*fixed);
  if (const auto* fresh = std::get_if<KeepFresh>(&schedule.when)) return Timing(*fresh);
  if (const auto* after = std::get_if<After>(&schedule.when)) return Timing(*after);
  const Millis interval = std::get<SpreadEvery>(schedule.when).interval;
  const auto seconds = static_cast<std::uint64_t>(interval.count() / 1000);
  const Millis phase{
      static_cast<std::int64_t>(hash64(connection.text) % std::max<std::uint64_t>(seconds, 1)) * 1000};
  return Timing(calendar::Schedule::every({interval, phase}).value());
}

}  // namespace

void Core::Machine::boot(const in::Booted& first) {
  booted = true;
  booted_at = now.wall;
  last = now;
  plan = first.plan;
  pacing.configure(plan->triggers_per_second, std::max(10.0, plan->triggers_per_second), now.mono);
  limits.configure(plan->limits);
  listen_to_incidents();
  late_grace_until = now.wall;
  came_back_after(Millis{});
  watched_since = now.wall;

  const Snapshot& snapshot = *first.snapshot;
  incidents.restore(snapshot.incidents, snapshot.newest_incident);
  resume_fleet_hold();
  restore_commands(snapshot);
  for (const auto& pause : snapshot.pauses) pauses.emplace(pause.connection, pause);
  for (const auto& recovery : snapshot.recoveries) {
    recoveries.emplace(recovery.job, std::pair{recovery, observed.now()});
    // Whether it was sent and answered, the former life knew.
    if (!recovery.by.empty() && !recovery.given_up) lost_cancels.emplace(recovery.job, std::string{});
  }
  job_cursor = snapshot.job_cursor;
  for (const auto& cursor : snapshot.cursors) {
    if (cursor.spec.view().empty() && cursor.watermark + retired_for < now.wall) {
      keep(put::DropCursor{cursor.schedule});
    } else {
      unbound_cursors.emplace(cursor.schedule, cursor);
    }
  }
  for (const auto& record : snapshot.jobs) {
    newest_job = std::max(newest_job, record.job.id);
    if (is_terminal(record.job.status)) remember_ended(record.job);
  }
  // An intent is a decision: the watermark never lies before it.
  for (const auto& run : snapshot.open_runs) {
    newest_job = std::max({newest_job, run.job, run.baseline});
    if (const auto cursor = unbound_cursors.find(run.schedule); cursor != unbound_cursors.end()) {
      // What lies ahead since the clock was set back is decided without moving the watermark there.
      const DecidedRanges besides{cursor->second.decided_besides};
      if (!besides.contain(run.nominal))
        cursor->second.watermark = std::max(cursor->second.watermark, run.nominal);
    }
  }
  for (const auto& view : snapshot.connections) know(view);
  for (const auto& history : snapshot.histories) {
    auto* connection = find_connection(history.connection);
    if (connection == nullptr) continue;
    connection->history = history;
    connection->newest_job_created = history.newest_job_created;
    connection->known_at_boot = history.last_ended;
    newest_job = std::max({newest_job, history.last_job, history.last_ended});
  }
  recount_slots();
  for (ConnectionIndex i = 0; i < connections.size(); ++i) bind(i);
  for (const auto& run : snapshot.open_runs) restore_run(run);
  for (ConnectionIndex i = 0; i < connections.size(); ++i) {
    watch_management(connections[i], RulesWere::unknown);
    expect_freshness(i);
    expect_airbyte_run(i);
  }
}

/// The connection's number; a new one is remembered, a known one updated.
ConnectionIndex Core::Machine::know(const ConnectionView& view) {
  const auto [entry, fresh] =
      connection_index.emplace(view.id, static_cast<ConnectionIndex>(connections.size()));
  if (fresh) {
    connections.emplace_back();
    connections.back().history.connection = view.id;
    connections.back().history.first_seen = now.wall;
  }
  auto& connection = connections[entry->second];
  connection.view = view;
  connection.present = true;
  const auto number = static_cast<std::uint32_t>(workspace_numbers.size() + 1);
  connection.workspace = workspace_numbers.emplace(view.workspace.text, number).first->second;
  return entry->second;
}

Connection* Core::Machine::find_connection(const ConnectionId& id) {
  const auto found = connection_index.find(id);
  return found == connection_index.end() ? nullptr : &connections[found->second];
}

void Core::Machine::recount_slots() {
  for (auto& connection : connections) {
    connection.keys = limits.keys_of(connection.view);
    if (connection.occupied) limits.take(connection.keys);
  }
}

/// A connection whose source or destination is another one now holds other slots, and waits for others.
void Core::Machine::change_keys(Connection& connection) {
  auto keys = limits.keys_of(connection.view);
  if (keys == connection.keys) return;
  if (connection.occupied) {
    limits.give_back(connection.keys);
    limits.take(keys);
  }
  may_wake(connection.keys);
  connection.keys = std::move(keys);
  for (const ScheduleIndex index : connection.schedules) {
    const auto& waiting = slots[index].waiting;
    if (!waiting) continue;
    auto& open = runs.at(*waiting);
    if (!open.parked) continue;
    stop_waiting(open);
    make_ready(open);
  }
}

/// Finds the rule of a connection and makes its schedules what the rule says; what stays the same goes on
/// untouched.
void Core::Machine::bind(ConnectionIndex index) {
  auto& connection = connections[index];
  const auto rule = std::find_if(plan->rules.begin(), plan->rules.end(),
                                 [&](const Rule& r) { return matches(r.match, connection.view); });
  connection.rule = rule == plan->rules.end() ? nullptr : &*rule;
  read_airbyte_schedule(connection);

  const auto before = connection.schedules;
  connection.schedules.clear();
  connection.expected_after.reset();
  if (connection.rule != nullptr && connection.present) {
    for (std::size_t i = 0; i < rule->schedules.size(); ++i) bind_schedule(index, rule->schedules[i], i);
  }
  for (const ScheduleIndex old : before) {
    const auto& now_bound = connections[index].schedules;
    if (std::find(now_bound.begin(), now_bound.end(), old) == now_bound.end()) {
      unbind(old, connections[index].present, "no rule names this schedule any more");
    }
  }
}

void Core::Machine::bind_schedule(ConnectionIndex index, const RuleSchedule& schedule, std::size_t ordinal) {
  auto& connection = connections[index];
  const std::string name = schedule.name.empty() ? std::to_string(ordinal) : schedule.name;
  const ScheduleId id{fmt::format("{}/{}", connection.view.id.text, name)};
  const auto [entry, fresh] = slot_index.emplace(id, static_cast<ScheduleIndex>(slots.size()));
  const auto when = timing_for(schedule, connection.view.id);
  if (fresh) {
    slots.push_back(Slot{.id = id, .connection = index, .when = when, .bound = false});
    if (auto known = unbound_cursors.extract(id)) slots.back().cursor = std::move(known.mapped());
  }
  auto& slot = slots[entry->second];
  connection.schedules.push_back(entry->second);

  const bool edited = !slot.cursor || slot.cursor->spec != when.text();
  if (slot.bound && !edited) {
    // A jitter that changed moves the next due instant only.
    arm(slot, entry->second);
    return;
  }
  due.remove(entry->second);
  slot.bound = true;
  slot.when = when;
  if (when.after() != nullptr) {
    chains.insert(entry->second);
  } else {
    chains.erase(entry->second);
  }
  if (fresh && slot.cursor) {  // what a former life knew
    slot.watermark = slot.cursor->watermark;
    slot.range_begin = slot.cursor->decided_from;
    slot.decided = DecidedRanges{slot.cursor->decided_besides};
  }
  if (edited) {
    // Nominals that both texts name are decided once, also where the clock is wrong now.
    if (slot.cursor) slot.decided.add({slot.range_begin, slot.watermark, slot.cursor->spec});
    // A new or edited schedule starts now; what waited under its old text is given up.
    const auto backlog = std::exchange(slot.backlog, {});
    if (slot.waiting) give_up_waiting(*slot.waiting, TickReason::superseded, "the schedule was edited");
    for (const auto& tick : backlog) {
      record_tick(slot, tick.nominal, TickOutcome::skipped, TickReason::superseded, 0,
                  "the schedule was edited");
    }
    slot.watermark = now.wall;
    slot.range_begin = now.wall;
    set_cursor(slot, slot.watermark);
  } else {
    if (slot.watermark > now.wall + watermark_ahead) {
      tell(fact::Warning{
          fmt::format("{}: the state says it ran until {}, which lies ahead of the clock by more than "
                      "3h; it goes on from now. Was the clock wrong?",
                      slot.id.text, to_rfc3339(slot.watermark))});
      go_back_to_now(slot);
    }
  }
  arm(slot, entry->second);
}

void Core::Machine::unbind(ScheduleIndex index, bool forget_cursor, std::string_view why) {
  auto& slot = slots[index];
  if (!slot.bound) return;
  slot.bound = false;
  slot.chain_waits = false;
  chains.erase(index);
  due.remove(index);
  slot.next.reset();
  if (slot.waiting) give_up_waiting(*slot.waiting, TickReason::left_management, std::string(why));
  for (const auto& tick : slot.backlog) {
    record_tick(slot, tick.nominal, TickOutcome::skipped, TickReason::left_management, 0, std::string(why));
  }
  slot.backlog.clear();
  if (!forget_cursor || !slot.cursor) return;
  retire(*slot.cursor);
  slot.decided = DecidedRanges{slot.cursor->decided_besides};
  slot.range_begin = slot.watermark = slot.cursor->watermark;
}

/// No rule names the schedule any more. What it has decided stays known for a while, as the clock may be
/// wrong now and a rule may name it again.
void Core::Machine::retire(ScheduleCursor& cursor) {
  DecidedRanges decided{std::move(cursor.decided_besides)};
  decided.add({cursor.decided_from, cursor.watermark, cursor.spec});
  cursor.decided_besides.assign(decided.all().begin(), decided.all().end());
  cursor.decided_from = cursor.watermark;
  cursor.spec = {};
  keep(put::Cursor{cursor});
}

/// Cursors of schedules that lost their rule while the daemon was down.
void Core::Machine::retire_unbound() {
  std::vector<ScheduleId> stray;
  for (const auto& [id, cursor] : unbound_cursors) {
    const auto* connection = find_connection(cursor.connection);
    if (!cursor.spec.view().empty() && connection != nullptr && connection->present) stray.push_back(id);
  }
  std::sort(stray.begin(), stray.end());
  for (const auto& id : stray) retire(unbound_cursors.at(id));
}

void Core::Machine::adopt_plan(PlanPtr next) {
  const PlanPtr old =
      std::exchange(plan, std::move(next));  // rules of the old one are pointed at until bound anew
  if (old->triggers_per_second != plan->triggers_per_second) {
    pacing.configure(plan->triggers_per_second, std::max(10.0, plan->triggers_per_second), now.mono);
  }
  limits.configure(plan->limits);
  if (fleet_held_since && plan->fleet_hold.failed_ratio <= 0) release_fleet("fleet_hold is switched off");
  // Those who waited for a slot of the old limits queue again under the new ones.
  for (auto& [key, queue] : std::exchange(parked, {})) {
    while (const auto item = queue.pop(now.mono)) {
      auto& open = runs.at(item->run);
      open.parked.reset();
      make_ready(open);
    }
  }
  wakeable.clear();
  recount_slots();
  for (ConnectionIndex i = 0; i < connections.size(); ++i) {
    bind(i);
    watch_management(connections[i], RulesWere::edited);
    watch_connection(connections[i], connections[i].view, true);
    expect_freshness(i);
  }
  rule_counts.clear();
  watch_rules();
  if (airbyte) next_connections = now.mono;
}

void Core::Machine::see_connections(const in::ConnectionsSeen& seen) {
  reading_connections = false;
  tell(fact::PollDone{
      "connections",
      seen.connections ? std::optional<Error>{} : std::optional<Error>{seen.connections.error()},
      now.mono - connections_asked});
  if (!seen.connections) {
    // Nothing can be watched before the connections are known, so no poll of jobs would tell.
    if (!connections_known) airbyte_lost(seen.connections.error());
    next_connections = now.mono + backoff(plan->poll.min, plan->poll.max, ++failed_discoveries, rng);
    return;
  }
  failed_discoveries = 0;
  connections_known = true;
  last_connections_poll = now.wall;
  next_connections = now.mono + plan->poll.connections;

  std::set<ConnectionId> present;
  for (const auto& view : *seen.connections) {
    present.insert(view.id);
    const auto* known = find_connection(view.id);
    const bool fresh = known == nullptr || !known->present;
    if (!fresh && known->view == view) continue;
    const ConnectionView before = known == nullptr ? ConnectionView{} : known->view;
    const ConnectionIndex index = know(view);
    auto& connection = connections[index];
    change_keys(connection);
    keep(put::PutConnection{view});
    if (known == nullptr) keep(put::PutHistory{connection.history});
    connection.asked_manual = false;
    bind(index);
    watch_management(connections[index], RulesWere::the_same);
    watch_connection(connections[index], before, !fresh);
    expect_freshness(index);
    expect_airbyte_run(index);
    if (fresh)
      tell(fact::ConnectionFound{view, connections[index].rule ? connections[index].rule->where : ""});
  }
  for (auto& connection : connections) {
    if (!connection.present || present.contains(connection.view.id)) continue;
    connection.present = false;
    tell(fact::ConnectionGone{connection.view});
    keep(put::DropConnection{connection.view.id});
    const ConnectionIndex index = connection_index.at(connection.view.id);
    bind(index);
    watch_management(connection, RulesWere::the_same);
    expect_freshness(index);
    expect_airbyte_run(index);
  }
  retire_unbound();
  watch_rules();
}

/// Puts a run of a former life back to where it stood.
void Core::Machine::restore_run(const Run& run) {
  const auto connection_entry = connection_index.find(run.connection);
  if (connection_entry == connection_index.end()) {
    // The connection was forgotten: keep it as gone, so that the run can still be followed to its end.
    ConnectionView view;
    view.id = run.connection;
    connections[know(view)].present = false;
  }
  OpenRun open{.run = run, .connection = connection_index.at(run.connection)};
  open.stored = true;
  open.restored = true;
  open.since = now.mono;
  // A tick is decided with its job; extra jobs belong to a tick that was decided long ago, and a run of no
  // schedule to none.
  open.tick_decided = run.schedule.empty() || run.job_number > 0 || run.phase == RunPhase::watching ||
                      run.phase == RunPhase::backing_off;
  if (const auto slot = slot_index.find(run.schedule); slot != slot_index.end()) {
    open.slot = slot->second;
    ++slots[slot->second].unfinished;
  }
  auto& kept = runs.emplace(run.id, std::move(open)).first->second;
  switch (run.phase) {
    case RunPhase::queued:
      kept.deferred = true;
      wait_again(kept);
      break;
    case RunPhase::intended:
    case RunPhase::unresolved:
      // Whoever wrote the intent, its request may still take effect: the whole settle time counts from here.
      begin_holding(kept);
      kept.run.phase = RunPhase::intended;
      enter_lane(kept);
      make_unresolved(kept);
      break;
    case RunPhase::watching:
      watchers[run.job].push_back(run.id);
      expect_job(kept.connection, run.job, JobStatus::unknown);
      break;
    case RunPhase::backing_off:
      wait_again(kept);
      break;
    case RunPhase::finished:
      runs.erase(run.id);
      break;
  }
}

}  // namespace syncwarden::core
