// The oracles: each holds the daemon to one promise.
#include "simulation/chronicle.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Coalesced misses are counted up to a thousand; a record with that many speaks for all older ones.
constexpr std::uint32_t counted_at_most = 999;
/// A tick may wait for a job to end; the longest ones here take less.
constexpr Millis longest_wait = hours{4};
constexpr Millis longest_backlog = hours{20};
/// A request may take effect so long after it was sent.
constexpr Millis in_flight = minutes{5};

/// The bounds that a connection is counted under, and how to tell who shares them.
struct Bound {
  std::string name;
  std::uint32_t most = 0;
  std::function<bool(const ConnectionView&)> counts;
};

std::vector<Bound> bounds_of(const Limits& limits, const ConnectionView& view) {
  std::vector<Bound> bounds;
  const auto add = [&](std::string name, std::uint32_t most,
                       std::function<bool(const ConnectionView&)> counts) {
    if (most > 0) bounds.push_back({std::move(name), most, std::move(counts)});
  };
  add("total", limits.total, [](const ConnectionView&) { return true; });
  add("source", limits.per_source,
      [id = view.source.id](const ConnectionView& c) { return c.source.id == id; });
  add("destination", limits.per_destination,
      [id = view.destination.id](const ConnectionView& c) { return c.destination.id == id; });
  add("source type", limits.per_source_type,
      [id = view.source.definition](const ConnectionView& c) { return c.source.definition == id; });
  add("destination type", limits.per_destination_type,
      [id = view.destination.definition](const ConnectionView& c) { return c.destination.definition == id; });
  for (const auto& group : limits.groups) {
    if (!matches(group.match, view)) continue;
    add("group " + group.name, group.total,
        [match = group.match](const ConnectionView& c) { return matches(match, c); });
  }
  return bounds;
}

}  // namespace

// ---- as it happens

void Chronicle::a_tick_is_decided_once(Instant truth, const Tick& tick) {
  const auto [known, fresh] = ticks_.try_emplace({tick.schedule, tick.nominal}, RecordedTick{tick, truth});
  if (fresh || known->second.tick == tick) return;  // a commit that was told as failed is written again
  violated(
      "a_tick_is_decided_once",
      fmt::format("{} of {}: {}/{}, then {}/{}", to_rfc3339(tick.nominal),
                  std::string_view{tick.schedule.text}, to_string(known->second.tick.outcome),
                  to_string(known->second.tick.reason), to_string(tick.outcome), to_string(tick.reason)));
}

/// What had been seen before the first request of a start is no effect of it.
void Chronicle::a_run_takes_no_job_older_than_its_baseline(const Run& run) {
  const std::pair start{run.id, run.job_number};
  nominals_.emplace(run.id, run.nominal);
  if (run.phase == RunPhase::intended) baselines_.try_emplace(start, run.baseline);
  const bool as_its_own = run.attribution == Attribution::proven || run.attribution == Attribution::adopted;
  const auto baseline = baselines_.find(start);
  if (!as_its_own || run.job.value == 0 || baseline == baselines_.end() || run.job > baseline->second) return;
  violated("a_run_takes_no_job_older_than_its_baseline",
           fmt::format("run {} takes job {}, and knew job {} before its first request", to_string(run.id),
                       run.job.value, baseline->second.value));
}

/// When a sync request is sent, the disk holds its intent.
void Chronicle::no_effect_before_its_commit(const Effect& effect) {
  const auto* request = std::get_if<out::TriggerSync>(&effect);
  if (request == nullptr) return;
  const auto run = on_disk_.find(request->run);
  const bool written = run != on_disk_.end() && run->second.requests >= request->request &&
                       run->second.phase != RunPhase::queued && run->second.phase != RunPhase::backing_off;
  if (written) return;
  violated("no_effect_before_its_commit",
           fmt::format("request {} of run {} is sent and the disk knows nothing of it", request->request,
                       to_string(request->run)));
}

