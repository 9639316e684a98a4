#include "app/completion.hpp"

#include "airbyte/admin.hpp"
#include "app/daemon_client.hpp"
#include "app/setup/desk.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace syncwarden::app {
namespace {

constexpr std::chrono::seconds patience{1};

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

/// The command that the words before the last one have reached, and what stands before the last word.
const CLI::App& reached(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    for (const auto* command : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (command->get_name() == words[i]) {
        at = command;
        break;
      }
    }
  }
  return *at;
}

/// The option of a command, or of one that it falls through to, with this name.
const CLI::Option* option_named(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_fallthrough() ? app->get_parent() : nullptr) {
    for (const auto* option : app->get_options()) {
      if (option->check_name(name)) return option;
    }
  }
  return nullptr;
}

void add_flags(const CLI::App* app, std::string_view with, std::vector<std::string>& found) {
  for (; app != nullptr; app = app->get_fallthrough() ? app->get_parent() : nullptr) {
    for (const auto* option : app->get_options()) {
      if (option->get_lnames().empty()) continue;
      const std::string name = "--" + option->get_lnames().front();
      if (begins(name, with)) found.push_back(name);
    }
  }
}

std::vector<std::string> in_order(std::vector<std::string> found) {
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::optional<Named> kind_of(const CLI::Option& option) {
  const std::string& name = option.get_single_name();
  if (name == "connection" || name == "connections") return Named::connection;
  if (name == "source") return Named::source;
  if (name == "destination") return Named::destination;
  if (name == "workspace") return Named::workspace;
  return std::nullopt;
}

/// What the command takes without a flag.
std::optional<Named> kind_taken(const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    if (!option->get_positional()) continue;
    if (const auto kind = kind_of(*option)) return kind;
  }
  return std::nullopt;
}

void add_names(const std::vector<std::string>& names, std::string_view with,
               std::vector<std::string>& found) {
  for (const auto& name : names) {
    // A line is a candidate: what would not be one line is left out.
    const bool plain = std::none_of(name.begin(), name.end(), [](char c) { return c >= 0 && c < ' '; });
    if (plain && begins(name, with)) found.push_back(name);
  }
}

/// Standard error says nothing from now on, and the process ends after three seconds.
void be_quiet_and_brief() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  std::signal(SIGALRM, [](int) { ::_exit(0); });
  ::alarm(3);
}

std::vector<std::string> names_from_airbyte(Named kind, const std::vector<std::string>& words) {
  SetupFlags flags;
  CLI::App parser;
  parser.allow_extras();
  flags.add_to(parser);
  std::vector<std::string> given(words.begin(), words.empty() ? words.end() : words.end() - 1);
  if (!given.empty() && begins(given.back(), "--")) given.pop_back();  // its value is what is completed
  std::reverse(given.begin(), given.end());                            // as CLI11 wants it
  try {
    parser.parse(given);
  } catch (const CLI::Error&) {
    return {};
  }
  if (kind == Named::workspace) flags.workspace.clear();
  auto settings = flags.config.load();
  if (!settings) return {};
  settings->airbyte.connect_timeout = patience;
  settings->airbyte.read_timeout = patience;
  auto admin = airbyte::make_admin(settings->airbyte, runtime::read_clock, {});
  if (!admin) return {};
  Desk desk(flags, std::move(*admin), settings->airbyte.workspaces);
  std::vector<std::string> names;
  const auto take = [&names](const auto& all) {
    if (!all) return;
    for (const auto& one : *all) names.push_back(one.name);
  };
  switch (kind) {
    case Named::connection:
      take(desk.connections());
      break;
    case Named::source:
      take(desk.actors(End::source));
      break;
    case Named::destination:
      take(desk.actors(End::destination));
      break;
    case Named::workspace:
      take(desk.workspaces());
      break;
  }
  return names;
}

std::vector<std::string> names_from_daemon(Named kind, const std::vector<std::string>& words) {
  DaemonFlags flags;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "--url") flags.url = words[i + 1];
    if (words[i] == "--config.file") flags.file = words[i + 1];
  }
  std::vector<std::string> names;
  auto client = DaemonClient::make(flags);
  if (!client) return names;
  const auto answer = (*client)->get("connections?limit=1000");
  if (!answer) return names;
  for (const auto& connection : (*answer)["connections"].items()) {
    const Answer named = kind == Named::source        ? connection["source"]
                         : kind == Named::destination ? connection["destination"]
                         : kind == Named::workspace   ? connection["workspace"]
                                                      : connection;
    names.push_back(named["name"].text());
  }
  std::erase(names, std::string());
  return names;
}

}  // namespace

std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words,
                                     const NamesOf& names) {
  const std::string last = words.empty() ? std::string() : words.back();
  const CLI::App& command = reached(app, words);
  std::vector<std::string> found;
  // the value of a flag: names where it wants one, else files, which the shell knows itself
  if (words.size() > 1 && begins(words[words.size() - 2], "--")) {
    const auto* option = option_named(&command, words[words.size() - 2]);
    if (option != nullptr && option->get_items_expected_min() > 0) {
      if (const auto kind = kind_of(*option)) add_names(names(*kind), last, found);
      return in_order(std::move(found));
    }
  }
  if (begins(last, "-")) {
    add_flags(&command, last, found);
  } else {
    for (const auto* next : command.get_subcommands([](const CLI::App*) { return true; })) {
      if (begins(next->get_name(), last)) found.push_back(next->get_name());
    }
    if (const auto kind = kind_taken(command); found.empty() && kind) add_names(names(*kind), last, found);
  }
  return in_order(std::move(found));
}

std::vector<std::string> names_for(Named kind, const std::vector<std::string>& words) {
  be_quiet_and_brief();
  const std::string command = words.empty() ? std::string() : words.front();
  if (command == "airbyte" || command == "apply" || command == "export" || command == "adopt") {
    auto names = names_from_airbyte(kind, words);
    if (!names.empty()) return names;
  }
  return names_from_daemon(kind, words);
}

}  // namespace syncwarden::app
