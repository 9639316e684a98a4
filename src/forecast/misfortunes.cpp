// What happens to a simulated world by the day: crashes, outages, clocks, people.
#include "forecast/engine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::forecast {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Millis day{hours{24}};
constexpr std::array by_the_day{Fault::failing_disk,   Fault::crash,          Fault::restored_state,
                                Fault::outage,         Fault::workers_down,   Fault::upgrade,
                                Fault::schema_break,   Fault::orphan,         Fault::phantom,
                                Fault::history_pruned, Fault::wall_step,      Fault::wrong_hour,
                                Fault::suspend,        Fault::plan_edit,      Fault::second_scheduler,
                                Fault::person_syncs,   Fault::person_cancels, Fault::person_disables,
                                Fault::person_resets,  Fault::person_renames, Fault::command,
                                Fault::hints};

}  // namespace

void Engine::expect_misfortunes() {
  for (const Fault fault : by_the_day) again(fault);
}

/// Misfortunes of a kind come at random moments, on average so many a day.
void Engine::again(Fault fault) {
  const double rate = setup_.faults[fault];
  if (rate <= 0) return;
  const auto twice_the_mean = static_cast<std::int64_t>(2.0 * static_cast<double>(day.count()) / rate);
  after(between(Millis{1}, Millis{twice_the_mean}), [this, fault] {
    if (calm_) return;
    strike(fault);
    again(fault);
  });
}

void Engine::strike(Fault fault) {
  switch (fault) {
    case Fault::outage:
    case Fault::workers_down:
    case Fault::upgrade:
    case Fault::schema_break:
    case Fault::orphan:
    case Fault::phantom:
    case Fault::history_pruned:
      return strike_airbyte(fault);
    case Fault::second_scheduler:
    case Fault::person_syncs:
    case Fault::person_cancels:
    case Fault::person_disables:
    case Fault::person_resets:
    case Fault::person_renames:
      return person(fault);
    case Fault::command:
      return command();
    case Fault::hints:
      if (core_) happened(fault);
      for (auto left = 1 + rng_.below(100); left > 0; --left) {
        deliver(life_, in::Hint{}, between(Millis{0}, seconds{20}));
      }
      return;
    default:
      return strike_machine(fault);
  }
}

void Engine::cut_off(Instant until, bool silent) {
  outage_until_ = until;
  silent_ = silent;
  happened(Fault::outage);
}

void Engine::strike_airbyte(Fault fault) {
  const auto index = static_cast<emulator::ConnectionIndex>(rng_.below(airbyte_.connections()));
  const auto id = airbyte_.connection(index).view.id;
  switch (fault) {
    case Fault::outage: {
      const Instant until = now_ + between(minutes{1}, setup_.bounds.longest_outage);
      return cut_off(until, rng_.chance(0.5));
    }
    case Fault::workers_down:
      if (airbyte_.workers_down()) return;
      airbyte_.set_workers_down(true, now_);
      after(between(minutes{1}, setup_.bounds.longest_outage),
            [this] { airbyte_.set_workers_down(false, now_); });
      return happened(fault);
    case Fault::upgrade:
      if (setup_.versions.empty()) return;
      outage_until_ = std::max(outage_until_, now_ + between(minutes{2}, minutes{15}));
      version_ = setup_.versions[rng_.below(setup_.versions.size())];
      airbyte_.set_version(version_, now_);
      return happened(fault);
    case Fault::schema_break:
      if (airbyte_.connection(index).view.status != ConnectionStatus::active ||
          !airbyte_.break_schema(id, now_)) {
        return;
      }
      after(between(hours{1}, hours{9}), [this, id] { enable(id); });
      return happened(fault);
    case Fault::orphan:
      // Somebody looks after it within a day: a sync by hand lets Airbyte clean up.
      if (!airbyte_.make_orphan(id, now_)) return;
      after(between(minutes{30}, hours{20}), [this, id] { (void)airbyte_.signal_sync(id, now_); });
      return happened(fault);
    case Fault::phantom:
      if (!airbyte_.make_phantom(id, now_)) return;
      after(between(minutes{30}, hours{8}), [this, index] {
        if (airbyte_.connection(index).phase != emulator::Phase::phantom) return;
        (void)airbyte_.signal_reset(airbyte_.connection(index).view.id, JobType::reset, now_);
      });
      return happened(fault);
    default:
      airbyte_.prune(now_ - setup_.bounds.history_kept);
      return happened(Fault::history_pruned);
  }
}

