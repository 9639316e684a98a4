#include "store/sqlite/impl/rows.hpp"

#include "base/time.hpp"
#include "store/sqlite/impl/list_text.hpp"
#include "store/sqlite/impl/row_reader.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace syncwarden::store {

void bind_run_id(Statement& to, const RunId& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 32> text{};
  for (std::size_t i = 0; i < 16; ++i) {
    const auto shift = 60 - 4 * i;
    text.at(i) = digits[(id.hi >> shift) & 15U];
    text.at(16 + i) = digits[(id.lo >> shift) & 15U];
  }
  to.bind_copy({text.data(), text.size()});
}

void bind_run_id(Statement& to, const std::optional<RunId>& id) {
  if (id) {
    bind_run_id(to, *id);
  } else {
    to.bind_null();
  }
}

std::optional<RunId> run_id_from(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  RunId id;
  const char* middle = text.data() + 16;
  const char* end = text.data() + 32;
  const auto [high_end, high_error] = std::from_chars(text.data(), middle, id.hi, 16);
  const auto [low_end, low_error] = std::from_chars(middle, end, id.lo, 16);
  const bool good = high_error == std::errc{} && low_error == std::errc{} && high_end == middle &&
                    low_end == end && to_string(id) == text;
  return good ? std::optional{id} : std::nullopt;
}

namespace {

void bind(Statement& to, const Actor& actor) {
  to.bind(actor.id.text).bind(actor.name).bind(actor.connector).bind(actor.definition.text);
}

Actor read_actor(RowReader& row) {
  Actor actor;
  actor.id = ActorId{row.text()};
  actor.name = row.text();
  actor.connector = row.text();
  actor.definition = DefinitionId{row.text()};
  return actor;
}

}  // namespace

void bind(Statement& to, const ScheduleCursor& cursor) {
  to.bind(cursor.schedule.text).bind(cursor.connection.text).bind(ms(cursor.watermark)).bind(cursor.spec);
  to.bind(ms(cursor.decided_from)).bind_copy(ranges_text(cursor.decided_besides));
}

void bind(Statement& to, const Tick& tick) {
  to.bind(tick.schedule.text).bind(ms(tick.nominal)).bind(to_string(tick.outcome));
  to.bind(to_string(tick.reason)).bind(ms(tick.decided));
  bind_run_id(to, tick.run);
  to.bind(std::int64_t{tick.also}).bind(tick.detail);
}

void bind(Statement& to, const Run& run) {
  bind_run_id(to, run.id);
  to.bind(run.schedule.text).bind(run.connection.text);
  to.bind(ms(run.nominal)).bind(ms(run.due)).bind(to_string(run.cause)).bind(to_string(run.phase));
  to.bind(std::int64_t{run.job_number}).bind(std::int64_t{run.requests});
  to.bind(run.baseline.value).bind(run.job.value).bind(to_string(run.attribution));
  to.bind(ms(run.intended)).bind(ms(run.not_before)).bind(to_string(run.verdict));
  if (run.failure) {
    to.bind(to_string(*run.failure));
  } else {
    to.bind_null();
  }
  to.bind(std::int64_t{run.cancels}).bind(run.by).bind(run.why);
}

void bind(Statement& to, const JobRecord& record) {
  const auto& job = record.job;
  to.bind(job.id.value).bind(job.connection.text).bind(to_string(job.type)).bind(to_string(job.status));
  to.bind(ms(job.created)).bind(ms(job.updated)).bind(std::int64_t{job.attempts});
  to.bind(ms(job.attempt_started)).bind(ms(job.attempt_ended));
  to.bind(job.counters.records_emitted).bind(job.counters.bytes_emitted);
  to.bind(job.counters.records_committed).bind(job.counters.bytes_committed);
  if (job.failures.empty()) {
    to.bind_null().bind_null().bind_null();
  } else {
    const auto& first = job.failures.front();
    to.bind(to_string(first.origin)).bind(to_string(first.type)).bind(first.message);
  }
  bind_run_id(to, record.run);
  to.bind(job.counters.records_rejected);
}

void bind(Statement& to, const ConnectionView& connection) {
  to.bind(connection.id.text).bind(connection.name);
  to.bind(connection.workspace.text).bind(connection.workspace_name);
  bind(to, connection.source);
  bind(to, connection.destination);
  to.bind(to_string(connection.status)).bind(to_string(connection.schedule)).bind(connection.schedule_text);
  to.bind_copy(tags_text(connection.tags)).bind(connection.breaking_change ? 1 : 0);
  to.bind(connection.status_reason);
}

void bind(Statement& to, const ConnectionHistory& history) {
  to.bind(history.connection.text).bind(ms(history.first_seen));
  to.bind(ms(history.last_success)).bind(ms(history.last_completion));
  to.bind(std::int64_t{history.consecutive_failures}).bind_copy(samples_text(history.samples));
  to.bind(ms(history.last_success_created)).bind(history.longest_quiet.count());
  const auto& breaker = history.breaker;
  to.bind(breaker ? std::optional{ms(breaker->opened)} : std::nullopt);
  to.bind(breaker ? std::optional{std::int64_t{breaker->probes}} : std::nullopt);
  to.bind(breaker ? ms(breaker->last_probe) : std::nullopt);
  to.bind(history.last_job.value).bind(history.last_ended.value).bind(ms(history.newest_job_created));
  to.bind(history.managed_by).bind_copy(unclaimed_text(history.unclaimed));
}

