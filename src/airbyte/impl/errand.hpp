// One request after the other on a loop of their own: how a command talks to Airbyte.
#pragma once

#include "airbyte/admin.hpp"
#include "airbyte/impl/probe.hpp"
#include "airbyte/impl/wire.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace syncwarden::airbyte {

/// A wire, the client that the daemon uses too, and the place that both found.
class Errand {
 public:
  Errand(AirbyteTarget target, Clock clock, AdminOptions options);
  ~Errand();
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  /// Makes both clients; to be called once, before anything else.
  [[nodiscard]] Result<void> prepare();

  [[nodiscard]] Result<Found> found();
  [[nodiscard]] Result<AirbyteInfo> info();
  [[nodiscard]] Wire& wire() { return *wire_; }
  [[nodiscard]] AirbyteApi& api() { return *api_; }
  [[nodiscard]] bool interrupted() const { return interrupted_; }

  /// A call that reads: POST over the Config API, GET over the Public one.
  [[nodiscard]] Call reading(std::string path, std::string body) const;
  /// A call that changes something: never sent twice.
  [[nodiscard]] Call changing(std::string method, std::string path, std::string body) const;
  /// A call that runs a connector: its own lane and patience.
  [[nodiscard]] Call connecting(std::string path, std::string body) const;

  [[nodiscard]] Result<std::string> fetch(Call call);
  [[nodiscard]] Error malformed(const Call& call, std::string_view what) const;

  /// Runs a task to its end; nothing if it was interrupted.
  template <class T>
  [[nodiscard]] std::optional<T> wait(boost::asio::awaitable<T> task) {
    std::optional<T> answer;
    auto whole = into(std::move(task), &answer);
    bool done = false;
    waiting_ = true;
    boost::asio::co_spawn(
        loop_, std::move(whole),
        boost::asio::bind_cancellation_slot(interrupt_.slot(), [&done](std::exception_ptr) { done = true; }));
    loop_.restart();
    while (!done && loop_.run_one() > 0) {}
    waiting_ = false;
    return answer;
  }
  [[nodiscard]] Error cut_short() const { return cancelled_error(std::string()); }

 private:
  /// Whatever throws out of a task leaves the answer empty: only an interrupt does.
  template <class T>
  static boost::asio::awaitable<void> into(boost::asio::awaitable<T> task, std::optional<T>* answer) {
    T value = co_await std::move(task);
    answer->emplace(std::move(value));
  }
  void listen_for_interrupts();

  boost::asio::io_context loop_{1};
  AirbyteTarget target_;
  Clock clock_;
  boost::asio::cancellation_signal interrupt_;
  std::optional<boost::asio::signal_set> signals_;
  std::vector<Place> places_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<AirbyteApi> api_;
  std::optional<Found> found_;
  bool waiting_ = false;
  bool interrupted_ = false;
};

}  // namespace syncwarden::airbyte
