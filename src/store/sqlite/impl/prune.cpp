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

}  // namespace

Result<void> Pruner::prepare(const Database& database, std::size_t limit) {
  limit_ = limit;
  const std::pair<Statement*, std::string_view> wanted[] = {
      {&ticks_, delete_ticks},
      {&runs_, delete_runs},
      {&jobs_, delete_jobs},
      {&job_cursor_, "SELECT value FROM meta WHERE key = 'job_cursor_ms'"}};
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
  auto jobs_before = before;
  const auto row = job_cursor_.reset().step();
  if (!row) return row.error();
  if (*row == Statement::Step::row) {
    jobs_before = std::min(before, ended_jobs_from(Instant{Millis{job_cursor_.integer(0)}}));
  }
  job_cursor_.reset();
  return jobs_.reset().bind(jobs_before.time_since_epoch().count()).bind(limit).run();
}

}  // namespace syncwarden::store
