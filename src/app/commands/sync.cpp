#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/direct_sync.hpp"
#include "app/failed_since.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "app/sync_watch.hpp"
#include "runtime/clock.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr std::chrono::seconds between_looks{1};
/// So long may the daemon be away, for a restart, before nobody waits any more.
constexpr Millis longest_absence{std::chrono::seconds{60}};

/// The streams of a watched job. A daemon or an Airbyte that does not tell them costs nothing but them.
struct StreamLook {
  bool asks = true;

  void fill(DaemonClient& client, const std::string& of, SyncState& state) {
    if (!asks || state.job == 0) return;
    const auto answer =
        client.get(path_of("connections", of) + "/streams" + query_of({{"job", std::to_string(state.job)}}));
    if (answer) state.streams = streams_of(*answer);
    // An older daemon has no such page: it is not asked again.
    asks = answer || (answer.error().code != Errc::not_found && answer.error().code != Errc::unsupported);
  }
};

struct Sync {
  DaemonFlags daemon;
  ConfigFlags config;
  std::string connection, timeout_text, key, since_text, match;
  std::optional<Millis> timeout;
  bool dry_run = false;
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
    if (since_text.empty() == connection.empty()) {
      return report({Errc::usage, "say what to sync", "",
                     "give one connection, or --failed-since 2h, with --match GLOB where not all are meant"});
    }
    if (since_text.empty() && (!match.empty() || dry_run))
      return report({Errc::usage, "--match and --dry-run go with --failed-since", "", ""});
    if (!since_text.empty() && direct)
      return report({Errc::usage, "--failed-since asks the daemon what failed", "--direct", "leave it out"});
    if (direct && !key.empty()) {
      return report({Errc::usage, "only the daemon remembers what was asked before", "--idempotency-key",
                     "leave out --direct; Airbyte itself refuses a sync while one runs"});
    }
    if (!since_text.empty()) return rerun_failed();
    return direct ? without_daemon() : through_daemon();
  }

  [[nodiscard]] int without_daemon() const {
    const auto settings = config.load();
    if (!settings) return exit_usage;
    return run_direct_sync(*settings, {connection, wait, timeout, daemon.json, config.given()});
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
    return watch(**client, connection, run, runtime::read_clock().mono);
  }

  /// As it can be pasted into a shell, for the daemon that was asked.
  [[nodiscard]] std::string cancel_command(const std::string& of) const {
    std::string command = "syncwarden cancel " + shell_word(of);
    if (!daemon.url.empty()) command += " --url " + shell_word(daemon.url);
    if (daemon.url.empty() && !daemon.file.empty()) command += " --config.file " + shell_word(daemon.file);
    return command;
  }

  /// Until the run has ended, or `timeout` after `begin`.
  [[nodiscard]] int watch(DaemonClient& client, const std::string& of, const std::string& run,
                          Mono begin) const {
    ProgressDisplay display(Look::of_output());
    Mono seen = runtime::read_clock().mono;
    StreamLook streams;
    while (true) {
      const auto runs = client.get("runs" + query_of({{"connection", of}, {"run", run}}));
      const auto picture = client.get(path_of("connections", of));
      const Now now = runtime::read_clock();
      if (runs && picture) {
        seen = now.mono;
        auto state = sync_state(*runs, *picture);
        if (state && !daemon.json) {
          streams.fill(client, of, *state);
          display.show(*state, now.wall);
        }
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
      fmt::print(stderr, "{}the sync goes on; cancel it with: {}\n",
                 late ? fmt::format("it has not ended within {}: ", timeout_text) : "", cancel_command(of));
      return exit_still_running;
    }
  }

  /// Everything that failed since then, page by page.
  [[nodiscard]] Result<std::vector<FailedSync>> find_failed(DaemonClient& client, Instant since) const {
    const auto abandoned = client.get(
        "runs" + query_of({{"verdict", "abandoned"}, {"from", to_rfc3339(since)}, {"limit", "1000"}}));
    if (!abandoned) return abandoned.error();
    std::vector<FailedSync> failed;
    std::string after;
    do {
      const auto page =
          client.get("connections" + query_of({{"match", match}, {"limit", "1000"}, {"after", after}}));
      if (!page) return page.error();
      for (auto& sync : failed_since(*page, *abandoned, since)) failed.push_back(std::move(sync));
      after = (*page)["next"].text();
    } while (!after.empty());
    return failed;
  }

  struct Asked {
    FailedSync sync;
    std::string run;  ///< empty: it is not run again
    std::string said;
  };

  [[nodiscard]] Asked ask(DaemonClient& client, FailedSync sync) const {
    Asked asked{std::move(sync), "", ""};
    if (!asked.sync.not_now.empty()) {
      asked.said = "left alone: " + asked.sync.not_now;
    } else if (dry_run) {
      asked.said = "would be run again";
    } else {
      const auto answer = client.post("sync", json_of({{"connection", asked.sync.id}}),
                                      key.empty() ? key : fmt::format("{}:{}", key, asked.sync.id));
      asked.said = answer ? (*answer)["text"].text("a sync is requested") : to_string(answer.error());
      if (answer) asked.run = (*answer)["run"].text();
      if (!answer) asked.sync.not_now = "refused";
    }
    return asked;
  }

  static void tell(const std::vector<Asked>& all) {
    boost::json::array list;
    for (const auto& asked : all) {
      list.push_back(boost::json::object{
          {"connection_id", asked.sync.id},
          {"connection", asked.sync.name},
          {"why", asked.sync.why},
          {"run", asked.run.empty() ? boost::json::value(nullptr) : boost::json::value(asked.run)},
          {"said", asked.said}});
    }
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"failed", std::move(list)}}));
  }

  [[nodiscard]] int rerun_failed() {
    const Instant now = runtime::read_clock().wall;
    const auto since = parse_moment(since_text, now, Towards::past);
    if (!since) return report(bad_moment(since_text, "--failed-since"));
    daemon.file = config.file();
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    auto failed = find_failed(**client, *since);
    if (!failed) return report_answer(failed.error());
    const Mono begin = runtime::read_clock().mono;
    std::vector<Asked> all;
    bool refused = false;
    for (auto& sync : *failed) {
      all.push_back(ask(**client, std::move(sync)));
      const auto& asked = all.back();
      refused = refused || asked.sync.not_now == "refused";
      if (!daemon.json)
        fmt::print("{}: {}; {}\n", asked.sync.name, with_local_times(asked.sync.why, now), asked.said);
    }
    if (daemon.json) tell(all);
    if (all.empty() && !daemon.json)
      fmt::print("nothing has failed since {} without a success after it\n", when_text(*since, now));
    if (refused) return exit_failed;
    if (!wait || dry_run) return exit_done;
    std::fflush(stdout);
    (*client)->catch_signals();
    int worst = exit_done;
    for (const auto& asked : all) {
      if (asked.run.empty()) continue;
      const int status = watch(**client, asked.sync.id, asked.run, begin);
      if (worst == exit_done || status == exit_failed) worst = status;
      if (status == exit_still_running || status == exit_unreachable) return status;
    }
    return worst;
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
      "--failed-since 2h runs again what failed since then and has not succeeded since; --match and "
      "--dry-run\n"
      "narrow it down and show it first. With --wait the worst end counts.\n"
      "--direct asks Airbyte itself: give --config.file or --airbyte.url.");
  auto sync = std::make_shared<Sync>();
  command->add_option("connection", sync->connection, "name or id");
  command->add_option("--failed-since", sync->since_text,
                      "instead of a connection: all that failed since then: 2h, 02:00, 2026-11-26T02:00:00Z");
  command->add_option("--match", sync->match, "with --failed-since: only connections of such a name (glob)");
  command->add_flag("--dry-run", sync->dry_run, "with --failed-since: show what would be run again");
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
