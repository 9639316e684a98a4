// Following one sync until its verdict: what changed, how far it is, how it ended.
#pragma once

#include "app/answer.hpp"
#include "app/screen.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

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
  std::string waits;    ///< why nothing has started yet; printable
  std::string verdict;  ///< empty while it goes on
  std::string why;

  [[nodiscard]] bool over() const { return !verdict.empty(); }
};

/// From GET runs?run=… and GET connections/{id}; nothing where the run is not among them.
[[nodiscard]] std::optional<SyncState> sync_state(const Answer& runs, const Answer& connection);

/// 0 verified, 4 suspect, 5 cancelled, 1 for every other end.
[[nodiscard]] int exit_status_of(const SyncState& state);

/// "orders -> warehouse: job 41 running, 12,000 records, 48.2 MB, 1m30s of typically 4m"
[[nodiscard]] std::string progress_line(const SyncState& state, Instant now);
/// The same with a bar and a rate, cut to the width of the terminal.
[[nodiscard]] std::string progress_bar(const SyncState& state, Instant now, const Look& look);
/// "orders -> warehouse: succeeded after 4m12s: 12,000 records, 48.2 MB"
[[nodiscard]] std::string verdict_line(const SyncState& state, Instant now);

/// Prints each change as a line, or redraws the bar of a terminal.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(Look look) : look_(look) {}
  void show(const SyncState& state, Instant now);
  /// The bar's line ends here; what follows is printed below it.
  void end();

 private:
  Look look_;
  std::string told_;
  bool bar_ = false;
};

}  // namespace syncwarden::app
