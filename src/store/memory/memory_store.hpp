// The store without a file: the reference for what a store does, for tests and for a demo that leaves nothing
// behind.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/mutation.hpp"
#include "model/run.hpp"
#include "ports/store.hpp"
#include "store/impl/lease_rule.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::store {

/// Keeps everything in ordered maps and answers at once. Same rules as the SQLite store, except that nothing
/// outlives it. Not thread-safe: it belongs to the loop.
class MemoryStore final : public Store {
 public:
  struct Options {
    std::function<Instant()> now;     ///< for the lease; without it a lease ends only by release
    std::size_t prune_limit = 5'000;  ///< rows that one Prune deletes at most, per table
  };

  MemoryStore();
  explicit MemoryStore(Options options);

  [[nodiscard]] boost::asio::awaitable<Result<std::optional<Lease>>> acquire_or_renew(std::string owner,
                                                                                      Millis ttl) override;
  [[nodiscard]] boost::asio::awaitable<Result<Snapshot>> load() override;
  [[nodiscard]] boost::asio::awaitable<Result<void>> commit(CommitRequest request) override;
  [[nodiscard]] boost::asio::awaitable<Result<void>> release(Epoch epoch) override;
  /// size_bytes is 0: there is no file.
  [[nodiscard]] boost::asio::awaitable<Result<StoreStats>> stats() override;
  [[nodiscard]] boost::asio::awaitable<Result<HistoryPage>> read(HistoryQuery query) override;
  /// unsupported: there is no file.
  [[nodiscard]] boost::asio::awaitable<Result<void>> backup(std::string path) override;
  void close() override { closed_ = true; }

  using Ticks = std::map<std::pair<ScheduleId, Instant>, Tick>;
  /// Everything that is kept, finished or not.
  [[nodiscard]] const Ticks& ticks() const { return ticks_; }
  [[nodiscard]] const std::map<RunId, Run>& runs() const { return runs_; }
  [[nodiscard]] const std::map<JobId, JobRecord>& jobs() const { return jobs_; }

 private:
  [[nodiscard]] Result<void> check_claims(const std::vector<Mutation>& batch) const;
  void apply(const put::Cursor& mutation);
  void apply(const put::DropCursor& mutation);
  void apply(const put::PutTick& mutation);
  void apply(const put::PutRun& mutation);
  void apply(const put::PutJob& mutation);
  void apply(const put::PutHistory& mutation);
  void apply(const put::PutConnection& mutation);
  void apply(const put::DropConnection& mutation);
  void apply(const put::JobCursor& mutation);
  void apply(const put::Prune& mutation);
  void apply(const put::PutIncident& mutation);
  void apply(const put::PutRecovery& mutation);
  void apply(const put::DropRecovery& mutation);
  void apply(const put::PutPause& mutation);
  void apply(const put::DropPause& mutation);
  void apply(const put::PutCommand& mutation);
  void apply(const put::PutNotice& mutation);
  void apply(const put::DropNotice& mutation);
  [[nodiscard]] bool is_open(const std::optional<RunId>& run) const;
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] HistoryPage past(const HistoryQuery& query) const;
  /// Incidents closed, and commands asked, before this are not needed at the next start.
  [[nodiscard]] Instant old_incidents() const;
  [[nodiscard]] Instant old_commands() const;

  Options options_;
  bool closed_ = false;
  LeaseRow lease_;
  std::optional<LeaseRow> held_;
  std::map<ScheduleId, ScheduleCursor> cursors_;
  Ticks ticks_;
  std::map<RunId, Run> runs_;
  std::map<JobId, RunId> claims_;  ///< job -> the open run that is proven to have created it
  std::map<JobId, JobRecord> jobs_;
  std::map<ConnectionId, ConnectionView> connections_;
  std::map<ConnectionId, ConnectionHistory> histories_;
  std::map<IncidentId, Incident> incidents_;
  IncidentId newest_incident_;
  std::map<JobId, Recovery> recoveries_;
  std::map<ConnectionId, Pause> pauses_;
  std::map<std::string, CommandRecord> commands_;
  std::vector<Notice> outbox_;  ///< in the order of its writing
  std::optional<Instant> job_cursor_;
};

}  // namespace syncwarden::store
