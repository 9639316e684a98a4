// Intents: what a request's answer, or its absence, means. An unclear answer is never guessed about: the job
// list tells in time, and until then the run stays unresolved and blocks nothing but its own connection.
#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

/// 409 answers without any job in the list: after this many the tick is given up as an overlap.
constexpr std::uint32_t phantom_conflicts = 3;
/// So many settle times without any movement, in observed time, and one run asks again.
constexpr int canary_patience = 3;
constexpr Millis throttle_min{std::chrono::seconds{60}};
constexpr Millis throttle_max{std::chrono::minutes{15}};

bool means_airbyte_is_away(const std::optional<Error>& error) {
  return error && error->code != Errc::expired && error->code != Errc::cancelled;
}

}  // namespace

void Core::Machine::trigger_answered(const in::TriggerAnswered& answered) {
  const auto found = runs.find(answered.run);
  if (found == runs.end()) return;  // adopted by a poll and finished before its answer came
  auto& open = found->second;
  if (open.run.requests != answered.request) return;
  const auto& reply = answered.reply;
  if (open.run.phase == RunPhase::watching) {
    // A poll saw the effect before the answer came; the answer can only make it certain.
    if (reply.answer == TriggerAnswer::created && reply.job == open.run.job &&
        open.run.attribution == Attribution::adopted) {
      open.run.attribution = Attribution::proven;
      keep_run(open);
    }
    return;
  }
  if (open.run.phase != RunPhase::intended && open.run.phase != RunPhase::unresolved) return;
  leave_lane(open);
  const bool once_more = std::exchange(open.asks_once_more, false);
  if (reply.answer != TriggerAnswer::created) tell(fact::TriggerFailed{open.run, reply.answer, reply.error});

  // Whatever is said of a request that was sent once more, the one before it may still have its effect.
  const auto withdraw = [&] { once_more ? make_unresolved(open) : take_back(open); };
  switch (reply.answer) {
    case TriggerAnswer::created:
      trigger_created(open, reply);
      break;
    case TriggerAnswer::conflict:
      trigger_conflict(open);
      break;
    case TriggerAnswer::refused:
      once_more ? make_unresolved(open) : trigger_refused(open, reply);
      break;
    case TriggerAnswer::not_sent:
      if (means_airbyte_is_away(reply.error)) airbyte_lost(*reply.error);
      withdraw();
      break;
    case TriggerAnswer::throttled: {
      const auto doublings = std::min<std::uint32_t>(throttles++, 8);
      const Millis pause =
          reply.retry_after.value_or(std::min(throttle_max, throttle_min * (1 << doublings)));
      throttled_until = std::max(throttled_until.value_or(now.mono), now.mono + pause);
      withdraw();
      break;
    }
    case TriggerAnswer::unclear:
      make_unresolved(open);
      break;
  }
}

void Core::Machine::trigger_created(OpenRun& open, const TriggerReply& reply) {
  throttles = 0;
  if (reply.job <= open.run.baseline) {
    // Airbyte joined us to a job that was there before (reference 6.1.6).
    decide_tick(open, TickOutcome::attached, TickReason::job_running,
                fmt::format("Airbyte answered with job {}, which was there already", reply.job.value));
    take_job(open, reply.job, Attribution::attached);
    return;
  }
  take_job(open, reply.job, Attribution::proven);
}

/// 409: to the first request it is an overlap; after an unclear one it means that one took effect.
void Core::Machine::trigger_conflict(OpenRun& open) {
  if (open.run.requests > 1) {
    make_unresolved(open);
    const auto& active = connections[open.connection].active;
    const auto ours = std::find_if(active.begin(), active.end(), [&](const ActiveJob& job) {
      return job.view.type == JobType::sync && job.view.id > open.run.baseline;
    });
    if (ours != active.end()) take_job(open, JobId{ours->view.id}, Attribution::adopted);
    return;
  }
  if (connections[open.connection].active.empty()) saw_conflict(connections[open.connection]);
  connections[open.connection].look_first = poll_number + 1;
  const auto policy = policy_of(open).overlap;
  if (policy == OverlapPolicy::skip || ++open.conflicts >= phantom_conflicts) {
    decide_tick(open, TickOutcome::skipped, TickReason::overlap,
                open.conflicts >= phantom_conflicts ? "Airbyte says that a sync is running, but lists none"
                                                    : "Airbyte says that a sync is running already");
    const bool unscheduled = open.run.schedule.empty();
    if (unscheduled) open.run.why = "Airbyte says that a sync is running already";
    finish(open.run.id,
           unscheduled               ? Verdict::abandoned
           : open.run.job_number > 0 ? Verdict::failed
                                     : Verdict::none,
           open.run.failure);
    return;
  }
  // The policy needs the job, and the 409 does not name it: look again after the next complete poll.
  --open.run.requests;
  open.run.phase = RunPhase::queued;
  end_holding(open);
  keep_run(open);
  if (open.slot && !slots[*open.slot].waiting) slots[*open.slot].waiting = open.run.id;
  look_again_before(open, poll_number + 1);
}

