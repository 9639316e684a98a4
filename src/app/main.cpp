#include "app/commands/commands.hpp"
#include "app/flags.hpp"
#include "observe/build_info.hpp"

#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

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
      "Exit status: 0 done, 1 what was asked about failed, 2 usage or configuration, 3 Airbyte or the daemon "
      "out of reach.");
  app::Chosen chosen;
  app::add_run(app, chosen);
  app::add_demo(app, chosen);
  app::add_check(app, chosen);
  app::add_next(app, chosen);
  app::add_emulator(app, chosen);
  app::add_healthcheck(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
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
