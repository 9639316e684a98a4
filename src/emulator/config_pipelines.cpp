// Config API: connections created, changed and refreshed (reference 4.4, 6.3).
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

http::Response missing(Api& api, std::string_view member) {
  return config_error(api, 422, fmt::format("{} must not be null", member));
}

http::Response answer_with(Api& api, const ConnectionId& id) {
  Json json;
  write_connection(json, api, api.airbyte.connection(*api.airbyte.find(id)));
  return reply(200, json.take());
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

const ActorRecord* end_asked(const Api& api, const Body& body, bool source) {
  const auto id = body.text(source ? "sourceId" : "destinationId");
  const auto* record = id ? api.airbyte.find_actor(ActorId{*id}) : nullptr;
  return record != nullptr && record->source == source ? record : nullptr;
}

Outcome create(Api& api, const Body& body) {
  const auto* source = end_asked(api, body, true);
  const auto* destination = end_asked(api, body, false);
  if (!body.text("sourceId") || !body.text("destinationId") || !body.text("status"))
    return missing(api, "sourceId, destinationId and status");
  if (source == nullptr)
    return config_error(api, 404, "Could not find configuration for SOURCE_CONNECTION",
                        *body.text("sourceId"));
  if (destination == nullptr)
    return config_error(api, 404, "Could not find configuration for DESTINATION_CONNECTION",
                        *body.text("destinationId"));
  // The real one walks the tags without asking whether there are any (4.4).
  if (api.rules().clears && !body.has("tags")) return config_error(api, 500, "tags");
  if (source->workspace != destination->workspace)
    return config_error(api, 400, "Source and destination do not belong to the same workspace.");
  auto patch = read_patch(api, body);
  if (auto* refusal = std::get_if<http::Response>(&patch)) return std::move(*refusal);
  auto& wanted = std::get<ConnectionPatch>(patch);
  if (!wanted.catalog) wanted.catalog = R"({"streams":[]})";
  const ActorId from = source->actor.id;
  const ActorId to = destination->actor.id;
  return answer_with(api, api.airbyte.add_connection(from, to, wanted, api.airbyte.now()));
}

Outcome update(Api& api, const Body& body) {
  const auto id = body.text("connectionId");
  if (!id) return missing(api, "connectionId");
  const auto index = api.airbyte.find(ConnectionId{*id});
  if (!index)
    return config_error(api, 404, fmt::format("Could not find configuration for STANDARD_SYNC: {}.", *id),
                        *id);
  if (api.airbyte.connection(*index).view.status == ConnectionStatus::locked) {
    return problem(409, "error:connection/locked", "connection-locked", "The connection is locked",
                   "The connection is locked");
  }
  auto patch = read_patch(api, body);
  if (auto* refusal = std::get_if<http::Response>(&patch)) return std::move(*refusal);
  api.airbyte.update(ConnectionId{*id}, std::get<ConnectionPatch>(patch), api.airbyte.now());
  return answer_with(api, ConnectionId{*id});
}

Outcome refresh(Api& api, const Body& body) {
  if (!api.rules().clears) return unknown_route();
  const auto id = body.text("connectionId");
  const auto mode = body.text("refreshMode");
  if (!id || !mode) return missing(api, "connectionId and refreshMode");
  if (*mode != "Truncate" && *mode != "Merge") return config_error(api, 422, "Unexpected refreshMode");
  const auto answer = api.airbyte.signal_reset(ConnectionId{*id}, JobType::refresh, api.airbyte.now());
  if (answer.signal != Signal::accepted)
    return config_error(api, 404, "Could not find configuration for STANDARD_SYNC", *id);
  Waiting waiting;
  waiting.ticket = answer.ticket;
  waiting.is_sync = true;
  return waiting;
}

struct Named {
  std::string_view name;
  ConfigHandler handler;
};
constexpr std::array operations{Named{"connections/create", create}, Named{"connections/update", update},
                                Named{"connections/refresh", refresh}};

}  // namespace

std::variant<ConnectionPatch, http::Response> read_patch(Api& api, const Body& body) {
  ConnectionPatch patch;
  patch.name = body.text("name");
  if (const auto status = body.text("status")) {
    patch.status = connection_status_from(*status);
    if (*patch.status == ConnectionStatus::unknown) return config_error(api, 422, "Unexpected status");
  }
  patch.breaking_change = body.flag("breakingChange");
  patch.prefix = body.text("prefix");
  patch.namespace_definition = body.text("namespaceDefinition");
  patch.namespace_format = body.text("namespaceFormat");
  if (patch.namespace_definition &&
      !is_one_of(*patch.namespace_definition, {"source", "destination", "customformat"}))
    return config_error(api, 422, "Unexpected namespaceDefinition");
  patch.schema_changes = body.text("nonBreakingChangesPreference");
  const bool propagates = api.rules().instance_configuration;  // at 0.40 there are two words only
  if (patch.schema_changes && !is_one_of(*patch.schema_changes, {"ignore", "disable"}) &&
      !(propagates && is_one_of(*patch.schema_changes, {"propagate_columns", "propagate_fully"})))
    return config_error(api, 422, "Unexpected nonBreakingChangesPreference");
  patch.catalog = body.json("syncCatalog");
  auto schedule = read_schedule(api, body);
  if (auto* refusal = std::get_if<http::Response>(&schedule)) return std::move(*refusal);
  if (auto* wanted = std::get_if<OwnSchedule>(&schedule)) patch.schedule = std::move(*wanted);
  return patch;
}

ConfigHandler pipeline_operation(std::string_view operation) {
  for (const auto& [name, handler] : operations) {
    if (name == operation) return handler;
  }
  return nullptr;
}

}  // namespace syncwarden::emulator
