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

struct Explain {
  DaemonFlags daemon;
  std::string connection;
  std::string at;

  int operator()() const {
    std::string instant;
    if (!at.empty()) {
      const auto meant = parse_moment(at, runtime::read_clock().wall, Towards::past);
      if (!meant) return report(bad_moment(at, "--at"));
      instant = to_rfc3339(*meant);
    }
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    const auto answer = (*client)->get("explain" + query_of({{"connection", connection}, {"at", instant}}));
    if (!answer) return report_answer(answer.error());
    fmt::print("{}", daemon.json ? answer->json() + '\n' : explain_page(*answer, Look::of_output()));
    return exit_done;
  }
};

}  // namespace

void add_explain(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("explain", "what happened to a connection's ticks, and why");
  command->footer(
      "syncwarden explain 'orders -> warehouse'\n"
      "syncwarden explain 'orders -> warehouse' --at 02:00\n"
      "For a connection that is only observed, Airbyte's own history answers.");
  auto explain = std::make_shared<Explain>();
  command->add_option("connection", explain->connection, "name or id")->required();
  command->add_option(
      "--at", explain->at,
      "a tick's time: 02:00 (local), '2026-11-26 02:00', RFC 3339, or 3h for three hours ago");
  explain->daemon.add_to(*command);
  command->callback([explain, &chosen] { chosen = [explain] { return (*explain)(); }; });
}

}  // namespace syncwarden::app
