#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"

#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Drain {
  DaemonFlags daemon;
  std::string reason;

  int operator()() const {
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    (*client)->catch_signals();
    const auto asked = (*client)->post("drain", json_of({{"reason", reason}}));
    if (!asked) return report_answer(asked.error());
    fmt::print("{}\n", daemon.json ? asked->json() : (*asked)["text"].text("drains"));
    std::fflush(stdout);
    std::int64_t told = -1;
    while (true) {
      const auto status = (*client)->get("status");
      if (!status) return report_answer(status.error());
      if ((*status)["drained"].flag()) {
        if (!daemon.json) fmt::print("drained: nothing of ours runs, nothing is started\n");
        return exit_done;
      }
      if (!(*status)["draining"].flag()) {
        return report(
            {Errc::conflict, "the drain was ended by somebody else", "", "see `syncwarden runs --commands`"});
      }
      const std::int64_t running = static_cast<std::int64_t>((*status)["running"].items().size());
      if (running != told && !daemon.json) {
        fmt::print("{} running\n", running);
        std::fflush(stdout);
      }
      told = running;
      if ((*client)->pause(std::chrono::seconds{1})) continue;
      fmt::print(stderr, "the drain goes on; `syncwarden resume --all --yes` ends it\n");
      return exit_still_running;
    }
  }
};

}  // namespace

void add_drain(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("drain", "start nothing more, wait for what runs; then the daemon can be stopped");
  command->footer("It ends with `syncwarden resume --all --yes`, or with the daemon.");
  auto drain = std::make_shared<Drain>();
  command->add_option("--reason", drain->reason, "what others should know");
  drain->daemon.add_to(*command);
  command->callback([drain, &chosen] { chosen = [drain] { return (*drain)(); }; });
}

}  // namespace syncwarden::app
