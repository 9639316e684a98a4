// Finding out which Airbyte answers, and where.
#pragma once

#include "airbyte/impl/dialect.hpp"
#include "airbyte/impl/wire.hpp"
#include "base/error.hpp"

#include <boost/asio/awaitable.hpp>

namespace syncwarden::airbyte {

/// What answered.
struct Found {
  Place place;
  Instance instance;
  Traits traits;
};

/// Asks the places in their order. An Airbyte that cannot be reached, or that wants other credentials, is an
/// error at once; places that hold no API are listed in the error if no place holds one.
[[nodiscard]] boost::asio::awaitable<Result<Found>> find_airbyte(Wire* wire, std::vector<Place> places);

}  // namespace syncwarden::airbyte
