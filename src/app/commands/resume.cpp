#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"

#include <memory>
#include <string>

namespace syncwarden::app {
namespace {

struct Resume {
  DaemonFlags daemon;
  Selection which;
  std::string catch_up = "none";

  int operator()() const {
    if (const auto mistake = which.mistake()) return report(*mistake);
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    auto texts = which.texts();
    texts.emplace_back("catch_up", catch_up);
    return report_done((*client)->post("resume", json_of(texts, which.flags())), daemon.json);
  }
};

}  // namespace

void add_resume(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("resume", "end a pause; --all --yes ends every pause, and a drain");
  command->footer(
      "syncwarden resume 'orders -> warehouse' --catch-up latest\n"
      "syncwarden resume --all --yes");
  auto resume = std::make_shared<Resume>();
  resume->which.add_to(*command);
  command
      ->add_option("--catch-up", resume->catch_up, "latest: start the newest tick that was missed meanwhile")
      ->check(CLI::IsMember({"latest", "none"}))
      ->capture_default_str();
  resume->daemon.add_to(*command);
  command->callback([resume, &chosen] { chosen = [resume] { return (*resume)(); }; });
}

}  // namespace syncwarden::app
