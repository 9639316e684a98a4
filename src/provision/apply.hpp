// Carrying out what plan.hpp decides, over an AirbyteAdmin.
#pragma once

#include "base/error.hpp"
#include "ports/airbyte_admin.hpp"
#include "provision/plan.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace syncwarden::provision {

/// What Airbyte has of the workspace, and the specifications of the connectors that the pipeline names.
[[nodiscard]] Result<Snapshot> take_snapshot(AirbyteAdmin& airbyte, const WorkspaceEntry& workspace,
                                             const Pipeline& pipeline);

/// Discovers the sources that exist and stay as they are, and completes the plan with their streams.
[[nodiscard]] Result<void> discover_known(AirbyteAdmin& airbyte, const Pipeline& pipeline,
                                          const Snapshot& snapshot, PipelinePlan& plan);

/// What was done, told while it is done.
using Tell = std::function<void(const std::string& line)>;

/// Whether Airbyte can connect with everything that is created or changed; the first that cannot is the
/// error. Nothing is stored. Where the API cannot check, it is told and goes on.
[[nodiscard]] Result<void> check_ends(AirbyteAdmin& airbyte, const Snapshot& snapshot,
                                      const PipelinePlan& plan, const Tell& tell);

struct Applied {
  std::vector<ConnectionEntry> connections;  ///< in the order of the pipeline's
  std::vector<ConnectionEntry> created;
};

/// Creates and changes; on a failure what this run created is deleted again, latest first, and the error says
/// what was left. Faults that only a discovery shows come as an error too; they are put into `faults`.
[[nodiscard]] Result<Applied> carry_out(AirbyteAdmin& airbyte, const Pipeline& pipeline,
                                        const Snapshot& snapshot, PipelinePlan plan, const Tell& tell,
                                        std::vector<Fault>& faults);

}  // namespace syncwarden::provision
