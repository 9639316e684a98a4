#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "http/client.hpp"

#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> ask(http::Client& client, int& status) {
  http::Request request;
  request.target = "/livez";
  http::SendOptions options;
  options.deadline = std::chrono::seconds{3};
  options.idempotent = true;
  const auto response = co_await client.send(std::move(request), std::move(options));
  if (!response) {
    auto error = response.error().error;
    error.hint = "is syncwarden running, and does it listen there? see --web.listen-address";
    status = report(error);
  } else if (response->status != 200) {
    fmt::print(stderr, "syncwarden: /livez answers {}\n", response->status);
    status = exit_failed;
  } else {
    status = exit_done;
  }
  client.close();
}

struct Healthcheck {
  std::string file;
  std::string listen;

  int operator()() const {
    std::string address = listen;
    if (address.empty()) {
      address = "127.0.0.1:9927";
      if (!file.empty()) {
        settings::LoadOptions options;
        options.environment = environment;
        const auto loaded = settings::load_file(file, options);
        print(loaded);
        if (!loaded.ok()) return exit_usage;
        address = loaded.settings->listen_address;
      }
    }
    const auto origin = http::Origin::parse(local_url(address));
    if (!origin) return report(origin.error());
    asio::io_context loop(1);
    auto client = http::make_client(loop.get_executor(), *origin, {});
    if (!client) return report(client.error());
    int status = exit_failed;
    auto asking = ask(**client, status);
    asio::co_spawn(loop, std::move(asking), [](std::exception_ptr bug) {
      if (bug) std::rethrow_exception(bug);
    });
    loop.run();
    // What Docker's HEALTHCHECK understands: 0 healthy, 1 not.
    return status == exit_done ? exit_done : status == exit_usage ? exit_usage : exit_failed;
  }
};

}  // namespace

void add_healthcheck(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("healthcheck", "ask the local daemon's /livez; for HEALTHCHECK in images");
  auto check = std::make_shared<Healthcheck>();
  command->add_option("--config.file", check->file, "the daemon's configuration, for its listen address");
  command->add_option("--web.listen-address", check->listen, "where the daemon listens");
  command->callback([check, &chosen] { chosen = [check] { return (*check)(); }; });
}

}  // namespace syncwarden::app
