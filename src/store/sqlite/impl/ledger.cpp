#include "store/sqlite/impl/ledger.hpp"

#include "store/sqlite/impl/each_row.hpp"
#include "store/sqlite/impl/past.hpp"
#include "store/sqlite/impl/row_reader.hpp"
#include "store/sqlite/impl/rows.hpp"
#include "store/sqlite/impl/schema.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace syncwarden::store {
namespace {

/// "INSERT ... ON CONFLICT (key) DO UPDATE": not REPLACE, which would silently delete the row that a unique
/// index protects. The key is the first `key_columns` of `columns`.
std::string upsert(std::string_view table, std::string_view columns, std::size_t key_columns) {
  std::string key, changes, marks;
  std::size_t index = 0;
  while (!columns.empty()) {
    const auto comma = columns.find(", ");
    const auto column = columns.substr(0, comma);
    columns = comma == std::string_view::npos ? std::string_view{} : columns.substr(comma + 2);
    marks += index == 0 ? "?" : ", ?";
    if (index < key_columns) {
      key += fmt::format("{}{}", index == 0 ? "" : ", ", column);
    } else {
      // A job's run once set stays.
      const bool stays = table == "job" && column == "run_id";
      const char* separator = changes.empty() ? "" : ", ";
      changes += stays ? fmt::format("{0}{1} = coalesce({2}.{1}, excluded.{1})", separator, column, table)
                       : fmt::format("{0}{1} = excluded.{1}", separator, column);
    }
    ++index;
  }
  return fmt::format(" VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}", marks, key, changes);
}

std::string put(std::string_view table, std::string_view columns, std::size_t key_columns) {
  return fmt::format("INSERT INTO {} ({}){}", table, columns, upsert(table, columns, key_columns));
}

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

template <class Row>
Result<void> run_with(Statement& statement, const Row& row) {
  bind(statement.reset(), row);
  return statement.run();
}

template <class T>
Result<void> read_all(const Database& database, const std::string& sql, std::optional<std::int64_t> parameter,
                      Result<T> (*read)(const Statement&, const std::string&), std::vector<T>& into) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  if (parameter) statement->bind(*parameter);
  return each_row(database, *statement, read, [&into](T&& row) { into.push_back(std::move(row)); });
}

/// The one value that `sql` selects; nothing for no row and for NULL.
Result<std::optional<std::int64_t>> read_number(const Database& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  const auto step = statement->step();
  if (!step) return step.error();
  if (*step == Statement::Step::done || statement->is_null(0)) return std::optional<std::int64_t>{};
  return std::optional{statement->integer(0)};
}

// UNION of keys, one branch per partial index: an OR of conditions would scan every job ever seen.
constexpr std::string_view wanted_jobs = R"sql(job_id IN (
  SELECT job_id FROM job WHERE status NOT IN ('failed', 'succeeded', 'cancelled')
  UNION SELECT job_id FROM run WHERE phase <> 'finished'
  UNION SELECT job.job_id FROM run JOIN job ON job.run_id = run.run_id WHERE run.phase <> 'finished'
  UNION SELECT job_id FROM job WHERE status IN ('failed', 'succeeded', 'cancelled') AND updated_ms >= ?1))sql";

constexpr std::string_view wanted_incidents = R"sql(incident_id IN (
  SELECT incident_id FROM incident WHERE closed_ms IS NULL
  UNION SELECT incident_id FROM incident WHERE closed_ms IS NOT NULL AND closed_ms >= ?1))sql";

}  // namespace

std::string select(std::string_view table, std::string_view columns, std::string_view condition) {
  const auto first = columns.substr(0, columns.find(", "));
  return fmt::format("SELECT {0} FROM {1} WHERE {2} ORDER BY {3}", columns, table, condition,
                     table == "tick" ? "schedule_id, nominal_ms" : first);
}

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& path, Limits limits) {
  auto ledger = std::make_unique<Ledger>();
  if (auto locked = ledger->lock_.take(path); !locked) return locked.error();
  if (auto made = create_private_file(path); !made) return made.error();
  if (auto opened = ledger->open_database(path, limits); !opened) return opened.error();
  if (auto prepared = ledger->prepare(); !prepared) return prepared.error();
  if (auto pruner = ledger->pruner_.prepare(ledger->database_, limits.prune_limit); !pruner) {
    return pruner.error();
  }
  return ledger;
}

