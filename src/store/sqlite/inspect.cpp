#include "store/sqlite/inspect.hpp"

#include "store/sqlite/impl/database.hpp"
#include "store/sqlite/impl/each_row.hpp"
#include "store/sqlite/impl/ledger.hpp"
#include "store/sqlite/impl/rows.hpp"
#include "store/sqlite/impl/schema.hpp"

#include <set>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

namespace syncwarden::store {
namespace {

Result<void> read_lease(const Database& database, Inspection& into) {
  auto statement = database.prepare("SELECT owner, epoch FROM lease WHERE name = 'leader'");
  if (!statement) return statement.error();
  const auto step = statement->step();
  if (!step) return step.error();
  if (*step == Statement::Step::row) {
    into.owner = std::string{statement->text(0)};
    into.epoch = Epoch{static_cast<std::uint64_t>(statement->integer(1))};
  }
  return {};
}

Result<void> read_rows(const Database& database, const Visitors& visitors, Inspection& into) {
  const auto see_tick = [&](const Tick& tick) {
    ++into.ticks[std::pair{tick.outcome, tick.reason}];
    if (visitors.tick) visitors.tick(tick);
  };
  std::set<JobId> claimed, shared;
  const auto see_run = [&](const Run& run) {
    ++into.runs[run.phase];
    const bool ours = run.attribution == Attribution::proven || run.attribution == Attribution::adopted;
    if (ours && run.job.value != 0 && !claimed.insert(run.job).second) shared.insert(run.job);
    if (visitors.run) visitors.run(run);
  };
  const auto see_job = [&](const JobRecord& record) {
    ++into.jobs;
    if (record.run) ++into.jobs_by_run[*record.run];
  };
  auto done = each_row(database, select("tick", tick_columns, "true"), read_tick, see_tick);
  if (done) done = each_row(database, select("run", run_columns, "true"), read_run, see_run);
  if (done) done = each_row(database, select("job", job_columns, "true"), read_job, see_job);
  into.shared_jobs.assign(shared.begin(), shared.end());
  return done;
}

}  // namespace

Result<Inspection> inspect(const std::string& path, const Visitors& visitors) {
  Database database;
  constexpr int busy_ms = 2'000;
  if (auto opened = database.open(path, Database::Access::read_only, busy_ms); !opened) {
    auto error = opened.error();
    if (error.code == Errc::file_unwritable) {
      return Error{Errc::file_unreadable, fmt::format("uid {} cannot read the state file", geteuid()), path,
                   "name an existing state file that this user may read"};
    }
    return error;
  }
  // Larger files are checked lightly: every row is read below anyway.
  if (auto checked = check_file(database, 0); !checked) return checked.error();
  Inspection out;
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  out.schema_version = *version;
  if (out.schema_version == 0) return out;
  if (out.schema_version != schema_version) {
    return Error{Errc::unsupported,
                 fmt::format("the state file has schema version {}, only {} can be read row by row",
                             out.schema_version, schema_version),
                 path, "start this syncwarden once on it, which brings it up to date"};
  }
  if (auto begun = database.execute("BEGIN"); !begun) return begun.error();
  auto done = read_lease(database, out);
  if (done) done = read_rows(database, visitors, out);
  database.roll_back();
  if (!done) return done.error();
  return out;
}

}  // namespace syncwarden::store
