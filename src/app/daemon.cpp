#include "app/daemon.hpp"

#include "admin/admin.hpp"
#include "airbyte/client.hpp"
#include "app/flags.hpp"
#include "app/notifications.hpp"
#include "app/user.hpp"
#include "http/server.hpp"
#include "observe/fact_log.hpp"
#include "observe/metrics.hpp"
#include "runtime/clock.hpp"
#include "runtime/loop_pulse.hpp"
#include "runtime/sd_notify.hpp"
#include "runtime/shell.hpp"
#include "store/memory/memory_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

#include <csignal>
#include <random>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

namespace syncwarden::app {
namespace {

namespace asio = boost::asio;
using observe::StoreOperation;

/// On SIGTERM the daemon is gone within this, whatever hangs (product.md).
constexpr Millis stop_limit{std::chrono::seconds{20}};
constexpr Millis server_grace{std::chrono::seconds{1}};
constexpr Millis pulse_interval{std::chrono::seconds{1}};
constexpr Millis housekeeping_interval{std::chrono::seconds{30}};
constexpr Millis first_housekeeping{std::chrono::seconds{3}};

observe::ConnectionDetail detail_of(settings::ConnectionDetail detail) {
  switch (detail) {
    case settings::ConnectionDetail::off:
      return observe::ConnectionDetail::off;
    case settings::ConnectionDetail::full:
      return observe::ConnectionDetail::full;
    case settings::ConnectionDetail::basic:
      break;
  }
  return observe::ConnectionDetail::basic;
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) ^ device();
}

std::string owner_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return fmt::format("{} pid {}", host.data(), ::getpid());
}

/// The address as configured, with the port that is really bound.
std::string bound_address(const std::string& listen_address, std::uint16_t port) {
  return fmt::format("{}:{}", listen_address.substr(0, listen_address.rfind(':')), port);
}

/// Facts go to the counters and to the log.
class Facts final : public FactSink {
 public:
  Facts(observe::Metrics& metrics, observe::FactLog& log) : metrics_(metrics), log_(log) {}
  void apply(const Fact& fact) override {
    metrics_.apply(fact);
    log_.apply(fact);
    if (const auto* poll = std::get_if<fact::PollDone>(&fact)) {
      if (poll->poll == "jobs" && !poll->error) polled_ = true;
      if (poll->poll == "connections" && !poll->error) discovered_ = true;
    }
  }
  void turn_ends() override { log_.turn_ends(); }
  [[nodiscard]] bool polled() const { return polled_; }
  /// True once after each discovery of the connections.
  [[nodiscard]] bool take_discovered() { return std::exchange(discovered_, false); }

 private:
  observe::Metrics& metrics_;
  observe::FactLog& log_;
  bool polled_ = false;
  bool discovered_ = false;
};

class Daemon {
 public:
  Daemon(asio::io_context& loop, DaemonOptions options);
  asio::awaitable<void> run();
  [[nodiscard]] int status() const { return status_; }

 private:
  Result<void> open();
  Result<std::shared_ptr<AirbyteApi>> make_airbyte(const settings::Settings& settings);
  Result<std::unique_ptr<Store>> open_store();
  void open_server();
  /// TLS and users of the web-config file, from now on.
  Result<void> take_web_config(const settings::WebConfig& web);
  asio::awaitable<bool> check_password(std::string password, std::string hash);
  Result<std::uint16_t> listen();
  asio::awaitable<Result<std::vector<std::string>>> log_lines(JobId job, std::size_t most);
  asio::awaitable<Result<JobInspection>> progress(JobId job, ConnectionId connection, WorkspaceId workspace);
  asio::awaitable<std::string> user_name_of(std::uint32_t uid);
  admin::Health health();
  asio::awaitable<Result<void>> start();
  asio::awaitable<void> wait_for_signals();
  asio::awaitable<void> keep_house();
  asio::awaitable<Result<std::string>> reload();
  Result<std::string> apply(const settings::Loaded& loaded);
  [[nodiscard]] std::string status_line() const;
  asio::awaitable<void> stop();
  void fail(const Error& error);

