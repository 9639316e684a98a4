// One complete poll of the jobs: which listings to ask for, when a page was the last, where to cut.
#pragma once

#include "airbyte/impl/dialect.hpp"
#include "airbyte/impl/wire.hpp"
#include "model/exchange.hpp"
#include "model/job.hpp"

#include <cstddef>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::airbyte {

/// One page as it came; `seen` counts what could not be read too, because it tells whether there is another.
struct JobsOnPage {
  std::vector<JobView> jobs;
  std::size_t seen = 0;
};

/// The ended jobs of a poll, from everything that was read for it: only terminal ones, since the cursor, each
/// once, oldest change first. `cut`: reading stopped at a bound, so that the last instant may be incomplete
/// and is left out, if anything remains then.
[[nodiscard]] std::vector<JobView> ended_from(std::vector<JobView> read, std::optional<Instant> since,
                                              bool cut);
/// Each id once (the last reading wins), only what is not terminal.
[[nodiscard]] std::vector<JobView> active_from(std::vector<JobView> read);

class JobListing {
 public:
  explicit JobListing(Wire& wire) : wire_(wire) {}

  [[nodiscard]] boost::asio::awaitable<Result<JobsPage>> poll(Place place,
                                                              std::vector<WorkspaceId> workspaces,
                                                              out::ReadJobs request);
  /// The newest job of a connection; nothing if it never had one.
  [[nodiscard]] boost::asio::awaitable<Result<std::optional<JobView>>> newest(Place place,
                                                                              ConnectionId connection);

  /// What the server understands; replaced after a probe.
  void set_traits(Traits traits);
  [[nodiscard]] const Traits& traits() const { return traits_; }

 private:
  struct Reading;

  [[nodiscard]] boost::asio::awaitable<Result<JobsOnPage>> page(Place place, JobQuery query);
  [[nodiscard]] boost::asio::awaitable<Result<JobsOnPage>> tolerant_page(Place place, JobQuery query);
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> pages(Place place, JobQuery query, std::size_t limit);
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<JobView>>> active(Place place, JobQuery query);
  [[nodiscard]] boost::asio::awaitable<Result<JobsPage>> per_connection(Place place, out::ReadJobs request);
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<JobView>>> of_connection(
      Place place, ConnectionId connection, std::optional<Instant> since);

  Wire& wire_;
  Traits traits_;
  std::size_t active_before_ = 0;
  std::size_t ended_before_ = 0;
};

}  // namespace syncwarden::airbyte
