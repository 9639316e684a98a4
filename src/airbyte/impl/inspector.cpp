#include "airbyte/impl/inspector.hpp"

#include "airbyte/impl/inspection.hpp"

#include <utility>

#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

constexpr std::size_t small_body = 4U << 20U;
constexpr std::size_t log_body = 256U << 20U;  // read through, not kept
constexpr std::size_t stream_page = 200;
constexpr std::size_t stream_pages = 20;

/// What a refinement makes of a failure: nothing, unless everything is being ended.
Result<void> forgiven(const Error& error) {
  if (error.code == Errc::cancelled) return error;
  return Result<void>();
}

}  // namespace

asio::awaitable<Result<void>> Inspector::progress(Place place, Traits traits, WorkspaceId workspace,
                                                  JobInspection* inspection) {
  if (!traits.whole_instance) co_return Result<void>();  // before 0.50 there is neither of these
  std::vector<StreamState> counted_streams;
  if (!is_terminal(inspection->job.status)) {
    const Result<void> counted = co_await counters(place, traits, inspection, &counted_streams);
    if (!counted) co_return counted.error();
  }
  if (!workspace.empty() && inspection->job.attempts > 0) {
    const Result<void> listed = co_await streams(place, workspace, inspection);
    if (!listed) co_return listed.error();
  }
  merge_counters(inspection->streams, std::move(counted_streams));
  co_return Result<void>();
}

asio::awaitable<Result<void>> Inspector::counters(Place place, Traits traits, JobInspection* inspection,
                                                  std::vector<StreamState>* of_streams) {
  JobView& job = inspection->job;
  // Before 1.0 lists show the counters of the newest attempt, since then those of the job: the second reading
  // must count the same things as the first.
  if (!traits.knows_refresh) {
    const Result<void> counted = co_await attempt_counters(place, false, inspection);
    co_return counted;
  }
  std::string body = connection_id_body(job.connection);
  Call call =
      read_call(wire_.target(), place, Operation::get_job, "/connections/sync_progress", std::move(body));
  call.max_body = small_body;
  const Result<Node> reply = co_await wire_.read(std::move(call), sync_progress_shape());
  if (!reply && reply.error().code == Errc::cancelled) co_return reply.error();
  if (reply) {
    const auto live = sync_progress_from(*reply);
    if (live && live->job == job.id && has_statistics(live->counters)) {
      *of_streams = stream_counters_from(*reply);
      overlay(job.counters, live->counters);
      co_return Result<void>();
    }
  }
  if (has_statistics(job.counters)) co_return Result<void>();
  const Result<void> counted = co_await attempt_counters(place, true, inspection);
  co_return counted;
}

asio::awaitable<Result<void>> Inspector::attempt_counters(Place place, bool with_bytes_committed,
                                                          JobInspection* inspection) {
  JobView& job = inspection->job;
  if (job.attempts == 0) co_return Result<void>();
  std::string body = attempt_body(job.id, job.attempts - 1);
  Call call =
      read_call(wire_.target(), place, Operation::get_job, "/attempt/get_combined_stats", std::move(body));
  call.max_body = small_body;
  const Result<Node> reply = co_await wire_.read(std::move(call), attempt_stats_shape());
  if (!reply) co_return forgiven(reply.error());
  JobCounters fresh = attempt_stats_from(*reply);
  // Where lists do not tell it, a counter that only the second reading has would look like progress.
  if (!with_bytes_committed) fresh.bytes_committed.reset();
  overlay(job.counters, fresh);
  co_return Result<void>();
}

asio::awaitable<Result<void>> Inspector::streams(Place place, WorkspaceId workspace,
                                                 JobInspection* inspection) {
  const JobView& job = inspection->job;
  const std::uint32_t attempt = job.attempts - 1;
  StreamRoll roll(job.id, attempt);
  for (std::size_t page = 0; page < stream_pages; ++page) {
    std::string body = stream_statuses_body(workspace, job.connection, job.id, attempt, stream_page, page);
    Call call =
        read_call(wire_.target(), place, Operation::get_job, "/stream_statuses/list", std::move(body));
    call.max_body = small_body;
    std::size_t seen = 0;
    Reader::Each each = [&roll, &seen](const Node& node) {
      ++seen;
      if (auto report = stream_report_from(node)) roll.add(std::move(*report));
    };
    const Result<void> listed =
        co_await wire_.list(std::move(call), stream_status_list_shape(), std::move(each));
    if (!listed) co_return forgiven(listed.error());
    if (seen < stream_page) break;
  }
  inspection->streams = roll.take();
  co_return Result<void>();
}

asio::awaitable<Result<void>> Inspector::workflow(Place place, JobInspection* inspection) {
  std::string body = job_id_body(inspection->job.id);
  Call call = read_call(wire_.target(), place, Operation::get_job, "/jobs/get_debug_info", std::move(body));
  call.max_body = log_body;  // it comes with the logs of all attempts
  const Result<Node> reply = co_await wire_.read(std::move(call), workflow_shape());
  if (!reply) co_return forgiven(reply.error());
  inspection->workflow_running = workflow_running_from(*reply);
  co_return Result<void>();
}

asio::awaitable<Result<std::vector<std::string>>> Inspector::tail(Call call, const Shape& shape,
                                                                  std::size_t most) {
  LogTail lines(most);
  Reader::Each each = [&lines](const Node& node) { lines.take(node); };
  Reader reader(shape, std::move(each), LogTail::max_line);
  call.max_body = log_body;
  call.reader = &reader;
  const Result<http::Response> reply = co_await wire_.fetch(std::move(call));
  if (!reply) co_return reply.error();
  co_return lines.lines();
}

asio::awaitable<Result<std::vector<std::string>>> Inspector::attempt_log(Place place, JobId job,
                                                                         std::uint32_t attempt,
                                                                         std::size_t most) {
  std::string body = attempt_body(job, attempt);
  Call call = read_call(wire_.target(), place, Operation::get_job, "/attempt/get_for_job", std::move(body));
  Result<std::vector<std::string>> lines = co_await tail(std::move(call), attempt_log_shape(), most);
  co_return lines;
}

asio::awaitable<Result<std::vector<std::string>>> Inspector::job_log(Place place, JobId job,
                                                                     std::size_t most) {
  std::string body = job_id_body(job);
  Call call = read_call(wire_.target(), place, Operation::get_job, "/jobs/get_debug_info", std::move(body));
  Result<std::vector<std::string>> lines = co_await tail(std::move(call), job_log_shape(), most);
  co_return lines;
}

}  // namespace syncwarden::airbyte
