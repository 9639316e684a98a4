// The names of botify's airbyte_exporter, for dashboards and rules that were written for it. It counts rows
// of Airbyte's database at each scrape; here connections and active jobs are counted so, too, and completed
// jobs as they end, from 0 at the start.
#pragma once

#include "model/connection.hpp"
#include "model/job.hpp"
#include "model/read_view.hpp"

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

namespace syncwarden::observe {

class ConnectorPairs;
class TextWriter;

class BotifyText {
 public:
  explicit BotifyText(ConnectorPairs& pairs) : pairs_(pairs) {}

  /// A job that reached a terminal state. Counted whether it is shown or not, so that a reload which shows it
  /// shows no jump.
  void count(const JobView& job, const ConnectionView& connection);
  /// All four families, as of now.
  void write(TextWriter& writer, const ReadView& view);

 private:
  template <class Word>
  using Tally = std::map<std::tuple<std::uint32_t, AirbyteSchedule, Word>, std::uint64_t>;

  ConnectorPairs& pairs_;
  Tally<std::pair<JobType, JobStatus>> completed_;
};

}  // namespace syncwarden::observe
