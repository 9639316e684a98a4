#include "simulation/world.hpp"

#include <algorithm>

namespace syncwarden::simulation {
namespace {

constexpr Millis day{std::chrono::hours{24}};

emulator::Options airbyte_options(const Scenario& setup) {
  emulator::Options options;
  options.seed = setup.seed;
  options.start = setup.start;
  options.signal_delay = {Millis{10}, setup.signal_delay_max};
  options.auto_disable = false;
  return options;
}

TriggerReply unclear(const char* why) {
  TriggerReply reply;
  reply.answer = TriggerAnswer::unclear;
  reply.error = Error{Errc::reply_timeout, why, "", ""};
  return reply;
}

}  // namespace

World::World(Scenario setup)
    : setup_(std::move(setup)),
      rng_(setup_.seed),
      now_(setup_.start),
      airbyte_(airbyte_options(setup_), setup_.pipelines) {
  if (setup_.sabotage == Scenario::Sabotage::no_settle) setup_.plan.settle = Millis{0};
  schedule_misfortunes();
  boot();
}

void World::at(Instant when, std::function<void()> what) {
  events_.push({std::max(when, now_), order_++, std::move(what)});
}

Millis World::between(Millis low, Millis high) {
  return low +
         Millis{static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>((high - low).count() + 1)))};
}

Now World::clock() const { return {now_ + wall_offset_, Mono{now_ - setup_.start + std::chrono::hours{1}}}; }

void World::note(std::uint64_t what) {
  counts_.trace =
      counts_.trace * 0x100000001B3ULL ^ (what + static_cast<std::uint64_t>(now_.time_since_epoch().count()));
}

void World::run_until(Instant end) {
  while (true) {
    const auto model = airbyte_.next_event();
    const Instant next_event = events_.empty() ? end : events_.top().at;
    if (model && *model <= std::min(next_event, end)) {
      now_ = std::max(now_, *model);
      airbyte_.advance(now_);
      poll_replies();
      continue;
    }
    if (events_.empty() || next_event > end) break;
    now_ = next_event;
    airbyte_.advance(now_);
    auto event = std::move(const_cast<Event&>(events_.top()));  // moved out right before it is popped
    events_.pop();
    ++counts_.events;
    event.what();
    poll_replies();
  }
  now_ = end;
  airbyte_.advance(now_);
}

void World::boot() {
  ++life_;
  core_ = std::make_unique<core::Core>(setup_.seed + life_);
  committing_ = false;
  waiting_commit_ = {};
  auto plan = std::make_shared<const Plan>(setup_.plan);
  feed(in::Booted{std::make_shared<const Snapshot>(disk_.snapshot()), std::move(plan)});
}

void World::change_plan(Plan plan) {
  setup_.plan = std::move(plan);
  if (core_) feed(in::PlanChanged{std::make_shared<const Plan>(setup_.plan)});
}

void World::crash() {
  if (!core_) return;
  ++counts_.crashes;
  note(1);
  core_.reset();
  ++life_;
  const Millis gap = between(Millis{0}, setup_.faults.longest_downtime);
  after(gap, [this] {
    if (!core_) boot();
  });
}

/// Misfortunes of a kind come at random moments, on average so many a day.
void World::again(double Faults::*per_day, const std::function<void()>& what) {
  const double rate = setup_.faults.*per_day;
  if (rate <= 0) return;
  const auto twice_the_mean = static_cast<std::int64_t>(2.0 * static_cast<double>(day.count()) / rate);
  after(between(Millis{1}, Millis{twice_the_mean}), [this, per_day, what] {
    if (setup_.faults.*per_day <= 0) return;  // the calm has come
    what();
    again(per_day, what);
  });
}

void World::schedule_misfortunes() {
  again(&Faults::crashes_per_day, [this] { crash(); });
  again(&Faults::outages_per_day,
        [this] { outage_until_ = now_ + between(Millis{0}, std::chrono::hours{2}); });
  again(&Faults::wall_steps_per_day, [this] {
    wall_offset_ = between(Millis{0}, std::chrono::seconds{180}) - std::chrono::seconds{90};
    if (core_) feed(in::Woke{});
  });
}

