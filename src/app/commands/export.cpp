#include "provision/export.hpp"

#include "app/commands/commands.hpp"
#include "app/setup/desk.hpp"
#include "app/setup/rules_file.hpp"
#include "base/text.hpp"
#include "provision/apply.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Export {
  SetupFlags flags;
  std::vector<std::string> connections;
  std::string output;

  int operator()() const {
    int status = exit_done;
    const auto desk = Desk::open(flags, status);
    if (desk == nullptr) return status;
    std::vector<ConnectionId> only;
    WorkspaceId space;
    for (const auto& meant : connections) {
      const auto one = desk->connection(meant);
      if (!one) return Desk::fail(one.error());
      if (!space.empty() && one->workspace != space)
        return report({Errc::usage,
                       "these connections are in several workspaces",
                       {},
                       "a file is about one workspace"});
      space = one->workspace;
      only.push_back(one->id);
    }
    auto workspace = space.empty() ? desk->workspace() : desk->workspace_named(space.text.str());
    if (!workspace) return Desk::fail(workspace.error());
    const auto snapshot = snapshot_of(*desk, *workspace);
    if (!snapshot) return Desk::fail(snapshot.error());
    const auto exported = provision::export_pipeline(*snapshot, only);
    if (output.empty()) {
      fmt::print("{}", exported.yaml);
    } else if (!write_whole(output, exported.yaml)) {
      return exit_failed;
    }
    if (!exported.variables.empty()) {
      fmt::print(stderr, "Airbyte never tells secrets: set these {} variables before the file is applied\n",
                 exported.variables.size());
      for (const auto& name : exported.variables) fmt::print(stderr, "  {}\n", name);
    }
    return exit_done;
  }

 private:
  /// With the specification of every connector that is used, so that secrets are known.
  static Result<provision::Snapshot> snapshot_of(Desk& desk, const WorkspaceEntry& workspace) {
    auto snapshot = provision::take_snapshot(desk.airbyte(), workspace, {});
    if (!snapshot) return snapshot;
    for (const auto& actor : snapshot->actors) {
      if (snapshot->specifications.contains(actor.definition)) continue;
      auto specification = desk.airbyte().specification(actor.end, actor.definition, workspace.id);
      if (specification) {
        snapshot->specifications.emplace(actor.definition, std::move(*specification));
      } else if (specification.error().code != Errc::unsupported) {
        return specification.error();
      }
    }
    return snapshot;
  }
};

}  // namespace

void add_export(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("export", "write what Airbyte has as a file for `apply`");
  auto run = std::make_shared<Export>();
  run->flags.add_to(*command);
  command->add_option("--connection", run->connections,
                      "only this one with its ends, by name or id; repeatable");
  command->add_option("-o,--output", run->output, "a file; else standard output");
  command->footer(
      "Secrets become variables such as ${SOURCE_ORDERS_PASSWORD}. Applying the file at once changes "
      "nothing.");
  command->callback([run, &chosen] { chosen = [run] { return (*run)(); }; });
}

}  // namespace syncwarden::app
