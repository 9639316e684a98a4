#include "store/sqlite/state_file.hpp"

#include "store/sqlite/impl/copy.hpp"
#include "store/sqlite/impl/database.hpp"
#include "store/sqlite/impl/each_row.hpp"
#include "store/sqlite/impl/file_lock.hpp"
#include "store/sqlite/impl/ledger.hpp"
#include "store/sqlite/impl/rows.hpp"
#include "store/sqlite/impl/schema.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

namespace syncwarden::store {
namespace {

constexpr int busy_ms = 2'000;

Result<void> open_to_read(Database& database, const std::string& path) {
  auto opened = database.open(path, Database::Access::read_only, busy_ms);
  if (opened || opened.error().code != Errc::file_unwritable) return opened;
  return Error{Errc::file_unreadable, fmt::format("uid {} cannot read the state file", geteuid()), path,
               "name an existing state file that this user may read"};
}

std::uint64_t size_of(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

Result<std::uint64_t> count(const Database& database, std::string_view table,
                            std::string_view condition = "true") {
  const auto rows = database.number(fmt::format("SELECT count(*) FROM {} WHERE {}", table, condition));
  if (!rows) return rows.error();
  return static_cast<std::uint64_t>(*rows);
}

Result<void> count_rows(const Database& database, StateDescription& into) {
  bool knows_incidents = false;
  for (const std::string_view table : tables_of(into.schema_version)) {
    if (table == "lease" || table == "meta") continue;
    knows_incidents = knows_incidents || table == "incident";
    const auto rows = count(database, table);
    if (!rows) return rows.error();
    into.rows.emplace_back(table, *rows);
  }
  const auto runs = count(database, "run", "phase <> 'finished'");
  if (!runs) return runs.error();
  into.open_runs = *runs;
  if (!knows_incidents) return {};
  const auto incidents = count(database, "incident", "closed_ms IS NULL");
  if (!incidents) return incidents.error();
  into.open_incidents = *incidents;
  return {};
}

Result<void> find_newest_change(const Database& database, StateDescription& into) {
  std::vector<std::string_view> times{"SELECT max(decided_ms) FROM tick", "SELECT max(intended_ms) FROM run",
                                      "SELECT max(updated_ms) FROM job"};
  if (into.schema_version >= 2) {
    times.emplace_back("SELECT max(updated_ms) FROM incident");
    times.emplace_back("SELECT max(at_ms) FROM command");
  }
  for (const auto sql : times) {
    auto statement = database.prepare(sql);
    if (!statement) return statement.error();
    const auto step = statement->step();
    if (!step) return step.error();
    if (statement->is_null(0)) continue;
    const Instant at{Millis{statement->integer(0)}};
    into.newest_change = std::max(into.newest_change.value_or(at), at);
  }
  return {};
}

Result<void> read_lease(const Database& database, StateDescription& into) {
  const auto owner = database.word("SELECT owner FROM lease WHERE name = 'leader'");
  if (!owner) return owner.error();
  const auto epoch = database.number("SELECT epoch FROM lease WHERE name = 'leader'");
  if (!epoch) return epoch.error();
  into.owner = *owner;
  into.epoch = Epoch{static_cast<std::uint64_t>(*epoch)};
  return {};
}

template <class T>
Result<void> read_table(const Database& database, std::string_view table, std::string_view columns,
                        Result<T> (*read)(const Statement&, const std::string&)) {
  return each_row(database, select(table, columns, "true"), read, [](const T&) {});
}

/// Every word of every row: what a start would stumble over is found before the copy is in place.
Result<void> read_every_row(const Database& database) {
  auto done = read_table(database, "cursor", cursor_columns, read_cursor);
  if (done) done = read_table(database, "tick", tick_columns, read_tick);
  if (done) done = read_table(database, "run", run_columns, read_run);
  if (done) done = read_table(database, "job", job_columns, read_job);
  if (done) done = read_table(database, "connection", connection_columns, read_connection);
  if (done) done = read_table(database, "history", history_columns, read_history);
  if (done) done = read_table(database, "incident", incident_columns, read_incident);
  if (done) done = read_table(database, "recovery", recovery_columns, read_recovery);
  if (done) done = read_table(database, "pause", pause_columns, read_pause);
  if (done) done = read_table(database, "command", command_columns, read_command);
  return done;
}

Result<void> make_ready(const std::string& staged) {
  Database database;
  if (auto opened = database.open(staged, Database::Access::read_write, busy_ms); !opened) return opened;
  constexpr auto fully = std::numeric_limits<std::uint64_t>::max();
  if (auto checked = check_file(database, fully); !checked) return checked;
  if (auto migrated = migrate(database); !migrated) return migrated;
  return read_every_row(database);
}

/// A log that a killed daemon left is part of the state beside it. Best effort: what cannot be opened is kept
/// as it is, log and all.
void fold_log(const std::string& path) {
  Database database;
  if (!database.open(path, Database::Access::read_write, busy_ms)) return;
  [[maybe_unused]] const auto folded = database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<std::string> move_aside(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::string{};
  fold_log(path);
  constexpr int most = 1'000;
  for (int number = 1; number <= most; ++number) {
    const auto kept =
        number == 1 ? path + ".before-restore" : fmt::format("{}.before-restore-{}", path, number);
    if (std::filesystem::exists(kept, ignored)) continue;
    if (auto moved = rename_new(path, kept); !moved) return moved.error();
    for (const char* suffix : {"-wal", "-shm"}) {
      ::rename((path + suffix).c_str(), (kept + suffix).c_str());  // mostly there is none any more
    }
    return kept;
  }
  return Error{Errc::file_unwritable, fmt::format("{} states from before a restore lie here already", most),
               path, "remove some of them"};
}

void put_back(const std::string& kept, const std::string& path) {
  if (kept.empty()) return;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    ::rename((kept + suffix).c_str(), (path + suffix).c_str());
  }
}

Error about_the_copy(Error error, const std::string& staged, const std::string& from) {
  if (error.where == staged) error.where = from;
  return error;
}

}  // namespace

Result<StateDescription> describe_state(const std::string& path) {
  Database database;
  if (auto opened = open_to_read(database, path); !opened) return opened.error();
  if (auto checked = check_file(database, 0); !checked) return checked.error();
  StateDescription out;
  out.size_bytes = size_of(path);
  out.log_bytes = size_of(path + "-wal");
  if (auto begun = database.execute("BEGIN"); !begun) return begun.error();
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  out.schema_version = *version;
  if (out.schema_version == 0) return out;
  auto done = read_lease(database, out);
  if (done) done = count_rows(database, out);
  if (done) done = find_newest_change(database, out);
  if (!done) return done.error();
  return out;
}

Result<KnownFleet> read_fleet(const std::string& path) {
  Database database;
  if (auto opened = open_to_read(database, path); !opened) return opened.error();
  if (auto checked = check_file(database, 0); !checked) return checked.error();
  if (auto begun = database.execute("BEGIN"); !begun) return begun.error();
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  KnownFleet fleet;
  if (*version == 0) return fleet;  // nobody has written anything yet
  if (*version != schema_version) {
    return Error{Errc::unsupported, "an older syncwarden wrote this state", path,
                 "start this version's daemon once: it brings the file up to date"};
  }
  auto done = each_row(database, select("connection", connection_columns, "true"), read_connection,
                       [&](ConnectionView row) { fleet.connections.push_back(std::move(row)); });
  if (done) {
    done = each_row(database, select("history", history_columns, "true"), read_history,
                    [&](ConnectionHistory row) { fleet.histories.push_back(std::move(row)); });
  }
  if (!done) return done.error();
  return fleet;
}

Result<void> backup_state(const std::string& from, const std::string& to) {
  Database database;
  if (auto opened = open_to_read(database, from); !opened) return opened;
  const std::atomic<bool> never = false;
  return copy_state(from, to, never);
}

Result<Restored> restore_state(const std::string& from, const std::string& to) {
  if (auto seen = describe_state(from); !seen) return seen.error();
  FileLock lock;
  if (auto locked = lock.take(to); !locked) return locked.error();
  std::error_code ignored;
  if (std::filesystem::equivalent(from, to, ignored)) {
    return Error{Errc::usage, "that is the state file itself", from, "name a copy of it"};
  }
  const auto staged = to + ".restoring";
  ::unlink(staged.c_str());  // of a restore that was killed
  if (auto copied = backup_state(from, staged); !copied) return about_the_copy(copied.error(), staged, from);
  if (auto ready = make_ready(staged); !ready) {
    ::unlink(staged.c_str());
    return about_the_copy(ready.error(), staged, from);
  }
  Restored out;
  auto kept = move_aside(to);
  if (!kept) {
    ::unlink(staged.c_str());
    return kept.error();
  }
  out.kept = *kept;
  if (auto placed = rename_new(staged, to); !placed) {
    put_back(out.kept, to);
    ::unlink(staged.c_str());
    return placed.error();
  }
  auto described = describe_state(to);
  if (!described) return described.error();
  out.state = std::move(*described);
  return out;
}

}  // namespace syncwarden::store
