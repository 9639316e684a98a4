#include "http/client.hpp"

#include "http/impl/encode.hpp"
#include "http/impl/exchange.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

namespace syncwarden::http {

namespace asio = boost::asio;
using boost::system::result;

void throw_exception_from_error(const Failure& failure, const boost::source_location& /*location*/) {
  throw std::logic_error("value() of a request that failed: " + to_string(failure.error));
}

namespace {

/// Everything that requests in flight need; they keep it alive when the client goes away.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(asio::any_io_executor executor, std::shared_ptr<const Route> route)
      : executor_(std::move(executor)), route_(std::move(route)) {}

  [[nodiscard]] const std::shared_ptr<const Route>& route() const { return route_; }
  [[nodiscard]] bool closed() const { return closed_; }

  /// An idle connection, the last one used first; null if there is none.
  [[nodiscard]] std::shared_ptr<Connection> take_idle() {
    if (idle_.empty()) return nullptr;
    const TimePoint now = timer_now();
    while (!idle_.empty() && idle_.front()->idle_until <= now) {
      drop(*idle_.front());
      idle_.erase(idle_.begin());
    }
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->is_quiet()) {
        connection->reused = true;
        return connection;
      }
      drop(*connection);
    }
    return nullptr;
  }

  [[nodiscard]] std::shared_ptr<Connection> open() {
    const std::size_t buffer = std::max<std::size_t>(route_->options.max_header_bytes, 16 * 1024);
    auto connection = std::make_shared<Connection>(executor_, buffer);
    connection->slot = all_.size();
    all_.push_back(connection);
    return connection;
  }

  void give_back(std::shared_ptr<Connection> connection) {
    if (closed_ || connection->ended() != Ended::no || idle_.size() >= route_->options.max_idle) {
      drop(*connection);
      return;
    }
    connection->disarm();
    connection->idle_until = timer_now() + route_->options.idle_timeout;
    idle_.push_back(std::move(connection));
    rest();
  }

  /// With no request under way nothing keeps the loop busy.
  void rest() {
    if (idle_.size() != all_.size()) return;
    for (const auto& connection : idle_) connection->unwatch();
  }

  void drop(Connection& connection) {
    connection.shut(Ended::closed);
    const std::size_t slot = connection.slot;
    if (slot >= all_.size() || all_[slot].get() != &connection) return;
    const auto keep = std::exchange(all_[slot], std::move(all_.back()));
    if (all_[slot]) all_[slot]->slot = slot;
    all_.pop_back();
  }

  void close() {
    closed_ = true;
    idle_.clear();
    for (const auto& connection : std::exchange(all_, {})) connection->shut(Ended::closed);
  }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<const Route> route_;
  std::vector<std::shared_ptr<Connection>> all_;
  std::vector<std::shared_ptr<Connection>> idle_;  ///< oldest first
  bool closed_ = false;
};

/// A connection in use: dropped however the exchange ends, unless it is given back.
class Lease {
 public:
  Lease(std::shared_ptr<Pool> pool, std::shared_ptr<Connection> connection)
      : pool_(std::move(pool)), connection_(std::move(connection)) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (!connection_) return;
    pool_->drop(*connection_);
    pool_->rest();
  }
  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }
  void give_back() { pool_->give_back(std::move(connection_)); }

 private:
  std::shared_ptr<Pool> pool_;
  std::shared_ptr<Connection> connection_;
};

Failure failure(const Pool& pool, Errc code, std::string message, std::string hint = {}) {
  return {{code, std::move(message), pool.route()->url, std::move(hint)}, false};
}

/// The URL of the request without its query.
std::string place(const Pool& pool, const Request& request) {
  if (!is_sendable_target(request.target)) return pool.route()->url;
  return pool.route()->root_url + std::string(request.path());
}