void Engine::strike_machine(Fault fault) {
  switch (fault) {
    case Fault::crash:
      if (!core_) return;
      happened(fault);
      return crash();
    case Fault::failing_disk:
      disk_fails_until_ = now_ + between(seconds{1}, setup_.bounds.disk_fails);
      return happened(fault);
    case Fault::restored_state: {
      if (copies_.empty()) return;
      happened(fault);
      crash();
      const auto copy = copies_[rng_.below(copies_.size())];
      disk_ = copy.second;
      copies_.clear();
      if (witness_ != nullptr) witness_->restored(now_, copy.first);
      return;
    }
    case Fault::wall_step:
      clock_.set_offset(between(Millis{0}, seconds{180}) - seconds{90});
      deliver(life_, in::Woke{}, Millis{0});
      return happened(fault);
    case Fault::wrong_hour:
      // The state keeps one such episode a schedule; a second one within days is beyond it.
      if (fired(fault) > 0) return;
      clock_.set_offset(between(hours{4}, hours{9}));
      deliver(life_, in::Woke{}, Millis{0});
      after(between(minutes{1}, hours{3}), [this] {
        clock_.set_offset(Millis{0});
        deliver(life_, in::Woke{}, Millis{0});
      });
      return happened(fault);
    case Fault::suspend: {
      if (now_ < asleep_until_) return;
      const Millis length = between(seconds{10}, setup_.bounds.longest_sleep);
      asleep_until_ = now_ + length;
      clock_.sleep(length);
      return happened(fault);
    }
    default:  // plan_edit
      if (!setup_.edit) return;
      change_plan(setup_.edit(rng_, setup_.plan));
      return happened(Fault::plan_edit);
  }
}

/// In Airbyte's own interface, or in a script that knows nothing of us.
void Engine::person(Fault fault) {
  const auto index = static_cast<emulator::ConnectionIndex>(rng_.below(airbyte_.connections()));
  const auto& connection = airbyte_.connection(index);
  const auto id = connection.view.id;
  const auto* newest = airbyte_.last_job(index);
  switch (fault) {
    case Fault::person_cancels:
      if (newest == nullptr || is_terminal(newest->status)) return;
      (void)airbyte_.signal_cancel(newest->id, now_);
      break;
    case Fault::person_disables: {
      if (connection.view.status != ConnectionStatus::active) return;
      emulator::ConnectionPatch off;
      off.status = ConnectionStatus::inactive;
      (void)airbyte_.update(id, off, now_);
      after(between(minutes{5}, hours{6}), [this, id] { enable(id); });
      break;
    }
    case Fault::person_renames: {
      const std::string name{connection.view.name.view()};
      if (name.starts_with("formerly ")) return;
      emulator::ConnectionPatch renamed;
      renamed.name = "formerly " + name;
      (void)airbyte_.update(id, renamed, now_);
      after(between(minutes{5}, hours{12}), [this, id, name] {
        emulator::ConnectionPatch back;
        back.name = name;
        (void)airbyte_.update(id, back, now_);
      });
      break;
    }
    case Fault::person_resets:
      (void)airbyte_.signal_reset(id, JobType::reset, now_);
      break;
    default:  // a sync, by hand or by somebody else's scheduler
      (void)airbyte_.signal_sync(id, now_);
      break;
  }
  happened(fault);
}

CommandWhat Engine::draw_command(const ConnectionId& connection) {
  switch (rng_.below(7)) {
    case 0:
    case 1:
      return command::Sync{connection};
    case 2:
      return command::Cancel{connection, std::nullopt};
    case 3:
      return command::Pause{
          {connection}, clock_.read(now_).wall + between(minutes{5}, hours{8}), "maintenance"};
    case 4:
      return command::Resume{{connection}, rng_.chance(0.5)};
    case 5: {
      std::optional<IncidentId> open;
      for (const auto& [id, incident] : disk_.incidents()) {
        if (!incident.closed) open = id;
      }
      return command::Ack{open.value_or(IncidentId{1}), "looking into it"};
    }
    default:
      return command::Pause{{connection}, std::nullopt, "until further notice"};
  }
}

void Engine::command() {
  if (!core_) return;
  CommandRequest request;
  request.ticket = ++tickets_;
  request.who = "alice";
  if (rng_.chance(0.3)) request.key = fmt::format("key-{}", tickets_ / 3);  // some of them twice
  const auto index = static_cast<emulator::ConnectionIndex>(rng_.below(airbyte_.connections()));
  request.what = draw_command(id_of(index));
  happened(Fault::command);
  deliver(life_, in::Command{std::move(request)}, Millis{0});
}

// ---- the end of it

