// Opening what is not a good state file: a clear error and an untouched file.
#include "store/sqlite/inspect.hpp"
#include "support.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace syncwarden::store {
namespace {

using namespace test;
using testing::HasSubstr;

std::string content(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void overwrite(const std::string& path, std::uintmax_t offset, const std::string& bytes) {
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
}

void execute(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

class SqliteOpen : public testing::Test {
 protected:
  /// A closed, good file with a few hundred rows.
  void make_good_file() {
    const auto open = open_store(loop_, path_);
    std::vector<Mutation> batch{
        put::Cursor{full_cursor()},        put::PutRun{open_run(1, 7)},           put::PutJob{full_job()},
        put::PutHistory{full_history()},   put::PutConnection{full_connection()}, put::PutTick{tick(42)},
        put::PutIncident{full_incident()}, put::PutRecovery{full_recovery()},     put::PutPause{full_pause()},
        put::PutCommand{full_command()},   put::PutNotice{full_notice()}};
    for (std::int64_t number = 0; number < 20; ++number) {
      for (auto& mutation : numbered_batch(number)) batch.push_back(std::move(mutation));
    }
    ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, std::move(batch)))));
    open.store->close();
  }
  Error error_of_opening(const std::string& path) {
    const auto made = make_sqlite_store(loop_.get_executor(), path);
    return made ? Error{Errc::internal, "it opened", "", ""} : made.error();
  }
  Error error_of_reading() {
    auto made = make_sqlite_store(loop_.get_executor(), path_);
    if (!made) return made.error();
    const auto loaded = wait(loop_, (*made)->load());
    if (!loaded) return loaded.error();
    const auto seen = inspect(path_);  // ticks are not loaded at a start
    return seen ? Error{Errc::internal, "it was read", "", ""} : seen.error();
  }

  boost::asio::io_context loop_;
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("state.db");
};

TEST_F(SqliteOpen, TheFilesAreForTheirOwnerAlone) {
  const auto before = ::umask(0);
  const auto open = open_store(loop_, path_);
  ::umask(before);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat info {};
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << suffix;
  }
}

TEST_F(SqliteOpen, AnEmptyFileBecomesAStateFile) {
  std::ofstream{path_}.flush();
  EXPECT_EQ(open_store(loop_, path_).epoch, Epoch{1});
  const auto seen = inspect(path_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->schema_version, 5);
}

TEST_F(SqliteOpen, OneProcessCannotOpenItTwice) {
  const auto open = open_store(loop_, path_);
  const auto error = error_of_opening(path_);
  EXPECT_EQ(error.code, Errc::store_locked);
  EXPECT_THAT(to_string(error), HasSubstr("process " + std::to_string(::getpid())));
}

TEST_F(SqliteOpen, EachStartIsANewEpoch) {
  EXPECT_EQ(open_store(loop_, path_).epoch, Epoch{1});
  EXPECT_EQ(open_store(loop_, path_).epoch, Epoch{2});
}

TEST_F(SqliteOpen, GarbageIsRefusedWithAWayOutAndLeftAlone) {
  std::ofstream{path_} << std::string(8192, 'z');
  const auto before = content(path_);
  const auto error = error_of_opening(path_);
  EXPECT_EQ(error.code, Errc::store_corrupt);
  EXPECT_THAT(to_string(error), HasSubstr(path_));
  EXPECT_THAT(error.hint, HasSubstr("restore a backup"));
  EXPECT_EQ(content(path_), before);
}

TEST_F(SqliteOpen, ATruncatedFileIsRefused) {
  make_good_file();
  const auto size = std::filesystem::file_size(path_);
  for (const auto part : {size / 2, size - 4096, std::uintmax_t{4096}, std::uintmax_t{100}}) {
    std::filesystem::resize_file(path_, size);
    std::filesystem::resize_file(path_, part);
    EXPECT_EQ(error_of_opening(path_).code, Errc::store_corrupt) << part << " of " << size;
  }
}

TEST_F(SqliteOpen, ADamagedPageIsFoundAtTheStart) {
  make_good_file();
  const auto good = content(path_);
  int found = 0;
  for (std::uintmax_t page = 1; page < good.size() / 4096; ++page) {
    std::ofstream{path_, std::ios::binary | std::ios::trunc} << good;
    overwrite(path_, page * 4096, std::string(64, '\xFF'));
    if (error_of_opening(path_).code == Errc::store_corrupt) ++found;
  }
  EXPECT_EQ(found, static_cast<int>(good.size() / 4096) - 1);
}