/// Every command gets exactly one answer, and, where it changed something, only once that is on disk.
void Chronicle::every_command_is_answered_once(const Effect& effect) {
  const auto* reply = std::get_if<out::Reply>(&effect);
  if (reply == nullptr) return;
  if (asked_.erase(reply->ticket) == 0) {
    violated("every_command_is_answered_once", fmt::format("command {} is answered again", reply->ticket));
  }
}

/// What cannot be seen is not cancelled, unless a person asks for it.
void Chronicle::no_cancel_without_sight(Instant truth, const Input& input, const Decision& decision) {
  for (const auto& effect : decision.after) {
    const auto* cancel = std::get_if<out::CancelJob>(&effect);
    if (cancel == nullptr) continue;
    if (sighted_ || std::holds_alternative<in::Command>(input)) continue;
    violated("no_cancel_without_sight", fmt::format("job {} at {}, and the last poll showed nothing",
                                                    cancel->job.value, to_rfc3339(truth)));
  }
}

/// Airbyte cancels whatever the connection runs; so the job is read again, and nothing is sent unless it runs
/// and is the newest. What changes on the way from there is beyond anybody's reach.
void Chronicle::a_cancel_hits_what_it_was_meant_for(Instant truth, const forecast::CancelSent& cancel) {
  if (cancel.was_fit) return;
  ++tally_.wrongly_cancelled;
  violated("a_cancel_hits_what_it_was_meant_for",
           fmt::format("at {}: meant for job {}, which had ended or was not the newest; hits {}",
                       to_rfc3339(truth), cancel.meant.value, cancel.hit.value));
}

void Chronicle::no_healthy_or_foreign_job_is_cancelled(Instant truth, const forecast::CancelSent& cancel) {
  const auto* job = engine_->airbyte().job(cancel.meant);
  if (job == nullptr || may_cancel(truth, cancel, *job)) return;
  ++tally_.wrongly_cancelled;
  violated("no_healthy_or_foreign_job_is_cancelled",
           fmt::format("at {}: job {} ({}, {} attempts) of {}, created {}{}", to_rfc3339(truth),
                       job->id.value, to_string(job->status), job->attempts.size(),
                       engine_->airbyte().connection(job->connection).view.name, to_rfc3339(job->created),
                       job->attempts.empty() ? std::string{}
                                             : fmt::format(", last attempt {}, course {}, planned {}",
                                                           to_rfc3339(job->attempts.back().created),
                                                           static_cast<int>(job->attempts.back().course),
                                                           to_string(job->attempts.back().planned))));
}

bool Chronicle::may_cancel(Instant truth, const forecast::CancelSent& cancel,
                           const emulator::Job& job) const {
  if (cancel_asked_.contains(cancel.connection)) return true;
  if (job.type != JobType::sync) return false;
  auto view = view_of(cancel.connection);
  if (!view) return false;
  // What somebody has renamed is known by its old name until the next discovery.
  constexpr std::string_view renamed = "formerly ";
  if (view->name.view().starts_with(renamed))
    view->name = SharedText{view->name.view().substr(renamed.size())};
  const auto under = asked_under_.find(job.id);
  return may_cancel_under(truth, cancel, policy_of(*view), *view, job) ||
         (under != asked_under_.end() && may_cancel_under(truth, cancel, under->second, *view, job));
}

bool Chronicle::may_cancel_under(Instant truth, const forecast::CancelSent& cancel, const Policy& policy,
                                 const ConnectionView& view, const emulator::Job& job) const {
  bool ours = our_ids_.contains(job.id);
  for (const auto& [start, jobs] : claims_) {
    if (ours) break;
    ours = jobs.contains(job.id);
  }
  if (policy.overlap == OverlapPolicy::cancel_other && (ours || policy.cancel_any)) return true;
  for (const auto& blackout : plan_.blackouts) {
    if (blackout.cancel_running && matches(blackout.match, view)) return true;
  }
  if (!cancel_step_.contains(job.id)) return false;
  if (looks_stuck(truth, policy.stuck, job)) return true;
  // What a job begins while the request travels nobody can know.
  auto checked = job;
  std::erase_if(checked.attempts, [&](const auto& attempt) { return attempt.created > cancel.checked; });
  return checked.attempts.size() < job.attempts.size() && looks_stuck(cancel.checked, policy.stuck, checked);
}

