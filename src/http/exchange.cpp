#include "http/impl/exchange.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <fmt/format.h>

namespace syncwarden::http {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::result;

namespace {

Error make_error(const Route& route, Errc code, std::string message, std::string hint = {}) {
  return {code, std::move(message), route.url, std::move(hint)};
}

std::string peer_name(const Route& route) {
  return route.proxy ? fmt::format("the proxy {}:{}", route.proxy->host, route.proxy->port) : route.authority;
}

std::string curl_hint(const Route& route) {
  if (!route.options.unix_socket.empty()) {
    return fmt::format(
        "does somebody listen there, and may this user write to it? try: curl -sv --unix-socket {} {}",
        route.options.unix_socket, route.url);
  }
  if (route.proxy) return "check the proxy settings; hosts in no_proxy are reached directly";
  return fmt::format("is Airbyte running there? try: curl -sv {}", route.url);
}

Error timed_out(const Route& route, Phase phase) {
  switch (phase) {
    case Phase::resolve:
      return make_error(
          route, Errc::resolve_timeout,
          fmt::format("looking up the name {} took too long", route.book->host()),
          fmt::format("is the name server reachable? try: getent hosts {}", route.book->host()));
    case Phase::connect:
      return make_error(route, Errc::connect_timeout,
                        fmt::format("connecting to {} took too long", peer_name(route)), curl_hint(route));
    case Phase::tunnel:
      return make_error(route, Errc::connect_timeout,
                        fmt::format("{} took too long to open the tunnel", peer_name(route)),
                        curl_hint(route));
    case Phase::handshake:
      return make_error(route, Errc::connect_timeout, "the TLS handshake took too long",
                        "does this port speak TLS? try http:// instead of https://");
    case Phase::write:
      return make_error(route, Errc::send_timeout, "the request could not be sent before its deadline", "");
    case Phase::read:
      break;
  }
  return make_error(route, Errc::reply_timeout, "no complete answer came before the deadline",
                    "the server may be overloaded; the request may still be at work there");
}

Error not_connected(const Route& route, Connection& connection, const error_code& ec) {
  if (connection.phase == Phase::resolve) {
    const Errc code = route.proxy ? Errc::proxy_failed : Errc::resolve_failed;
    return make_error(route, code,
                      fmt::format("the name {} cannot be resolved: {}", route.book->host(), ec.message()),
                      "check the spelling, and that the name server knows it");
  }
  if (ec == asio::error::timed_out) return timed_out(route, Phase::connect);
  if (route.proxy) {
    return make_error(route, Errc::proxy_failed,
                      fmt::format("{} cannot be reached: {}", peer_name(route), ec.message()),
                      curl_hint(route));
  }
  const std::string& peer = route.options.unix_socket.empty() ? route.authority : route.options.unix_socket;
  const std::string message = ec == asio::error::connection_refused
                                  ? fmt::format("{} refused the connection", peer)
                                  : fmt::format("{} cannot be reached: {}", peer, ec.message());
  return make_error(route, Errc::connect_refused, message, curl_hint(route));
}

}  // namespace

void throw_exception_from_error(const Broken& broken, const boost::source_location& /*location*/) {
  throw std::logic_error("value() of an exchange that failed: " + to_string(broken.error));
}

Error explain(const Route& route, Connection& connection, const error_code& ec) {
  if (connection.ended() == Ended::closed) {
    return make_error(route, Errc::cancelled, "the client was closed while the request was under way");
  }
  if (connection.ended() == Ended::deadline) return timed_out(route, connection.phase);
  if (ec == asio::error::operation_aborted) {
    return make_error(route, Errc::cancelled, "the request was cancelled");
  }
  switch (connection.phase) {
    case Phase::resolve:
    case Phase::connect:
      return not_connected(route, connection, ec);
    case Phase::tunnel:
      return make_error(
          route, Errc::proxy_failed,
          fmt::format("{} closed the connection instead of opening a tunnel", peer_name(route)));
    case Phase::handshake: {
      Error error = connection.tls()->explain(ec);
      error.where = route.url;
      return error;
    }
    case Phase::write:
    case Phase::read:
      break;
  }
  if (connection.tls() != nullptr && is_tls_error(ec)) {
    Error error = connection.tls()->explain(ec);
    error.where = route.url;
    return error;
  }
  return make_error(route, Errc::connection_lost,
                    ec == asio::error::eof
                        ? std::string("the server closed the connection without a complete answer")
                        : fmt::format("the connection broke: {}", ec.message()));
}

namespace {

asio::awaitable<std::optional<Error>> connect(std::shared_ptr<const Route> route,
                                              std::shared_ptr<Connection> connection) {
  if (!route->options.unix_socket.empty()) {
    connection->phase = Phase::connect;
    const error_code refused = connection->connect_local(route->options.unix_socket);
    if (!refused && connection->ended() == Ended::no) co_return std::nullopt;
    co_return explain(*route, *connection, refused);
  }
  connection->phase = Phase::resolve;
  error_code ec = co_await AddressBook::fill(route->book, connection);
  if (connection->ended() != Ended::no || ec) co_return explain(*route, *connection, ec);
  connection->phase = Phase::connect;
  const auto addresses = route->book->addresses();
  ec = asio::error::host_not_found;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // A black-holed first address must leave time for the others.
    const auto slice =
        route->options.connect_timeout / static_cast<int>(std::max<std::size_t>(addresses.size(), 1));
    const TimePoint until = i + 1 == addresses.size() ? TimePoint::max() : timer_now() + slice;
    ec = co_await connection->connect(addresses[i], until);
    if (!ec || connection->ended() != Ended::no || ec == asio::error::operation_aborted) break;
  }
  if (!ec && connection->ended() == Ended::no) co_return std::nullopt;
  route->book->forget();
  co_return explain(*route, *connection, ec);
}

/// The proxy's answer to CONNECT.
asio::awaitable<std::optional<Error>> read_tunnel(std::shared_ptr<const Route> route,
                                                  std::shared_ptr<Connection> connection) {
  ReplyParser::Limits limits;
  limits.header_bytes = route->options.max_header_bytes;
  limits.no_body = true;
  connection->parser.start(limits, nullptr);
  ReplyParser::State state = ReplyParser::State::more;
  while (state == ReplyParser::State::more) {
    const auto room = connection->room();
    if (room.size() == 0) break;
    const auto [ec, count] = co_await connection->read_some(room);
    if (ec || connection->ended() != Ended::no) co_return explain(*route, *connection, ec);
    connection->received(count);
    std::size_t used = 0;
    state = connection->parser.feed(connection->pending(), used);
    connection->consume(used);
  }
  if (state != ReplyParser::State::done) {
    co_return make_error(*route, Errc::proxy_failed,
                         fmt::format("{} does not answer in HTTP", peer_name(*route)));
  }
  const Response answer = connection->parser.take();
  if (answer.status == 407) {
    co_return make_error(*route, Errc::proxy_failed,
                         fmt::format("{} asks for credentials (407)", peer_name(*route)),
                         "set the proxy's credentials");
  }
  if (answer.status / 100 != 2 || !connection->pending().empty()) {
    co_return make_error(*route, Errc::proxy_failed,
                         fmt::format("{} refused a tunnel to {} with status {}", peer_name(*route),
                                     route->authority, answer.status),
                         "does the proxy allow this host and port?");
  }
  co_return std::nullopt;
}

std::string tunnel_request(const Route& route) {
  const std::string host =
      route.origin.host.find(':') == std::string::npos ? route.origin.host : "[" + route.origin.host + "]";
  const std::string target = fmt::format("{}:{}", host, route.origin.port);
  std::string text = fmt::format("CONNECT {} HTTP/1.1\r\nHost: {}\r\n", target, target);
  if (!route.proxy->authorization.empty()) {
    text += fmt::format("Proxy-Authorization: {}\r\n", route.proxy->authorization.reveal());
  }
  return text + "\r\n";
}

}  // namespace

