#include "http/server.hpp"

#include "base/text.hpp"
#include "http/impl/session.hpp"
#include "http/impl/unix_socket.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

namespace syncwarden::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr Millis accept_pause{100};

constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nX-Content-Type-Options: nosniff\r\nRetry-After: 5\r\n"
    "Content-Length: 0\r\nConnection: close\r\n\r\n";

Millis granularity(const ServerLimits& limits) {
  const Millis shortest =
      std::min({limits.header_timeout, limits.request_timeout, limits.idle_timeout, limits.write_timeout});
  return std::clamp(shortest / 8, Millis(5), Millis(100));
}

asio::ip::address unmapped(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::max_connections:
      return "max_connections";
    case Refusal::header_timeout:
      return "header_timeout";
    case Refusal::header_limit:
      return "header_limit";
    case Refusal::body_limit:
      return "body_limit";
    case Refusal::malformed:
      return "malformed";
    case Refusal::host:
      return "host";
    case Refusal::origin:
      return "origin";
    case Refusal::tls:
      return "tls";
  }
  return "malformed";
}

ServerCore::ServerCore(asio::any_io_executor executor, const ServerLimits& the_limits, Handler the_handler,
                       ServerObserver the_observer)
    : limits(the_limits),
      handler(std::move(the_handler)),
      observer(std::move(the_observer)),
      executor_(executor),
      ticker_(executor),
      grace_(executor),
      pause_(executor),
      drained_(executor),
      granularity_(granularity(the_limits)) {}

void ServerCore::admit(tcp::socket socket) {
  error_code ec;
  const tcp::endpoint remote = socket.remote_endpoint(ec);
  if (ec || stopping_) return;
  socket.set_option(tcp::no_delay(true), ec);
  const asio::ip::address address = unmapped(remote.address());
  Peer peer{address.to_string(), address.is_loopback(), std::nullopt, {}};
  take_over(std::move(socket), address, std::move(peer));
}

void ServerCore::admit(asio::local::stream_protocol::socket socket) {
  if (stopping_) return;
  Peer peer{"unix", true, peer_uid(socket.native_handle()), {}};
  take_over(std::move(socket), asio::ip::address(), std::move(peer));
}

void ServerCore::take_over(Socket socket, const asio::ip::address& address, Peer peer) {
  auto session = std::make_shared<Session>(shared_from_this(), std::move(socket), address, std::move(peer));
  std::size_t& same = per_address_[session->address()];
  const bool too_many_of_it = same >= limits.max_connections_per_address;
  if (too_many_of_it || sessions_.size() >= limits.max_connections) {
    refused(Refusal::max_connections);
    // Whoever holds connections and asks for nothing must not keep out who does.
    if (!make_room(too_many_of_it ? &session->address() : nullptr)) {
      if (same == 0) per_address_.erase(session->address());
      session->turn_away(busy_answer);
      return;
    }
  }
  ++same;
  sessions_.insert(session.get());
  if (observer.connections) observer.connections(1);
  if (!ticking_) tick();
  auto done = [self = shared_from_this(), session](const std::exception_ptr& /*lack of memory*/) {
    self->ended(*session);
  };
  asio::co_spawn(executor_, Session::serve(session),
                 asio::bind_cancellation_slot(session->slot(), std::move(done)));
}

bool ServerCore::make_room(const asio::ip::address* address) {
  Session* longest = nullptr;
  for (Session* const session : sessions_) {
    const auto since = session->waiting_since();
    if (!since || (address != nullptr && session->address() != *address)) continue;
    if (longest == nullptr || *since < *longest->waiting_since()) longest = session;
  }
  return longest != nullptr && longest->make_room();
}

void ServerCore::ended(Session& session) {
  const auto same = per_address_.find(session.address());
  if (same != per_address_.end() && --same->second == 0) per_address_.erase(same);
  sessions_.erase(&session);
  if (observer.connections) observer.connections(-1);
  if (sessions_.empty()) ticker_.cancel();
  check_drained();
}

std::uint64_t ServerCore::tick_after(Millis timeout) const {
  const auto ticks = (timeout + granularity_ - Millis(1)) / granularity_;
  return now_ + static_cast<std::uint64_t>(std::max<Millis::rep>(ticks, 0)) + 1;
}

void ServerCore::tick() {
  ticking_ = !sessions_.empty();
  if (!ticking_) return;
  ticker_.expires_after(granularity_);
  ticker_.async_wait(
      [self = shared_from_this()](const error_code& /*cancelled: nobody is left, or new ones*/) {
        ++self->now_;
        for (Session* const session : self->sessions_) session->check(self->now_);
        self->tick();
      });
}

void ServerCore::stop(Millis grace) {
  stopping_ = true;
  pause_.cancel();
  for (Session* const session : sessions_) session->wind_down();
  check_drained();
  if (sessions_.empty()) return;
  grace_.expires_after(grace);
  grace_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec) self->close_all();
  });
}

void ServerCore::close_all() {
  const auto all = sessions_;
  for (Session* const session : all) session->abort();
}

void ServerCore::check_drained() {
  if (!stopping_ || !sessions_.empty()) return;
  grace_.cancel();
  if (loops_ == 0) drained_.cancel();
}

void ServerCore::count_loop(int delta) {
  loops_ += delta;
  check_drained();
}

asio::awaitable<void> ServerCore::drained() {
  while (!stopping_ || !sessions_.empty() || loops_ > 0) {
    drained_.expires_at(asio::steady_timer::time_point::max());
    co_await drained_.async_wait(as_values);
  }
}

