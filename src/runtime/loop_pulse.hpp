// The loop's heartbeat: measures how late the loop is, and tells systemd's watchdog that it still turns.
#pragma once

#include "base/time.hpp"
#include "runtime/sd_notify.hpp"

#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace syncwarden::runtime {

/// Runs until it is cancelled. `lag` is told every beat how much later than planned the loop came to it, in
/// seconds. The watchdog is fed from here, so a loop that hangs is restarted by systemd.
[[nodiscard]] boost::asio::awaitable<void> beat(boost::asio::any_io_executor executor, Millis interval,
                                                std::function<void(double)> lag, SystemdNotifier notifier);

}  // namespace syncwarden::runtime
