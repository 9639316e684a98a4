#include "app/daemon_client.hpp"

#include "app/flags.hpp"
#include "app/user.hpp"
#include "base/text.hpp"
#include "settings/settings.hpp"

#include <csignal>
#include <cstdint>
#include <fstream>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace syncwarden::app {
namespace asio = boost::asio;
namespace {

constexpr Millis patience{std::chrono::seconds{25}};  // the daemon itself gives a command 20 s
constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t largest_answer = 32 * 1024 * 1024;
constexpr std::string_view where_it_listens =
    "is it running? start it with `syncwarden run`, or say where it listens with --url or --config.file";
constexpr std::string_view whom_to_trust =
    "SYNCWARDEN_CA_FILE names the authority that issued its certificate, --url https://… the name that "
    "stands in "
    "it; on the same machine its Unix socket needs neither";

using Sent = boost::system::result<http::Response, http::Failure>;

asio::awaitable<void> send(http::Client& client, http::Request request, http::SendOptions options,
                           std::optional<Sent>& outcome) {
  auto response = co_await client.send(std::move(request), std::move(options));
  outcome = std::move(response);
}

Errc code_from(std::string_view word, unsigned status) {
  for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
    if (to_string(static_cast<Errc>(i)) == word) return static_cast<Errc>(i);
  }
  if (status == 503) return Errc::expired;
  return status < 500 ? Errc::usage : Errc::internal;
}

}  // namespace

std::string local_url(const std::string& address) {
  const auto colon = address.rfind(':');
  std::string host = colon == std::string::npos ? address : address.substr(0, colon);
  const std::string port = colon == std::string::npos ? "9927" : address.substr(colon + 1);
  if (host.empty() || host == "0.0.0.0" || host == "*") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return "http://" + host + ":" + port;
}

void DaemonFlags::add_to(CLI::App& command, bool file_too) {
  command.add_option("--url", url,
                     "where the daemon is, http://HOST:PORT, https://… or unix:/PATH; else its Unix socket "
                     "where there is one, else "
                     "http://127.0.0.1:9927");
  if (file_too) command.add_option("--config.file", file, "the daemon's configuration, for where it listens");
  command.add_flag("--json", json, "the daemon's answer as JSON, times in UTC");
}

namespace {

/// A socket that this user may use; whether somebody listens there shows itself.
bool usable(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode) && ::access(path.c_str(), W_OK) == 0;
}

}  // namespace

Result<std::string> DaemonFlags::address() const {
  if (!url.empty()) return url;
  if (file.empty())
    return usable(usual_unix_socket) ? std::string("unix:") + usual_unix_socket : local_url("127.0.0.1:9927");
  settings::LoadOptions options;
  options.environment = environment;
  const auto loaded = settings::load_file(file, options);
  print(loaded);
  if (!loaded.ok())
    return Error{Errc::invalid_config, "the configuration is wrong", file, "give --url instead"};
  const auto& local = loaded.settings->unix_socket;
  if (!local.empty() && usable(local)) return "unix:" + local;
  const auto plain = local_url(loaded.settings->listen_address);
  return loaded.settings->web.cert_file.empty() ? plain : "https" + plain.substr(4);
}

DaemonClient::DaemonClient(std::string url, std::string base_path)
    : user(user_name()), url_(std::move(url)), base_path_(std::move(base_path)) {}

namespace {

/// A token where the daemon has users: SYNCWARDEN_TOKEN, or the file that SYNCWARDEN_TOKEN_FILE names.
Result<Secret> token_of_environment() {
  const auto text = environment("SYNCWARDEN_TOKEN");
  const auto path = environment("SYNCWARDEN_TOKEN_FILE");
  if (text && path) {
    return Error{Errc::usage, "both SYNCWARDEN_TOKEN and SYNCWARDEN_TOKEN_FILE are set", "",
                 "unset one of them"};
  }
  if (!path) return Secret(text.value_or(""));
  std::ifstream file(*path);
  std::string token;
  if (!std::getline(file, token) || token.empty()) {
    return Error{Errc::file_unreadable, "the token cannot be read", *path,
                 "SYNCWARDEN_TOKEN_FILE names a file with the token"};
  }
  return Secret(std::move(token));
}

}  // namespace

