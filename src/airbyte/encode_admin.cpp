// Administrative requests. Old servers ignore what they do not know and new ones may refuse it, so only known
// members are sent and nothing that is empty.
#include "airbyte/impl/admin_codec.hpp"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

namespace json = boost::json;

/// The value of a text that is JSON already; an empty object for what is not.
json::value value_of(const JsonText& text) {
  boost::system::error_code failed;
  json::value value = json::parse(text.text, failed);
  if (failed) return json::object();
  return value;
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

json::array array_of(const std::vector<FieldPath>& paths) {
  json::array array;
  for (const auto& path : paths) array.emplace_back(array_of(path));
  return array;
}

std::string id_key(End end, std::string_view suffix) { return fmt::format("{}{}", to_string(end), suffix); }

json::object config_schedule(const ScheduleSetting& schedule) {
  json::object data;
  if (schedule.kind == AirbyteSchedule::basic) {
    data["basicSchedule"] = json::object{{"units", schedule.units}, {"timeUnit", schedule.time_unit}};
  } else if (schedule.kind == AirbyteSchedule::cron) {
    data["cron"] = json::object{{"cronExpression", schedule.cron}, {"cronTimeZone", schedule.zone}};
  }
  return data;
}

json::object config_stream(const StreamChoice& choice) {
  json::value stream = value_of(choice.stream);
  if (!stream.is_object() || stream.get_object().empty()) {
    json::object made{{"name", choice.name}};
    if (!choice.space.empty()) made["namespace"] = choice.space;
    stream = std::move(made);
  }
  json::object config;
  if (!choice.kept.empty()) {
    json::value kept = value_of(choice.kept);
    if (kept.is_object()) config = std::move(kept.get_object());
  }
  config["syncMode"] = choice.sync_mode;
  config["destinationSyncMode"] = choice.destination_sync_mode;
  config["cursorField"] = array_of(choice.cursor);
  config["primaryKey"] = array_of(choice.primary_key);
  if (!config.contains("aliasName")) config["aliasName"] = choice.name;
  config["selected"] = true;
  return {{"stream", std::move(stream)}, {"config", std::move(config)}};
}

json::object public_stream(const StreamChoice& choice) {
  json::object stream{{"name", choice.name}};
  if (!choice.space.empty()) stream["namespace"] = choice.space;
  const auto mode = public_sync_mode(choice.sync_mode, choice.destination_sync_mode);
  if (!mode.empty()) stream["syncMode"] = json::string(mode);
  if (!choice.cursor.empty()) stream["cursorField"] = array_of(choice.cursor);
  if (!choice.primary_key.empty()) stream["primaryKey"] = array_of(choice.primary_key);
  return stream;
}

json::object catalog_of(Api api, const std::vector<StreamChoice>& streams) {
  json::array all;
  for (const auto& choice : streams)
    all.emplace_back(api == Api::config ? config_stream(choice) : public_stream(choice));
  return {{"streams", std::move(all)}};
}

void put_schedule(json::object& body, Api api, const ScheduleSetting& schedule) {
  if (api == Api::public_api) {
    json::object wanted{{"scheduleType", json::string(to_string(schedule.kind))}};
    if (schedule.kind == AirbyteSchedule::cron) wanted["cronExpression"] = schedule.cron;
    body["schedule"] = std::move(wanted);
    return;
  }
  body["scheduleType"] = json::string(to_string(schedule.kind));
  auto data = config_schedule(schedule);
  if (!data.empty()) body["scheduleData"] = std::move(data);
}

void put_change(json::object& body, Api api, const ConnectionChange& change) {
  const bool config = api == Api::config;
  if (change.name) body["name"] = *change.name;
  if (change.status) body["status"] = json::string(to_string(*change.status));
  if (change.schedule) put_schedule(body, api, *change.schedule);
  if (change.namespace_definition) {
    const bool custom = *change.namespace_definition == "customformat";
    body["namespaceDefinition"] = !config && custom ? "custom_format" : *change.namespace_definition;
  }
  if (change.namespace_format && !change.namespace_format->empty())
    body["namespaceFormat"] = *change.namespace_format;
  if (change.prefix) body["prefix"] = *change.prefix;
  if (change.schema_changes) {
    const bool disable = *change.schema_changes == "disable";
    body[config ? "nonBreakingChangesPreference" : "nonBreakingSchemaUpdatesBehavior"] =
        !config && disable ? "disable_connection" : *change.schema_changes;
  }
  if (change.streams) body[config ? "syncCatalog" : "configurations"] = catalog_of(api, *change.streams);
  if (config && !change.catalog_id.empty()) body["sourceCatalogId"] = change.catalog_id;
}

}  // namespace