void World::feed(const Input& input) {
  if (!core_) return;
  note(input.index() + 2);
  take(core_->step(clock(), input));
}

/// Group commit: what is decided while a commit is under way goes into the next one.
void World::take(Decision decision) {
  for (auto& effect : decision.after) {
    const bool only_reads =
        std::holds_alternative<out::Probe>(effect) || std::holds_alternative<out::ReadConnections>(effect) ||
        std::holds_alternative<out::ReadJobs>(effect) || std::holds_alternative<out::ReadJob>(effect);
    if (only_reads) {
      start(effect);
    } else {
      waiting_commit_.after.push_back(std::move(effect));
    }
  }
  std::move(decision.durable.begin(), decision.durable.end(), std::back_inserter(waiting_commit_.durable));
  commit();
  arm();
}

void World::commit() {
  if (committing_ || (waiting_commit_.durable.empty() && waiting_commit_.after.empty())) return;
  committing_ = true;
  auto batch = std::make_shared<Pending>(std::exchange(waiting_commit_, {}));
  const Millis delay = rng_.chance(setup_.faults.slow_commit) ? between(Millis{100}, std::chrono::seconds{30})
                                                              : between(Millis{1}, Millis{20});
  after(delay, [this, batch, life = life_] {
    if (life != life_) return;  // crashed before it reached the disk
    if (setup_.sabotage == Scenario::Sabotage::forget_intents) {
      std::erase_if(batch->durable, [](const Mutation& mutation) {
        const auto* put = std::get_if<put::PutRun>(&mutation);
        return put != nullptr &&
               (put->run.phase == RunPhase::intended || put->run.phase == RunPhase::unresolved);
      });
    }
    disk_.apply(batch->durable);
    committing_ = false;
    // A crash may come between the disk and the request.
    for (const auto& effect : batch->after) start(effect);
    commit();
  });
}

void World::arm() {
  if (!core_) return;
  const auto wake = core_->next_wake();
  std::optional<Instant> when;
  if (wake.wall) when = *wake.wall - wall_offset_;
  if (wake.mono) {
    const Instant mono = setup_.start + (wake.mono->since_boot - std::chrono::hours{1});
    when = std::min(when.value_or(mono), mono);
  }
  if (!when) return;
  at(*when, [this, order = ++wake_order_, life = life_] {
    if (life == life_ && order == wake_order_) feed(in::Woke{});
  });
}

void World::deliver(std::uint64_t life, Input input, Millis delay) {
  after(delay, [this, life, input = std::move(input)] {
    if (life == life_) feed(input);
  });
}

void World::start(const Effect& effect) {
  const bool away = now_ < outage_until_;
  const Error gone{Errc::connect_refused, "connection refused", "", ""};
  if (std::holds_alternative<out::Probe>(effect)) {
    in::Probed probed{gone};
    if (!away) probed.info = AirbyteInfo{"2.0.0", "config", true};
    deliver(life_, probed, between(Millis{1}, Millis{50}));
  } else if (std::holds_alternative<out::ReadConnections>(effect)) {
    in::ConnectionsSeen seen{gone};
    if (!away) {
      std::vector<ConnectionView> views;
      for (std::uint32_t i = 0; i < airbyte_.connections(); ++i) {
        const auto& view = airbyte_.connection(i).view;
        if (view.status != ConnectionStatus::deprecated) views.push_back(view);
      }
      seen.connections = std::move(views);
    }
    deliver(life_, std::move(seen), between(Millis{1}, Millis{200}));
  } else if (const auto* jobs = std::get_if<out::ReadJobs>(&effect)) {
    read_jobs(*jobs);
  } else if (const auto* read = std::get_if<out::ReadJob>(&effect)) {
    in::JobRead answer{read->job, gone};
    if (!away) {
      if (const auto* job = airbyte_.job(read->job)) {
        answer.view = airbyte_.view(*job);
      } else {
        answer.view = Error{Errc::not_found, "no such job", "", ""};
      }
    }
    deliver(life_, std::move(answer), between(Millis{1}, Millis{50}));
  } else if (const auto* request = std::get_if<out::TriggerSync>(&effect)) {
    trigger(*request);
  } else if (const auto* cancel = std::get_if<out::CancelJob>(&effect)) {
    if (!away) airbyte_.signal_cancel(cancel->job, now_);
    in::CancelAnswered answered{cancel->job, away ? CancelResult::failed : CancelResult::accepted,
                                std::nullopt};
    deliver(life_, std::move(answered), between(Millis{1}, Millis{500}));
  }
}