Result<std::unique_ptr<DaemonClient>> DaemonClient::make(const DaemonFlags& flags) {
  const auto url = flags.address();
  if (!url) return url.error();
  http::ClientOptions options;
  if (url->starts_with(unix_scheme)) options.unix_socket = url->substr(unix_scheme.size());
  options.tls.ca_file = environment("SYNCWARDEN_CA_FILE").value_or("");
  const bool local = !options.unix_socket.empty();
  const auto origin = http::Origin::parse(local ? std::string("http://localhost") : *url);
  if (!origin) return origin.error();
  std::unique_ptr<DaemonClient> daemon(new DaemonClient(local ? *url : origin->url(), origin->base_path));
  auto client = http::make_client(daemon->loop_.get_executor(), *origin, std::move(options));
  if (!client) return client.error();
  daemon->client_ = *std::move(client);
  auto token = token_of_environment();
  if (!token) return token.error();
  daemon->token_ = *std::move(token);
  return daemon;
}

Result<Answer> DaemonClient::get(const std::string& target) {
  http::Request request;
  request.target = base_path_ + "/api/v1/" + target;
  return ask(std::move(request), true);
}

Result<Answer> DaemonClient::post(const std::string& target, const std::string& body,
                                  const std::string& key) {
  http::Request request;
  request.method = "POST";
  request.target = base_path_ + "/api/v1/" + target;
  request.headers.push_back({"Content-Type", "application/json"});
  // A header holds ASCII only.
  if (!user.empty()) request.headers.push_back({"X-Syncwarden-User", http::encode_query_component(user)});
  if (!key.empty()) request.headers.push_back({"Idempotency-Key", key});
  request.body = body;
  return ask(std::move(request), false);
}

Result<Answer> DaemonClient::ask(http::Request request, bool idempotent) {
  if (!token_.empty()) request.headers.push_back({"Authorization", "Bearer " + token_.reveal()});
  http::SendOptions options;
  options.deadline = patience;
  options.max_body_bytes = largest_answer;
  options.idempotent = idempotent;
  std::optional<Sent> outcome;
  auto sending = send(*client_, std::move(request), std::move(options), outcome);
  loop_.restart();
  asio::co_spawn(loop_, std::move(sending), [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  });
  while (!outcome && loop_.run_one() > 0) {}
  if (!outcome) return Error{Errc::internal, "the request was lost", url_, ""};
  if (!*outcome) {
    const Error& error = outcome->error().error;
    const bool of_tls = error.code == Errc::tls_failed;
    return Error{error.code, "the daemon is out of reach: " + error.message, url_,
                 std::string(of_tls ? whom_to_trust : where_it_listens)};
  }
  const http::Response& response = **outcome;
  const auto answer = Answer::parse(response.body);
  const Error stranger{
      Errc::malformed_reply,
      fmt::format("something answers with status {}, but not as syncwarden does", response.status), url_,
      std::string(where_it_listens)};
  if (!answer) return stranger;
  if (response.status == 200) return *answer;
  const Answer error = (*answer)["error"];
  if (!error["message"].known()) return stranger;
  return Error{code_from(error["code"].text(), response.status), error["message"].text(), "",
               error["hint"].text()};
}

void DaemonClient::catch_signals() {
  signals_.add(SIGINT);
  signals_.add(SIGTERM);
  signals_.async_wait([this](const boost::system::error_code& ec, int /*signal*/) {
    if (!ec) interrupted_ = true;
  });
}

bool DaemonClient::pause(Millis duration) {
  bool over = false;
  asio::steady_timer timer(loop_);
  timer.expires_after(duration);
  timer.async_wait([&over](const boost::system::error_code& ec) {
    if (!ec) over = true;
  });
  loop_.restart();
  while (!over && !interrupted_ && loop_.run_one() > 0) {}
  if (over) return !interrupted_;
  // The handler must not outlive what it points to.
  timer.cancel();
  (void)loop_.poll();
  return false;
}

std::string path_of(std::string_view collection, std::string_view name) {
  return std::string(collection) + "/" + http::encode_query_component(name);
}

std::string query_of(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    out += (out.empty() ? "?" : "&") + name + "=" + http::encode_query_component(value);
  }
  return out;
}

std::string user_name() {
  if (const auto named = environment("USER"); named && !named->empty()) return printable(*named, 64);
  return user_name(::getuid());
}

int report_answer(const Error& error) {
  report(error);
  switch (error.code) {
    case Errc::not_found:
      return exit_usage;
    case Errc::expired:
    case Errc::cancelled:
      return exit_unreachable;
    default:
      return exit_status(error);
  }
}

}  // namespace syncwarden::app
