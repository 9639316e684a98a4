#include "app/commands/commands.hpp"
#include "app/daemon.hpp"
#include "app/emulated.hpp"
#include "app/flags.hpp"
#include "emulator/sample.hpp"
#include "runtime/clock.hpp"

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

/// The demo's configuration: seconds where a real one has hours, and otherwise what a user would write.
constexpr const char* demo_rules = R"yaml(
airbyte:
  poll: {min: 500ms, max: 2s}
defaults:
  extra_jobs: {max: 1, backoff: {initial: 5s, factor: 2, max: 20s}, on: [transient, system, lost]}
  breaker: {after_failed_jobs: 3, probe: {every: 1m, max: 5}}
  stuck:
    pending: {after: 30s}
    between_attempts: {after: 1m}
    no_progress: {after: 15s}
    longer_than: {typical: 5x, at_least: 2m}
    max_run_time: {after: 10m}
connections:
  - match: {name: "shipments -> *"}
    schedule: {every: 40s, phase: 4s}
    stuck: {no_progress: {after: 10s, action: cancel_and_rerun}}
  - match: {name: "orders -> *"}
    schedule: {cron: "0/10 * * * * ?"}
  - match: {name: "events -> lake"}
    schedule: {every: 30s}
  - match: {name: "payments -> *"}
    schedule: {every: 25s, phase: 5s}
  - match: {name: "invoices -> *"}
    schedule: {every: 30s, phase: 8s}
  - match: {name: "budgets -> *"}
    schedule: {cron: "5/20 * * * * ?"}
  - match: {workspace: "*"}
    schedule: {every: 20s, spread: true}
)yaml";

struct Demo {
  std::string listen = "127.0.0.1:9927";
  std::string airbyte_listen = "127.0.0.1:0";
  std::string version = "2.0.0";
  std::string state;
  std::vector<std::string> faults;
  std::string api = "config";
  LogFlags log;

  [[nodiscard]] emulator::Options airbyte_options() const {
    emulator::Options options;
    options.version = version;
    options.start = runtime::read_clock().wall;
    options.time_scale = 0.05;
    options.auto_disable = false;
    return options;
  }

  int operator()() const {
    emulator::FrontOptions front;
    front.control = true;
    for (const auto& fault : faults) {
      const auto changed = emulator::changed_by_word(front.faults, fault);
      if (!changed) return report(changed.error());
      front.faults = *changed;
    }
    boost::asio::io_context loop(1);
    EmulatedAirbyte airbyte(loop.get_executor(), airbyte_options(), emulator::sample_pipelines(), front);
    const auto port = airbyte.serve(airbyte_listen);
    if (!port) return report(port.error());
    const auto base = fmt::format("http://127.0.0.1:{}", *port);

    settings::LoadOptions load;
    load.environment = environment;
    load.overrides = {{"airbyte.url", base + (api == "public" ? "/api/public/v1" : "/api/v1")},
                      {"web.listen_address", listen}};
    if (!state.empty()) load.overrides.emplace_back("state", "sqlite:" + state);
    const auto loaded = settings::load_text(demo_rules, "demo", load);
    if (!loaded.ok()) {  // its warnings are about seconds where a real one has hours
      print(loaded);
      return exit_usage;
    }

    DaemonOptions options;
    options.settings = *loaded.settings;
    if (state.empty()) options.settings.state_path.clear();
    options.log = log.options();
    options.ready = [&](std::uint16_t admin_port) {
      fmt::print(
          "\nsyncwarden demo is ready: an emulated Airbyte {} with {} connections, jobs of seconds\n\n",
          version, airbyte.airbyte().connections());
      fmt::print("  status   http://127.0.0.1:{}/\n  metrics  http://127.0.0.1:{}/metrics\n", admin_port,
                 admin_port);
      fmt::print("  health   http://127.0.0.1:{}/readyz?verbose\n  airbyte  {}/api/v1\n", admin_port, base);
      fmt::print("\nTry: syncwarden status --url http://127.0.0.1:{}\n", admin_port);
      fmt::print(
          "     curl -s http://127.0.0.1:{}/metrics | grep -E 'ticks_total|jobs_(active|completed|failed)'\n",
          admin_port);
      fmt::print(
          "Break it: curl -X POST -H 'Content-Type: application/json' -d '{{\"down\": true}}' "
          "{}/emulator/faults\n",
          base);
      fmt::print("Ctrl-C stops it{}\n\n",
                 state.empty() ? "; nothing is left behind" : "; the state stays in " + state);
      std::fflush(stdout);
    };
    const int status = run_daemon(loop, std::move(options));
    airbyte.stop();
    return status;
  }
};

}  // namespace

void add_demo(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand(
      "demo", "the daemon against an embedded Airbyte emulator with a few sample pipelines");
  auto demo = std::make_shared<Demo>();
  command->add_option("--web.listen-address", demo->listen, "where metrics and health are served")
      ->capture_default_str();
  command->add_option("--airbyte.listen-address", demo->airbyte_listen, "where the emulated Airbyte listens")
      ->capture_default_str();
  command->add_option("--airbyte.version", demo->version, "which Airbyte to play")->capture_default_str();
  command->add_option("--airbyte.api", demo->api, "config or public: how syncwarden speaks with it")
      ->check(CLI::IsMember({"config", "public"}))
      ->capture_default_str();
  command->add_option("--state", demo->state, "keep the state in this file");
  command->add_option("--fault", demo->faults,
                      "switch a fault of the emulator on: lose_reply=0.1, slow_sync=5s ...");
  demo->log.add_to(*command);
  command->callback([demo, &chosen] { chosen = [demo] { return (*demo)(); }; });
}

}  // namespace syncwarden::app