  asio::io_context& loop_;
  asio::any_io_executor executor_;
  DaemonOptions options_;
  runtime::SystemdNotifier systemd_ = runtime::SystemdNotifier::from_environment();
  Now started_ = runtime::read_clock();
  observe::Metrics metrics_;
  observe::Log log_;
  observe::FactLog fact_log_;
  Facts facts_;
  std::unique_ptr<Store> store_;
  std::shared_ptr<AirbyteApi> airbyte_;
  std::unique_ptr<runtime::Shell> shell_;
  std::unique_ptr<http::Server> server_;
  runtime::TaskGroup tasks_;
  std::unique_ptr<Notifications> notifications_;
  asio::thread_pool worker_{1};  // reads files, so that the loop does not
  asio::thread_pool bcrypt_{1};  // takes a tenth of a second a password
  std::shared_ptr<admin::Access> access_;
  asio::steady_timer stop_asked_;
  std::string listens_;  // the address that is really bound
  bool draining_ = false;
  bool reloading_ = false;
  int status_ = 0;
};

observe::MetricsOptions metrics_options(const settings::Settings& settings, Instant started) {
  observe::MetricsOptions options;
  options.started = started;
  options.detail = detail_of(settings.connection_detail);
  options.connection_limit = settings.connection_limit;
  options.botify_compat = settings.botify_compat;
  return options;
}

observe::LogOptions counted(observe::LogOptions options, observe::Metrics& metrics) {
  options.counted = [&metrics](observe::Level level) { metrics.logged(level); };
  return options;
}

Daemon::Daemon(asio::io_context& loop, DaemonOptions options)
    : loop_(loop),
      executor_(loop.get_executor()),
      options_(std::move(options)),
      metrics_(metrics_options(options_.settings, started_.wall)),
      log_(counted(options_.log, metrics_)),
      fact_log_(log_, [] { return runtime::read_clock().mono; }),
      facts_(metrics_, fact_log_),
      tasks_(executor_, [](std::exception_ptr bug) { std::rethrow_exception(bug); }),
      stop_asked_(executor_) {
  stop_asked_.expires_at(asio::steady_timer::time_point::max());
}

Result<std::shared_ptr<AirbyteApi>> Daemon::make_airbyte(const settings::Settings& settings) {
  airbyte::Observer observer;
  auto& metrics = metrics_.airbyte();
  observer.request_started = [&metrics](airbyte::Operation operation) {
    metrics.request_started(airbyte::to_string(operation));
  };
  observer.request_ended = [&metrics](airbyte::Operation operation, std::optional<Errc> failure,
                                      Millis took) {
    metrics.request_ended(airbyte::to_string(operation), took, failure);
  };
  observer.retry = [&metrics](airbyte::Operation operation) {
    metrics.request_retried(airbyte::to_string(operation));
  };
  observer.token_expiry = [&metrics](Instant at) { metrics.token_expires(at); };
  auto client = airbyte::make_client(executor_, settings.airbyte, runtime::read_clock, std::move(observer));
  if (!client) return client.error();
  return std::shared_ptr<AirbyteApi>(std::move(*client));
}

Result<std::unique_ptr<Store>> Daemon::open_store() {
  const auto wall = [] { return runtime::read_clock().wall; };
  if (options_.settings.state_path.empty()) {
    store::MemoryStore::Options options;
    options.now = wall;
    return std::unique_ptr<Store>(std::make_unique<store::MemoryStore>(options));
  }
  store::SqliteOptions options;
  options.now = wall;
  auto opened = store::make_sqlite_store(executor_, options_.settings.state_path, options);
  metrics_.store().operation(StoreOperation::migrate, !opened);
  return opened;
}

admin::Health Daemon::health() {
  admin::Health health;
  health.loop_alive = [this] { return shell_->awake(runtime::read_clock()); };
  health.store_ok = [this] { return shell_->store_healthy(); };
  health.config_loaded = [] { return true; };
  health.first_poll_done = [this] { return facts_.polled(); };
  health.draining = [this] { return draining_; };
  return health;
}

