// Ticks: which come due, and their one outcome each.
#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {

std::optional<DecidedRanges::Passage> Core::Machine::passage_of(const Slot& slot) const {
  const auto& ranges = slot.decided.all();
  if (ranges.empty() || ranges.back().until <= slot.watermark) return std::nullopt;
  const auto* rule = connections[slot.connection].rule;
  return slot.decided.next_passage(*slot.when.calendar(), slot.id.text, rule ? rule->policy.jitter : Millis{},
                                   slot.watermark);
}

/// The nominals after `watermark` up to `newest` share the decision of `newest`; those that were decided one
/// by one before are remembered apart from those that will be.
void Core::Machine::give_up_together(Slot& slot, Instant watermark, Instant newest) {
  slot.decided.add({slot.range_begin, watermark, slot.when.text()});
  slot.range_begin = newest - Millis{1};
}

/// Files the next due instant of a schedule.
void Core::Machine::arm(Slot& slot, ScheduleIndex index) {
  const auto* rule = connections[slot.connection].rule;
  if (is_paused(connections[slot.connection])) {
    slot.next.reset();
    due.remove(index);
    return;
  }
  const auto* calendar = slot.when.calendar();
  if (calendar == nullptr) {
    arm_by_events(slot, index);
    return;
  }
  const Millis jitter = rule ? rule->policy.jitter : Millis{};
  slot.next = next_tick(*calendar, slot.id.text, jitter, slot.watermark);
  while (const auto passage = passage_of(slot)) {
    if (!slot.next || passage->tick.nominal != slot.next->nominal) break;
    slot.watermark = passage->until;
    slot.next = next_tick(*calendar, slot.id.text, jitter, slot.watermark);
  }
  if (slot.next) {
    due.set(index, slot.next->due);
  } else {
    due.remove(index);
  }
}

void Core::Machine::collect_due() {
  while (!due.empty() && due.first().at <= now.wall) {
    const ScheduleIndex index = due.first().number;
    auto& slot = slots[index];
    const auto* calendar = slot.when.calendar();
    if (calendar == nullptr) {
      due_by_events(slot, index);
      continue;
    }
    const auto& policy = connections[slot.connection].rule->policy;
    const Instant before = slot.watermark;
    const auto passage = passage_of(slot);
    const bool passes_over = passage && passage->tick.due <= now.wall;
    const Instant until = passes_over ? passage->tick.due - Millis{1} : now.wall;
    auto ticks = due_ticks(*calendar, slot.id.text, policy.jitter, slot.watermark, until, policy.catch_up,
                           policy.catch_up_max);

    if (ticks.missed) {
      const auto detail = fmt::format("{}{} due while syncwarden was not running",
                                      ticks.missed_more ? "more than " : "", ticks.missed_count);
      // What waited already is older still, and the cursor is about to pass it.
      const auto older = std::exchange(slot.backlog, {});
      if (slot.waiting) give_up_waiting(*slot.waiting, TickReason::superseded, "a newer tick came due");
      for (const auto& tick : older) {
        record_tick(slot, tick.nominal, TickOutcome::skipped, TickReason::superseded, 0,
                    "more ticks wait than catch_up_max");
      }
      // What is missed together is recorded under its newest nominal: that one has its decision, the others
      // share it.
      give_up_together(slot, before, *ticks.missed);
      record_tick(slot, *ticks.missed, TickOutcome::missed, TickReason::down,
                  ticks.missed_count > 0 ? ticks.missed_count - 1 : 0, detail);
    }
    slot.watermark = std::max(slot.watermark, ticks.watermark);
    if (passes_over) slot.watermark = std::max(slot.watermark, passage->until);
    arm(slot, index);
    for (const auto& tick : ticks.start) take_tick(index, tick);
  }
}