Result<ScheduleCursor> read_cursor(const Statement& from, const std::string& path) {
  RowReader row{from, path, "cursor", 1};
  ScheduleCursor cursor;
  cursor.schedule = ScheduleId{row.text()};
  cursor.connection = ConnectionId{row.text()};
  cursor.watermark = row.instant();
  cursor.spec = row.text();
  cursor.decided_from = row.instant();
  cursor.decided_besides = row.list(ranges_from);
  return row.finish(std::move(cursor));
}

Result<Tick> read_tick(const Statement& from, const std::string& path) {
  RowReader row{from, path, "tick", 2};
  Tick tick;
  tick.schedule = ScheduleId{row.text()};
  tick.nominal = row.instant();
  tick.outcome = row.word(tick_outcome_from);
  tick.reason = row.word(tick_reason_from);
  tick.decided = row.instant();
  tick.run = row.optional_run_id();
  tick.also = row.count();
  tick.detail = row.text();
  return row.finish(std::move(tick));
}

Result<Run> read_run(const Statement& from, const std::string& path) {
  RowReader row{from, path, "run", 1};
  Run run;
  run.id = row.run_id();
  run.schedule = ScheduleId{row.text()};
  run.connection = ConnectionId{row.text()};
  run.nominal = row.instant();
  run.due = row.instant();
  run.cause = row.word(trigger_cause_from);
  run.phase = row.word(run_phase_from);
  run.job_number = row.count();
  run.requests = row.count();
  run.baseline = JobId{row.integer()};
  run.job = JobId{row.integer()};
  run.attribution = row.word(attribution_from);
  run.intended = row.instant();
  run.not_before = row.instant();
  run.verdict = row.word(verdict_from);
  run.failure = row.optional_word(failure_class_from);
  run.cancels = row.count();
  run.by = row.text();
  run.why = row.text();
  return row.finish(std::move(run));
}

Result<JobRecord> read_job(const Statement& from, const std::string& path) {
  RowReader row{from, path, "job", 1};
  JobRecord record;
  auto& job = record.job;
  job.id = JobId{row.integer()};
  job.connection = ConnectionId{row.text()};
  job.type = row.word(job_type_from);
  job.status = row.word(job_status_from);
  job.created = row.instant();
  job.updated = row.instant();
  job.attempts = row.count();
  job.attempt_started = row.optional_instant();
  job.attempt_ended = row.optional_instant();
  job.counters.records_emitted = row.optional_integer();
  job.counters.bytes_emitted = row.optional_integer();
  job.counters.records_committed = row.optional_integer();
  job.counters.bytes_committed = row.optional_integer();
  if (row.next_is_null()) {
    row.skip(3);
  } else {
    JobFailure failure;
    failure.origin = row.word(failure_origin_from);
    failure.type = row.word(failure_type_from);
    failure.message = row.text();
    job.failures.push_back(std::move(failure));
  }
  record.run = row.optional_run_id();
  job.counters.records_rejected = row.optional_integer();
  return row.finish(std::move(record));
}

Result<ConnectionView> read_connection(const Statement& from, const std::string& path) {
  RowReader row{from, path, "connection", 1};
  ConnectionView connection;
  connection.id = ConnectionId{row.text()};
  connection.name = row.text();
  connection.workspace = WorkspaceId{row.text()};
  connection.workspace_name = row.text();
  connection.source = read_actor(row);
  connection.destination = read_actor(row);
  connection.status = row.word(connection_status_from);
  connection.schedule = row.word(airbyte_schedule_from);
  connection.schedule_text = row.text();
  connection.tags = row.list(tags_from);
  connection.breaking_change = row.flag();
  connection.status_reason = row.text();
  return row.finish(std::move(connection));
}

Result<ConnectionHistory> read_history(const Statement& from, const std::string& path) {
  RowReader row{from, path, "history", 1};
  ConnectionHistory history;
  history.connection = ConnectionId{row.text()};
  history.first_seen = row.instant();
  history.last_success = row.optional_instant();
  history.last_completion = row.optional_instant();
  history.consecutive_failures = row.count();
  history.samples = row.list(samples_from);
  history.last_success_created = row.optional_instant();
  history.longest_quiet = Millis{row.integer()};
  if (row.next_is_null()) {
    row.skip(3);
  } else {
    BreakerState breaker;
    breaker.opened = row.instant();
    breaker.probes = row.count();
    breaker.last_probe = row.optional_instant();
    history.breaker = breaker;
  }
  history.last_job = JobId{row.integer()};
  history.last_ended = JobId{row.integer()};
  history.newest_job_created = row.optional_instant();
  history.managed_by = row.text();
  history.unclaimed = row.list(unclaimed_from);
  return row.finish(std::move(history));
}

}  // namespace syncwarden::store