TEST_F(SqliteOpen, ALargeFileIsCheckedLightlyAndStillRefusedWhereItIsCut) {
  make_good_file();
  SqliteOptions options;
  options.full_check_bytes = 4096;
  EXPECT_TRUE(make_sqlite_store(loop_.get_executor(), path_, options));
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  const auto cut = make_sqlite_store(loop_.get_executor(), path_, options);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Errc::store_corrupt);
}

TEST_F(SqliteOpen, AFileFromANewerVersionNamesBothAndIsLeftAlone) {
  make_good_file();
  execute(path_, "PRAGMA user_version = 7");
  const auto before = content(path_);
  const auto error = error_of_opening(path_);
  EXPECT_EQ(error.code, Errc::store_newer);
  EXPECT_THAT(error.message, HasSubstr("version 7"));
  EXPECT_THAT(error.message, HasSubstr("up to 5"));
  EXPECT_THAT(error.hint, HasSubstr("newer syncwarden"));
  EXPECT_EQ(content(path_), before);
  EXPECT_EQ(inspect(path_).error().code, Errc::store_newer);
}

TEST_F(SqliteOpen, AnotherProgramsDatabaseIsLeftAlone) {
  execute(path_, "CREATE TABLE customers (name TEXT)");
  const auto before = content(path_);
  const auto error = error_of_opening(path_);
  EXPECT_EQ(error.code, Errc::store_corrupt);
  EXPECT_THAT(error.message, HasSubstr("another program"));
  EXPECT_EQ(content(path_), before);
}

TEST_F(SqliteOpen, AMissingTableIsNamed) {
  make_good_file();
  execute(path_, "DROP TABLE history");
  const auto error = error_of_opening(path_);
  EXPECT_EQ(error.code, Errc::store_corrupt);
  EXPECT_THAT(error.message, HasSubstr("history"));
}

TEST_F(SqliteOpen, PlacesThatCannotHoldAFileNameThePathAndTheUser) {
  std::ofstream{directory_.file("plain")} << "x";
  const std::vector<std::string> places{directory_.file("missing/state.db"),
                                        directory_.file("plain/state.db"), directory_.path(),
                                        "/proc/state.db", "/dev/null"};
  for (const auto& place : places) {
    const auto error = error_of_opening(place);
    EXPECT_EQ(error.code, Errc::file_unwritable) << place << ": " << to_string(error);
    EXPECT_THAT(to_string(error), HasSubstr(place));
    EXPECT_THAT(to_string(error), HasSubstr("uid " + std::to_string(::geteuid())));
    EXPECT_NE(error.hint, "") << place;
  }
}

TEST_F(SqliteOpen, InspectingWhatIsNotThereIsAnError) {
  const auto missing = inspect(path_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::file_unreadable);
  EXPECT_FALSE(std::filesystem::exists(path_)) << "looking makes no file";
}

TEST_F(SqliteOpen, InspectCountsWhatIsThere) {
  const auto open = open_store(loop_, path_);
  auto mine = job(9, JobStatus::running, 0);
  mine.run = open_run(1).id;
  auto adopted = finished_run(2, 9);
  adopted.attribution = Attribution::adopted;
  auto skipped = tick(2, TickOutcome::skipped);
  skipped.reason = TickReason::overlap;
  ASSERT_TRUE(
      wait(loop_, open.store->commit(request(
                      open.epoch, {put::PutTick{tick(1)}, put::PutTick{skipped}, put::PutTick{tick(3)},
                                   put::PutRun{open_run(1, 9)}, put::PutRun{adopted}, put::PutJob{mine}}))));
  const auto seen = inspect(path_);
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ(seen->schema_version, 5);
  EXPECT_EQ(seen->epoch, open.epoch);
  EXPECT_EQ(seen->owner, "me");
  EXPECT_EQ(seen->ticks.at({TickOutcome::started, TickReason::on_time}), 2U);
  EXPECT_EQ(seen->ticks.at({TickOutcome::skipped, TickReason::overlap}), 1U);
  EXPECT_EQ(seen->runs.at(RunPhase::intended), 1U);
  EXPECT_EQ(seen->runs.at(RunPhase::finished), 1U);
  EXPECT_EQ(seen->jobs, 1U);
  EXPECT_EQ(seen->jobs_by_run.at(open_run(1).id), 1U);
  EXPECT_THAT(seen->shared_jobs, testing::ElementsAre(JobId{9}));
}

struct Edit {
  const char* sql;
  std::vector<std::string> named;  // what the error must say
};

class SqliteEdited : public SqliteOpen, public testing::WithParamInterface<Edit> {};

