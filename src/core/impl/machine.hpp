// The state of the core and what may be done to it. Each .cpp beside this file is one concern:
// bind (plan and connections), ticks (what is due), gate (who may start), intents (requests and their
// answers), watch (jobs and their ends), view (what others may read).
#pragma once

#include "base/rng.hpp"
#include "core/agenda.hpp"
#include "core/breaker.hpp"
#include "core/core.hpp"
#include "core/decided.hpp"
#include "core/due.hpp"
#include "core/freshness.hpp"
#include "core/incident_book.hpp"
#include "core/index_set.hpp"
#include "core/ready_queue.hpp"
#include "core/retry.hpp"
#include "core/slots.hpp"
#include "core/stuck.hpp"
#include "core/timing.hpp"
#include "core/verify.hpp"

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace syncwarden::core {

using ConnectionIndex = std::uint32_t;
using ScheduleIndex = std::uint32_t;

/// A request whose turn has not come by then goes back into the queue, where priorities hold.
inline constexpr Millis lane_patience{std::chrono::minutes{2}};

/// Airbyte starts what it schedules itself up to so much later.
inline constexpr Millis airbyte_jitter{std::chrono::minutes{25}};

/// A job of a connection that is not at its end, as last seen.
struct ActiveJob {
  JobView view;
  Mono since;  ///< known since; polls asked for before that cannot have missed it
  std::uint64_t seen_in_poll = 0;
  std::uint32_t missing_polls = 0;  ///< complete polls in a row that named it neither active nor ended
  bool reading = false;             ///< a single read is under way because it went missing
  JobWatch watch;
  std::optional<StuckKind> suspected;  ///< by its readings
  std::optional<StuckKind> stuck;      ///< confirmed by a second look
  std::optional<StuckKind> told;      ///< by a former life: nobody acts on it, but it ends when the job moves
  std::string evidence;               ///< of the suspicion
  bool inspecting = false;            ///< a second look is under way
  std::optional<JobCounters> looked;  ///< counters of the look before
};

struct Connection {
  ConnectionView view;
  ConnectionHistory history;
  const Rule* rule = nullptr;  ///< nothing: observed only
  std::vector<ScheduleIndex> schedules;
  std::vector<Slots::Key> keys;
  std::vector<ActiveJob> active;  ///< almost always none or one
  std::uint32_t workspace = 0;    ///< dense number for fairness
  bool occupied = false;          ///< counted in the slots
  bool present = true;            ///< false: gone from Airbyte; kept for its runs and cursors
  bool asked_manual = false;      ///< a request to set Airbyte's schedule to manual was made
  std::optional<Instant> newest_job_created;
  /// The first tick after an instant, remembered: every scrape asks, and it changes with successes only.
  mutable std::optional<std::pair<Instant, std::optional<Instant>>> expected_after;
  std::optional<Mono>
      listed;  ///< where jobs are listed per connection: when the last complete list was asked for
  std::vector<RunId> holding;  ///< intended or unresolved runs in order, looked for in every poll
  /// A request was refused, or called an overlap: the next one waits for this poll. Whether it was true, only
  /// a list tells, and until then the newest job known is no baseline.
  std::uint64_t look_first = 0;
  JobId known_at_boot;                            ///< the newest one of which the state knows the end
  std::vector<RunId> waiting_for_end;             ///< runs that wait until nothing runs here any more
  std::uint32_t failed_runs = 0;                  ///< in a row
  std::uint32_t unlike_before = 0;                ///< suspect runs in a row, only for their size or duration
  std::optional<std::pair<Mono, Mono>> conflict;  ///< first and last 409 without a job to show for it
  // Airbyte's own schedule
  std::string airbyte_text;  ///< of which the two below were read
  std::optional<calendar::Schedule> airbyte_cron;
  std::optional<Millis> airbyte_every;
};

struct Slot {
  ScheduleId id;
  ConnectionIndex connection = 0;
  Timing when;
  bool bound = true;                     ///< false: its rule or connection is gone
  Instant watermark;                     ///< newest nominal taken from the schedule
  std::optional<ScheduleCursor> cursor;  ///< what is durable of it
  std::optional<NextTick> next;
  std::vector<DueTick> backlog;  ///< catch_up: all, waiting for its turn, oldest first
  std::optional<RunId> waiting;  ///< its run that waits to start or to start again; never more than one
  bool chain_waits = false;      ///< some parents have succeeded, others have not
  std::uint32_t unfinished = 0;  ///< its runs that have not finished
  Instant range_begin;           ///< nominals in (range_begin, watermark] have decisions of their own
  Instant given_up;              ///< newest nominal of which nobody expects data
  DecidedRanges decided;  ///< what else is decided; a range stands until the durable watermark covers it
};

/// An ended job, the earliest end first.
using EndedJob = std::pair<Instant, JobId>;

/// A run that has not finished, with what need not survive a crash.
struct OpenRun {
  Run run;
  ConnectionIndex connection = 0;
  std::optional<ScheduleIndex> slot;
  bool stored = false;
  bool restored = false;        ///< of a former life
  bool tick_decided = false;    ///< its tick has its outcome (it is in its job, or in an extra job)
  bool deferred = false;        ///< something named held it back
  bool holding = false;         ///< listed in its connection's `holding`
  bool asks_once_more = false;  ///< intended, and what became of its request before is not known
  bool in_lane = false;         ///< intended: the request is on its way
  bool in_ready = false;
  std::optional<Slots::Key> parked;  ///< waits for a slot of this key
  bool waits_for_end = false;
  bool backs_off = false;
  Mono since;                   ///< when it began to wait, or when it became unresolved
  Millis observed_since{};      ///< the same in observed time, of an unresolved one
  std::uint32_t conflicts = 0;  ///< 409 answers without a job to show for them
  std::uint32_t auth_refusals = 0;
  std::optional<std::uint64_t> gate_after_poll;  ///< look again after this poll
  std::optional<JobId> cancelling;               ///< overlap: cancel_other waits for this job's end
  std::optional<Mono> cancel_deadline;
  std::optional<WaitCause> held;  ///< by a blackout, until then
  Instant held_until;
  std::string held_by;
};

/// Who paused, where it was no person.
inline constexpr std::string_view paused_by_policy = "syncwarden";

struct Core::Machine {
  explicit Machine(std::uint64_t seed) : rng(seed) {}

  // ---- state ----
  Rng rng;
  PlanPtr plan;
  Now now{};
  Now last{};
  bool booted = false;
  Instant booted_at{};
  bool stopping = false;
  bool store_healthy = true;
  Decision* out = nullptr;  // of the step under way

  std::vector<Connection> connections;
  std::unordered_map<ConnectionId, ConnectionIndex> connection_index;  // looked up, never iterated
  mutable std::vector<ConnectionIndex> connections_by_id;              // see in_order()
  std::map<std::string, std::uint32_t> workspace_numbers;
  std::vector<Slot> slots;
  // Looked up, never iterated.
  std::unordered_map<ScheduleId, ScheduleIndex> slot_index;
  std::unordered_map<ScheduleId, ScheduleCursor> unbound_cursors;  // of schedules without a slot
  std::unordered_map<RunId, OpenRun> runs;
  std::unordered_map<JobId, std::vector<RunId>> watchers;
  std::unordered_set<JobId> recent_ended;  // dedupe: ended jobs within an hour of the cursor
  std::priority_queue<EndedJob, std::vector<EndedJob>, std::greater<>> recent_by_time;

  // waiting
  Agenda due;  // next due instant of every bound schedule
  ReadyQueue ready;
  std::map<Slots::Key, ReadyQueue> parked;
  std::set<Slots::Key> wakeable;
  std::set<std::pair<Instant, RunId>> wall_timers;            // start deadlines, ends of back-off
  std::set<std::pair<Mono, RunId>> mono_timers;               // settle, cancel deadlines
  std::set<std::pair<std::uint64_t, RunId>> gate_after_poll;  // by the poll that has to be seen first
  IndexSet busy;                                              // connections with active jobs
  std::size_t waiting_for_end = 0, backing_off = 0;
  std::set<std::pair<Instant, RunId>> unresolved;  // by when the intent was written
  std::optional<Millis> last_canary;               // in observed time
  std::size_t in_flight = 0;                       // runs whose request is on its way
  Slots limits;
  Pacing pacing;

  // trouble
  ObservedClock observed;
  IncidentBook incidents;
  std::map<JobId, std::pair<Recovery, Millis>> recoveries;  // with the observed time of the last request
  std::map<JobId, std::string> lost_cancels;       // asked for by hand, and the reply told nothing: why
  std::map<ConnectionId, Pause> pauses;            // the empty id: everything
  std::map<std::string, CommandRecord> commands;   // by idempotency key
  std::map<std::string, std::size_t> rule_counts;  // connections that each rule named last
  Agenda late;                                     // by connection: when its data becomes late
  Agenda airbyte_due;                              // by connection: when Airbyte should have run it itself
  std::set<ScheduleIndex> chains;
  std::array<std::size_t, all_wait_causes.size()> held{};
  Instant late_grace_until{};                     // nothing counts as late before
  Instant watched_since{};                        // without a longer outage
  std::deque<std::pair<Mono, bool>> recent_ends;  // of jobs within fleet_hold.window; true: failed
  std::size_t recent_failures = 0;
  std::optional<Mono> fleet_held_since;
  Instant fleet_held_wall{};
  Mono fleet_next_probe;
  std::uint32_t fleet_probes = 0;

  // Airbyte
  std::optional<AirbyteInfo> airbyte;
  bool probing = false;
  bool reading_connections = false;
  bool reading_jobs = false;
  bool hinted = false;             // while a poll is under way: it may have been asked too early
  bool connections_known = false;  // a complete discovery since boot
  bool jobs_known = false;         // a complete poll since boot
  bool up = false;
  std::optional<Error> down_error;
  bool told_down = false;
  std::optional<Mono> down_since;
  std::uint32_t failed_polls = 0, failed_probes = 0, failed_discoveries = 0;
  std::uint64_t poll_number = 0,
                seen_poll = 0;  ///< the newest one asked for, and the newest one that showed jobs
  Mono poll_asked, poll_ended, probe_asked, connections_asked;
  Now asked_poll{}, answered_poll{};  ///< when the newest poll was asked for, and the newest answer came
  std::optional<Mono> next_probe, next_connections, next_jobs;
  std::optional<Mono> throttled_until;
  std::uint32_t throttles = 0;
  std::optional<Instant> job_cursor;
  bool ended_behind = false;  // the last poll left out some of what has ended
  JobId newest_job;
  std::optional<Mono> whole_listed;   // when the last complete poll of the whole instance was asked for
  std::optional<Mono> last_movement;  // Airbyte's workers have done something since then
  std::optional<Instant> last_jobs_poll, last_connections_poll;
  std::size_t focus_next = 0;
  std::optional<Mono> next_prune;

  // ---- core.cpp ----
  void step(const Input& input);
  void watch_clock();
  void pass();
  void ask_airbyte();
  [[nodiscard]] bool can_poll() const;
  [[nodiscard]] NextWake next_wake() const;
  template <class M>
  void keep(M mutation) {
    out->durable.emplace_back(std::move(mutation));
  }
  template <class E>
  void effect(E what) {
    out->after.emplace_back(std::move(what));
  }
  template <class F>
  void tell(F what) {
    out->facts.emplace_back(std::move(what));
  }

  // ---- bind.cpp ----
  void boot(const in::Booted& booted);
  void adopt_plan(PlanPtr next);
  void see_connections(const in::ConnectionsSeen& seen);
  ConnectionIndex know(const ConnectionView& view);
  /// Every connection ever known, by id.
  [[nodiscard]] const std::vector<ConnectionIndex>& in_order() const;
  void bind(ConnectionIndex index);
  void bind_schedule(ConnectionIndex index, const RuleSchedule& schedule, std::size_t ordinal);
  void unbind(ScheduleIndex index, bool forget_cursor, std::string_view why);
  void retire(ScheduleCursor& cursor);
  void retire_unbound();
  void restore_run(const Run& run);
  void recount_slots();
  void change_keys(Connection& connection);

  // ---- ticks.cpp ----
  void collect_due();
  void arm(Slot& slot, ScheduleIndex index);
  [[nodiscard]] std::optional<DecidedRanges::Passage> passage_of(const Slot& slot) const;
  static void give_up_together(Slot& slot, Instant watermark, Instant newest);
  void resume_calendar(Slot& slot, ScheduleIndex index, const Pause& pause, Instant until, bool catch_up);
  void take_tick(ScheduleIndex index, const DueTick& tick);
  /// Ends a run that still waits: its tick is skipped for that reason, or, if the tick has started before, no
  /// extra job follows.
  void give_up_waiting(RunId id, TickReason reason, std::string detail);
  /// Lets a run wait (again) as its schedule's waiting run, unless a newer one waits or the schedule is gone.
  void wait_again(OpenRun& open);
  /// The same for a run of no schedule.
  void wait_unscheduled(OpenRun& open);
  void next_of_backlog(ScheduleIndex index);
  void decide_tick(OpenRun& open, TickOutcome outcome, TickReason reason, std::string detail = {});
  void record_tick(Slot& slot, Instant nominal, TickOutcome outcome, TickReason reason, std::uint32_t also,
                   std::string detail);
  void keep_cursor(Slot& slot, Instant decided);
  void set_cursor(Slot& slot, Instant watermark);
  void finish(RunId id, Verdict verdict, std::optional<FailureClass> failure);
  void keep_run(OpenRun& open);
  void move_back_offs(Millis step);
  void clock_corrected();
  void go_back_to_now(Slot& slot);
  void come_due_again(Slot& slot);

  // ---- gate.cpp ----
  void admit();
  enum class Gate : std::uint8_t { admitted, blocked, gone };
  Gate try_start(RunId id);
  [[nodiscard]] bool allowed(RunId id);
  [[nodiscard]] std::optional<std::string> done_already(const OpenRun& open) const;
  void note_unclaimed(Connection& connection, const JobView& job) const;
  [[nodiscard]] bool overlaps(RunId id);
  void cancel_other(OpenRun& open, Connection& connection, const JobView& job);
  [[nodiscard]] bool is_ours(JobId job) const;
  void start_intent(OpenRun& open);
  void make_ready(OpenRun& open);
  [[nodiscard]] ReadyQueue::Item place_of(const OpenRun& open) const;
  void stop_waiting(OpenRun& open);
  void park(OpenRun& open, Slots::Key key);
  void wake_parked();
  void may_wake(const std::vector<Slots::Key>& keys);
  void wait_for_end(OpenRun& open);
  void fire_timers();
  void changed_occupancy(ConnectionIndex index);
  [[nodiscard]] const Policy& policy_of(const OpenRun& open) const;
  [[nodiscard]] bool can_trigger() const;
  [[nodiscard]] bool sight_is_old() const;
  void look_again_before(OpenRun& open, std::uint64_t poll);
  /// How many requests may be written ahead of their turn in the trigger lane.
  [[nodiscard]] std::size_t window() const;

  // ---- holds.cpp ----
  [[nodiscard]] const Blackout* blackout_of(const Connection& connection, Instant* until = nullptr) const;
  [[nodiscard]] const Pause* pause_of(const Connection& connection) const;
  [[nodiscard]] bool is_paused(const Connection& connection) const;
  [[nodiscard]] static std::string pause_text(const Pause& pause);
  void hold(OpenRun& open, WaitCause cause, Instant until, std::string what);
  [[nodiscard]] bool lets_start(RunId id);
  void count_probe(Connection& connection, const Run& run);
  void cancel_for_blackouts();
  void pause_schedules(Connection& connection);
  void resume_schedules(Connection& connection, const Pause& pause, Instant until, bool catch_up);
  void begin_pause(Pause pause);
  void pause_on_failure(Connection& connection, const JobView& job);
  void end_pauses();
  void end_pause(const ConnectionId& id, Instant until, bool catch_up);
  [[nodiscard]] std::optional<Instant> next_pause_end() const;
  void arm_by_events(Slot& slot, ScheduleIndex index);
  void due_by_events(Slot& slot, ScheduleIndex index);
  void rearm_by_events(ConnectionIndex index);
  [[nodiscard]] std::optional<Instant> keep_fresh_due(const Connection& connection, const KeepFresh& fresh,
                                                      Instant watermark) const;
  [[nodiscard]] std::vector<std::optional<Instant>> parent_successes(const After& after) const;

  // ---- ladder.cpp ----
  void observed_poll();
  [[nodiscard]] Millis longest_gap() const;
  void read_active(ConnectionIndex index, ActiveJob& job, const JobView& reading);
  void job_inspected(const in::JobInspected& inspected);
  void stuck_confirmed(ConnectionIndex index, ActiveJob& job, StuckKind kind, std::string evidence);
  [[nodiscard]] StuckAction permitted_action(const Connection& connection, const ActiveJob& job) const;
  [[nodiscard]] std::uint32_t cancels_of(JobId job) const;
  void act_on_stuck(ConnectionIndex index, ActiveJob& job);
  void ask_cancel(Connection& connection, JobId job, const std::string& why);
  void look_again_at(ActiveJob& job, const JobCounters& counters);
  std::optional<std::uint32_t> meant_attempts(const Recovery& recovery) const;
  void pass_ladder();
  void give_up_cancel(const Connection& connection, Recovery& recovery, std::string what);
  void drop_recovery(JobId job);
  void forget_cancel(const Connection& connection, const JobView& job);
  void cancel_answered(const in::CancelAnswered& answered);
  std::optional<Recovery> end_recovery(const Connection& connection, const JobView& job);
  void rerun_foreign(ConnectionIndex index, const JobView& job, const Recovery& recovery);
  void saw_conflict(Connection& connection);
  void saw_job(Connection& connection);
  void resume_stuck();
  void close_told(const Connection& connection, ActiveJob& job);
  [[nodiscard]] std::optional<std::pair<ConnectionIndex, std::size_t>> find_active(JobId job) const;
  void count_for_fleet(const JobView& job);
  void resume_fleet_hold();
  void release_fleet(const std::string& why);
  [[nodiscard]] bool fleet_lets_through();
  static void read_airbyte_schedule(Connection& connection);
  void expect_airbyte_run(ConnectionIndex index);
  void tell_missed_runs();

  // ---- incidents.cpp ----
  [[nodiscard]] IncidentBook::Report report_on(const Connection& connection, IncidentKind kind,
                                               std::string summary, JobId job) const;
  void listen_to_incidents();
  void raise(const Connection& connection, IncidentKind kind, std::string summary, JobId job);
  void raise_stuck(const Connection& connection, StuckKind kind, std::string summary, JobId job);
  void close_stuck(const Connection& connection, StuckKind kind, const std::string& why);
  void watch_outage();
  void came_back_after(Millis blind);
  void run_failed(ConnectionIndex index, const Run& run, const JobView& job);
  void job_failed(Connection& connection, const JobView& job);
  void verified_success(ConnectionIndex index, const JobView& job, const std::string& outlier);
  void watch_connection(Connection& connection, const ConnectionView& before, bool known);
  enum class RulesWere : std::uint8_t { the_same, edited, unknown };  ///< since the last look
  void watch_management(Connection& connection, RulesWere rules);
  void watch_rules();
  void expect_freshness(ConnectionIndex index);
  [[nodiscard]] std::optional<Instant> excused_until(const Connection& connection) const;
  void tell_late();
  void tell_unresolved();

  // ---- commands.cpp ----
  void take_command(const CommandRequest& request);
  Result<CommandDone> do_command(const CommandRequest& request, const command::Sync& sync, std::string& what);
  Result<CommandDone> do_command(const CommandRequest& request, const command::Cancel& cancel,
                                 std::string& what);
  Result<CommandDone> do_command(const CommandRequest& request, const command::Pause& pause,
                                 std::string& what);
  Result<CommandDone> do_command(const CommandRequest& request, const command::Resume& resume,
                                 std::string& what);
  Result<CommandDone> do_command(const CommandRequest& request, const command::Drain& drain,
                                 std::string& what);
  Result<CommandDone> do_command(const CommandRequest& request, const command::Ack& ack, std::string& what);
  void give_up_paused();
  void expect_nothing_of(Slot& slot, const Tick& tick);
  [[nodiscard]] std::optional<Instant> catching_up_since(const Connection& connection) const;
  [[nodiscard]] std::string names_of(const std::vector<ConnectionId>& ids) const;
  void cancel_by_hand(Connection& connection, JobId job, const std::string& who);
  void pass_cancel_by_hand(Connection& connection, JobId job);
  void restore_commands(const Snapshot& snapshot);
  void forget_commands();

  // ---- intents.cpp ----
  void trigger_answered(const in::TriggerAnswered& answered);
  void trigger_created(OpenRun& open, const TriggerReply& reply);
  void trigger_conflict(OpenRun& open);
  void trigger_refused(OpenRun& open, const TriggerReply& reply);
  void take_back(OpenRun& open);
  void make_unresolved(OpenRun& open);
  void take_job(OpenRun& open, JobId job, Attribution attribution);
  void look_for_effects(ConnectionIndex index, const JobView& job);
  void give_up_unresolved(const JobsPage& page);
  [[nodiscard]] bool shows_no_effect(const OpenRun& open, const JobsPage& page) const;
  [[nodiscard]] std::optional<RunId> canary(const JobsPage& page) const;
  void ask_once_more(OpenRun& open);
  void end_holding(OpenRun& open);
  void begin_holding(OpenRun& open);
  void enter_lane(OpenRun& open);
  void leave_lane(OpenRun& open);

  // ---- watch.cpp ----
  void see_jobs(const in::JobsSeen& seen);
  void take_hint();
  [[nodiscard]] Mono next_poll(Millis delay) const;
  void poll_failed(const in::JobsSeen& seen, const Error& error);
  void see_active(const JobView& job, bool first_poll);
  void movement(const Connection& connection);
  void remember_listed(const JobsPage& page);
  void see_missing(const JobsPage& page);
  void see_ended(const JobView& job, bool history);
  Judgement record_end(ConnectionIndex index, const JobView& job, bool history);
  /// How a job ended, beyond what its view says.
  struct Ending {
    std::optional<FailureClass> lost;  ///< Airbyte does not know it any more
    Judgement judgement;               ///< of a success
    std::optional<Recovery> recovery;  ///< we cancelled it, and that is why it ended
  };
  void end_watchers(const JobView& job, const Ending& ending);
  void end_run(RunId id, const JobView& job, const Ending& ending);
  void next_job(OpenRun& open, Millis delay, std::optional<FailureClass> failure);
  void remember_success(Connection& connection, const JobView& job);
  void close_missed_run(ConnectionIndex index, const JobView& job);
  bool run_again(OpenRun& open, const JobView& job, const Recovery& recovery);
  [[nodiscard]] Judgement judged(const Connection& connection, const JobView& job) const;
  void expect_job(ConnectionIndex index, JobId job, JobStatus status);
  bool drop_active(ConnectionIndex index, JobId job);
  void job_read(const in::JobRead& read);
  void airbyte_seen();
  void airbyte_lost(const Error& error);
  void remember_ended(const JobView& job);
  [[nodiscard]] Connection* find_connection(const ConnectionId& id);

  // ---- view.cpp ----
  [[nodiscard]] FleetPicture fleet(Instant at) const;
  [[nodiscard]] ConnectionPicture picture(const Connection& connection) const;
  [[nodiscard]] std::optional<Instant> expected_after(const Connection& connection, Instant since) const;
  [[nodiscard]] std::optional<Instant> stale_after(const Connection& connection) const;
  [[nodiscard]] WaitingPicture waiting_picture(const OpenRun& open) const;
  [[nodiscard]] WaitCause wait_of_all() const;
  bool with_connection(const ConnectionId& id,
                       const std::function<void(const ConnectionPicture&)>& visit) const;
};

}  // namespace syncwarden::core