Result<void> Ledger::open_database(const std::string& path, const Limits& limits) {
  if (auto opened = database_.open(path, Database::Access::read_write, limits.busy_ms); !opened)
    return opened;
  if (auto checked = check_file(database_, limits.full_check_bytes); !checked) return checked;
  if (database_.is_read_only()) {
    return Error{Errc::file_unwritable, "the state file is read-only for this user", path,
                 "give the file and its directory to the user that runs syncwarden"};
  }
  auto mode = database_.word("PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") {
    return Error{Errc::store_failed,
                 "the file system cannot hold a write-ahead log: SQLite stays in mode " + *mode, path,
                 "keep the state on a local disk"};
  }
  // FULL: a commit is on the disk when it returns. The cap gives the log's space back after a burst. In a
  // burst the log grows to 32 MiB before a commit has to carry it over, and the pages of a herd stay in
  // memory; rest() does the carrying and gives the memory back.
  if (auto set = database_.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
                                   "PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216;"
                                   "PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -16384;");
      !set) {
    return set;
  }
  return migrate(database_);
}

Result<void> Ledger::prepare() {
  const std::pair<Statement*, std::string> wanted[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&read_lease_, "SELECT owner, epoch, expires_ms FROM lease WHERE name = 'leader'"},
      {&write_lease_,
       "INSERT INTO lease (name, owner, epoch, expires_ms) VALUES ('leader', ?, ?, ?) ON CONFLICT "
       "(name) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, "
       "expires_ms = excluded.expires_ms"},
      {&put_cursor_, put("cursor", cursor_columns, 1)},
      {&drop_cursor_, "DELETE FROM cursor WHERE schedule_id = ?"},
      {&put_tick_, put("tick", tick_columns, 2)},
      {&put_run_, put("run", run_columns, 1)},
      {&put_job_, put("job", job_columns, 1)},
      {&put_history_, put("history", history_columns, 1)},
      {&put_connection_, put("connection", connection_columns, 1)},
      {&drop_connection_, "DELETE FROM connection WHERE connection_id = ?"},
      {&put_job_cursor_,
       "INSERT INTO meta (key, value) VALUES ('job_cursor_ms', ?) ON CONFLICT (key) DO UPDATE "
       "SET value = excluded.value"},
      {&put_incident_, put("incident", incident_columns, 1)},
      {&put_newest_incident_,
       "INSERT INTO meta (key, value) VALUES ('newest_incident', ?) ON CONFLICT (key) DO UPDATE "
       "SET value = max(value, excluded.value)"},
      {&put_recovery_, put("recovery", recovery_columns, 1)},
      {&drop_recovery_, "DELETE FROM recovery WHERE job_id = ?"},
      {&put_pause_, put("pause", pause_columns, 1)},
      {&drop_pause_, "DELETE FROM pause WHERE connection_id = ?"},
      {&put_command_, put("command", command_columns, 1)},
      {&put_notice_, put("outbox", outbox_columns, 1)},
      {&drop_notice_, "DELETE FROM outbox WHERE key = ?"}};
  for (const auto& [statement, sql] : wanted) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

Result<LeaseRow> Ledger::read_lease() {
  const auto step = read_lease_.reset().step();
  if (!step) return step.error();
  LeaseRow row;
  if (*step == Statement::Step::row) {
    row.owner = std::string{read_lease_.text(0)};
    row.epoch = Epoch{static_cast<std::uint64_t>(read_lease_.integer(1))};
    if (!read_lease_.is_null(2)) row.expires = Instant{Millis{read_lease_.integer(2)}};
  }
  read_lease_.reset();
  // One more must still fit: epochs only grow.
  if (row.epoch.value >= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Error{Errc::store_corrupt,
                 fmt::format("table lease, row name leader: column epoch holds '{}', which is no epoch",
                             static_cast<std::int64_t>(row.epoch.value)),
                 database_.path(), corrupt_hint(database_.path())};
  }
  return row;
}

