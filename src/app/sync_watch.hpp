// Following one sync until its verdict: what changed, how far it is, how it ended.
#pragma once

#include "app/answer.hpp"
#include "app/screen.hpp"
#include "base/time.hpp"
#include "model/job.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::app {

/// A sync as it stands, whoever told it: the daemon, or Airbyte itself.
struct SyncState {
  std::string name;   ///< of the connection
  std::string phase;  ///< "queued", "watching", ... "finished"; a word of the daemon
  std::int64_t job = 0;
  std::string status;  ///< of the job, in Airbyte's word
  std::uint32_t attempts = 0;
  std::optional<std::int64_t> records, bytes;
  std::optional<Instant> created;  ///< of the job
  std::optional<Instant> ended;
  std::optional<Millis> typical;
  std::vector<StreamState> streams;  ///< empty where nobody tells
  std::string waits;                 ///< why nothing has started yet; printable
  std::string verdict;               ///< empty while it goes on
  std::string why;

  [[nodiscard]] bool over() const { return !verdict.empty(); }
};

/// From GET runs?run=… and GET connections/{id}; nothing where the run is not among them.
[[nodiscard]] std::optional<SyncState> sync_state(const Answer& runs, const Answer& connection);

/// From GET connections/{id}/streams; empty where an older daemon or the API behind it does not tell.
[[nodiscard]] std::vector<StreamState> streams_of(const Answer& answer);

/// 0 verified, 4 suspect, 5 cancelled, 1 for every other end.
[[nodiscard]] int exit_status_of(const SyncState& state);

/// "orders -> warehouse: job 41 running, 12,000 records, 48.2 MB, 1m30s of typically 4m"
[[nodiscard]] std::string progress_line(const SyncState& state, Instant now);
/// The same with a bar and a rate, cut to the width of the terminal.
[[nodiscard]] std::string progress_bar(const SyncState& state, Instant now, const Look& look);
/// "orders -> warehouse: succeeded after 4m12s: 12,000 records, 48.2 MB"
[[nodiscard]] std::string verdict_line(const SyncState& state, Instant now);

/// "public.orders  rate limited until 21:40 (in 5m)  12,000 records, 48.2 MB"
[[nodiscard]] std::string stream_line(const StreamState& stream, Instant now);
/// The lines below the bar: what needs attention first, at most `most`, the last of which counts the rest.
[[nodiscard]] std::vector<std::string> stream_lines(const std::vector<StreamState>& streams, Instant now,
                                                    std::size_t most);
/// Prints each change as a line, or redraws the bar of a terminal with the streams below it.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(Look look) : look_(look) {}
  void show(const SyncState& state, Instant now);
  /// The bar's line ends here; what follows is printed below it.
  void end();

 private:
  void draw(const SyncState& state, Instant now);
  void tell_streams(const SyncState& state, Instant now);

  Look look_;
  std::string told_;
  std::map<std::string, std::pair<StreamRunState, std::optional<Instant>>> told_streams_;
  bool bar_ = false;
  std::size_t below_ = 0;  ///< lines that stand below the bar's
};

}  // namespace syncwarden::app
