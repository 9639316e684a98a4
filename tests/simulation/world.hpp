// A world in virtual time: the real core, the emulator's model of Airbyte, a network that loses and delays, a
// disk that takes its time, and crashes. Everything is drawn from one seed; the same seed plays the same
// world.
#pragma once

#include "base/rng.hpp"
#include "core/core.hpp"
#include "emulator/airbyte.hpp"
#include "simulation/durable_image.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace syncwarden::simulation {

/// What may go wrong, and how often. Chances are per event.
struct Faults {
  double lost_request = 0;        ///< a sync request never arrives; the client waits until its deadline
  double lost_reply = 0;          ///< it takes effect, the answer is lost
  double error_after_effect = 0;  ///< 5xx although it took effect
  double error_without_effect = 0;
  double refused_connection = 0;  ///< not a byte sent
  double throttled = 0;           ///< 429
  double slow_request = 0;        ///< arrives up to `slowest_request` later
  Millis slowest_request{std::chrono::seconds{200}};
  double failed_poll = 0;
  double slow_commit = 0;  ///< up to 30 s
  double crashes_per_day = 0;
  Millis longest_downtime{std::chrono::seconds{20}};
  double outages_per_day = 0;     ///< Airbyte answers nothing for up to two hours
  double wall_steps_per_day = 0;  ///< the wall clock is set up to 90 s forward or back
};

struct Scenario {
  std::uint64_t seed = 1;
  std::vector<emulator::Pipeline> pipelines;
  Plan plan;
  Faults faults;
  Instant start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  Millis signal_delay_max{std::chrono::seconds{20}};
  /// Breaks the protocol on purpose, to prove that the oracles see it.
  enum class Sabotage : std::uint8_t { none, forget_intents, no_settle } sabotage = Sabotage::none;
};

struct Verdicts {
  std::uint64_t due = 0;  ///< nominals that came due
  std::uint64_t started = 0;
  std::uint64_t skipped = 0;
  std::uint64_t missed = 0;     ///< coalesced ones included
  std::uint64_t undecided = 0;  ///< waiting or unresolved at the end
  std::uint64_t lost = 0;       ///< no outcome at all
  std::uint64_t jobs = 0;       ///< created in Airbyte by us
  std::uint64_t doubled = 0;    ///< jobs that no run knows, or a second job for one start
  std::uint64_t crashes = 0, unclear = 0, adopted = 0, events = 0;
  std::uint64_t trace = 0;  ///< hash over everything that happened, in order
  std::map<std::string, std::uint64_t> reasons;
  std::vector<std::string> violations;
};

class World {
 public:
  explicit World(Scenario setup);
  /// Plays until then.
  void run_until(Instant end);
  /// No more faults from here on: what is open must come to an end.
  void calm_down() { setup_.faults = {}; }
  [[nodiscard]] Verdicts judge() const;
  [[nodiscard]] emulator::Airbyte& airbyte() { return airbyte_; }
  [[nodiscard]] Instant now() const { return now_; }
  void change_plan(Plan plan);

 private:
  struct Event {
    Instant at;
    std::uint64_t order = 0;
    std::function<void()> what;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  void at(Instant when, std::function<void()> what);
  void after(Millis delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  [[nodiscard]] Millis between(Millis low, Millis high);
  void boot();
  void crash();
  void feed(const Input& input);
  void take(Decision decision);
  void commit();
  void arm();
  void start(const Effect& effect);
  void trigger(const out::TriggerSync& request);
  void arrive(const out::TriggerSync& request, std::uint64_t life, bool answer_lost,
              std::optional<TriggerReply> instead);
  void read_jobs(const out::ReadJobs& request);
  void deliver(std::uint64_t life, Input input, Millis delay);
  void poll_replies();
  [[nodiscard]] Now clock() const;
  void schedule_misfortunes();
  void again(double Faults::*per_day, const std::function<void()>& what);
  void note(std::uint64_t what);

  Scenario setup_;
  Rng rng_;
  Instant now_;
  Millis wall_offset_{};
  emulator::Airbyte airbyte_;
  DurableImage disk_;
  std::unique_ptr<core::Core> core_;
  std::uint64_t life_ = 0;  // of the daemon: events of an older one are void
  std::uint64_t order_ = 0;
  std::uint64_t wake_order_ = 0;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
  struct Pending {
    std::vector<Mutation> durable;
    std::vector<Effect> after;
  };
  Pending waiting_commit_;
  bool committing_ = false;
  struct Waiter {
    out::TriggerSync request;
    std::uint64_t life = 0;
    bool answer_lost = false;
    std::optional<TriggerReply> instead;
  };
  std::map<emulator::Ticket, Waiter> waiters_;
  Instant outage_until_{};
  std::map<ScheduleId, Instant> bound_since_;
  std::optional<Instant> playing_;
  Verdicts counts_;
};

}  // namespace syncwarden::simulation