std::string create_actor_body(Api api, const ActorDraft& draft) {
  const bool config = api == Api::config;
  json::object body;
  body["name"] = draft.name;
  body["workspaceId"] = draft.workspace.text.view();
  body[config ? id_key(draft.end, "DefinitionId") : "definitionId"] = draft.definition.text.view();
  body[config ? "connectionConfiguration" : "configuration"] = value_of(draft.configuration);
  return json::serialize(body);
}

std::string update_actor_body(Api api, const ActorEntry& actor) {
  const bool config = api == Api::config;
  json::object body;
  if (config) body[id_key(actor.end, "Id")] = actor.id.text.view();
  body["name"] = actor.name;
  body[config ? "connectionConfiguration" : "configuration"] = value_of(actor.configuration);
  return json::serialize(body);
}

std::string check_draft_body(const ActorDraft& draft, const ActorId& existing) {
  json::object body;
  body[id_key(draft.end, "DefinitionId")] = draft.definition.text.view();
  body["workspaceId"] = draft.workspace.text.view();
  body["connectionConfiguration"] = value_of(draft.configuration);
  if (!existing.empty()) body[id_key(draft.end, "Id")] = existing.text.view();
  return json::serialize(body);
}

std::string discover_body(const ActorId& source) {
  return json::serialize(json::object{{"sourceId", source.text.view()}, {"disable_cache", true}});
}

std::string create_connection_body(Api api, const ConnectionChange& draft, bool old_server) {
  json::object body;
  body["sourceId"] = draft.source.text.view();
  body["destinationId"] = draft.destination.text.view();
  put_change(body, api, draft);
  if (api == Api::config && !draft.status) body["status"] = "active";
  if (api == Api::config && !old_server) body["tags"] = json::array();
  return json::serialize(body);
}

std::string update_connection_body(Api api, const ConnectionId& id, const ConnectionChange& change) {
  json::object body;
  if (api == Api::config) body["connectionId"] = id.text.view();
  put_change(body, api, change);
  return json::serialize(body);
}

std::string refresh_body(const ConnectionId& id, RefreshMode mode, const std::vector<StreamChoice>& streams) {
  json::object body;
  body["connectionId"] = id.text.view();
  body["refreshMode"] = mode == RefreshMode::merge ? "Merge" : "Truncate";
  json::array wanted;
  for (const auto& stream : streams) {
    json::object one{{"streamName", stream.name}};
    if (!stream.space.empty()) one["streamNamespace"] = stream.space;
    wanted.emplace_back(std::move(one));
  }
  if (!wanted.empty()) body["streams"] = std::move(wanted);
  return json::serialize(body);
}

std::string create_job_body(const ConnectionId& id, std::string_view type) {
  return json::serialize(json::object{{"connectionId", id.text.view()}, {"jobType", json::string(type)}});
}

std::string definition_body(End end, const DefinitionId& definition, const WorkspaceId& workspace) {
  json::object body;
  body[id_key(end, "DefinitionId")] = definition.text.view();
  if (!workspace.empty()) body["workspaceId"] = workspace.text.view();
  return json::serialize(body);
}

}  // namespace syncwarden::airbyte
