// Forgetting what is old and closed.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "store/sqlite/impl/database.hpp"

#include <cstddef>

namespace syncwarden::store {

/// Deletes the oldest rows first, at most `limit` per table and call, so that a long backlog never holds up
/// the commits behind it. Never touches what is open or needed at the next start.
class Pruner {
 public:
  [[nodiscard]] Result<void> prepare(const Database& database, std::size_t limit);
  /// Within the caller's transaction.
  [[nodiscard]] Result<void> run(Instant before);

 private:
  Statement ticks_, runs_, jobs_, job_cursor_;
  std::size_t limit_ = 0;
};

}  // namespace syncwarden::store