asio::awaitable<std::optional<Error>> establish(std::shared_ptr<const Route> route,
                                                std::shared_ptr<Connection> connection) {
  auto problem = co_await connect(route, connection);
  if (problem || !route->origin.tls) co_return problem;
  if (route->proxy) {
    connection->phase = Phase::tunnel;
    const std::string request = tunnel_request(*route);
    const auto written = co_await connection->write_all(asio::buffer(request));
    if (std::get<0>(written)) co_return explain(*route, *connection, std::get<0>(written));
    problem = co_await read_tunnel(route, connection);
    if (problem) co_return problem;
  }
  connection->phase = Phase::handshake;
  auto stream = route->tls->wrap(connection->socket(), route->origin.host);
  if (!stream) {
    Error error = stream.error();
    error.where = route->url;
    co_return error;
  }
  const error_code ec = co_await connection->handshake(std::move(*stream));
  if (ec || connection->ended() != Ended::no) co_return explain(*route, *connection, ec);
  co_return std::nullopt;
}

namespace {

/// Reads and parses until the answer is complete or the reading fails.
asio::awaitable<error_code> read_reply(std::shared_ptr<Connection> connection, ReplyParser::State* state) {
  for (;;) {
    const auto room = connection->room();
    if (room.size() == 0) {
      *state = ReplyParser::State::header_too_large;  // one line that fills the whole buffer
      co_return error_code();
    }
    const auto [ec, count] = co_await connection->read_some(room);
    if (ec == asio::error::eof && connection->ended() == Ended::no && connection->parser.started()) {
      *state = connection->parser.end();
      if (*state == ReplyParser::State::done) co_return error_code();
      co_return ec;
    }
    if (connection->ended() != Ended::no) co_return asio::error::operation_aborted;
    if (ec) co_return ec;
    connection->received(count);
    std::size_t used = 0;
    *state = connection->parser.feed(connection->pending(), used);
    connection->consume(used);
    if (*state != ReplyParser::State::more) co_return error_code();
  }
}

Error bad_reply(const Route& route, Connection& connection, ReplyParser::State state,
                const SendOptions& options) {
  switch (state) {
    case ReplyParser::State::header_too_large:
      return make_error(
          route, Errc::reply_too_large,
          fmt::format("the answer's header is larger than {} bytes", route.options.max_header_bytes));
    case ReplyParser::State::body_too_large:
      return make_error(route, Errc::reply_too_large,
                        fmt::format("the answer is larger than {} bytes", options.max_body_bytes));
    case ReplyParser::State::sink_refused:
      return make_error(route, Errc::malformed_reply, "the answer's body is not what was expected");
    default:
      break;
  }
  return make_error(route, Errc::malformed_reply,
                    fmt::format("the answer is no valid HTTP: {}", connection.parser.problem()),
                    "is this the port of Airbyte's API?");
}

}  // namespace

