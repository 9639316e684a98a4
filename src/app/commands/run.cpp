#include "app/commands/commands.hpp"
#include "app/daemon.hpp"
#include "app/flags.hpp"

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

namespace syncwarden::app {
namespace {

struct Run {
  ConfigFlags config;
  LogFlags log;

  int operator()() const {
    const auto settings = config.load();
    if (!settings) return exit_usage;
    DaemonOptions options;
    options.settings = *settings;
    options.log = log.options();
    if (!config.file().empty()) {
      options.reload = [flags = config] { return settings::load_file(flags.file(), flags.options()); };
    }
    boost::asio::io_context loop(1);
    return run_daemon(loop, std::move(options));
  }
};

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("run", "the daemon");
  command->footer(
      "With flags alone every connection is observed and none is touched; a configuration file names what is "
      "managed.\n"
      "Credentials come from files (--airbyte.auth.password-file ...) or from the environment: "
      "SYNCWARDEN_AIRBYTE_PASSWORD,\nSYNCWARDEN_AIRBYTE_TOKEN, SYNCWARDEN_AIRBYTE_CLIENT_SECRET, each also "
      "with _FILE.\n"
      "SIGHUP reloads the configuration file, SIGTERM stops in order.");
  auto run = std::make_shared<Run>();
  run->config.add_to(*command);
  run->log.add_to(*command);
  command->callback([run, &chosen] { chosen = [run] { return (*run)(); }; });
}

}  // namespace syncwarden::app
