#include "airbyte/codec.hpp"
#include "airbyte/impl/words.hpp"

#include <utility>

#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

std::vector<Shape> config_connection_fields() {
  const std::vector<Shape> basic{{"timeUnit", {}}, {"units", {}}};
  return {
      {"connectionId", {}},
      {"name", {}},
      {"sourceId", {}},
      {"destinationId", {}},
      {"workspaceId", {}},
      {"status", {}},
      {"scheduleType", {}},
      {"scheduleData", {{"basicSchedule", basic}, {"cron", {{"cronExpression", {}}, {"cronTimeZone", {}}}}}},
      {"schedule", basic},
      {"breakingChange", {}},
      {"statusReason", {}},
      {"tags", {{"name", {}}}}};
}

std::vector<Shape> public_connection_fields() {
  return {{"connectionId", {}},
          {"name", {}},
          {"sourceId", {}},
          {"destinationId", {}},
          {"workspaceId", {}},
          {"status", {}},
          {"schedule", {{"scheduleType", {}}, {"cronExpression", {}}, {"basicTiming", {}}}},
          {"statusReason", {}},
          {"tags", {{"name", {}}}}};
}

std::string basic_text(const Node& basic) {
  const auto units = basic["units"].integer();
  const auto unit = basic["timeUnit"].text();
  if (!units || !unit) return {};
  return fmt::format("every {} {}", *units, lower(*unit));
}

void read_config_schedule(ConnectionView& view, const Node& node) {
  const Node& data = node["scheduleData"];
  const Node& legacy = node["schedule"];
  if (const auto type = node["scheduleType"].text()) {
    view.schedule = airbyte_schedule_from(*type);
  } else {
    // the oldest form: a schedule means basic, none means manual
    view.schedule = legacy.is_absent() ? AirbyteSchedule::manual : AirbyteSchedule::basic;
  }
  if (view.schedule == AirbyteSchedule::cron) {
    const Node& cron = data["cron"];
    std::string text = name_from(cron["cronExpression"].text_or_empty());
    const std::string_view zone = cron["cronTimeZone"].text_or_empty();
    if (!text.empty() && !zone.empty()) text += " " + name_from(zone);
    view.schedule_text = text;
  } else if (view.schedule == AirbyteSchedule::basic) {
    view.schedule_text = basic_text(data["basicSchedule"]);
    if (view.schedule_text.empty()) view.schedule_text = basic_text(legacy);
  }
}

void read_public_schedule(ConnectionView& view, const Node& schedule) {
  view.schedule = airbyte_schedule_from(schedule["scheduleType"].text_or_empty());
  if (view.schedule == AirbyteSchedule::cron) {
    view.schedule_text = name_from(schedule["cronExpression"].text_or_empty());
  } else if (view.schedule == AirbyteSchedule::basic) {
    view.schedule_text = lower(name_from(schedule["basicTiming"].text_or_empty()));
  }
}

/// "airbyte/source-postgres" -> "postgres"; a private registry's host and path are left off too.
std::string connector_of(std::string_view repository) {
  repository = repository.substr(repository.rfind('/') + 1);
  repository = repository.substr(0, repository.find(':'));
  for (const std::string_view prefix : {"source-", "destination-"}) {
    if (repository.substr(0, prefix.size()) == prefix) repository.remove_prefix(prefix.size());
  }
  return lower(name_from(repository));
}

constexpr std::string_view word(ActorKind kind) {
  return kind == ActorKind::source ? "source" : "destination";
}

Shape actor_list(Api api, ActorKind kind) {
  const std::string prefix(word(kind));
  if (api == Api::config) {
    return {"",
            {{prefix + "s",
              {{prefix + "Id", {}}, {"name", {}}, {prefix + "Name", {}}, {prefix + "DefinitionId", {}}},
              true}}};
  }
  return {"",
          {{"data", {{prefix + "Id", {}}, {"name", {}}, {prefix + "Type", {}}, {"definitionId", {}}}, true}}};
}

}  // namespace

const Shape& connection_list_shape(Api api) {
  static const Shape config{"", {{"connections", config_connection_fields(), true}}};
  static const Shape open{"", {{"data", public_connection_fields(), true}}};
  return api == Api::config ? config : open;
}

const Shape& connection_shape(Api api) {
  static const Shape config{"", config_connection_fields()};
  static const Shape open{"", public_connection_fields()};
  return api == Api::config ? config : open;
}

