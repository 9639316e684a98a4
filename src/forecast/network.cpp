// Airbyte as the simulated daemon reaches it: requests and their fates. What has been sent arrives whatever
// becomes of its sender.
#include "forecast/engine.hpp"

#include <algorithm>
#include <type_traits>

namespace syncwarden::forecast {
namespace {

TriggerReply reply_of(TriggerAnswer answer, Errc code, const char* why) {
  TriggerReply reply;
  reply.answer = answer;
  reply.error = Error{code, why, "", ""};
  return reply;
}

bool runs_something(emulator::Phase phase) {
  using emulator::Phase;
  return phase == Phase::pending || phase == Phase::waiting || phase == Phase::running ||
         phase == Phase::backing_off || phase == Phase::cancelling;
}

}  // namespace

Error Engine::unreachable() const {
  if (silent_) return {Errc::reply_timeout, "no answer in time", "", ""};
  return {Errc::connect_refused, "connection refused", "", ""};
}

Millis Engine::read_time() {
  if (away() && silent_) return Millis{std::chrono::seconds{30}};
  return between(Millis{1}, Millis{100});
}

void Engine::start(const Effect& effect) {
  if (witness_ != nullptr) witness_->started(now_, effect);
  std::visit(
      [this](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, out::Probe>) {
          probe();
        } else if constexpr (std::is_same_v<What, out::ReadConnections>) {
          read_connections();
        } else if constexpr (std::is_same_v<What, out::ReadJobs>) {
          read_jobs(what);
        } else if constexpr (std::is_same_v<What, out::ReadJob>) {
          read_job(what);
        } else if constexpr (std::is_same_v<What, out::InspectJob>) {
          inspect_job(what);
        } else if constexpr (std::is_same_v<What, out::TriggerSync>) {
          trigger(what);
        } else if constexpr (std::is_same_v<What, out::AbandonTrigger>) {
          const auto flight = flights_.find({what.run, what.request});
          if (flight != flights_.end()) flight->second->answered = true;
        } else if constexpr (std::is_same_v<What, out::CancelJob>) {
          cancel(what);
        } else if constexpr (std::is_same_v<What, out::SetScheduleManual>) {
          set_manual(what);
        } else {
          static_assert(std::is_same_v<What, out::Reply>);  // the witness has seen it
        }
      },
      effect);
}

// ---- what only looks

ConnectionView Engine::shown(emulator::ConnectionIndex index) const {
  const auto& own = airbyte_.connection(index).view;
  if (setup_.shown.empty()) return own;
  ConnectionView view = setup_.shown[index];
  view.status = own.status;
  view.schedule = own.schedule;
  view.schedule_text = own.schedule_text;
  return view;
}

JobView Engine::shown(const emulator::Job& job) {
  JobView view = airbyte_.view(job);
  if (!setup_.shown.empty()) view.connection = id_of(job.connection);
  if (strikes(Fault::vanished_statistics)) view.counters = {};
  if (has_statistics(view.counters) && strikes(Fault::fallen_statistics)) {
    for (auto* counter : {&view.counters.records_emitted, &view.counters.bytes_emitted,
                          &view.counters.records_committed, &view.counters.bytes_committed}) {
      if (*counter) **counter /= 2;
    }
  }
  return view;
}

void Engine::probe() {
  in::Probed probed{unreachable()};
  if (!away()) probed.info = AirbyteInfo{version_, "config", true};
  deliver(life_, std::move(probed), read_time());
}

void Engine::read_connections() {
  in::ConnectionsSeen seen{unreachable()};
  if (!away()) {
    std::vector<ConnectionView> views;
    views.reserve(airbyte_.connections());
    for (emulator::ConnectionIndex i = 0; i < airbyte_.connections(); ++i) {
      if (airbyte_.connection(i).view.status != ConnectionStatus::deprecated) views.push_back(shown(i));
    }
    seen.connections = std::move(views);
  }
  deliver(life_, std::move(seen), read_time());
}

