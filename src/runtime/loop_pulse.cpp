#include "runtime/loop_pulse.hpp"

#include "runtime/clock.hpp"

#include <algorithm>
#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::runtime {

namespace asio = boost::asio;

asio::awaitable<void> beat(asio::any_io_executor executor, Millis interval, std::function<void(double)> lag,
                           SystemdNotifier notifier) {
  const auto watchdog = notifier.watchdog_interval();
  const Millis step = watchdog ? std::min(interval, *watchdog) : interval;
  asio::steady_timer timer(executor);
  auto planned = steady_now() + step;
  auto fed = steady_now();
  while (true) {
    timer.expires_at(planned);
    const auto [interrupted] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (interrupted) co_return;
    const auto now = steady_now();
    lag(std::chrono::duration<double>(now - planned).count());
    if (watchdog && now - fed >= *watchdog / 2) {
      notifier.send("WATCHDOG=1");
      fed = now;
    }
    planned = std::max(planned + step, now + step / 2);
  }
}

}  // namespace syncwarden::runtime
