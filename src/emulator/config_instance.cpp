// Config API: dispatch, the instance, workspaces, definitions, sources and destinations (reference 4.1-4.3).
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

std::string user_id(const Api& api) { return api.airbyte.uuid("user"); }
std::string organization_id(const Api& api) { return api.airbyte.uuid("organization"); }

Outcome health(Api& api, const Body& /*body*/) {
  return reply(200, api.faults.unavailable ? R"({"available":false})" : R"({"available":true})");
}

Outcome instance_configuration(Api& api, const Body& /*body*/) {
  if (!api.rules().instance_configuration) return unknown_route();
  const bool bearer = api.options.auth.mode == FrontAuth::Mode::bearer;
  Json json;
  json.open('{').member("edition", "community").member("version", api.airbyte.options().version);
  json.member("licenseStatus", "pro").member("airbyteUrl", api.options.url);
  json.member("webappUrl", api.options.url).member("initialSetupComplete", true);
  json.key("auth").open('{').member("mode", bearer ? "simple" : "none");
  json.member("clientId", "airbyte-webapp").member("defaultRealm", "airbyte").close('}');
  json.member("defaultUserId", user_id(api)).member("defaultOrganizationId", organization_id(api));
  json.member("defaultOrganizationEmail", "admin@example.org");
  json.member("defaultWorkspaceId", api.airbyte.workspaces().front().id.text);
  return reply(200, json.member("trackingStrategy", "logging").close('}').take());
}

Outcome deployment(Api& api, const Body& /*body*/) {
  Json json;
  json.open('{').member("id", api.airbyte.uuid("deployment")).member("mode", "OSS");
  return reply(200, json.member("version", api.airbyte.options().version).close('}').take());
}

void write_workspace(Json& json, const Api& api, const Workspace& workspace) {
  json.open('{').member("workspaceId", workspace.id.text).member("customerId", api.airbyte.uuid("customer"));
  json.member("name", workspace.name).member("slug", workspace.name).member("initialSetupComplete", true);
  if (api.rules().instance_configuration) json.member("organizationId", organization_id(api));
  json.key("notifications").raw("[]").close('}');
}

Outcome workspaces_page(Api& api, const Body& body, const std::vector<std::string>& only) {
  const auto page = body.object("pagination");
  const auto size = page ? page->number("pageSize").value_or(200) : 200;
  const auto offset = page ? page->number("rowOffset").value_or(0) : 0;
  const auto name = body.text("nameContains").value_or("");
  Json json;
  json.open('{').key("workspaces").open('[');
  std::int64_t seen = 0;
  for (const auto& workspace : api.airbyte.workspaces()) {
    if (!only.empty() && std::find(only.begin(), only.end(), workspace.id.text) == only.end()) continue;
    if (workspace.name.find(name) == std::string::npos) continue;
    if (seen >= offset && seen < offset + size) write_workspace(json, api, workspace);
    ++seen;
  }
  return reply(200, json.close(']').close('}').take());
}

Outcome workspaces_list(Api& api, const Body& body) {
  return api.rules().lists_workspaces ? workspaces_page(api, body, {}) : Outcome{unknown_route()};
}

Outcome workspaces_by_user(Api& api, const Body& body) {
  if (!api.rules().job_filters) return unknown_route();
  if (!body.text("userId")) return config_error(api, 422, "userId must not be null");
  return workspaces_page(api, body, {});
}

Outcome workspaces_by_organization(Api& api, const Body& body) {
  if (!api.rules().job_filters) return unknown_route();
  if (!body.text("organizationId")) return config_error(api, 422, "organizationId must not be null");
  return workspaces_page(api, body, {});
}

Outcome workspaces_paginated(Api& api, const Body& body) {
  if (!api.rules().job_filters) return unknown_route();
  if (!body.object("pagination")) return config_error(api, 422, "pagination must not be null");
  const auto only = body.texts("workspaceIds");
  if (only.empty()) return reply(200, R"({"workspaces":[]})");
  return workspaces_page(api, body, only);
}