void Core::Machine::trigger_refused(OpenRun& open, const TriggerReply& reply) {
  const Errc code = reply.error ? reply.error->code : Errc::rejected;
  if (code == Errc::unauthorized && open.auth_refusals++ == 0) {
    // Wrong for everything, or only for this? A poll tells; then it is tried once more.
    airbyte_lost(*reply.error);
    take_back(open);
    return;
  }
  auto outcome = TickOutcome::failed_to_start;
  auto reason = TickReason::refused;
  if (code == Errc::unauthorized || code == Errc::forbidden) reason = TickReason::auth;
  if (code == Errc::not_found) reason = TickReason::not_found;
  if (code == Errc::conflict) {
    outcome = TickOutcome::skipped;
    reason = TickReason::inactive;
  }
  if (airbyte && !reading_connections) next_connections = now.mono;
  connections[open.connection].look_first = poll_number + 1;
  decide_tick(open, outcome, reason, reply.error ? to_string(*reply.error) : std::string{});
  if (outcome == TickOutcome::skipped && open.run.job_number == 0) {
    finish(open.run.id, Verdict::none, std::nullopt);
  } else {
    finish(open.run.id, Verdict::failed, open.run.failure.value_or(FailureClass::unknown));
  }
}

/// Surely nothing happened: the intent is withdrawn and the run waits again.
void Core::Machine::take_back(OpenRun& open) {
  if (open.run.requests > 0) --open.run.requests;
  open.run.phase = RunPhase::queued;
  open.deferred = true;
  end_holding(open);
  keep_run(open);
  wait_again(open);
}

void Core::Machine::make_unresolved(OpenRun& open) {
  leave_lane(open);
  open.run.phase = RunPhase::unresolved;
  open.since = now.mono;
  open.observed_since = observed.now();
  unresolved.emplace(open.run.intended, open.run.id);
  mono_timers.emplace(now.mono + plan->settle, open.run.id);
  keep_run(open);
  // Its effect may be there already.
  if (airbyte && !reading_jobs) {
    const Mono soon = now.mono + plan->poll.min;
    next_jobs = std::min(next_jobs.value_or(soon), soon);
  }
}

/// The run has its job.
void Core::Machine::take_job(OpenRun& open, JobId job, Attribution attribution) {
  const bool in_lane = open.run.phase == RunPhase::intended && attribution == Attribution::adopted;
  if (in_lane) effect(out::AbandonTrigger{open.run.id, open.run.requests});
  stop_waiting(open);
  if (open.slot && slots[*open.slot].waiting == open.run.id) slots[*open.slot].waiting.reset();
  open.run.phase = RunPhase::watching;
  open.run.job = job;
  open.run.attribution = attribution;
  if (!open.tick_decided) {
    const bool caught_up = open.run.cause == TriggerCause::catch_up;
    const bool early = open.slot && slots[*open.slot].when.keep_fresh() != nullptr;
    const auto reason = caught_up       ? TickReason::catch_up
                        : open.deferred ? TickReason::deferred
                        : early         ? TickReason::early
                                        : TickReason::on_time;
    decide_tick(open, TickOutcome::started, reason, fmt::format("job {}", job.value));
  }
  if (attribution != Attribution::attached) tell(fact::TriggerAccepted{open.run, now.wall - open.run.due});
  keep_run(open);
  watchers[job].push_back(open.run.id);
  std::erase_if(connections[open.connection].history.unclaimed,
                [&](const UnclaimedJob& known) { return known.id == job; });
  if (attribution == Attribution::proven) {
    auto& created = connections[open.connection].newest_job_created;
    created = std::max(created.value_or(now.wall), now.wall);
  }
  expect_job(open.connection, job, JobStatus::unknown);
  end_holding(open);
}

