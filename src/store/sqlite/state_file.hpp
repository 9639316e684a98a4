// Looking at a state file, copying it and putting a copy in its place: what the command `state` does.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/mutation.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::store {

struct StateDescription {
  std::int64_t schema_version = 0;  ///< 0: an empty file
  std::uint64_t size_bytes = 0;
  std::uint64_t log_bytes = 0;                              ///< of the write-ahead log beside it
  Epoch epoch;                                              ///< of the last leader; 0: nobody ever led
  std::string owner;                                        ///< of the lease; empty: released
  std::vector<std::pair<std::string, std::uint64_t>> rows;  ///< by table, in the order of the schema
  std::uint64_t open_runs = 0;
  std::uint64_t open_incidents = 0;
  /// The newest decision, request, change of a job or incident, or command in it: how old the state is.
  std::optional<Instant> newest_change;
};

/// Without the lock: a daemon may be running. Knows every version up to this one's, and writes nothing.
/// file_unreadable, store_newer, store_corrupt: as for inspect().
[[nodiscard]] Result<StateDescription> describe_state(const std::string& path);

/// What the state knows of the connections, as of one commit.
struct KnownFleet {
  std::vector<ConnectionView> connections;
  std::vector<ConnectionHistory> histories;
};

/// Without the lock: a daemon may be running, or start meanwhile. Writes nothing. store_corrupt, store_newer,
/// file_unreadable as for describe_state(); unsupported: an older syncwarden wrote it.
[[nodiscard]] Result<KnownFleet> read_fleet(const std::string& path);

/// Copies `from` to the new file `to`, whether a daemon uses it or not. file_unwritable: `to` exists.
[[nodiscard]] Result<void> backup_state(const std::string& from, const std::string& to);

struct Restored {
  StateDescription state;  ///< what stands there now
  std::string kept;        ///< where the state went that stood there before; empty: there was none
};

/// Puts a copy of `from` in the place of `to`: copied beside it, brought to this version, read row by row,
/// and only then renamed. What stood there is renamed, too, and never overwritten. store_locked: a process
/// uses `to`. After an error `to` is as it was.
[[nodiscard]] Result<Restored> restore_state(const std::string& from, const std::string& to);

}  // namespace syncwarden::store
