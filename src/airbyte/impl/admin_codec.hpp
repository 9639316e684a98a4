// The JSON of the administrative operations, for both APIs. Pure. Replies are foreign: what is absent, null
// or of another type reads as empty; an element without an id is left out.
#pragma once

#include "airbyte/codec.hpp"
#include "model/administration.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::airbyte {

// ---- replies

/// {"workspaces":[...]} or {"data":[...]}; nothing for what holds no such list.
[[nodiscard]] std::optional<std::vector<WorkspaceEntry>> workspaces_from(std::string_view body);
[[nodiscard]] std::optional<std::vector<DefinitionEntry>> definitions_from(End end, std::string_view body);
[[nodiscard]] std::optional<ConnectorSpecification> specification_from(std::string_view body);
[[nodiscard]] std::optional<std::vector<ActorEntry>> actors_from(Api api, End end, std::string_view body);
[[nodiscard]] std::optional<ActorEntry> actor_entry_from(Api api, End end, std::string_view body);
[[nodiscard]] std::optional<std::vector<ConnectionEntry>> connection_entries_from(Api api,
                                                                                  std::string_view body);
[[nodiscard]] std::optional<ConnectionEntry> connection_entry_from(Api api, std::string_view body);

/// What a synchronous job of a connector told. `ran` false: the job itself failed.
struct ConnectorReply {
  bool ran = false;
  bool succeeded = false;
  std::string message;
};
[[nodiscard]] std::optional<ConnectorReply> check_from(std::string_view body);
/// Nothing for what is no JSON; a reply without a catalog has `ran` false.
struct DiscoverReply {
  ConnectorReply job;
  Catalog catalog;
};
[[nodiscard]] std::optional<DiscoverReply> discovery_from(Api api, std::string_view body);

/// Counters and failures of every attempt, and the counters of streams; `shape` is job_detail_shape().
[[nodiscard]] const Shape& job_detail_shape(Api api);
[[nodiscard]] std::optional<JobDetail> job_detail_from(Api api, const Node& node);

// ---- requests

[[nodiscard]] std::string create_actor_body(Api api, const ActorDraft& draft);
[[nodiscard]] std::string update_actor_body(Api api, const ActorEntry& actor);
/// For scheduler/{sources,destinations}/check_connection.
[[nodiscard]] std::string check_draft_body(const ActorDraft& draft, const ActorId& existing);
[[nodiscard]] std::string discover_body(const ActorId& source);
/// `old_server`: before 1.0, which knows no tags and fewer members of a stream.
[[nodiscard]] std::string create_connection_body(Api api, const ConnectionChange& draft, bool old_server);
[[nodiscard]] std::string update_connection_body(Api api, const ConnectionId& id,
                                                 const ConnectionChange& change);
[[nodiscard]] std::string refresh_body(const ConnectionId& id, RefreshMode mode,
                                       const std::vector<StreamChoice>& streams);
[[nodiscard]] std::string create_job_body(const ConnectionId& id, std::string_view type);
[[nodiscard]] std::string definition_body(End end, const DefinitionId& definition,
                                          const WorkspaceId& workspace);

/// The Public API has one word for both sync modes: "incremental_deduped_history"; empty for a pair that it
/// has no word for.
[[nodiscard]] std::string_view public_sync_mode(std::string_view sync_mode, std::string_view destination);
/// Both of it; empty texts for an unknown word.
[[nodiscard]] std::pair<std::string_view, std::string_view> sync_modes_of(std::string_view public_mode);

}  // namespace syncwarden::airbyte