/// Is this job the effect of one of the connection's requests whose answer is not known?
void Core::Machine::look_for_effects(ConnectionIndex index, const JobView& job) {
  const auto& holding = connections[index].holding;
  if (holding.empty() || job.type != JobType::sync || watchers.contains(job.id)) return;
  const auto older = std::find_if(holding.begin(), holding.end(),
                                  [&](const RunId& id) { return runs.at(id).run.baseline < job.id; });
  if (older != holding.end()) take_job(runs.at(*older), job.id, Attribution::adopted);
}

/// The settle time is over, and a complete poll that was asked for since shows nothing newer.
bool Core::Machine::shows_no_effect(const OpenRun& open, const JobsPage& page) const {
  const bool covered = !page.covers || std::find(page.covers->begin(), page.covers->end(),
                                                 open.run.connection) != page.covers->end();
  return open.since + plan->settle <= poll_asked && covered && page.ended_complete;
}

/// Where nothing moves, nothing proves that Airbyte's workers live: its only connection, or a proxy that went
/// away with a whole herd. Then one run at a time asks once more after a long look. It stays what it is, a
/// run whose effect is not known: a request that still waits for the workers is joined by the next one
/// (reference 6.1), and the job that comes of it is the evidence for the others. Each further look is twice
/// as long, up to eight times: a long outage of the workers is no reason for many requests.
std::optional<RunId> Core::Machine::canary(const JobsPage& page) const {
  const Millis patience = canary_patience * plan->settle;
  if (!can_trigger() || plan->mode == Mode::shadow ||
      (last_canary && observed.now() < *last_canary + patience)) {
    return std::nullopt;
  }
  for (const auto& [intended, id] : unresolved) {
    const auto& open = runs.at(id);
    const auto& connection = connections[open.connection];
    const bool may_ask = connection.present && connection.rule != nullptr &&
                         connection.view.status == ConnectionStatus::active && !is_paused(connection) &&
                         blackout_of(connection) == nullptr;
    if (open.run.phase == RunPhase::unresolved && may_ask && shows_no_effect(open, page) &&
        observed.now() >= open.observed_since + patience * (1 << std::min(open.run.requests - 1, 3U))) {
      return id;
    }
  }
  return std::nullopt;
}

void Core::Machine::ask_once_more(OpenRun& open) {
  last_canary = observed.now();
  open.asks_once_more = true;
  open.run.phase = RunPhase::intended;
  ++open.run.requests;
  keep_run(open);
  enter_lane(open);
  tell(fact::TriggerSent{open.run});
  effect(out::TriggerSync{open.run.id, open.run.requests, open.run.connection, now.mono + lane_patience});
}

/// After the settle time, a complete poll that shows nothing newer, while other jobs have moved, is the
/// evidence that a request had no effect.
void Core::Machine::give_up_unresolved(const JobsPage& page) {
  if (unresolved.empty()) return;
  std::vector<RunId> without_effect;
  for (const auto& [intended, id] : unresolved) {
    const auto& open = runs.at(id);
    const bool workers_live = last_movement && *last_movement >= open.since;
    if (open.run.phase == RunPhase::unresolved && workers_live && shows_no_effect(open, page))
      without_effect.push_back(id);
  }
  if (without_effect.empty()) {
    if (const auto bold = canary(page)) ask_once_more(runs.at(*bold));
  }
  for (const RunId& id : without_effect) {
    auto& open = runs.at(id);
    open.run.phase = RunPhase::queued;
    open.deferred = true;
    incidents.close({IncidentKind::intent_unresolved, std::nullopt, open.run.connection, {}},
                    "nothing shows an effect, so it is asked for again", now.wall);
    end_holding(open);
    keep_run(open);
    open.since = now.mono;
    wait_again(open);
  }
}

}  // namespace syncwarden::core
