// What Airbyte consists of, as an administrator sees it: workspaces, connector definitions, sources and
// destinations with their configuration, connections with their streams, jobs with their attempts. The daemon
// needs none of this; the commands that set Airbyte up do. Names and texts are Airbyte's and foreign:
// printable() before they are shown.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/job.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden {

/// Which end of a connection.
enum class End : std::uint8_t { source, destination };
[[nodiscard]] std::string_view to_string(End end);

/// A JSON value as compact text. What is in it is somebody else's business: connectors' configurations and
/// their schemas, streams' schemas.
struct JsonText {
  std::string text;

  [[nodiscard]] bool empty() const { return text.empty(); }
  bool operator==(const JsonText&) const = default;
};

struct WorkspaceEntry {
  WorkspaceId id;
  std::string name;
};

/// A kind of source or destination that this Airbyte offers.
struct DefinitionEntry {
  DefinitionId id;
  End end = End::source;
  std::string name;        ///< "Postgres"
  std::string repository;  ///< "airbyte/source-postgres"; empty where the API does not tell
  std::string version;     ///< of the image
  std::string support;     ///< certified, community, ...; empty where the API does not tell
  std::string documentation;

  /// "postgres" for airbyte/source-postgres; else the name in lower case.
  [[nodiscard]] std::string connector() const;
};

struct ConnectorSpecification {
  JsonText schema;  ///< JSON Schema of the configuration
  std::string documentation;
  std::vector<std::string> destination_sync_modes;  ///< of a destination; empty where it does not tell
};

struct ActorEntry {
  ActorId id;
  End end = End::source;
  std::string name;
  WorkspaceId workspace;
  DefinitionId definition;
  std::string definition_name;
  JsonText configuration;  ///< as Airbyte tells it, secrets masked by it
};

struct ActorDraft {
  End end = End::source;
  std::string name;
  WorkspaceId workspace;
  DefinitionId definition;
  JsonText configuration;
};

/// What a connection check found.
struct CheckOutcome {
  bool succeeded = false;
  std::string message;  ///< the connector's; may be empty
};

/// The path of a field inside of a record: {"user", "id"}.
using FieldPath = std::vector<std::string>;
/// "user.id"
[[nodiscard]] std::string to_string(const FieldPath& path);

/// A stream that a source offers.
struct CatalogStream {
  std::string name;
  std::string space;  ///< namespace
  std::vector<std::string> sync_modes;
  bool source_defined_cursor = false;
  FieldPath default_cursor;
  std::vector<FieldPath> source_defined_key;
  std::vector<std::string> fields;  ///< of the top level; empty where the source does not tell
  JsonText raw;                     ///< as discovered: what goes back to Airbyte

  /// "public.orders"
  [[nodiscard]] std::string full_name() const;
};

struct Catalog {
  std::string id;  ///< of the discovery; empty where the API does not tell
  std::vector<CatalogStream> streams;
};

/// How a stream is synced.
struct StreamChoice {
  std::string name;
  std::string space;
  std::string sync_mode;              ///< full_refresh, incremental
  std::string destination_sync_mode;  ///< append, overwrite, append_dedup, ...
  FieldPath cursor;
  std::vector<FieldPath> primary_key;
  JsonText stream;  ///< CatalogStream::raw; may be empty over the Public API
  JsonText kept;  ///< what Airbyte has about the stream beside all this (mappers, selected fields); or empty

  [[nodiscard]] std::string full_name() const;
  /// Equal in everything that a person chooses.
  [[nodiscard]] bool same_choice(const StreamChoice& other) const;
};

/// Airbyte's own schedule of a connection.
struct ScheduleSetting {
  AirbyteSchedule kind = AirbyteSchedule::manual;
  std::int64_t units = 0;  ///< basic
  std::string time_unit;   ///< basic: minutes, hours, days, weeks, months (of 30 days)
  std::string cron;        ///< Quartz
  std::string zone = "UTC";

  /// "manual", "every 24 hours", "0 15 2 * * ? Europe/Amsterdam".
  [[nodiscard]] std::string text() const;
  bool operator==(const ScheduleSetting&) const = default;
};

struct ConnectionEntry {
  ConnectionId id;
  std::string name;
  WorkspaceId workspace;  ///< empty where the API does not tell (0.40)
  ActorId source;
  ActorId destination;
  ConnectionStatus status = ConnectionStatus::unknown;
  std::string status_reason;
  ScheduleSetting schedule;
  std::string namespace_definition;  ///< source, destination, customformat
  std::string namespace_format;
  std::string prefix;
  std::string schema_changes;  ///< ignore, disable, propagate_columns, propagate_fully
  bool breaking_change = false;
  std::vector<StreamChoice> streams;  ///< the selected ones
};

/// A connection to create (with both ends), or what to change of one. What is absent stays as it is.
struct ConnectionChange {
  ActorId source;
  ActorId destination;
  std::optional<std::string> name;
  std::optional<ConnectionStatus> status;
  std::optional<ScheduleSetting> schedule;
  std::optional<std::string> namespace_definition;
  std::optional<std::string> namespace_format;
  std::optional<std::string> prefix;
  std::optional<std::string> schema_changes;
  std::optional<std::vector<StreamChoice>> streams;
  std::string catalog_id;  ///< of the discovery that the streams come from
};

enum class RefreshMode : std::uint8_t { merge, truncate };

/// Which jobs to list, newest first.
struct JobFilter {
  std::vector<WorkspaceId> workspaces;  ///< empty: all
  std::optional<ConnectionId> connection;
  std::vector<JobStatus> statuses;  ///< empty: all
  std::vector<JobType> types;       ///< empty: all
  std::optional<Instant> since;     ///< created then or later
  std::optional<Instant> until;     ///< created then or earlier
  std::size_t limit = 0;            ///< 0: all
};

struct AttemptEntry {
  std::int64_t number = 0;
  std::string status;
  std::optional<Instant> created;
  std::optional<Instant> ended;
  JobCounters counters;
  std::vector<JobFailure> failures;
};

struct StreamCounters {
  std::string name;  ///< "namespace.name"
  JobCounters counters;
};

/// A job with all that Airbyte tells without its logs.
struct JobDetail {
  JobView job;
  std::vector<AttemptEntry> attempts;   ///< empty over the Public API
  std::vector<StreamCounters> streams;  ///< empty where Airbyte does not tell
};

}  // namespace syncwarden
