#include "app/setup/job_watch.hpp"

#include "app/direct_sync.hpp"
#include "app/screen.hpp"
#include "app/sync_watch.hpp"
#include "base/text.hpp"
#include "runtime/clock.hpp"

#include <ctime>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr int most_failures = 30;

/// A second or two, less where a signal comes.
void pause_a_little() {
  timespec wait{1, 0};
  (void)::nanosleep(&wait, nullptr);
}

}  // namespace

int watch_job(Desk& desk, JobId job, const Names& names, const WatchOptions& options) {
  ProgressDisplay display{Look::of_output()};
  const Mono begin = runtime::read_clock().mono;
  int failures = 0;
  while (true) {
    const auto detail = desk.airbyte().job(job);
    const Now now = runtime::read_clock();
    failures = detail ? 0 : failures + 1;
    if (!detail && (failures > most_failures || detail.error().code == Errc::not_found)) {
      display.end();
      return Desk::fail(detail.error());
    }
    if (detail) {
      const auto at = names.find(detail->job.connection.text);
      const std::string name = printable(at == names.end() ? detail->job.connection.text.str() : at->second);
      const SyncState state = direct_state(name, detail->job);
      if (!options.json) display.show(state, now.wall);
      if (state.over()) {
        display.end();
        fmt::print("{}\n", options.json ? json_line(*detail, names) : verdict_line(state, now.wall));
        return exit_status_of(state);
      }
    }
    const bool late = options.timeout && now.mono - begin >= *options.timeout;
    if (late || desk.airbyte().interrupted()) {
      display.end();
      fmt::print(stderr, "the job goes on; cancel it with: syncwarden airbyte jobs cancel {}\n", job.value);
      return exit_still_running;
    }
    pause_a_little();
  }
}

}  // namespace syncwarden::app
