#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "app/pages.hpp"
#include "runtime/clock.hpp"

#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Runs {
  DaemonFlags daemon;
  std::string connection, from, until, verdict, outcome;
  std::size_t limit = 20;
  bool ticks = false;
  bool commands = false;

  int operator()() const {
    const Instant now = runtime::read_clock().wall;
    const auto since = instant_parameter(from, now, "--from");
    if (!since) return report(since.error());
    const auto to = instant_parameter(until, now, "--until");
    if (!to) return report(to.error());
    const std::string what = commands ? "commands" : ticks || !outcome.empty() ? "ticks" : "runs";
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    const auto answer = (*client)->get(what + query_of({{"connection", connection},
                                                        {"verdict", verdict},
                                                        {"outcome", outcome},
                                                        {"from", *since},
                                                        {"until", *to},
                                                        {"limit", std::to_string(limit)}}));
    if (!answer) return report_answer(answer.error());
    const Look look = Look::of_output();
    if (daemon.json) {
      fmt::print("{}\n", answer->json());
    } else if (what == "runs") {
      fmt::print("{}", runs_page(*answer, now, look));
    } else {
      fmt::print("{}", what == "ticks" ? ticks_page(*answer, now, look) : commands_page(*answer, now, look));
    }
    return exit_done;
  }
};

}  // namespace

void add_runs(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("runs", "the history: runs, every tick's outcome, who asked for what");
  command->footer(
      "syncwarden runs 'orders -> warehouse' --from 24h\n"
      "syncwarden runs --verdict failed --limit 50\n"
      "syncwarden runs --ticks --outcome missed\n"
      "syncwarden runs --commands");
  auto runs = std::make_shared<Runs>();
  auto* connection =
      command->add_option("connection", runs->connection, "name or id; all where none is given");
  command->add_option("--from", runs->from, "not before this time: RFC 3339, local, or 24h for a day ago");
  command->add_option("--until", runs->until, "not after this time");
  command->add_option("--limit", runs->limit, "the newest so many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  auto* verdict =
      command->add_option("--verdict", runs->verdict, "only runs that ended so")
          ->check(CLI::IsMember({"succeeded", "suspect", "failed", "cancelled", "abandoned", "ambiguous"}));
  auto* ticks = command->add_flag("--ticks", runs->ticks, "ticks with their outcome instead");
  auto* outcome = command->add_option("--outcome", runs->outcome, "only ticks that ended so")
                      ->check(CLI::IsMember({"started", "attached", "skipped", "missed", "failed_to_start"}));
  auto* commands = command->add_flag("--commands", runs->commands, "who asked for what instead");
  commands->excludes(ticks)->excludes(verdict)->excludes(outcome)->excludes(connection);
  ticks->excludes(verdict);
  outcome->excludes(verdict);
  runs->daemon.add_to(*command);
  command->callback([runs, &chosen] { chosen = [runs] { return (*runs)(); }; });
}

}  // namespace syncwarden::app
