// An Airbyte that behaves, as a value: workspaces, connections, jobs, the workflows behind them, and the
// faults that the real one has. Nothing here reads a clock: every state change up to an instant is played
// when somebody says that it is that late. The simulator plays years with it; the HTTP front plays it on the
// real clock. Comments like "6.1" name the section of the Airbyte reference that the rule comes from.
#pragma once

#include "base/ids.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"
#include "emulator/behaviour.hpp"
#include "emulator/impl/job_table.hpp"
#include "emulator/job.hpp"
#include "emulator/version.hpp"
#include "model/connection.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace syncwarden::emulator {

/// 8.3: an attempt without progress waits base * factor^(n-1), at most `longest`, before the next.
struct RetryRules {
  std::uint16_t complete_in_row = 5;
  std::uint16_t complete_total = 10;
  std::uint16_t partial_total = 20;
  Millis base{std::chrono::seconds{10}};
  int factor = 3;
  Millis longest{std::chrono::minutes{30}};
};

struct Options {
  std::string version = "2.0.0";
  std::uint64_t seed = 1;
  Instant start{};
  std::int64_t first_job = 1;
  Range<Millis> signal_delay{Millis{20}, Millis{80}};   ///< from a sync's signal to its job
  Range<Millis> start_delay{Millis{200}, Millis{800}};  ///< from the job to its first attempt (`pending`)
  Range<Millis> cancel_delay{Millis{50}, Millis{300}};  ///< until the workflow has left `running`
  Range<Millis> cancel_lag{};      ///< until the job's row says so (#8808); the cancel has answered by then
  double time_scale = 1;           ///< shortens Airbyte's own waits: back-off, limits of the queue
  std::uint32_t max_parallel = 0;  ///< running jobs; 0: no limit. What exceeds it waits
  RetryRules retries;
  bool auto_disable = true;         ///< 8.4
  std::size_t history_limit = 0;    ///< entries kept of history(); 0: all
  Behaviour created;                ///< of connections that are set up while it runs
  std::optional<Millis> keep_jobs;  ///< how long jobs are kept after their end; absent: for ever
};

/// What the workflow of a connection does; the job's row may say something else (6.4).
enum class Phase : std::uint8_t {
  idle,
  starting,  ///< signalled, no job yet
  pending,   ///< the job exists, no attempt yet
  waiting,   ///< for capacity: `queued` since 2.1, `pending` before
  running,
  backing_off,  ///< between two attempts
  cancelling,
  phantom,  ///< a workflow that runs nothing (#25920)
};

struct Connection {
  ConnectionView view;
  Behaviour behaviour;
  OwnSchedule schedule;
  Instant created;
  std::string status_reason;  ///< why Airbyte switched it off; empty otherwise
  std::string catalog;        ///< syncCatalog as JSON; empty: the sample's one stream
  std::string namespace_definition = "destination";
  std::string namespace_format;
  std::string prefix;
  std::string schema_changes = "ignore";
  Phase phase = Phase::idle;
  JobId job;  ///< of the workflow, where it has one
};

struct Workspace {
  WorkspaceId id;
  std::string name;
};

/// A source or destination as the front lists it.
struct ActorRecord {
  Actor actor;
  WorkspaceId workspace;
  bool source = true;
  Instant created;
  std::string configuration;  ///< JSON with its secrets; empty: the sample's
  bool deleted = false;
};

/// What happened to a verb at once. Only `accepted` has a ticket.
enum class Signal : std::uint8_t {
  accepted,
  conflict,   ///< 6.1.2: the workflow runs
  not_found,  ///< no such connection or job
  deleted,    ///< 6.1.3
  inactive,   ///< 6.1.1
};

/// Stands for an HTTP request that waits for its answer.
using Ticket = std::uint64_t;

struct SignalAnswer {
  Signal signal = Signal::not_found;
  Ticket ticket = 0;
};

