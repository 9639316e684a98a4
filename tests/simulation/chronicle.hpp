// Watches a simulated world and judges it. Each oracle is a function of its own, named after what it holds
// the daemon to; what it looks at is the truth (Airbyte's jobs, the disk, the requests), not what the core
// believes.
#pragma once

#include "forecast/engine.hpp"
#include "forecast/witness.hpp"
#include "simulation/coverage.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::simulation {

/// An oracle's name and what it saw.
struct Violation {
  std::string oracle;
  std::string text;
};

struct Tally {
  std::uint64_t due = 0;      ///< nominals that came due
  std::uint64_t started = 0;  ///< attached ones included
  std::uint64_t skipped = 0;
  std::uint64_t missed = 0;  ///< coalesced ones included
  std::uint64_t failed_to_start = 0;
  std::uint64_t undecided = 0;  ///< waiting or unresolved at the end
  std::uint64_t lost = 0;       ///< without an outcome
  std::uint64_t jobs = 0;       ///< created in Airbyte
  std::uint64_t ours = 0;       ///< of those, by our requests
  std::uint64_t doubled = 0;
  std::uint64_t wrongly_cancelled = 0;
  std::uint64_t cancels = 0;
  std::uint64_t adopted = 0;
};

class Chronicle final : public forecast::Witness {
 public:
  using Print = std::function<void(const std::string&)>;

  /// `print` gets a line an event.
  explicit Chronicle(Print print) : print_(std::move(print)) {}
  /// Called once, before the world runs on.
  void watch(const forecast::Engine& engine) { engine_ = &engine; }