void World::read_jobs(const out::ReadJobs& request) {
  const std::uint64_t life = life_;
  after(between(Millis{1}, Millis{100}), [this, request, life] {
    in::JobsSeen seen{request.poll, Error{Errc::reply_timeout, "no answer", "", ""}, std::nullopt};
    if (now_ >= outage_until_ && !rng_.chance(setup_.faults.failed_poll)) {
      JobsPage page;
      emulator::JobQuery active;
      active.statuses = {JobStatus::pending, JobStatus::queued, JobStatus::running, JobStatus::incomplete};
      active.limit = 100'000;
      for (const auto* job : airbyte_.jobs(active).jobs) page.active.push_back(airbyte_.view(*job));
      emulator::JobQuery ended;
      ended.statuses = {JobStatus::succeeded, JobStatus::failed, JobStatus::cancelled};
      ended.order = emulator::JobQuery::Order::updated;
      ended.ascending = true;
      ended.updated_from = request.ended_since;
      ended.limit = 5'000;
      for (const auto* job : airbyte_.jobs(ended).jobs) page.ended.push_back(airbyte_.view(*job));
      seen.page = std::move(page);
    }
    deliver(life, std::move(seen), between(Millis{1}, Millis{400}));
  });
}

/// The fate of a sync request is drawn when it is sent. What has been sent arrives whatever becomes of the
/// sender.
void World::trigger(const out::TriggerSync& request) {
  const auto& faults = setup_.faults;
  const std::uint64_t life = life_;
  const auto answer = [&](TriggerReply reply, Millis delay) {
    deliver(life, in::TriggerAnswered{request.run, request.request, std::move(reply)}, delay);
  };
  TriggerReply reply;
  if (now_ < outage_until_ || rng_.chance(faults.refused_connection)) {
    reply.answer = TriggerAnswer::not_sent;
    reply.error = Error{Errc::connect_refused, "connection refused", "", ""};
    answer(reply, Millis{2});
    return;
  }
  if (rng_.chance(faults.throttled)) {
    reply.answer = TriggerAnswer::throttled;
    answer(reply, Millis{20});
    return;
  }
  if (rng_.chance(faults.error_without_effect)) {
    answer(unclear("502"), Millis{30});
    return;
  }
  // Whatever happens on the way: after its deadline the client stops waiting.
  answer(unclear("no answer in time"), setup_.plan.trigger_timeout);
  if (rng_.chance(faults.lost_request)) return;
  const bool answer_lost = rng_.chance(faults.lost_reply);
  std::optional<TriggerReply> instead;
  if (rng_.chance(faults.error_after_effect)) instead = unclear("500");
  const Millis way = rng_.chance(faults.slow_request) ? between(Millis{100}, faults.slowest_request)
                                                      : between(Millis{1}, Millis{30});
  after(way, [this, request, life, answer_lost, instead] { arrive(request, life, answer_lost, instead); });
}

void World::arrive(const out::TriggerSync& request, std::uint64_t life, bool answer_lost,
                   std::optional<TriggerReply> instead) {
  const auto signal = airbyte_.signal_sync(request.connection, now_);
  note(100 + static_cast<std::uint64_t>(signal.signal));
  if (signal.signal == emulator::Signal::accepted) {
    waiters_.emplace(signal.ticket, Waiter{request, life, answer_lost, std::move(instead)});
    return;
  }
  TriggerReply reply;
  reply.answer =
      signal.signal == emulator::Signal::conflict ? TriggerAnswer::conflict : TriggerAnswer::refused;
  reply.error = Error{Errc::conflict, "a sync is already running", "", ""};
  if (!answer_lost)
    deliver(life, in::TriggerAnswered{request.run, request.request, std::move(reply)}, Millis{10});
}