asio::awaitable<result<Response, Broken>> exchange(std::shared_ptr<const Route> route,
                                                   std::shared_ptr<Connection> connection,
                                                   const SendOptions* options, bool head,
                                                   Progress* progress) {
  Broken broken;
  connection->phase = Phase::write;
  // A TLS record may be on its way although its write failed, so there the attempt itself counts.
  progress->sent = connection->tls() != nullptr;
  const auto [write_error, written] = co_await connection->write_all(asio::buffer(connection->out));
  if (written > 0) progress->sent = true;
  broken.sent = progress->sent;
  if (write_error || connection->ended() != Ended::no) {
    broken.unanswered = connection->reused && connection->ended() == Ended::no &&
                        write_error != asio::error::operation_aborted;
    broken.error = explain(*route, *connection, write_error);
    co_return broken;
  }
  connection->phase = Phase::read;
  ReplyParser::Limits limits;
  limits.header_bytes = route->options.max_header_bytes;
  limits.body_bytes = options->max_body_bytes;
  limits.no_body = head;
  connection->parser.start(limits, &options->sink);
  ReplyParser::State state = ReplyParser::State::more;
  const error_code read_error = co_await read_reply(connection, &state);
  if (read_error) {
    broken.unanswered = connection->reused && connection->ended() == Ended::no &&
                        read_error != asio::error::operation_aborted && !connection->parser.started();
    broken.error = explain(*route, *connection, read_error);
    co_return broken;
  }
  if (state != ReplyParser::State::done) {
    broken.error = bad_reply(*route, *connection, state, *options);
    co_return broken;
  }
  Response response = connection->parser.take();
  progress->reusable = connection->parser.keep_alive() && connection->pending().empty();
  if (response.status == 407 && route->proxy) {
    broken.error = make_error(*route, Errc::proxy_failed,
                              fmt::format("{} asks for credentials (407)", peer_name(*route)),
                              "set the proxy's credentials");
    co_return broken;
  }
  co_return response;
}

}  // namespace syncwarden::http
