// The store in one SQLite file: what the daemon uses unless it is told otherwise.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "ports/store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

namespace syncwarden::store {

struct SqliteOptions {
  /// The wall clock, called on the store's thread, for the lease's end. Without it a lease ends only by
  /// release or with the process; the lock on the file keeps other processes out either way.
  std::function<Instant()> now;
  Millis busy_timeout{2'000};                     ///< patience with another program's lock on the file
  std::uint64_t full_check_bytes = 256ULL << 20;  ///< larger files are only checked lightly at open
  std::size_t prune_limit = 5'000;                ///< rows that one Prune deletes at most, per table
};

/// Opens or creates the state file, takes its lock, checks it, brings its schema up to date, and starts the
/// store's thread. Blocks for as long as that takes. Completions are posted to `executor`: the loop's, which
/// must be single-threaded (or a strand) and outlive the store.
///
/// Errors: file_unwritable (path, permission, read-only file system), store_locked (another process has it),
/// store_corrupt, store_newer, store_failed. Later calls answer with fenced, store_corrupt, store_failed (the
/// disk; the transaction is rolled back and the same commit may be tried again), store_locked (another
/// program keeps writing to the file), or cancelled (closed, or the waiting coroutine was cancelled: the
/// commit may still happen).
///
/// Commits that wait together share one transaction: all of them succeed or none does, in their order.
[[nodiscard]] Result<std::unique_ptr<Store>> make_sqlite_store(boost::asio::any_io_executor executor,
                                                               const std::string& path,
                                                               SqliteOptions options = {});

}  // namespace syncwarden::store
