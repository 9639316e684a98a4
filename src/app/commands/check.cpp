#include "airbyte/client.hpp"
#include "app/commands/commands.hpp"
#include "app/flags.hpp"
#include "base/text.hpp"
#include "runtime/clock.hpp"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

namespace asio = boost::asio;

struct Findings {
  std::optional<Error> error;
  AirbyteInfo airbyte;
  std::vector<ConnectionView> connections;
};

asio::awaitable<void> look(AirbyteApi& airbyte, Findings& findings) {
  const auto info = co_await airbyte.probe();
  if (!info) {
    findings.error = info.error();
    co_return;
  }
  findings.airbyte = *info;
  auto connections = co_await airbyte.connections();
  if (!connections) {
    findings.error = connections.error();
    co_return;
  }
  findings.connections = std::move(*connections);
}

/// "; stuck.no_progress.after: 2h, …": what a rule's policy has otherwise than the defaults.
std::string additions_of(const Rule& rule, const Policy& defaults) {
  std::string text;
  for (const auto& addition : settings::additions(rule, defaults)) text += "; " + addition;
  return text;
}

/// One line for each rule.
void tell_meaning(const settings::Settings& settings) {
  for (const Rule& rule : settings.plan->rules) {
    fmt::print("rule {}: schedule {}{}\n", printable(rule.where, 300), settings::schedules_text(rule),
               additions_of(rule, settings.defaults));
  }
}

/// A connection that Airbyte schedules and a rule schedules, too.
std::string two_schedulers(const Rule& rule, const ConnectionView& connection) {
  const std::string own = printable(connection.schedule_text);
  switch (rule.policy.airbyte_schedule) {
    case AirbyteSchedulePolicy::refuse:
      return fmt::format(
          "  ! Airbyte schedules it too ({}): its ticks will be skipped; `syncwarden adopt` takes the "
          "schedule "
          "over",
          own);
    case AirbyteSchedulePolicy::tolerate:
      return fmt::format(
          "  ! two schedulers drive it, this rule and Airbyte ({}); `syncwarden adopt` takes the schedule "
          "over",
          own);
    case AirbyteSchedulePolicy::set_manual:
      break;
  }
  return fmt::format("  Airbyte's own schedule ({}) will be set to manual", own);
}

/// What each rule would manage. Returns whether something needs a person.
bool tell_rules(const settings::Settings& settings, const Findings& findings) {
  const Plan& plan = *settings.plan;
  bool trouble = false;
  std::vector<std::size_t> matched(plan.rules.size(), 0);
  std::size_t observed = 0;
  for (const auto& connection : findings.connections) {
    const Rule* rule = nullptr;
    for (std::size_t i = 0; i < plan.rules.size() && rule == nullptr; ++i) {
      if (!matches(plan.rules[i].match, connection)) continue;
      rule = &plan.rules[i];
      ++matched[i];
    }
    const auto name = printable(connection.name);
    if (rule == nullptr) {
      ++observed;
      fmt::print("observed  {}  ({})\n", name, connection.id.text);
      continue;
    }
    std::string remark;
    if (connection.status != ConnectionStatus::active)
      remark = fmt::format("  ! it is {}", to_string(connection.status));
    const bool driven =
        connection.schedule == AirbyteSchedule::cron || connection.schedule == AirbyteSchedule::basic;
    if (driven && !rule->schedules.empty()) {
      remark += two_schedulers(*rule, connection);
      trouble = trouble || rule->policy.airbyte_schedule != AirbyteSchedulePolicy::set_manual;
    }
    fmt::print("managed   {}  ({})  by {}: schedule {}{}{}\n", name, connection.id.text, rule->where,
               settings::schedules_text(*rule), additions_of(*rule, settings.defaults), remark);
  }
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    if (matched[i] > 0) continue;
    fmt::print("nothing   rule {} matches no connection\n", plan.rules[i].where);
    trouble = true;
  }
  fmt::print("{} connections, {} managed, {} observed only\n", findings.connections.size(),
             findings.connections.size() - observed, observed);
  return trouble;
}

struct Check {
  ConfigFlags config;
  bool online = false;
  bool verbose = false;

  int operator()() const {
    const auto settings = config.load();
    if (!settings) return exit_usage;
    if (verbose) fmt::print("{}", settings::describe(*settings));
    if (!online) {
      if (!verbose) tell_meaning(*settings);
      const auto receivers = settings->receivers.size();
      const auto counted = [](std::size_t count, std::string_view what) {
        return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
      };
      fmt::print("the configuration is good: {}{}\n", counted(settings->plan->rules.size(), "rule"),
                 receivers == 0 ? "" : ", " + counted(receivers, "receiver") + " of notifications");
      return exit_done;
    }
    asio::io_context loop(1);
    auto airbyte = airbyte::make_client(loop.get_executor(), settings->airbyte, runtime::read_clock, {});
    if (!airbyte) return report(airbyte.error());
    Findings findings;
    auto looking = look(**airbyte, findings);
    asio::co_spawn(loop, std::move(looking), [&](std::exception_ptr bug) {
      if (bug) std::rethrow_exception(bug);
      (*airbyte)->close();
    });
    loop.run();
    if (findings.error) return report(*findings.error);
    fmt::print("Airbyte {} answers ({} API)\n",
               findings.airbyte.version.empty() ? "of unknown version" : findings.airbyte.version,
               findings.airbyte.api);
    return tell_rules(*settings, findings) ? exit_failed : exit_done;
  }
};

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("check", "validate the configuration; --online also asks Airbyte what it means");
  auto check = std::make_shared<Check>();
  check->config.add_to(*command);
  command->add_flag("--online", check->online,
                    "list what would be managed, what no rule names, and rules that match nothing");
  command->add_flag("--verbose", check->verbose, "print the whole effective configuration, secrets masked");
  command->footer(
      "Exit status: 0 good, 1 a fault was found with --online, 2 the configuration is wrong, 3 Airbyte is "
      "out of reach.");
  command->callback([check, &chosen] { chosen = [check] { return (*check)(); }; });
}

}  // namespace syncwarden::app
