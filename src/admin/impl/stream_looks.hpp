// How far jobs are, for people who watch them: one question to Airbyte, however many ask.
#pragma once

#include "admin/admin.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/job.hpp"

#include <map>
#include <utility>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::admin {

class StreamLooks {
 public:
  /// A look is good for so long. Nothing is asked while nobody looks.
  static constexpr Millis good_for{std::chrono::seconds{3}};

  explicit StreamLooks(ProgressOf ask) : ask_(std::move(ask)) {}
  /// The last answer where it is fresh, or where another look is under way; else Airbyte is asked.
  [[nodiscard]] boost::asio::awaitable<Result<JobInspection>> look(JobId job, ConnectionId connection,
                                                                   WorkspaceId workspace, Mono now);

 private:
  struct Seen {
    Mono asked;
    bool asking = false;
    Result<JobInspection> answer = JobInspection{};
  };
  ProgressOf ask_;
  std::map<JobId, Seen> seen_;  ///< of the last few seconds
};

}  // namespace syncwarden::admin
