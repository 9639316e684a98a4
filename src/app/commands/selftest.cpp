#include "forecast/selftest.hpp"

#include "app/commands/commands.hpp"
#include "app/flags.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

namespace json = boost::json;

json::object object_of(const forecast::SelftestStep& step) {
  json::array events, checks;
  for (const auto& event : step.events)
    events.push_back(json::object{{"at", to_rfc3339(event.at)}, {"what", event.text}});
  for (const auto& check : step.checks) {
    checks.push_back(
        json::object{{"expected", check.expected}, {"found", check.found}, {"passed", check.passed}});
  }
  return {{"step", step.name},
          {"title", step.title},
          {"provoked", step.provoked},
          {"passed", step.passed()},
          {"virtual_seconds", step.lasted.count() / 1000},
          {"checks", std::move(checks)},
          {"events", std::move(events)}};
}

struct Selftest {
  std::vector<std::string> names;
  bool sabotage = false;
  bool as_json = false;

  [[nodiscard]] Result<std::vector<std::string>> chosen() const {
    const auto known = forecast::selftest_steps();
    std::vector<std::string> all(known.begin(), known.end());
    if (names.empty()) return all;
    for (const auto& name : names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto near = nearest(name, known);
      return Error{Errc::usage, fmt::format("there is no step \"{}\"", printable(name)), "--step",
                   near ? fmt::format("did you mean {}?", *near) : fmt::format("{}", fmt::join(known, ", "))};
    }
    return names;
  }

  int operator()() const {
    const auto steps = chosen();
    if (!steps) return report(steps.error());
    if (!as_json) {
      fmt::print(
          "The real decision core against the emulated Airbyte and its faults, in virtual time: hours pass "
          "in\n"
          "milliseconds, nothing is contacted and nothing is left behind. Times are UTC of that world.\n");
      if (sabotage) fmt::print("--sabotage: syncwarden is broken on purpose; every step must FAIL.\n");
      fmt::print("\n");
    }
    json::array told;
    std::vector<std::string> failed;
    for (const auto& name : *steps) {
      const auto step = forecast::run_selftest(name, sabotage);
      if (!step.passed()) failed.push_back(name);
      if (as_json) {
        told.push_back(object_of(step));
      } else {
        fmt::print("{}\n", forecast::render(step));
        std::fflush(stdout);
      }
    }
    if (as_json) {
      fmt::print("{}\n",
                 json::serialize(json::object{{"passed", failed.empty()}, {"steps", std::move(told)}}));
    } else if (failed.empty()) {
      fmt::print("{} of {} steps passed\n", steps->size(), steps->size());
    } else {
      fmt::print("{} of {} steps FAILED: {}\n", failed.size(), steps->size(), fmt::join(failed, ", "));
    }
    return failed.empty() ? exit_done : exit_failed;
  }
};

}  // namespace

void add_selftest(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand(
      "selftest", "the recovery ladder against an emulated Airbyte's faults, step by step; touches nothing");
  auto selftest = std::make_shared<Selftest>();
  command
      ->add_option(
          "--step", selftest->names,
          fmt::format("only this step; may be repeated: {}", fmt::join(forecast::selftest_steps(), ", ")))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--sabotage", selftest->sabotage,
                    "break syncwarden on purpose in what each step is about: every step must then fail");
  command->add_flag("--json", selftest->as_json, "everything as one JSON object");
  command->footer(
      "Runs in virtual time, so it takes seconds; no daemon, no Airbyte and no configuration are needed.\n"
      "Exit status: 0 every step passed, 1 one failed, 2 usage.");
  command->callback([selftest, &chosen] { chosen = [selftest] { return (*selftest)(); }; });
}

}  // namespace syncwarden::app
