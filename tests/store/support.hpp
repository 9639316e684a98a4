// What the store's tests share: values with every field set, a loop to wait in, a directory of one's own.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/job.hpp"
#include "model/mutation.hpp"
#include "model/run.hpp"
#include "ports/store.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace syncwarden::store::test {

inline Instant at(std::int64_t millis) { return Instant{Millis{millis}}; }

/// Runs `op` on the loop until it has an answer.
template <class T>
Result<T> wait(boost::asio::io_context& loop, boost::asio::awaitable<Result<T>> op) {
  std::optional<Result<T>> answer;
  boost::asio::co_spawn(loop, std::move(op), [&answer](std::exception_ptr failure, Result<T> result) {
    if (failure) std::rethrow_exception(failure);
    answer = std::move(result);
  });
  loop.restart();
  loop.run();
  if (!answer) throw std::logic_error("the operation never completed");
  return *std::move(answer);
}

/// A directory that is gone after the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto name = (std::filesystem::temp_directory_path() / "warden-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
inline constexpr auto highest = std::numeric_limits<std::int64_t>::max();
inline const std::string strange = std::string{"Zoë → 東京 '\";--\n\t\\n"} + '\0' + "end";

inline Run open_run(std::uint64_t number, std::int64_t job = 0) {
  Run run;
  run.id = RunId{number, number + 1};
  run.schedule = ScheduleId{"conn/daily"};
  run.connection = ConnectionId{"conn"};
  run.nominal = at(static_cast<std::int64_t>(number) * 1000);
  run.due = run.nominal;
  run.phase = RunPhase::intended;
  run.job = JobId{job};
  run.attribution = job == 0 ? Attribution::none : Attribution::proven;
  return run;
}

inline Run finished_run(std::uint64_t number, std::int64_t job = 0) {
  auto run = open_run(number, job);
  run.phase = RunPhase::finished;
  run.verdict = Verdict::succeeded;
  return run;
}

inline Tick tick(std::int64_t nominal, TickOutcome outcome = TickOutcome::started) {
  Tick out;
  out.schedule = ScheduleId{"conn/daily"};
  out.nominal = at(nominal);
  out.outcome = outcome;
  out.reason = TickReason::on_time;
  out.decided = at(nominal + 5);
  return out;
}

inline JobRecord job(std::int64_t id, JobStatus status, std::int64_t updated) {
  JobRecord record;
  record.job.id = JobId{id};
  record.job.connection = ConnectionId{"conn"};
  record.job.status = status;
  record.job.updated = at(updated);
  return record;
}

inline Run full_run() {
  Run run;
  run.id = RunId{0xFFFFFFFFFFFFFFFFULL, 1};
  run.schedule = ScheduleId{strange};
  run.connection = ConnectionId{"c1"};
  run.nominal = at(lowest);
  run.due = at(highest);
  run.cause = TriggerCause::catch_up;
  run.phase = RunPhase::backing_off;
  run.job_number = 4'294'967'295U;
  run.requests = 3;
  run.baseline = JobId{lowest};
  run.job = JobId{highest};
  run.attribution = Attribution::adopted;
  run.intended = at(-1);
  run.not_before = at(1'780'000'000'000);
  run.verdict = Verdict::ambiguous;
  run.failure = FailureClass::source_timeout;
  run.cancels = 4'294'967'295U;
  run.by = "Zoë";
  run.why = strange;
  return run;
}

inline Tick full_tick() {
  Tick out;
  out.schedule = ScheduleId{strange};
  out.nominal = at(lowest);
  out.outcome = TickOutcome::failed_to_start;
  out.reason = TickReason::deferred;
  out.decided = at(highest);
  out.run = RunId{0, 0xABCDEF};
  out.also = 4'294'967'295U;
  out.detail = strange;
  return out;
}

inline JobRecord full_job() {
  JobRecord record;
  auto& view = record.job;
  view.id = JobId{highest};
  view.connection = ConnectionId{strange};
  view.type = JobType::refresh;
  view.status = JobStatus::incomplete;
  view.created = at(lowest);
  view.updated = at(highest);
  view.attempts = 7;
  view.attempt_started = at(0);
  view.attempt_ended = at(-5);
  view.counters = JobCounters{0, highest, lowest, 12, 5};
  view.failures.push_back(
      JobFailure{FailureOrigin::airbyte_platform, FailureType::heartbeat_timeout, strange});
  record.run = RunId{1, 2};
  return record;
}

inline ConnectionView full_connection() {
  ConnectionView view;
  view.id = ConnectionId{"c1"};
  view.name = strange;
  view.workspace = WorkspaceId{"w"};
  view.workspace_name = "wörk";
  view.source = Actor{ActorId{"s"}, "source →", "postgres", DefinitionId{"sd"}};
  view.destination = Actor{ActorId{"d"}, "destination", "", DefinitionId{"dd"}};
  view.status = ConnectionStatus::deprecated;
  view.schedule = AirbyteSchedule::cron;
  view.schedule_text = "0 15 2 * * ? Europe/Amsterdam";
  view.tags = {"", "a\nb", "c\\nd", "Ω,\"", strange};
  view.breaking_change = true;
  view.status_reason = strange;
  return view;
}

