#include "base/ids.hpp"

#include <fmt/format.h>

namespace syncwarden {

std::string to_string(const RunId& id) { return fmt::format("{:016x}{:016x}", id.hi, id.lo); }

}  // namespace syncwarden
