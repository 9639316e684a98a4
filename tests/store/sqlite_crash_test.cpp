// What is acknowledged survives kill -9; what is not is there whole or not at all.
#include "base/rng.hpp"
#include "child.hpp"
#include "store/sqlite/inspect.hpp"
#include "support.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::store {
namespace {

using namespace test;

/// Rows found of each numbered batch.
std::map<std::string, std::int64_t> rows_of_batches(const std::string& path) {
  std::map<std::string, std::int64_t> rows;
  Visitors visitors;
  visitors.tick = [&](const Tick& tick) { ++rows[tick.schedule.text.str()]; };
  const auto seen = inspect(path, visitors);
  EXPECT_TRUE(seen) << to_string(seen.error());
  return rows;
}

TEST(SqliteCrash, EveryAcknowledgedBatchSurvivesKillAndNoneIsThereInPart) {
  constexpr int rounds = 50;
  constexpr int rounds_per_file = 10;  // the first of each is killed while it makes the file
  Rng rng{20260823};
  TemporaryDirectory directory;
  std::set<std::string> acknowledged;
  std::string path;
  for (int round = 0; round < rounds; ++round) {
    const bool fresh = round % rounds_per_file == 0;
    if (fresh) {
      path = directory.file("state" + std::to_string(round) + ".db");
      acknowledged.clear();
    }
    Child child{path, std::int64_t{round} * 1'000'000};
    child.await_lines(fresh ? rng.below(2) : rng.below(40));
    child.kill();
    for (const auto& line : child.lines()) {
      if (line != "open") acknowledged.insert(line);
    }
    boost::asio::io_context loop;
    const auto reopened = open_store(loop, path);  // recovers the log and checks the file in full
    const auto rows = rows_of_batches(path);
    for (const auto& number : acknowledged) EXPECT_TRUE(rows.contains(number)) << "lost batch " << number;
    for (const auto& [number, count] : rows) EXPECT_EQ(count, batch_rows) << "part of batch " << number;
    if (HasFailure()) FAIL() << "in round " << round;
  }
  EXPECT_GT(acknowledged.size(), 20U) << "the test must have something to lose";
}

TEST(SqliteCrash, ALogCutAnywhereLosesOnlyWholeBatchesFromItsEnd) {
  TemporaryDirectory directory;
  const auto path = directory.file("state.db");
  boost::asio::io_context loop;
  const auto open = open_store(loop, path);
  constexpr std::int64_t batches = 8;
  for (std::int64_t number = 0; number < batches; ++number) {
    ASSERT_TRUE(wait(loop, open.store->commit(request(open.epoch, numbered_batch(number)))));
  }
  const auto size = std::filesystem::file_size(path + "-wal");
  std::set<std::size_t> survivors;
  for (std::uintmax_t cut = 0; cut <= size; cut += size / 40) {
    const auto copy = directory.file("cut" + std::to_string(cut) + ".db");
    std::filesystem::copy_file(path, copy);
    std::filesystem::copy_file(path + "-wal", copy + "-wal");
    std::filesystem::resize_file(copy + "-wal", cut);
    boost::asio::io_context other;
    const auto reopened = open_store(other, copy);
    const auto rows = rows_of_batches(copy);
    std::int64_t expected = 0;
    for (const auto& [number, count] : rows) {
      EXPECT_EQ(number, std::to_string(expected++)) << "cut at " << cut;
      EXPECT_EQ(count, batch_rows) << "cut at " << cut;
    }
    survivors.insert(rows.size());
  }
  EXPECT_GT(survivors.size(), 4U) << "the cuts must fall between and inside of batches";
}

TEST(SqliteCrash, AnotherProcessIsKeptOutAndNamedUntilItIsKilled) {
  TemporaryDirectory directory;
  const auto path = directory.file("state.db");
  Child child{path, 1};
  child.await_lines(1);
  boost::asio::io_context loop;
  const auto refused = make_sqlite_store(loop.get_executor(), path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::store_locked);
  EXPECT_THAT(to_string(refused.error()), testing::HasSubstr("process " + std::to_string(child.pid())));
  EXPECT_TRUE(inspect(path)) << "looking is allowed while a daemon runs";
  child.kill();
  const auto reopened = open_store(loop, path);
  EXPECT_EQ(reopened.epoch, Epoch{2}) << "a new leader although the killed one never released its lease";
}

}  // namespace
}  // namespace syncwarden::store