/// A tick that has come due becomes a run that wants to start.
void Core::Machine::take_tick(ScheduleIndex index, const DueTick& tick) {
  auto& slot = slots[index];
  const auto& policy = connections[slot.connection].rule->policy;
  const bool one_by_one = policy.catch_up == CatchUpPolicy::all;
  if (one_by_one && slot.unfinished > 0 && (tick.late || !slot.backlog.empty())) {
    slot.backlog.push_back(tick);
    if (slot.backlog.size() > std::max<std::size_t>(policy.catch_up_max, 1)) {
      if (slot.waiting) {  // the oldest one: its end lets the next of the backlog wait
        give_up_waiting(*slot.waiting, TickReason::superseded, "more ticks wait than catch_up_max");
        return;
      }
      record_tick(slot, slot.backlog.front().nominal, TickOutcome::skipped, TickReason::superseded, 0,
                  "more ticks wait than catch_up_max");
      slot.backlog.erase(slot.backlog.begin());
    }
    return;
  }
  if (!one_by_one) {
    // The policy was another one when these were put off.
    for (const auto& older : std::exchange(slot.backlog, {}))
      record_tick(slot, older.nominal, TickOutcome::skipped, TickReason::superseded, 0,
                  "a newer tick came due");
  }
  if (slot.waiting) {
    const bool held_back = fleet_held_since && runs.at(*slot.waiting).in_ready;
    give_up_waiting(*slot.waiting, held_back ? TickReason::fleet_hold : TickReason::superseded,
                    held_back ? "starts were held because many jobs failed" : "a newer tick came due");
  }

  OpenRun open;
  open.run.id = make_run_id(slot.id, tick.nominal);
  open.run.schedule = slot.id;
  open.run.connection = connections[slot.connection].view.id;
  open.run.nominal = tick.nominal;
  open.run.due = tick.due;
  open.run.cause = tick.late                      ? TriggerCause::catch_up
                   : slot.when.after() != nullptr ? TriggerCause::dependency
                                                  : TriggerCause::schedule;
  open.connection = slot.connection;
  open.slot = index;
  open.since = now.mono;
  const RunId id = open.run.id;
  const auto [kept, fresh] = runs.emplace(id, std::move(open));
  if (!fresh) return;  // the clock went back over a run that is still under way
  ++slot.unfinished;
  slot.waiting = id;
  if (policy.start_deadline) wall_timers.emplace(tick.due + *policy.start_deadline, id);
  make_ready(kept->second);
}

void Core::Machine::give_up_waiting(RunId id, TickReason reason, std::string detail) {
  auto& open = runs.at(id);
  if (open.tick_decided) {
    const bool unscheduled = open.run.schedule.empty();
    open.run.why = unscheduled ? std::move(detail) : "no extra job: " + detail;
    finish(id, unscheduled ? Verdict::abandoned : Verdict::failed, open.run.failure);
    return;
  }
  const bool missed = reason == TickReason::start_deadline;
  decide_tick(open, missed ? TickOutcome::missed : TickOutcome::skipped, reason, std::move(detail));
  finish(id, Verdict::none, std::nullopt);
}

void Core::Machine::wait_unscheduled(OpenRun& open) {
  if (open.run.phase == RunPhase::backing_off) {
    wall_timers.emplace(open.run.not_before, open.run.id);
    open.backs_off = true;
    ++backing_off;
  } else {
    make_ready(open);
  }
}

void Core::Machine::wait_again(OpenRun& open) {
  if (open.run.schedule.empty()) {
    wait_unscheduled(open);
    return;
  }
  auto* slot = open.slot ? &slots[*open.slot] : nullptr;
  if (slot == nullptr || !slot->bound) {
    give_up_waiting(open.run.id, TickReason::left_management, "no rule names this schedule any more");
    return;
  }
  const bool newer_waits = slot->waiting && runs.at(*slot->waiting).run.nominal > open.run.nominal;
  if (newer_waits || slot->range_begin > open.run.nominal) {
    give_up_waiting(open.run.id, TickReason::superseded,
                    newer_waits ? "a newer tick came due" : "the schedule was edited");
    return;
  }
  if (slot->waiting && *slot->waiting != open.run.id) {
    give_up_waiting(*slot->waiting, TickReason::superseded, "a newer tick came due");
  }
  slot->waiting = open.run.id;
  const auto& deadline = policy_of(open).start_deadline;
  if (deadline && !open.tick_decided) wall_timers.emplace(open.run.due + *deadline, open.run.id);
  if (open.run.phase == RunPhase::backing_off) {
    wall_timers.emplace(open.run.not_before, open.run.id);
    open.backs_off = true;
    ++backing_off;
  } else {
    make_ready(open);
  }
}