/// Whether a second look shows that streams wait for a quota: not before 1.0, and not where Airbyte shows no
/// streams.
bool Chronicle::tells_of_quota(const emulator::Job& job) const {
  const auto streams = engine_->airbyte().inspect(job).streams;
  return engine_->setup().tells_workflows &&
         std::any_of(streams.begin(), streams.end(),
                     [](const auto& stream) { return stream.state == StreamRunState::rate_limited; });
}

/// By the truth of the model, for any kind whose action is more than an alert.
bool Chronicle::looks_stuck(Instant truth, const StuckPolicy& policy, const emulator::Job& job) const {
  const auto acts = [](const StuckRule& rule) { return rule.action != StuckAction::alert; };
  const Millis age = truth - job.created;
  const auto* attempt = job.attempts.empty() ? nullptr : &job.attempts.back();
  if (acts(policy.pending) && attempt == nullptr && age >= policy.pending.after) return true;
  if (acts(policy.queued) && attempt == nullptr && age >= policy.queued.after) return true;
  if (acts(policy.max_run_time) && age >= policy.max_run_time.after) return true;
  if (acts(policy.longer_than) && age >= policy.longer_than.after) return true;
  if (attempt == nullptr) return false;
  const Millis ran = truth - attempt->created;
  if (acts(policy.between_attempts) && attempt->ended &&
      truth - *attempt->ended >= policy.between_attempts.after) {
    return true;
  }
  const bool idle = engine_->airbyte().connection(job.connection).job != job.id ||
                    engine_->airbyte().connection(job.connection).phase == emulator::Phase::idle;
  // What will fail with less than everything stands still when it has come so far.
  const auto reached =
      Millis{static_cast<std::int64_t>(static_cast<double>(attempt->planned.count()) * attempt->reaches)};
  if (acts(policy.no_progress) && ran - reached >= policy.no_progress.after) return true;
  const bool silent = attempt->silence > Millis{} && ran >= attempt->planned;
  const bool frozen = silent || attempt->course == emulator::Course::stuck ||
                      attempt->course == emulator::Course::empty || job.without_stats ||
                      (attempt->course == emulator::Course::rate_limited && !tells_of_quota(job)) || idle ||
                      engine_->airbyte().workers_down();
  return acts(policy.no_progress) && frozen && ran >= policy.no_progress.after;
}

/// No more of our starts than the limits leave room for, counting everything that the last list showed.
void Chronicle::limits_are_kept(Instant truth, const Decision& decision) {
  for (const auto& mutation : decision.durable) {
    const auto* put = std::get_if<put::PutRun>(&mutation);
    if (put == nullptr) continue;
    // One whose request has an unknown fate has its slot already, also when it asks once more.
    const bool starts = put->run.phase == RunPhase::intended && !decided_.contains(put->run.id);
    reckon(put->run);
    const auto view = starts ? view_of(put->run.connection) : std::nullopt;
    if (!view) continue;
    // Who belongs to a group by a name is known by the old one until the next discovery.
    auto limits = plan_.limits;
    if (engine_->fired(forecast::Fault::person_renames) > 0) limits.groups.clear();
    const auto bounds = bounds_of(limits, *view);
    if (bounds.empty()) continue;
    std::set<ConnectionId> occupied;
    for (const auto& [id, run] : decided_) occupied.insert(run.connection);
    for (const auto& [id, jobs] : visible_) {
      if (!jobs.empty()) occupied.insert(id);
    }
    for (const auto& bound : bounds) {
      const auto in_use = std::count_if(occupied.begin(), occupied.end(), [&](const ConnectionId& id) {
        const auto other = view_of(id);
        return other && bound.counts(*other);
      });
      if (static_cast<std::uint32_t>(in_use) <= bound.most) continue;
      violated("limits_are_kept",
               fmt::format("at {}: {} of {} for {}", to_rfc3339(truth), in_use, bound.most, bound.name));
    }
  }
}

