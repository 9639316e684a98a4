#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "runtime/clock.hpp"

#include <memory>
#include <string>
#include <vector>

namespace syncwarden::app {
namespace {

struct Pause {
  DaemonFlags daemon;
  Selection which;
  std::string until, reason;
  bool indefinitely = false;

  int operator()() const {
    if (const auto mistake = which.mistake()) return report(*mistake);
    if (until.empty() != indefinitely) {
      return report({Errc::usage, "a pause needs an end", "", "give --until TIME, or --indefinitely"});
    }
    std::string end;
    if (!until.empty()) {
      const auto meant = parse_moment(until, runtime::read_clock().wall, Towards::future);
      if (!meant) return report(bad_moment(until, "--until"));
      end = to_rfc3339(*meant);
    }
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    std::vector<std::string> flags = which.flags();
    if (indefinitely) flags.emplace_back("indefinitely");
    auto texts = which.texts();
    texts.emplace_back("until", end);
    texts.emplace_back("reason", reason);
    return report_done((*client)->post("pause", json_of(texts, flags)), daemon.json);
  }
};

}  // namespace

void add_pause(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("pause", "start nothing there until a time; what runs goes on");
  command->footer(
      "syncwarden pause 'orders -> warehouse' --until 06:00 --reason 'schema migration'\n"
      "syncwarden pause --match 'crm-*' --until 2h\n"
      "syncwarden pause --all --yes --indefinitely");
  auto pause = std::make_shared<Pause>();
  pause->which.add_to(*command);
  command->add_option("--until", pause->until,
                      "06:00 (local, the next one), '2026-11-27 06:00', RFC 3339, or 2h from now");
  command->add_flag("--indefinitely", pause->indefinitely, "until somebody resumes it");
  command->add_option("--reason", pause->reason, "what others should know");
  pause->daemon.add_to(*command);
  command->callback([pause, &chosen] { chosen = [pause] { return (*pause)(); }; });
}

}  // namespace syncwarden::app
