// A desk to try the core on: it plays the shell, the disk and a small Airbyte in virtual time. Reads are
// answered at once from memory; requests that change something are collected, and answered by the test or by
// `airbyte`.
#pragma once

#include "core/core.hpp"
#include "forecast/durable_image.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace syncwarden::core {

/// Monday 2026-11-02, midnight UTC: where every test begins.
inline constexpr Instant monday{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}};
/// When an hourly schedule first comes due on a desk.
inline constexpr Instant one = monday + std::chrono::hours{1};

/// Names the cases of a table by their `name`.
inline constexpr auto by_name = [](const auto& test) { return std::string(test.param.name); };

[[nodiscard]] calendar::Schedule cron(const std::string& expression, const std::string& zone = "UTC",
                                      calendar::DstPolicy dst = calendar::DstPolicy::safe);
/// A rule for everything, hourly at minute 0 unless told otherwise; `change` edits its policy.
[[nodiscard]] Rule rule(const std::string& expression = "0 0 * * * ?",
                        const std::function<void(Policy&)>& change = {});
/// One rule, unpaced, polls of 10 s to 30 s.
[[nodiscard]] Plan plan_of(Rule only);
[[nodiscard]] ConnectionView connection(const std::string& id);
[[nodiscard]] Error error_of(Errc code);
[[nodiscard]] TriggerReply reply_of(TriggerAnswer answer, Errc code = Errc::server_error);
[[nodiscard]] TriggerReply created(JobId job);

class Desk {
 public:
  /// Boots with an empty disk and the connections named, and has Airbyte read once.
  explicit Desk(Plan plan, std::vector<ConnectionView> connections = {connection("c")},
                Instant start = monday + std::chrono::minutes{30});
  /// Expects that no rule of the record was broken.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // ---- time ----
  Now now;
  /// Lets time pass, waking the core when it wants to be woken. A core that asks to be woken again and again
  /// without time passing is a failure.
  void pass(Millis duration);
  /// Until the wall clock shows that instant.
  void until(Instant wall) { pass(wall - now.wall); }
  /// Sets the daemon's wall clock, as ntp or a person does; nothing else moves, Airbyte's clock neither.
  void set_clock(Instant wall) {
    move_clock(wall);
    wake();
  }
  /// The same, and the core has not noticed yet.
  void move_clock(Instant wall) {
    airbyte_ahead_ += now.wall - wall;
    now.wall = wall;
  }
  /// The machine sleeps: the wall clock goes on, the monotonic one does not.
  void suspend(Millis duration);
  /// The process dies and another boots from the disk after that time.
  void crash(Millis downtime = {});
  /// Nothing of what is decided from here on reaches the disk, and no request leaves: the next crash() finds
  /// the disk as it is now.
  bool disk_frozen = false;

  // ---- the daemon ----
  Plan plan;
  void step(const Input& input);
  void reload() { step(in::PlanChanged{std::make_shared<const Plan>(plan)}); }
  [[nodiscard]] Core& core() { return *core_; }
  forecast::DurableImage disk;
  std::vector<Fact> facts;
  /// "started/on_time"; "-" while it has none.
  [[nodiscard]] std::string tick(Instant nominal, const std::string& schedule = "c/0") const;
  [[nodiscard]] const Tick* tick_record(Instant nominal, const std::string& schedule = "c/0") const;
  [[nodiscard]] std::size_t ticks() const { return disk.ticks().size(); }
  [[nodiscard]] Run run(Instant nominal, const std::string& schedule = "c/0") const;
  template <class F>
  [[nodiscard]] std::vector<F> told() const {
    std::vector<F> found;
    for (const auto& fact : facts) {
      if (const auto* match = std::get_if<F>(&fact)) found.push_back(*match);
    }
    return found;
  }

  // ---- requests ----
  struct Sent {
    out::TriggerSync request;
    Now at;
  };
  std::vector<Sent> sent;
  std::vector<out::CancelJob> cancels;
  std::vector<out::SetScheduleManual> set_manual;
  std::vector<out::AbandonTrigger> abandoned;
  std::vector<out::ReadJobs> polls;
  std::vector<out::ReadJob> single_reads;
  std::vector<out::InspectJob> inspections;
  std::vector<out::Reply> replies;
  /// What alice asks for, and the answer.
  Result<CommandDone> ask(CommandWhat what, const std::string& key = {});
  /// Answers the newest request.
  void answer(TriggerReply reply);
  void answer(const out::TriggerSync& request, TriggerReply reply);

  // ---- Airbyte ----
  /// Called for each request; no reply: it stays open. The default behaves: 409 while something runs,
  /// otherwise a new job.
  std::function<std::optional<TriggerReply>(const out::TriggerSync&)> airbyte;
  /// Requests stay open until the test answers.
  void by_hand() {
    airbyte = [](const out::TriggerSync&) { return std::optional<TriggerReply>{}; };
  }
  /// The second look at a job; nothing: it shows what the lists show.
  std::function<void(JobInspection&)> second_look;
  /// What becomes of a cancel; nothing: it stays unanswered.
  std::function<std::optional<in::CancelAnswered>(const out::CancelJob&)> on_cancel;
  std::vector<ConnectionView> connections;
  std::map<JobId, JobView> jobs;
  std::optional<Millis> job_length = std::chrono::minutes{10};  ///< nothing: jobs run until end()
  bool away = false;                                            ///< every read fails
  bool hold_probes = false;                                     ///< probes stay open
  bool hold_polls = false;                                      ///< polls stay open until release_polls()
  bool ended_complete = true;
  std::size_t ended_limit = 2'000;
  std::optional<std::vector<ConnectionId>> covers;
  bool whole_instance = true;
  std::string api = "config";
  std::string version = "2.0.0";
  JobId start_job(const std::string& connection_id, JobType type = JobType::sync,
                  JobStatus status = JobStatus::running);
  void end_job(JobId job, JobStatus status, FailureType failure = FailureType::unknown);
  [[nodiscard]] Instant airbyte_now() const { return now.wall + airbyte_ahead_; }
  [[nodiscard]] std::size_t job_count() const { return jobs.size(); }
  void release_polls();
  /// Answers the oldest one that is held; later ones stay open.
  void release_one_poll();
  /// Asks for a poll by letting the longest pause pass.
  void poll() { pass(plan.poll.max); }
  /// Asks for a discovery of connections.
  void discover() { pass(plan.poll.connections + std::chrono::seconds{1}); }

 private:
  void boot();
  void wake();
  void take(Decision decision);
  void carry_out(const Effect& effect);
  void inspect(const out::InspectJob& asked);
  void finish_jobs();
  [[nodiscard]] in::JobsSeen page(const out::ReadJobs& request);
  [[nodiscard]] std::optional<TriggerReply> behave(const out::TriggerSync& request);

  std::unique_ptr<Core> core_;
  std::deque<Input> inbox_;
  bool stepping_ = false;
  Millis airbyte_ahead_{};
  std::int64_t next_job_ = 100;
  std::uint64_t life_ = 0;
  std::deque<out::ReadJobs> held_;
  std::uint64_t ticket_ = 0;
};

/// "stuck/no_progress" of each open incident, in alphabetical order.
[[nodiscard]] std::vector<std::string> open_incidents(const Desk& desk);

}  // namespace syncwarden::core
