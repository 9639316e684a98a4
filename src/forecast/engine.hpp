// A world in virtual time: the real core, the emulator's model of Airbyte, a network that loses and delays, a
// disk that takes its time, clocks that are set, people, crashes. Everything is drawn from one seed: the same
// seed plays the same world. No I/O; a year takes seconds.
#pragma once

#include "base/rng.hpp"
#include "core/core.hpp"
#include "emulator/airbyte.hpp"
#include "forecast/agenda.hpp"
#include "forecast/durable_image.hpp"
#include "forecast/fault.hpp"
#include "forecast/virtual_clock.hpp"
#include "forecast/witness.hpp"

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::forecast {

/// How long the things last that go wrong.
struct Bounds {
  Millis slowest_request{std::chrono::seconds{200}};  ///< with the signal's delay below the settle time
  Millis slowest_reply{std::chrono::minutes{4}};
  Millis slowest_commit{std::chrono::seconds{30}};
  Millis slowest_cancel{std::chrono::minutes{1}};
  Millis longest_downtime{std::chrono::seconds{20}};
  Millis longest_outage{std::chrono::hours{2}};
  Millis longest_sleep{std::chrono::hours{3}};
  Millis disk_fails{std::chrono::minutes{20}};
  Millis history_kept{std::chrono::hours{30}};   ///< of ended jobs in Airbyte, with history_pruned
  Millis oldest_restore{std::chrono::hours{8}};  ///< of a copy of the state that somebody puts back
};

/// Breaks syncwarden on purpose, to prove that whoever watches the world sees it.
struct Tampering {
  std::function<void(Plan&)> plan;          ///< what the core is told instead of the plan
  std::function<void(Snapshot&)> snapshot;  ///< what it finds on the disk
  std::function<void(Input&)> input;
  std::function<void(Decision&)> decision;
  std::function<void(std::vector<Mutation>&)> commit;
  bool effects_before_commit = false;
  bool cancel_unread = false;  ///< the job is not read again before it is cancelled
};

struct Setup {
  std::uint64_t seed = 1;
  std::vector<emulator::Pipeline> pipelines;
  Plan plan;
  Faults faults;
  Bounds bounds;
  Instant start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  emulator::Options airbyte;  ///< its seed and start are the world's
  bool tells_workflows = true;
  std::vector<std::string> versions;  ///< that an upgrade may bring
  /// Makes another plan of the present one, for plan_edit.
  std::function<Plan(Rng&, const Plan&)> edit;
  /// The connections as they are shown, in the order of `pipelines`; empty: as the emulator has them.
  std::vector<ConnectionView> shown;
  /// What the first life finds on its disk.
  Snapshot found;
  Tampering tampering;
  /// The disk forgets what it is told to; otherwise it keeps everything, to be judged at the end.
  bool prunes = false;
};

class Engine {
 public:
  /// `witness` may be null, and must outlive the engine.
  explicit Engine(Setup setup, Witness* witness = nullptr);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void run_until(Instant end);
  /// No more faults from here on, and somebody tidies up: the disabled is enabled, what hangs is cancelled,
  /// what pauses resumes, every sync goes well.
  void calm_down();
  /// Airbyte answers nothing from now on until then: connections are refused, or, silent, no reply comes.
  void cut_off(Instant until, bool silent);
  void change_plan(Plan plan);

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Now clock() const { return clock_.read(now_); }
  [[nodiscard]] const Setup& setup() const { return setup_; }
  [[nodiscard]] const Plan& plan() const { return setup_.plan; }
  [[nodiscard]] const emulator::Airbyte& airbyte() const { return airbyte_; }
  [[nodiscard]] const DurableImage& disk() const { return disk_; }
  /// Nothing while the daemon is down.
  [[nodiscard]] const core::Core* core() const { return core_.get(); }
  [[nodiscard]] std::uint64_t fired(Fault fault) const { return fired_[static_cast<std::size_t>(fault)]; }
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// A hash over everything that happened, in order.
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  /// The emulator's connection behind an id as shown.
  [[nodiscard]] std::optional<emulator::ConnectionIndex> find(const ConnectionId& id) const;
  [[nodiscard]] const ConnectionId& id_of(emulator::ConnectionIndex index) const;

 private:
  /// A request of ours and its answer.
  struct Flight {
    out::TriggerSync request;
    std::uint64_t life = 0;
    std::uint32_t job_number = 0;
    Instant sent;
    bool reply_lost = false;
    bool told_wrong = false;
    bool answered = false;  ///< or abandoned: nobody waits any more
    std::optional<TriggerReply> instead;
  };
  using FlightPtr = std::shared_ptr<Flight>;
  struct Batch {
    std::vector<Mutation> durable;
    std::vector<Effect> after;
  };

  // ---- engine.cpp: time, the process, its inputs
  void at(Instant when, std::function<void()> what) { agenda_.put(std::max(when, now_), 0, std::move(what)); }
  void after(Millis delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  /// Happens to the daemon: nothing comes of it in another life, and it waits while the machine sleeps.
  void daemon_after(Millis delay, std::function<void()> what) {
    agenda_.put(std::max(now_, now_ + delay), life_, std::move(what));
  }
  void deliver(std::uint64_t life, Input input, Millis delay);
  void feed(Input input);
  void take(Decision decision);
  void arm();
  void boot();
  void crash();
  void note(std::uint64_t what);
  void see_births();
  [[nodiscard]] Millis between(Millis low, Millis high);
  /// Draws whether a fault of a chance happens now, and counts it.
  [[nodiscard]] bool strikes(Fault fault);
  void happened(Fault fault);

  // ---- disk.cpp
  void begin_commit();
  void write(std::shared_ptr<Batch> batch, Millis retry_after);
  void written(const std::shared_ptr<Batch>& batch, Millis retry_after);
  void commit_failed(const std::shared_ptr<Batch>& batch, Millis retry_after);
  void keep_copies();

  // ---- network.cpp
  void start(const Effect& effect);
  [[nodiscard]] bool away() const { return now_ < outage_until_; }
  [[nodiscard]] Error unreachable() const;
  [[nodiscard]] Millis read_time();
  void probe();
  void read_connections();
  void read_jobs(const out::ReadJobs& request);
  [[nodiscard]] JobsPage page(const out::ReadJobs& request);
  void read_job(const out::ReadJob& request);
  void inspect_job(const out::InspectJob& request);
  void cancel(const out::CancelJob& request);
  void cancel_arrives(const out::CancelJob& request, bool was_fit, Instant checked, std::uint64_t life);
  void set_manual(const out::SetScheduleManual& request);
  void trigger(const out::TriggerSync& request);
  [[nodiscard]] std::optional<TriggerReply> fate_before_sending();
  void arrive(const FlightPtr& flight);
  void answer(const FlightPtr& flight, const TriggerReply& reply, Millis delay, bool late = false);
  void take_replies();
  [[nodiscard]] ConnectionView shown(emulator::ConnectionIndex index) const;
  [[nodiscard]] JobView shown(const emulator::Job& job);

  // ---- misfortunes.cpp
  void expect_misfortunes();
  void again(Fault fault);
  void strike(Fault fault);
  void strike_airbyte(Fault fault);
  void strike_machine(Fault fault);
  void person(Fault fault);
  void command();
  [[nodiscard]] CommandWhat draw_command(const ConnectionId& connection);
  void enable(const ConnectionId& id);
  void cancel_what_hangs(bool by_reset);
  void resume_everything(int more);
  void tidy_up();
  void move_something();
  void sync_everything();

  Setup setup_;
  Witness* witness_;
  Rng rng_;
  Instant now_;
  VirtualClock clock_;
  Agenda agenda_;
  emulator::Airbyte airbyte_;
  std::map<ConnectionId, emulator::ConnectionIndex> shown_index_;
  bool calm_ = false;
  Instant calm_since_{};

  // the process
  std::unique_ptr<core::Core> core_;
  std::uint64_t life_ = 1;  ///< events of an older one are void
  std::uint64_t boots_ = 0;
  std::uint64_t armed_ = 0;
  Instant asleep_until_{};

  // its disk
  DurableImage disk_;
  std::deque<std::pair<Instant, DurableImage>> copies_;
  Batch waiting_;
  bool committing_ = false;
  bool disk_healthy_ = true;  ///< as the process knows it
  Instant disk_fails_until_{};

  // Airbyte and the way to it
  std::string version_;
  Instant outage_until_{};
  bool silent_ = false;  ///< during an outage: nothing answers, instead of refused connections
  std::map<emulator::Ticket, FlightPtr> waiters_;
  std::map<std::pair<RunId, std::uint32_t>, FlightPtr> flights_;
  std::map<emulator::ConnectionIndex, FlightPtr> expected_births_;
  std::size_t births_seen_ = 0;
  std::uint64_t tickets_ = 0;

  std::array<std::uint64_t, fault_count> fired_{};
  std::uint64_t crashes_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t trace_ = 0;
};

}  // namespace syncwarden::forecast
