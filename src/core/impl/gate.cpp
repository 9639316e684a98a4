// The gate: which of the waiting runs may send its request now, and what holds the others.
#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

/// A request whose turn has not come by then goes back into the queue, where priorities hold.
constexpr Millis lane_patience{std::chrono::minutes{2}};
/// Airbyte's clock and ours may differ by this much.
constexpr Millis clocks_differ{std::chrono::minutes{3}};

}  // namespace

const Policy& Core::Machine::policy_of(const OpenRun& open) const {
  static const Policy defaults;
  const auto* rule = connections[open.connection].rule;
  return rule != nullptr ? rule->policy : defaults;
}

bool Core::Machine::can_trigger() const {
  return !stopping && store_healthy && up && airbyte && connections_known && jobs_known &&
         !(throttled_until && *throttled_until > now.mono);
}

/// After a suspend or a long silence the newest job known is no baseline: what others started meanwhile would
/// pass for the effect of our next request. A poll that fails is an answer too; it waits for no better one.
bool Core::Machine::sight_is_old() const {
  const Millis limit = longest_gap();
  return now.mono - answered_poll.mono > limit || now.wall - answered_poll.wall > limit;
}

std::size_t Core::Machine::window() const { return std::max<std::size_t>(64, plan->trigger_lanes * 64U); }

void Core::Machine::make_ready(OpenRun& open) {
  open.in_ready = true;
  ready.push(place_of(open), now.mono);
}

/// Where a run stands among those who wait.
ReadyQueue::Item Core::Machine::place_of(const OpenRun& open) const {
  ReadyQueue::Item item;
  item.run = open.run.id;
  item.level = open.run.cause == TriggerCause::manual ? manual_level : level_of(policy_of(open).priority);
  item.since = open.since;
  item.workspace = connections[open.connection].workspace;
  item.due = open.run.due;
  item.schedule = open.run.schedule.text;
  return item;
}

/// Takes a run out of wherever it waits.
void Core::Machine::stop_waiting(OpenRun& open) {
  if (open.in_ready) {
    ready.erase(open.run.id);
    may_wake(connections[open.connection].keys);  // it may have been the one who competed for them
  }
  open.in_ready = false;
  if (open.parked) {
    const auto queue = parked.find(*open.parked);
    queue->second.erase(open.run.id);
    if (queue->second.empty()) parked.erase(queue);
    open.parked.reset();
  }
  if (open.waits_for_end) {
    std::erase(connections[open.connection].waiting_for_end, open.run.id);
    --waiting_for_end;
    open.waits_for_end = false;
  }
  if (open.gate_after_poll) {
    gate_after_poll.erase({*open.gate_after_poll, open.run.id});
    open.gate_after_poll.reset();
  }
  if (open.backs_off) {
    open.backs_off = false;
    --backing_off;
  }
  if (open.held) {
    --held[static_cast<std::size_t>(*open.held)];
    open.held.reset();
  }
}

void Core::Machine::park(OpenRun& open, Slots::Key key) {
  open.deferred = true;
  open.parked = key;
  parked[key].push(place_of(open), now.mono);
}

void Core::Machine::wait_for_end(OpenRun& open) {
  open.deferred = true;
  open.waits_for_end = true;
  ++waiting_for_end;
  connections[open.connection].waiting_for_end.push_back(open.run.id);
}

/// For every limited key with room, one of those who wait for it competes with everybody else; the next one
/// follows when that one has started or gone.
void Core::Machine::wake_parked() {
  while (!wakeable.empty()) {
    const auto key = *wakeable.begin();
    wakeable.erase(wakeable.begin());
    const auto queue = parked.find(key);
    if (queue == parked.end() || !limits.has_room(key)) continue;
    const auto item = queue->second.pop(now.mono);
    if (queue->second.empty()) parked.erase(queue);
    if (!item) continue;
    auto& open = runs.at(item->run);
    open.parked.reset();
    make_ready(open);
  }
}

/// Those who wait for a slot of these keys may look again.
void Core::Machine::may_wake(const std::vector<Slots::Key>& keys) {
  for (const auto key : keys) {
    if (parked.contains(key)) wakeable.insert(key);
  }
}