void Core::Machine::next_of_backlog(ScheduleIndex index) {
  auto& slot = slots[index];
  if (!slot.bound || slot.unfinished > 0 || slot.backlog.empty()) return;
  const DueTick tick = slot.backlog.front();
  slot.backlog.erase(slot.backlog.begin());
  auto rest = std::exchange(slot.backlog, {});
  take_tick(index, tick);
  slots[index].backlog = std::move(rest);
}

/// Moves the durable watermark of a schedule, never back.
void Core::Machine::keep_cursor(Slot& slot, Instant decided) {
  // A schedule that was removed starts anew if it returns.
  if (!slot.bound && (!slot.cursor || slot.cursor->spec.view().empty())) return;
  const bool same = slot.cursor && slot.cursor->spec == slot.when.text();
  // What is decided ahead of a corrected clock lies in a range of its own.
  const bool ahead = slot.bound && decided > slot.watermark && slot.decided.contain(decided);
  const Instant watermark =
      same ? std::max(slot.cursor->watermark, ahead ? slot.watermark : decided) : decided;
  set_cursor(slot, watermark);
}

void Core::Machine::set_cursor(Slot& slot, Instant watermark) {
  ScheduleCursor cursor{slot.id, connections[slot.connection].view.id, watermark, slot.when.text(),
                        std::min(slot.range_begin, watermark)};
  slot.decided.drop_within({cursor.decided_from, cursor.watermark, cursor.spec});
  cursor.decided_besides.assign(slot.decided.all().begin(), slot.decided.all().end());
  slot.cursor = cursor;
  keep(put::Cursor{std::move(cursor)});
}

/// Writes a tick that never became a run.
void Core::Machine::record_tick(Slot& slot, Instant nominal, TickOutcome outcome, TickReason reason,
                                std::uint32_t also, std::string detail) {
  Tick tick;
  tick.schedule = slot.id;
  tick.nominal = nominal;
  tick.outcome = outcome;
  tick.reason = reason;
  tick.decided = now.wall;
  tick.also = also;
  tick.detail = std::move(detail);
  keep_cursor(slot, nominal);
  expect_nothing_of(slot, tick);
  const auto& view = connections[slot.connection].view;
  tell(fact::TickDecided{tick, view.id, view.name});
  keep(put::PutTick{std::move(tick)});
}

void Core::Machine::decide_tick(OpenRun& open, TickOutcome outcome, TickReason reason, std::string detail) {
  if (open.tick_decided) return;
  open.tick_decided = true;
  Tick tick;
  tick.schedule = open.run.schedule;
  tick.nominal = open.run.nominal;
  tick.outcome = outcome;
  tick.reason = reason;
  tick.decided = now.wall;
  if (outcome == TickOutcome::started || outcome == TickOutcome::attached || open.stored)
    tick.run = open.run.id;
  tick.detail = std::move(detail);
  // Written even where memory is there already: after a crash an open run alone may have raised it.
  if (open.slot) {
    keep_cursor(slots[*open.slot], open.run.nominal);
    expect_nothing_of(slots[*open.slot], tick);
  }
  tell(fact::TickDecided{tick, open.run.connection, connections[open.connection].view.name});
  keep(put::PutTick{std::move(tick)});
}

