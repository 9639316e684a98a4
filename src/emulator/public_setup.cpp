// The Public API's part in setting things up: definitions, sources, destinations, streams, new connections
// (reference 7). It neither checks nor tells specifications.
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"
#include "emulator/impl/setup.hpp"

#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

std::string_view kind_of(bool source) { return source ? "source" : "destination"; }

http::Response answer_with(const ActorRecord& record) {
  Json json;
  write_public_actor(json, record);
  return reply(200, json.take());
}

/// "definitionId", or the connector's word in the configuration's "sourceType".
const Definition* definition_meant(const Body& body, bool source) {
  if (const auto id = body.text("definitionId")) {
    const auto* definition = definition_of(DefinitionId{*id});
    return definition != nullptr && definition->source == source ? definition : nullptr;
  }
  const auto configuration = body.object("configuration");
  const auto word =
      configuration ? configuration->text(fmt::format("{}Type", kind_of(source))) : std::nullopt;
  for (const auto& definition : definitions()) {
    if (definition.source == source && word && definition.connector == *word) return &definition;
  }
  return nullptr;
}

Outcome create_actor(Api& api, const http::Request& request, bool source) {
  const auto body = Body::parse(request.body);
  if (!body) return public_bad_request("the body is no JSON object");
  const auto name = body->text("name");
  const auto workspace = body->text("workspaceId");
  const auto configuration = body->json("configuration");
  if (!name || !workspace || !configuration)
    return public_unprocessable("name, workspaceId and configuration must be given");
  const auto* definition = definition_meant(*body, source);
  if (definition == nullptr) return public_bad_request("there is no such definition");
  if (const auto fault = configuration_fault(*configuration, specification_of(*definition)); !fault.empty())
    return public_unprocessable(fault);
  const auto id = api.airbyte.add_actor(
      {WorkspaceId{*workspace}, *name, definition->id, source, *configuration}, api.airbyte.now());
  return answer_with(*api.airbyte.find_actor(id));
}

Outcome one_actor(Api& api, const http::Request& request, const std::string& id_text, bool source) {
  const ActorId id{id_text};
  const auto* record = api.airbyte.find_actor(id);
  if (record == nullptr || record->source != source) return public_not_found(kind_of(source), id_text);
  if (request.method == "DELETE") {
    api.airbyte.remove_actor(id, api.airbyte.now());
    return reply(204, {});
  }
  if (request.method == "PATCH" || request.method == "PUT") {
    const auto body = Body::parse(request.body);
    if (!body) return public_bad_request("the body is no JSON object");
    const auto schema = specification_of(*definition_of(record->actor.definition));
    const auto wanted = body->json("configuration").value_or(configuration_of(*record));
    const auto whole = hydrated(wanted, configuration_of(*record), schema);
    if (const auto fault = configuration_fault(whole, schema); !fault.empty())
      return public_unprocessable(fault);
    const auto name = body->text("name").value_or(record->actor.name.str());
    api.airbyte.change_actor(id, name, whole, api.airbyte.now());
  }
  return answer_with(*api.airbyte.find_actor(id));
}

Outcome streams(Api& api, const http::Request& request) {
  const auto id = query_text(request, "sourceId");
  if (!id) return public_bad_request("sourceId must be given");
  const auto* record = api.airbyte.find_actor(ActorId{*id});
  if (record == nullptr || !record->source) return public_not_found("source", *id);
  const Visit visit = discover_visit(configuration_of(*record));
  if (visit.end == Visit::End::endless) {
    Waiting waiting;
    waiting.for_ever = true;
    return waiting;
  }
  if (visit.end != Visit::End::good)
    return problem(500, "about:blank", "unexpected-problem", "An unexpected problem has occurred.",
                   visit.message);
  return reply(200, public_streams(*record));
}

Outcome connector_definitions(Api& api, const http::Request& request) {
  const auto type = query_text(request, "type");
  if (!type || !query_text(request, "workspaceId"))
    return public_bad_request("type and workspaceId must be given");
  Json json;
  json.open('{').key("data").open('[');
  for (const auto& definition : definitions()) {
    if (kind_of(definition.source) != *type) continue;
    json.open('{').member("id", definition.id.text).member("name", definition.name);
    json.member("connectorDefinitionType", *type).member("version", definition.tag).close('}');
  }
  (void)api;
  return reply(200, json.close(']').close('}').take());
}