/// Starts what may start, in order, until something holds everybody back.
void Core::Machine::admit() {
  if (!can_trigger()) return;
  if (sight_is_old()) {
    if (!ready.empty() && !reading_jobs) next_jobs = now.mono;
    return;
  }
  while (in_flight < window()) {
    wake_parked();
    if (ready.empty() || !fleet_lets_through()) return;
    const auto item = ready.pop(now.mono);
    if (!item) return;
    auto& open = runs.at(item->run);
    open.in_ready = false;
    const auto connection = open.connection;
    if (try_start(item->run) == Gate::blocked) return;
    may_wake(connections[connection].keys);
  }
}

/// `blocked`: pacing holds everybody back, the run is in the ready queue again.
Core::Machine::Gate Core::Machine::try_start(RunId id) {
  auto& open = runs.at(id);
  if (open.in_ready) {
    ready.erase(id);
    open.in_ready = false;
  }
  if (!allowed(id) || overlaps(id)) return Gate::gone;
  if (const auto& connection = connections[open.connection]; connection.look_first > seen_poll) {
    look_again_before(open, connection.look_first);
    return Gate::gone;
  }
  if (plan->mode == Mode::shadow) {
    give_up_waiting(id, TickReason::shadow, "mode: shadow");
    return Gate::gone;
  }
  if (const auto full = limits.full(connections[open.connection].keys)) {
    park(open, *full);
    return Gate::gone;
  }
  if (!pacing.take(now.mono)) {
    make_ready(open);
    return Gate::blocked;
  }
  start_intent(open);
  return Gate::admitted;
}

/// The run waits for this poll, and it comes at once.
void Core::Machine::look_again_before(OpenRun& open, std::uint64_t poll) {
  open.deferred = true;
  open.gate_after_poll = poll;
  gate_after_poll.emplace(poll, open.run.id);
  if (!reading_jobs) next_jobs = now.mono;
}

/// Everything that makes a start pointless or forbidden. False: the run is gone.
bool Core::Machine::allowed(RunId id) {
  auto& open = runs.at(id);
  auto& connection = connections[open.connection];
  const auto& policy = policy_of(open);
  const auto refuse = [&](TickReason reason, std::string detail) {
    give_up_waiting(id, reason, std::move(detail));
    return false;
  };
  const bool by_hand = open.run.cause == TriggerCause::manual;
  if (!connection.present || (connection.rule == nullptr && !by_hand)) {
    return refuse(TickReason::left_management, connection.present ? "no rule names the connection any more"
                                                                  : "the connection is gone from Airbyte");
  }
  if (connection.view.status != ConnectionStatus::active &&
      connection.view.status != ConnectionStatus::unknown) {
    return refuse(TickReason::inactive,
                  fmt::format("the connection is {}", to_string(connection.view.status)));
  }
  if (!by_hand && (connection.view.schedule == AirbyteSchedule::cron ||
                   connection.view.schedule == AirbyteSchedule::basic)) {
    if (policy.airbyte_schedule == AirbyteSchedulePolicy::refuse) {
      return refuse(
          TickReason::airbyte_scheduled,
          fmt::format("Airbyte schedules it too: {}; see airbyte_schedule", connection.view.schedule_text));
    }
    if (policy.airbyte_schedule == AirbyteSchedulePolicy::set_manual && !connection.asked_manual &&
        plan->mode == Mode::live) {
      connection.asked_manual = true;
      effect(out::SetScheduleManual{connection.view.id});
    }
  }
  if (auto why = done_already(open)) return refuse(TickReason::fresh, std::move(*why));
  return lets_start(id);
}

/// Whether a job that somebody else started, or a life that the state does not know of, did what this start
/// is for (scheduling rule 2).
std::optional<std::string> Core::Machine::done_already(const OpenRun& open) const {
  const auto& connection = connections[open.connection];
  const auto& unclaimed = connection.history.unclaimed;
  if (open.run.requests > 0 || open.tick_decided) {
    // An earlier request, or the job that followed, may have had its turn in a life that the state does not
    // know of.
    if (!open.restored || unclaimed.empty() || unclaimed.back().id <= open.run.baseline) return std::nullopt;
    return fmt::format("job {} was created after its first request, and no run claims it",
                       unclaimed.back().id.value);
  }
  if (open.run.cause == TriggerCause::manual && !open.restored) return std::nullopt;
  const auto& policy = policy_of(open);
  if (const auto* fresh = open.slot ? slots[*open.slot].when.keep_fresh() : nullptr) {
    const Instant needed = next_keep_fresh(fresh->target, connection.history, Instant{});
    if (needed > now.wall) return fmt::format("its data is fresh until {}", to_rfc3339(needed));
  }
  if (open.run.cause == TriggerCause::catch_up && policy.catch_up == CatchUpPolicy::latest &&
      connection.newest_job_created && *connection.newest_job_created >= open.run.nominal) {
    return fmt::format("a job was created at {}, after the tick was due",
                       to_rfc3339(*connection.newest_job_created));
  }
  if (open.run.nominal > booted_at) return std::nullopt;
  const auto done = std::find_if(unclaimed.begin(), unclaimed.end(), [&](const UnclaimedJob& job) {
    return job.created + clocks_differ >= open.run.nominal;
  });
  if (done == unclaimed.end()) return std::nullopt;
  return fmt::format("job {} was created at {}, before syncwarden started and after the tick was due",
                     done->id.value, to_rfc3339(done->created));
}

