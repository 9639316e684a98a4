#include "app/emulated.hpp"

#include "runtime/clock.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace syncwarden::app {
namespace {

/// Airbyte takes many connections at once and large bodies; the limits of an admin page would not do.
http::ServerLimits airbyte_limits() {
  http::ServerLimits limits;
  limits.max_connections = 4'096;
  limits.max_connections_per_address = 4'096;
  limits.max_body_bytes = 8 * 1024 * 1024;
  limits.write_timeout = std::chrono::minutes{2};
  return limits;
}

}  // namespace

EmulatedAirbyte::EmulatedAirbyte(boost::asio::any_io_executor executor, emulator::Options options,
                                 const std::vector<emulator::Pipeline>& pipelines,
                                 emulator::FrontOptions front)
    : executor_(executor),
      airbyte_(std::move(options), pipelines),
      front_(emulator::make_front(executor, airbyte_, std::move(front),
                                  [] { return runtime::read_clock().wall; })),
      server_(http::make_server(executor, airbyte_limits(), front_->handler(), {})) {}

Result<std::uint16_t> EmulatedAirbyte::serve(const std::string& address) {
  auto port = server_->listen(address);
  if (!port) return port;
  auto serving = server_->run();
  boost::asio::co_spawn(executor_, std::move(serving), [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  });
  return port;
}

void EmulatedAirbyte::stop() {
  front_->stop();
  server_->stop(std::chrono::milliseconds{200});
}

}  // namespace syncwarden::app
