// A full disk and an impolite neighbour: an error with a way out, nothing half-written, and on it goes.
#include "store/sqlite/inspect.hpp"
#include "support.hpp"

#include <csignal>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

namespace syncwarden::store {
namespace {

using namespace test;
using testing::HasSubstr;

/// No file of this process may grow beyond `bytes`, until this goes: the nearest thing to a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uintmax_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit lower = before_;
    lower.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &lower);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(SqliteDisk, AFullDiskFailsTheCommitWholeAndTheSameCommitSucceedsLater) {
  TemporaryDirectory directory;
  const auto path = directory.file("state.db");
  boost::asio::io_context loop;
  const auto open = open_store(loop, path);
  ASSERT_TRUE(wait(loop, open.store->commit(request(open.epoch, numbered_batch(1)))));
  std::vector<Mutation> large;
  for (std::int64_t number = 100; number < 200; ++number) {
    for (auto& mutation : numbered_batch(number)) large.push_back(std::move(mutation));
  }
  {
    const FileSizeLimit full{std::filesystem::file_size(path + "-wal") + 20'000};
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto refused = wait(loop, open.store->commit(request(open.epoch, large)));
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, Errc::store_failed);
      EXPECT_THAT(to_string(refused.error()), HasSubstr("SQLite code"));
      EXPECT_THAT(to_string(refused.error()), HasSubstr(path));
    }
    const auto seen = inspect(path);
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_EQ(seen->ticks.at({TickOutcome::started, TickReason::on_time}), 20U) << "only what was committed";
  }
  EXPECT_TRUE(wait(loop, open.store->commit(request(open.epoch, large))));
  open.store->close();
  const auto seen = inspect(path);
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ(seen->ticks.at({TickOutcome::started, TickReason::on_time}), 20U + large.size());
  EXPECT_TRUE(open_store(loop, path).store) << "and the file passes its check";
}

TEST(SqliteDisk, ANeighbourThatKeepsWritingIsAnErrorUntilItEnds) {
  TemporaryDirectory directory;
  const auto path = directory.file("state.db");
  boost::asio::io_context loop;
  SqliteOptions options;
  options.busy_timeout = Millis{20};
  const auto open = open_store(loop, path, options);
  sqlite3* neighbour = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &neighbour), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(neighbour, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto refused = wait(loop, open.store->commit(request(open.epoch, numbered_batch(1))));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::store_locked);
  sqlite3_exec(neighbour, "ROLLBACK", nullptr, nullptr, nullptr);
  EXPECT_TRUE(wait(loop, open.store->commit(request(open.epoch, numbered_batch(1)))));
  sqlite3_close(neighbour);
}

TEST(SqliteDisk, StatsCountTheFileAndItsLog) {
  TemporaryDirectory directory;
  const auto path = directory.file("state.db");
  boost::asio::io_context loop;
  const auto open = open_store(loop, path);
  ASSERT_TRUE(wait(loop, open.store->commit(request(open.epoch, numbered_batch(1)))));
  const auto stats = wait(loop, open.store->stats());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->size_bytes, std::filesystem::file_size(path) + std::filesystem::file_size(path + "-wal"));
}

}  // namespace
}  // namespace syncwarden::store
