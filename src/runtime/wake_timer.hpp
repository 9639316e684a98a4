// The daemon's one alarm clock: set to a wall-clock instant, a monotonic one, or both.
#pragma once

#include "base/error.hpp"
#include "model/exchange.hpp"

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

namespace syncwarden::runtime {

class WakeTimer {
 public:
  virtual ~WakeTimer() = default;
  /// Calls `woke` once at the earlier of the two; setting it again replaces what was set.
  virtual void set(const NextWake& wake) = 0;
  virtual void stop() = 0;
};

/// `woke` is also called at once when somebody sets the system's clock, so that no schedule sleeps through
/// it.
[[nodiscard]] Result<std::unique_ptr<WakeTimer>> make_wake_timer(boost::asio::any_io_executor executor,
                                                                 std::function<void()> woke);

}  // namespace syncwarden::runtime
