#include "app/commands/commands.hpp"
#include "app/emulated.hpp"
#include "app/flags.hpp"
#include "emulator/sample.hpp"
#include "http/client.hpp"
#include "runtime/clock.hpp"

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Emulate {
  std::string listen = "127.0.0.1:8001";
  std::string version = "2.0.0";
  std::string auth = "none";
  std::vector<std::string> faults;
  std::size_t fleet = 0;
  std::string shortest = "10s", longest = "20s";
  std::string signal_delay, start_delay, age;
  std::int64_t every_minutes = 0;
  std::uint64_t seed = 1;
  std::uint32_t max_parallel = 0;
  bool control = false;
  std::string webhook;

  [[nodiscard]] Result<emulator::FrontOptions> front_options() const {
    emulator::FrontOptions front;
    front.control = control;
    front.webhook = webhook;
    if (!webhook.empty()) {
      const auto origin = http::Origin::parse(webhook);
      if (!origin) return origin.error();
    }
    if (auth == "basic") front.auth.mode = emulator::FrontAuth::Mode::basic;
    if (auth == "bearer") front.auth.mode = emulator::FrontAuth::Mode::bearer;
    for (const auto& fault : faults) {
      auto changed = emulator::changed_by_word(front.faults, fault);
      if (!changed) return changed.error();
      front.faults = *changed;
    }
    return front;
  }

  int operator()() const {
    const auto front = front_options();
    if (!front) return report(front.error());
    const auto from = parse_duration(shortest);
    const auto to = parse_duration(longest);
    const auto lag = signal_delay.empty() ? std::optional<Millis>{Millis{80}} : parse_duration(signal_delay);
    const auto start = start_delay.empty() ? std::optional<Millis>{Millis{800}} : parse_duration(start_delay);
    if (!from || !to || !lag || !start || *from > *to) {
      return report({Errc::usage, "a duration is wrong",
                     "--shortest, --longest, --signal-delay, --start-delay", "write 500ms, 10s or 1h30m"});
    }
    emulator::Options options;
    options.version = version;
    options.seed = seed;
    const auto past = age.empty() ? std::optional<Millis>{Millis{}} : parse_duration(age);
    if (!past) return report({Errc::usage, "a duration is wrong", "--age", "write 10h"});
    options.start = runtime::read_clock().wall - *past;
    options.created = emulator::Behaviour::healthy({*from, *to}, {1'000, 5'000});
    options.time_scale = 0.05;
    options.max_parallel = max_parallel;
    options.signal_delay = {std::min(Millis{5}, *lag), *lag};
    options.start_delay = {std::min(Millis{200}, *start), *start};
    boost::asio::io_context loop(1);
    auto pipelines = fleet > 0 ? emulator::fleet(fleet, {*from, *to}) : emulator::sample_pipelines();
    for (auto& pipeline : pipelines) {
      if (every_minutes <= 0) break;
      pipeline.schedule.kind = AirbyteSchedule::basic;
      pipeline.schedule.units = every_minutes;
      pipeline.schedule.time_unit = "minutes";
    }
    EmulatedAirbyte airbyte(loop.get_executor(), options, pipelines, *front);
    const auto port = airbyte.serve(listen);
    if (!port) return report(port.error());
    fmt::print("Airbyte {} emulated with {} connections, auth {}\n", version, pipelines.size(), auth);
    fmt::print("  Config API  http://{}:{}/api/v1\n", "127.0.0.1", *port);
    fmt::print("  Public API  http://{}:{}/api/public/v1\n", "127.0.0.1", *port);
    if (auth == "basic") fmt::print("  credentials airbyte / password\n");
    if (auth == "bearer") fmt::print("  credentials client_id emulator, client_secret secret\n");
    std::fflush(stdout);
    boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) {
      airbyte.stop();
      loop.stop();
    });
    loop.run();
    return exit_done;
  }
};

}  // namespace

void add_emulator(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand(
      "emulator", "an Airbyte that behaves, as a process of its own: for tests and for trying things");
  auto emulate = std::make_shared<Emulate>();
  command->add_option("--listen", emulate->listen, "address")->capture_default_str();
  command
      ->add_option("--version", emulate->version,
                   "which Airbyte to play: 0.40.32, 0.50.40, 1.5.0, 2.0.0, 2.1.0")
      ->capture_default_str();
  command->add_option("--auth", emulate->auth, "none, basic or bearer")
      ->check(CLI::IsMember({"none", "basic", "bearer"}))
      ->capture_default_str();
  command->add_option("--fault", emulate->faults,
                      "name=value, repeatable: lose_reply=0.1, slow_sync=5s, hang_sync ...");
  command->add_option("--fleet", emulate->fleet, "this many healthy connections instead of the samples");
  command
      ->add_option("--shortest", emulate->shortest,
                   "duration of a fleet's shortest job, and of connections set up later")
      ->capture_default_str();
  command->add_option("--longest", emulate->longest, "duration of its longest")->capture_default_str();
  command->add_option("--signal-delay", emulate->signal_delay,
                      "at most this long from a sync request to its job");
  command->add_option("--start-delay", emulate->start_delay,
                      "at most this long from a job to its first attempt, when the request is answered");
  command->add_option("--age", emulate->age, "it has been running for so long: 10h; see --every-minutes");
  command->add_option("--every-minutes", emulate->every_minutes,
                      "Airbyte's own schedule of every connection");
  command->add_option("--max-parallel", emulate->max_parallel, "jobs that run at once; 0 = unlimited");
  command->add_option("--seed", emulate->seed, "the same seed plays the same Airbyte")->capture_default_str();
  command->add_option("--webhook", emulate->webhook,
                      "post to this URL when a sync ends, as Airbyte's webhook notifications do");
  command->add_flag("--control", emulate->control, "serve /emulator/faults, /emulator/do and /emulator/log");
  command->callback([emulate, &chosen] { chosen = [emulate] { return (*emulate)(); }; });
}

}  // namespace syncwarden::app
