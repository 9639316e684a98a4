#include "app/commands/commands.hpp"
#include "app/flags.hpp"
#include "app/notifications.hpp"
#include "base/text.hpp"
#include "notify/courier.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> send_test(std::shared_ptr<notify::Courier> courier, notify::Delivery& delivery) {
  delivery = co_await courier->test();
  courier->stop();
}

std::string names_of(const std::vector<Receiver>& receivers) {
  std::string out;
  for (const auto& receiver : receivers) out += (out.empty() ? "" : ", ") + receiver.name;
  return out;
}

struct NotifyTest {
  ConfigFlags config;
  std::string name;

  int operator()() const {
    const auto settings = config.load();
    if (!settings) return exit_usage;
    const auto& receivers = settings->receivers;
    const auto found = std::find_if(receivers.begin(), receivers.end(),
                                    [&](const Receiver& receiver) { return receiver.name == name; });
    if (found == receivers.end()) {
      return report({Errc::usage, fmt::format("no receiver is called \"{}\"", printable(name)), "notify",
                     receivers.empty() ? std::string("the configuration has no receivers: see notify: in it")
                                       : "there are " + names_of(receivers)});
    }
    asio::io_context loop(1);
    const auto context = std::make_shared<notify::CourierContext>();
    set_process(*context);
    const auto outbox = std::make_shared<notify::Outbox>(receivers);
    auto courier = notify::Courier::make(loop.get_executor(), *found, outbox, context);
    if (!courier) return report(courier.error());
    notify::Delivery delivery;
    auto sending = send_test(*courier, delivery);
    asio::co_spawn(loop, std::move(sending), [](std::exception_ptr bug) {
      if (bug) std::rethrow_exception(bug);
    });
    loop.run();
    return tell(*found, delivery);
  }

  static int tell(const Receiver& receiver, const notify::Delivery& delivery) {
    const bool taken = delivery.end == notify::Delivery::End::taken;
    fmt::print("{} ({}) {}: {}\n", receiver.name, kind_of(receiver),
               taken ? "took the test" : "did not take it", delivery.what);
    if (!delivery.answer.empty()) fmt::print("its answer: {}\n", delivery.answer);
    if (taken) return exit_done;
    fmt::print(stderr, "{}\n",
               delivery.end == notify::Delivery::End::later
                   ? "A notification would wait in the outbox and be tried again."
                   : "A notification would be given up: check the address and the secret.");
    return delivery.answer.empty() && delivery.end == notify::Delivery::End::later ? exit_unreachable
                                                                                   : exit_failed;
  }
};

}  // namespace

void add_notify(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("notify", "try a receiver of notifications");
  command->require_subcommand(1);
  command->footer("syncwarden notify test team --config.file syncwarden.yaml");
  const auto test = std::make_shared<NotifyTest>();
  auto* verb = command->add_subcommand("test", "send a marked test to one receiver and show what it answers");
  verb->add_option("receiver", test->name, "its name below notify: in the configuration")->required();
  test->config.add_to(*verb);
  verb->callback([test, &chosen] { chosen = [test] { return (*test)(); }; });
}

}  // namespace syncwarden::app
