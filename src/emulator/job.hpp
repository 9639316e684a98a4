// Jobs as the emulated Airbyte keeps them in its database, and questions about them.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/job.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace syncwarden::emulator {

/// Position of a connection in its Airbyte; stable for the life of the object.
using ConnectionIndex = std::uint32_t;

/// Who started a job: somebody through the API, or Airbyte's own scheduler.
enum class Cause : std::uint8_t { manual, schedule };
[[nodiscard]] std::string_view to_string(Cause cause);

/// The words of AttemptStatus; a cancelled attempt is a failed one (reference 4.6).
enum class AttemptStatus : std::uint8_t { running, failed, succeeded };
[[nodiscard]] std::string_view to_string(AttemptStatus status);

/// How the counters of an attempt move.
enum class Course : std::uint8_t { steady, stuck, rate_limited, empty, restarting };

/// Everything that an attempt has counted up to some instant.
struct Progress {
  std::int64_t records_emitted = 0;
  std::int64_t bytes_emitted = 0;
  std::int64_t records_committed = 0;
  std::int64_t bytes_committed = 0;
  std::int64_t records_rejected = 0;
};

struct Attempt {
  AttemptStatus status = AttemptStatus::running;
  Course course = Course::steady;
  bool will_succeed = true;
  Instant created;
  Instant updated;
  std::optional<Instant> ended;
  std::optional<JobFailure> failure;
  Millis planned{};          ///< how long it counts if nobody interferes
  Millis silence{};          ///< how long it goes on without counting after that
  double reaches = 1;        ///< the part of its records that it emits before it ends
  std::int64_t records = 0;  ///< what a full attempt emits
  bool hides_stats = false;  ///< for a part of its time
  Progress final_progress;   ///< once it has ended
};

struct Job {
  JobId id;
  ConnectionIndex connection = 0;
  JobType type = JobType::sync;
  JobStatus status = JobStatus::pending;
  Cause cause = Cause::manual;
  bool doomed = false;         ///< every attempt fails
  bool freezes = false;        ///< every attempt freezes
  bool never_starts = false;   ///< it stays pending
  bool never_retries = false;  ///< its first attempt fails, and there is no second
  bool broken_schema = false;  ///< it ends at once, the connection is switched off
  bool without_stats = false;  ///< no statistics at all, even after a success
  double volume = 1;           ///< times the usual records
  Instant created;
  Instant updated;  ///< last change of status
  std::uint32_t cancels_ignored = 0;
  std::vector<Attempt> attempts;
  std::uint16_t complete_failures = 0;  ///< in all
  std::uint16_t complete_failures_in_row = 0;
  std::uint16_t partial_failures = 0;
};

/// A question to the jobs table. Empty lists and options do not restrict. Ranges include both ends.
struct JobQuery {
  enum class Order : std::uint8_t { created, updated };

  std::vector<WorkspaceId> workspaces;
  std::optional<ConnectionId> connection;
  std::vector<JobType> types;
  std::vector<JobStatus> statuses;
  std::optional<Instant> created_from;
  std::optional<Instant> created_to;
  std::optional<Instant> updated_from;
  std::optional<Instant> updated_to;
  Order order = Order::created;
  bool ascending = false;
  std::size_t offset = 0;
  std::size_t limit = 200;
  bool with_total = false;  ///< count every match, not only the page: dear on a long history
};

struct JobList {
  std::vector<const Job*> jobs;  ///< valid until the next advance, signal or prune
  std::size_t total = 0;         ///< with `with_total` all matches, else those of the page
};

/// One line of the log of what was really started: the truth for tests that kill the daemon.
struct Created {
  JobId job;
  ConnectionIndex connection = 0;
  Instant at;
  Cause cause = Cause::manual;
  JobType type = JobType::sync;
};

}  // namespace syncwarden::emulator
