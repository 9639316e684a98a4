// Workspaces, definitions, sources, destinations, checks: replies to model types.
#include "airbyte/impl/admin_codec.hpp"
#include "airbyte/impl/json_value.hpp"
#include "airbyte/impl/words.hpp"
#include "base/text.hpp"

#include <functional>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

namespace json = boost::json;

std::optional<json::value> parsed(std::string_view body) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 64;
  auto value = json::parse({body.data(), body.size()}, failed, {}, options);
  if (failed) return std::nullopt;
  return value;
}

/// The elements of the first list that is there; nothing if there is none.
template <class Entry>
std::optional<std::vector<Entry>> list_from(std::string_view body, std::string_view name,
                                            const std::function<std::optional<Entry>(JsonView)>& read) {
  const auto document = parsed(body);
  if (!document) return std::nullopt;
  const JsonView root(&*document);
  JsonView list = root[name];
  if (list.array() == nullptr) list = root["data"];
  if (list.array() == nullptr) return std::nullopt;
  std::vector<Entry> all;
  for (const auto& item : list.items()) {
    if (auto entry = read(item)) all.push_back(std::move(*entry));
  }
  return all;
}

std::string key_of(End end, std::string_view suffix) { return fmt::format("{}{}", to_string(end), suffix); }

std::optional<WorkspaceEntry> workspace_entry(JsonView item) {
  WorkspaceEntry entry{WorkspaceId(id_from(item["workspaceId"].text())), name_from(item["name"].text())};
  if (entry.id.empty()) return std::nullopt;
  return entry;
}

std::optional<DefinitionEntry> definition_entry(End end, JsonView item) {
  DefinitionEntry entry;
  entry.end = end;
  entry.id = DefinitionId(id_from(item[key_of(end, "DefinitionId")].text()));
  if (entry.id.empty()) entry.id = DefinitionId(id_from(item["id"].text()));
  if (entry.id.empty()) return std::nullopt;
  entry.name = name_from(item["name"].text());
  entry.repository = name_from(item["dockerRepository"].text());
  entry.version = name_from(item["dockerImageTag"].text());
  if (entry.version.empty()) entry.version = name_from(item["version"].text());
  entry.support = name_from(item["supportLevel"].text());
  entry.documentation = name_from(item["documentationUrl"].text());
  return entry;
}

std::optional<ActorEntry> actor_entry(Api api, End end, JsonView item) {
  ActorEntry entry;
  entry.end = end;
  entry.id = ActorId(id_from(item[key_of(end, "Id")].text()));
  if (entry.id.empty()) return std::nullopt;
  entry.name = name_from(item["name"].text());
  entry.workspace = WorkspaceId(id_from(item["workspaceId"].text()));
  const bool config = api == Api::config;
  entry.definition =
      DefinitionId(id_from(item[config ? key_of(end, "DefinitionId") : "definitionId"].text()));
  entry.definition_name = name_from(item[key_of(end, config ? "Name" : "Type")].text());
  const JsonView configuration = item[config ? "connectionConfiguration" : "configuration"];
  entry.configuration.text = configuration.is_object() ? configuration.json() : "{}";
  return entry;
}

/// Since 1.4 logs are events, before they are lines: the last one often tells what went wrong.
std::string last_words(JsonView job) {
  std::string message = job["failureReason"]["externalMessage"].text();
  if (message.empty()) message = job["failureReason"]["internalMessage"].text();
  if (!message.empty()) return message;
  const auto lines = job["logs"]["logLines"].texts();
  if (!lines.empty()) return lines.back();
  const auto events = job["logs"]["events"].items();
  return events.empty() ? std::string() : events.back()["message"].text();
}