Result<void> Ledger::write_lease(const LeaseRow& row) {
  write_lease_.reset().bind(row.owner).bind(static_cast<std::int64_t>(row.epoch.value));
  if (row.expires) {
    write_lease_.bind(row.expires->time_since_epoch().count());
  } else {
    write_lease_.bind_null();
  }
  return write_lease_.run();
}

/// Writes the row, commits the transaction that the caller began, or rolls it back.
Result<void> Ledger::write_in_transaction(const LeaseRow& row) {
  auto done = write_lease(row);
  if (done) done = commit_.reset().run();
  if (!done) database_.roll_back();
  return done;
}

Result<std::optional<Lease>> Ledger::acquire_or_renew(const std::string& owner, Millis ttl,
                                                      std::optional<Instant> now) {
  if (auto begun = begin_.reset().run(); !begun) return begun.error();
  const auto row = read_lease();
  if (!row) {
    database_.roll_back();
    return row.error();
  }
  const auto next = next_lease(*row, held_, owner, ttl, now);
  if (!next) {
    database_.roll_back();
    return std::optional<Lease>{};
  }
  if (auto written = write_in_transaction(*next); !written) return written.error();
  held_ = *next;
  return std::optional<Lease>{Lease{next->epoch, ttl}};
}

Result<void> Ledger::release(Epoch epoch) {
  if (auto begun = begin_.reset().run(); !begun) return begun;
  const auto row = read_lease();
  if (!row || row->owner.empty() || row->epoch != epoch) {
    database_.roll_back();
    return row ? fenced_error(epoch, *row, database_.path()) : row.error();
  }
  auto done = write_in_transaction(LeaseRow{"", row->epoch, std::nullopt});
  if (done) held_.reset();
  return done;
}

std::vector<Result<void>> Ledger::commit(const std::vector<const CommitRequest*>& group) {
  std::vector<Result<void>> results(group.size());
  const auto done = commit_group(group, results);
  if (done) return results;
  database_.roll_back();
  for (auto& result : results) {
    if (result) result = done.error();
  }
  return results;
}

Result<void> Ledger::commit_group(const std::vector<const CommitRequest*>& group,
                                  std::vector<Result<void>>& results) {
  if (auto begun = begin_.reset().run(); !begun) return begun;
  const auto lease = read_lease();
  if (!lease) return lease.error();
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (lease->owner.empty() || lease->epoch != group[i]->epoch) {
      results[i] = fenced_error(group[i]->epoch, *lease, database_.path());
      continue;
    }
    for (const auto& mutation : group[i]->batch) {
      if (auto applied = apply(mutation); !applied) return applied;
    }
  }
  return commit_.reset().run();
}

Result<void> Ledger::apply(const Mutation& mutation) {
  return std::visit(
      Overloaded{
          [this](const put::Cursor& m) { return run_with(put_cursor_, m.cursor); },
          [this](const put::DropCursor& m) { return drop_cursor_.reset().bind(m.schedule.text).run(); },
          [this](const put::PutTick& m) { return run_with(put_tick_, m.tick); },
          [this](const put::PutRun& m) { return run_with(put_run_, m.run); },
          [this](const put::PutJob& m) { return run_with(put_job_, m.record); },
          [this](const put::PutHistory& m) { return run_with(put_history_, m.history); },
          [this](const put::PutConnection& m) { return run_with(put_connection_, m.connection); },
          [this](const put::DropConnection& m) {
            return drop_connection_.reset().bind(m.connection.text).run();
          },
          [this](const put::JobCursor& m) {
            return put_job_cursor_.reset().bind(m.updated.time_since_epoch().count()).run();
          },
          [this](const put::Prune& m) { return pruner_.run(m.before); },
          [this](const put::PutIncident& m) { return put_incident(m.incident); },
          [this](const put::PutRecovery& m) { return run_with(put_recovery_, m.recovery); },
          [this](const put::DropRecovery& m) { return drop_recovery_.reset().bind(m.job.value).run(); },
          [this](const put::PutPause& m) { return run_with(put_pause_, m.pause); },
          [this](const put::DropPause& m) { return drop_pause_.reset().bind(m.connection.text).run(); },
          [this](const put::PutCommand& m) { return run_with(put_command_, m.record); },
          [this](const put::PutNotice& m) { return run_with(put_notice_, m.notice); },
          [this](const put::DropNotice& m) { return drop_notice_.reset().bind(m.key).run(); },
      },
      mutation);
}