void Core::Machine::note_unclaimed(Connection& connection, const JobView& job) const {
  if (job.id <= connection.known_at_boot || job.type != JobType::sync || watchers.contains(job.id)) return;
  if (job.created > booted_at + plan->settle) return;
  auto& unclaimed = connection.history.unclaimed;
  const auto place = std::lower_bound(unclaimed.begin(), unclaimed.end(), job.id,
                                      [](const UnclaimedJob& known, JobId id) { return known.id < id; });
  if (place != unclaimed.end() && place->id == job.id) return;
  unclaimed.insert(place, {job.id, job.created});
  if (unclaimed.size() > unclaimed_kept) unclaimed.erase(unclaimed.begin());
}

bool Core::Machine::is_ours(JobId job) const {
  const auto watched = watchers.find(job);
  return watched != watchers.end() &&
         std::any_of(watched->second.begin(), watched->second.end(),
                     [&](const RunId& run) { return runs.at(run).run.attribution != Attribution::attached; });
}

/// Something runs on the connection already (scheduling rule 4). True: the run has been dealt with.
bool Core::Machine::overlaps(RunId id) {
  auto& open = runs.at(id);
  auto& connection = connections[open.connection];
  if (connection.active.empty() && connection.holding.empty()) return false;
  const auto& policy = policy_of(open);
  const JobView* job = connection.active.empty() ? nullptr : &connection.active.front().view;
  const auto what = [&] {
    if (job == nullptr) return std::string("another request for this connection is under way");
    return fmt::format("job {} is {} since {}", job->id.value,
                       job->status == JobStatus::unknown ? "under way" : to_string(job->status),
                       to_rfc3339(job->created));
  };
  switch (policy.overlap) {
    case OverlapPolicy::skip:
      give_up_waiting(id, TickReason::overlap, what());
      return true;
    case OverlapPolicy::attach:
      if (job == nullptr || job->type != JobType::sync) {
        wait_for_end(open);
      } else {
        decide_tick(open, TickOutcome::attached, TickReason::job_running, what());
        take_job(open, job->id, Attribution::attached);
      }
      return true;
    case OverlapPolicy::queue_one:
      wait_for_end(open);
      return true;
    case OverlapPolicy::cancel_other:
      if (job == nullptr) {
        wait_for_end(open);
      } else {
        cancel_other(open, connection, *job);
      }
      return true;
  }
  return true;
}

void Core::Machine::cancel_other(OpenRun& open, Connection& connection, const JobView& job) {
  if (open.cancelling == job.id) {
    wait_for_end(open);
    return;
  }
  if (job.type != JobType::sync || !(policy_of(open).cancel_any || is_ours(job.id)) ||
      plan->mode == Mode::shadow) {
    give_up_waiting(open.run.id, TickReason::overlap,
                    fmt::format("job {} runs and is not ours to cancel", job.id.value));
    return;
  }
  open.cancelling = job.id;
  open.cancel_deadline = now.mono + plan->cancel_timeout;
  mono_timers.emplace(*open.cancel_deadline, open.run.id);
  effect(out::CancelJob{job.id, connection.view.id});
  wait_for_end(open);
}

