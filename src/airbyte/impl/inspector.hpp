// The requests behind a second look at a job, and behind its log (Config API).
#pragma once

#include "airbyte/impl/dialect.hpp"
#include "airbyte/impl/wire.hpp"
#include "base/error.hpp"
#include "model/job.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::airbyte {

class Inspector {
 public:
  explicit Inspector(Wire& wire) : wire_(wire) {}

  /// Completes a reading of a job with what this server tells of its progress: live counters unless it has
  /// ended, and its streams. `inspection->job` is set, and the ids of its connection and workspace are known.
  /// What cannot be had is left out; only being cancelled is an error.
  [[nodiscard]] boost::asio::awaitable<Result<void>> progress(Place place, Traits traits,
                                                              WorkspaceId workspace,
                                                              JobInspection* inspection);
  /// Whether the workflow of a job that has not ended runs. The same holds.
  [[nodiscard]] boost::asio::awaitable<Result<void>> workflow(Place place, JobInspection* inspection);
  /// The newest lines of one attempt. Errc::not_found where the server has no such route or attempt.
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<std::string>>> attempt_log(Place place, JobId job,
                                                                                     std::uint32_t attempt,
                                                                                     std::size_t most);
  /// The same of the newest attempt, out of a reply with the logs of all.
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<std::string>>> job_log(Place place, JobId job,
                                                                                 std::size_t most);

 private:
  [[nodiscard]] boost::asio::awaitable<Result<void>> counters(Place place, Traits traits,
                                                              JobInspection* inspection,
                                                              std::vector<StreamState>* of_streams);
  [[nodiscard]] boost::asio::awaitable<Result<void>> attempt_counters(Place place, bool with_bytes_committed,
                                                                      JobInspection* inspection);
  [[nodiscard]] boost::asio::awaitable<Result<void>> streams(Place place, WorkspaceId workspace,
                                                             JobInspection* inspection);
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<std::string>>> tail(Call call, const Shape& shape,
                                                                              std::size_t most);

  Wire& wire_;
};

}  // namespace syncwarden::airbyte
