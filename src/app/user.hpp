// Names of the users of this machine.
#pragma once

#include <cstdint>
#include <string>

namespace syncwarden::app {

/// Printable; empty where the system does not know it. May wait for a directory server.
[[nodiscard]] std::string user_name(std::uint32_t uid);

}  // namespace syncwarden::app