Result<Snapshot> Ledger::load() {
  // One read transaction: every table as of the same commit.
  if (auto begun = database_.execute("BEGIN"); !begun) return begun.error();
  auto snapshot = read_snapshot();
  database_.roll_back();
  return snapshot;
}

Result<void> Ledger::put_incident(const Incident& incident) {
  auto done = run_with(put_incident_, incident);
  if (!done) return done;
  // Its number is remembered for longer than the incident: it must not be given twice.
  return put_newest_incident_.reset().bind(static_cast<std::int64_t>(incident.id.value)).run();
}

Result<Snapshot> Ledger::read_snapshot() const {
  Snapshot out;
  const auto cursor = read_number(database_, "SELECT value FROM meta WHERE key = 'job_cursor_ms'");
  if (!cursor) return cursor.error();
  if (*cursor) out.job_cursor = Instant{Millis{**cursor}};
  // Without a cursor no ended job counts as recent: NULL compares with nothing.
  std::optional<std::int64_t> recent;
  if (out.job_cursor) recent = ms(ended_jobs_from(*out.job_cursor));

  auto done = read_all(database_, select("cursor", cursor_columns, "true"), {}, read_cursor, out.cursors);
  if (done) {
    done =
        read_all(database_, select("run", run_columns, "phase <> 'finished'"), {}, read_run, out.open_runs);
  }
  if (done) done = read_all(database_, select("job", job_columns, wanted_jobs), recent, read_job, out.jobs);
  if (done) {
    done = read_all(database_, select("connection", connection_columns, "true"), {}, read_connection,
                    out.connections);
  }
  if (done) {
    done = read_all(database_, select("history", history_columns, "true"), {}, read_history, out.histories);
  }
  if (done) done = read_incidents(out);
  if (done) done = read_commands(out);
  if (done) done = read_outbox(out);
  if (!done) return done.error();
  return out;
}

void Ledger::rest() const { database_.rest(); }

Result<void> Ledger::read_incidents(Snapshot& into) const {
  const auto newest = read_number(database_, "SELECT value FROM meta WHERE key = 'newest_incident'");
  if (!newest) return newest.error();
  into.newest_incident = IncidentId{static_cast<std::uint64_t>(newest->value_or(0))};
  const auto changed = read_number(database_, newest_incident_change);
  if (!changed) return changed.error();
  std::optional<std::int64_t> recent;
  if (*changed) recent = ms(a_day_before(Instant{Millis{**changed}}));
  return read_all(database_, select("incident", incident_columns, wanted_incidents), recent, read_incident,
                  into.incidents);
}

Result<void> Ledger::read_commands(Snapshot& into) const {
  const auto newest = read_number(database_, newest_command);
  if (!newest) return newest.error();
  std::optional<std::int64_t> recent;
  if (*newest) recent = ms(a_day_before(Instant{Millis{**newest}}));
  auto done = read_all(database_, select("command", command_columns, "at_ms >= ?1"), recent, read_command,
                       into.commands);
  if (done) {
    done =
        read_all(database_, select("recovery", recovery_columns, "true"), {}, read_recovery, into.recoveries);
  }
  if (done) done = read_all(database_, select("pause", pause_columns, "true"), {}, read_pause, into.pauses);
  return done;
}

Result<void> Ledger::read_outbox(Snapshot& into) const {
  const auto sql = fmt::format("SELECT {} FROM outbox ORDER BY rowid", outbox_columns);
  return each_row(database_, sql, read_outbox_row, [&into](OutboxRow&& row) {
    if (auto* newer = std::get_if<NewerNotice>(&row)) {
      into.newer_notices.push_back(std::move(newer->event));
    } else {
      into.outbox.push_back(std::get<Notice>(std::move(row)));
    }
  });
}

Result<HistoryPage> Ledger::read(const HistoryQuery& query) const { return read_past(database_, query); }

Result<StoreStats> Ledger::stats() const {
  StoreStats out;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(database_.path() + suffix, missing);
    if (!missing) out.size_bytes += size;
  }
  return out;
}

}  // namespace syncwarden::store