void ServerCore::refused(Refusal why, std::string_view target) const {
  if (observer.refused) observer.refused(why, target);
}

namespace {

template <class Acceptor>
asio::awaitable<void> accept_loop(std::shared_ptr<ServerCore> core, std::shared_ptr<Acceptor> acceptor) {
  while (!core->stopping()) {
    auto [ec, socket] = co_await acceptor->async_accept(as_values);
    if (!ec) {
      core->admit(std::move(socket));
      continue;
    }
    if (core->stopping() || !acceptor->is_open()) break;
    if (ec == asio::error::connection_aborted) continue;
    // Out of descriptors or memory: the connection stays in the queue, and asking again at once would spin.
    core->pause().expires_after(accept_pause);
    co_await core->pause().async_wait(as_values);
  }
}

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Result<Address> split_address(std::string_view text) {
  const auto bad = [text] {
    return Error{Errc::invalid_config, "the listen address is not IP:port", printable(text, 100),
                 "write it as 127.0.0.1:9927, [::1]:9927 or :9927"};
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  Address address;
  const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (problem != std::errc() || stop != digits.data() + digits.size()) return bad();
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']') return bad();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad();
  }
  address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  error_code ec;
  if (!address.host.empty()) (void)asio::ip::make_address(address.host, ec);
  if (ec) return bad();
  return address;
}

error_code bind_to(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool dual) {
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (ec) return ec;
  acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only(!dual), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return ec;
}

Error listen_error(std::string_view address, std::uint16_t port, const error_code& ec) {
  if (ec == asio::error::address_in_use) {
    return {Errc::address_in_use, fmt::format("port {} is already in use", port), std::string(address),
            fmt::format("choose another port, or see who holds this one: ss -ltnp 'sport = :{}'", port)};
  }
  return {Errc::listen_failed, fmt::format("cannot listen: {}", ec.message()), std::string(address),
          ec == asio::error::access_denied ? "ports below 1024 need a privilege; choose a higher one"
                                           : "is this an address of this machine?"};
}

class TcpServer final : public Server {
 public:
  TcpServer(asio::any_io_executor executor, const ServerLimits& limits, Handler handler,
            ServerObserver observer)
      : executor_(std::move(executor)),
        core_(std::make_shared<ServerCore>(executor_, limits, std::move(handler), std::move(observer))) {}
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;
  ~TcpServer() override { stop(Millis(0)); }

  Result<std::uint16_t> listen(std::string_view text) override {
    const auto address = split_address(text);
    if (!address) return address.error();
    auto acceptor = std::make_shared<tcp::acceptor>(executor_);
    error_code ec;
    if (address->host.empty()) {
      ec = bind_to(*acceptor, tcp::endpoint(tcp::v6(), address->port), true);
      if (ec && ec != asio::error::address_in_use && ec != asio::error::access_denied) {
        ec = bind_to(*acceptor, tcp::endpoint(tcp::v4(), address->port), false);
      }
    } else {
      ec = bind_to(*acceptor, tcp::endpoint(asio::ip::make_address(address->host), address->port), false);
    }
    if (ec) return listen_error(text, address->port, ec);
    const tcp::endpoint local = acceptor->local_endpoint(ec);
    if (ec) return listen_error(text, address->port, ec);
    acceptors_.push_back(std::move(acceptor));
    return local.port();
  }

  Result<void> listen_unix(const std::string& path) override {
    auto acceptor = std::make_shared<asio::local::stream_protocol::acceptor>(executor_);
    auto bound = bind_unix(*acceptor, path);
    if (!bound) return bound;
    unix_acceptors_.push_back({std::move(acceptor), path});
    return {};
  }

  void use_tls(std::shared_ptr<ServerTls> tls) override { core_->tls = std::move(tls); }

  asio::awaitable<void> run() override {
    for (const auto& acceptor : acceptors_) accept(acceptor);
    for (const auto& [acceptor, path] : unix_acceptors_) accept(acceptor);
    return wait(core_);
  }

  void stop(Millis grace) override {
    error_code ignored;
    for (const auto& acceptor : acceptors_) acceptor->close(ignored);
    for (const auto& [acceptor, path] : std::exchange(unix_acceptors_, {})) {
      acceptor->close(ignored);
      (void)::unlink(path.c_str());
    }
    core_->stop(grace);
  }

 private:
  struct UnixAcceptor {
    std::shared_ptr<asio::local::stream_protocol::acceptor> acceptor;
    std::string path;
  };

  template <class Acceptor>
  void accept(const std::shared_ptr<Acceptor>& acceptor) {
    core_->count_loop(1);
    auto done = [core = core_](const std::exception_ptr& /*lack of memory*/) { core->count_loop(-1); };
    asio::co_spawn(executor_, accept_loop(core_, acceptor), std::move(done));
  }

  static asio::awaitable<void> wait(std::shared_ptr<ServerCore> core) { co_await core->drained(); }

  asio::any_io_executor executor_;
  std::shared_ptr<ServerCore> core_;
  std::vector<std::shared_ptr<tcp::acceptor>> acceptors_;
  std::vector<UnixAcceptor> unix_acceptors_;
};

}  // namespace

std::unique_ptr<Server> make_server(asio::any_io_executor executor, ServerLimits limits, Handler handler,
                                    ServerObserver observer) {
  return std::make_unique<TcpServer>(std::move(executor), limits, std::move(handler), std::move(observer));
}

}  // namespace syncwarden::http
