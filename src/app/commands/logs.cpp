#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"

#include <cstdint>
#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Logs {
  DaemonFlags daemon;
  std::string connection;
  std::int64_t job = 0;
  std::size_t lines = 500;

  int operator()() const {
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    const auto answer = (*client)->get(
        path_of("connections", connection) + "/logs" +
        query_of({{"job", job > 0 ? std::to_string(job) : ""}, {"limit", std::to_string(lines)}}));
    if (!answer) return report_answer(answer.error());
    if (daemon.json) {
      fmt::print("{}\n", answer->json());
      return exit_done;
    }
    for (const Answer& line : (*answer)["lines"].items()) fmt::print("{}\n", line.text());
    return exit_done;
  }
};

}  // namespace

void add_logs(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("logs", "a job's log from Airbyte: of what runs now, else of the newest job");
  auto logs = std::make_shared<Logs>();
  command->add_option("connection", logs->connection, "name or id")->required();
  command->add_option("--job", logs->job, "of this job")->check(number_from_one());
  command->add_option("--lines", logs->lines, "the newest so many")
      ->check(CLI::Range(1, 5000))
      ->capture_default_str();
  logs->daemon.add_to(*command);
  command->callback([logs, &chosen] { chosen = [logs] { return (*logs)(); }; });
}

}  // namespace syncwarden::app
