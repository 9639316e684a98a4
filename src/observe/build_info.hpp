// Which build this is.
#pragma once

#include <string>

namespace syncwarden::observe {

struct BuildInfo {
  std::string version;
  std::string revision;  ///< commit, "unknown" outside a checkout
  std::string branch;
  std::string compiler;
};

/// What was compiled in.
[[nodiscard]] BuildInfo current_build();

}  // namespace syncwarden::observe
