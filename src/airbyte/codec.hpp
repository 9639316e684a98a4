// Airbyte's JSON to and from model types, for both of its APIs and every age of them. Pure: no I/O, no clock.
// Tolerant: unknown words, nulls, missing statistics, numbers in quotes and extra fields never fail a reply.
#pragma once

#include "airbyte/impl/json_reader.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/exchange.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::airbyte {

/// Which of Airbyte's two APIs is spoken.
enum class Api : std::uint8_t { config, public_api };

// ---- replies: the shape to read, and what to make of a node of it

/// {"jobs":[...]} or {"data":[...]}: elements one by one.
[[nodiscard]] const Shape& job_list_shape(Api api);
/// A single job: JobInfoRead, {"job":...} or a JobResponse, also as the reply to a trigger or a cancel.
[[nodiscard]] const Shape& job_shape(Api api);
/// Nothing without an id and a status, and for jobs that move no data (checks, discoveries).
[[nodiscard]] std::optional<JobView> job_from(Api api, const Node& node);

[[nodiscard]] const Shape& connection_list_shape(Api api);
/// Without the names of workspace, source and destination, which come from other lists. Nothing without an
/// id.
[[nodiscard]] std::optional<ConnectionView> connection_from(Api api, const Node& node);
/// The schedule of the connection in the reply to connections/update or PATCH; for a check of what was set.
[[nodiscard]] const Shape& connection_shape(Api api);

enum class ActorKind : std::uint8_t { source, destination };
[[nodiscard]] const Shape& actor_list_shape(Api api, ActorKind kind);
/// `connector` is the definition's display name in lower case, until a definition tells better.
[[nodiscard]] std::optional<Actor> actor_from(Api api, ActorKind kind, const Node& node);

/// A connector definition: "postgres" for the repository "airbyte/source-postgres".
struct Definition {
  DefinitionId id;
  std::string connector;
};
[[nodiscard]] const Shape& definition_list_shape(ActorKind kind);
[[nodiscard]] std::optional<Definition> definition_from(ActorKind kind, const Node& node);

struct Workspace {
  WorkspaceId id;
  std::string name;

  bool operator==(const Workspace&) const = default;
};
[[nodiscard]] const Shape& workspace_list_shape(Api api);
[[nodiscard]] std::optional<Workspace> workspace_from(const Node& node);

/// What instance_configuration, health and deployment/metadata tell, each as far as it does.
struct Instance {
  std::string version;
  std::string default_user;
  std::string default_organization;
  std::string default_workspace;
  std::optional<bool> available;  ///< health
};
[[nodiscard]] const Shape& instance_shape();
[[nodiscard]] Instance instance_from(const Node& node);

/// An access token and how long it lasts.
struct TokenReply {
  std::string token;
  Millis lifetime{};
};
/// Lifetime from expires_in, else from the token's own claims, else three minutes. `now` is only asked where
/// a token says when it ends but not when it began.
[[nodiscard]] std::optional<TokenReply> token_from(std::string_view body, Instant now);

/// What an error body says: one line for a human, and the problem's title (Public API).
struct ErrorBody {
  std::string message;  ///< printable, at most 500 bytes; empty where it says nothing
  std::string title;    ///< "try-again-later"
  bool html = false;
};
[[nodiscard]] ErrorBody error_body_from(std::string_view body);

/// Retry-After in seconds or as an HTTP date; at most an hour, nothing for nonsense.
[[nodiscard]] std::optional<Millis> retry_after_from(std::string_view value, Instant now);

// ---- requests

/// The words of one job listing. Empty members are left out of the request.
struct JobQuery {
  std::vector<WorkspaceId> workspaces;
  std::optional<ConnectionId> connection;
  std::vector<JobStatus> statuses;
  bool single_status = false;   ///< servers before 1.0 know `status`, not `statuses`
  bool only_old_types = false;  ///< servers before 1.0 know neither refresh nor clear
  std::optional<Instant> updated_since;
  enum class Order : std::uint8_t { unsaid, newest_created, oldest_updated } order = Order::unsaid;
  std::size_t page_size = 200;
  std::size_t offset = 0;
};
/// The body for jobs/list and jobs/list_for_workspaces.
[[nodiscard]] std::string job_query_body(const JobQuery& query);
/// "/jobs?..." for the Public API; only the first status counts.
[[nodiscard]] std::string job_query_target(const JobQuery& query);

[[nodiscard]] std::string connection_id_body(const ConnectionId& connection);
[[nodiscard]] std::string job_id_body(JobId job);
[[nodiscard]] std::string workspace_id_body(const WorkspaceId& workspace);
/// {"<key>":"<value>"}
[[nodiscard]] std::string one_field_body(std::string_view key, std::string_view value);
[[nodiscard]] std::string trigger_body(Api api, const ConnectionId& connection);
[[nodiscard]] std::string set_manual_body(Api api, const ConnectionId& connection);
[[nodiscard]] std::string token_body(Api api, std::string_view client_id, std::string_view client_secret);
/// "/connections?workspaceIds=...&limit=100&offset=0" and the like of the Public API.
[[nodiscard]] std::string list_target(std::string_view path, const std::vector<WorkspaceId>& workspaces,
                                      std::size_t limit, std::size_t offset);

}  // namespace syncwarden::airbyte