/// Writes the intent; the request goes out once it is on disk.
void Core::Machine::start_intent(OpenRun& open) {
  stop_waiting(open);
  if (open.slot && slots[*open.slot].waiting == open.run.id) slots[*open.slot].waiting.reset();
  if (now.wall - open.run.due >= std::chrono::seconds{1}) open.deferred = true;
  auto& run = open.run;
  run.phase = RunPhase::intended;
  // After an unclear request the old baseline stays: whatever is newer than it may be that request's effect.
  if (++run.requests == 1) run.baseline = newest_job;
  run.job = {};
  run.attribution = Attribution::none;
  run.intended = now.wall;
  keep_run(open);
  count_probe(connections[open.connection], run);
  begin_holding(open);
  enter_lane(open);
  tell(fact::TriggerSent{run});
  Mono not_after = now.mono + lane_patience;
  if (const auto& deadline = policy_of(open).start_deadline; deadline && !open.tick_decided) {
    not_after = std::min(not_after, now.mono + std::max(Millis{0}, run.due + *deadline - now.wall));
  }
  effect(out::TriggerSync{run.id, run.requests, run.connection, not_after});
}

void Core::Machine::begin_holding(OpenRun& open) {
  if (open.holding) return;
  open.holding = true;
  auto& holding = connections[open.connection].holding;
  holding.insert(std::upper_bound(holding.begin(), holding.end(), open.run.id), open.run.id);
  changed_occupancy(open.connection);
}

void Core::Machine::end_holding(OpenRun& open) {
  if (!open.holding) return;
  open.holding = false;
  if (unresolved.contains({open.run.intended, open.run.id})) {
    incidents.close({IncidentKind::intent_unresolved, std::nullopt, open.run.connection, {}},
                    "its effect is known now", now.wall);
  }
  leave_lane(open);
  unresolved.erase({open.run.intended, open.run.id});
  std::erase(connections[open.connection].holding, open.run.id);
  changed_occupancy(open.connection);
}

void Core::Machine::enter_lane(OpenRun& open) {
  if (!std::exchange(open.in_lane, true)) ++in_flight;
}

void Core::Machine::leave_lane(OpenRun& open) {
  if (std::exchange(open.in_lane, false)) --in_flight;
}

/// Keeps the slots in step with whether anything runs on a connection, and wakes those who waited for the
/// end.
void Core::Machine::changed_occupancy(ConnectionIndex index) {
  auto& connection = connections[index];
  const bool occupied = !connection.active.empty() || !connection.holding.empty();
  if (connection.active.empty()) {
    busy.erase(index);
  } else {
    busy.insert(index);
  }
  if (occupied == connection.occupied) return;
  connection.occupied = occupied;
  if (occupied) {
    limits.take(connection.keys);
    return;
  }
  limits.give_back(connection.keys);
  may_wake(connection.keys);
  for (const RunId& id : std::exchange(connection.waiting_for_end, {})) {
    auto& open = runs.at(id);
    open.waits_for_end = false;
    --waiting_for_end;
    make_ready(open);
  }
}

void Core::Machine::fire_timers() {
  while (!wall_timers.empty() && wall_timers.begin()->first <= now.wall) {
    const RunId id = wall_timers.begin()->second;
    wall_timers.erase(wall_timers.begin());
    const auto found = runs.find(id);
    if (found == runs.end()) continue;
    auto& open = found->second;
    if (open.run.phase == RunPhase::backing_off && open.run.not_before <= now.wall) {
      stop_waiting(open);
      open.run.phase = RunPhase::queued;
      open.since = now.mono;
      make_ready(open);
      continue;
    }
    if (open.held && open.held_until <= now.wall) {
      stop_waiting(open);
      make_ready(open);
      continue;
    }
    const auto& deadline = policy_of(open).start_deadline;
    if (open.run.phase == RunPhase::queued && !open.tick_decided && deadline &&
        open.run.due + *deadline <= now.wall) {
      give_up_waiting(id, TickReason::start_deadline,
                      fmt::format("not started within {} of being due", to_string(*deadline)));
    }
  }
  while (!mono_timers.empty() && mono_timers.begin()->first <= now.mono) {
    const RunId id = mono_timers.begin()->second;
    mono_timers.erase(mono_timers.begin());
    const auto found = runs.find(id);
    if (found == runs.end()) continue;
    auto& open = found->second;
    if (open.run.phase == RunPhase::unresolved && airbyte && !reading_jobs) next_jobs = now.mono;
    if (open.waits_for_end && open.cancel_deadline && *open.cancel_deadline <= now.mono) {
      give_up_waiting(id, TickReason::overlap,
                      fmt::format("job {} did not end within {} of being cancelled", open.cancelling->value,
                                  to_string(plan->cancel_timeout)));
    }
  }
}

}  // namespace syncwarden::core
