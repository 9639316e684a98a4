// systemd's notification protocol: one datagram to $NOTIFY_SOCKET.
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::runtime {

class SystemdNotifier {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Does nothing where they are not set.
  [[nodiscard]] static SystemdNotifier from_environment();

  /// "READY=1", "STATUS=...", "STOPPING=1". Errors are ignored, as the protocol asks.
  void send(std::string_view message) const;
  /// RELOADING=1 with the monotonic time that systemd 253 and later want beside it.
  void reloading(Now now) const;
  /// How often WATCHDOG=1 is due: half the limit that systemd waits.
  [[nodiscard]] std::optional<Millis> watchdog_interval() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<Millis> watchdog_;
};

}  // namespace syncwarden::runtime