/// When a sync is answered: the Config API waits until the job runs, without a limit; the Public API of new
/// servers until it exists (6.1.4).
enum class AnswerWhen : std::uint8_t { running, job_exists };

struct ConnectionPatch {
  std::optional<std::string> name;
  std::optional<ConnectionStatus> status;
  std::optional<OwnSchedule> schedule;
  std::optional<bool> breaking_change;  ///< false: somebody has decided about the changed schema
  std::optional<std::string> catalog;
  std::optional<std::string> namespace_definition;
  std::optional<std::string> namespace_format;
  std::optional<std::string> prefix;
  std::optional<std::string> schema_changes;
};

/// A source or destination that somebody sets up.
struct NewActor {
  WorkspaceId workspace;
  std::string name;
  DefinitionId definition;
  bool source = true;
  std::string configuration;
};

/// The class is driven by instants that never fall: every call with a `now` plays what is due first.
class Airbyte {
 public:
  Airbyte(Options options, const std::vector<Pipeline>& pipelines);

  // ---- time
  void advance(Instant now);
  /// When the next state change is due; nothing while only verbs can change something.
  [[nodiscard]] std::optional<Instant> next_event() const;
  [[nodiscard]] Instant now() const { return now_; }
  /// State changes played so far.
  [[nodiscard]] std::uint64_t events_played() const { return played_; }

  // ---- verbs
  SignalAnswer signal_sync(const ConnectionId& id, Instant now, AnswerWhen when = AnswerWhen::running);
  /// 6.3: cancels what runs, then starts its own job; does not ask whether the connection is active.
  SignalAnswer signal_reset(const ConnectionId& id, JobType type, Instant now);
  /// 6.2: cancels whatever the connection of this job runs now. The answer carries `id` itself.
  SignalAnswer signal_cancel(JobId id, Instant now);
  /// The job of a ticket once its answer is ready; gives it once.
  [[nodiscard]] std::optional<JobId> reply(Ticket ticket);
  /// Tickets whose answers became ready since the last call.
  [[nodiscard]] std::vector<Ticket> take_ready();
  /// The client has gone. What it asked for happens all the same.
  void forget(Ticket ticket);
  [[nodiscard]] std::size_t waiting_tickets() const { return waiting_; }

  /// False for an unknown connection. Any update wakes the schedule (4.4).
  bool update(const ConnectionId& id, const ConnectionPatch& patch, Instant now);

  // ---- setting up
  ActorId add_actor(NewActor actor, Instant now);
  /// False for an unknown or deleted one.
  bool change_actor(const ActorId& id, const std::string& name, const std::string& configuration,
                    Instant now);
  /// Its connections go with it, as in Airbyte. False for an unknown one.
  bool remove_actor(const ActorId& id, Instant now);
  [[nodiscard]] const ActorRecord* find_actor(const ActorId& id) const;
  /// Between two actors that exist; nothing else of the patch is checked here.
  ConnectionId add_connection(const ActorId& source, const ActorId& destination, const ConnectionPatch& patch,
                              Instant now);

  // ---- questions, answered as of now()
  [[nodiscard]] JobList jobs(const JobQuery& query) const;
  [[nodiscard]] const Job* job(JobId id) const { return table_.find(id); }
  [[nodiscard]] const Job* last_job(ConnectionIndex connection) const;
  [[nodiscard]] JobId newest_job() const { return table_.newest(); }
  [[nodiscard]] std::size_t jobs_kept() const { return table_.size(); }
  [[nodiscard]] std::size_t active_jobs() const { return table_.active().size(); }
  /// The counters of a job; nothing where Airbyte shows no statistics (5).
  [[nodiscard]] std::optional<Progress> progress(const Job& job) const;
  [[nodiscard]] Progress progress(const Job& job, const Attempt& attempt) const;
  /// False while Airbyte shows no statistics of a job that has some.
  [[nodiscard]] bool shows_stats(const Job& job) const;
  [[nodiscard]] bool shows_stats(const Attempt& attempt) const;
  /// True while the stream of a running job reports RATE_LIMITED.
  [[nodiscard]] bool is_rate_limited(const Job& job) const;
  /// With it: when the source allows more.
  [[nodiscard]] std::optional<Instant> quota_reset(const Job& job) const;
  /// What the stream status of the newest attempt says.
  [[nodiscard]] StreamRunState stream_state(const Job& job) const;
  /// What Temporal says of the connection's workflow (6.4): an orphan's does not run, a phantom's does.
  [[nodiscard]] bool workflow_runs(ConnectionIndex connection) const;
  /// A second look at a job as a perfect client of this version makes it over the Config API.
  [[nodiscard]] JobInspection inspect(const Job& job) const;
  /// A job as syncwarden's own type: what a perfect decoder makes of the Config API's reply.
  [[nodiscard]] JobView view(const Job& job) const;

