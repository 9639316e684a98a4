// What a discovery finds, and how both APIs tell it.
#include "emulator/impl/setup.hpp"

#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::emulator {
namespace {

namespace json = boost::json;

struct Field {
  const char* name;
  const char* type;
};

/// A stream of the emulated sources. Without a key it can only be read whole.
struct Offer {
  const char* name;
  std::vector<Field> fields;
  bool incremental = true;
  bool keyed = true;
};

const std::vector<Offer>& tables() {
  static const std::vector<Offer> all{
      {"orders",
       {{"id", "integer"},
        {"customer_id", "integer"},
        {"amount", "number"},
        {"status", "string"},
        {"updated_at", "string"}}},
      {"customers", {{"id", "integer"}, {"name", "string"}, {"email", "string"}, {"updated_at", "string"}}},
      {"order_items",
       {{"id", "integer"}, {"order_id", "integer"}, {"quantity", "integer"}, {"updated_at", "string"}}},
      {"audit_log", {{"at", "string"}, {"actor", "string"}, {"action", "string"}}, false, false}};
  return all;
}

const std::vector<Offer>& resources() {
  static const std::vector<Offer> all{
      {"charges", {{"id", "string"}, {"amount", "integer"}, {"currency", "string"}, {"created", "integer"}}},
      {"customers", {{"id", "string"}, {"email", "string"}, {"created", "integer"}}},
      {"refunds", {{"id", "string"}, {"charge", "string"}, {"created", "integer"}}},
      {"balance", {{"available", "integer"}, {"pending", "integer"}}, false, false}};
  return all;
}

bool is_database(const ActorRecord& source) {
  return source.actor.connector == "postgres" || source.actor.connector == "mysql";
}

/// The streams, and for a sample's source the one that its connections move.
std::vector<Offer> offers_of(const ActorRecord& source) {
  std::vector<Offer> all = is_database(source) ? tables() : resources();
  if (!source.configuration.empty()) return all;
  for (const auto& offer : all) {
    if (source.actor.name == offer.name) return all;
  }
  Offer own{"", {{"id", "integer"}, {"updated_at", "string"}}};
  all.insert(all.begin(), std::move(own));
  return all;
}

std::string name_of(const Offer& offer, const ActorRecord& source) {
  return *offer.name == '\0' ? source.actor.name.str() : offer.name;
}

json::object stream_of(const Offer& offer, const ActorRecord& source, bool with_new_members) {
  json::object properties;
  for (const auto& field : offer.fields) {
    json::object type;
    type["type"] = json::array{"null", field.type};
    properties[field.name] = std::move(type);
  }
  json::object schema;
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  json::object stream;
  stream["name"] = name_of(offer, source);
  stream["jsonSchema"] = std::move(schema);
  stream["supportedSyncModes"] =
      offer.incremental ? json::array{"full_refresh", "incremental"} : json::array{"full_refresh"};
  const bool by_source = offer.incremental && !is_database(source);
  stream["sourceDefinedCursor"] = by_source;
  stream["defaultCursorField"] = by_source ? json::array{"created"} : json::array{};
  json::array keys;
  if (offer.keyed) keys.emplace_back(json::array{"id"});
  stream["sourceDefinedPrimaryKey"] = std::move(keys);
  if (is_database(source)) stream["namespace"] = "public";
  if (with_new_members) stream["isResumable"] = offer.incremental;
  return stream;
}

json::object suggestion_of(const json::object& stream) {
  json::object config;
  config["syncMode"] = "full_refresh";
  config["destinationSyncMode"] = "overwrite";
  config["cursorField"] = stream.at("defaultCursorField");
  config["primaryKey"] = stream.at("sourceDefinedPrimaryKey");
  config["aliasName"] = stream.at("name");
  config["selected"] = false;
  return config;
}

json::value parsed(const std::string& text) {
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed) return json::object();
  return value;
}

struct Mode {
  const char* word;
  const char* sync;
  const char* destination;
};
constexpr std::array modes{Mode{"full_refresh_overwrite", "full_refresh", "overwrite"},
                           Mode{"full_refresh_append", "full_refresh", "append"},
                           Mode{"full_refresh_overwrite_deduped", "full_refresh", "overwrite_dedup"},
                           Mode{"incremental_append", "incremental", "append"},
                           Mode{"incremental_deduped_history", "incremental", "append_dedup"}};

/// The array of streams in {"streams":[...]}, or null.
const json::array* streams_in(const json::value& document) {
  if (!document.is_object()) return nullptr;
  const auto* streams = document.get_object().if_contains("streams");
  return streams == nullptr ? nullptr : streams->if_array();
}

