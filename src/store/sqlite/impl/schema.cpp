#include "store/sqlite/impl/schema.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace syncwarden::store {
namespace {

/// "swdn": tells our files from other programs' databases.
constexpr std::int64_t application_id = 0x7377646E;

constexpr const char* version_1 = R"sql(
CREATE TABLE cursor (
  schedule_id TEXT NOT NULL PRIMARY KEY, connection_id TEXT NOT NULL, watermark_ms INTEGER NOT NULL,
  spec TEXT NOT NULL, decided_from_ms INTEGER NOT NULL, ahead_from_ms INTEGER, ahead_until_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE tick (
  schedule_id TEXT NOT NULL, nominal_ms INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
  decided_ms INTEGER NOT NULL, run TEXT, also INTEGER NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (schedule_id, nominal_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX tick_decided ON tick (decided_ms);

CREATE TABLE run (
  run_id TEXT NOT NULL PRIMARY KEY, schedule_id TEXT NOT NULL, connection_id TEXT NOT NULL,
  nominal_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, cause TEXT NOT NULL, phase TEXT NOT NULL,
  job_number INTEGER NOT NULL, requests INTEGER NOT NULL, baseline_job_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL, attribution TEXT NOT NULL, intended_ms INTEGER NOT NULL,
  not_before_ms INTEGER NOT NULL, verdict TEXT NOT NULL, failure TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX run_open ON run (run_id) WHERE phase <> 'finished';
CREATE INDEX run_finished ON run (due_ms) WHERE phase = 'finished';
CREATE UNIQUE INDEX run_claim ON run (job_id)
  WHERE phase <> 'finished' AND attribution = 'proven' AND job_id <> 0;

CREATE TABLE job (
  job_id INTEGER NOT NULL PRIMARY KEY, connection_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,
  attempt_started_ms INTEGER, attempt_ended_ms INTEGER, records_emitted INTEGER, bytes_emitted INTEGER,
  records_committed INTEGER, bytes_committed INTEGER, failure_origin TEXT, failure_type TEXT,
  failure_message TEXT, run_id TEXT
) STRICT;
CREATE INDEX job_active ON job (job_id) WHERE status NOT IN ('failed', 'succeeded', 'cancelled');
CREATE INDEX job_ended ON job (updated_ms) WHERE status IN ('failed', 'succeeded', 'cancelled');
CREATE INDEX job_run ON job (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE connection (
  connection_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, workspace_id TEXT NOT NULL,
  workspace_name TEXT NOT NULL, source_id TEXT NOT NULL, source_name TEXT NOT NULL,
  source_connector TEXT NOT NULL, source_definition_id TEXT NOT NULL, destination_id TEXT NOT NULL,
  destination_name TEXT NOT NULL, destination_connector TEXT NOT NULL,
  destination_definition_id TEXT NOT NULL, status TEXT NOT NULL, schedule TEXT NOT NULL,
  schedule_text TEXT NOT NULL, tags TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  connection_id TEXT NOT NULL PRIMARY KEY, first_seen_ms INTEGER NOT NULL, last_success_ms INTEGER,
  last_completion_ms INTEGER, consecutive_failures INTEGER NOT NULL, durations_ms TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
  name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, epoch INTEGER NOT NULL, expires_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql";

/// migrations[n] turns version n into n + 1.
constexpr std::array<const char*, schema_version> migrations{version_1};

constexpr std::array tables{"cursor", "tick", "run", "job", "connection", "history", "lease", "meta"};

Error corrupt(const Database& database, std::string message) {
  return {Errc::store_corrupt, std::move(message), database.path(), corrupt_hint(database.path())};
}

Result<void> check_ends(const Database& database) {
  for (const char* table : tables) {
    for (const char* order : {"ASC", "DESC"}) {
      const auto first = fmt::format("SELECT * FROM {} ORDER BY 1 {} LIMIT 1", table, order);
      const auto row = database.word(first);
      if (!row) return row.error();
    }
  }
  return {};
}

Result<void> check_content(const Database& database, std::uint64_t full_check_bytes) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(database.path(), ignored);
  if (!ignored && size > full_check_bytes) return check_ends(database);
  const auto verdict = database.word("PRAGMA quick_check(1)");
  if (!verdict) return verdict.error();
  if (*verdict != "ok") return corrupt(database, "the state file is damaged: " + *verdict);
  return {};
}

}  // namespace

Result<void> check_file(const Database& database, std::uint64_t full_check_bytes) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  const auto application = database.number("PRAGMA application_id");
  if (!application) return application.error();
  const auto objects = database.number("SELECT count(*) FROM sqlite_master");
  if (!objects) return objects.error();
  if (*objects == 0 && *version == 0) return {};
  if (*application != application_id) {
    return Error{Errc::store_corrupt, "this is another program's SQLite database", database.path(),
                 "name a file of syncwarden's own; nothing was changed in this one"};
  }
  if (*version > schema_version) {
    return Error{Errc::store_newer,
                 fmt::format("the state file has schema version {}, this syncwarden knows up to {}", *version,
                             schema_version),
                 database.path(),
                 "start the newer syncwarden again, or restore a backup from before the upgrade; nothing was "
                 "changed"};
  }
  return check_content(database, full_check_bytes);
}

Result<void> migrate(const Database& database) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version == schema_version) return {};
  if (*version < 0) return corrupt(database, fmt::format("schema version {} does not exist", *version));
  auto sql = fmt::format("BEGIN IMMEDIATE; PRAGMA application_id = {};", application_id);
  for (auto next = static_cast<std::size_t>(*version); next < migrations.size(); ++next)
    sql += migrations[next];
  sql += fmt::format("PRAGMA user_version = {}; COMMIT;", schema_version);
  auto done = database.execute(sql.c_str());
  if (!done) database.roll_back();
  return done;
}

}  // namespace syncwarden::store