TEST_P(SqliteEdited, AValueThatMakesNoSenseIsNamed) {
  make_good_file();
  execute(path_, GetParam().sql);
  const auto error = error_of_reading();
  EXPECT_EQ(error.code, Errc::store_corrupt) << to_string(error);
  for (const auto& word : GetParam().named) EXPECT_THAT(error.message, HasSubstr(word));
  EXPECT_NE(error.hint, "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, SqliteEdited,
    testing::Values(
        Edit{"UPDATE run SET phase = 'dreaming'", {"table run", "0000000000000001", "phase", "dreaming"}},
        Edit{"UPDATE run SET cause = ''", {"table run", "cause"}},
        Edit{"UPDATE run SET phase = 'Intended'", {"phase", "Intended"}},
        Edit{"UPDATE run SET run_id = 'xyz'", {"run_id", "xyz"}},
        Edit{"UPDATE run SET requests = -1", {"requests", "-1"}},
        Edit{"UPDATE run SET failure = 'bad luck'", {"failure", "bad luck"}},
        Edit{"UPDATE tick SET reason = 'whim'", {"table tick", "nominal_ms", "reason", "whim"}},
        Edit{"UPDATE tick SET also = 4294967296", {"also", "4294967296"}},
        Edit{"UPDATE job SET status = 'sleeping'",
             {"table job", "9223372036854775807", "status", "sleeping"}},
        Edit{"UPDATE job SET type = 'reset_connection'", {"type", "reset_connection"}},
        Edit{"UPDATE job SET failure_type = 'x'", {"failure_type", "'x'"}},
        Edit{"UPDATE connection SET status = 'ok'", {"table connection", "c1", "status", "'ok'"}},
        Edit{"UPDATE connection SET tags = 'no end'", {"tags", "no end"}},
        Edit{"UPDATE history SET samples = '1,,2'", {"table history", "samples", "1,,2"}},
        Edit{"UPDATE history SET samples = '1,'", {"samples"}},
        Edit{"UPDATE history SET samples = '99999999999999999999'", {"samples"}},
        Edit{"UPDATE history SET samples = '1:2'", {"samples", "1:2"}},
        Edit{"UPDATE history SET samples = '1:x:2'", {"samples", "1:x:2"}},
        Edit{"UPDATE history SET unclaimed = '7'", {"table history", "unclaimed", "7"}},
        Edit{"UPDATE history SET unclaimed = '7:8,'", {"unclaimed"}},
        Edit{"UPDATE history SET unclaimed = 'x:8'", {"unclaimed", "x:8"}},
        Edit{"UPDATE history SET breaker_probes = -1", {"table history", "breaker_probes", "-1"}},
        Edit{"UPDATE run SET cancels = -1", {"table run", "cancels", "-1"}},
        Edit{"UPDATE connection SET breaking_change = 2", {"table connection", "breaking_change", "'2'"}},
        Edit{"UPDATE incident SET kind = 'bad day'",
             {"table incident", "9223372036854775807", "kind", "bad day"}},
        Edit{"UPDATE incident SET incident_id = -3", {"table incident", "incident_id", "-3"}},
        Edit{"UPDATE incident SET severity = 'Critical'", {"severity", "Critical"}},
        Edit{"UPDATE incident SET stuck = ''", {"stuck"}},
        Edit{"UPDATE incident SET labels = 'team'", {"labels", "team"}},
        Edit{"UPDATE incident SET events = 'noon' || char(9, 9, 10)", {"events", "noon"}},
        Edit{"UPDATE recovery SET action = 'reboot'", {"table recovery", "action", "reboot"}},
        Edit{"UPDATE recovery SET given_up = 7", {"given_up", "'7'"}},
        Edit{"UPDATE outbox SET event = 'Incident opened'", {"table outbox", "event", "Incident opened"}},
        Edit{"UPDATE outbox SET event = ''", {"table outbox", "event"}},
        Edit{"UPDATE command SET run_id = 'x'", {"table command", "run_id", "'x'"}}));

// One from a digest's version to the one before it must not end in "the state is corrupt".
TEST_F(SqliteOpen, ANotificationOfANewerVersionIsKeptAndNotRead) {
  make_good_file();
  const std::string copy_of =
      "INSERT INTO outbox SELECT 'newer', receiver, 'moon_landed', at_ms, incident_id, "
      "kind, stuck, connection_id, subject, severity, summary, job_id, link, labels, "
      "opened_ms, updated_ms, closed_ms, reopened, owner, events FROM outbox";
  execute(path_, copy_of);
  for (int start = 0; start < 2; ++start) {
    const auto open = open_store(loop_, path_);
    const auto loaded = wait(loop_, open.store->load());
    ASSERT_TRUE(loaded) << to_string(loaded.error());
    EXPECT_EQ(loaded->outbox, std::vector{full_notice()});
    EXPECT_EQ(loaded->newer_notices, std::vector<std::string>{"moon_landed"}) << "start " << start;
    open.store->close();
  }
}

}  // namespace
}  // namespace syncwarden::store
