// Copies of a state file: whole, never over anything, and put back only where nobody uses the place.
#include "store/sqlite/state_file.hpp"

#include "support.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

namespace syncwarden::store {
namespace {

using namespace test;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string content(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void execute(const std::string& path, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

class StateFile : public testing::Test {
 protected:
  /// A closed state whose only cursor stands at `watermark`.
  void make_state(const std::string& path, std::int64_t watermark) {
    const auto open = open_store(loop_, path);
    auto cursor = full_cursor();
    cursor.watermark = at(watermark);
    ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::Cursor{cursor}}))));
  }
  std::int64_t watermark_of(const std::string& path) {
    const auto open = open_store(loop_, path);
    const auto seen = wait(loop_, open.store->load());
    if (!seen || seen->cursors.size() != 1) return -1;
    return seen->cursors[0].watermark.time_since_epoch().count();
  }
  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      const auto name = entry.path().filename().string();
      if (!name.ends_with(".lock")) out.push_back(name);
    }
    return out;
  }

  boost::asio::io_context loop_;
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("state.db");
  std::string copy_ = directory_.file("copy.db");
};

TEST_F(StateFile, ABackupIsACompleteStateFileOfItsOwnForItsOwnerAlone) {
  const auto open = open_store(loop_, path_);
  ASSERT_TRUE(wait(loop_, open.store->commit(request(
                              open.epoch, {put::Cursor{full_cursor()}, put::PutIncident{full_incident()},
                                           put::PutTick{full_tick()}, put::PutHistory{full_history()}}))));
  const auto done = wait(loop_, open.store->backup(copy_));
  ASSERT_TRUE(done) << to_string(done.error());
  ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::DropCursor{full_cursor().schedule}}))))
      << "the state goes on";
  struct stat info {};
  ASSERT_EQ(::stat(copy_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_THAT(names(), UnorderedElementsAre("state.db", "state.db-wal", "state.db-shm", "copy.db"))
      << "one file, nothing left beside it";
  const auto copied = open_store(loop_, copy_);
  const auto seen = wait(loop_, copied.store->load());
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_THAT(seen->cursors, ElementsAre(full_cursor()));
  EXPECT_THAT(seen->incidents, ElementsAre(full_incident()));
  EXPECT_THAT(seen->histories, ElementsAre(full_history()));
}

TEST_F(StateFile, ABackupNeverOverwritesAndTellsWhatIsInTheWay) {
  const auto open = open_store(loop_, path_);
  std::ofstream{copy_} << "precious";
  for (const auto& place : {copy_, path_, directory_.path()}) {
    const auto refused = wait(loop_, open.store->backup(place));
    ASSERT_FALSE(refused) << place;
    EXPECT_EQ(refused.error().code, Errc::file_unwritable);
    EXPECT_THAT(to_string(refused.error()), HasSubstr(place));
    EXPECT_NE(refused.error().hint, "");
  }
  EXPECT_EQ(content(copy_), "precious");
  EXPECT_FALSE(wait(loop_, open.store->backup(directory_.file("no/such/place.db"))));
  EXPECT_FALSE(wait(loop_, open.store->backup("")));
  EXPECT_THAT(names(), UnorderedElementsAre("state.db", "state.db-wal", "state.db-shm", "copy.db"));
}

TEST_F(StateFile, ABackupThatIsInterruptedByTheEndLeavesNoFile) {
  auto open = open_store(loop_, path_);
  std::vector<Mutation> batch;
  for (std::int64_t number = 0; number < 500; ++number) {
    for (auto& mutation : numbered_batch(number)) batch.push_back(std::move(mutation));
  }
  ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, std::move(batch)))));
  std::optional<Result<void>> answer;
  boost::asio::co_spawn(loop_, open.store->backup(copy_),
                        [&answer](std::exception_ptr, const Result<void>& result) { answer = result; });
  open.store->close();
  loop_.restart();
  loop_.run();
  ASSERT_TRUE(answer);
  if (*answer) {  // it was quicker than the end
    EXPECT_TRUE(describe_state(copy_));
  } else {
    EXPECT_EQ(answer->error().code, Errc::cancelled) << to_string(answer->error());
    EXPECT_THAT(names(), UnorderedElementsAre("state.db"));
  }
}

TEST_F(StateFile, ALeftoverOfAKilledBackupIsNotInTheWay) {
  make_state(path_, 5);
  std::ofstream{copy_ + ".partial"} << "half a copy";
  const auto done = backup_state(path_, copy_);
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(watermark_of(copy_), 5);
}

TEST_F(StateFile, DescribeTellsWhatAPersonAsks) {
  const auto open = open_store(loop_, path_);
  CommandRecord late;
  late.key = "k";
  late.at = at(1'780'000'000'000);
  Incident incident;
  incident.id = IncidentId{1};
  ASSERT_TRUE(wait(
      loop_, open.store->commit(request(open.epoch, {put::PutTick{tick(1)}, put::PutTick{tick(2)},
                                                     put::PutRun{open_run(1)}, put::PutRun{finished_run(2)},
                                                     put::PutIncident{incident}, put::PutCommand{late}}))));
  const auto seen = describe_state(path_);
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ(seen->schema_version, 5);
  EXPECT_EQ(seen->epoch, open.epoch);
  EXPECT_EQ(seen->owner, "me");
  EXPECT_EQ(seen->size_bytes, std::filesystem::file_size(path_));
  EXPECT_EQ(seen->log_bytes, std::filesystem::file_size(path_ + "-wal"));
  EXPECT_THAT(seen->rows, Contains(Pair("tick", 2U)));
  EXPECT_THAT(seen->rows, Contains(Pair("run", 2U)));
  EXPECT_THAT(seen->rows, Contains(Pair("pause", 0U)));
  EXPECT_EQ(seen->open_runs, 1U);
  EXPECT_EQ(seen->open_incidents, 1U);
  EXPECT_EQ(seen->newest_change, late.at);
}

