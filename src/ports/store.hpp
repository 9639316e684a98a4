// Durable state. One leader writes; every commit carries its epoch, so that a former leader is fenced out.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/mutation.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden {

struct Lease {
  Epoch epoch;
  Millis ttl{};
};

/// What one commit writes. It never changes and is shared: a commit that is tried again copies nothing.
class MutationBatch {
 public:
  MutationBatch() = default;
  MutationBatch(std::vector<Mutation> mutations)  // NOLINT(google-explicit-constructor): it is that list
      : shared_(std::make_shared<const std::vector<Mutation>>(std::move(mutations))) {}

  [[nodiscard]] auto begin() const { return list().begin(); }
  [[nodiscard]] auto end() const { return list().end(); }
  [[nodiscard]] std::size_t size() const { return list().size(); }
  [[nodiscard]] bool empty() const { return list().empty(); }
  [[nodiscard]] const Mutation& front() const { return list().front(); }
  [[nodiscard]] const Mutation& back() const { return list().back(); }
  [[nodiscard]] const std::vector<Mutation>& list() const {
    static const std::vector<Mutation> nothing;
    return shared_ ? *shared_ : nothing;
  }

 private:
  std::shared_ptr<const std::vector<Mutation>> shared_;
};

struct CommitRequest {
  Epoch epoch;
  MutationBatch batch;
};

/// Rows that one question about the past gets at most, whatever it asks for: commits wait that long.
inline constexpr std::size_t history_rows_at_most = 1'000;

/// What somebody wants to read of the past. Empty members do not restrict.
struct HistoryQuery {
  enum class What : std::uint8_t { ticks, runs, jobs, incidents, commands } what = What::ticks;
  std::optional<ConnectionId> connection;  ///< does not restrict commands
  /// Of a tick's or run's nominal, a job's creation, an incident's opening, a command's time.
  std::optional<Instant> from;
  std::optional<Instant> until;        ///< inclusive, like `from`
  std::optional<IncidentId> incident;  ///< this one; restricts incidents only
  std::size_t limit = 100;
};

/// The newest `limit` of what was asked for, newest first; only the vector that belongs to the question is
/// filled.
struct HistoryPage {
  std::vector<Tick> ticks;
  std::vector<Run> runs;
  std::vector<JobRecord> jobs;
  std::vector<Incident> incidents;
  std::vector<CommandRecord> commands;
};

struct StoreStats {
  std::uint64_t size_bytes = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Takes leadership: a new, higher epoch. Nothing if another owner holds an unexpired lease.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::optional<Lease>>> acquire_or_renew(
      std::string owner, Millis ttl) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<Snapshot>> load() = 0;
  /// All or nothing, on disk when it completes. Errc::fenced: another leader took over.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> commit(CommitRequest request) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> release(Epoch epoch) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<StoreStats>> stats() = 0;
  /// Sees every commit that was answered before. Commits go before it; at most one such question stands
  /// between two of them.
  [[nodiscard]] virtual boost::asio::awaitable<Result<HistoryPage>> read(HistoryQuery query) = 0;
  /// Writes a consistent copy of the whole state to a new file, while it is in use; commits go on meanwhile.
  /// file_unwritable: the file exists (it is left alone) or cannot be made. unsupported: there is no file to
  /// copy. store_locked: another backup is under way. cancelled: the store was closed meanwhile.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> backup(std::string path) = 0;
  /// Ends the store's thread after the commits under way. Idempotent.
  virtual void close() = 0;
};

}  // namespace syncwarden