std::optional<ConnectionView> connection_from(Api api, const Node& node) {
  std::string id = id_from(node["connectionId"].text_or_empty());
  if (id.empty()) return std::nullopt;
  ConnectionView view;
  view.id = ConnectionId(id);
  view.name = name_from(node["name"].text_or_empty());
  view.workspace = WorkspaceId(id_from(node["workspaceId"].text_or_empty()));
  view.source.id = ActorId(id_from(node["sourceId"].text_or_empty()));
  view.destination.id = ActorId(id_from(node["destinationId"].text_or_empty()));
  view.status = connection_status_from(node["status"].text_or_empty());
  if (api == Api::config) {
    read_config_schedule(view, node);
  } else {
    read_public_schedule(view, node["schedule"]);
  }
  view.breaking_change = node["breakingChange"].boolean().value_or(false);
  view.status_reason = printable(node["statusReason"].text_or_empty());
  for (const auto& tag : node["tags"].elements) {
    const std::string_view name = tag["name"].text_or_empty();
    if (!name.empty()) view.tags.push_back(name_from(name));
  }
  return view;
}

const Shape& actor_list_shape(Api api, ActorKind kind) {
  static const Shape shapes[2][2]{
      {actor_list(Api::config, ActorKind::source), actor_list(Api::config, ActorKind::destination)},
      {actor_list(Api::public_api, ActorKind::source), actor_list(Api::public_api, ActorKind::destination)}};
  return shapes[api == Api::config ? 0 : 1][kind == ActorKind::source ? 0 : 1];
}

std::optional<Actor> actor_from(Api api, ActorKind kind, const Node& node) {
  const std::string prefix(word(kind));
  std::string id = id_from(node[prefix + "Id"].text_or_empty());
  if (id.empty()) return std::nullopt;
  Actor actor;
  actor.id = ActorId(id);
  actor.name = name_from(node["name"].text_or_empty());
  if (api == Api::config) {
    actor.connector = lower(name_from(node[prefix + "Name"].text_or_empty()));
    actor.definition = DefinitionId(id_from(node[prefix + "DefinitionId"].text_or_empty()));
  } else {
    actor.connector = lower(name_from(node[prefix + "Type"].text_or_empty()));
    actor.definition = DefinitionId(id_from(node["definitionId"].text_or_empty()));
  }
  return actor;
}

const Shape& definition_list_shape(ActorKind kind) {
  static const Shape sources{
      "", {{"sourceDefinitions", {{"sourceDefinitionId", {}}, {"dockerRepository", {}}}, true}}};
  static const Shape destinations{
      "", {{"destinationDefinitions", {{"destinationDefinitionId", {}}, {"dockerRepository", {}}}, true}}};
  return kind == ActorKind::source ? sources : destinations;
}

std::optional<Definition> definition_from(ActorKind kind, const Node& node) {
  std::string id = id_from(node[std::string(word(kind)) + "DefinitionId"].text_or_empty());
  std::string connector = connector_of(node["dockerRepository"].text_or_empty());
  if (id.empty() || connector.empty()) return std::nullopt;
  Definition definition;
  definition.id = DefinitionId(id);
  definition.connector = std::move(connector);
  return definition;
}

const Shape& workspace_list_shape(Api api) {
  static const Shape config{"", {{"workspaces", {{"workspaceId", {}}, {"name", {}}}, true}}};
  static const Shape open{"", {{"data", {{"workspaceId", {}}, {"name", {}}}, true}}};
  return api == Api::config ? config : open;
}

std::optional<Workspace> workspace_from(const Node& node) {
  std::string id = id_from(node["workspaceId"].text_or_empty());
  if (id.empty()) return std::nullopt;
  Workspace workspace;
  workspace.id = WorkspaceId(id);
  workspace.name = name_from(node["name"].text_or_empty());
  return workspace;
}

const Shape& instance_shape() {
  static const Shape shape{"",
                           {{"version", {}},
                            {"defaultUserId", {}},
                            {"defaultOrganizationId", {}},
                            {"defaultWorkspaceId", {}},
                            {"available", {}}}};
  return shape;
}

Instance instance_from(const Node& node) {
  Instance instance;
  instance.version = printable(node["version"].text_or_empty(), 64);
  instance.default_user = id_from(node["defaultUserId"].text_or_empty());
  instance.default_organization = id_from(node["defaultOrganizationId"].text_or_empty());
  instance.default_workspace = id_from(node["defaultWorkspaceId"].text_or_empty());
  instance.available = node["available"].boolean();
  return instance;
}

}  // namespace syncwarden::airbyte