/// Losing sight of Airbyte is one incident, and a reason for no other about a job or a sync.
void Chronicle::one_incident_while_airbyte_is_away(Instant truth, const Decision& decision) {
  for (const auto& fact : decision.facts) {
    const auto* change = std::get_if<fact::IncidentChanged>(&fact);
    if (change == nullptr || change->change != fact::IncidentChange::opened) continue;
    const auto kind = change->incident.kind;
    if (kind == IncidentKind::airbyte_unreachable) {
      const auto& known = engine_->disk().incidents();
      const bool open = std::any_of(known.begin(), known.end(), [&](const auto& entry) {
        return entry.second.kind == kind && !entry.second.closed && entry.first != change->incident.id;
      });
      if (!open) continue;
    } else if (sighted_ || (kind != IncidentKind::stuck && kind != IncidentKind::sync_failing)) {
      continue;
    }
    violated("one_incident_while_airbyte_is_away",
             fmt::format("at {}: {} ({})", to_rfc3339(truth), to_string(kind), change->incident.summary));
  }
}

/// A job that is stuck in truth has an incident within its policy's time plus two polls, in observed time of
/// one life.
void Chronicle::every_stuck_job_is_found(Instant truth, const in::JobsSeen& seen, Mono now) {
  if (!seen.page) return;
  const Millis since_last = last_sight_ ? now - *last_sight_ : Millis{};
  last_sight_ = now;
  std::map<JobId, StuckWatch> still;
  for (const auto& view : seen.page->active) {
    const auto* job = engine_->airbyte().job(view.id);
    const bool frozen = job != nullptr && !job->attempts.empty() && job->status == JobStatus::running &&
                        job->attempts.back().course == emulator::Course::stuck;
    if (!frozen) continue;
    const auto known = stuck_.find(view.id);
    StuckWatch watch = known == stuck_.end() ? StuckWatch{} : known->second;
    const JobCounters truly = engine_->airbyte().view(*job).counters;
    if (watch.counters != truly) watch.told.clear();
    // Counters that were never told before tell progress, whether they are true or not; the same lie again
    // does not.
    const bool new_to_all =
        has_statistics(view.counters) && std::ranges::find(watch.told, view.counters) == watch.told.end();
    if (new_to_all) watch.told.push_back(view.counters);
    if (known != stuck_.end() && watch.counters == truly && !new_to_all) {
      watch.observed += since_last;
    } else {
      watch.observed = watch.in_force_since = {};
      watch.counters = truly;
    }
    const auto connection = view_of(view.connection);
    const auto& history = engine_->disk().histories();
    const auto past = history.find(view.connection);
    const Millis quiet = past == history.end() ? Millis{} : past->second.longest_quiet;
    const auto told = told_.find(view.connection);
    const Millis after =
        connection ? policy_of(told == told_.end() ? *connection : told->second).stuck.no_progress.after
                   : Millis{};
    if (watch.after != after) {  // an edit or a new name: it holds from now on
      watch.after = after;
      watch.in_force_since = watch.observed;
    }
    const Millis limit = std::max({after, quiet * 2, watch.in_force_since}) + plan_.poll.max * 2;
    const auto& incidents = engine_->disk().incidents();
    const bool found = (!store_healthy_ && stuck_found_.contains(view.id)) ||
                       std::any_of(incidents.begin(), incidents.end(), [&](const auto& entry) {
                         return entry.second.kind == IncidentKind::stuck && entry.second.job == view.id;
                       });
    if (connection && !found && !watch.reported && watch.observed > limit + minutes{1}) {
      watch.reported = true;
      violated("every_stuck_job_is_found",
               fmt::format("at {}: job {} of {} has stood still for {} of observed time, longer than {}",
                           to_rfc3339(truth), view.id.value, connection->name.view(),
                           to_string(watch.observed), to_string(limit)));
    }
    still[view.id] = watch;
  }
  stuck_ = std::move(still);
}