Outcome create_connection(Api& api, const http::Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return public_bad_request("the body is no JSON object");
  const auto source_id = body->text("sourceId");
  const auto destination_id = body->text("destinationId");
  if (!source_id || !destination_id) return public_unprocessable("sourceId and destinationId must be given");
  const auto* source = api.airbyte.find_actor(ActorId{*source_id});
  const auto* destination = api.airbyte.find_actor(ActorId{*destination_id});
  if (source == nullptr) return public_not_found("source", *source_id);
  if (destination == nullptr) return public_not_found("destination", *destination_id);
  auto patch = read_public_patch(*body);
  if (auto* refusal = std::get_if<http::Response>(&patch)) return std::move(*refusal);
  auto& wanted = std::get<ConnectionPatch>(patch);
  wanted.catalog = catalog_from_public(*source, body->json("configurations").value_or("{}"));
  if (!wanted.catalog) return public_bad_request("a stream does not exist in the source");
  const ActorId from = source->actor.id;
  const ActorId to = destination->actor.id;
  const auto id = api.airbyte.add_connection(from, to, wanted, api.airbyte.now());
  Json json;
  write_public_connection(json, api, api.airbyte.connection(*api.airbyte.find(id)));
  return reply(200, json.take());
}

Outcome one_workspace(Api& api, std::string_view id) {
  for (const auto& workspace : api.airbyte.workspaces()) {
    if (workspace.id.text != id) continue;
    Json json;
    json.open('{').member("workspaceId", workspace.id.text).member("name", workspace.name);
    json.member("dataResidency", "auto").key("notifications").raw("{}").close('}');
    return reply(200, json.take());
  }
  return public_not_found("workspace", id);
}

}  // namespace

std::variant<ConnectionPatch, http::Response> read_public_patch(const Body& body) {
  ConnectionPatch patch;
  patch.name = body.text("name");
  patch.prefix = body.text("prefix");
  patch.namespace_format = body.text("namespaceFormat");
  patch.namespace_definition = body.text("namespaceDefinition");
  if (patch.namespace_definition == "custom_format") patch.namespace_definition = "customformat";
  patch.schema_changes = body.text("nonBreakingSchemaUpdatesBehavior");
  if (patch.schema_changes == "disable_connection") patch.schema_changes = "disable";
  if (const auto status = body.text("status")) {
    patch.status = connection_status_from(*status);
    if (*patch.status == ConnectionStatus::unknown) return public_bad_request("Unexpected status");
  }
  const auto schedule = body.object("schedule");
  if (!schedule) return patch;
  const auto type = schedule->text("scheduleType").value_or("");
  OwnSchedule wanted;
  if (type == "cron") {
    wanted.kind = AirbyteSchedule::cron;
    wanted.cron = schedule->text("cronExpression").value_or("");
    constexpr std::string_view zone = " UTC";
    if (wanted.cron.ends_with(zone)) wanted.cron.resize(wanted.cron.size() - zone.size());
    if (const auto fault = cron_fault(wanted.cron, wanted.zone); !fault.empty())
      return problem(400, fmt::format("error:cron-validation/{}", fault), fault, "Bad cron expression",
                     fault);
  } else if (type != "manual") {
    return public_bad_request("scheduleType is manual or cron");
  }
  patch.schedule = std::move(wanted);
  return patch;
}

void write_public_actor(Json& json, const ActorRecord& record) {
  const auto& actor = record.actor;
  const auto kind = kind_of(record.source);
  const auto* definition = definition_of(actor.definition);
  json.open('{').member(fmt::format("{}Id", kind), actor.id.text).member("name", actor.name);
  json.member(fmt::format("{}Type", kind), actor.connector).member("definitionId", actor.definition.text);
  json.member("workspaceId", record.workspace.text).key("configuration");
  json.raw(definition == nullptr ? std::string{"{}"}
                                 : masked(configuration_of(record), specification_of(*definition)));
  json.member("createdAt", epoch_s(record.created)).close('}');
}

std::optional<Outcome> public_setup(Api& api, const http::Request& request, std::string_view path) {
  constexpr std::string_view sources = "/sources/", destinations = "/destinations/",
                             workspaces = "/workspaces/";
  const bool post = request.method == "POST";
  if (post && path == "/sources") return create_actor(api, request, true);
  if (post && path == "/destinations") return create_actor(api, request, false);
  if (post && path == "/connections") return create_connection(api, request);
  if (path.starts_with(sources))
    return one_actor(api, request, std::string{path.substr(sources.size())}, true);
  if (path.starts_with(destinations))
    return one_actor(api, request, std::string{path.substr(destinations.size())}, false);
  if (path.starts_with(workspaces)) return one_workspace(api, path.substr(workspaces.size()));
  if (path == "/streams") return streams(api, request);
  if (path == "/connector_definitions") return connector_definitions(api, request);
  return std::nullopt;
}

}  // namespace syncwarden::emulator
