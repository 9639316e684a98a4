#include "core/core.hpp"

#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

constexpr Millis clock_step_noise{std::chrono::seconds{2}};
/// A step back of more than this is a correction of a wrong clock (scheduling rule 6).
constexpr Millis clock_correction{std::chrono::hours{3}};
constexpr Millis prune_every{std::chrono::hours{1}};
constexpr Millis ended_overlap{std::chrono::seconds{5}};

void earliest(std::optional<Mono>& wake, std::optional<Mono> candidate) {
  if (candidate && (!wake || *candidate < *wake)) wake = candidate;
}
void earliest(std::optional<Instant>& wake, Instant candidate) {
  if (!wake || candidate < *wake) wake = candidate;
}

}  // namespace

Core::Core(std::uint64_t seed) : machine_(std::make_unique<Machine>(seed)) {}
Core::~Core() = default;

Decision Core::step(Now now, const Input& input) {
  Decision decision;
  machine_->now = now;
  machine_->out = &decision;
  machine_->step(input);
  machine_->out = nullptr;
  machine_->last = now;
  return decision;
}

NextWake Core::next_wake() const { return machine_->next_wake(); }
FleetPicture Core::fleet(Instant now) const { return machine_->fleet(now); }

void Core::for_each_connection(const std::function<void(const ConnectionPicture&)>& visit) const {
  for (const ConnectionIndex index : machine_->in_order()) {
    const auto& connection = machine_->connections[index];
    if (connection.present) visit(machine_->picture(connection));
  }
}

bool Core::with_connection(const ConnectionId& id,
                           const std::function<void(const ConnectionPicture&)>& visit) const {
  return machine_->with_connection(id, visit);
}

void Core::for_each_incident(const std::function<void(const Incident&)>& visit) const {
  std::map<IncidentId, const Incident*> by_age;
  for (const auto& [key, incident] : machine_->incidents.open()) by_age.emplace(incident.id, &incident);
  for (const auto& [id, incident] : by_age) visit(*incident);
}

namespace {
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;
}  // namespace

void Core::Machine::step(const Input& input) {
  if (const auto* first = std::get_if<in::Booted>(&input)) {
    boot(*first);
  } else if (booted) {
    watch_clock();
    std::visit(
        Overloaded{
            [](const in::Booted&) {}, [](const in::Woke&) {},
            [&](const in::PlanChanged& changed) { adopt_plan(changed.plan); },
            [&](const in::Probed& probed) {
              probing = false;
              tell(fact::PollDone{"probe", probed.info ? std::optional<Error>{} : probed.info.error(),
                                  now.mono - probe_asked});
              if (!probed.info) {
                airbyte_lost(probed.info.error());
                next_probe = now.mono + backoff(plan->poll.min, plan->poll.max, ++failed_probes, rng);
                return;
              }
              failed_probes = 0;
              next_probe.reset();
              airbyte = *probed.info;
              tell(fact::AirbyteIdentified{*airbyte});
              next_jobs = now.mono;
              next_connections = now.mono;
            },
            [&](const in::ConnectionsSeen& seen) { see_connections(seen); },
            [&](const in::JobsSeen& seen) { see_jobs(seen); },
            [&](const in::JobRead& read) { job_read(read); },
            [&](const in::TriggerAnswered& answered) { trigger_answered(answered); },
            [&](const in::CancelAnswered& answered) { cancel_answered(answered); },
            [&](const in::ScheduleSetManual& answered) {
              auto* connection = find_connection(answered.connection);
              if (connection == nullptr) return;
              if (answered.result) {
                connection->view.schedule = AirbyteSchedule::manual;
                connection->view.schedule_text = {};
              } else {
                connection->asked_manual = false;
                tell(fact::Warning{fmt::format("Airbyte's own schedule of {} could not be set to manual: {}",
                                               connection->view.name, to_string(answered.result.error()))});
              }
            },
            [&](const in::JobInspected& inspected) { job_inspected(inspected); },
            [&](const in::Command& asked) { take_command(asked.request); },
            [&](const in::StoreState& state) { store_healthy = state.healthy; },
            [&](const in::Hint&) { take_hint(); }, [&](const in::StopAsked&) { stopping = true; }},
        input);
  }
  if (booted) pass();
}