inline ConnectionHistory full_history() {
  ConnectionHistory history;
  history.connection = ConnectionId{"c1"};
  history.first_seen = at(lowest);
  history.last_success = at(highest);
  history.last_completion = at(0);
  history.consecutive_failures = 4'294'967'295U;
  history.samples = {RunSample{Millis{0}, {}, {}}, RunSample{Millis{-1}, 0, {}},
                     RunSample{Millis{highest}, {}, lowest}, RunSample{Millis{1}, highest, 7}};
  history.last_success_created = at(-7);
  history.longest_quiet = Millis{highest};
  history.breaker = BreakerState{at(lowest), 4'294'967'295U, at(3)};
  history.last_job = JobId{highest};
  history.last_ended = JobId{lowest};
  history.newest_job_created = at(highest);
  history.managed_by = strange;
  history.unclaimed = {{JobId{lowest}, at(highest)}, {JobId{highest}, at(lowest)}};
  return history;
}

inline Incident full_incident() {
  Incident incident;
  incident.id = IncidentId{static_cast<std::uint64_t>(highest)};
  incident.kind = IncidentKind::stuck;
  incident.stuck = StuckKind::between_attempts;
  incident.connection = ConnectionId{"c1"};
  incident.subject = strange;
  incident.severity = Severity::critical;
  incident.summary = "a\tb" + strange;
  incident.job = JobId{lowest};
  incident.link = "http://airbyte/jobs/1";
  incident.labels = {{"team", "finance"}, {"", ""}, {"a\tb", "c\n\\t"}, {strange, strange}};
  incident.opened = at(lowest);
  incident.updated = at(highest);
  incident.closed = at(highest);
  incident.reopened = 4'294'967'295U;
  incident.owner = "Zoë";
  incident.events = {{at(lowest), strange, ""}, {at(highest), "", strange}, {at(0), "a\tb\n", "c\td"}};
  return incident;
}

inline Notice full_notice() {
  Notice notice;
  notice.key = strange;
  notice.receiver = "team" + strange;
  notice.event = NoticeEvent::incident_escalated;
  notice.at = at(lowest);
  notice.incident = full_incident();
  return notice;
}

inline Recovery full_recovery() {
  Recovery recovery;
  recovery.job = JobId{highest};
  recovery.connection = ConnectionId{strange};
  recovery.kind = StuckKind::phantom;
  recovery.action = StuckAction::cancel_and_rerun;
  recovery.requests = 4'294'967'295U;
  recovery.first_asked = at(lowest);
  recovery.last_asked = at(highest);
  recovery.given_up = true;
  return recovery;
}

inline syncwarden::Pause full_pause() {
  syncwarden::Pause pause;
  pause.connection = ConnectionId{strange};
  pause.until = at(highest);
  pause.reason = strange;
  pause.by = "uid 1000 on this host";
  pause.since = at(lowest);
  return pause;
}

inline CommandRecord full_command() { return {strange, at(lowest), strange, strange, strange, RunId{3, 4}}; }

inline ScheduleCursor full_cursor() {
  ScheduleCursor cursor;
  cursor.schedule = ScheduleId{strange};
  cursor.connection = ConnectionId{"c1"};
  cursor.watermark = at(lowest);
  cursor.spec = "cron: '0 0 2 * * ?' Europe/Amsterdam";
  cursor.decided_from = at(7);
  cursor.decided_besides = {{at(lowest), at(6), strange}, {at(8), at(9), cursor.spec}};
  return cursor;
}

/// A batch that is recognised when it comes back, whole or in part: `batch_rows` ticks of a schedule named
/// after its number.
inline constexpr std::int64_t batch_rows = 20;
inline std::vector<Mutation> numbered_batch(std::int64_t number) {
  std::vector<Mutation> batch;
  for (std::int64_t row = 0; row < batch_rows; ++row) {
    auto one = tick(row);
    one.schedule = ScheduleId{std::to_string(number)};
    one.detail = std::string(200, 'x');
    batch.emplace_back(put::PutTick{std::move(one)});
  }
  return batch;
}

/// The daemon's way into a state file: opens it and takes the lease.
struct OpenStore {
  std::unique_ptr<Store> store;
  Epoch epoch;
};
inline OpenStore open_store(boost::asio::io_context& loop, const std::string& path,
                            SqliteOptions options = {}) {
  auto made = make_sqlite_store(loop.get_executor(), path, std::move(options));
  if (!made) throw std::runtime_error(to_string(made.error()));
  const auto lease = wait(loop, (*made)->acquire_or_renew("me", Millis{60'000}));
  if (!lease || !*lease) throw std::runtime_error("no lease");
  OpenStore out;
  out.store = std::move(*made);
  out.epoch = (*lease)->epoch;
  return out;
}

inline CommitRequest request(Epoch epoch, std::vector<Mutation> batch) {
  CommitRequest out;
  out.epoch = epoch;
  out.batch = std::move(batch);
  return out;
}

}  // namespace syncwarden::store::test
