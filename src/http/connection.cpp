#include "http/impl/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace syncwarden::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
}

Connection::Connection(const asio::any_io_executor& executor, std::size_t buffer_size)
    : socket_(executor),
      deadline_(executor),
      wake_(executor),
      buffer_(new char[buffer_size]),  // left uninitialised on purpose
      capacity_(buffer_size) {}

void Connection::arm(TimePoint at) {
  ends_at_ = at;
  // Deadlines only move on, so the wait under way serves request after request: it ends, looks, and waits
  // again.
  if (watched_ && deadline_.expiry() <= at) return;
  watch();
}

void Connection::disarm() { ends_at_ = TimePoint::max(); }

void Connection::unwatch() {
  if (!std::exchange(watched_, false)) return;
  ++generation_;
  deadline_.cancel();
}

void Connection::watch() {
  watched_ = true;
  deadline_.expires_at(ends_at_);
  deadline_.async_wait([weak = weak_from_this(), generation = ++generation_](const error_code& ec) {
    const auto self = weak.lock();
    if (ec || !self || generation != self->generation_) return;
    self->watched_ = false;
    if (self->ends_at_ <= timer_now()) return self->shut(Ended::deadline);
    if (self->ends_at_ != TimePoint::max()) self->watch();
  });
}

void Connection::shut(Ended why) {
  if (ended_ == Ended::no) ended_ = why;
  error_code ignored;
  socket_.close(ignored);
  wake_.cancel();
  disarm();
  unwatch();
}

asio::awaitable<void> Connection::sleep() {
  if (ended_ != Ended::no) co_return;
  wake_.expires_at(TimePoint::max());
  co_await wake_.async_wait(as_values);
}

asio::awaitable<error_code> Connection::connect(asio::ip::tcp::endpoint to, TimePoint until) {
  error_code ec;
  if (socket_.is_open()) socket_.close(ec);
  socket_.open(to.protocol(), ec);
  if (ec) co_return ec;
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  socket_.set_option(asio::socket_base::keep_alive(true), ec);
  const auto slice = std::make_shared<bool>(false);
  wake_.expires_at(until);
  wake_.async_wait([self = shared_from_this(), slice](const error_code& wait) {
    error_code ignored;
    if (!wait && !*slice) {
      *slice = true;
      self->socket_.close(ignored);
    }
  });
  const auto [result] = co_await socket_.async_connect(to, as_values);
  const bool gave_up = *slice && ended_ == Ended::no;
  *slice = true;
  wake_.cancel();
  if (gave_up) co_return asio::error::timed_out;
  co_return result;
}

error_code Connection::connect_local(const std::string& path) {
  error_code ec;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return asio::error::name_too_long;
  path.copy(address.sun_path, path.size());
  if (socket_.is_open()) socket_.close(ec);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return {errno, boost::system::system_category()};
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ec.assign(errno, boost::system::system_category());
    ::close(fd);
    return ec;
  }
  // A stream is a stream: everything after connecting is the same.
  socket_.assign(asio::ip::tcp::v4(), fd, ec);
  if (ec) ::close(fd);
  return ec;
}

asio::awaitable<error_code> Connection::handshake(std::unique_ptr<TlsStream> tls) {
  tls_ = std::move(tls);
  const auto [ec] = co_await tls_->handshake();
  co_return ec;
}

asio::awaitable<IoResult> Connection::read_some(asio::mutable_buffer to) {
  if (tls_) return tls_->read_some(to);
  return socket_.async_read_some(asio::mutable_buffer(to), as_values);
}

asio::awaitable<IoResult> Connection::write_all(asio::const_buffer from) {
  if (tls_) return tls_->write_all(from);
  return asio::async_write(socket_, asio::const_buffer(from), as_values);
}

bool Connection::is_quiet() {
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::consume(std::size_t count) {
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

asio::mutable_buffer Connection::room() {
  if (end_ == capacity_ && begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

}  // namespace syncwarden::http
