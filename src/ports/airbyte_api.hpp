// What the shell asks of Airbyte. Implemented by airbyte/client; faked in the shell's tests.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/exchange.hpp"
#include "model/job.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden {

/// Every call has its own deadline, bounded reply and lane (triggers, reads, connectors), and ends early with
/// Errc::cancelled when the awaiting coroutine is cancelled or close() is called. Nothing is retried in here
/// except one idempotent read on a dead kept-alive connection and one request after a token was refreshed.
class AirbyteApi {
 public:
  virtual ~AirbyteApi() = default;

  /// Version and dialect; also resets what was known of them.
  [[nodiscard]] virtual boost::asio::awaitable<Result<AirbyteInfo>> probe() = 0;
  /// Every connection of the configured workspaces, deleted ones left out, with the names of their actors.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<ConnectionView>>> connections() = 0;
  /// in::JobsSeen::retry_after is taken from Error through last_retry_after().
  [[nodiscard]] virtual boost::asio::awaitable<Result<JobsPage>> jobs(out::ReadJobs request) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<JobView>> job(JobId id) = 0;
  /// A second look at a job before anybody acts on it. What the API cannot tell is absent, no error.
  [[nodiscard]] virtual boost::asio::awaitable<Result<JobInspection>> inspect(out::InspectJob request) = 0;
  /// The newest lines of a job's log, oldest first, at most `most`; made printable. Errc::unsupported over
  /// the Public API.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::vector<std::string>>> log_lines(
      JobId id, std::size_t most) = 0;
  /// Never fails: every way it can go is an answer.
  [[nodiscard]] virtual boost::asio::awaitable<TriggerReply> trigger(out::TriggerSync request) = 0;
  /// Reads the job again right before and sends nothing unless it surely has not ended, belongs to the
  /// connection and is its latest. Whatever is unclear is `failed`: the reading, or what became of the
  /// request.
  [[nodiscard]] virtual boost::asio::awaitable<in::CancelAnswered> cancel(out::CancelJob request) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> set_schedule_manual(ConnectionId connection) = 0;

  /// The pause that the last 429 or 503 asked for, once: taking it clears it.
  [[nodiscard]] virtual std::optional<Millis> take_retry_after() = 0;
  /// Takes over new lanes, timeouts and budgets from a reloaded configuration is a new object; this ends the
  /// old one.
  virtual void close() = 0;
};

}  // namespace syncwarden
