#include "provision/pipeline.hpp"

#include "base/json_pointer.hpp"
#include "base/text.hpp"
#include "model/connection.hpp"
#include "provision/schedule_text.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::provision {

namespace json = boost::json;

namespace {

using Words = std::initializer_list<std::string_view>;

/// An object of the document with its place; reading records what is wrong.
class Part {
 public:
  Part(const json::value& value, std::string pointer, std::vector<Fault>& faults)
      : object_(value.if_object()), pointer_(std::move(pointer)), faults_(faults) {
    if (object_ == nullptr) faults_.push_back({pointer_, "must be a mapping", {}});
  }

  [[nodiscard]] bool good() const { return object_ != nullptr; }
  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] std::string at(std::string_view key) const { return pointer_ + "/" + pointer_token(key); }
  void fault(std::string_view key, std::string message, std::string hint = {}) {
    faults_.push_back({key.empty() ? pointer_ : at(key), std::move(message), std::move(hint)});
  }

  [[nodiscard]] const json::value* find(std::string_view key) const {
    const auto* value = object_ == nullptr ? nullptr : object_->if_contains({key.data(), key.size()});
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  void allow(Words keys) {
    if (object_ == nullptr) return;
    const std::vector<std::string_view> known(keys);
    for (const auto& member : *object_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto near = nearest(name, known);
      fault(name, "is no key of this place",
            near ? fmt::format("did you mean {}?", *near)
                 : fmt::format("it takes: {}", fmt::join(known, ", ")));
    }
  }

  std::optional<std::string> text(std::string_view key, Words words = {}) {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
      fault(key, "must be text", value->is_number() ? "write it in quotes" : "");
      return std::nullopt;
    }
    std::string got(value->get_string());
    if (words.size() > 0 && std::find(words.begin(), words.end(), got) == words.end()) {
      fault(key, fmt::format("\"{}\" is none of the words", printable(got)),
            fmt::format("one of: {}", fmt::join(words, ", ")));
      return std::nullopt;
    }
    return got;
  }

  std::string needed(std::string_view key) {
    if (find(key) == nullptr) {
      if (object_ != nullptr) fault(key, "is missing");
      return {};
    }
    return text(key).value_or("");
  }

  [[nodiscard]] const json::array* list(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) fault(key, "must be a list", "each entry begins with \"- \"");
    return value->if_array();
  }

  std::vector<Fault>& faults() { return faults_; }

 private:
  const json::object* object_;
  std::string pointer_;
  std::vector<Fault>& faults_;
};

/// "updated_at", "user.id" or ["user", "id"].
std::optional<FieldPath> path_of(const json::value& value) {
  if (value.is_string()) return field_path(std::string(value.get_string()));
  if (!value.is_array()) return std::nullopt;
  FieldPath path;
  for (const auto& part : value.get_array()) {
    if (!part.is_string()) return std::nullopt;
    path.emplace_back(part.get_string());
  }
  return path;
}

void read_key(Part& part, StreamWish& wish) {
  const auto* value = part.find("primary_key");
  if (value == nullptr) return;
  wish.primary_key.emplace();
  if (const auto* keys = value->if_array()) {
    for (const auto& key : *keys) {
      if (auto path = path_of(key)) wish.primary_key->push_back(std::move(*path));
    }
  } else if (auto path = path_of(*value)) {
    wish.primary_key->push_back(std::move(*path));
  }
  if (wish.primary_key->empty()) part.fault("primary_key", "names no field", "such as [id]");
}

StreamWish stream_wish(const json::value& value, const std::string& pointer, std::vector<Fault>& faults) {
  StreamWish wish;
  wish.pointer = pointer;
  if (value.is_string()) {  // "- orders": all of it by default
    wish.pattern = std::string(value.get_string());
    return wish;
  }
  Part part(value, pointer, faults);
  part.allow({"name", "namespace", "sync_mode", "destination_sync_mode", "cursor", "primary_key"});
  wish.pattern = part.needed("name");
  wish.space = part.text("namespace");
  wish.sync_mode = part.text("sync_mode", {"full_refresh", "incremental"}).value_or("");
  wish.destination_sync_mode =
      part.text("destination_sync_mode",
                {"append", "overwrite", "append_dedup", "overwrite_dedup", "update", "soft_delete"})
          .value_or("");
  if (const auto* cursor = part.find("cursor")) {
    wish.cursor = path_of(*cursor);
    if (!wish.cursor) part.fault("cursor", "names no field", "such as updated_at");
  }
  read_key(part, wish);
  return wish;
}

void read_namespace(Part& part, ConnectionChange& settings) {
  const auto* value = part.find("namespace");
  if (value == nullptr) return;
  if (value->is_string()) {
    const std::string word(value->get_string());
    const bool known = word == "source" || word == "destination";
    settings.namespace_definition = known ? word : "customformat";
    if (!known) settings.namespace_format = word;
    return;
  }
  part.fault("namespace", "must be source, destination or a format", "such as \"$${SOURCE_NAMESPACE}_raw\"");
}