/// Tells wall-clock steps apart from time that simply passed (scheduling rule 6).
void Core::Machine::watch_clock() {
  const Millis step = (now.wall - last.wall) - (now.mono - last.mono);
  if (step >= -clock_step_noise && step <= clock_step_noise) return;
  tell(fact::ClockStepped{step});
  move_back_offs(step);
  if (step <= -clock_correction) clock_corrected();
}

void Core::Machine::pass() {
  end_pauses();
  collect_due();
  fire_timers();
  if (!stopping) {
    admit();
    ask_airbyte();
  }
  if (!up) watch_outage();
  incidents.pass(now.wall);
  if (!next_prune) next_prune = now.mono + prune_every;
  if (*next_prune <= now.mono) {
    keep(put::Prune{now.wall - plan->history_keep});
    next_prune = now.mono + prune_every;
    forget_commands();
  }
}

/// Jobs mean something only beside the connections they belong to, and before 0.50 they are listed per
/// connection.
bool Core::Machine::can_poll() const {
  return connections_known || (!connections.empty() && airbyte->lists_whole_instance);
}

/// One probe, one discovery and one poll at a time, each when its time has come.
void Core::Machine::ask_airbyte() {
  const auto come = [&](const std::optional<Mono>& at) { return at && *at <= now.mono; };
  if (!airbyte) {
    if (!probing && (!next_probe || come(next_probe))) {
      probing = true;
      probe_asked = now.mono;
      effect(out::Probe{});
    }
    return;
  }
  if (!reading_connections && come(next_connections)) {
    reading_connections = true;
    connections_asked = now.mono;
    next_connections.reset();
    effect(out::ReadConnections{});
  }
  if (!reading_jobs && can_poll() && come(next_jobs)) {
    reading_jobs = true;
    next_jobs.reset();
    poll_asked = now.mono;
    asked_poll = now;
    out::ReadJobs request;
    request.poll = ++poll_number;
    // Ends may become visible late, so the last seconds are read again; but not while there is more behind
    // the cursor, where they could fill the whole answer for ever.
    if (job_cursor) request.ended_since = *job_cursor - (ended_behind ? Millis{} : ended_overlap);
    if (!airbyte->lists_whole_instance) {
      // Those with something under way every time, the others in turn.
      std::set<ConnectionId> asked;
      for (const auto& connection : connections) {
        if (connection.occupied || !connection.holding.empty()) asked.insert(connection.view.id);
      }
      for (std::size_t i = 0; i < std::min<std::size_t>(connections.size(), 20); ++i) {
        asked.insert(connections[focus_next++ % connections.size()].view.id);
      }
      request.focus.assign(asked.begin(), asked.end());
    }
    effect(std::move(request));
  }
}

NextWake Core::Machine::next_wake() const {
  NextWake wake;
  if (!booted) return wake;
  if (!due.empty()) earliest(wake.wall, due.first().at);
  if (!wall_timers.empty()) earliest(wake.wall, wall_timers.begin()->first);
  if (!mono_timers.empty()) earliest(wake.mono, mono_timers.begin()->first);
  if (!stopping && !probing && !airbyte) earliest(wake.mono, next_probe.value_or(now.mono));
  if (!stopping && airbyte) {
    if (!reading_connections) earliest(wake.mono, next_connections);
    if (!reading_jobs && can_poll()) earliest(wake.mono, next_jobs);
  }
  if (!ready.empty() && can_trigger() && in_flight < window()) {
    const Mono paced = pacing.ready_at(now.mono) + Millis{1};
    earliest(wake.mono, fleet_held_since ? std::max(paced, fleet_next_probe) : paced);
  }
  if (const auto end = next_pause_end()) earliest(wake.wall, *end);
  if (const auto calm = incidents.next_close()) earliest(wake.wall, *calm);
  if (throttled_until && *throttled_until > now.mono) earliest(wake.mono, throttled_until);
  earliest(wake.mono, next_prune);
  return wake;
}

}  // namespace syncwarden::core
