// The embedded Airbyte emulator as a server on a loop: for `demo` and `emulator`.
#pragma once

#include "base/error.hpp"
#include "emulator/front.hpp"
#include "http/server.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

namespace syncwarden::app {

class EmulatedAirbyte {
 public:
  EmulatedAirbyte(boost::asio::any_io_executor executor, emulator::Options options,
                  const std::vector<emulator::Pipeline>& pipelines, emulator::FrontOptions front);
  /// Binds, and serves until stop(). The bound port.
  [[nodiscard]] Result<std::uint16_t> serve(const std::string& address);
  void stop();
  [[nodiscard]] emulator::Airbyte& airbyte() { return airbyte_; }

 private:
  boost::asio::any_io_executor executor_;
  emulator::Airbyte airbyte_;
  std::unique_ptr<emulator::Front> front_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace syncwarden::app
