#include "app/setup/job_watch.hpp"

#include "app/direct_sync.hpp"
#include "app/screen.hpp"
#include "app/sync_watch.hpp"
#include "base/text.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr int most_failures = 30;
constexpr std::size_t typical_of = 11;  ///< syncs that tell how long one takes

/// A second or two, less where a signal comes.
void pause_a_little() {
  timespec wait{1, 0};
  (void)::nanosleep(&wait, nullptr);
}

/// Half of the last successful syncs of a connection took no longer than this.
std::optional<Millis> typical_duration(AirbyteAdmin& airbyte, const ConnectionId& connection) {
  JobFilter filter;
  filter.connection = connection;
  filter.statuses = {JobStatus::succeeded};
  filter.types = {JobType::sync};
  filter.limit = typical_of;
  std::vector<Millis> durations;
  const auto read = airbyte.jobs(filter, [&](const JobView& job) {
    durations.push_back(job.updated - job.created);
    return true;
  });
  if (!read || durations.empty()) return std::nullopt;
  const auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
  std::nth_element(durations.begin(), middle, durations.end());
  return *middle;
}

/// What one look does not tell and the next one needs: asked once.
struct Context {
  bool known = false;
  ConnectionId connection;
  WorkspaceId workspace;
  std::optional<Millis> typical;

  void learn(AirbyteAdmin& airbyte, const ConnectionId& id, bool durations) {
    if (std::exchange(known, true)) return;
    connection = id;
    const auto entry = airbyte.connection(id);
    if (entry) workspace = entry->workspace;
    if (durations) typical = typical_duration(airbyte, id);
  }
};

/// The end as --json tells it. The job has been read a moment ago: what is missing now costs its attempts.
std::string last_line(AirbyteAdmin& airbyte, const JobView& job, const Names& names) {
  const auto detail = airbyte.job(job.id);
  return detail ? json_line(*detail, names) : json_line(job, names);
}

}  // namespace

int watch_job(Desk& desk, JobId job, const Names& names, const WatchOptions& options) {
  ProgressDisplay display{Look::of_output()};
  const Mono begin = runtime::read_clock().mono;
  Context context;
  int failures = 0;
  while (true) {
    const auto seen = desk.airbyte().progress(job, context.connection, context.workspace);
    const Now now = runtime::read_clock();
    failures = seen ? 0 : failures + 1;
    if (!seen && (failures > most_failures || seen.error().code == Errc::not_found)) {
      display.end();
      return Desk::fail(seen.error());
    }
    if (seen) {
      const ConnectionId& id = seen->job.connection;
      const auto at = names.find(id.text);
      SyncState state = direct_state(printable(at == names.end() ? id.text.str() : at->second), seen->job);
      if (!state.over()) context.learn(desk.airbyte(), id, !options.json);
      state.typical = context.typical;
      state.streams = seen->streams;
      if (!options.json) display.show(state, now.wall);
      if (state.over()) {
        display.end();
        fmt::print("{}\n", options.json ? last_line(desk.airbyte(), seen->job, names)
                                        : verdict_line(state, now.wall));
        return exit_status_of(state);
      }
    }
    const bool late = options.timeout && now.mono - begin >= *options.timeout;
    if (late || desk.airbyte().interrupted()) {
      display.end();
      fmt::print(stderr, "{}the job goes on; cancel it with: {}\n", late ? "it has not ended in time: " : "",
                 desk.command(fmt::format("airbyte jobs cancel {}", job.value)));
      return exit_still_running;
    }
    pause_a_little();
  }
}

}  // namespace syncwarden::app
