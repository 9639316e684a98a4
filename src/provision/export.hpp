// What Airbyte has, written as the file that `apply` reads. Pure.
#pragma once

#include "model/administration.hpp"
#include "provision/plan.hpp"

#include <string>
#include <vector>

namespace syncwarden::provision {

struct Exported {
  std::string yaml;
  std::vector<std::string> variables;  ///< that stand for secrets: to be set before the file is applied
};

/// The connections with their ends; without any connection given, everything in the snapshot. Secrets become
/// ${SOURCE_ORDERS_PASSWORD}. Applying the file changes nothing.
[[nodiscard]] Exported export_pipeline(const Snapshot& snapshot,
                                       const std::vector<ConnectionId>& connections);

}  // namespace syncwarden::provision