void choose(json::object& item, const json::object& wanted) {
  auto& config = item["config"].as_object();
  config["selected"] = true;
  if (const auto* word = wanted.if_contains("syncMode"); word != nullptr && word->is_string()) {
    for (const auto& mode : modes) {
      if (word->get_string() != mode.word) continue;
      config["syncMode"] = mode.sync;
      config["destinationSyncMode"] = mode.destination;
    }
  }
  if (const auto* cursor = wanted.if_contains("cursorField")) config["cursorField"] = *cursor;
  if (const auto* key = wanted.if_contains("primaryKey")) config["primaryKey"] = *key;
}

}  // namespace

std::string discovered_catalog(const ActorRecord& source, bool with_new_members) {
  json::array streams;
  for (const auto& offer : offers_of(source)) {
    json::object stream = stream_of(offer, source, with_new_members);
    json::object config = suggestion_of(stream);
    json::object item;
    item["stream"] = std::move(stream);
    item["config"] = std::move(config);
    streams.emplace_back(std::move(item));
  }
  json::object catalog;
  catalog["streams"] = std::move(streams);
  return json::serialize(catalog);
}

std::string public_streams(const ActorRecord& source) {
  json::array all;
  for (const auto& offer : offers_of(source)) {
    const json::object stream = stream_of(offer, source, false);
    json::object told;
    told["streamName"] = stream.at("name");
    if (const auto* space = stream.if_contains("namespace")) told["streamnamespace"] = *space;
    json::array words;
    for (const auto& mode : modes) {
      if (offer.incremental || std::string_view(mode.sync) == "full_refresh") words.emplace_back(mode.word);
    }
    told["syncModes"] = std::move(words);
    told["defaultCursorField"] = stream.at("defaultCursorField");
    told["sourceDefinedCursorField"] = stream.at("sourceDefinedCursor");
    told["sourceDefinedPrimaryKey"] = stream.at("sourceDefinedPrimaryKey");
    json::array fields;
    for (const auto& field : offer.fields) fields.emplace_back(json::array{field.name});
    told["propertyFields"] = std::move(fields);
    all.emplace_back(std::move(told));
  }
  return json::serialize(all);
}

std::optional<std::string> catalog_from_public(const ActorRecord& source, const std::string& configurations) {
  json::value catalog = parsed(discovered_catalog(source, false));
  const json::value wanted = parsed(configurations);
  const auto* choices = streams_in(wanted);
  json::array chosen;
  if (choices == nullptr) {  // nothing said: everything, as the real one does
    for (auto& item : catalog.as_object()["streams"].as_array()) {
      item.as_object()["config"].as_object()["selected"] = true;
      chosen.push_back(item);
    }
  } else {
    for (const auto& choice : *choices) {
      bool found = false;
      for (auto& item : catalog.as_object()["streams"].as_array()) {
        auto& object = item.as_object();
        if (object["stream"].as_object()["name"] != choice.as_object().at("name")) continue;
        choose(object, choice.as_object());
        chosen.push_back(item);
        found = true;
      }
      if (!found) return std::nullopt;
    }
  }
  json::object made;
  made["streams"] = std::move(chosen);
  return json::serialize(made);
}

std::string public_configurations(const std::string& catalog) {
  const json::value document = parsed(catalog);
  json::array all;
  if (const auto* streams = streams_in(document)) {
    for (const auto& item : *streams) {
      const auto& stream = item.as_object().at("stream").as_object();
      const auto& config = item.as_object().at("config").as_object();
      json::object told;
      told["name"] = stream.at("name");
      if (const auto* space = stream.if_contains("namespace")) told["namespace"] = *space;
      for (const auto& mode : modes) {
        if (config.at("syncMode") == mode.sync && config.at("destinationSyncMode") == mode.destination)
          told["syncMode"] = mode.word;
      }
      if (const auto* cursor = config.if_contains("cursorField")) told["cursorField"] = *cursor;
      if (const auto* key = config.if_contains("primaryKey")) told["primaryKey"] = *key;
      all.emplace_back(std::move(told));
    }
  }
  json::object made;
  made["streams"] = std::move(all);
  return json::serialize(made);
}

std::string first_stream(const std::string& catalog) {
  const json::value document = parsed(catalog);
  const auto* streams = streams_in(document);
  if (streams == nullptr || streams->empty()) return {};
  const auto* name = streams->front().as_object().at("stream").as_object().if_contains("name");
  return name == nullptr || !name->is_string() ? std::string() : std::string(name->get_string());
}

}  // namespace syncwarden::emulator
