#include "app/completion.hpp"

#include "app/daemon_client.hpp"

#include <algorithm>
#include <string_view>

namespace syncwarden::app {
namespace {

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

bool takes_connection(const CLI::App& command) {
  const auto options = command.get_options();
  return std::any_of(options.begin(), options.end(), [](const CLI::Option* option) {
    const std::string& name = option->get_single_name();
    return option->get_positional() && (name == "connection" || name == "connections");
  });
}

}  // namespace

std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words,
                                     const ConnectionNames& names) {
  const std::string last = words.empty() ? std::string() : words.back();
  const CLI::App& command = reached(app, words);
  std::vector<std::string> found;
  // the value of a flag: names where it wants one, else files, which the shell knows itself
  if (words.size() > 1 && begins(words[words.size() - 2], "--")) {
    const auto* option = option_named(&command, words[words.size() - 2]);
    if (option != nullptr && option->get_items_expected_min() > 0) {
      if (option->get_single_name() != "connection") return found;
      for (const auto& name : names()) {
        if (begins(name, last)) found.push_back(name);
      }
      return found;
    }
  }
  if (begins(last, "-")) {
    add_flags(&command, last, found);
  } else {
    for (const auto* next : command.get_subcommands([](const CLI::App*) { return true; })) {
      if (begins(next->get_name(), last)) found.push_back(next->get_name());
    }
    if (found.empty() && takes_connection(command)) {
      for (const auto& name : names()) {
        if (begins(name, last)) found.push_back(name);
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<std::string> names_from_daemon(const std::vector<std::string>& words) {
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
  for (const auto& connection : (*answer)["connections"].items()) names.push_back(connection["name"].text());
  return names;
}

}  // namespace syncwarden::app
