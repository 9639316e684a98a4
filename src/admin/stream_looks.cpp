#include "admin/impl/stream_looks.hpp"

#include <exception>

#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::admin {

namespace asio = boost::asio;

asio::awaitable<Result<JobInspection>> StreamLooks::look(JobId job, ConnectionId connection,
                                                         WorkspaceId workspace, Mono now) {
  if (!ask_) {
    const Error nobody{Errc::unsupported, "this process cannot ask for streams", "", ""};
    co_return nobody;
  }
  std::erase_if(seen_, [now, job](const auto& one) {
    return one.first != job && !one.second.asking && now - one.second.asked >= good_for;
  });
  const auto known = seen_.find(job);
  if (known != seen_.end() && (known->second.asking || now - known->second.asked < good_for))
    co_return known->second.answer;
  Seen& seen = seen_[job];
  seen.asked = now;
  seen.asking = true;
  Result<JobInspection> answer = JobInspection{};
  try {
    answer = co_await ask_(job, connection, workspace);
  } catch (const std::exception&) {
    seen_.erase(job);
    throw;
  }
  const auto place = seen_.find(job);
  if (place != seen_.end()) {
    place->second.answer = answer;
    place->second.asking = false;
  }
  co_return answer;
}

}  // namespace syncwarden::admin