  [[nodiscard]] std::size_t connections() const { return connections_.size(); }
  [[nodiscard]] const Connection& connection(ConnectionIndex index) const { return connections_[index]; }
  [[nodiscard]] std::optional<ConnectionIndex> find(const ConnectionId& id) const;
  [[nodiscard]] const std::vector<Workspace>& workspaces() const { return workspaces_; }
  [[nodiscard]] const std::vector<ActorRecord>& actors() const { return actors_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const Rules& rules() const { return rules_; }
  /// A UUID that depends on the seed and the text only.
  [[nodiscard]] std::string uuid(std::string_view text) const;

  /// Every job that was really created, oldest first.
  [[nodiscard]] const std::deque<Created>& history() const { return history_; }
  /// Entries of history() that are not kept any more.
  [[nodiscard]] std::size_t history_forgotten() const { return history_forgotten_; }
  /// Forgets jobs that ended before an instant.
  void prune(Instant before) { table_.prune(before); }

  // ---- faults
  /// 6.4: the row says running, the workflow is idle. False unless the connection runs a job.
  bool make_orphan(const ConnectionId& id, Instant now);
  /// 6.4: the workflow runs, no job is listed. False unless the connection is idle.
  bool make_phantom(const ConnectionId& id, Instant now);
  /// Signals are kept, nothing moves, the database stays healthy.
  void set_workers_down(bool down, Instant now);
  [[nodiscard]] bool workers_down() const { return workers_down_; }
  /// How the connection's next jobs go; one that runs keeps what was drawn for it.
  void set_behaviour(const ConnectionId& id, Behaviour behaviour);
  /// How many jobs may run at once from now on; 0: no limit. Nothing that runs is stopped.
  void set_capacity(std::uint32_t max_parallel, Instant now);
  /// Airbyte's own daily look finds a breaking change: the connection is marked and switched off; what runs
  /// goes on. False for an unknown connection.
  bool break_schema(const ConnectionId& id, Instant now);
  /// An upgrade (or its opposite) in mid-life: the rules of that version hold from now on. Jobs and workflows
  /// survive.
  void set_version(std::string_view version, Instant now);

 private:
  enum class EventKind : std::uint8_t {
    create_job,
    start,
    attempt_ended,
    retry,
    cancel_answered,
    cancel_done,
    queue_expired,
    schedule_due
  };
  struct Event {
    Instant at;
    std::uint64_t order = 0;
    ConnectionIndex connection = 0;
    std::uint32_t generation = 0;
    EventKind kind = EventKind::start;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  struct Waiter {
    Ticket ticket = 0;
    enum class For : std::uint8_t { running, job, cancel } what = For::running;
    JobId job;  ///< of a cancel
  };
  /// What only the workflow knows of its connection.
  struct Flow {
    explicit Flow(std::uint64_t seed) : rng(seed) {}
    Rng rng;
    std::uint32_t generation = 0;  ///< events of an older one are void
    std::uint32_t schedule_generation = 0;
    JobType type = JobType::sync;  ///< of the job to create
    Cause cause = Cause::manual;
    std::optional<JobType> next_type;  ///< after a cancel: the reset that asked for it
    std::uint64_t syncs = 0;           ///< since the behaviour was set
    std::uint32_t failures_in_row = 0;
    Instant last_success;
    std::optional<Instant> last_counted;  ///< creation of the job that `basic` and `cron` count from
    std::optional<calendar::Schedule> cron;
    std::vector<Waiter> waiters;
  };

  void add_pipeline(const Pipeline& pipeline);
  void put(Connection connection);
  const Workspace& workspace_named(const std::string& name);
  Actor actor_named(const std::string& name, const std::string& connector, bool source,
                    const Workspace& workspace);

  void push(Instant at, ConnectionIndex connection, EventKind kind);
  void play(const Event& event);
  [[nodiscard]] Millis draw(Flow& flow, Range<Millis> range);
  [[nodiscard]] Millis scaled(Millis wait) const;

  void signal(ConnectionIndex index, JobType type, Cause cause);
  void create_job(ConnectionIndex index);
  void draw_fate(Flow& flow, const Behaviour& behaviour, Job& job);
  void draw_course(Flow& flow, const Behaviour& behaviour, Job& job, Attempt& attempt);
  void find_broken_schema(ConnectionIndex index);
  void mark_schema_broken(ConnectionIndex index);
  void give_reason(Connection& connection, std::string reason);
  void fail_leftovers(ConnectionIndex index);
  void start(ConnectionIndex index);
  void wait_for_capacity(ConnectionIndex index);
  void begin_attempt(ConnectionIndex index, Job& job);
  void attempt_ended(ConnectionIndex index);
  [[nodiscard]] bool may_retry(Job& job, const Attempt& attempt) const;
  [[nodiscard]] Millis back_off(const Job& job) const;
  void begin_cancel(ConnectionIndex index);
  void cancel_done(ConnectionIndex index);
  void expire_queued(ConnectionIndex index);
  void end_job(Job& job, JobStatus status);
  void set_status(Job& job, JobStatus status);
  void finish_attempt(const Job& job, Attempt& attempt, bool succeeded, std::optional<JobFailure> failure);
  void become_idle(ConnectionIndex index);
  void release_capacity();
  void after_end(ConnectionIndex index, const Job& job);
  void reschedule(ConnectionIndex index, bool first);
  void schedule_due(ConnectionIndex index);
  [[nodiscard]] bool has_progress(const Job& job) const;

  Ticket issue(ConnectionIndex index, Waiter::For what, JobId job = {});
  void answer(ConnectionIndex index, Waiter::For what, JobId job);
  void answer_now(Ticket ticket, JobId job);

  Options options_;
  Rules rules_;
  Instant now_;
  std::vector<Connection> connections_;
  std::vector<Flow> flows_;
  std::vector<Workspace> workspaces_;
  std::vector<ActorRecord> actors_;
  std::unordered_map<ConnectionId, ConnectionIndex> by_id_;
  std::unordered_map<std::string, std::size_t> actor_by_id_;
  JobTable table_;
  std::vector<Event> events_;                                    // a heap, the earliest on top
  std::vector<Event> held_;                                      // due while the workers were down
  std::deque<std::pair<ConnectionIndex, std::uint32_t>> queue_;  // waits for capacity, with its generation
  std::deque<Created> history_;
  std::size_t history_forgotten_ = 0;
  std::unordered_map<Ticket, JobId> answers_;
  std::unordered_map<Ticket, ConnectionIndex> ticket_of_;
  std::vector<Ticket> ready_;
  std::uint64_t order_ = 0;
  std::uint64_t played_ = 0;
  std::uint64_t set_up_ = 0;  ///< actors and connections made while it runs
  Ticket last_ticket_ = 0;
  std::size_t waiting_ = 0;
  std::uint32_t running_ = 0;
  bool workers_down_ = false;
};

}  // namespace syncwarden::emulator
