#include "app/commands/commands.hpp"
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "http/client.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

namespace asio = boost::asio;

struct Outcome {
  int status = exit_failed;
  std::optional<Error> unreachable;
};

asio::awaitable<void> ask(http::Client& client, Outcome& outcome) {
  http::Request request;
  request.target = "/livez";
  http::SendOptions options;
  options.deadline = std::chrono::seconds{3};
  options.idempotent = true;
  const auto response = co_await client.send(std::move(request), std::move(options));
  if (!response) {
    outcome.unreachable = response.error().error;
  } else if (response->status != 200) {
    fmt::print(stderr, "syncwarden: /livez answers {}\n", response->status);
  } else {
    outcome.status = exit_done;
  }
  client.close();
}

Outcome ask_at(const std::string& url, const http::TlsOptions& tls) {
  const auto origin = http::Origin::parse(url);
  if (!origin) return {exit_usage, origin.error()};
  asio::io_context loop(1);
  http::ClientOptions options;
  options.tls = tls;
  auto client = http::make_client(loop.get_executor(), *origin, options);
  if (!client) return {exit_failed, client.error()};
  Outcome outcome;
  auto asking = ask(**client, outcome);
  asio::co_spawn(loop, std::move(asking), [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  });
  loop.run();
  return outcome;
}

/// A certificate of our own that cannot be shown.
bool is_unusable(const Error& error) {
  return error.code == Errc::file_unreadable || error.code == Errc::invalid_config;
}

struct Healthcheck {
  std::string file;
  std::string listen;
  http::TlsOptions tls;

  int operator()() const {
    if (tls.cert_file.empty() != tls.key_file.empty()) {
      return report({Errc::usage, "a certificate needs its key, and a key its certificate", "healthcheck",
                     "give both --tls.cert-file and --tls.key-file"});
    }
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
    const std::string url = local_url(address);
    Outcome outcome = ask_at(url, tls);
    // Whether it speaks TLS stands in a file that the check may not be told.
    if (outcome.unreachable && outcome.unreachable->code != Errc::connect_refused &&
        outcome.status != exit_usage) {
      const Outcome secure = ask_at("https" + url.substr(4), tls);
      if (!secure.unreachable || is_unusable(*secure.unreachable)) outcome = secure;
    }
    if (outcome.unreachable) {
      if (outcome.status != exit_usage && !is_unusable(*outcome.unreachable))
        outcome.unreachable->hint =
            "is syncwarden running, and does it listen there? see --web.listen-address; where it wants to "
            "see "
            "certificates, --tls.cert-file and --tls.key-file";
      (void)report(*outcome.unreachable);
    }
    // What Docker's HEALTHCHECK understands: 0 healthy, 1 not.
    return outcome.status;
  }
};

}  // namespace

void add_healthcheck(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("healthcheck", "ask the local daemon's /livez; for HEALTHCHECK in images");
  auto check = std::make_shared<Healthcheck>();
  command->add_option("--config.file", check->file, "the daemon's configuration, for its listen address");
  command->add_option("--web.listen-address", check->listen, "where the daemon listens");
  check->tls.trust_anybody = true;  // this machine, and no secret is sent
  command->add_option("--tls.cert-file", check->tls.cert_file,
                      "a certificate to show, where the daemon wants to see one (client_ca_file)");
  command->add_option("--tls.key-file", check->tls.key_file, "its key");
  command->callback([check, &chosen] { chosen = [check] { return (*check)(); }; });
}

}  // namespace syncwarden::app
