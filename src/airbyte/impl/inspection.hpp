// What the second look at a job reads: live counters, stream statuses, the workflow's state, logs. Pure.
#pragma once

#include "airbyte/codec.hpp"
#include "airbyte/impl/json_reader.hpp"
#include "model/job.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::airbyte {

// ---- requests

/// {"jobId","attemptNumber"} for attempt/get_combined_stats and attempt/get_for_job.
[[nodiscard]] std::string attempt_body(JobId job, std::uint32_t attempt);
/// One page of the stream statuses of one attempt. The server divides the offset by the page size, so it must
/// be a multiple of it.
[[nodiscard]] std::string stream_statuses_body(const WorkspaceId& workspace, const ConnectionId& connection,
                                               JobId job, std::uint32_t attempt, std::size_t page_size,
                                               std::size_t page);

// ---- connections/sync_progress and attempt/get_combined_stats

struct LiveCounters {
  JobId job;
  JobCounters counters;
};
[[nodiscard]] const Shape& sync_progress_shape();
/// Nothing while nothing runs, and before 1.0, when the reply was a list of streams.
[[nodiscard]] std::optional<LiveCounters> sync_progress_from(const Node& node);
/// What sync_progress tells of each stream: names and counters, no states.
[[nodiscard]] std::vector<StreamState> stream_counters_from(const Node& node);
/// `streams` with the counters of `counted`; whatever only these know comes last.
void merge_counters(std::vector<StreamState>& streams, std::vector<StreamState> counted);
[[nodiscard]] const Shape& attempt_stats_shape();
[[nodiscard]] JobCounters attempt_stats_from(const Node& node);
/// `counters` with everything that `fresh` has.
void overlay(JobCounters& counters, const JobCounters& fresh);

// ---- stream_statuses/list

struct StreamReport {
  std::optional<JobId> job;
  std::optional<std::int64_t> attempt;
  Instant changed;
  StreamState stream;
};
[[nodiscard]] const Shape& stream_status_list_shape();
/// Nothing without a stream's name and a state.
[[nodiscard]] std::optional<StreamReport> stream_report_from(const Node& node);

/// The newest report of every stream of one attempt; reports of other jobs and attempts, which a server that
/// does not know the filters sends too, are left out.
class StreamRoll {
 public:
  StreamRoll(JobId job, std::uint32_t attempt) : job_(job), attempt_(attempt) {}
  void add(StreamReport report);
  /// By name.
  [[nodiscard]] std::vector<StreamState> take();

 private:
  JobId job_;
  std::uint32_t attempt_;
  std::map<std::string, StreamReport> newest_;
};

// ---- jobs/get_debug_info

/// Only the workflow: logs and definitions pass by.
[[nodiscard]] const Shape& workflow_shape();
[[nodiscard]] std::optional<bool> workflow_running_from(const Node& node);

// ---- logs

/// AttemptInfoRead: what attempt/get_for_job answers.
[[nodiscard]] const Shape& attempt_log_shape();
/// JobInfoRead or JobDebugInfoRead: the logs of every attempt.
[[nodiscard]] const Shape& job_log_shape();

/// One line of a log as it may be shown: no control characters, no colours, bad bytes replaced.
[[nodiscard]] std::string log_text(std::string_view line);

/// Takes the elements that the log shapes hand out, and keeps the newest lines of the newest attempt.
class LogTail {
 public:
  static constexpr std::size_t max_line = 4'096;        ///< bytes of one line
  static constexpr std::size_t max_bytes = 16U << 20U;  ///< of all lines kept

  explicit LogTail(std::size_t most) : most_(most) {}
  void take(const Node& node);
  /// Oldest first.
  [[nodiscard]] std::vector<std::string> lines();

 private:
  void add(std::string_view text);
  void end_attempt(std::int64_t number);

  std::size_t most_;
  std::deque<std::string> open_;  ///< of the attempt that is being read
  std::size_t bytes_ = 0;
  std::deque<std::string> newest_;
  std::int64_t newest_number_ = 0;
  std::int64_t attempts_ = 0;
};

}  // namespace syncwarden::airbyte
