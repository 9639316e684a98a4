#include "simulation/chronicle.hpp"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

namespace syncwarden::simulation {
namespace {

constexpr std::size_t most_violations = 50;

std::string_view name_of(const Input& input) {
  constexpr std::array<std::string_view, std::variant_size_v<Input>> names{
      "Booted",  "Woke",         "PlanChanged",     "Probed",         "ConnectionsSeen",   "JobsSeen",
      "JobRead", "JobInspected", "TriggerAnswered", "CancelAnswered", "ScheduleSetManual", "StoreState",
      "Command", "Hint",         "StopAsked"};
  return names[input.index()];
}

std::string told(const Run& run) {
  return fmt::format("run {} {} nominal {} job {} number {} request {} verdict {}", to_string(run.id),
                     to_string(run.phase), to_rfc3339(run.nominal), run.job.value, run.job_number,
                     run.requests, to_string(run.verdict));
}

std::string told(const Tick& tick) {
  return fmt::format("tick {} of {}: {}/{} +{} {}", to_rfc3339(tick.nominal),
                     std::string_view{tick.schedule.text}, to_string(tick.outcome), to_string(tick.reason),
                     tick.also, tick.detail);
}

bool holds_a_slot(RunPhase phase) {
  return phase == RunPhase::intended || phase == RunPhase::unresolved || phase == RunPhase::watching;
}

}  // namespace

void Chronicle::violated(std::string oracle, std::string text) {
  if (engine_ != nullptr) say(engine_->now(), "VIOLATION " + oracle + ": " + text);
  if (violations_.size() < most_violations) violations_.push_back({std::move(oracle), std::move(text)});
}

void Chronicle::say(Instant truth, const std::string& text) const {
  if (print_) print_(to_rfc3339(truth) + " " + text);
}

// ---- what is known of the plan and the connections

void Chronicle::know_plan(const Plan& plan) {
  plan_ = plan;
  for (const auto& rule : plan.rules) {
    if (!print_) break;
    print_(fmt::format("  rule {}: overlap {}, catch_up {}, jitter {}, deadline {}, limits {}",
                       rule.match.name.value_or("*"), to_string(rule.policy.overlap),
                       to_string(rule.policy.catch_up), to_string(rule.policy.jitter),
                       to_string(rule.policy.start_deadline.value_or(Millis{})), plan.limits.total));
  }
  for (const auto& rule : plan.rules) {
    for (const auto& schedule : rule.schedules) {
      if (const auto* when = std::get_if<calendar::Schedule>(&schedule.when)) {
        schedules_.insert_or_assign(when->text().str(), *when);
      }
    }
  }
}

/// `every` with spread has a phase per connection: its text tells.
std::optional<calendar::Schedule> Chronicle::schedule_of(const std::string& spec) const {
  if (const auto known = schedules_.find(spec); known != schedules_.end()) return known->second;
  if (!spec.starts_with("every ")) return std::nullopt;
  const auto made = calendar::Schedule::from_text(spec);
  if (!made) return std::nullopt;
  return *made;
}

std::optional<ConnectionView> Chronicle::view_of(const ConnectionId& id) const {
  if (engine_ == nullptr) return std::nullopt;
  const auto index = engine_->find(id);
  if (!index) return std::nullopt;
  return engine_->airbyte().connection(*index).view;
}

const Policy& Chronicle::policy_of(const ConnectionView& view) const {
  static const Policy observed_only;
  for (const auto& rule : plan_.rules) {
    if (matches(rule.match, view)) return rule.policy;
  }
  return observed_only;
}

// ---- what happens

void Chronicle::booted(Instant truth, Now now, const Snapshot& snapshot, const Plan& plan) {
  say(truth, fmt::format("boot, wall {}, {} open runs", to_rfc3339(now.wall), snapshot.open_runs.size()));
  know_plan(plan);
  on_disk_.clear();
  decided_.clear();
  visible_.clear();
  asked_.clear();
  stuck_.clear();
  stuck_found_.clear();
  store_healthy_ = true;
  told_.clear();
  sighted_ = false;
  last_sight_.reset();
  for (const auto& run : snapshot.open_runs) {
    on_disk_[run.id] = run;
    reckon(run);
  }
}

void Chronicle::crashed(Instant truth) {
  say(truth, "crash");
  asked_.clear();
}

/// What was written after the copy was made has never been, for the disk; what Airbyte did, it did.
void Chronicle::restored(Instant truth, Instant of) {
  say(truth, "the state of " + to_rfc3339(of) + " is put back");
  restored_.push_back(truth);
  std::erase_if(ticks_, [&](const auto& entry) { return entry.second.at > of; });
  for (auto& [id, spans] : bindings_) {
    std::erase_if(spans, [&](const Binding& span) { return span.since > of; });
    for (auto& span : spans) {
      if (!span.open && span.closed_at > of) span.open = true;
      for (; !span.lowered.empty() && span.lowered.back().first > of; span.lowered.pop_back())
        span.from = span.lowered.back().second;
    }
  }
  for (const auto& [id, cursor] : engine_->disk().cursors()) {
    auto& spans = bindings_[id];
    if (!spans.empty()) spans.back().until = cursor.watermark;
  }
}

void Chronicle::stepped(Instant truth, Now now, const Input& input, const Decision& decision) {
  if (print_ && (!std::holds_alternative<in::Woke>(input) || !decision.durable.empty())) {
    say(truth, fmt::format("{}: {} written, {} asked", name_of(input), decision.durable.size(),
                           decision.after.size()));
  }
  if (std::holds_alternative<in::PlanChanged>(input)) know_plan(engine_->plan());
  see(input);
  for (const auto& fact : decision.facts) count(fact);
  for (const auto& effect : decision.after) {
    const auto* cancel = std::get_if<out::CancelJob>(&effect);
    const auto view = cancel == nullptr ? std::nullopt : view_of(cancel->connection);
    if (view) asked_under_.insert_or_assign(cancel->job, policy_of(*view));
  }
  no_cancel_without_sight(truth, input, decision);
  limits_are_kept(truth, decision);
  one_incident_while_airbyte_is_away(truth, decision);
  if (const auto* seen = std::get_if<in::JobsSeen>(&input)) every_stuck_job_is_found(truth, *seen, now.mono);
}

/// What this input shows to the daemon.
void Chronicle::see(const Input& input) {
  if (const auto* found = std::get_if<in::ConnectionsSeen>(&input); found != nullptr && found->connections) {
    told_.clear();
    for (const auto& view : *found->connections) told_.emplace(view.id, view);
  }
  if (const auto* store = std::get_if<in::StoreState>(&input)) store_healthy_ = store->healthy;
  if (const auto* seen = std::get_if<in::JobsSeen>(&input)) {
    if (!seen->page) {
      sighted_ = seen->page.error().code == Errc::rate_limited && sighted_;
      last_sight_.reset();
      return;
    }
    sighted_ = true;
    visible_.clear();
    for (const auto& job : seen->page->active) visible_[job.connection].insert(job.id);
  } else if (const auto* read = std::get_if<in::JobRead>(&input)) {
    const bool gone =
        read->view ? is_terminal(read->view->status) : read->view.error().code == Errc::not_found;
    if (!gone) return;
    for (auto& [connection, jobs] : visible_) jobs.erase(read->job);
  }
  if (const auto* looked = std::get_if<in::JobInspected>(&input);
      looked != nullptr && looked->inspection && is_terminal(looked->inspection->job.status)) {
    for (auto& [connection, jobs] : visible_) jobs.erase(looked->job);
  } else if (const auto* asked = std::get_if<in::Command>(&input)) {
    asked_.insert(asked->request.ticket);
    if (const auto* cancel = std::get_if<command::Cancel>(&asked->request.what)) {
      cancel_asked_.insert(cancel->connection);
    }
  }
}

void Chronicle::reckon(const Run& run) {
  if (holds_a_slot(run.phase)) {
    decided_[run.id] = run;
  } else {
    decided_.erase(run.id);
  }
}

void Chronicle::count(const Fact& fact) {
  if (const auto* tick = std::get_if<fact::TickDecided>(&fact)) {
    coverage_.count("tick",
                    fmt::format("{}/{}", to_string(tick->tick.outcome), to_string(tick->tick.reason)));
  } else if (const auto* run = std::get_if<fact::RunFinished>(&fact)) {
    coverage_.count("verdict", to_string(run->run.verdict));
    if (run->run.attribution == Attribution::adopted) ++tally_.adopted;
  } else if (const auto* change = std::get_if<fact::IncidentChanged>(&fact)) {
    if (change->change == fact::IncidentChange::opened) {
      coverage_.count("incident", to_string(change->incident.kind));
    }
    if (print_) {
      say(engine_->now(),
          fmt::format("incident #{} {} {}: {}", change->incident.id.value, to_string(change->change),
                      to_string(change->incident.kind), change->incident.summary));
    }
  } else if (const auto* step = std::get_if<fact::RecoveryStep>(&fact)) {
    coverage_.count("recovery", to_string(step->action));
    if (step->action == fact::RecoveryAction::cancel) cancel_step_.insert(step->job);
    if (print_) {
      say(engine_->now(), fmt::format("recovery {} {} job {}: {}", to_string(step->action),
                                      to_string(step->result), step->job.value, step->why));
    }
  } else if (const auto* found = std::get_if<fact::StuckFound>(&fact)) {
    if (!found->confirmed) return;
    coverage_.count("stuck", to_string(found->kind));
    stuck_found_.insert(found->job);
  }
}

void Chronicle::committed(Instant truth, const std::vector<Mutation>& batch) {
  // A batch is one change: what it leaves behind counts, not its steps.
  std::map<ScheduleId, std::optional<ScheduleCursor>> cursors;
  for (const auto& mutation : batch) {
    if (const auto* tick = std::get_if<put::PutTick>(&mutation)) {
      if (print_) say(truth, "written " + told(tick->tick));
      a_tick_is_decided_once(truth, tick->tick);
    } else if (const auto* put = std::get_if<put::PutRun>(&mutation)) {
      if (print_) say(truth, "written " + told(put->run));
      on_disk_[put->run.id] = put->run;
      a_run_takes_no_job_older_than_its_baseline(put->run);
      if (put->run.job.value != 0) claims_[{put->run.id, put->run.job_number}].insert(put->run.job);
    } else if (const auto* cursor = std::get_if<put::Cursor>(&mutation)) {
      cursors[cursor->cursor.schedule] = cursor->cursor;
    } else if (const auto* drop = std::get_if<put::DropCursor>(&mutation)) {
      cursors[drop->schedule].reset();
    }
  }
  for (const auto& [id, cursor] : cursors) {
    if (cursor) {
      follow_cursor(truth, *cursor);
    } else {
      drop_cursor(truth, id);
    }
  }
}

void Chronicle::follow_cursor(Instant truth, const ScheduleCursor& cursor) {
  if (print_) {
    say(truth, fmt::format("written cursor of {}: {}, from {}, {}", std::string_view{cursor.schedule.text},
                           to_rfc3339(cursor.watermark), to_rfc3339(cursor.decided_from), cursor.spec));
  }
  auto& spans = bindings_[cursor.schedule];
  if (!spans.empty() && spans.back().open) {
    auto& span = spans.back();
    if (span.spec == cursor.spec) {
      span.until = cursor.watermark;
      if (cursor.watermark < span.from)
        span.lowered.emplace_back(truth, std::exchange(span.from, cursor.watermark));
      return;
    }
    span.open = false;
    span.closed_at = truth;
  }
  spans.push_back(
      {.spec = cursor.spec.str(), .from = cursor.watermark, .until = cursor.watermark, .since = truth});
}

void Chronicle::drop_cursor(Instant truth, const ScheduleId& id) {
  if (print_) say(truth, fmt::format("dropped cursor of {}", std::string_view{id.text}));
  auto& spans = bindings_[id];
  if (spans.empty() || !spans.back().open) return;
  spans.back().open = false;
  spans.back().closed_at = truth;
}

void Chronicle::started(Instant truth, const Effect& effect) {
  if (print_) {
    if (const auto* request = std::get_if<out::TriggerSync>(&effect)) {
      say(truth, fmt::format("sync request {} of run {}", request->request, to_string(request->run)));
    } else if (const auto* cancel = std::get_if<out::CancelJob>(&effect)) {
      say(truth, fmt::format("asks to cancel job {}", cancel->job.value));
    }
  }
  no_effect_before_its_commit(effect);
  every_command_is_answered_once(effect);
}

void Chronicle::job_born(const forecast::JobBorn& born) {
  ++tally_.jobs;
  if (print_) {
    say(born.job.at, fmt::format("job {} of {} is created by {}", born.job.job.value,
                                 engine_->airbyte().connection(born.job.connection).view.name,
                                 born.origin == forecast::Origin::request    ? "run " + to_string(born.run)
                                 : born.origin == forecast::Origin::somebody ? "somebody"
                                                                             : "Airbyte's schedule"));
  }
  if (born.origin != forecast::Origin::request) return;
  ++tally_.ours;
  ours_.push_back(born);
  our_ids_.insert(born.job.job);
  effects_[{born.run, born.job_number}].push_back(born);
}

void Chronicle::cancel_sent(Instant truth, const forecast::CancelSent& cancel) {
  ++tally_.cancels;
  say(truth, fmt::format("cancel meant for job {} hits job {}", cancel.meant.value, cancel.hit.value));
  a_cancel_hits_what_it_was_meant_for(truth, cancel);
  no_healthy_or_foreign_job_is_cancelled(truth, cancel);
}

void Chronicle::happened(Instant truth, forecast::Fault fault) {
  coverage_.count("fault", to_string(fault));
  say(truth, "fault " + std::string(to_string(fault)));
}

void Chronicle::look() {
  if (engine_ == nullptr || engine_->core() == nullptr) return;
  const auto fleet = engine_->core()->fleet(engine_->clock().wall);
  for (const auto cause : all_wait_causes) {
    const auto waiting = fleet.waiting[static_cast<std::size_t>(cause)];
    if (waiting > 0) coverage_.count("wait", to_string(cause), waiting);
  }
}

}  // namespace syncwarden::simulation
