// The composition root: builds the rooms in order, runs until it is told to stop, takes them down in order.
#pragma once

#include "base/error.hpp"
#include "observe/log.hpp"
#include "settings/settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

namespace syncwarden::app {

struct DaemonOptions {
  settings::Settings settings;
  std::function<settings::Loaded()>
      reload;  ///< reads the configuration anew; empty: there is nothing to reload
  observe::LogOptions log;
  /// Called on the loop when everything is up, with the port of the admin server.
  std::function<void(std::uint16_t port)> ready;
};

/// Runs until SIGTERM or SIGINT and returns the exit status. The loop is the caller's, so that `demo` can run
/// its Airbyte on it; nothing else may be left on it when this returns.
[[nodiscard]] int run_daemon(boost::asio::io_context& loop, DaemonOptions options);

}  // namespace syncwarden::app
