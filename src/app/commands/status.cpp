#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "app/pages.hpp"
#include "runtime/clock.hpp"

#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Status {
  DaemonFlags daemon;
  std::string connection;
  bool all = false;
  std::string match;
  std::size_t limit = 100;
  bool watch = false;

  [[nodiscard]] std::string target() const {
    if (!connection.empty()) return path_of("connections", connection);
    if (!all && match.empty()) return "status";
    return "connections" + query_of({{"match", match}, {"limit", std::to_string(limit)}});
  }

  [[nodiscard]] std::string page(const Answer& answer, const Look& look) const {
    if (daemon.json) return answer.json() + '\n';
    if (!connection.empty()) return connection_page(answer, look);
    if (!all && match.empty()) return status_page(answer, look);
    return connections_page(answer, runtime::read_clock().wall, look);
  }

  int operator()() const {
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    if (watch) (*client)->catch_signals();
    while (true) {
      const auto answer = (*client)->get(target());
      if (!answer && !(watch && answer.error().code == Errc::connect_refused))
        return report_answer(answer.error());
      const Look look = Look::of_output();
      const std::string text = answer ? page(*answer, look) : to_string(answer.error()) + '\n';
      const bool redraws = watch && look.terminal && !daemon.json;
      fmt::print("{}", redraws ? redrawn(text, "every 2 s; Ctrl-C ends this", look) : text);
      std::fflush(stdout);
      if (!watch) return exit_done;
      if (!(*client)->pause(std::chrono::seconds{2})) {
        if (redraws) fmt::print("\n");
        return exit_done;
      }
      if (!look.terminal && !daemon.json) fmt::print("\n");
    }
  }
};

}  // namespace

void add_status(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("status", "the picture now: running, waiting, late, failing, incidents");
  command->footer(
      "syncwarden status\n"
      "syncwarden status 'orders -> warehouse'\n"
      "syncwarden status --match 'crm-*' --watch");
  auto status = std::make_shared<Status>();
  command->add_option("connection", status->connection, "name or id: everything about this one");
  auto* all = command->add_flag("--all", status->all, "one line for each connection");
  auto* match =
      command->add_option("--match", status->match, "one line for each connection of such a name (glob)");
  command->get_option("connection")->excludes(all)->excludes(match);
  command->add_option("--limit", status->limit, "lines at most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--watch", status->watch, "again every 2 s until Ctrl-C");
  status->daemon.add_to(*command);
  command->callback([status, &chosen] { chosen = [status] { return (*status)(); }; });
}

}  // namespace syncwarden::app
