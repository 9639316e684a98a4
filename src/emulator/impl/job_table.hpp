// The jobs of one Airbyte with the indexes that its questions need.
#pragma once

#include "emulator/job.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace syncwarden::emulator {

/// Ids are dense and created instants never fall, so both "by id" and "by creation" are an array. Jobs that
/// have not ended are few and kept apart; those that ended are in the order of their end.
class JobTable {
 public:
  explicit JobTable(std::int64_t first_id) : first_(first_id) {}

  void add_connection() { of_connection_.emplace_back(); }
  Job& create(ConnectionIndex connection, Instant now);
  /// Tells the table that a job's status has become terminal.
  void ended(Job& job);

  [[nodiscard]] Job* find(JobId id);
  [[nodiscard]] const Job* find(JobId id) const;
  [[nodiscard]] const std::vector<std::int64_t>& active() const { return active_; }
  /// Ids of a connection's jobs, oldest first.
  [[nodiscard]] const std::deque<std::int64_t>& of(ConnectionIndex connection) const {
    return of_connection_[connection];
  }
  [[nodiscard]] JobId newest() const { return {first_ + static_cast<std::int64_t>(jobs_.size()) - 1}; }
  [[nodiscard]] std::size_t size() const { return alive_; }

  /// `accepts` decides about a job's connection (workspace or the connection itself).
  [[nodiscard]] JobList list(const JobQuery& query, std::optional<ConnectionIndex> connection,
                             const std::function<bool(ConnectionIndex)>& accepts) const;
  void prune(Instant before);

 private:
  struct End {
    Instant at;
    std::int64_t id = 0;
  };
  [[nodiscard]] std::vector<const Job*> candidates(const JobQuery& query,
                                                   std::optional<ConnectionIndex> connection) const;
  [[nodiscard]] bool walks_by_creation(const JobQuery& query) const;

  std::int64_t first_;                       // id of jobs_.front()
  std::deque<std::unique_ptr<Job>> jobs_;    // null where pruned
  std::vector<std::unique_ptr<Job>> spare_;  // pruned jobs, to be used again
  std::vector<std::int64_t> active_;         // ascending
  std::deque<End> ended_;                    // ascending by `at`
  std::vector<std::deque<std::int64_t>> of_connection_;
  std::size_t alive_ = 0;
};

}  // namespace syncwarden::emulator
