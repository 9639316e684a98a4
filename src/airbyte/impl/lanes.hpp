// Who may send now: lanes bound the requests in flight, a token bucket bounds their rate. All on one thread.
#pragma once

#include "airbyte/client.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace syncwarden::airbyte {

/// A coroutine that waits for its turn. A turn that was given but not taken (the coroutine was cancelled in
/// that moment) goes back.
struct Waiter {
  explicit Waiter(const boost::asio::any_io_executor& executor) : timer(executor) {}
  boost::asio::steady_timer timer;
  bool granted = false;
};
using WaiterQueue = std::deque<std::shared_ptr<Waiter>>;

/// Sleeps until granted, cancelled (Errc::cancelled) or out of patience (Errc::expired).
[[nodiscard]] boost::asio::awaitable<Result<void>> wait_for_turn(std::shared_ptr<Waiter> waiter,
                                                                 Millis patience);

/// A counting semaphore, first come first served.
class Lane {
 public:
  Lane(boost::asio::any_io_executor executor, std::size_t permits);

  /// A place in the lane, given back by its destructor. Must not outlive the lane.
  class Permit {
   public:
    explicit Permit(Lane* lane) : lane_(lane) {}
    Permit(Permit&& other) noexcept : lane_(std::exchange(other.lane_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() {
      if (lane_ != nullptr) lane_->release();
    }

   private:
    Lane* lane_;
  };

  /// A place that is free now; nothing if it has to be waited for, which enter() does.
  [[nodiscard]] std::optional<Permit> try_enter();
  [[nodiscard]] boost::asio::awaitable<Result<Permit>> enter(Millis patience);
  /// After a Retry-After nobody should send before this.
  void pause_until(Mono until);
  [[nodiscard]] Millis pause_left(Mono now) const;
  /// Ends every wait, now and later.
  void close();
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  friend struct LanePlace;
  void release();
  void leave(const std::shared_ptr<Waiter>& waiter, bool taken);

  boost::asio::any_io_executor executor_;
  std::size_t free_;
  WaiterQueue waiting_;
  Mono paused_until_{};
  bool closed_ = false;
};

/// A token bucket over all lanes. Urgent requests go first, so that reads cannot starve triggers.
class Bucket {
 public:
  /// `per_second` 0: unlimited. The burst is a second's worth, at least one.
  Bucket(boost::asio::any_io_executor executor, double per_second, Clock clock);

  [[nodiscard]] boost::asio::awaitable<Result<void>> take(bool urgent, Millis patience);
  /// Whether there is anything to wait for: an unlimited bucket always gives while it is open.
  [[nodiscard]] bool limits() const { return closed_ || per_second_ > 0; }
  void close();

 private:
  friend struct BucketPlace;
  void refill();
  void pump();
  void leave(const std::shared_ptr<Waiter>& waiter, bool taken);

  boost::asio::any_io_executor executor_;
  double per_second_;
  Clock clock_;
  double burst_;
  double tokens_;
  Mono refilled_;
  WaiterQueue urgent_;
  WaiterQueue normal_;
  boost::asio::steady_timer timer_;
  bool armed_ = false;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace syncwarden::airbyte
