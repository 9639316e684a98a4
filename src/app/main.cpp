#include "app/commands/commands.hpp"
#include "app/completion.hpp"
#include "app/flags.hpp"
#include "base/text.hpp"
#include "observe/build_info.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

struct Misspelt {
  std::string word;
  std::string meant;
};

/// The first word that stands where a command belongs and is none, with the one that it was probably meant to
/// be.
std::optional<Misspelt> misspelt(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty()) return std::nullopt;
    const auto known = std::find_if(commands.begin(), commands.end(),
                                    [&](const CLI::App* command) { return command->check_name(argv[i]); });
    if (known != commands.end()) {
      at = *known;
      continue;
    }
    std::vector<std::string> names;
    names.reserve(commands.size());
    for (const auto* command : commands) names.push_back(command->get_name());
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    const auto near = syncwarden::nearest(argv[i], candidates);
    if (!near) return std::nullopt;
    return Misspelt{argv[i], std::string(*near)};
  }
  return std::nullopt;
}

/// The command whose own command is missing, and its path; the program itself where none is named.
std::pair<const CLI::App*, std::string> deepest_named(const CLI::App& app) {
  std::pair<const CLI::App*, std::string> at{&app, app.get_name()};
  for (auto named = app.get_subcommands(); !named.empty(); named = at.first->get_subcommands())
    at = {named.front(), at.second + " " + named.front()->get_name()};
  return at;
}

bool wants_a_command(const CLI::App& app) {
  return !deepest_named(app).first->get_subcommands([](const CLI::App*) { return true; }).empty();
}

/// Names the commands to choose from, as a noun without a verb leaves them open.
void ask_for_a_command(const CLI::App& app) {
  const auto [at, path] = deepest_named(app);
  fmt::print(stderr, "{} needs a command:\n", path);
  std::size_t widest = 0;
  const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
  for (const auto* command : commands) widest = std::max(widest, command->get_name().size());
  for (const auto* command : commands)
    fmt::print(stderr, "  {:<{}}  {}\n", command->get_name(), widest, command->get_description());
  fmt::print(stderr, "{} --help tells more.\n", path);
}

/// What may stand for an argument or a flag in an example.
std::string_view sample_of(const std::string& name) {
  if (name == "connection" || name == "connections") return "'orders -> warehouse'";
  if (name == "source") return "'shop db'";
  if (name == "destination") return "warehouse";
  if (name == "workspace") return "default";
  if (name == "definition" || name == "connector") return "postgres";
  if (name == "job") return "4711";
  if (name == "file") return "orders.yaml";
  if (name == "from") return "undo.yaml";
  if (name == "expression") return "'0 15 * * * ?'";
  if (name == "name") return "'shop db'";
  if (name == "shell") return "bash";
  return {};
}

/// Names the arguments and flags that are missing, with an example of the whole command. False: none is.
bool asked_for_arguments(const CLI::App& app) {
  const auto [at, path] = deepest_named(app);
  std::string missing;
  std::string example = path;
  for (const auto* option : at->get_options()) {
    if (!option->get_required()) continue;
    const bool positional = option->get_positional();
    const std::string name =
        positional || option->get_lnames().empty() ? option->get_single_name() : option->get_lnames().front();
    const std::string shown = positional ? name : "--" + name;
    if (option->count() == 0)
      missing += fmt::format("{}{} ({})", missing.empty() ? "" : ", ", shown, option->get_description());
    const auto sample = sample_of(name);
    if (!positional) example += " " + shown;
    example += " " + (sample.empty() ? name : std::string(sample));
  }
  if (missing.empty()) return false;
  fmt::print(stderr, "syncwarden: {} needs {}\nfor example: {}\n{} --help tells more.\n", path, missing,
             example, path);
  return true;
}

/// "orders -> warehouse" without its quotes is three words, of which the shell takes two for itself.
bool takes_a_connection(const CLI::App& command) {
  return command.get_option_no_throw("connection") != nullptr ||
         command.get_option_no_throw("connections") != nullptr;
}

/// The flag of `command` that `word` was probably meant to be.
std::optional<std::string> meant_flag(const CLI::App& command, std::string_view word) {
  std::vector<std::string> flags;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  }
  const std::vector<std::string_view> candidates(flags.begin(), flags.end());
  const auto near = syncwarden::nearest(word.substr(0, word.find('=')), candidates);
  return near ? std::optional<std::string>(*near) : std::nullopt;
}

