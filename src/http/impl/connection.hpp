// One connection to a peer: socket, optional TLS, buffers, and the timer that ends it.
#pragma once

#include "http/impl/reply_parser.hpp"
#include "http/impl/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

namespace syncwarden::http {

using TimePoint = boost::asio::steady_timer::time_point;

/// The moment on the timers' own clock.
[[nodiscard]] inline TimePoint timer_now() { return boost::asio::steady_timer::clock_type::now(); }

/// Where an exchange stands; decides the code of a timeout.
enum class Phase { resolve, connect, tunnel, handshake, write, read };

/// Who ended the connection from our side.
enum class Ended { no, deadline, closed };

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(const boost::asio::any_io_executor& executor, std::size_t buffer_size);

  /// Ends the connection at `at`, whatever it is doing. Replaces an earlier call.
  void arm(TimePoint at);
  /// Leaves the timer running, for the next arm().
  void disarm();
  /// Stops the timer too.
  void unwatch();
  /// Closes the socket and wakes whoever waits; operations in flight fail.
  void shut(Ended why);
  [[nodiscard]] Ended ended() const { return ended_; }

  /// Waits for wake() or shut().
  [[nodiscard]] boost::asio::awaitable<void> sleep();
  void wake() { wake_.cancel(); }

  /// Connects to one address; gives up on it (timed_out) at `until`.
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> connect(boost::asio::ip::tcp::endpoint to,
                                                                          TimePoint until);
  /// Connects to a Unix socket, which is done at once or not at all.
  [[nodiscard]] boost::system::error_code connect_local(const std::string& path);
  /// TLS from here on. Returns the handshake's result.
  [[nodiscard]] boost::asio::awaitable<boost::system::error_code> handshake(std::unique_ptr<TlsStream> tls);

  [[nodiscard]] boost::asio::awaitable<IoResult> read_some(boost::asio::mutable_buffer to);
  [[nodiscard]] boost::asio::awaitable<IoResult> write_all(boost::asio::const_buffer from);

  /// False if the peer closed the connection, or sent something that nobody asked for, while it was idle.
  [[nodiscard]] bool is_quiet();

  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }
  [[nodiscard]] TlsStream* tls() { return tls_.get(); }

  /// Received and not yet parsed.
  [[nodiscard]] std::string_view pending() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t count);
  /// Room for more; empty if the buffer is full of pending bytes.
  [[nodiscard]] boost::asio::mutable_buffer room();
  void received(std::size_t count) { end_ += count; }

  Phase phase = Phase::resolve;
  ReplyParser parser;
  std::string out;       ///< the encoded request
  std::size_t slot = 0;  ///< position in the client's list
  TimePoint idle_until{};
  bool reused = false;

 private:
  void watch();

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsStream> tls_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer wake_;
  TimePoint ends_at_ = TimePoint::max();  ///< what arm() set
  bool watched_ = false;                  ///< the deadline's timer runs, if only towards an earlier instant
  std::uint64_t generation_ = 0;
  Ended ended_ = Ended::no;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace syncwarden::http
