#include "provision/export.hpp"

#include "base/json_pointer.hpp"
#include "base/text.hpp"
#include "provision/impl/schema.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::provision {

namespace json = boost::json;

namespace {

/// A text as YAML takes it, dollars doubled so that nothing is expanded. JSON's strings are YAML's.
std::string scalar(std::string_view text) {
  std::string doubled;
  for (const char c : text) {
    if (c == '$') doubled += '$';
    doubled += c;
  }
  return json::serialize(json::string(doubled));
}

std::string flow(const FieldPath& path) {
  if (path.size() == 1) return scalar(path.front());
  std::string text;
  for (const auto& part : path) text += (text.empty() ? "" : ", ") + scalar(part);
  return "[" + text + "]";
}

std::string variable_of(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) {
      name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  return name;
}

class Writer {
 public:
  explicit Writer(const Snapshot& snapshot) : snapshot_(snapshot) {}

  void actors(End end, const std::set<std::string>& ids) {
    const auto wanted = [&](const ActorEntry& actor) {
      return actor.end == end && ids.contains(actor.id.text.str());
    };
    if (std::none_of(snapshot_.actors.begin(), snapshot_.actors.end(), wanted)) return;
    out_.yaml += fmt::format("\n{}s:\n", syncwarden::to_string(end));
    for (const auto& actor : snapshot_.actors) {
      if (wanted(actor)) one(actor);
    }
  }

  void connections(const std::set<std::string>& ids) {
    if (ids.empty()) return;
    out_.yaml += "\nconnections:\n";
    for (const auto& connection : snapshot_.connections) {
      if (ids.contains(connection.id.text.str())) one(connection);
    }
  }

  Exported take() { return std::move(out_); }
  void line(const std::string& text) { out_.yaml += text + "\n"; }

 private:
  /// Where a name is no key, the id tells which is meant.
  void put_name(const std::string& name, const std::string& id, bool unique) {
    line("  - name: " + scalar(name));
    if (!unique) line("    id: " + scalar(id));
  }

  [[nodiscard]] std::string actor_name(const ActorId& id) const {
    for (const auto& actor : snapshot_.actors) {
      if (actor.id == id) return actor.name;
    }
    return id.text.str();
  }

  void one(const ActorEntry& actor) {
    const auto same = std::count_if(
        snapshot_.actors.begin(), snapshot_.actors.end(),
        [&](const ActorEntry& other) { return other.end == actor.end && other.name == actor.name; });
    put_name(actor.name, actor.id.text.str(), same == 1);
    line("    connector: " + scalar(connector_of(actor)));
    boost::system::error_code failed;
    const json::value configuration = json::parse(actor.configuration.text, failed);
    if (failed || !configuration.is_object() || configuration.get_object().empty()) {
      line("    configuration: {}");
      return;
    }
    line("    configuration:");
    const auto specification = snapshot_.specifications.find(actor.definition);
    json::value schema;
    if (specification != snapshot_.specifications.end()) {
      const json::value whole = json::parse(specification->second.schema.text, failed);
      std::vector<Fault> ignored;
      if (!failed) schema = narrowed(whole, configuration, "", ignored);
    }
    const std::string prefix = fmt::format("{}_{}", syncwarden::to_string(actor.end), actor.name);
    for (const auto& member : configuration.get_object())
      put(member.value(), schema, std::string(member.key()),
          "/" + pointer_token({member.key().data(), member.key().size()}), prefix, 6);
  }

  [[nodiscard]] std::string connector_of(const ActorEntry& actor) const {
    for (const auto& definition : snapshot_.definitions) {
      if (definition.id != actor.definition) continue;
      const std::string word = definition.connector();
      const auto same = std::count_if(snapshot_.definitions.begin(), snapshot_.definitions.end(),
                                      [&](const DefinitionEntry& other) {
                                        return other.end == definition.end && other.connector() == word;
                                      });
      return same == 1 ? word : definition.id.text.str();
    }
    return actor.definition.text.str();
  }