/// Names the words that nothing takes, in the order in which they were typed.
void refuse_words(const CLI::App& app) {
  const auto [at, path] = deepest_named(app);
  const auto words = app.remaining(true);
  std::string shown;
  for (const auto& word : words) shown += fmt::format(" \"{}\"", syncwarden::printable(word));
  fmt::print(stderr, "{} takes no{}\n", path, shown);
  const bool a_flag = words.front().starts_with("--");
  if (a_flag && !app.remaining().empty() && at != &app) {
    fmt::print(stderr, "Flags stand after the command that they are for.\n");
  } else if (const auto meant = a_flag ? meant_flag(*at, words.front()) : std::nullopt) {
    fmt::print(stderr, "Did you mean {}?\n", *meant);
  } else if (!a_flag && takes_a_connection(*at)) {
    fmt::print(stderr, "A name with blanks wants quotes: {} 'orders -> warehouse'\n", path);
  }
  fmt::print(stderr, "{} --help tells more.\n", path);
}

/// What the completion scripts ask; no command, so that nobody's help shows it.
bool answered_completion(const CLI::App& app, int argc, char** argv) {
  using namespace syncwarden;
  if (argc < 2 || std::string_view(argv[1]) != "--complete") return false;
  const std::vector<std::string> words(argv + 2, argv + argc);
  const auto names = [&words](app::Named kind) { return app::names_for(kind, words); };
  for (const auto& word : app::completions(app, words, names)) fmt::print("{}\n", word);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace syncwarden;
  CLI::App app{
      "syncwarden: the control tower for Airbyte. Starts every sync on time, watches every job, tells "
      "Prometheus."};
  app.name("syncwarden");
  const auto build = observe::current_build();
  app.set_version_flag("--version", fmt::format("syncwarden {} (revision {}, {})", build.version,
                                                build.revision, build.compiler));
  app.set_help_all_flag("--help-all", "help for every command");
  app.require_subcommand(1);
  app.footer(
      "Most commands ask the daemon at its Unix socket, /run/syncwarden/api.sock, or at "
      "http://127.0.0.1:9927;\n"
      "--url or --config.file name another one.\n"
      "Exit status: 0 done, 1 what was asked about failed, 2 usage or configuration, 3 Airbyte or the daemon "
      "out of reach; `sync --wait` also 4 suspect, 5 cancelled, 6 still running.");
  app::Chosen chosen;
  app::add_run(app, chosen);
  app::add_demo(app, chosen);
  app::add_check(app, chosen);
  app::add_next(app, chosen);
  app::add_plan(app, chosen);
  app::add_selftest(app, chosen);
  app::add_emulator(app, chosen);
  app::add_status(app, chosen);
  app::add_explain(app, chosen);
  app::add_sync(app, chosen);
  app::add_cancel(app, chosen);
  app::add_pause(app, chosen);
  app::add_resume(app, chosen);
  app::add_drain(app, chosen);
  app::add_runs(app, chosen);
  app::add_incidents(app, chosen);
  app::add_ack(app, chosen);
  app::add_logs(app, chosen);
  app::add_notify(app, chosen);
  app::add_state(app, chosen);
  app::add_airbyte(app, chosen);
  app::add_apply(app, chosen);
  app::add_export(app, chosen);
  app::add_adopt(app, chosen);
  app::add_release(app, chosen);
  app::add_healthcheck(app, chosen);
  app::add_completion(app, chosen);
  if (answered_completion(app, argc, argv)) return app::exit_done;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto meant = misspelt(app, argc, argv)) {
      fmt::print(stderr, "syncwarden: there is no command \"{}\"; did you mean {}?\n", printable(meant->word),
                 meant->meant);
      return app::exit_usage;
    }
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && wants_a_command(app)) {
      ask_for_a_command(app);
      return app::exit_usage;
    }
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && asked_for_arguments(app))
      return app::exit_usage;
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
      refuse_words(app);
      return app::exit_usage;
    }
    return app.exit(error) == 0 ? app::exit_done : app::exit_usage;
  }
  try {
    return chosen();
  } catch (const std::exception& bug) {
    fmt::print(stderr, "syncwarden: internal error: {}\nPlease report this; what was decided is on disk.\n",
               bug.what());
    return app::exit_failed;
  }
}