void read_schedule(Part& part, ConnectionChange& settings) {
  settings.schedule = ScheduleSetting{};
  const auto text = part.text("airbyte_schedule");
  if (!text) return;
  const auto schedule = schedule_from(*text);
  if (schedule) {
    settings.schedule = *schedule;
  } else {
    part.fault("airbyte_schedule", schedule.error().message, schedule.error().hint);
  }
}

WantedActor actor_of(End end, const json::value& value, std::string pointer, std::vector<Fault>& faults) {
  WantedActor actor;
  actor.end = end;
  actor.pointer = pointer;
  Part part(value, std::move(pointer), faults);
  part.allow({"name", "id", "connector", "configuration"});
  actor.name = part.needed("name");
  actor.id = part.text("id").value_or("");
  actor.connector = part.needed("connector");
  const auto* configuration = part.find("configuration");
  if (configuration == nullptr) {
    if (part.good()) part.fault("configuration", "is missing");
  } else if (!configuration->is_object()) {
    part.fault("configuration", "must be a mapping");
  } else {
    actor.configuration.text = json::serialize(*configuration);
  }
  return actor;
}

WantedConnection connection_of(const json::value& value, std::string pointer, std::vector<Fault>& faults) {
  WantedConnection connection;
  connection.pointer = pointer;
  Part part(value, std::move(pointer), faults);
  part.allow({"name", "id", "source", "destination", "status", "namespace", "prefix", "schema_changes",
              "airbyte_schedule", "streams", "syncwarden"});
  connection.name = part.needed("name");
  connection.id = part.text("id").value_or("");
  connection.source = part.needed("source");
  connection.destination = part.needed("destination");
  if (const auto status = part.text("status", {"active", "inactive"}))
    connection.settings.status = connection_status_from(*status);
  connection.settings.prefix = part.text("prefix");
  connection.settings.schema_changes =
      part.text("schema_changes", {"ignore", "disable", "propagate_columns", "propagate_fully"});
  read_namespace(part, connection.settings);
  read_schedule(part, connection.settings);
  if (const auto* streams = part.list("streams")) {
    std::size_t index = 0;
    for (const auto& stream : *streams)
      connection.streams.push_back(
          stream_wish(stream, fmt::format("{}/{}", part.at("streams"), index++), faults));
  }
  if (connection.streams.empty() && part.good())
    part.fault("streams", "is missing", "name at least one, or \"*\" for all");
  if (const auto* rule = part.find("syncwarden")) {
    if (rule->is_object()) {
      connection.rule.text = json::serialize(*rule);
      if (rule->get_object().contains("match"))
        part.fault("syncwarden", "has a match", "it is this connection, by its id");
    } else {
      part.fault("syncwarden", "must be a mapping",
                 "the keys of a rule of syncwarden's configuration, such as schedule");
    }
  }
  return connection;
}

void find_doubles(const Pipeline& pipeline, std::vector<Fault>& faults) {
  std::set<std::string> seen;
  const auto check = [&](const std::string& kind, const std::string& name, const std::string& pointer) {
    if (name.empty() || seen.insert(kind + "/" + name).second) return;
    faults.push_back({pointer + "/name",
                      fmt::format("there are two {}s \"{}\" in this file", kind, printable(name)),
                      "names tell them apart: rename one"});
  };
  for (const auto& actor : pipeline.actors)
    check(std::string(to_string(actor.end)), actor.name, actor.pointer);
  for (const auto& connection : pipeline.connections)
    check("connection", connection.name, connection.pointer);
}

}  // namespace

PipelineRead pipeline_from(const JsonText& document) {
  PipelineRead read;
  boost::system::error_code failed;
  const json::value root = json::parse(document.text, failed);
  if (failed) {
    read.faults.push_back({"", "is no JSON", {}});
    return read;
  }
  Part part(root, "", read.faults);
  part.allow({"workspace", "sources", "destinations", "connections"});
  read.pipeline.workspace = part.text("workspace").value_or("");
  for (const End end : {End::source, End::destination}) {
    const std::string key = fmt::format("{}s", to_string(end));
    const auto* list = part.list(key);
    if (list == nullptr) continue;
    std::size_t index = 0;
    for (const auto& item : *list)
      read.pipeline.actors.push_back(actor_of(end, item, fmt::format("/{}/{}", key, index++), read.faults));
  }
  if (const auto* list = part.list("connections")) {
    std::size_t index = 0;
    for (const auto& item : *list)
      read.pipeline.connections.push_back(
          connection_of(item, fmt::format("/connections/{}", index++), read.faults));
  }
  if (read.pipeline.actors.empty() && read.pipeline.connections.empty() && read.faults.empty())
    read.faults.push_back({"", "declares nothing",
                           "sources, destinations and connections are lists; config/pipelines has examples"});
  find_doubles(read.pipeline, read.faults);
  return read;
}

}  // namespace syncwarden::provision