TEST_F(StateFile, DescribingWhatIsNoStateIsAnError) {
  EXPECT_EQ(describe_state(path_).error().code, Errc::file_unreadable);
  EXPECT_FALSE(std::filesystem::exists(path_)) << "looking makes no file";
  std::ofstream{path_} << std::string(8192, 'z');
  EXPECT_EQ(describe_state(path_).error().code, Errc::store_corrupt);
}

TEST_F(StateFile, ARestoreTakesThePlaceAndKeepsWhatStoodThere) {
  make_state(path_, 1);
  ASSERT_TRUE(backup_state(path_, copy_));
  make_state(path_, 2);
  const auto restored = restore_state(copy_, path_);
  ASSERT_TRUE(restored) << to_string(restored.error());
  EXPECT_THAT(restored->state.rows, Contains(Pair("cursor", 1U)));
  EXPECT_EQ(watermark_of(path_), 1);
  EXPECT_EQ(watermark_of(restored->kept), 2);
  const auto again = restore_state(copy_, path_);
  ASSERT_TRUE(again);
  EXPECT_NE(again->kept, restored->kept);
  EXPECT_EQ(watermark_of(restored->kept), 2) << "an earlier one is not overwritten either";
}

TEST_F(StateFile, ARestoreIntoAnEmptyPlaceKeepsNothing) {
  make_state(path_, 1);
  const auto restored = restore_state(path_, copy_);
  ASSERT_TRUE(restored) << to_string(restored.error());
  EXPECT_EQ(restored->kept, "");
  EXPECT_EQ(watermark_of(copy_), 1);
}

TEST_F(StateFile, ARestoreBringsTheCommitsOfALogThatWasNotFolded) {
  const auto open = open_store(loop_, path_);
  auto cursor = full_cursor();
  cursor.watermark = at(7);
  ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::Cursor{cursor}}))));
  for (const char* suffix : {"", "-wal"}) {  // as a copy of the directory would hold it after a kill
    std::filesystem::copy_file(path_ + suffix, copy_ + suffix);
  }
  const auto place = directory_.file("place.db");
  const auto restored = restore_state(copy_, place);
  ASSERT_TRUE(restored) << to_string(restored.error());
  EXPECT_EQ(watermark_of(place), 7);
}

TEST_F(StateFile, ARestoreIsRefusedWhileTheStateIsInUse) {
  make_state(copy_, 1);
  make_state(path_, 2);
  {
    const auto open = open_store(loop_, path_);
    const auto refused = restore_state(copy_, path_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::store_locked) << to_string(refused.error());
  }
  EXPECT_EQ(watermark_of(path_), 2);
}

TEST_F(StateFile, WhatCannotBeRestoredLeavesTheStateAlone) {
  make_state(path_, 2);
  const auto before = content(path_);
  const auto refuse = [&](Errc code, const std::string& from) {
    const auto refused = restore_state(from, path_);
    ASSERT_FALSE(refused) << from;
    EXPECT_EQ(refused.error().code, code) << to_string(refused.error());
    EXPECT_THAT(to_string(refused.error()), HasSubstr(from));
    EXPECT_EQ(content(path_), before);
  };
  refuse(Errc::file_unreadable, directory_.file("missing.db"));
  refuse(Errc::usage, path_);
  const auto empty = directory_.file("empty.db");
  std::ofstream{empty}.flush();
  refuse(Errc::store_corrupt, empty);
  make_state(copy_, 1);
  execute(copy_, "UPDATE cursor SET spec = 'x'; INSERT INTO pause VALUES ('c', NULL, '', '', 1)");
  execute(copy_, "INSERT INTO command VALUES ('k', 1, '', '', '', 'no run id')");
  refuse(Errc::store_corrupt, copy_);
  execute(copy_, "PRAGMA user_version = 99");
  refuse(Errc::store_newer, copy_);
  for (const auto& name : names()) {
    EXPECT_THAT(name, Not(AnyOf(HasSubstr("restor"), HasSubstr("partial")))) << "left over";
  }
  EXPECT_EQ(watermark_of(path_), 2);
}

TEST_F(StateFile, TheFleetIsReadWhileADaemonHoldsTheState) {
  const auto path = directory_.file("state.db");
  const auto open = open_store(loop_, path);
  ConnectionHistory history;
  history.connection = full_connection().id;
  history.samples.assign(3, RunSample{std::chrono::minutes{4}, 100, 1'000});
  ASSERT_TRUE(wait(loop_, open.store->commit(request(open.epoch, {put::PutConnection{full_connection()},
                                                                  put::PutHistory{history}}))));
  const auto fleet = read_fleet(path);
  ASSERT_TRUE(fleet) << to_string(fleet.error());
  ASSERT_EQ(fleet->connections.size(), 1U);
  EXPECT_EQ(fleet->connections.front(), full_connection());
  ASSERT_EQ(fleet->histories.size(), 1U);
  EXPECT_EQ(fleet->histories.front(), history);
  EXPECT_TRUE(wait(loop_, open.store->load())) << "the daemon goes on";
}

TEST_F(StateFile, NoFleetIsReadFromWhatIsNoStateOrAnOlderOne) {
  EXPECT_EQ(read_fleet(directory_.file("none.db")).error().code, Errc::file_unreadable);
  const auto path = directory_.file("old.db");
  make_state(path, 1'000);
  execute(path, "PRAGMA user_version = 1");
  const auto old = read_fleet(path);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, Errc::unsupported);
}

}  // namespace
}  // namespace syncwarden::store
