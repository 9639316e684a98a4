#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"

#include <cstdint>
#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Ack {
  DaemonFlags daemon;
  std::uint64_t number = 0;
  std::string owner, note;

  int operator()() const {
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    if (!owner.empty()) (*client)->user = owner;
    const auto answer = (*client)->post(fmt::format("incidents/{}/ack", number), json_of({{"note", note}}));
    return report_done(answer, daemon.json);
  }
};

}  // namespace

void add_ack(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("ack", "take an incident: its alerts go on, and everybody sees whose it is");
  command->footer("syncwarden ack 17 --note 'the vendor is on it'");
  auto ack = std::make_shared<Ack>();
  command->add_option("number", ack->number, "of the incident")->required()->check(number_from_one());
  command->add_option("--owner", ack->owner, "who takes it; you, unless told otherwise");
  command->add_option("--note", ack->note, "what others should know");
  ack->daemon.add_to(*command);
  command->callback([ack, &chosen] { chosen = [ack] { return (*ack)(); }; });
}

}  // namespace syncwarden::app