Result<void> Daemon::open() {
  auto airbyte = make_airbyte(options_.settings);
  if (!airbyte) return airbyte.error();
  airbyte_ = std::move(*airbyte);
  auto store = open_store();
  if (!store) return store.error();
  store_ = std::move(*store);

  runtime::ShellOptions shell;
  shell.seed = random_seed();
  shell.owner = owner_name();
  shell.clock = runtime::read_clock;
  shell.fatal = [this](const Error& error) { fail(error); };
  shell.committed = [this, failing = false](const Error* error) mutable {
    metrics_.store().operation(StoreOperation::write, error != nullptr);
    if (error != nullptr && !failing) log_.error("state cannot be written", {{"error", to_string(*error)}});
    if (error == nullptr && failing) log_.info("state is written again");
    failing = error != nullptr;
  };
  notifications_ = std::make_unique<Notifications>(executor_, tasks_, metrics_, log_);
  if (auto configured = notifications_->configure(options_.settings.receivers); !configured)
    return configured;
  notifications_->plan(options_.settings.plan);
  notifications_->attach(shell);
  shell_ = std::make_unique<runtime::Shell>(executor_, *store_, facts_, std::move(shell));
  notifications_->use(*shell_, *store_);

  open_server();
  return take_web_config(options_.settings.web);
}

void Daemon::open_server() {
  admin::Dependencies admin{.view = shell_->view(), .metrics = metrics_};
  admin.clock = runtime::read_clock;
  admin.health = health();
  admin.started = started_;
  admin.listen_address = options_.settings.listen_address;
  admin.commands = shell_.get();
  admin.history = store_.get();
  admin.user_name = [this](std::uint32_t uid) { return user_name_of(uid); };
  admin.log_lines = [this](JobId job, std::size_t most) { return log_lines(job, most); };
  admin.progress = [this](JobId job, ConnectionId connection, WorkspaceId workspace) {
    return progress(job, std::move(connection), std::move(workspace));
  };
  admin.webhook_token = [this] { return options_.settings.webhook_token; };
  admin.hint = [this] { shell_->hint(); };
  if (options_.reload) admin.reload = [this] { return reload(); };
  admin.host_names = options_.settings.host_names;
  admin.access = [this] { return access_; };
  admin.headers = [this] {
    std::vector<http::Header> headers;
    for (const auto& [name, value] : options_.settings.web.headers) headers.push_back({name, value});
    return headers;
  };
  server_ = http::make_server(executor_, http::ServerLimits{}, admin::make_handler(std::move(admin)),
                              admin::make_observer(metrics_));
}

admin::Role role_of(settings::WebRole role) {
  switch (role) {
    case settings::WebRole::metrics:
      return admin::Role::metrics;
    case settings::WebRole::read:
      return admin::Role::read;
    case settings::WebRole::admin:
      break;
  }
  return admin::Role::admin;
}

asio::awaitable<bool> check_on_worker(std::string password, std::string hash) {
  co_return admin::password_matches(password, hash);
}

asio::awaitable<bool> Daemon::check_password(std::string password, std::string hash) {
  auto checking = check_on_worker(std::move(password), std::move(hash));
  const bool right = co_await asio::co_spawn(bcrypt_, std::move(checking), asio::use_awaitable);
  co_return right;
}

Result<void> Daemon::take_web_config(const settings::WebConfig& web) {
  std::shared_ptr<http::ServerTls> tls;
  if (!web.cert_file.empty()) {
    auto made = http::make_server_tls({web.cert_file, web.key_file, web.client_ca_file, web.only_tls13});
    if (!made) return made.error();
    tls = *std::move(made);
  }
  server_->use_tls(std::move(tls));
  access_ = nullptr;
  if (!web.has_users()) return {};
  admin::AccessOptions options;
  for (const auto& user : web.users) options.users.push_back({user.name, user.hash, role_of(user.role)});
  for (const auto& token : web.tokens)
    options.tokens.push_back({token.name, token.token, role_of(token.role)});
  options.rate_interval = web.rate_interval;
  options.rate_burst = web.rate_burst;
  access_ = std::make_shared<admin::Access>(
      std::move(options),
      [this](std::string password, std::string hash) {
        return check_password(std::move(password), std::move(hash));
      },
      [] { return runtime::read_clock().mono; });
  return {};
}

Result<std::uint16_t> Daemon::listen() {
  auto port = server_->listen(options_.settings.listen_address);
  const auto& local = options_.settings.unix_socket;
  if (!port || local.empty()) return port;
  const auto bound = server_->listen_unix(local);
  if (!bound) return bound.error();
  return port;
}

asio::awaitable<std::string> look_up_user(std::uint32_t uid) { co_return user_name(uid); }

/// On the worker: names may come from a directory that takes its time.
asio::awaitable<std::string> Daemon::user_name_of(std::uint32_t uid) {
  auto looking = look_up_user(uid);
  auto name = co_await asio::co_spawn(worker_, std::move(looking), asio::use_awaitable);
  co_return name;
}

