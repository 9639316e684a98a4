// A state file of version 1, written as that version wrote it, becomes a current one or stays as it was.
#include "store/sqlite/inspect.hpp"
#include "store/sqlite/state_file.hpp"
#include "support.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

namespace syncwarden::store {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

PRAGMA application_id = 0x7377646E;
PRAGMA user_version = 1;
)sql";

constexpr const char* rows_of_version_1 = R"sql(
INSERT INTO cursor VALUES ('c1/nightly', 'c1', 5000, 'every 1h', 1000, NULL, NULL);
INSERT INTO tick VALUES ('c1/nightly', 5000, 'started', 'on_time', 5001,
  '00000000000000010000000000000002', 0, 'rule conf.yaml:3');
INSERT INTO run VALUES ('00000000000000010000000000000002', 'c1/nightly', 'c1', 5000, 5000, 'schedule',
  'watching', 0, 1, 40, 41, 'proven', 5001, 5000, 'none', NULL);
INSERT INTO job VALUES (41, 'c1', 'sync', 'running', 5002, 5003, 1, 5002, NULL, 10, 20, NULL, NULL, NULL, NULL,
  NULL, '00000000000000010000000000000002');
INSERT INTO job VALUES (42, 'c1', 'reset', 'running', 6000, 6000, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL);
INSERT INTO connection VALUES ('c1', 'orders', 'w', 'work', 's', 'pg', 'postgres', 'sd', 'd', 'wh',
  'snowflake', 'dd', 'active', 'manual', '', 'a' || char(9) || 'b' || char(10) || char(10));
INSERT INTO history VALUES ('c1', 1, 4000, 4500, 2, '60000,58000');
INSERT INTO history VALUES ('c2', 1, NULL, NULL, 0, '');
INSERT INTO lease VALUES ('leader', 'old', 6, NULL);
INSERT INTO meta VALUES ('job_cursor_ms', 4999);
)sql";

/// Takes back what version 5 changed.
const std::string to_version_4 =
    "ALTER TABLE cursor DROP COLUMN decided_besides; ALTER TABLE cursor ADD COLUMN ahead_from_ms INTEGER;"
    "ALTER TABLE cursor ADD COLUMN ahead_until_ms INTEGER;";

void execute(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

class SqliteMigrate : public testing::Test {
 protected:
  void SetUp() override {
    execute(path_, version_1);
    execute(path_, rows_of_version_1);
  }
  static void expect_everything_of_version_1(const Snapshot& seen) {
    ASSERT_EQ(seen.open_runs.size(), 1U);
    EXPECT_EQ(seen.open_runs[0].job, JobId{41});
    EXPECT_EQ(seen.open_runs[0].why, "");
    EXPECT_EQ(seen.open_runs[0].cancels, 0U);
    ASSERT_EQ(seen.jobs.size(), 2U);
    EXPECT_EQ(seen.jobs[0].job.counters.records_emitted, 10);
    EXPECT_EQ(seen.jobs[0].job.counters.records_rejected, std::nullopt);
    ASSERT_EQ(seen.connections.size(), 1U);
    EXPECT_THAT(seen.connections[0].tags, ElementsAre("a\tb", ""));
    EXPECT_FALSE(seen.connections[0].breaking_change);
    EXPECT_EQ(seen.cursors.at(0).watermark, at(5000));
    EXPECT_EQ(seen.job_cursor, at(4999));
    EXPECT_THAT(seen.incidents, IsEmpty());
    EXPECT_EQ(seen.newest_incident, IncidentId{});
  }

  boost::asio::io_context loop_;
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("state.db");
};

TEST_F(SqliteMigrate, EverythingOfVersion1IsKept) {
  const auto open = open_store(loop_, path_);
  EXPECT_EQ(open.epoch, Epoch{7});
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen) << to_string(seen.error());
  expect_everything_of_version_1(*seen);
  HistoryQuery query;
  query.connection = ConnectionId{"c1"};
  const auto past = wait(loop_, open.store->read(query));
  ASSERT_TRUE(past);
  EXPECT_EQ(past->ticks.at(0).detail, "rule conf.yaml:3");
  const auto described = describe_state(path_);
  ASSERT_TRUE(described);
  EXPECT_EQ(described->schema_version, 5);
}

TEST_F(SqliteMigrate, AHistoryKeepsItsDurationsAndLearnsOfTheNewestSync) {
  const auto open = open_store(loop_, path_);
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->histories.size(), 2U);
  EXPECT_THAT(seen->histories[0].samples,
              ElementsAre(RunSample{Millis{60'000}, {}, {}}, RunSample{Millis{58'000}, {}, {}}));
  EXPECT_EQ(seen->histories[0].newest_job_created, at(5002)) << "a reset moves no data";
  EXPECT_FALSE(seen->histories[0].breaker);
  EXPECT_THAT(seen->histories[1].samples, IsEmpty());
  EXPECT_FALSE(seen->histories[1].newest_job_created);
}

