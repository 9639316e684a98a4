// Forgetting what is old and closed.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "store/sqlite/impl/database.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace syncwarden::store {

/// One row each: when an incident last changed, when the newest command came; NULL where there is none.
inline constexpr std::string_view newest_incident_change =
    "SELECT max(a, b) FROM (SELECT ifnull(max(updated_ms), -9223372036854775808) AS a FROM incident), "
    "(SELECT ifnull(max(closed_ms), -9223372036854775808) AS b FROM incident WHERE closed_ms IS NOT NULL) "
    "WHERE EXISTS (SELECT 1 FROM incident)";
inline constexpr std::string_view newest_command = "SELECT max(at_ms) FROM command";

/// Deletes the oldest rows first, at most `limit` per table and call, so that a long backlog never holds up
/// the commits behind it. Never touches what is open or needed at the next start.
class Pruner {
 public:
  [[nodiscard]] Result<void> prepare(const Database& database, std::size_t limit);
  /// Within the caller's transaction.
  [[nodiscard]] Result<void> run(Instant before);

 private:
  [[nodiscard]] static Result<std::int64_t> keep(Statement& newest, Instant before,
                                                 Instant (*needed_from)(Instant));

  Statement ticks_, runs_, jobs_, incidents_, commands_, job_cursor_, newest_incident_, newest_command_;
  std::size_t limit_ = 0;
};

}  // namespace syncwarden::store