/// A reload may replace the client meanwhile; this one lives until it has answered.
asio::awaitable<Result<std::vector<std::string>>> Daemon::log_lines(JobId job, std::size_t most) {
  const std::shared_ptr<AirbyteApi> airbyte = airbyte_;
  auto lines = co_await airbyte->log_lines(job, most);
  co_return lines;
}

asio::awaitable<Result<JobInspection>> Daemon::progress(JobId job, ConnectionId connection,
                                                        WorkspaceId workspace) {
  const std::shared_ptr<AirbyteApi> airbyte = airbyte_;
  out::InspectJob request;
  request.job = job;
  request.connection = std::move(connection);
  request.workspace = std::move(workspace);
  request.only_progress = true;
  auto seen = co_await airbyte->inspect(std::move(request));
  co_return seen;
}

asio::awaitable<Result<void>> Daemon::start() {
  const PlanPtr plan = options_.settings.plan;
  auto started = co_await shell_->start(plan, airbyte_);
  metrics_.store().operation(StoreOperation::read, !started);
  if (!started) co_return started.error();
  notifications_->start();
  const auto port = listen();
  if (!port) co_return port.error();
  tasks_.spawn(server_->run());
  tasks_.spawn(wait_for_signals());
  tasks_.spawn(keep_house());
  tasks_.spawn(runtime::beat(
      executor_, pulse_interval,
      [this](double lag) { metrics_.loop_lag(std::chrono::duration<double>(lag)); }, systemd_));
  metrics_.config_loaded(runtime::read_clock().wall);
  const bool manages = !plan->rules.empty();
  // With port 0 the system chose it, and this line is where it can be read.
  const auto listen = bound_address(options_.settings.listen_address, *port);
  log_.info("started",
            {{"airbyte", options_.settings.airbyte.url},
             {"listen", listen},
             {"state", options_.settings.state_path.empty() ? "memory" : options_.settings.state_path},
             {"mode", manages ? to_string(plan->mode) : "observing, touching nothing"}});
  listens_ = listen;
  systemd_.send("READY=1\nSTATUS=" + status_line());
  if (options_.ready) options_.ready(*port);
  co_return Result<void>{};
}

