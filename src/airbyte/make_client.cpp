#include "airbyte/client.hpp"

namespace syncwarden::airbyte {

Result<std::unique_ptr<AirbyteApi>> make_client(boost::asio::any_io_executor executor, AirbyteTarget target,
                                                Clock clock, Observer observer) {
  return make_client(std::move(executor), std::move(target), std::move(clock), std::move(observer),
                     [](boost::asio::any_io_executor on, http::Origin origin, http::ClientOptions options) {
                       return http::make_client(std::move(on), std::move(origin), std::move(options));
                     });
}

}  // namespace syncwarden::airbyte