  void put(const json::value& value, const json::value& schema, const std::string& key,
           const std::string& pointer, const std::string& prefix, std::size_t indent) {
    const std::string head = std::string(indent, ' ') + (plain(key) ? key : scalar(key)) + ":";
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
      line(head);
      for (const auto& member : *object)
        put(member.value(), schema, std::string(member.key()),
            pointer + "/" + pointer_token({member.key().data(), member.key().size()}), prefix, indent + 2);
      return;
    }
    const bool masked = value.is_string() && std::string_view(value.get_string().data(),
                                                              value.get_string().size()) == airbyte_mask;
    if (masked || is_secret(schema_at(schema, pointer))) {
      const std::string variable = variable_of(prefix + pointer);
      out_.variables.push_back(variable);
      line(fmt::format("{} \"${{{}}}\"", head, variable));
    } else if (value.is_string()) {
      line(head + " " + scalar({value.get_string().data(), value.get_string().size()}));
    } else {
      line(head + " " + flow_of(value));
    }
  }

  /// Lists and the like on one line.
  static std::string flow_of(const json::value& value) {
    if (value.is_string()) return scalar({value.get_string().data(), value.get_string().size()});
    if (const auto* array = value.if_array()) {
      std::string text;
      for (const auto& item : *array) text += (text.empty() ? "" : ", ") + flow_of(item);
      return "[" + text + "]";
    }
    if (const auto* object = value.if_object()) {
      std::string text;
      for (const auto& member : *object)
        text += (text.empty() ? "" : ", ") + scalar({member.key().data(), member.key().size()}) + ": " +
                flow_of(member.value());
      return "{" + text + "}";
    }
    return json::serialize(value);
  }

  static bool plain(std::string_view key) {
    return !key.empty() &&
           std::all_of(key.begin(), key.end(),
                       [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '_' || c == '-';
                       }) &&
           !(key.front() >= '0' && key.front() <= '9') && key.front() != '-';
  }

  void one(const ConnectionEntry& connection) {
    const auto same =
        std::count_if(snapshot_.connections.begin(), snapshot_.connections.end(),
                      [&](const ConnectionEntry& other) { return other.name == connection.name; });
    put_name(connection.name, connection.id.text.str(), same == 1);
    line("    source: " + scalar(actor_name(connection.source)));
    line("    destination: " + scalar(actor_name(connection.destination)));
    if (connection.status == ConnectionStatus::inactive) line("    status: inactive");
    if (connection.namespace_definition == "customformat") {
      line("    namespace: " + scalar(connection.namespace_format));
    } else if (!connection.namespace_definition.empty()) {
      line("    namespace: " + connection.namespace_definition);
    }
    if (!connection.prefix.empty()) line("    prefix: " + scalar(connection.prefix));
    if (!connection.schema_changes.empty()) line("    schema_changes: " + scalar(connection.schema_changes));
    if (connection.schedule.kind != AirbyteSchedule::manual)
      line("    airbyte_schedule: " + scalar(connection.schedule.text()));
    line("    streams:");
    for (const auto& stream : connection.streams) put(stream);
  }

  void put(const StreamChoice& stream) {
    line("      - name: " + scalar(stream.name));
    if (!stream.space.empty()) line("        namespace: " + scalar(stream.space));
    line("        sync_mode: " + stream.sync_mode);
    line("        destination_sync_mode: " + stream.destination_sync_mode);
    if (!stream.cursor.empty()) line("        cursor: " + flow(stream.cursor));
    if (stream.primary_key.empty()) return;
    std::string keys;
    for (const auto& path : stream.primary_key) keys += (keys.empty() ? "" : ", ") + flow(path);
    line("        primary_key: [" + keys + "]");
  }

  const Snapshot& snapshot_;
  Exported out_;
};

}  // namespace

Exported export_pipeline(const Snapshot& snapshot, const std::vector<ConnectionId>& connections) {
  std::set<std::string> kept, actors;
  for (const auto& connection : snapshot.connections) {
    const bool wanted = connections.empty() ||
                        std::find(connections.begin(), connections.end(), connection.id) != connections.end();
    if (!wanted) continue;
    kept.insert(connection.id.text.str());
    actors.insert(connection.source.text.str());
    actors.insert(connection.destination.text.str());
  }
  if (connections.empty()) {
    for (const auto& actor : snapshot.actors) actors.insert(actor.id.text.str());
  }
  Writer writer(snapshot);
  writer.line("# What Airbyte has, for `syncwarden apply -f`. Secrets are variables: set them first.");
  writer.line("workspace: " + scalar(snapshot.workspace.name));
  writer.actors(End::source, actors);
  writer.actors(End::destination, actors);
  writer.connections(kept);
  return writer.take();
}

}  // namespace syncwarden::provision