ConnectorReply job_reply(JsonView root) {
  ConnectorReply reply;
  const JsonView job = root["jobInfo"];
  reply.ran = job["succeeded"].is_true();
  if (!reply.ran) reply.message = printable(last_words(job), 1'000);
  return reply;
}

CatalogStream config_stream(JsonView stream) {
  CatalogStream made;
  made.name = name_from(stream["name"].text());
  made.space = name_from(stream["namespace"].text());
  made.sync_modes = stream["supportedSyncModes"].texts();
  if (made.sync_modes.empty()) made.sync_modes = {"full_refresh"};  // what the protocol says of none
  made.source_defined_cursor = stream["sourceDefinedCursor"].is_true();
  made.default_cursor = stream["defaultCursorField"].texts();
  made.source_defined_key = stream["sourceDefinedPrimaryKey"].paths();
  made.fields = stream["jsonSchema"]["properties"].keys();
  made.raw.text = stream.json();
  return made;
}

void add_once(std::vector<std::string>& words, std::string_view word) {
  for (const auto& known : words) {
    if (known == word) return;
  }
  words.emplace_back(word);
}

CatalogStream public_stream(JsonView stream) {
  CatalogStream made;
  made.name = name_from(stream["streamName"].text());
  made.space = name_from(stream["streamnamespace"].text());
  for (const auto& mode : stream["syncModes"].texts()) {
    const auto known = sync_modes_of(mode).first;
    if (!known.empty()) add_once(made.sync_modes, known);
  }
  made.source_defined_cursor = stream["sourceDefinedCursorField"].is_true();
  made.default_cursor = stream["defaultCursorField"].texts();
  made.source_defined_key = stream["sourceDefinedPrimaryKey"].paths();
  for (const auto& path : stream["propertyFields"].paths()) {
    if (!path.empty()) add_once(made.fields, path.front());
  }
  return made;
}

}  // namespace

std::optional<std::vector<WorkspaceEntry>> workspaces_from(std::string_view body) {
  return list_from<WorkspaceEntry>(body, "workspaces", workspace_entry);
}

std::optional<std::vector<DefinitionEntry>> definitions_from(End end, std::string_view body) {
  return list_from<DefinitionEntry>(body, key_of(end, "Definitions"),
                                    [end](JsonView item) { return definition_entry(end, item); });
}

std::optional<ConnectorSpecification> specification_from(std::string_view body) {
  const auto document = parsed(body);
  if (!document) return std::nullopt;
  const JsonView root(&*document);
  if (!root["connectionSpecification"].is_object()) return std::nullopt;
  ConnectorSpecification specification;
  specification.schema.text = root["connectionSpecification"].json();
  specification.documentation = name_from(root["documentationUrl"].text());
  specification.destination_sync_modes = root["supportedDestinationSyncModes"].texts();
  return specification;
}

std::optional<std::vector<ActorEntry>> actors_from(Api api, End end, std::string_view body) {
  return list_from<ActorEntry>(body, key_of(end, "s"),
                               [api, end](JsonView item) { return actor_entry(api, end, item); });
}

std::optional<ActorEntry> actor_entry_from(Api api, End end, std::string_view body) {
  const auto document = parsed(body);
  if (!document) return std::nullopt;
  return actor_entry(api, end, JsonView(&*document));
}

std::optional<ConnectorReply> check_from(std::string_view body) {
  const auto document = parsed(body);
  if (!document || !document->is_object()) return std::nullopt;
  const JsonView root(&*document);
  ConnectorReply reply = job_reply(root);
  const std::string status = root["status"].text();
  if (status.empty()) reply.ran = false;  // absent where the job itself failed
  reply.succeeded = reply.ran && status == "succeeded";
  if (reply.ran) reply.message = printable(root["message"].text(), 1'000);
  return reply;
}

std::optional<DiscoverReply> discovery_from(Api api, std::string_view body) {
  const auto document = parsed(body);
  if (!document) return std::nullopt;
  const JsonView root(&*document);
  DiscoverReply reply;
  if (api == Api::public_api) {
    if (root.array() == nullptr) return std::nullopt;
    reply.job.ran = reply.job.succeeded = true;
    for (const auto& item : root.items()) reply.catalog.streams.push_back(public_stream(item));
    return reply;
  }
  if (!root.is_object()) return std::nullopt;
  reply.job = job_reply(root);
  const JsonView streams = root["catalog"]["streams"];
  if (streams.array() == nullptr) reply.job.ran = false;
  reply.job.succeeded = reply.job.ran;
  reply.catalog.id = id_from(root["catalogId"].text());
  for (const auto& item : streams.items()) reply.catalog.streams.push_back(config_stream(item["stream"]));
  return reply;
}

}  // namespace syncwarden::airbyte
