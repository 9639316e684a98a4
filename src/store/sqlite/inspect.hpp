// Looking into a state file without taking part: for `state info`, and for tests that count.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "model/run.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::store {

struct Inspection {
  std::int64_t schema_version = 0;
  Epoch epoch;        ///< of the last leader; 0: nobody ever led
  std::string owner;  ///< of the lease; empty: released
  std::map<std::pair<TickOutcome, TickReason>, std::uint64_t> ticks;
  std::map<RunPhase, std::uint64_t> runs;
  std::uint64_t jobs = 0;
  std::map<RunId, std::uint64_t> jobs_by_run;  ///< jobs that each run created
  std::vector<JobId> shared_jobs;  ///< ids that several runs are proven to have created, or adopted
};

/// Called for each row while the file is read, in the order of its key; may be empty.
struct Visitors {
  std::function<void(const Run&)> run;
  std::function<void(const Tick&)> tick;
};

/// Reads one consistent picture, without the lock: a daemon may be running. Nothing is written.
/// file_unreadable: no such file, or no permission. store_newer, store_corrupt: as when it is opened.
[[nodiscard]] Result<Inspection> inspect(const std::string& path, const Visitors& visitors = {});

}  // namespace syncwarden::store
