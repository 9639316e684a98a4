// Rows per second into the state file, beside the same rows through a bare SQLite loop in the same run.
//   bench_store [DIRECTORY]   (default: the current one; a tmpfs has no fsync worth measuring)
#include "support.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <sqlite3.h>

namespace {

using namespace syncwarden;
namespace asio = boost::asio;
// Measuring needs a clock; the store itself reads none.
using Stopwatch = std::chrono::steady_clock;

double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

Tick row(std::int64_t number) {
  auto tick = store::test::tick(number);
  tick.schedule = ScheduleId{"6f1c7d5e-0a3b-4c58-9d1e-2f7a8b9c0d1e/nightly-" + std::to_string(number % 1000)};
  tick.run = RunId{static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15ULL, 7};
  return tick;
}

asio::awaitable<void> commit_all(Store& store, Epoch epoch, std::int64_t rows, std::int64_t batch_size) {
  for (std::int64_t first = 0; first < rows; first += batch_size) {
    std::vector<Mutation> batch;
    for (auto number = first; number < first + batch_size; ++number)
      batch.emplace_back(put::PutTick{row(number)});
    auto request = store::test::request(epoch, std::move(batch));
    const auto done = co_await store.commit(std::move(request));
    if (!done) std::abort();
  }
}

/// `waiting` callers, each with batches of its own: what the group commit is for.
double store_rows_per_second(const std::string& path, std::int64_t rows, std::int64_t batch, int waiting) {
  asio::io_context loop;
  const auto open = store::test::open_store(loop, path);
  const auto start = Stopwatch::now();
  for (int caller = 0; caller < waiting; ++caller) {
    asio::co_spawn(loop, commit_all(*open.store, open.epoch, rows / waiting, batch),
                   [](std::exception_ptr failure) {
                     if (failure) std::abort();
                   });
  }
  loop.restart();
  loop.run();
  return static_cast<double>(rows) / seconds_since(start);
}

void must(int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE) std::abort();
}

/// The least that SQLite can do: one thread, one table without further indexes, no epoch, no queue.
double bare_rows_per_second(const std::string& path, std::int64_t rows, std::int64_t batch) {
  sqlite3* handle = nullptr;
  must(sqlite3_open(path.c_str(), &handle));
  must(sqlite3_exec(handle,
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                    "CREATE TABLE t (s TEXT, n INTEGER, o TEXT, r TEXT, d INTEGER, u TEXT, a INTEGER, e TEXT,"
                    " PRIMARY KEY (s, n)) WITHOUT ROWID",
                    nullptr, nullptr, nullptr));
  sqlite3_stmt* insert = nullptr;
  must(sqlite3_prepare_v2(handle, "INSERT OR REPLACE INTO t VALUES (?, ?, 'started', 'on_time', ?, ?, 0, '')",
                          -1, &insert, nullptr));
  const auto start = Stopwatch::now();
  for (std::int64_t first = 0; first < rows; first += batch) {
    must(sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr));
    for (auto number = first; number < first + batch; ++number) {
      const auto tick = row(number);
      const auto run = to_string(*tick.run);
      sqlite3_reset(insert);
      const auto schedule = tick.schedule.text.view();
      sqlite3_bind_text(insert, 1, schedule.data(), static_cast<int>(schedule.size()), SQLITE_STATIC);
      sqlite3_bind_int64(insert, 2, tick.nominal.time_since_epoch().count());
      sqlite3_bind_int64(insert, 3, tick.decided.time_since_epoch().count());
      sqlite3_bind_text(insert, 4, run.c_str(), -1, SQLITE_STATIC);
      must(sqlite3_step(insert));
    }
    sqlite3_reset(insert);
    must(sqlite3_exec(handle, "COMMIT", nullptr, nullptr, nullptr));
  }
  const auto rate = static_cast<double>(rows) / seconds_since(start);
  sqlite3_finalize(insert);
  sqlite3_close(handle);
  return rate;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path directory = std::filesystem::path{argc > 1 ? argv[1] : "."} / "store-bench";
  struct Case {
    std::int64_t batch, rows;
  };
  std::printf("%8s %14s %14s %8s %22s\n", "batch", "bare rows/s", "store rows/s", "ratio",
              "8 callers rows/s");
  for (const auto& [batch, rows] : {Case{1, 2'000}, Case{100, 200'000}, Case{1'000, 200'000}}) {
    std::filesystem::create_directories(directory);
    const auto bare = bare_rows_per_second((directory / "bare.db").string(), rows, batch);
    const auto ours = store_rows_per_second((directory / "store.db").string(), rows, batch, 1);
    const auto many = store_rows_per_second((directory / "many.db").string(), rows, batch, 8);
    std::printf("%8lld %14.0f %14.0f %8.2f %22.0f\n", static_cast<long long>(batch), bare, ours, ours / bare,
                many);
    std::filesystem::remove_all(directory);
  }
}
