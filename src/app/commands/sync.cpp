#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/direct_sync.hpp"
#include "app/flags.hpp"
#include "app/sync_watch.hpp"
#include "runtime/clock.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr std::chrono::seconds between_looks{1};
/// So long may the daemon be away, for a restart, before nobody waits any more.
constexpr Millis longest_absence{std::chrono::seconds{60}};

struct Sync {
  DaemonFlags daemon;
  ConfigFlags config;
  std::string connection, timeout_text, key;
  std::optional<Millis> timeout;
  bool wait = false;
  bool direct = false;

  int operator()() {
    if (!timeout_text.empty()) {
      timeout = parse_duration(timeout_text);
      if (!timeout) {
        return report({Errc::usage, fmt::format("\"{}\" is no duration", timeout_text), "--timeout",
                       "write 30m or 4h"});
      }
      wait = true;
    }
    return direct ? without_daemon() : through_daemon();
  }

  [[nodiscard]] int without_daemon() const {
    const auto settings = config.load();
    if (!settings) return exit_usage;
    return run_direct_sync(*settings, {connection, wait, timeout, daemon.json});
  }

  [[nodiscard]] int through_daemon() {
    daemon.file = config.file();
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    const auto asked = (*client)->post("sync", json_of({{"connection", connection}}), key);
    if (!asked) {
      const int status = report_answer(asked.error());
      if (status == exit_unreachable)
        fmt::print(stderr,
                   "without the daemon: syncwarden sync --direct, with --config.file or --airbyte.url\n");
      return status;
    }
    const std::string run = (*asked)["run"].text();
    if (!wait || run.empty()) return report_done(asked, daemon.json);
    if (!daemon.json) (void)report_done(asked, false);
    std::fflush(stdout);
    (*client)->catch_signals();
    return watch(**client, run);
  }

  [[nodiscard]] int watch(DaemonClient& client, const std::string& run) const {
    ProgressDisplay display(Look::of_output());
    const Mono begin = runtime::read_clock().mono;
    Mono seen = begin;
    while (true) {
      const auto runs = client.get("runs" + query_of({{"connection", connection}, {"run", run}}));
      const auto picture = client.get(path_of("connections", connection));
      const Now now = runtime::read_clock();
      if (runs && picture) {
        seen = now.mono;
        const auto state = sync_state(*runs, *picture);
        if (state && !daemon.json) display.show(*state, now.wall);
        if (state && state->over()) {
          display.end();
          fmt::print("{}\n",
                     daemon.json ? (*runs)["runs"].items().front().json() : verdict_line(*state, now.wall));
          return exit_status_of(*state);
        }
      }
      if (now.mono - seen > longest_absence) {
        display.end();
        fmt::print(stderr, "the sync itself is not touched by this; `syncwarden runs` tells its end\n");
        return report_answer(runs ? picture.error() : runs.error());
      }
      const bool late = timeout && now.mono - begin >= *timeout;
      if (!late && client.pause(between_looks)) continue;
      display.end();
      fmt::print(stderr, "the sync goes on; cancel it with: syncwarden cancel '{}'\n", connection);
      return exit_still_running;
    }
  }
};

}  // namespace

void add_sync(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("sync", "a run now, through the daemon: its limits, blackouts and pauses hold");
  command->footer(
      "syncwarden sync 'orders -> warehouse' --wait --timeout 4h && dbt run\n"
      "Exit status with --wait: 0 succeeded and verified, 1 failed, 4 suspect, 5 cancelled, 6 still running "
      "at\n"
      "--timeout or Ctrl-C, which leave the sync running; 3 the daemon is out of reach.\n"
      "--direct asks Airbyte itself: give --config.file or --airbyte.url.");
  auto sync = std::make_shared<Sync>();
  command->add_option("connection", sync->connection, "name or id")->required();
  command->add_flag("--wait", sync->wait, "until it has ended and is verified");
  command->add_option("--timeout", sync->timeout_text, "wait no longer than this (implies --wait): 30m, 4h");
  command->add_option("--idempotency-key", sync->key,
                      "the same key starts one sync, however often it is asked");
  command->add_flag("--direct", sync->direct, "ask Airbyte itself, not the daemon");
  sync->config.add_to(*command);
  sync->daemon.add_to(*command, false);
  command->callback([sync, &chosen] { chosen = [sync] { return (*sync)(); }; });
}

}  // namespace syncwarden::app
