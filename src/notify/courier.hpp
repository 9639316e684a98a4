// Brings what waits for one receiver there: one coroutine a receiver, so that a dead one delays nobody else.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "model/mutation.hpp"
#include "model/receiver.hpp"
#include "notify/outbox.hpp"
#include "notify/pace.hpp"
#include "notify/render.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace syncwarden::http {
class Client;
}

namespace syncwarden::notify {

/// What became of a message. `word` is a fixed one, for metrics; nothing here holds an address.
struct Delivery {
  enum class End : std::uint8_t { taken, later, given_up } end = End::taken;
  std::string_view reason;            ///< of a failure: clientError, serverError, …
  std::string what;                   ///< "answered 503", "connect_refused"
  std::optional<Millis> retry_after;  ///< what the receiver asks for
  std::string answer;                 ///< the beginning of its answer, printable, without secrets
};

/// What the rest of the daemon does for couriers and learns from them. All called on the loop.
struct CourierContext {
  std::function<Now()> clock;
  /// Puts mutations into the next commit.
  std::function<void(std::vector<Mutation>)> write;
  /// The daemon makes progress: what a heartbeat tells.
  std::function<bool()> alive;
  /// A message was tried; `again`: not for the first time. Without notices it repeated what is open.
  std::function<void(const Receiver&, const std::vector<Notice>&, const Delivery&, Millis took, bool again)>
      tried;
  /// A ping was taken.
  std::function<void(Instant)> beat;
  std::function<void(const Receiver&, const Delivery&)> beat_failed;
  /// The environment, for proxies.
  std::function<const char*(const char*)> environment;
  std::string user_agent;
  Millis resend{std::chrono::minutes{1}};  ///< of open incidents to Alertmanager
};

class Courier {
 public:
  /// Fails where an address cannot be used.
  [[nodiscard]] static Result<std::shared_ptr<Courier>> make(boost::asio::any_io_executor executor,
                                                             Receiver receiver,
                                                             std::shared_ptr<Outbox> outbox,
                                                             std::shared_ptr<const CourierContext> context);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  /// Until stop(), or until the coroutine is cancelled. `self` keeps the courier while it runs.
  static boost::asio::awaitable<void> run(std::shared_ptr<Courier> self);
  /// Something waits.
  void wake();
  /// Ends run() soon; a message under way is abandoned and stays in the outbox.
  void stop();
  /// A marked message at once, past the outbox and the limits: for `notify test`.
  [[nodiscard]] boost::asio::awaitable<Delivery> test();

  [[nodiscard]] const Receiver& receiver() const { return receiver_; }
  /// Deliveries have failed, and none has succeeded since.
  [[nodiscard]] bool failing() const { return failures_ > 0; }

 private:
  struct Address;
  Courier(boost::asio::any_io_executor executor, Receiver receiver, std::shared_ptr<Outbox> outbox,
          std::shared_ptr<const CourierContext> context);

  boost::asio::awaitable<void> deliver_rows();
  boost::asio::awaitable<void> beat();
  boost::asio::awaitable<Delivery> send_to_all(std::vector<Notice> notices);
  boost::asio::awaitable<Delivery> exchange(std::size_t address, std::string method, Message message);
  boost::asio::awaitable<void> pause(Millis limit);
  [[nodiscard]] Message message_of(const std::vector<Notice>& notices) const;
  [[nodiscard]] bool resend_due(Now now) const;
  void settle(const std::vector<Notice>& notices, const Delivery& delivery);
  [[nodiscard]] std::string without_secrets(std::string text) const;

  Receiver receiver_;
  std::shared_ptr<Outbox> outbox_;
  std::shared_ptr<const CourierContext> context_;
  std::vector<Address> addresses_;
  boost::asio::steady_timer timer_;
  Pace pace_;
  bool idle_ = false;  ///< waits for rows, and for nothing else
  bool stopped_ = false;
  bool held_ = false;  ///< the limit held rows back: they go together
  unsigned failures_ = 0;
  std::optional<Mono> sent_open_;  ///< open incidents were sent to Alertmanager
};

}  // namespace syncwarden::notify