JobsPage Engine::page(const out::ReadJobs& request) {
  JobsPage page;
  emulator::JobQuery active;
  active.statuses = {JobStatus::pending, JobStatus::queued, JobStatus::running, JobStatus::incomplete};
  active.limit = 100'000;
  for (const auto* job : airbyte_.jobs(active).jobs) page.active.push_back(shown(*job));
  emulator::JobQuery ended;
  ended.statuses = {JobStatus::succeeded, JobStatus::failed, JobStatus::cancelled};
  ended.order = emulator::JobQuery::Order::updated;
  ended.ascending = request.ended_since.has_value();
  ended.updated_from = request.ended_since;
  ended.limit = request.ended_since ? 5'000 : request.history_limit;
  const auto list = airbyte_.jobs(ended);
  for (const auto* job : list.jobs) page.ended.push_back(shown(*job));
  page.ended_complete = !request.ended_since || list.jobs.size() < ended.limit;
  if (!ended.ascending) std::reverse(page.ended.begin(), page.ended.end());
  return page;
}

void Engine::read_jobs(const out::ReadJobs& request) {
  const std::uint64_t life = life_;
  after(read_time(), [this, request, life] {
    in::JobsSeen seen{request.poll, unreachable(), std::nullopt};
    Millis way = between(Millis{1}, Millis{400});
    if (strikes(Fault::failed_poll)) {
      seen.page = Error{Errc::reply_timeout, "no answer in time", "", ""};
    } else if (!away()) {
      seen.page = page(request);
      if (strikes(Fault::late_page)) way = between(Millis{500}, std::chrono::seconds{25});
    }
    deliver(life, std::move(seen), way);
  });
}

void Engine::read_job(const out::ReadJob& request) {
  in::JobRead answer{request.job, unreachable()};
  if (!away()) {
    if (const auto* job = airbyte_.job(request.job)) {
      answer.view = shown(*job);
    } else {
      answer.view = Error{Errc::not_found, "no such job", "", ""};
    }
  }
  deliver(life_, std::move(answer), read_time());
}

void Engine::inspect_job(const out::InspectJob& request) {
  in::JobInspected answer{request.job, unreachable()};
  if (!away()) {
    if (const auto* job = airbyte_.job(request.job)) {
      JobInspection inspection = airbyte_.inspect(*job);
      if (!setup_.shown.empty()) inspection.job.connection = id_of(job->connection);
      if (!setup_.tells_workflows) {
        inspection.workflow_running.reset();
        inspection.streams.clear();
      }
      answer.inspection = std::move(inspection);
    } else {
      answer.inspection = Error{Errc::not_found, "no such job", "", ""};
    }
  }
  deliver(life_, std::move(answer), read_time());
}

// ---- what changes something

void Engine::set_manual(const out::SetScheduleManual& request) {
  in::ScheduleSetManual answer{request.connection, unreachable()};
  const auto index = find(request.connection);
  if (!away() && index) {
    emulator::ConnectionPatch patch;
    patch.schedule = emulator::OwnSchedule{};
    (void)airbyte_.update(airbyte_.connection(*index).view.id, patch, now_);
    answer.result = Result<void>{};
  }
  deliver(life_, std::move(answer), read_time());
}