  /// Everything that can be judged at the end only. `calm_since`: nothing has gone wrong since then.
  void judge(Instant calm_since);
  /// Looks at what waits; called now and then.
  void look();

  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] const Coverage& coverage() const { return coverage_; }

  void booted(Instant truth, Now now, const Snapshot& snapshot, const Plan& plan) override;
  void crashed(Instant truth) override;
  void restored(Instant truth, Instant of) override;
  void stepped(Instant truth, Now now, const Input& input, const Decision& decision) override;
  void committed(Instant truth, const std::vector<Mutation>& batch) override;
  void started(Instant truth, const Effect& effect) override;
  void job_born(const forecast::JobBorn& born) override;
  void cancel_sent(Instant truth, const forecast::CancelSent& cancel) override;
  void happened(Instant truth, forecast::Fault fault) override;

 private:
  /// A span in which a schedule was in force, as the disk says.
  struct Binding {
    std::string spec;
    Instant from;   ///< nominals after this count; lower where a clock that was ahead is set back
    Instant until;  ///< the watermark, as last written
    Instant since;  ///< truth, of the commit
    bool open = true;
    Instant closed_at{};
    std::vector<std::pair<Instant, Instant>> lowered{};  ///< truth, and what `from` had been
  };
  struct RecordedTick {
    Tick tick;
    Instant at;  ///< truth, of the commit
  };
  struct StuckWatch {
    JobCounters counters;  ///< in truth
    Millis observed{};
    std::vector<JobCounters> told;  ///< while it stood still, each once
    Millis after{};                 ///< by the policy in force
    Millis in_force_since{};        ///< as observed time
    bool reported = false;
  };

  void violated(std::string oracle, std::string text);
  void say(Instant truth, const std::string& text) const;
  [[nodiscard]] const Policy& policy_of(const ConnectionView& view) const;
  [[nodiscard]] std::optional<ConnectionView> view_of(const ConnectionId& id) const;
  void know_plan(const Plan& plan);
  [[nodiscard]] std::optional<calendar::Schedule> schedule_of(const std::string& spec) const;

  [[nodiscard]] bool put_back_near(Instant born) const;
  [[nodiscard]] bool forgot_the_future(const RunId& id, Instant born) const;
  [[nodiscard]] bool is_bound(const ScheduleId& id) const;

  // ---- oracles, as it happens
  void a_tick_is_decided_once(Instant truth, const Tick& tick);
  void a_run_takes_no_job_older_than_its_baseline(const Run& run);
  void no_effect_before_its_commit(const Effect& effect);
  void every_command_is_answered_once(const Effect& effect);
  void no_cancel_without_sight(Instant truth, const Input& input, const Decision& decision);
  void a_cancel_hits_what_it_was_meant_for(Instant truth, const forecast::CancelSent& cancel);
  void no_healthy_or_foreign_job_is_cancelled(Instant truth, const forecast::CancelSent& cancel);
  void limits_are_kept(Instant truth, const Decision& decision);
  void one_incident_while_airbyte_is_away(Instant truth, const Decision& decision);
  void every_stuck_job_is_found(Instant truth, const in::JobsSeen& seen, Mono now);
  // ---- oracles, at the end
  void every_due_tick_has_one_outcome();
  void judge_binding(const ScheduleId& id, const Binding& binding,
                     const std::set<std::pair<ScheduleId, Instant>>& open);
  void cover_from_beyond(const ScheduleId& id, const Binding& span, const calendar::Schedule& schedule,
                         Instant until, std::vector<Instant>& uncovered) const;
  void one_job_per_start();
  void every_job_of_ours_is_known();
  void everything_settles(Instant calm_since);
  [[nodiscard]] bool lasts_for_a_reason(const Incident& incident, Instant calm_since) const;
  void every_incident_is_closed(Instant calm_since);

  // ---- what they rest on
  void follow_cursor(Instant truth, const ScheduleCursor& cursor);
  void drop_cursor(Instant truth, const ScheduleId& id);
  void see(const Input& input);
  void reckon(const Run& run);
  void count(const Fact& fact);
  [[nodiscard]] bool may_cancel_under(Instant truth, const forecast::CancelSent& cancel, const Policy& policy,
                                      const ConnectionView& view, const emulator::Job& job) const;
  [[nodiscard]] bool may_cancel(Instant truth, const forecast::CancelSent& cancel,
                                const emulator::Job& job) const;
  [[nodiscard]] bool tells_of_quota(const emulator::Job& job) const;
  [[nodiscard]] bool looks_stuck(Instant truth, const StuckPolicy& policy, const emulator::Job& job) const;

  Print print_;
  const forecast::Engine* engine_ = nullptr;
  Plan plan_;
  std::vector<Violation> violations_;
  Tally tally_;
  Coverage coverage_;

  std::map<std::string, calendar::Schedule> schedules_;  // by text
  std::map<ScheduleId, std::vector<Binding>> bindings_;
  std::map<std::pair<ScheduleId, Instant>, RecordedTick> ticks_;
  std::map<RunId, Run> on_disk_;  // open ones, and those that ended in this life
  std::map<std::pair<RunId, std::uint32_t>, std::set<JobId>> claims_;
  std::map<std::pair<RunId, std::uint32_t>, JobId> baselines_;  // as first written
  std::map<std::pair<RunId, std::uint32_t>, std::vector<forecast::JobBorn>> effects_;
  std::vector<forecast::JobBorn> ours_;
  std::set<JobId> our_ids_;
  std::map<RunId, Instant> nominals_;
  std::vector<Instant> restored_;  // when an old state was put back

  // of this life
  std::map<RunId, Run> decided_;  // runs that hold a slot, as decided
  std::map<ConnectionId, std::set<JobId>> visible_;
  std::set<std::uint64_t> asked_;
  std::set<ConnectionId> cancel_asked_;  // by a command; never forgotten
  std::map<JobId, Policy> asked_under_;  // the policy when its cancel was decided
  std::set<JobId> cancel_step_;          // by the ladder
  bool sighted_ = false;
  std::optional<Mono> last_sight_;
  std::map<JobId, StuckWatch> stuck_;
  std::set<JobId> stuck_found_;                  // by this life
  bool store_healthy_ = true;                    // while it is not, the disk knows less than this life
  std::map<ConnectionId, ConnectionView> told_;  ///< by the last discovery of this life
};

}  // namespace syncwarden::simulation
