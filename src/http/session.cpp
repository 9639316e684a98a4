#include "http/impl/session.hpp"

#include "http/impl/encode.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>
#include <sys/socket.h>

namespace syncwarden::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr Millis linger_time{1'000};
constexpr std::size_t linger_bytes = 256 * 1024;
constexpr std::size_t kept_output = 64 * 1024;

asio::steady_timer::time_point timer_now() { return asio::steady_timer::clock_type::now(); }

}  // namespace

Session::Session(std::shared_ptr<ServerCore> core, Socket socket, const asio::ip::address& address, Peer peer)
    : core_(std::move(core)),
      socket_(std::move(socket)),
      tls_(core_->tls && !peer.uid ? core_->tls->wrap(socket_) : nullptr),
      address_(address),
      peer_(std::move(peer)),
      parser_(core_->limits),
      buffer_(new char[core_->limits.max_header_bytes]),  // left uninitialised on purpose
      capacity_(core_->limits.max_header_bytes) {}

Session::~Session() { core_->forget(this); }

asio::awaitable<void> Session::serve(std::shared_ptr<Session> self) {
  bool more = true;
  // A connection that never says anything is worth no more time than one that says its header slowly.
  self->expect(Waiting::idle, std::min(self->core_->limits.header_timeout, self->core_->limits.idle_timeout));
  self->waits_since_ = self->core_->next_turn();
  if (self->tls_) more = co_await self->shake_hands();
  while (more) {
    more = co_await self->read_head();
    if (more) more = co_await self->read_body();
    if (more) more = co_await self->answer();
    self->parser_.reset();
    // The server may have begun to stop while the answer was written.
    if (self->core_->stopping() && self->filled_ == 0) more = false;
    if (more) {
      self->expect(Waiting::idle, self->core_->limits.idle_timeout);
      self->waits_since_ = self->core_->next_turn();
    }
  }
  self->close();
}

asio::awaitable<bool> Session::shake_hands() {
  const auto [ec, none] = co_await tls_->handshake();
  if (ec && !aborted_) core_->refused(Refusal::tls);
  co_return !ec;
}

asio::awaitable<IoResult> Session::read_some(asio::mutable_buffer to) {
  if (tls_) return tls_->read_some(to);
  return socket_.async_read_some(asio::mutable_buffer(to), as_values);
}

asio::awaitable<bool> Session::read_head() {
  for (;;) {
    if (filled_ > 0 && waiting_ != Waiting::header) {
      expect(Waiting::header, core_->limits.header_timeout);
      request_over_at_ = core_->tick_after(core_->limits.request_timeout);
    }
    std::size_t used = 0;
    const RequestParser::State state = parser_.feed(pending(), used);
    if (state == RequestParser::State::ready) {
      consume(used);
      co_return true;
    }
    if (state == RequestParser::State::refused) {
      co_await refuse(parser_.denial());
      co_return false;
    }
    const asio::mutable_buffer room = asio::buffer(buffer_.get() + filled_, capacity_ - filled_);
    const auto [ec, count] = co_await read_some(room);
    filled_ += count;
    if (!ec) continue;
    if (timed_out_ && !aborted_) {
      Denial late;
      late.status = 408;
      late.refusal = Refusal::header_timeout;
      late.text = "the request header came too slowly";
      co_await refuse(late);
    }
    co_return false;
  }
}

asio::awaitable<bool> Session::read_body() {
  RequestHead& head = parser_.head();
  if (head.content_length == 0) co_return true;
  const auto length = static_cast<std::size_t>(head.content_length);
  std::string& body = head.request.body;
  body.resize(length);
  const std::size_t have = std::min(length, filled_);
  std::memcpy(body.data(), buffer_.get(), have);
  consume(have);
  if (have == length) co_return true;
  if (head.expects_continue) {
    out_.assign("HTTP/1.1 100 Continue\r\n\r\n");
    const bool written = co_await write_out();
    if (!written) co_return false;
  }
  waiting_ = Waiting::body;
  over_at_ = request_over_at_;
  std::size_t filled = have;
  while (filled < length) {
    const asio::mutable_buffer room = asio::buffer(body.data() + filled, length - filled);
    const auto [ec, count] = co_await read_some(room);
    filled += count;
    if (ec) break;
  }
  if (filled == length) co_return true;
  if (timed_out_ && !aborted_) {
    Denial late;
    late.status = 408;
    late.refusal = Refusal::header_timeout;
    late.text = "the request body came too slowly";
    co_await refuse(late);
  }
  co_return false;
}