/// Reads the job again, and sends the cancel only if it runs and is its connection's newest.
void Engine::cancel(const out::CancelJob& request) {
  const std::uint64_t life = life_;
  after(between(Millis{1}, Millis{200}), [this, request, life] {
    in::CancelAnswered answer{request.job, CancelResult::failed, std::nullopt};
    const auto* job = airbyte_.job(request.job);
    const auto index = find(request.connection);
    const auto* newest = index ? airbyte_.last_job(*index) : nullptr;
    const bool ended = job == nullptr || is_terminal(job->status);
    const bool latest = newest != nullptr && newest->id == request.job;
    if (away()) {
      answer.error = unreachable();
    } else if (!setup_.tampering.cancel_unread && ended) {
      answer.result = CancelResult::already_ended;
    } else if (!setup_.tampering.cancel_unread && !latest) {
      answer.result = CancelResult::not_latest;
    } else if (!setup_.tampering.cancel_unread && request.attempts &&
               job->attempts.size() > *request.attempts) {
      answer.result = CancelResult::has_moved;
    } else {
      const Millis way = strikes(Fault::late_cancel) ? between(Millis{200}, setup_.bounds.slowest_cancel)
                                                     : between(Millis{1}, Millis{200});
      after(way, [this, request, fit = !ended && latest, checked = now_, life] {
        cancel_arrives(request, fit, checked, life);
      });
      return;
    }
    deliver(life, std::move(answer), between(Millis{1}, Millis{100}));
  });
}

void Engine::cancel_arrives(const out::CancelJob& request, bool was_fit, Instant checked,
                            std::uint64_t life) {
  in::CancelAnswered answer{request.job, CancelResult::accepted, std::nullopt};
  const auto index = find(request.connection);
  if (away() || !index) {
    answer.result = CancelResult::failed;
    answer.error = unreachable();
  } else if (!strikes(Fault::idle_cancel)) {
    const auto& connection = airbyte_.connection(*index);
    CancelSent sent{request.job, request.connection, {}, was_fit, checked};
    if (runs_something(connection.phase)) sent.hit = connection.job;
    note(200 + static_cast<std::uint64_t>(sent.hit.value));
    if (witness_ != nullptr) witness_->cancel_sent(now_, sent);
    const auto signal = airbyte_.signal_cancel(request.job, now_);
    if (signal.ticket != 0) airbyte_.forget(signal.ticket);
    if (strikes(Fault::lost_reply)) {
      answer.result = CancelResult::failed;
      answer.error = Error{Errc::reply_timeout, "no answer in time", "", ""};
    }
  }
  deliver(life, std::move(answer), between(Millis{1}, Millis{500}));
}

