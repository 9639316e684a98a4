// Config API: specifications, sources and destinations, their checks and discoveries (reference 4.3).
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"
#include "emulator/impl/setup.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

std::string key_of(bool source, std::string_view suffix) {
  return fmt::format("{}{}", source ? "source" : "destination", suffix);
}

http::Response missing(Api& api, std::string_view member) {
  return config_error(api, 422, fmt::format("{} must not be null", member));
}

const Definition* definition_asked(const Body& body, bool source) {
  const auto id = body.text(key_of(source, "DefinitionId"));
  const auto* definition = id ? definition_of(DefinitionId{*id}) : nullptr;
  return definition != nullptr && definition->source == source ? definition : nullptr;
}

http::Response no_definition(Api& api, const Body& body, bool source) {
  const auto id = body.text(key_of(source, "DefinitionId"));
  if (!id) return missing(api, key_of(source, "DefinitionId"));
  return config_error(api, 404, "Could not find configuration for ACTOR_DEFINITION", *id);
}

const ActorRecord* actor_asked(const Api& api, const Body& body, bool source) {
  const auto id = body.text(key_of(source, "Id"));
  const auto* record = id ? api.airbyte.find_actor(ActorId{*id}) : nullptr;
  return record != nullptr && record->source == source ? record : nullptr;
}

http::Response no_actor(Api& api, const Body& body, bool source) {
  const auto id = body.text(key_of(source, "Id"));
  if (!id) return missing(api, key_of(source, "Id"));
  return config_error(api, 404,
                      fmt::format("Could not find configuration for {}",
                                  source ? "SOURCE_CONNECTION" : "DESTINATION_CONNECTION"),
                      *id);
}

/// SynchronousJobRead; `failure` says why the job itself failed.
void write_job_info(Json& json, Api& api, std::string_view type, std::string_view definition,
                    std::string_view failure) {
  const auto now = epoch_s(api.airbyte.now());
  json.key("jobInfo").open('{').member("id", api.airbyte.uuid(fmt::format("synchronous/{}", ++api.errors)));
  json.member("configType", type).member("configId", definition);
  json.member("createdAt", now).member("endedAt", now).member("succeeded", failure.empty());
  json.member("connectorConfigurationUpdated", false);
  if (!failure.empty()) {
    json.key("failureReason")
        .open('{')
        .member("failureOrigin", "airbyte_platform")
        .member("failureType", "system_error");
    json.member("externalMessage", failure)
        .member("timestamp", api.airbyte.now().time_since_epoch().count())
        .close('}');
  }
  json.key("logs").open('{').key("logLines").raw("[]").close('}').close('}');
}

