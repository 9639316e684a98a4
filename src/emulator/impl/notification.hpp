// What Airbyte posts to a workspace's webhook when a sync has ended (reference 11).
#pragma once

#include "emulator/airbyte.hpp"

#include <string>

namespace syncwarden::emulator {

/// `url`: what Airbyte believes to be its address.
[[nodiscard]] std::string notification_of(const Airbyte& airbyte, const Job& job, const std::string& url);

}  // namespace syncwarden::emulator
