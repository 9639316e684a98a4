// What the server's connections share, and one such connection.
#pragma once

#include "http/impl/request_parser.hpp"
#include "http/impl/server_tls.hpp"
#include "http/server.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

namespace syncwarden::http {

class Session;

/// TCP or Unix: what a session does with it is the same.
using Socket = boost::asio::generic::stream_protocol::socket;

/// The server's state. Sessions and the accept loops keep it alive.
///
/// Time: one timer ticks while there are connections, and each connection only remembers the tick at which it
/// is over. A request therefore costs no timer at all; a timeout comes up to two ticks late, never early.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(boost::asio::any_io_executor executor, const ServerLimits& limits, Handler handler,
             ServerObserver observer);

  const ServerLimits limits;
  const Handler handler;
  const ServerObserver observer;

  /// Takes the socket over, or turns it away with a 503.
  void admit(boost::asio::ip::tcp::socket socket);
  void admit(boost::asio::local::stream_protocol::socket socket);
  /// The tick at which something that may take `timeout` from now is over.
  [[nodiscard]] std::uint64_t tick_after(Millis timeout) const;
  /// Numbers that only grow: who waits the longest has the smallest.
  [[nodiscard]] std::uint64_t next_turn() { return ++turns_; }

  void stop(Millis grace);
  [[nodiscard]] bool stopping() const { return stopping_; }
  /// Waits until stop() was called and the last connection has ended.
  [[nodiscard]] boost::asio::awaitable<void> drained();
  /// An accept loop has begun (+1) or ended (-1).
  void count_loop(int delta);
  [[nodiscard]] boost::asio::steady_timer& pause() { return pause_; }
  void refused(Refusal why, std::string_view target = {}) const;
  /// Of TCP connections from now on; null: none.
  std::shared_ptr<ServerTls> tls;
  /// For a session that dies with the execution context.
  void forget(Session* session) { sessions_.erase(session); }

 private:
  void take_over(Socket socket, const boost::asio::ip::address& address, Peer peer);
  void ended(Session& session);
  /// Ends the connection, of this address or of all, that has been waiting for a request the longest.
  bool make_room(const boost::asio::ip::address* address);
  void tick();
  void close_all();
  void check_drained();

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer ticker_;
  boost::asio::steady_timer grace_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer drained_;
  Millis granularity_;
  std::uint64_t now_ = 0;
  std::uint64_t turns_ = 0;
  bool ticking_ = false;
  bool stopping_ = false;
  int loops_ = 0;
  std::set<Session*> sessions_;  ///< each kept alive by its own coroutine
  std::map<boost::asio::ip::address, std::size_t> per_address_;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `address` is what connections are counted by; all of a Unix socket count as one address.
  Session(std::shared_ptr<ServerCore> core, Socket socket, const boost::asio::ip::address& address,
          Peer peer);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Serves requests until the connection ends. Throws nothing but on lack of memory.
  [[nodiscard]] static boost::asio::awaitable<void> serve(std::shared_ptr<Session> self);

  /// Writes as much of `answer` as the socket takes at once, then closes it.
  void turn_away(std::string_view answer);
  /// Called at every tick.
  void check(std::uint64_t now);
  /// Ends the connection if it only waits for a request, to make room for others; false: it is at work.
  bool make_room();
  /// Since which turn it has been waiting for a request; nothing while it is at work.
  [[nodiscard]] std::optional<std::uint64_t> waiting_since() const;
  /// The server stops: ends the connection unless a request is under way.
  void wind_down();
  /// Ends the connection and cancels the handler.
  void abort();

  [[nodiscard]] const boost::asio::ip::address& address() const { return address_; }
  [[nodiscard]] boost::asio::cancellation_slot slot() { return signal_.slot(); }

 private:
  enum class Waiting { nothing, idle, header, body, write, linger };

  void expect(Waiting what, Millis timeout);
  void close();
  [[nodiscard]] std::string_view pending() const { return {buffer_.get(), filled_}; }
  void consume(std::size_t count);

  /// TLS first, where it is spoken; false if that failed.
  [[nodiscard]] boost::asio::awaitable<bool> shake_hands();
  [[nodiscard]] boost::asio::awaitable<IoResult> read_some(boost::asio::mutable_buffer to);
  [[nodiscard]] boost::asio::awaitable<bool> read_head();
  [[nodiscard]] boost::asio::awaitable<bool> read_body();
  /// Runs the handler and writes its answer; true if the connection goes on.
  [[nodiscard]] boost::asio::awaitable<bool> answer();
  [[nodiscard]] boost::asio::awaitable<bool> write_out();
  [[nodiscard]] boost::asio::awaitable<void> refuse(Denial denial);
  [[nodiscard]] boost::asio::awaitable<void> linger();

  std::shared_ptr<ServerCore> core_;
  Socket socket_;
  std::unique_ptr<ServerTlsStream> tls_;
  boost::asio::ip::address address_;
  Peer peer_;
  boost::asio::cancellation_signal signal_;
  RequestParser parser_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t filled_ = 0;
  std::string out_;
  std::string body_;  ///< of a large response, written behind out_
  Waiting waiting_ = Waiting::nothing;
  std::uint64_t over_at_ = 0;
  std::uint64_t request_over_at_ = 0;
  std::uint64_t waits_since_ = 0;
  bool timed_out_ = false;
  bool aborted_ = false;
};

}  // namespace syncwarden::http