Outcome specification(Api& api, const Body& body, bool source) {
  const auto* definition = definition_asked(body, source);
  if (definition == nullptr) return no_definition(api, body, source);
  if (!body.text("workspaceId")) return missing(api, "workspaceId");
  Json json(8'192);
  json.open('{').member(key_of(source, "DefinitionId"), definition->id.text);
  json.member("documentationUrl", fmt::format("https://docs.airbyte.com/integrations/{}s/{}",
                                              source ? "source" : "destination", definition->connector));
  json.key("connectionSpecification").raw(specification_of(*definition));
  if (!source) {
    json.key("supportedDestinationSyncModes").open('[');
    for (const auto mode : destination_sync_modes(*definition)) json.value(mode);
    json.close(']');
  }
  write_job_info(json, api, "get_spec", definition->id.text, {});
  return reply(200, json.close('}').take());
}

Outcome definition_get(Api& api, const Body& body, bool source) {
  const auto* definition = definition_asked(body, source);
  if (definition == nullptr) return no_definition(api, body, source);
  Json json;
  write_definition(json, api, *definition);
  return reply(200, json.take());
}

Outcome actors_list(Api& api, const Body& body, bool source) {
  const auto workspace = body.text("workspaceId");
  if (!workspace) return missing(api, "workspaceId");
  Json json;
  json.open('{').key(source ? "sources" : "destinations").open('[');
  for (const auto& record : api.airbyte.actors()) {
    if (record.source == source && !record.deleted && record.workspace.text == *workspace)
      write_actor(json, api, record);
  }
  return reply(200, json.close(']').close('}').take());
}

Outcome actor_get(Api& api, const Body& body, bool source) {
  const auto* record = actor_asked(api, body, source);
  if (record == nullptr) return no_actor(api, body, source);
  Json json;
  write_actor(json, api, *record);
  return reply(200, json.take());
}

Outcome actor_create(Api& api, const Body& body, bool source) {
  const auto* definition = definition_asked(body, source);
  if (definition == nullptr) return no_definition(api, body, source);
  const auto workspace = body.text("workspaceId");
  const auto name = body.text("name");
  const auto configuration = body.json("connectionConfiguration");
  if (!workspace || !name || !configuration)
    return missing(api, "workspaceId, name and connectionConfiguration");
  bool known = false;
  for (const auto& each : api.airbyte.workspaces()) known = known || each.id.text == *workspace;
  if (!known)
    return config_error(api, 404, "Could not find configuration for STANDARD_WORKSPACE", *workspace);
  if (const auto fault = configuration_fault(*configuration, specification_of(*definition)); !fault.empty())
    return config_error(api, 422, fault);
  const auto id = api.airbyte.add_actor(
      {WorkspaceId{*workspace}, *name, definition->id, source, *configuration}, api.airbyte.now());
  Json json;
  write_actor(json, api, *api.airbyte.find_actor(id));
  return reply(200, json.take());
}

Outcome actor_update(Api& api, const Body& body, bool source) {
  const auto* record = actor_asked(api, body, source);
  if (record == nullptr) return no_actor(api, body, source);
  const auto name = body.text("name");
  const auto configuration = body.json("connectionConfiguration");
  if (!name || !configuration) return missing(api, "name and connectionConfiguration");
  const auto schema = specification_of(*definition_of(record->actor.definition));
  const auto whole = hydrated(*configuration, configuration_of(*record), schema);
  if (const auto fault = configuration_fault(whole, schema); !fault.empty())
    return config_error(api, 422, fault);
  api.airbyte.change_actor(record->actor.id, *name, whole, api.airbyte.now());
  return actor_get(api, body, source);
}

Outcome actor_delete(Api& api, const Body& body, bool source) {
  const auto* record = actor_asked(api, body, source);
  if (record == nullptr) return no_actor(api, body, source);
  const ActorId id = record->actor.id;
  api.airbyte.remove_actor(id, api.airbyte.now());
  return reply(204, {});
}

Outcome check_answer(Api& api, bool source, const DefinitionId& definition,
                     const std::string& configuration) {
  const Visit visit = check_visit(configuration);
  if (visit.end == Visit::End::endless) {
    Waiting waiting;
    waiting.for_ever = true;
    return waiting;
  }
  const bool crashed = visit.end == Visit::End::crashed;
  Json json;
  json.open('{');
  // Without a status where the job itself failed; at 0.40 it is required (4.3).
  if (!crashed || !api.rules().instance_configuration)
    json.member("status", visit.end == Visit::End::good ? "succeeded" : "failed");
  if (visit.end == Visit::End::refused) json.member("message", visit.message);
  write_job_info(json, api, source ? "check_connection_source" : "check_connection_destination",
                 definition.text, crashed ? visit.message : std::string{});
  return reply(200, json.close('}').take());
}

Outcome actor_check(Api& api, const Body& body, bool source) {
  const auto* record = actor_asked(api, body, source);
  if (record == nullptr) return no_actor(api, body, source);
  return check_answer(api, source, record->actor.definition, configuration_of(*record));
}

/// Before something is created, or changed: masked secrets are those that are stored.
Outcome draft_check(Api& api, const Body& body, bool source) {
  const auto* definition = definition_asked(body, source);
  if (definition == nullptr) return no_definition(api, body, source);
  const auto configuration = body.json("connectionConfiguration");
  if (!configuration || !body.text("workspaceId"))
    return missing(api, "connectionConfiguration and workspaceId");
  const auto* record = actor_asked(api, body, source);
  const auto whole = record == nullptr
                         ? *configuration
                         : hydrated(*configuration, configuration_of(*record), specification_of(*definition));
  return check_answer(api, source, definition->id, whole);
}

Outcome discover(Api& api, const Body& body) {
  const auto* record = actor_asked(api, body, true);
  if (record == nullptr) return no_actor(api, body, true);
  const Visit visit = discover_visit(configuration_of(*record));
  if (visit.end == Visit::End::endless) {
    Waiting waiting;
    waiting.for_ever = true;
    return waiting;
  }
  Json json(8'192);
  json.open('{');
  const bool good = visit.end == Visit::End::good;
  if (good) {
    json.key("catalog").raw(discovered_catalog(*record, api.rules().clears));
    json.member("catalogId", api.airbyte.uuid(fmt::format("catalog/{}", record->actor.id.text)));
  }
  write_job_info(json, api, "discover_schema", record->actor.definition.text, visit.message);
  return reply(200, json.close('}').take());
}

template <Outcome (*Of)(Api&, const Body&, bool), bool Source>
Outcome of(Api& api, const Body& body) {
  return Of(api, body, Source);
}

struct Named {
  std::string_view name;
  ConfigHandler handler;
};
constexpr std::array operations{
    Named{"source_definitions/get", of<definition_get, true>},
    Named{"destination_definitions/get", of<definition_get, false>},
    Named{"source_definition_specifications/get", of<specification, true>},
    Named{"destination_definition_specifications/get", of<specification, false>},
    Named{"sources/list", of<actors_list, true>},
    Named{"destinations/list", of<actors_list, false>},
    Named{"sources/get", of<actor_get, true>},
    Named{"destinations/get", of<actor_get, false>},
    Named{"sources/create", of<actor_create, true>},
    Named{"destinations/create", of<actor_create, false>},
    Named{"sources/update", of<actor_update, true>},
    Named{"destinations/update", of<actor_update, false>},
    Named{"sources/delete", of<actor_delete, true>},
    Named{"destinations/delete", of<actor_delete, false>},
    Named{"sources/check_connection", of<actor_check, true>},
    Named{"destinations/check_connection", of<actor_check, false>},
    Named{"scheduler/sources/check_connection", of<draft_check, true>},
    Named{"scheduler/destinations/check_connection", of<draft_check, false>},
    Named{"sources/discover_schema", discover},
};

}  // namespace

void write_actor(Json& json, const Api& api, const ActorRecord& record) {
  const auto* definition = definition_of(record.actor.definition);
  const bool source = record.source;
  json.open('{').member(key_of(source, "DefinitionId"), record.actor.definition.text);
  json.member(key_of(source, "Id"), record.actor.id.text);
  json.member("workspaceId", record.workspace.text).member("name", record.actor.name);
  json.member(key_of(source, "Name"), definition == nullptr ? std::string{"Custom"} : definition->name);
  json.key("connectionConfiguration")
      .raw(definition == nullptr ? std::string{"{}"}
                                 : masked(configuration_of(record), specification_of(*definition)));
  if (api.rules().clears) json.member("createdAt", epoch_s(record.created)).member("status", "active");
  json.close('}');
}

ConfigHandler actor_operation(std::string_view operation) {
  for (const auto& [name, handler] : operations) {
    if (name == operation) return handler;
  }
  return nullptr;
}

bool runs_connector(std::string_view path) {
  return path.ends_with("/check_connection") || path.ends_with("/discover_schema") ||
         path.ends_with("_specifications/get") || path == "/streams";
}

}  // namespace syncwarden::emulator