asio::awaitable<result<Response, Failure>> attempt(std::shared_ptr<Pool> pool, const Request* request,
                                                   const SendOptions* options, Progress* progress) {
  const auto& route = pool->route();
  RequestFrame frame;
  frame.authority = route->authority;
  frame.target_prefix = route->absolute_prefix;
  if (route->proxy && !route->origin.tls) frame.proxy_authorization = route->proxy->authorization.reveal();
  std::string encoded;
  if (const auto problem = encode(*request, frame, encoded)) {
    co_return failure(*pool, Errc::invalid_config, *problem,
                      "check tokens and passwords for a line break at their end");
  }
  const TimePoint deadline = timer_now() + options->deadline;
  for (bool again = false;; again = true) {
    auto idle = again ? nullptr : pool->take_idle();
    const bool fresh = !idle;
    Lease lease(pool, fresh ? pool->open() : std::move(idle));
    const auto& connection = lease.connection();
    connection->out.swap(encoded);
    if (fresh) {
      connection->arm(std::min(timer_now() + route->options.connect_timeout, deadline));
      auto problem = co_await establish(route, connection);
      if (problem) {
        Failure failed;
        failed.error = *std::move(problem);
        failed.sent = again;  // the first attempt was written to the dead connection
        co_return failed;
      }
    }
    connection->arm(deadline);
    auto outcome = co_await exchange(route, connection, options, request->method == "HEAD", progress);
    if (outcome) {
      if (progress->reusable) lease.give_back();
      co_return std::move(*outcome);
    }
    Broken broken = std::move(outcome).error();
    if (!broken.unanswered || !options->idempotent || again) {
      Failure failed;
      failed.error = std::move(broken.error);
      failed.sent = broken.sent || again;
      co_return failed;
    }
    encoded.swap(connection->out);
  }
}

asio::awaitable<result<Response, Failure>> run(std::shared_ptr<Pool> pool, Request request,
                                               SendOptions options) {
  if (pool->closed()) co_return failure(*pool, Errc::cancelled, "the client is closed");
  Progress progress;
  try {
    auto outcome = co_await attempt(pool, &request, &options, &progress);
    if (!outcome) {
      Failure failed = std::move(outcome).error();
      failed.error.where = place(*pool, request);
      co_return failed;
    }
    co_return outcome;
  } catch (const boost::system::system_error& problem) {
    // Asio ends a cancelled coroutine this way at its next wait.
    if (problem.code() != asio::error::operation_aborted) throw;
  }
  Failure cancelled = failure(*pool, Errc::cancelled, "the request was cancelled");
  cancelled.error.where = place(*pool, request);
  cancelled.sent = progress.sent;
  co_return cancelled;
}

class PooledClient final : public Client {
 public:
  explicit PooledClient(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
  PooledClient(const PooledClient&) = delete;
  PooledClient& operator=(const PooledClient&) = delete;
  ~PooledClient() override { pool_->close(); }

  asio::awaitable<result<Response, Failure>> send(Request request, SendOptions options) override {
    return run(pool_, std::move(request), std::move(options));
  }
  void close() override { pool_->close(); }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

Result<std::unique_ptr<Client>> make_client(asio::any_io_executor executor, Origin origin,
                                            ClientOptions options) {
  auto route = std::make_shared<Route>();
  if (!options.proxy.empty()) {
    auto proxy = parse_proxy(options.proxy);
    if (!proxy) return proxy.error();
    if (!options.proxy_authorization.empty()) proxy->authorization = options.proxy_authorization;
    if (!is_sendable_value(proxy->authorization.reveal())) {
      return Error{Errc::invalid_config, "the proxy's credentials hold a line break or NUL", "", ""};
    }
    route->proxy = *std::move(proxy);
  }
  if (origin.tls) {
    auto tls = make_tls_context(options.tls);
    if (!tls) return tls.error();
    route->tls = *std::move(tls);
  }
  const std::string& host = route->proxy ? route->proxy->host : origin.host;
  const std::uint16_t port = route->proxy ? route->proxy->port : origin.port;
  route->book = std::make_shared<AddressBook>(executor, host, port);
  Origin root = origin;
  root.base_path.clear();
  const std::string root_url = root.url();
  route->authority = root_url.substr(root_url.find("://") + 3);
  if (route->proxy && !origin.tls) route->absolute_prefix = root_url;
  route->root_url = root_url;
  route->url = origin.url();
  route->origin = std::move(origin);
  route->options = std::move(options);
  auto pool = std::make_shared<Pool>(std::move(executor), std::move(route));
  return std::unique_ptr<Client>(std::make_unique<PooledClient>(std::move(pool)));
}

}  // namespace syncwarden::http
