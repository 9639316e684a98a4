#include "app/setup/verbs.hpp"

#include <memory>

namespace syncwarden::app {

void add_airbyte(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand(
      "airbyte", "all of Airbyte: workspaces, definitions, sources, destinations, connections, jobs");
  command->require_subcommand(1);
  auto flags = std::make_shared<SetupFlags>();
  flags->add_to(*command);
  add_workspace_verbs(*command, flags, chosen);
  add_definition_verbs(*command, flags, chosen);
  add_actor_verbs(*command, End::source, flags, chosen);
  add_actor_verbs(*command, End::destination, flags, chosen);
  add_connection_verbs(*command, flags, chosen);
  add_job_verbs(*command, flags, chosen);
  command->footer(
      "syncwarden airbyte connections list --airbyte.url=http://localhost:8000\n"
      "syncwarden airbyte definitions get postgres --source\n"
      "syncwarden airbyte sources create --name shop --connector postgres -f shop.yaml\n"
      "syncwarden airbyte jobs list --connection 'orders -> warehouse' --since 24h --json\n"
      "Names do wherever ids do. Airbyte is found by --config.file, by --airbyte.url and the flags beside "
      "it, or by\n"
      "SYNCWARDEN_AIRBYTE_URL and its like. Exit status: 0 done, 1 it failed, 2 usage or configuration, 3 "
      "out of reach.");
}

}  // namespace syncwarden::app
