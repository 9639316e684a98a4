// The page at "/".
#pragma once

#include "model/read_view.hpp"
#include "observe/build_info.hpp"

#include <string>

namespace syncwarden::admin {

/// HTML without script and without anything from outside.
[[nodiscard]] std::string landing_page(const FleetPicture& fleet, const observe::BuildInfo& build);

}  // namespace syncwarden::admin