TEST_F(SqliteMigrate, AfterwardsTheNewThingsFit) {
  const auto open = open_store(loop_, path_);
  ASSERT_TRUE(wait(loop_, open.store->commit(
                              request(open.epoch, {put::PutHistory{full_history()}, put::PutRun{full_run()},
                                                   put::PutIncident{full_incident()}, put::PutJob{full_job()},
                                                   put::PutNotice{full_notice()}}))));
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen);
  EXPECT_THAT(seen->incidents, ElementsAre(full_incident()));
  EXPECT_EQ(seen->histories[0], full_history());
  EXPECT_THAT(seen->outbox, ElementsAre(full_notice()));
}

TEST_F(SqliteMigrate, ALargeFileIsCheckedLightlyBeforeItHasTheNewTables) {
  SqliteOptions options;
  options.full_check_bytes = 1;
  const auto open = open_store(loop_, path_, options);
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen) << to_string(seen.error());
  expect_everything_of_version_1(*seen);
}

TEST_F(SqliteMigrate, AMigrationThatFailsHalfWayLeavesVersion1) {
  execute(path_, "CREATE TABLE command (mine TEXT)");  // in the way of the last step but one
  const auto refused = make_sqlite_store(loop_.get_executor(), path_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("command"));
  EXPECT_THAT(to_string(refused.error()), HasSubstr(path_));
  const auto described = describe_state(path_);
  ASSERT_TRUE(described) << to_string(described.error());
  EXPECT_EQ(described->schema_version, 1);
  execute(path_, "DROP TABLE command");
  const auto open = open_store(loop_, path_);
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen);
  expect_everything_of_version_1(*seen);
}

TEST_F(SqliteMigrate, Version2GetsAnEmptyOutbox) {
  {
    const auto open = open_store(loop_, path_);
    ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::PutIncident{full_incident()}}))));
    open.store->close();
  }
  execute(path_, to_version_4 +
                     "DROP TABLE outbox; ALTER TABLE history DROP COLUMN unclaimed; PRAGMA user_version = 2");
  EXPECT_EQ(describe_state(path_)->schema_version, 2);
  const auto open = open_store(loop_, path_);
  ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::PutNotice{full_notice()}}))));
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_THAT(seen->incidents, ElementsAre(full_incident()));
  EXPECT_THAT(seen->outbox, ElementsAre(full_notice()));
}

TEST_F(SqliteMigrate, Version3KnowsOfNoUnclaimedJobs) {
  {
    const auto open = open_store(loop_, path_);
    ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::PutHistory{full_history()}}))));
    open.store->close();
  }
  execute(path_, to_version_4 + "ALTER TABLE history DROP COLUMN unclaimed; PRAGMA user_version = 3");
  const auto open = open_store(loop_, path_);
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen) << to_string(seen.error());
  auto expected = full_history();
  expected.unclaimed.clear();
  EXPECT_THAT(seen->histories, testing::Contains(expected));
}

TEST_F(SqliteMigrate, Version4KnewOneRangeAheadOfACorrectedClock) {
  auto cursor = full_cursor();
  {
    const auto open = open_store(loop_, path_);
    ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::Cursor{cursor}}))));
    open.store->close();
  }
  execute(path_, to_version_4 +
                     "UPDATE cursor SET ahead_from_ms = 8, ahead_until_ms = 9 WHERE spec LIKE 'cron%';"
                     "PRAGMA user_version = 4");
  const auto open = open_store(loop_, path_);
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen) << to_string(seen.error());
  cursor.decided_besides = {{at(8), at(9), cursor.spec}};
  EXPECT_THAT(seen->cursors, testing::Contains(cursor));
  EXPECT_THAT(seen->cursors, testing::Contains(testing::Field(&ScheduleCursor::decided_besides, IsEmpty())));
}

TEST_F(SqliteMigrate, VersionOneIsDescribedWithoutBeingChanged) {
  const auto described = describe_state(path_);
  ASSERT_TRUE(described) << to_string(described.error());
  EXPECT_EQ(described->schema_version, 1);
  EXPECT_EQ(described->epoch, Epoch{6});
  EXPECT_EQ(described->owner, "old");
  EXPECT_EQ(described->open_runs, 1U);
  EXPECT_EQ(described->newest_change, at(6000));
  const auto inspected = inspect(path_);
  ASSERT_FALSE(inspected);
  EXPECT_EQ(inspected.error().code, Errc::unsupported);
}

TEST_F(SqliteMigrate, RestoringAnOldBackupBringsItUpToDateAndLeavesTheBackupAlone) {
  const auto place = directory_.file("new.db");
  const auto restored = restore_state(path_, place);
  ASSERT_TRUE(restored) << to_string(restored.error());
  EXPECT_EQ(restored->state.schema_version, 5);
  EXPECT_EQ(describe_state(path_)->schema_version, 1);
  const auto open = open_store(loop_, place);
  const auto seen = wait(loop_, open.store->load());
  ASSERT_TRUE(seen);
  expect_everything_of_version_1(*seen);
}

}  // namespace
}  // namespace syncwarden::store