/// The fate of a request is drawn when it is sent: here, that Airbyte never sees it.
std::optional<TriggerReply> Engine::fate_before_sending() {
  if (away() && !silent_) {
    return reply_of(TriggerAnswer::not_sent, Errc::connect_refused, "connection refused");
  }
  if (strikes(Fault::refused_connection)) {
    return reply_of(TriggerAnswer::not_sent, Errc::connect_refused, "connection refused");
  }
  if (strikes(Fault::expired_in_lane)) {
    return reply_of(TriggerAnswer::not_sent, Errc::expired, "its turn did not come in time");
  }
  if (strikes(Fault::throttled)) {
    auto reply = reply_of(TriggerAnswer::throttled, Errc::rate_limited, "429");
    if (rng_.chance(0.5)) reply.retry_after = between(Millis{1'000}, std::chrono::minutes{2});
    return reply;
  }
  if (strikes(Fault::error_without_effect)) {
    return reply_of(TriggerAnswer::unclear, Errc::server_error, "502");
  }
  if (strikes(Fault::rejected)) {
    constexpr std::array codes{Errc::rejected, Errc::unauthorized, Errc::forbidden, Errc::not_found};
    return reply_of(TriggerAnswer::refused, codes[rng_.below(codes.size())], "refused");
  }
  return std::nullopt;
}

void Engine::trigger(const out::TriggerSync& request) {
  auto flight = std::make_shared<Flight>();
  flight->request = request;
  flight->life = life_;
  flight->sent = now_;
  const auto run = disk_.runs().find(request.run);
  if (run != disk_.runs().end()) flight->job_number = run->second.job_number;
  flights_[{request.run, request.request}] = flight;
  if (strikes(Fault::crash_before_reply)) {
    daemon_after(between(Millis{1}, Millis{1'500}), [this] { crash(); });
  }
  if (const auto fate = fate_before_sending()) {
    answer(flight, *fate, between(Millis{2}, Millis{60}));
    return;
  }
  // Whatever happens on the way: after its deadline the client stops waiting.
  answer(flight, reply_of(TriggerAnswer::unclear, Errc::reply_timeout, "no answer in time"),
         setup_.plan.trigger_timeout);
  if (away() || strikes(Fault::lost_request)) return;
  if (strikes(Fault::lost_reply)) {
    flight->reply_lost = true;
  } else if (strikes(Fault::error_after_effect)) {
    flight->instead = reply_of(TriggerAnswer::unclear, Errc::server_error, "500");
  } else if (strikes(Fault::conflict_after_effect)) {
    flight->instead = reply_of(TriggerAnswer::conflict, Errc::conflict, "a sync is already running");
    flight->told_wrong = true;
  } else if (strikes(Fault::rejected_after_effect)) {
    flight->instead = reply_of(TriggerAnswer::refused, Errc::forbidden, "403");
    flight->told_wrong = true;
  }
  const Millis way = strikes(Fault::late_request) ? between(Millis{100}, setup_.bounds.slowest_request)
                                                  : between(Millis{1}, Millis{30});
  after(way, [this, flight] { arrive(flight); });
}

void Engine::arrive(const FlightPtr& flight) {
  const auto index = find(flight->request.connection);
  if (!index) {
    answer(flight, reply_of(TriggerAnswer::refused, Errc::not_found, "no such connection"), Millis{10});
    return;
  }
  const bool idle = airbyte_.connection(*index).phase == emulator::Phase::idle;
  const auto signal = airbyte_.signal_sync(airbyte_.connection(*index).view.id, now_);
  note(100 + static_cast<std::uint64_t>(signal.signal));
  if (signal.signal == emulator::Signal::accepted) {
    if (idle) expected_births_[*index] = flight;
    waiters_.emplace(signal.ticket, flight);
    return;
  }
  if (flight->reply_lost) return;
  const bool conflict = signal.signal == emulator::Signal::conflict;
  auto reply = reply_of(conflict ? TriggerAnswer::conflict : TriggerAnswer::refused,
                        signal.signal == emulator::Signal::not_found ? Errc::not_found : Errc::conflict,
                        conflict ? "a sync is already running" : "the connection is not active");
  if (flight->instead && flight->instead->answer == TriggerAnswer::unclear) reply = *flight->instead;
  answer(flight, reply, Millis{10});
}

/// The first answer counts; a late or doubled one is delivered all the same, to see that it does no harm.
void Engine::answer(const FlightPtr& flight, const TriggerReply& reply, Millis delay, bool late) {
  agenda_.put(now_ + delay, flight->life, [this, flight, reply, late] {
    if (flight->answered && !late) return;
    // The core may use a number again after it withdrew a request: a stale answer must not pass for the new
    // one.
    const auto newest = flights_.find({flight->request.run, flight->request.request});
    if (newest != flights_.end() && newest->second != flight) return;
    flight->answered = true;
    const auto& request = flight->request;
    feed(in::TriggerAnswered{request.run, request.request, reply});
  });
}

void Engine::take_replies() {
  for (const auto ticket : airbyte_.take_ready()) {
    const auto job = airbyte_.reply(ticket);
    const auto waiter = waiters_.extract(ticket);
    if (!job || waiter.empty() || waiter.mapped()->reply_lost) continue;
    const auto& flight = waiter.mapped();
    TriggerReply reply;
    reply.answer = TriggerAnswer::created;
    reply.job = *job;
    reply.status = JobStatus::running;
    if (flight->instead) reply = *flight->instead;
    if (strikes(Fault::late_reply)) {
      answer(flight, reply, between(std::chrono::seconds{5}, setup_.bounds.slowest_reply), true);
      continue;
    }
    answer(flight, reply, between(Millis{1}, Millis{30}));
    if (strikes(Fault::duplicated_reply)) {
      answer(flight, reply, between(Millis{5}, std::chrono::minutes{3}), true);
    }
  }
}

}  // namespace syncwarden::forecast
