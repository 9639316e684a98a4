#include "admin/amounts.hpp"
#include "app/commands/commands.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "runtime/clock.hpp"
#include "settings/settings.hpp"
#include "store/sqlite/state_file.hpp"

#include <memory>
#include <string>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

/// Which state file is meant: --state PATH, or the configuration's.
struct StateFlags {
  std::string state, config;

  void add_to(CLI::App& command) {
    command.add_option("--state", state, "the state file, as a path or sqlite:PATH");
    command.add_option("--config.file", config, "the daemon's configuration, which names it");
  }

  [[nodiscard]] Result<std::string> path() const {
    constexpr std::string_view scheme = "sqlite:";
    if (!state.empty()) return state.rfind(scheme, 0) == 0 ? state.substr(scheme.size()) : state;
    if (config.empty()) {
      return Error{Errc::usage, "which state file?", "", "give --state PATH or --config.file FILE"};
    }
    settings::LoadOptions options;
    options.environment = environment;
    const auto loaded = settings::load_file(config, options);
    print(loaded);
    if (!loaded.ok())
      return Error{Errc::invalid_config, "the configuration is wrong", config, "give --state instead"};
    if (loaded.settings->state_path.empty()) {
      return Error{Errc::usage, "this configuration keeps no state file", config, ""};
    }
    return loaded.settings->state_path;
  }
};

void tell(const std::string& path, const store::StateDescription& state) {
  const Instant now = runtime::read_clock().wall;
  fmt::print("{}: schema {}, {}", path, state.schema_version,
             admin::bytes_text(static_cast<std::int64_t>(state.size_bytes)));
  if (state.log_bytes > 0)
    fmt::print(" and {} of log", admin::bytes_text(static_cast<std::int64_t>(state.log_bytes)));
  fmt::print("\n  {:<16}{}\n", "newest change", when_text(state.newest_change, now));
  fmt::print("  {:<16}{}\n", "leader", state.owner.empty() ? "nobody" : state.owner);
  fmt::print("  {:<16}{} open runs, {} open incidents\n", "now", state.open_runs, state.open_incidents);
  for (const auto& [table, rows] : state.rows)
    fmt::print("  {:<16}{}\n", table, admin::count_text(static_cast<std::int64_t>(rows)));
}

struct State {
  StateFlags which;
  std::string file;

  int info() const {
    const auto path = which.path();
    if (!path) return report(path.error());
    const auto state = store::describe_state(*path);
    if (!state) return report(state.error());
    tell(*path, *state);
    return exit_done;
  }
  int backup() const {
    const auto path = which.path();
    if (!path) return report(path.error());
    const auto done = store::backup_state(*path, file);
    if (!done) return report(done.error());
    const auto copy = store::describe_state(file);
    if (!copy) return report(copy.error());
    tell(file, *copy);
    return exit_done;
  }
  int restore() const {
    const auto path = which.path();
    if (!path) return report(path.error());
    const auto restored = store::restore_state(file, *path);
    if (!restored) return report(restored.error());
    tell(*path, restored->state);
    if (!restored->kept.empty()) fmt::print("what stood there before is kept as {}\n", restored->kept);
    return exit_done;
  }
};

}  // namespace

void add_state(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("state", "look at the state file, copy it, put a copy in its place");
  command->require_subcommand(1);
  command->footer(
      "syncwarden state info --config.file syncwarden.yaml\n"
      "syncwarden state backup /backup/state.db --config.file syncwarden.yaml     # while the daemon runs\n"
      "syncwarden state restore /backup/state.db --config.file syncwarden.yaml    # with the daemon stopped");
  const auto state = std::make_shared<State>();
  auto* info = command->add_subcommand("info", "what is in it, and how old it is");
  state->which.add_to(*info);
  info->callback([state, &chosen] { chosen = [state] { return state->info(); }; });
  auto* backup =
      command->add_subcommand("backup", "a consistent copy in a new file; a daemon may be running");
  backup->add_option("file", state->file, "the copy; must not exist")->required();
  state->which.add_to(*backup);
  backup->callback([state, &chosen] { chosen = [state] { return state->backup(); }; });
  auto* restore = command->add_subcommand("restore", "a copy becomes the state; the daemon must be stopped");
  restore->add_option("file", state->file, "the copy")->required();
  state->which.add_to(*restore);
  restore->callback([state, &chosen] { chosen = [state] { return state->restore(); }; });
}

}  // namespace syncwarden::app
