// What a pipeline's file wants otherwise than Airbyte has it, and what will be done about it. Pure.
#pragma once

#include "model/administration.hpp"
#include "provision/pipeline.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::provision {

/// What Airbyte has, as far as the file is about it.
struct Snapshot {
  WorkspaceEntry workspace;
  bool propagates_schemas = true;  ///< false before 0.50: schema_changes is ignore or disable
  std::vector<DefinitionEntry> definitions;
  std::vector<ActorEntry> actors;
  std::vector<ConnectionEntry> connections;
  /// By definition; absent where the API does not tell: then nothing is validated.
  std::map<DefinitionId, ConnectorSpecification> specifications;
};

enum class Verb : std::uint8_t { keep, create, update, remove };
[[nodiscard]] std::string_view to_string(Verb verb);

struct ActorStep {
  Verb verb = Verb::keep;
  End end = End::source;
  std::string name;
  ActorId id;  ///< empty: to be created
  DefinitionId definition;
  JsonText configuration;               ///< what is sent
  JsonText shown;                       ///< the same without secrets
  std::vector<Difference> differences;  ///< of an update
};

struct ConnectionStep {
  Verb verb = Verb::keep;
  std::string name;
  ConnectionId id;
  std::size_t wanted = 0;  ///< its position in Pipeline::connections
  std::string source;      ///< names
  std::string destination;
  ConnectionChange change;  ///< ends that exist already are filled in
  std::vector<Difference> differences;
  bool streams_known = false;  ///< false: the source must exist before it can be discovered
};

struct PipelinePlan {
  std::vector<ActorStep> actors;
  std::vector<ConnectionStep> connections;
  std::vector<Fault> faults;
  std::vector<Fault> warnings;

  [[nodiscard]] bool changes_nothing() const;
};

struct PlanOptions {
  bool prune = false;    ///< remove what is in the workspace and not in the file
  bool secrets = false;  ///< send configurations with secrets again, although nobody can see a difference
};

/// Which definition a file means: by id, image, connector or name. Nothing and a fault if none or several.
[[nodiscard]] std::optional<DefinitionEntry> definition_meant(const WantedActor& actor,
                                                              const Snapshot& snapshot,
                                                              std::vector<Fault>& faults);

/// `brought`: by JSON pointer of the file, what came from the environment or from files.
[[nodiscard]] PipelinePlan plan_pipeline(const Pipeline& pipeline,
                                         const std::map<std::string, std::string>& brought,
                                         const Snapshot& snapshot, const PlanOptions& options);

/// Completes a connection's step once its source was discovered: its streams, and whether there is anything
/// to do. Faults are about the file.
void plan_streams(ConnectionStep& step, const WantedConnection& wanted, const Catalog& catalog,
                  const ConnectorSpecification* destination, const std::optional<ConnectionEntry>& existing,
                  std::vector<Fault>& faults);

}  // namespace syncwarden::provision
