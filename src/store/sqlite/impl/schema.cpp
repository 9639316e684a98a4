#include "store/sqlite/impl/schema.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

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

constexpr const char* version_2 = R"sql(
ALTER TABLE run ADD COLUMN cancels INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN records_rejected INTEGER;
ALTER TABLE connection ADD COLUMN breaking_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connection ADD COLUMN status_reason TEXT NOT NULL DEFAULT '';

-- For questions about the past, newest first.
CREATE INDEX tick_nominal ON tick (nominal_ms);
CREATE INDEX run_nominal ON run (nominal_ms);
CREATE INDEX run_connection ON run (connection_id, nominal_ms);
CREATE INDEX job_created ON job (created_ms);
CREATE INDEX job_connection ON job (connection_id, created_ms);

ALTER TABLE history RENAME COLUMN durations_ms TO samples;
ALTER TABLE history ADD COLUMN last_success_created_ms INTEGER;
ALTER TABLE history ADD COLUMN longest_quiet_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN breaker_opened_ms INTEGER;
ALTER TABLE history ADD COLUMN breaker_probes INTEGER;
ALTER TABLE history ADD COLUMN breaker_last_probe_ms INTEGER;
ALTER TABLE history ADD COLUMN last_job_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN last_ended_job_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN newest_job_created_ms INTEGER;
ALTER TABLE history ADD COLUMN managed_by TEXT NOT NULL DEFAULT '';
-- What the catch-up after the upgrade needs to see which ticks are done.
UPDATE history SET newest_job_created_ms = (
  SELECT max(created_ms) FROM job WHERE job.connection_id = history.connection_id AND job.type = 'sync');

CREATE TABLE incident (
  incident_id INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL, stuck TEXT, connection_id TEXT NOT NULL,
  subject TEXT NOT NULL, severity TEXT NOT NULL, summary TEXT NOT NULL, job_id INTEGER NOT NULL,
  link TEXT NOT NULL, labels TEXT NOT NULL, opened_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  closed_ms INTEGER, reopened INTEGER NOT NULL, owner TEXT NOT NULL, events TEXT NOT NULL
) STRICT;
CREATE INDEX incident_open ON incident (incident_id) WHERE closed_ms IS NULL;
CREATE INDEX incident_closed ON incident (closed_ms) WHERE closed_ms IS NOT NULL;
CREATE INDEX incident_opened ON incident (opened_ms);
CREATE INDEX incident_updated ON incident (updated_ms);
CREATE INDEX incident_connection ON incident (connection_id, opened_ms);

CREATE TABLE recovery (
  job_id INTEGER NOT NULL PRIMARY KEY, connection_id TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL,
  requests INTEGER NOT NULL, first_asked_ms INTEGER NOT NULL, last_asked_ms INTEGER NOT NULL,
  given_up INTEGER NOT NULL
) STRICT;

CREATE TABLE pause (
  connection_id TEXT NOT NULL PRIMARY KEY, until_ms INTEGER, reason TEXT NOT NULL, paused_by TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE command (
  key TEXT NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
  answer TEXT NOT NULL, run_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX command_at ON command (at_ms);
)sql";

// Without a key column of its own the rows keep the order of their writing.
constexpr const char* version_3 = R"sql(
CREATE TABLE outbox (
  key TEXT NOT NULL UNIQUE, receiver TEXT NOT NULL, event TEXT NOT NULL, at_ms INTEGER NOT NULL,
  incident_id INTEGER NOT NULL, kind TEXT NOT NULL, stuck TEXT, connection_id TEXT NOT NULL,
  subject TEXT NOT NULL, severity TEXT NOT NULL, summary TEXT NOT NULL, job_id INTEGER NOT NULL,
  link TEXT NOT NULL, labels TEXT NOT NULL, opened_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  closed_ms INTEGER, reopened INTEGER NOT NULL, owner TEXT NOT NULL, events TEXT NOT NULL
) STRICT;
)sql";

constexpr const char* version_4 = R"sql(
ALTER TABLE history ADD COLUMN unclaimed TEXT NOT NULL DEFAULT '';
)sql";

constexpr const char* version_5 = R"sql(
ALTER TABLE cursor ADD COLUMN decided_besides TEXT NOT NULL DEFAULT '';
UPDATE cursor SET decided_besides = ahead_from_ms || char(9) || ahead_until_ms || char(9) || spec || char(10)
  WHERE ahead_until_ms IS NOT NULL AND ahead_from_ms IS NOT NULL;
ALTER TABLE cursor DROP COLUMN ahead_from_ms;
ALTER TABLE cursor DROP COLUMN ahead_until_ms;
)sql";

/// migrations[n] turns version n into n + 1.
constexpr std::array<const char*, schema_version> migrations{version_1, version_2, version_3, version_4,
                                                             version_5};

struct Table {
  const char* name;
  std::int64_t since;  ///< the version that brought it
};
constexpr std::array tables{
    Table{"cursor", 1}, Table{"tick", 1},       Table{"run", 1},   Table{"job", 1},      Table{"history", 1},
    Table{"lease", 1},  Table{"connection", 1}, Table{"meta", 1},  Table{"incident", 2}, Table{"recovery", 2},
    Table{"pause", 2},  Table{"command", 2},    Table{"outbox", 3}};

Error corrupt(const Database& database, std::string message) {
  return {Errc::store_corrupt, std::move(message), database.path(), corrupt_hint(database.path())};
}

Result<void> check_ends(const Database& database, std::int64_t version) {
  for (const auto* table : tables_of(version)) {
    for (const char* order : {"ASC", "DESC"}) {
      const auto first = fmt::format("SELECT * FROM {} ORDER BY 1 {} LIMIT 1", table, order);
      const auto row = database.word(first);
      if (!row) return row.error();
    }
  }
  return {};
}

Result<void> check_content(const Database& database, std::int64_t version, std::uint64_t full_check_bytes) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(database.path(), ignored);
  if (!ignored && size > full_check_bytes) return check_ends(database, version);
  const auto verdict = database.word("PRAGMA quick_check(1)");
  if (!verdict) return verdict.error();
  if (*verdict != "ok") return corrupt(database, "the state file is damaged: " + *verdict);
  return {};
}

}  // namespace

std::vector<const char*> tables_of(std::int64_t version) {
  std::vector<const char*> names;
  for (const auto& table : tables) {
    if (table.since <= version) names.push_back(table.name);
  }
  return names;
}

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
  return check_content(database, *version, full_check_bytes);
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
