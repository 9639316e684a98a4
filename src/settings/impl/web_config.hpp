// Reads a web-config file: strictly, as the exporters do.
#pragma once

#include "settings/impl/document.hpp"
#include "settings/web_config.hpp"

#include <string>

namespace syncwarden::settings {

/// The content of the file at `path`. Problems are added with its own lines; `at` is where the path is
/// written. Relative paths in it start at its folder.
[[nodiscard]] WebConfig read_web_config(const std::string& path, const std::string& written, const Place& at,
                                        Problems& problems);

}  // namespace syncwarden::settings
