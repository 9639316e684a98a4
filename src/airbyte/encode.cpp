#include "airbyte/codec.hpp"
#include "http/message.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

namespace json = boost::json;

json::array words(const std::vector<WorkspaceId>& ids) {
  json::array out;
  for (const auto& id : ids) out.emplace_back(id.text.view());
  return out;
}

}  // namespace

std::string job_query_body(const JobQuery& query) {
  json::object body;
  json::array types{"sync", "reset_connection"};
  if (!query.only_old_types) {
    types.emplace_back("refresh");
    types.emplace_back("clear");
  }
  body["configTypes"] = std::move(types);
  if (query.connection) body["configId"] = query.connection->text.view();
  if (!query.workspaces.empty()) body["workspaceIds"] = words(query.workspaces);
  if (!query.statuses.empty() && query.single_status) {
    body["status"] = json::string(to_string(query.statuses.front()));
  } else if (!query.statuses.empty()) {
    json::array statuses;
    for (const auto status : query.statuses) statuses.emplace_back(json::string(to_string(status)));
    body["statuses"] = std::move(statuses);
  }
  if (query.updated_since) body["updatedAtStart"] = to_rfc3339(*query.updated_since);
  if (query.order == JobQuery::Order::newest_created) {
    body["orderByField"] = "createdAt";
    body["orderByMethod"] = "DESC";
  } else if (query.order == JobQuery::Order::oldest_updated) {
    body["orderByField"] = "updatedAt";
    body["orderByMethod"] = "ASC";
  }
  json::object pagination;
  pagination["pageSize"] = query.page_size;
  pagination["rowOffset"] = query.offset;
  body["pagination"] = std::move(pagination);
  return json::serialize(body);
}

std::string job_query_target(const JobQuery& query) {
  std::string target = list_target("/jobs", query.workspaces, query.page_size, query.offset);
  if (query.connection) target += "&connectionId=" + http::encode_query_component(query.connection->text);
  if (!query.statuses.empty()) target += fmt::format("&status={}", to_string(query.statuses.front()));
  if (query.updated_since) {
    target += "&updatedAtStart=" + http::encode_query_component(to_rfc3339(*query.updated_since));
  }
  // without an order the server begins with the oldest job of all
  target += query.order == JobQuery::Order::oldest_updated ? "&orderBy=updatedAt%7CASC"
                                                           : "&orderBy=createdAt%7CDESC";
  return target;
}

std::string list_target(std::string_view path, const std::vector<WorkspaceId>& workspaces, std::size_t limit,
                        std::size_t offset) {
  std::string target = fmt::format("{}?limit={}&offset={}", path, limit, offset);
  for (const auto& workspace : workspaces) {
    target += "&workspaceIds=" + http::encode_query_component(workspace.text);
  }
  return target;
}

std::string one_field_body(std::string_view key, std::string_view value) {
  const bool plain = std::all_of(value.begin(), value.end(),
                                 [](char c) { return c >= ' ' && c < '\x7F' && c != '"' && c != '\\'; });
  if (plain) {
    std::string body;
    body.reserve(key.size() + value.size() + 7);
    body.append("{\"").append(key).append("\":\"").append(value).append("\"}");
    return body;
  }
  json::object body;
  body[key] = json::string(value);
  return json::serialize(body);
}

std::string connection_id_body(const ConnectionId& connection) {
  return one_field_body("connectionId", connection.text);
}

std::string job_id_body(JobId job) { return fmt::format(R"({{"id":{}}})", job.value); }

std::string workspace_id_body(const WorkspaceId& workspace) {
  return one_field_body("workspaceId", workspace.text);
}

std::string trigger_body(Api api, const ConnectionId& connection) {
  if (api == Api::config) return connection_id_body(connection);
  json::object body;
  body["connectionId"] = connection.text.view();
  body["jobType"] = "sync";
  return json::serialize(body);
}

std::string set_manual_body(Api api, const ConnectionId& connection) {
  json::object body;
  if (api == Api::config) {
    body["connectionId"] = connection.text.view();
    body["scheduleType"] = "manual";
  } else {
    json::object schedule;
    schedule["scheduleType"] = "manual";
    body["schedule"] = std::move(schedule);
  }
  return json::serialize(body);
}

std::string token_body(Api api, std::string_view client_id, std::string_view client_secret) {
  json::object body;
  body["client_id"] = json::string(client_id);
  body["client_secret"] = json::string(client_secret);
  if (api == Api::public_api) body["grant-type"] = "client_credentials";
  return json::serialize(body);
}

}  // namespace syncwarden::airbyte