Outcome workspaces_get(Api& api, const Body& body) {
  const auto id = body.text("workspaceId");
  if (!id) return config_error(api, 422, "workspaceId must not be null");
  for (const auto& workspace : api.airbyte.workspaces()) {
    if (workspace.id.text != *id) continue;
    Json json;
    write_workspace(json, api, workspace);
    return reply(200, json.take());
  }
  return config_error(api, 404, "Could not find configuration for STANDARD_WORKSPACE", *id);
}

Outcome definitions_list(Api& api, bool source) {
  Json json;
  json.open('{').key(source ? "sourceDefinitions" : "destinationDefinitions").open('[');
  for (const auto& definition : definitions()) {
    if (definition.source == source) write_definition(json, api, definition);
  }
  return reply(200, json.close(']').close('}').take());
}

Outcome source_definitions(Api& api, const Body& /*body*/) { return definitions_list(api, true); }
Outcome destination_definitions(Api& api, const Body& /*body*/) { return definitions_list(api, false); }

struct Named {
  std::string_view name;
  ConfigHandler handler;
};
constexpr std::array<Named, 10> operations{
    {{"deployment/metadata", deployment},
     {"workspaces/list", workspaces_list},
     {"workspaces/list_by_user_id", workspaces_by_user},
     {"workspaces/list_by_organization_id", workspaces_by_organization},
     {"workspaces/list_paginated", workspaces_paginated},
     {"workspaces/get", workspaces_get},
     {"source_definitions/list", source_definitions},
     {"source_definitions/list_for_workspace", source_definitions},
     {"destination_definitions/list", destination_definitions},
     {"destination_definitions/list_for_workspace", destination_definitions}}};

ConfigHandler posted(std::string_view operation) {
  if (const auto handler = connection_operation(operation)) return handler;
  if (const auto handler = job_operation(operation)) return handler;
  if (const auto handler = actor_operation(operation)) return handler;
  if (const auto handler = pipeline_operation(operation)) return handler;
  for (const auto& [name, handler] : operations) {
    if (name == operation) return handler;
  }
  return nullptr;
}

}  // namespace

void write_definition(Json& json, const Api& api, const Definition& definition) {
  const bool source = definition.source;
  const char* kind = source ? "source" : "destination";
  json.open('{').member(source ? "sourceDefinitionId" : "destinationDefinitionId", definition.id.text);
  json.member("name", definition.name).member("dockerImageTag", definition.tag);
  json.member("dockerRepository", fmt::format("airbyte/{}-{}", kind, definition.connector));
  json.member("documentationUrl",
              fmt::format("https://docs.airbyte.com/integrations/{}s/{}", kind, definition.connector));
  if (api.rules().instance_configuration) json.member("custom", false).member("supportLevel", "certified");
  json.member("releaseStage", "generally_available");
  if (source) {
    json.member("maxSecondsBetweenMessages", 10'800);
  } else if (api.rules().stack_traces) {
    json.member("supportsDbt", false).key("normalizationConfig").raw(R"({"supported":false})");
  }
  json.close('}');
}

Outcome config_operation(Api& api, const http::Request& request, std::string_view operation) {
  const bool is_health = operation == "health";
  if (is_health || operation == "instance_configuration") {
    if (request.method != "GET") return config_error(api, 405, "Method not allowed");
    const auto nothing = Body::parse({});
    return is_health ? health(api, *nothing) : instance_configuration(api, *nothing);
  }
  const auto handler = posted(operation);
  if (handler == nullptr) return unknown_route();
  if (request.method != "POST") return config_error(api, 405, "Method not allowed");
  const auto body = Body::parse(request.body);
  if (!body) return config_error(api, api.rules().error_ids_only ? 400 : 422, "Unrecognized JSON");
  return handler(api, *body);
}

}  // namespace syncwarden::emulator