void Core::Machine::keep_run(OpenRun& open) {
  open.stored = true;
  keep(put::PutRun{open.run});
}

/// Ends a run. A run that was never written leaves no trace but its tick.
void Core::Machine::finish(RunId id, Verdict verdict, std::optional<FailureClass> failure) {
  auto& open = runs.at(id);
  stop_waiting(open);
  end_holding(open);
  open.run.phase = RunPhase::finished;
  open.run.verdict = verdict;
  open.run.failure = failure;
  if (open.stored) keep_run(open);
  if (verdict != Verdict::none) tell(fact::RunFinished{open.run, connections[open.connection].view.name});

  const auto slot_of = open.slot;
  if (const auto watched = watchers.find(open.run.job); watched != watchers.end()) {
    std::erase(watched->second, id);
    if (watched->second.empty()) watchers.erase(watched);
  }
  runs.erase(id);
  if (!slot_of) return;
  auto& slot = slots[*slot_of];
  --slot.unfinished;
  if (slot.waiting == id) slot.waiting.reset();
  next_of_backlog(*slot_of);
  if (slots[*slot_of].when.keep_fresh() != nullptr) rearm_by_events(slots[*slot_of].connection);
}

/// A pause before another job is time that passes, whatever the clock says (scheduling rule 6): a step makes
/// it neither longer nor shorter, and a suspend is no part of it.
void Core::Machine::move_back_offs(Millis step) {
  std::vector<std::pair<Instant, RunId>> moved;
  for (const auto& timer : wall_timers) {
    const auto open = runs.find(timer.second);
    if (open == runs.end() || open->second.run.phase != RunPhase::backing_off) continue;
    if (open->second.run.not_before == timer.first) moved.push_back(timer);
  }
  for (const auto& timer : moved) {
    auto& open = runs.at(timer.second);
    wall_timers.erase(timer);
    open.run.not_before += step;
    wall_timers.emplace(open.run.not_before, timer.second);
    keep_run(open);
  }
}

/// The clock was set back by hours: what it said before was wrong, so schedules go on from now. Nominals that
/// were decided one by one keep their decision.
void Core::Machine::clock_corrected() {
  for (ScheduleIndex i = 0; i < slots.size(); ++i) {
    auto& slot = slots[i];
    if (!slot.bound || slot.watermark <= now.wall) continue;
    due.remove(i);
    go_back_to_now(slot);
    arm(slot, i);
  }
}

/// What waits ahead of the clock and has no decision comes due again in its own time.
void Core::Machine::come_due_again(Slot& slot) {
  std::optional<Instant> earliest;
  const auto again = [&](Instant nominal) {
    if (nominal <= now.wall) return false;
    earliest = std::min(earliest.value_or(nominal), nominal);
    return true;
  };
  std::erase_if(slot.backlog, [&](const DueTick& tick) { return again(tick.nominal); });
  if (slot.waiting) {
    const auto& open = runs.at(*slot.waiting);
    if (!open.tick_decided && !open.stored && again(open.run.nominal))
      finish(*slot.waiting, Verdict::none, std::nullopt);
  }
  // What is older has its decision, or its request on the way.
  if (!earliest) return;
  const auto* calendar = slot.when.calendar();
  slot.watermark = calendar == nullptr ? std::max(now.wall, *earliest - Millis{1})
                                       : watermark_before(*calendar, *earliest);
}

/// A watermark that lies ahead of the clock moves back to it; what was decided ahead stays decided, on disk
/// too.
void Core::Machine::go_back_to_now(Slot& slot) {
  come_due_again(slot);
  if (slot.watermark <= now.wall) return;
  if (slot.range_begin <= now.wall) return;  // every nominal up to the watermark has its own decision
  slot.decided.add({slot.range_begin, slot.watermark, slot.when.text()});
  slot.watermark = now.wall;
  slot.range_begin = now.wall;
  set_cursor(slot, slot.watermark);
}

}  // namespace syncwarden::core
