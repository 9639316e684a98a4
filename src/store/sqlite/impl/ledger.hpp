// The state file, synchronously: what the store's thread does. No threads and no clocks in here.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/mutation.hpp"
#include "ports/store.hpp"
#include "store/impl/lease_rule.hpp"
#include "store/sqlite/impl/database.hpp"
#include "store/sqlite/impl/file_lock.hpp"
#include "store/sqlite/impl/prune.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::store {

class Ledger {
 public:
  struct Limits {
    int busy_ms = 2'000;                            ///< patience with another program's lock
    std::uint64_t full_check_bytes = 256ULL << 20;  ///< larger files are checked lightly at open
    std::size_t prune_limit = 5'000;                ///< rows per table and Prune
  };

  Ledger() = default;  ///< not usable: see open()

  /// Locks, opens, checks, migrates and prepares. See sqlite_store.hpp for the errors.
  [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(const std::string& path, Limits limits);

  [[nodiscard]] Result<std::optional<Lease>> acquire_or_renew(const std::string& owner, Millis ttl,
                                                              std::optional<Instant> now);
  [[nodiscard]] Result<void> release(Epoch epoch);
  [[nodiscard]] Result<Snapshot> load();
  /// One transaction for the whole group, applied in order; one result per request. A request with a wrong
  /// epoch is fenced and adds nothing; any other failure fails every request that was not fenced.
  [[nodiscard]] std::vector<Result<void>> commit(const std::vector<const CommitRequest*>& group);
  [[nodiscard]] Result<HistoryPage> read(const HistoryQuery& query) const;
  [[nodiscard]] Result<StoreStats> stats() const;
  /// For a quiet moment after commits: what they left for later, and the memory they needed.
  void rest() const;

 private:
  [[nodiscard]] Result<void> open_database(const std::string& path, const Limits& limits);
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<LeaseRow> read_lease();
  [[nodiscard]] Result<void> write_lease(const LeaseRow& row);
  [[nodiscard]] Result<void> write_in_transaction(const LeaseRow& row);
  [[nodiscard]] Result<void> commit_group(const std::vector<const CommitRequest*>& group,
                                          std::vector<Result<void>>& results);
  [[nodiscard]] Result<void> apply(const Mutation& mutation);
  [[nodiscard]] Result<void> put_incident(const Incident& incident);
  [[nodiscard]] Result<Snapshot> read_snapshot() const;
  [[nodiscard]] Result<void> read_incidents(Snapshot& into) const;
  [[nodiscard]] Result<void> read_commands(Snapshot& into) const;
  [[nodiscard]] Result<void> read_outbox(Snapshot& into) const;

  // Destroyed from the last to the first: statements, connection, then the lock.
  FileLock lock_;
  Database database_;
  Statement begin_, commit_, read_lease_, write_lease_;
  Statement put_cursor_, drop_cursor_, put_tick_, put_run_, put_job_, put_history_, put_connection_,
      drop_connection_, put_job_cursor_, put_incident_, put_newest_incident_, put_recovery_, drop_recovery_,
      put_pause_, drop_pause_, put_command_, put_notice_, drop_notice_;
  Pruner pruner_;
  std::optional<LeaseRow> held_;
};

/// Every row of a table that `condition` selects, in the order of its key.
[[nodiscard]] std::string select(std::string_view table, std::string_view columns,
                                 std::string_view condition);

}  // namespace syncwarden::store
