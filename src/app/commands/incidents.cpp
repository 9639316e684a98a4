#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "app/pages.hpp"
#include "runtime/clock.hpp"

#include <cstdint>
#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Incidents {
  DaemonFlags daemon;
  std::uint64_t number = 0;
  bool all = false;
  std::string connection, from, until;
  std::size_t limit = 50;

  int operator()() const {
    const Instant now = runtime::read_clock().wall;
    const auto since = instant_parameter(from, now, "--from");
    if (!since) return report(since.error());
    const auto to = instant_parameter(until, now, "--until");
    if (!to) return report(to.error());
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    const std::string list = "incidents" + query_of({{"state", all ? "all" : "open"},
                                                     {"connection", connection},
                                                     {"from", *since},
                                                     {"until", *to},
                                                     {"limit", std::to_string(limit)}});
    const auto answer = (*client)->get(number > 0 ? fmt::format("incidents/{}", number) : list);
    if (!answer) return report_answer(answer.error());
    const Look look = Look::of_output();
    if (daemon.json) {
      fmt::print("{}\n", answer->json());
    } else {
      fmt::print("{}", number > 0 ? incident_page(*answer, now, look) : incidents_page(*answer, now, look));
    }
    return exit_done;
  }
};

}  // namespace

void add_incidents(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("incidents", "what needs a person; with a number, everything about one");
  command->footer("syncwarden incidents\nsyncwarden incidents 17\nsyncwarden incidents --all --from 7d");
  auto incidents = std::make_shared<Incidents>();
  command->add_option("number", incidents->number, "of one incident");
  command->add_flag("--all", incidents->all, "closed ones, too");
  command->add_option("--connection", incidents->connection, "only about this one: name or id");
  command->add_option("--from", incidents->from, "opened not before: RFC 3339, local, or 7d for a week ago");
  command->add_option("--until", incidents->until, "opened not after");
  command->add_option("--limit", incidents->limit, "the newest so many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  incidents->daemon.add_to(*command);
  command->callback([incidents, &chosen] { chosen = [incidents] { return (*incidents)(); }; });
}

}  // namespace syncwarden::app
