// Reading files with clear reasons when it fails.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>

namespace syncwarden::settings {

/// The content of a regular file of at most `max_bytes`. The error names the path and the system's reason,
/// never content. `named` stands for the path there, if a variable is part of it.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes,
                                            const std::string& named = {});

}  // namespace syncwarden::settings