void Engine::calm_down() {
  calm_ = true;
  calm_since_ = now_;
  setup_.faults = {};
  outage_until_ = {};
  disk_fails_until_ = {};
  airbyte_.set_workers_down(false, now_);
  if (clock_.offset() != Millis{}) {
    clock_.set_offset(Millis{0});
    deliver(life_, in::Woke{}, Millis{0});
  }
  tidy_up();
  // A job that ignores a cancel gets another; what no cancel ends, a reset does.
  for (const Millis later : {Millis{minutes{3}}, Millis{minutes{6}}, Millis{minutes{9}}}) {
    after(later, [this] { cancel_what_hangs(false); });
  }
  after(minutes{15}, [this] { cancel_what_hangs(true); });
  for (const Millis later : {Millis{minutes{30}}, Millis{minutes{90}}}) {
    after(later, [this] { move_something(); });
  }
  // What moves less than it used to is believed the third time.
  for (const Millis later : {Millis{minutes{40}}, Millis{hours{4}}, Millis{hours{8}}}) {
    after(later, [this] { sync_everything(); });
  }
}

/// Somebody starts by hand what no schedule starts (any more).
void Engine::sync_everything() {
  for (emulator::ConnectionIndex i = 0; i < airbyte_.connections(); ++i) {
    const auto& connection = airbyte_.connection(i);
    if (connection.phase == emulator::Phase::idle) (void)airbyte_.signal_sync(connection.view.id, now_);
  }
}

/// Only what moves proves that Airbyte's workers live, and what is unresolved moves nothing: somebody has to.
void Engine::move_something() {
  const auto& runs = disk_.runs();
  const bool waits = std::any_of(
      runs.begin(), runs.end(), [](const auto& entry) { return entry.second.phase == RunPhase::unresolved; });
  for (emulator::ConnectionIndex i = 0; waits && i < airbyte_.connections(); ++i) {
    const auto& connection = airbyte_.connection(i);
    if (connection.phase != emulator::Phase::idle) continue;
    (void)airbyte_.signal_sync(connection.view.id, now_);
    return;
  }
}

/// Somebody decides about the schema, too.
void Engine::enable(const ConnectionId& id) {
  emulator::ConnectionPatch on;
  on.status = ConnectionStatus::active;
  on.breaking_change = false;
  (void)airbyte_.update(id, on, now_);
}

void Engine::cancel_what_hangs(bool by_reset) {
  using emulator::Phase;
  for (emulator::ConnectionIndex i = 0; i < airbyte_.connections(); ++i) {
    const auto& connection = airbyte_.connection(i);
    const auto* newest = airbyte_.last_job(i);
    const bool active = newest != nullptr && !is_terminal(newest->status) && newest->created < calm_since_;
    const bool deaf = connection.phase == Phase::phantom ||
                      (active && (connection.phase == Phase::pending || connection.phase == Phase::waiting ||
                                  connection.phase == Phase::idle));
    if (deaf || (active && by_reset)) {
      (void)airbyte_.signal_reset(connection.view.id, JobType::reset, now_);
    } else if (active) {
      (void)airbyte_.signal_cancel(newest->id, now_);
    }
  }
}

void Engine::tidy_up() {
  for (emulator::ConnectionIndex i = 0; i < airbyte_.connections(); ++i) {
    const auto& connection = airbyte_.connection(i);
    const auto& before = connection.behaviour;
    // Of much the same size, so that none of them is an outlier.
    const auto usual = (before.records.min + before.records.max) / 2;
    airbyte_.set_behaviour(
        connection.view.id,
        emulator::Behaviour::healthy(before.duration, {usual - usual / 10, usual + usual / 10}));
    // Off and on again: that wakes Airbyte's own schedule, too.
    emulator::ConnectionPatch off;
    off.status = ConnectionStatus::inactive;
    if (connection.view.schedule != AirbyteSchedule::manual)
      (void)airbyte_.update(connection.view.id, off, now_);
    if (connection.view.status == ConnectionStatus::inactive) enable(connection.view.id);
  }
  cancel_what_hangs(false);
  resume_everything(20);
}

/// Somebody looks every now and then: the daemon may be down just now, and a job that fails yet may pause its
/// connection.
void Engine::resume_everything(int more) {
  CommandRequest resume;
  resume.ticket = ++tickets_;
  resume.who = "alice";
  resume.what = command::Resume{{}, false};
  deliver(life_, in::Command{resume}, Millis{0});
  if (more > 0) after(Millis{minutes{30}}, [this, more] { resume_everything(more - 1); });
}

}  // namespace syncwarden::forecast
