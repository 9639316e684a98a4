// Airbyte's objects as tables and as JSON. Pure. The JSON is one object a line and stable: members are added,
// never renamed; README.md lists them.
#pragma once

#include "app/screen.hpp"
#include "base/time.hpp"
#include "model/administration.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::app {

/// Names of what is told by id only.
using Names = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] std::string json_line(const WorkspaceEntry& workspace);
[[nodiscard]] std::string json_line(const DefinitionEntry& definition);
/// The same with the connector's specification.
[[nodiscard]] std::string json_line(const DefinitionEntry& definition,
                                    const ConnectorSpecification& specification);
/// `configuration`: masked already.
[[nodiscard]] std::string json_line(const ActorEntry& actor, const JsonText& configuration);
[[nodiscard]] std::string json_line(const CatalogStream& stream);
[[nodiscard]] std::string json_line(const ConnectionEntry& connection, const Names& names);
[[nodiscard]] std::string json_line(const JobView& job, const Names& names);
[[nodiscard]] std::string json_line(const JobDetail& detail, const Names& names);
[[nodiscard]] std::string check_line(const ActorEntry& actor, const CheckOutcome& outcome);

[[nodiscard]] std::string workspaces_sheet(const std::vector<WorkspaceEntry>& all, const Look& look);
[[nodiscard]] std::string definitions_sheet(const std::vector<DefinitionEntry>& all, const Look& look);
/// The fields of a connector's configuration: path, type, what else is known.
[[nodiscard]] std::string specification_sheet(const DefinitionEntry& definition,
                                              const ConnectorSpecification& specification, const Look& look);
[[nodiscard]] std::string actors_sheet(const std::vector<ActorEntry>& all, const Names& workspaces,
                                       const Look& look);
[[nodiscard]] std::string actor_sheet(const ActorEntry& actor, const JsonText& configuration);
[[nodiscard]] std::string catalog_sheet(const Catalog& catalog, const Look& look);
[[nodiscard]] std::string connections_sheet(const std::vector<ConnectionEntry>& all, const Names& names,
                                            const Look& look);
[[nodiscard]] std::string connection_sheet(const ConnectionEntry& connection, const Names& names,
                                           const Look& look);
/// Columns of fixed width: the list streams, so nobody knows the widest row.
[[nodiscard]] std::string job_header();
[[nodiscard]] std::string job_row(const JobView& job, const Names& names, Instant now);
[[nodiscard]] std::string job_sheet(const JobDetail& detail, const Names& names, Instant now,
                                    const Look& look);

}  // namespace syncwarden::app
