#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

/// Connections per answer of the daemon.
constexpr const char* page_size = "1000";

struct Cancel {
  DaemonFlags daemon;
  Selection which;
  std::int64_t job = 0;

  /// The connections that run something, of those that are meant.
  [[nodiscard]] Result<std::vector<std::string>> running(DaemonClient& client) const {
    std::vector<std::string> ids;
    std::string after;
    do {
      const auto page = client.get(
          "connections" +
          query_of({{"match", which.all ? "" : which.match}, {"limit", page_size}, {"after", after}}));
      if (!page) return page.error();
      for (const Answer& connection : (*page)["connections"].items()) {
        if (connection["running_since"].known()) ids.push_back(connection["id"].text());
      }
      after = (*page)["next"].text();
    } while (!after.empty());
    return ids;
  }

  int operator()() const {
    if (const auto mistake = which.mistake()) return report(*mistake);
    auto client = DaemonClient::make(daemon);
    if (!client) return report(client.error());
    if (!which.connection.empty()) {
      const std::string only = job > 0 ? fmt::format(R"(,"job":{}}})", job) : "}";
      std::string body = json_of({{"connection", which.connection}});
      body.replace(body.size() - 1, 1, only);
      return report_done((*client)->post("cancel", body), daemon.json);
    }
    const auto ids = running(**client);
    if (!ids) return report_answer(ids.error());
    if (ids->empty()) fmt::print("nothing runs there\n");
    int status = exit_done;
    for (const std::string& id : *ids) {
      status = std::max(status,
                        report_done((*client)->post("cancel", json_of({{"connection", id}})), daemon.json));
    }
    return status;
  }
};

}  // namespace

void add_cancel(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("cancel", "cancel the job that a connection runs now");
  command->footer(
      "syncwarden cancel 'orders -> warehouse'\n"
      "syncwarden cancel 'orders -> warehouse' --job 4711   # only if it is that one\n"
      "The job is read again right before, and its end is waited for: `syncwarden runs CONNECTION` shows "
      "it,\n"
      "and where it does not come an incident tells.");
  auto cancel = std::make_shared<Cancel>();
  cancel->which.add_to(*command);
  command->add_option("--job", cancel->job, "only if the connection runs this job")->check(number_from_one());
  command->get_option("--job")->needs("connection");
  cancel->daemon.add_to(*command);
  command->callback([cancel, &chosen] { chosen = [cancel] { return (*cancel)(); }; });
}

}  // namespace syncwarden::app