asio::awaitable<bool> Session::answer() {
  waiting_ = Waiting::nothing;
  RequestHead& head = parser_.head();
  Request seen;
  asio::steady_timer::time_point begin{};
  if (core_->observer.answered) {
    seen.method = head.head ? "HEAD" : head.request.method;
    seen.target = head.request.target;
    begin = timer_now();
  }
  Response response;
  bool threw = false;
  try {
    Peer peer = peer_;
    response = co_await core_->handler(std::move(head.request), std::move(peer));
  } catch (...) {
    threw = true;
  }
  if (aborted_ || (!threw && response.status == 0)) co_return false;
  if (threw) {
    response = Response();
    response.status = 500;
  }
  const auto asked_to_close = response.header("Connection");
  ResponseFrame frame;
  frame.head = head.head;
  frame.close =
      !head.keep_alive || core_->stopping() || (asked_to_close && iequals(*asked_to_close, "close"));
  frame.keep_alive = head.http10;
  // A large body is written from where it is: a scrape of megabytes is not copied once more.
  frame.body_apart = response.body.size() > kept_output && response.status != 204 && response.status != 304;
  out_.clear();
  if (!encode(response, frame, out_)) {
    response = Response();
    response.status = 500;
    frame.body_apart = false;
    (void)encode(response, frame, out_);
  }
  if (frame.body_apart && !frame.head) body_ = std::move(response.body);
  const bool written = co_await write_out();
  if (core_->observer.answered) {
    core_->observer.answered(seen, response.status, std::chrono::duration_cast<Millis>(timer_now() - begin));
  }
  if (!written) co_return false;
  if (!frame.close) co_return true;
  co_await linger();
  co_return false;
}

asio::awaitable<bool> Session::write_out() {
  expect(Waiting::write, core_->limits.write_timeout);
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(out_), asio::buffer(body_)};
  error_code failure;
  if (tls_) {
    const auto [ec, count] = co_await tls_->write_all(buffers);
    failure = ec;
  } else {
    const auto [ec, count] = co_await asio::async_write(socket_, buffers, as_values);
    failure = ec;
  }
  std::string().swap(body_);
  waiting_ = Waiting::nothing;
  if (out_.capacity() > kept_output) std::string().swap(out_);
  co_return !failure && !aborted_;
}

asio::awaitable<void> Session::refuse(Denial denial) {
  core_->refused(denial.refusal, parser_.head().request.target);
  Response response;
  response.status = denial.status;
  response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  if (denial.status == 405) response.headers.push_back({"Allow", "GET, HEAD, POST, PUT, DELETE, PATCH"});
  response.body = std::string(denial.text) + "\n";
  ResponseFrame frame;
  frame.close = true;
  frame.head = parser_.head().head;
  out_.clear();
  (void)encode(response, frame, out_);
  const bool written = co_await write_out();
  if (written) co_await linger();
}

asio::awaitable<void> Session::linger() {
  // Closing with unread bytes would reset the connection, and the peer might never see the answer.
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  expect(Waiting::linger, linger_time);
  std::size_t total = 0;
  while (total < linger_bytes && socket_.is_open()) {
    const auto [ec, count] =
        co_await socket_.async_read_some(asio::buffer(buffer_.get(), capacity_), as_values);
    if (ec) break;
    total += count;
  }
}

void Session::turn_away(std::string_view answer) {
  (void)::send(socket_.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  close();
}

void Session::expect(Waiting what, Millis timeout) {
  waiting_ = what;
  over_at_ = core_->tick_after(timeout);
}

void Session::check(std::uint64_t now) {
  if (waiting_ == Waiting::nothing || now < over_at_) return;
  // What was cancelled leaves TLS in no state to say anything.
  if (!tls_ && (waiting_ == Waiting::header || waiting_ == Waiting::body)) {
    waiting_ = Waiting::nothing;
    timed_out_ = true;
    error_code ignored;
    socket_.cancel(ignored);  // the socket still carries the 408
    return;
  }
  close();
}

std::optional<std::uint64_t> Session::waiting_since() const {
  if (waiting_ != Waiting::idle && waiting_ != Waiting::header && waiting_ != Waiting::linger)
    return std::nullopt;
  return waits_since_;
}

bool Session::make_room() {
  if (!waiting_since()) return false;
  waiting_ = Waiting::nothing;
  close();
  return true;
}

void Session::wind_down() {
  if (waiting_ == Waiting::idle || waiting_ == Waiting::linger) close();
}

void Session::abort() {
  aborted_ = true;
  close();
  signal_.emit(asio::cancellation_type::terminal);
}

void Session::close() {
  error_code ignored;
  socket_.close(ignored);
}

void Session::consume(std::size_t count) {
  filled_ -= count;
  if (filled_ > 0) std::memmove(buffer_.get(), buffer_.get() + count, filled_);
}

}  // namespace syncwarden::http
