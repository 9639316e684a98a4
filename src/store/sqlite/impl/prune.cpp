#include "store/sqlite/impl/prune.hpp"

#include "store/impl/lease_rule.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

namespace syncwarden::store {
namespace {

// The conditions repeat those of the partial indexes word for word, so that SQLite uses them.
constexpr std::string_view delete_ticks = R"sql(
DELETE FROM tick WHERE (schedule_id, nominal_ms) IN (
  SELECT schedule_id, nominal_ms FROM tick
  WHERE decided_ms < ?1
    AND NOT EXISTS (SELECT 1 FROM run WHERE run.run_id = tick.run AND run.phase <> 'finished')
  ORDER BY decided_ms, schedule_id, nominal_ms LIMIT ?2))sql";
constexpr std::string_view delete_runs = R"sql(
DELETE FROM run WHERE run_id IN (
  SELECT run_id FROM run
  WHERE phase = 'finished' AND due_ms < ?1 AND max(due_ms, intended_ms, not_before_ms) < ?1
  ORDER BY due_ms, run_id LIMIT ?2))sql";
constexpr std::string_view delete_jobs = R"sql(
DELETE FROM job WHERE job_id IN (
  SELECT job_id FROM job
  WHERE status IN ('failed', 'succeeded', 'cancelled') AND updated_ms < ?1
    AND job_id NOT IN (SELECT open.job_id FROM run AS open WHERE open.phase <> 'finished')
    AND NOT EXISTS (SELECT 1 FROM run WHERE run.run_id = job.run_id AND run.phase <> 'finished')
  ORDER BY updated_ms, job_id LIMIT ?2))sql";

constexpr std::string_view delete_incidents = R"sql(
DELETE FROM incident WHERE incident_id IN (
  SELECT incident_id FROM incident WHERE closed_ms IS NOT NULL AND closed_ms < ?1
  ORDER BY closed_ms, incident_id LIMIT ?2))sql";
constexpr std::string_view delete_commands = R"sql(
DELETE FROM command WHERE key IN (SELECT key FROM command WHERE at_ms < ?1 ORDER BY at_ms, key LIMIT ?2))sql";

}  // namespace

Result<void> Pruner::prepare(const Database& database, std::size_t limit) {
  limit_ = limit;
  const std::pair<Statement*, std::string_view> wanted[] = {
      {&ticks_, delete_ticks},
      {&runs_, delete_runs},
      {&jobs_, delete_jobs},
      {&incidents_, delete_incidents},
      {&commands_, delete_commands},
      {&job_cursor_, "SELECT value FROM meta WHERE key = 'job_cursor_ms'"},
      {&newest_incident_, newest_incident_change},
      {&newest_command_, newest_command}};
  for (const auto& [statement, sql] : wanted) {
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<void> Pruner::run(Instant before) {
  const auto limit = static_cast<std::int64_t>(limit_);
  const auto time = before.time_since_epoch().count();
  for (auto* statement : {&ticks_, &runs_}) {
    auto done = statement->reset().bind(time).bind(limit).run();
    if (!done) return done;
  }
  // Younger ones than these are needed at the next start.
  const auto jobs = keep(job_cursor_, before, ended_jobs_from);
  if (!jobs) return jobs.error();
  const auto incidents = keep(newest_incident_, before, a_day_before);
  if (!incidents) return incidents.error();
  const auto commands = keep(newest_command_, before, a_day_before);
  if (!commands) return commands.error();
  for (const auto& [statement, limit_time] :
       {std::pair{&jobs_, *jobs}, std::pair{&incidents_, *incidents}, std::pair{&commands_, *commands}}) {
    auto done = statement->reset().bind(limit_time).bind(limit).run();
    if (!done) return done;
  }
  return {};
}

/// `before`, or what `needed_from` makes of the one instant that `newest` selects if that is earlier.
Result<std::int64_t> Pruner::keep(Statement& newest, Instant before, Instant (*needed_from)(Instant)) {
  const auto row = newest.reset().step();
  if (!row) return row.error();
  if (*row == Statement::Step::row && !newest.is_null(0)) {
    before = std::min(before, needed_from(Instant{Millis{newest.integer(0)}}));
  }
  newest.reset();
  return before.time_since_epoch().count();
}

}  // namespace syncwarden::store