void World::poll_replies() {
  for (const auto ticket : airbyte_.take_ready()) {
    const auto job = airbyte_.reply(ticket);
    const auto waiter = waiters_.extract(ticket);
    if (!job || waiter.empty() || waiter.mapped().answer_lost) continue;
    TriggerReply reply;
    reply.answer = TriggerAnswer::created;
    reply.job = *job;
    reply.status = JobStatus::running;
    if (waiter.mapped().instead) reply = *waiter.mapped().instead;
    const auto& request = waiter.mapped().request;
    deliver(waiter.mapped().life, in::TriggerAnswered{request.run, request.request, std::move(reply)},
            between(Millis{1}, Millis{30}));
  }
}

Verdicts World::judge() const {
  Verdicts result = counts_;
  result.violations = disk_.violations();
  std::set<JobId> claimed;
  std::set<ConnectionId>
      asking;  // an intent under way: the newest job may be its effect, and not be known yet
  for (const auto& [id, run] : disk_.runs()) {
    if (run.phase == RunPhase::intended || run.phase == RunPhase::unresolved) asking.insert(run.connection);
  }
  for (const auto& [start, jobs] : disk_.jobs_of_runs()) {
    claimed.insert(jobs.begin(), jobs.end());
    if (jobs.size() > 1) result.doubled += jobs.size() - 1;
  }
  for (const auto& created : airbyte_.history()) {
    if (created.cause != emulator::Cause::manual) continue;
    ++result.jobs;
    const auto& connection = airbyte_.connection(created.connection);
    const auto* newest = airbyte_.last_job(created.connection);
    const bool under_way =
        asking.contains(connection.view.id) && newest != nullptr && newest->id == created.job;
    if (!claimed.contains(created.job) && !under_way) {
      ++result.doubled;
      if (result.violations.size() < 20) {
        result.violations.push_back("job " + std::to_string(created.job.value) + " of " +
                                    to_rfc3339(created.at) + " belongs to no run");
      }
    }
  }
  std::set<std::pair<ScheduleId, Instant>> open;
  for (const auto& [id, run] : disk_.runs()) {
    if (run.attribution == Attribution::adopted) ++result.adopted;
    if (run.requests > 1) ++result.unclear;
    if (run.phase != RunPhase::finished) open.emplace(run.schedule, run.nominal);
  }
  // Every nominal since a schedule was bound, against what is recorded.
  const Snapshot snapshot = disk_.snapshot();
  for (const auto& cursor : snapshot.cursors) {
    const auto view = std::find_if(snapshot.connections.begin(), snapshot.connections.end(),
                                   [&](const ConnectionView& c) { return c.id == cursor.connection; });
    if (view == snapshot.connections.end() || setup_.plan.rules.empty()) continue;
    const auto& schedule = std::get<calendar::Schedule>(setup_.plan.rules.front().schedules.front().when);
    const Instant from = setup_.start + std::chrono::minutes{1};
    std::uint64_t uncovered = 0;
    for (auto nominal = schedule.next(from); nominal && *nominal <= now_ + wall_offset_;
         nominal = schedule.next(*nominal)) {
      ++result.due;
      const auto tick = disk_.ticks().find({cursor.schedule, *nominal});
      if (tick != disk_.ticks().end()) ++result.reasons[std::string(to_string(tick->second.reason))];
      if (tick == disk_.ticks().end()) {
        ++uncovered;
        if (*nominal > cursor.watermark || open.contains({cursor.schedule, *nominal})) {
          ++result.undecided;
          --uncovered;
        }
        continue;
      }
      switch (tick->second.outcome) {
        case TickOutcome::started:
        case TickOutcome::attached:
          ++result.started;
          break;
        case TickOutcome::missed:
          result.missed += 1 + tick->second.also;
          uncovered -= std::min<std::uint64_t>(uncovered, tick->second.also);
          break;
        case TickOutcome::skipped:
        case TickOutcome::failed_to_start:
          ++result.skipped;
          break;
      }
    }
    result.lost += uncovered;
  }
  return result;
}

}  // namespace syncwarden::simulation
