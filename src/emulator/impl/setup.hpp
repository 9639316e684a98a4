// What the emulated Airbyte knows of connectors: their specifications, what their checks and discoveries
// find, and which parts of their configurations are secret.
#pragma once

#include "emulator/airbyte.hpp"
#include "emulator/impl/body.hpp"
#include "emulator/impl/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::emulator {

/// Null for an id that no definition has.
[[nodiscard]] const Definition* definition_of(const DefinitionId& id);
/// JSON Schema of a connector's configuration, in the manner of real ones; written for this emulator.
[[nodiscard]] std::string_view specification_of(const Definition& definition);
[[nodiscard]] std::vector<std::string_view> destination_sync_modes(const Definition& definition);
/// What somebody set up, or something fitting for a sample's actor.
[[nodiscard]] std::string configuration_of(const ActorRecord& record);

/// Secrets (airbyte_secret) replaced by "**********".
[[nodiscard]] std::string masked(const std::string& configuration, std::string_view schema);
/// `wanted`, with masked secrets replaced by those of `stored`.
[[nodiscard]] std::string hydrated(const std::string& wanted, const std::string& stored,
                                   std::string_view schema);
/// What Airbyte itself finds wrong before it stores a configuration: a required member that is missing, a
/// member of another type. Empty where nothing is.
[[nodiscard]] std::string configuration_fault(const std::string& configuration, std::string_view schema);

/// What becomes of a connector that runs with a configuration.
struct Visit {
  enum class End {
    good,
    refused,  ///< the check says why not
    crashed,  ///< the job itself fails
    endless,  ///< nobody ever answers
  };
  End end = End::good;
  std::string message;
};
/// By words in the configuration: a host "unreachable…" refuses, "crash…" crashes, "blackhole…" never
/// answers; a password, key or secret "wrong…" is refused; a bucket "missing…" too.
[[nodiscard]] Visit check_visit(const std::string& configuration);
/// The same, and a database or bucket "endless…" whose schema nobody ever gets.
[[nodiscard]] Visit discover_visit(const std::string& configuration);

/// {"streams":[{"stream","config"}]} as a discovery of a source answers it.
[[nodiscard]] std::string discovered_catalog(const ActorRecord& source, bool with_new_members);
/// The same as the Public API's /streams.
[[nodiscard]] std::string public_streams(const ActorRecord& source);
/// A syncCatalog of the streams that a Public API body names; nothing where one does not exist.
[[nodiscard]] std::optional<std::string> catalog_from_public(const ActorRecord& source,
                                                             const std::string& configurations);
/// {"streams":[...]} of the Public API from a syncCatalog.
[[nodiscard]] std::string public_configurations(const std::string& catalog);
/// Names of the first selected stream, for the counters of a job; empty where there is none.
[[nodiscard]] std::string first_stream(const std::string& catalog);

}  // namespace syncwarden::emulator
