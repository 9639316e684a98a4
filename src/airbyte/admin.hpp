// The administrative client: AirbyteAdmin over HTTP, for the Config API from 0.40 on and for what the Public
// API offers.
#pragma once

#include "airbyte/client.hpp"
#include "base/error.hpp"
#include "model/airbyte_target.hpp"
#include "ports/airbyte_admin.hpp"

#include <memory>

namespace syncwarden::airbyte {

struct AdminOptions {
  /// Catches SIGINT and SIGTERM while it lives; see AirbyteAdmin.
  bool catch_interrupts = false;
};

/// Runs on a loop of its own. Fails if the URL, the proxy or a certificate file is wrong; nothing is sent.
[[nodiscard]] Result<std::unique_ptr<AirbyteAdmin>> make_admin(AirbyteTarget target, Clock clock,
                                                               AdminOptions options);

}  // namespace syncwarden::airbyte