// ---- at the end

/// Whether the present plan names this schedule.
bool Chronicle::is_bound(const ScheduleId& id) const {
  const std::string_view text{id.text};
  const auto slash = text.rfind('/');
  const auto view = view_of(ConnectionId{std::string(text.substr(0, slash))});
  if (!view || view->status == ConnectionStatus::deprecated) return false;
  for (const auto& rule : plan_.rules) {
    if (!matches(rule.match, *view)) continue;
    for (std::size_t i = 0; i < rule.schedules.size(); ++i) {
      const auto& name = rule.schedules[i].name;
      if ((name.empty() ? std::to_string(i) : name) == text.substr(slash + 1)) return true;
    }
    return false;
  }
  return false;
}

void Chronicle::judge(Instant calm_since) {
  every_due_tick_has_one_outcome();
  one_job_per_start();
  every_job_of_ours_is_known();
  everything_settles(calm_since);
  every_incident_is_closed(calm_since);
}

/// Between the moment in which a schedule came into force and its watermark, every nominal has a record, or
/// shares a later one.
void Chronicle::every_due_tick_has_one_outcome() {
  std::set<std::pair<ScheduleId, Instant>> open;
  for (const auto& [id, run] : engine_->disk().runs()) {
    if (run.phase != RunPhase::finished) open.emplace(run.schedule, run.nominal);
  }
  for (const auto& [id, spans] : bindings_) {
    for (const auto& span : spans) judge_binding(id, span, open);
  }
}

void Chronicle::judge_binding(const ScheduleId& id, const Binding& span,
                              const std::set<std::pair<ScheduleId, Instant>>& open) {
  const auto schedule = schedule_of(span.spec);
  if (!schedule) return;
  const Instant wall = engine_->clock().wall;
  const Instant until = span.open && is_bound(id) ? std::max(span.until, wall) : span.until;
  // What is caught up goes one at a time.
  const auto view = view_of(
      ConnectionId{std::string(std::string_view{id.text}.substr(0, std::string_view{id.text}.rfind('/')))});
  const bool one_by_one = view && policy_of(*view).catch_up == CatchUpPolicy::all;
  const Millis patience = one_by_one ? longest_backlog : longest_wait;
  std::vector<Instant> uncovered;
  for (auto nominal = schedule->next(span.from); nominal && *nominal <= until;
       nominal = schedule->next(*nominal)) {
    ++tally_.due;
    const auto recorded = ticks_.find({id, *nominal});
    if (recorded == ticks_.end()) {
      if (*nominal > span.until || open.contains({id, *nominal})) {
        if (wall - *nominal > patience) {
          violated("everything_settles", fmt::format("tick {} of {} is still undecided", to_rfc3339(*nominal),
                                                     std::string_view{id.text}));
        }
        ++tally_.undecided;
      } else {
        uncovered.push_back(*nominal);
      }
      continue;
    }
    const auto& tick = recorded->second.tick;
    std::uint64_t shared = std::min<std::uint64_t>(tick.also, uncovered.size());
    if (tick.also >= counted_at_most) shared = uncovered.size();
    uncovered.resize(uncovered.size() - shared);
    if (tick.outcome == TickOutcome::started || tick.outcome == TickOutcome::attached) ++tally_.started;
    if (tick.outcome == TickOutcome::skipped) tally_.skipped += 1 + shared;
    if (tick.outcome == TickOutcome::missed) tally_.missed += 1 + shared;
    if (tick.outcome == TickOutcome::failed_to_start) ++tally_.failed_to_start;
  }
  cover_from_beyond(id, span, *schedule, until, uncovered);
  tally_.lost += uncovered.size();
  for (const Instant nominal : uncovered) {
    violated("every_due_tick_has_one_outcome",
             fmt::format("tick {} of {} has none", to_rfc3339(nominal), std::string_view{id.text}));
  }
}

