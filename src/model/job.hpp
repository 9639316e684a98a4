// Airbyte's jobs as syncwarden sees them: what every dialect of the API is decoded into.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden {

enum class JobStatus : std::uint8_t {
  pending,
  queued,
  running,
  incomplete,
  failed,
  succeeded,
  cancelled,
  unknown
};
enum class JobType : std::uint8_t { sync, reset, refresh, clear, other };
enum class FailureOrigin : std::uint8_t {
  source,
  destination,
  replication,
  persistence,
  normalization,
  dbt,
  airbyte_platform,
  unknown,
  other
};
enum class FailureType : std::uint8_t {
  config_error,
  system_error,
  manual_cancellation,
  refresh_schema,
  heartbeat_timeout,
  destination_timeout,
  transient_error,
  unknown
};
/// Why a run failed, in the words that retry policies use.
enum class FailureClass : std::uint8_t {
  config,
  transient,
  system,
  refresh_schema,
  source_timeout,
  destination_timeout,
  rate_limited,
  lost,
  deadline,
  unknown
};

inline constexpr std::array all_job_statuses{JobStatus::pending,    JobStatus::queued, JobStatus::running,
                                             JobStatus::incomplete, JobStatus::failed, JobStatus::succeeded,
                                             JobStatus::cancelled,  JobStatus::unknown};
inline constexpr std::array all_job_types{JobType::sync, JobType::reset, JobType::refresh, JobType::clear,
                                          JobType::other};
inline constexpr std::array all_failure_origins{
    FailureOrigin::source,           FailureOrigin::destination,   FailureOrigin::replication,
    FailureOrigin::persistence,      FailureOrigin::normalization, FailureOrigin::dbt,
    FailureOrigin::airbyte_platform, FailureOrigin::unknown,       FailureOrigin::other};
inline constexpr std::array all_failure_types{
    FailureType::config_error,        FailureType::system_error,
    FailureType::manual_cancellation, FailureType::refresh_schema,
    FailureType::heartbeat_timeout,   FailureType::destination_timeout,
    FailureType::transient_error,     FailureType::unknown};
inline constexpr std::array all_failure_classes{
    FailureClass::config,         FailureClass::transient,      FailureClass::system,
    FailureClass::refresh_schema, FailureClass::source_timeout, FailureClass::destination_timeout,
    FailureClass::rate_limited,   FailureClass::lost,           FailureClass::deadline,
    FailureClass::unknown};

[[nodiscard]] std::string_view to_string(JobStatus status);
[[nodiscard]] std::string_view to_string(JobType type);
[[nodiscard]] std::string_view to_string(FailureOrigin origin);
[[nodiscard]] std::string_view to_string(FailureType type);
[[nodiscard]] std::string_view to_string(FailureClass failure);

/// Airbyte's words; anything new is `unknown` (origins: `other`), never an error. Case does not matter, and
/// both the Config API's "reset_connection" and the Public API's "reset" are known.
[[nodiscard]] JobStatus job_status_from(std::string_view word);
[[nodiscard]] JobType job_type_from(std::string_view word);
[[nodiscard]] FailureOrigin failure_origin_from(std::string_view word);
[[nodiscard]] FailureType failure_type_from(std::string_view word);

/// failed, succeeded or cancelled. `unknown` is not terminal: a word that we do not know must not end a
/// watch.
[[nodiscard]] constexpr bool is_terminal(JobStatus status) {
  return status == JobStatus::failed || status == JobStatus::succeeded || status == JobStatus::cancelled;
}

/// Counters of a job; each may be absent, and they may fall when an attempt starts over.
struct JobCounters {
  std::optional<std::int64_t> records_emitted;
  std::optional<std::int64_t> bytes_emitted;
  std::optional<std::int64_t> records_committed;
  std::optional<std::int64_t> bytes_committed;
  std::optional<std::int64_t> records_rejected;

  auto operator<=>(const JobCounters&) const = default;
};

/// False where Airbyte shows no statistics at all for a job (not started, or the false success of #85355).
[[nodiscard]] constexpr bool has_statistics(const JobCounters& counters) {
  return counters.records_emitted || counters.bytes_emitted || counters.records_committed ||
         counters.bytes_committed;
}

struct JobFailure {
  FailureOrigin origin = FailureOrigin::unknown;
  FailureType type = FailureType::unknown;
  std::string message;  ///< external message, made printable, at most 500 bytes

  bool operator==(const JobFailure&) const = default;
};

/// One reading of a job.
struct JobView {
  JobId id;
  ConnectionId connection;
  JobType type = JobType::sync;
  JobStatus status = JobStatus::unknown;
  Instant created;
  Instant updated;                         ///< last change of status, not a heartbeat
  std::uint32_t attempts = 0;              ///< 0 where the API does not tell
  std::optional<Instant> attempt_started;  ///< of the last attempt
  std::optional<Instant> attempt_ended;
  JobCounters counters;
  std::vector<JobFailure> failures;  ///< of the last attempt that had any; empty over the Public API

  bool operator==(const JobView&) const = default;
};

enum class StreamRunState : std::uint8_t { pending, running, complete, incomplete, rate_limited, unknown };

[[nodiscard]] std::string_view to_string(StreamRunState state);
[[nodiscard]] StreamRunState stream_run_state_from(std::string_view word);

/// What one stream of a running job says of itself.
struct StreamState {
  std::string name;  ///< "namespace.name", made printable
  StreamRunState state = StreamRunState::unknown;
  std::optional<Instant> quota_reset;  ///< with rate_limited, where the source tells
  std::optional<std::int64_t> records,
      bytes;  ///< read so far, where Airbyte tells (since 1.0, while it runs)

  bool operator==(const StreamState&) const = default;
};

/// A second, different look at one job before anybody acts on it: live counters, streams, the workflow.
struct JobInspection {
  JobView job;                           ///< counters are the freshest that the API has
  std::optional<bool> workflow_running;  ///< nothing where the API does not tell
  std::vector<StreamState> streams;      ///< empty where the API does not tell

  bool operator==(const JobInspection&) const = default;
};

/// The failure class of a failed job: the first failure that names one, else `unknown`.
[[nodiscard]] FailureClass classify(const std::vector<JobFailure>& failures);

}  // namespace syncwarden