asio::awaitable<void> Daemon::run() {
  const auto opened = open();
  if (!opened) {
    fail(opened.error());
    co_return;
  }
  const auto started = co_await start();
  if (!started) {
    fail(started.error());
  } else {
    (void)co_await stop_asked_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_await stop();
}

asio::awaitable<void> Daemon::wait_for_signals() {
  asio::signal_set signals(executor_, SIGTERM, SIGINT, SIGHUP);
  while (true) {
    const auto [error, signal] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    if (signal != SIGHUP) {
      // A second one ends the process at once, which is safe: intents are on disk.
      if (draining_) ::_exit(status_ == 0 ? 1 : status_);
      draining_ = true;
      log_.info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      stop_asked_.cancel();
      continue;
    }
    systemd_.reloading(runtime::read_clock());
    (void)co_await reload();
    systemd_.send("READY=1");
  }
}

asio::awaitable<void> Daemon::keep_house() {
  asio::steady_timer pause(executor_);
  while (true) {
    const auto stats = co_await store_->stats();
    if (stats) metrics_.store().size(stats->size_bytes);
    // A discovery of ten thousand connections leaves as much memory unused as it leaves used: the system gets
    // it back.
    if (facts_.take_discovered()) asio::post(worker_, [] { (void)::malloc_trim(0); });
    pause.expires_after(facts_.polled() ? housekeeping_interval : first_housekeeping);
    const auto [interrupted] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (interrupted) co_return;
  }
}

/// What `systemctl status` shows.
std::string Daemon::status_line() const {
  const auto rules = options_.settings.plan->rules.size();
  return fmt::format("{} rule{}, serving on {}", rules, rules == 1 ? "" : "s", listens_);
}

asio::awaitable<settings::Loaded> load_on_worker(std::function<settings::Loaded()> load) { co_return load(); }

/// Reads the file on the worker, and applies it on the loop: whole, or not at all.
asio::awaitable<Result<std::string>> Daemon::reload() {
  if (!options_.reload) {
    const Error nothing{Errc::unsupported, "there is no configuration file to reload", "", ""};
    co_return nothing;
  }
  if (reloading_ || draining_) {
    const Error busy{Errc::conflict, draining_ ? "syncwarden is stopping" : "a reload is under way", "", ""};
    co_return busy;
  }
  reloading_ = true;
  auto loading = load_on_worker(options_.reload);
  const auto loaded = co_await asio::co_spawn(worker_, std::move(loading), asio::use_awaitable);
  reloading_ = false;
  auto result = apply(loaded);
  if (!result) {
    metrics_.config_refused();
    log_.error("configuration refused, the old one stays", {{"error", to_string(result.error())}});
  }
  systemd_.send(result ? "STATUS=" + status_line() : "STATUS=the last reload was refused; see the log");
  co_return result;
}

Result<std::string> Daemon::apply(const settings::Loaded& loaded) {
  for (const auto& warning : loaded.warnings) log_.warn(settings::to_string(warning));
  if (!loaded.ok()) {
    std::string problems;
    for (const auto& problem : loaded.problems)
      problems += (problems.empty() ? "" : "\n") + settings::to_string(problem);
    return Error{Errc::invalid_config, problems, "", ""};
  }
  settings::Settings next = *loaded.settings;
  std::string told;
  std::size_t changes = 0;
  bool airbyte_changed = false;
  bool receivers_changed = false;
  for (const auto& change : settings::diff(options_.settings, next)) {
    if (change.text.rfind("airbyte.", 0) == 0) airbyte_changed = true;
    if (change.text.rfind("notify ", 0) == 0) receivers_changed = true;
    const auto line = change.text + (change.needs_restart ? " (needs a restart)" : "");
    log_.info("configuration changed", {{"change", line}});
    told += line + "\n";
    ++changes;
  }
  std::shared_ptr<AirbyteApi> client;
  if (airbyte_changed) {
    auto made = make_airbyte(next);
    if (!made) return made.error();
    client = std::move(*made);
  }
  // Also when nothing changed: the certificate's files may be new.
  const auto web = take_web_config(next.web);
  if (!web) return web.error();
  if (receivers_changed) {
    const auto configured = notifications_->configure(next.receivers);
    if (!configured) return configured.error();
  }
  if (client) airbyte_ = client;
  // What needs a restart keeps its running value, so that the next difference is told against what really
  // runs.
  next.state_path = options_.settings.state_path;
  next.listen_address = options_.settings.listen_address;
  next.host_names = options_.settings.host_names;
  next.unix_socket = options_.settings.unix_socket;
  options_.settings = std::move(next);
  metrics_.configure(detail_of(options_.settings.connection_detail), options_.settings.connection_limit,
                     options_.settings.botify_compat);
  metrics_.config_loaded(runtime::read_clock().wall);
  notifications_->plan(options_.settings.plan);
  shell_->change(options_.settings.plan, client);
  log_.info("configuration read again", {{"changes", std::to_string(changes)}});
  return told.empty() ? std::string("nothing changed\n") : told;
}

/// In order: nothing new, the last commit, the lease, and the metrics last, so that a scrape shows the drain.
asio::awaitable<void> Daemon::stop() {
  draining_ = true;
  systemd_.send("STOPPING=1");
  notifications_->stop();
  co_await shell_->stop(stop_limit);
  if (server_) server_->stop(server_grace);
  asio::steady_timer grace(executor_);
  grace.expires_after(std::chrono::milliseconds{1});
  (void)co_await grace.async_wait(asio::as_tuple(asio::use_awaitable));
  tasks_.cancel_all();
  const Millis limit = 2 * server_grace;
  const bool quiet = co_await tasks_.join(limit);
  store_->close();
  worker_.join();
  bcrypt_.stop();
  bcrypt_.join();
  log_.info("stopped");
  // A lookup that hangs in the C library would hold the process for minutes; everything is on disk by now.
  if (!quiet) ::_exit(status_);
  loop_.stop();
}

void Daemon::fail(const Error& error) {
  const int status = exit_status(error);
  log_.error("cannot go on", {{"error", to_string(error)}});
  if (status_ == 0) status_ = status;
  stop_asked_.cancel();
}

}  // namespace

int run_daemon(asio::io_context& loop, DaemonOptions options) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a full disk is an error to report, not a reason to die
  Daemon daemon(loop, std::move(options));
  auto life = daemon.run();
  asio::co_spawn(loop, std::move(life), [&loop](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
    loop.stop();
  });
  loop.run();
  return daemon.status();
}

}  // namespace syncwarden::app