/// What was given up together while the clock was ahead is recorded under a nominal that lies beyond the
/// watermark, once that has been set back.
void Chronicle::cover_from_beyond(const ScheduleId& id, const Binding& span,
                                  const calendar::Schedule& schedule, Instant until,
                                  std::vector<Instant>& uncovered) const {
  std::uint64_t between = 0;
  auto nominal = schedule.next(until);
  for (auto recorded = ticks_.upper_bound({id, until});
       !uncovered.empty() && recorded != ticks_.end() && recorded->first.first == id; ++recorded) {
    for (; nominal && *nominal < recorded->first.second; nominal = schedule.next(*nominal)) ++between;
    const bool under_this =
        recorded->second.at >= span.since && (span.open || recorded->second.at <= span.closed_at);
    if (nominal != recorded->first.second || !under_this) continue;
    nominal = schedule.next(*nominal);
    const std::uint64_t also = recorded->second.tick.also;
    const std::uint64_t first = std::min(also, between);
    between -= first;
    uncovered.resize(uncovered.size() - std::min<std::uint64_t>(also - first, uncovered.size()));
  }
}

bool Chronicle::put_back_near(Instant born) const {
  return std::any_of(restored_.begin(), restored_.end(),
                     [&](Instant at) { return at > born - in_flight && at < born + minutes{2}; });
}

/// A tick that a clock which was ahead had decided before its time, and a copy of the state from before that
/// was put back: only the state knew.
bool Chronicle::forgot_the_future(const RunId& id, Instant born) const {
  const auto nominal = nominals_.find(id);
  if (nominal == nominals_.end() || nominal->second <= born + in_flight) return false;
  return std::any_of(restored_.begin(), restored_.end(), [&](Instant at) { return at > born; });
}

/// A start leads to one job at most. (A request that was answered as if it had failed for good is beyond
/// knowing; what follows it is another start.)
void Chronicle::one_job_per_start() {
  for (const auto& [start, born] : effects_) {
    const auto honest =
        std::count_if(born.begin(), born.end(), [](const auto& job) { return !job.told_wrong; });
    if (honest <= 1) continue;
    // Nobody can know of a request that was on its way when the state was put back.
    if (put_back_near(born.front().job.at)) continue;
    if (forgot_the_future(start.first, born.front().job.at)) continue;
    // An old request whose fate the old state did not know takes the first job that it finds.
    const bool claimed_by_another =
        !restored_.empty() &&
        std::any_of(claims_.begin(), claims_.end(), [&, &of = start, &jobs = born](const auto& claim) {
          return claim.first != of && std::any_of(jobs.begin(), jobs.end(), [&](const auto& job) {
                   return claim.second.contains(job.job.job);
                 });
        });
    if (claimed_by_another) continue;
    tally_.doubled += static_cast<std::uint64_t>(honest - 1);
    const auto view = engine_->airbyte().connection(born[0].job.connection).view;
    violated(
        "one_job_per_start",
        fmt::format("run {} made jobs {} and {} (overlap {}, catch_up {}{})", to_string(start.first),
                    born[0].job.job.value, born[1].job.job.value, to_string(policy_of(view).overlap),
                    to_string(policy_of(view).catch_up),
                    restored_.empty() ? "" : ", the state was put back at " + to_rfc3339(restored_.back())));
  }
}

/// Every job that a request of ours made belongs to a run, its own one where anybody could know. Exempt is an
/// answer that denied the effect, a memory that was replaced by an older one, and somebody else's job taken
/// for ours.
void Chronicle::every_job_of_ours_is_known() {
  std::set<JobId> claimed;
  for (const auto& [start, jobs] : claims_) claimed.insert(jobs.begin(), jobs.end());
  for (const auto& born : ours_) {
    if (born.told_wrong || (!restored_.empty() && born.sent <= restored_.back()) ||
        claimed.contains(born.job.job))
      continue;
    const auto own = claims_.find({born.run, born.job_number});
    const bool took_another =
        own != claims_.end() && std::any_of(own->second.begin(), own->second.end(),
                                            [&](const JobId& job) { return !our_ids_.contains(job); });
    const auto run = engine_->disk().runs().find(born.run);
    const bool known_run = run != engine_->disk().runs().end();
    const bool undecidable = known_run && run->second.verdict == Verdict::ambiguous;
    const bool in_the_air =
        known_run && (run->second.phase == RunPhase::intended || run->second.phase == RunPhase::unresolved);
    if (took_another || undecidable || in_the_air) continue;  // everything_settles looks at the last
    ++tally_.doubled;
    violated("every_job_of_ours_is_known",
             fmt::format("job {} of {} belongs to no run (run {})", born.job.job.value,
                         to_rfc3339(born.job.at), to_string(born.run)));
  }
}

/// Hours after the last fault nothing is in the air any more.
void Chronicle::everything_settles(Instant calm_since) {
  if (!asked_.empty()) violated("every_command_is_answered_once", "a command has no answer");
  for (const auto& [id, run] : engine_->disk().runs()) {
    const bool in_the_air = run.phase == RunPhase::intended || run.phase == RunPhase::unresolved;
    if (in_the_air && run.intended < calm_since + hours{1}) {
      violated("everything_settles", fmt::format("run {} is still {}", to_string(id), to_string(run.phase)));
    }
    if (run.phase != RunPhase::watching) continue;
    const auto* job = engine_->airbyte().job(run.job);
    const bool over =
        job == nullptr || (is_terminal(job->status) && engine_->now() - job->updated > hours{1});
    if (over)
      violated("everything_settles",
               fmt::format("run {} still watches job {}", to_string(id), run.job.value));
  }
}

/// What the last hours brought may wait for its next run; and some connections will never succeed as they are
/// told to run.
bool Chronicle::lasts_for_a_reason(const Incident& incident, Instant calm_since) const {
  const bool by_next_run =
      incident.kind == IncidentKind::data_late || incident.kind == IncidentKind::suspect_success ||
      incident.kind == IncidentKind::volume_outlier || incident.kind == IncidentKind::stuck ||
      incident.kind == IncidentKind::sync_failing;
  if (!by_next_run) return false;
  // What is usual changes with half of the remembered runs; until then each run is unlike them.
  if (incident.kind == IncidentKind::volume_outlier) {
    const auto& jobs = engine_->disk().jobs();
    const auto calm = std::count_if(jobs.begin(), jobs.end(), [&](const auto& entry) {
      const JobView& job = entry.second.job;
      return job.connection == incident.connection && job.status == JobStatus::succeeded &&
             job.created > calm_since;
    });
    if (static_cast<std::size_t>(calm) <= samples_kept / 2 + 1) return true;
  }
  if (incident.updated > engine_->now() - hours{3}) return true;
  // A schedule of every six hours whose tick fell into a blackout, a connection that only people sync:
  // without another run there is nothing that could close it.
  const auto& known = engine_->disk().jobs();
  const bool ran_since = std::any_of(known.begin(), known.end(), [&](const auto& entry) {
    const JobView& job = entry.second.job;
    return job.connection == incident.connection && job.created > incident.updated && is_terminal(job.status);
  });
  if (!ran_since) return true;
  if (plan_.mode == Mode::shadow) return true;
  const auto view = view_of(incident.connection);
  return view && policy_of(*view).overlap == OverlapPolicy::cancel_other;
}

void Chronicle::every_incident_is_closed(Instant calm_since) {
  for (const auto& [id, incident] : engine_->disk().incidents()) {
    if (incident.closed) continue;
    // These stay true until somebody edits the rules.
    const bool of_the_plan = incident.kind == IncidentKind::left_management ||
                             incident.kind == IncidentKind::rule_matches_nothing ||
                             incident.kind == IncidentKind::two_schedulers;
    if (of_the_plan || lasts_for_a_reason(incident, calm_since)) continue;
    violated("every_incident_is_closed", fmt::format("#{} {} of {}: {}", id.value, to_string(incident.kind),
                                                     incident.subject, incident.summary));
  }
}

}  // namespace syncwarden::simulation
