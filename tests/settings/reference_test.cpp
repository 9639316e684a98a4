// What is generated from the declared keys: is it what the repository ships, and is it true?
#include "settings/reference.hpp"

#include "settings/impl/keys.hpp"
#include "support.hpp"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <sstream>

#include <boost/json.hpp>
#include <yaml-cpp/yaml.h>

namespace syncwarden::settings {
namespace {

using namespace testing;
namespace json = boost::json;

const std::string config_folder = SYNCWARDEN_SOURCE_DIR "/config/";

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

constexpr const char* regenerate =
    "regenerate with: ninja -C build/gcc settings_reference && build/gcc/src/settings/settings_reference "
    "config";

TEST(Reference, ShippedFilesAreTheGeneratedOnes) {
  EXPECT_TRUE(file_text(config_folder + "syncwarden.yaml") == commented_example()) << regenerate;
  EXPECT_TRUE(file_text(config_folder + "syncwarden.schema.json") == json_schema()) << regenerate;
}

TEST(Reference, TheExampleChangesNothing) {
  const Loaded example = load_text(commented_example(), "syncwarden.yaml", {});
  ASSERT_TRUE(example.ok()) << lines_of(example.problems);
  EXPECT_EQ(lines_of(example.warnings), "");
  AirbyteTarget target;
  target.url = "http://localhost:8001/api/v1";
  Settings expected = observing(target);
  expected.state_path = "/var/lib/syncwarden/state.db";
  EXPECT_EQ(describe(*example.settings), describe(expected))
      << "a default differs between keys.cpp and the code";
}

TEST(Reference, TheExampleNamesEveryKey) {
  const std::string text = commented_example();
  for (const std::string& path : all_paths()) {
    const std::string leaf = path.substr(path.rfind('.') + 1);
    EXPECT_NE(text.find(leaf), std::string::npos) << path;
  }
}

/// What the example shows below `key: []`, with one "# " removed from each line.
std::string uncommented(const std::string& key) {
  const std::string text = commented_example();
  const std::string empty = "\n" + key + ": []\n";
  const std::size_t start = text.find(empty);
  EXPECT_NE(start, std::string::npos) << key;
  std::istringstream lines(text.substr(start + empty.size()));
  std::string out = key + ":\n";
  for (std::string line; std::getline(lines, line) && line.rfind("# ", 0) == 0;) out += line.substr(2) + "\n";
  return out;
}

TEST(Reference, CommentedRulesOfTheExampleLoad) {
  const std::string rules = std::string(airbyte_line) + uncommented("connections") + uncommented("blackouts");
  const Loaded loaded = load(rules);
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems) << rules;
  EXPECT_EQ(lines_of(loaded.warnings), "");
  EXPECT_GE(loaded.settings->plan->rules.size(), 7U);
  EXPECT_EQ(loaded.settings->plan->blackouts.size(), 1U);
}

TEST(Reference, TheMinimalExampleLoadsAndManagesSomething) {
  const Loaded loaded = load_file(config_folder + "minimal.yaml", {});
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  EXPECT_EQ(lines_of(loaded.warnings), "");
  EXPECT_EQ(loaded.settings->plan->rules.size(), 2U);
}

void check_twins(const Shape& shape) {
  for (const Field& field : shape.fields) {
    if (field.kind == Kind::secret) {
      const Field* twin = shape.find(std::string(field.name) + "_file");
      ASSERT_NE(twin, nullptr) << field.name;
      EXPECT_EQ(twin->kind, Kind::secret_file);
    }
    if (field.shape != nullptr) check_twins(*field.shape);
    EXPECT_TRUE(field.later || !field.doc.empty()) << field.name;
  }
}

TEST(Reference, EverySecretHasATwinAndEveryKeyIsExplained) { check_twins(root_shape()); }

// ---- a validator for the part of JSON Schema that the schema uses

json::value as_json(const YAML::Node& node) {
  if (node.IsMap()) {
    json::object out;
    for (const auto& member : node) out[member.first.as<std::string>()] = as_json(member.second);
    return out;
  }
  if (node.IsSequence()) {
    json::array out;
    for (const auto& item : node) out.push_back(as_json(item));
    return out;
  }
  if (node.IsNull()) return nullptr;
  const auto text = node.as<std::string>();
  if (node.Tag() != "!") {
    if (text == "true" || text == "false") return text == "true";
    if (std::regex_match(text, std::regex("-?[0-9]+"))) return static_cast<std::int64_t>(std::stoll(text));
    if (std::regex_match(text, std::regex("-?[0-9]+\\.[0-9]+"))) return std::stod(text);
  }
  return json::string(text);
}

bool is_type(const json::value& value, const json::value& types) {
  if (const auto* list = types.if_array()) {
    return std::any_of(list->begin(), list->end(),
                       [&](const json::value& one) { return is_type(value, one); });
  }
  const json::string& type = types.as_string();
  if (type == "null") return value.is_null();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64();
  return type == "number" && value.is_number();
}

bool fits(const json::value& value, const json::object& schema);

bool fits_object(const json::object& value, const json::object& schema) {
  if (const auto* required = schema.if_contains("required")) {
    for (const auto& name : required->as_array()) {
      if (!value.contains(name.as_string())) return false;
    }
  }
  for (const auto& member : value) {
    const auto* properties = schema.if_contains("properties");
    const auto* found = properties != nullptr ? properties->as_object().if_contains(member.key()) : nullptr;
    if (found == nullptr) {
      const auto& more = schema.at("additionalProperties");
      if (!more.is_object()) return false;
      found = &more;
    }
    if (!fits(member.value(), found->as_object())) return false;
  }
  return true;
}

bool fits(const json::value& value, const json::object& schema) {
  if (const auto* forms = schema.if_contains("anyOf")) {
    const auto& list = forms->as_array();
    return std::any_of(list.begin(), list.end(),
                       [&](const json::value& form) { return fits(value, form.as_object()); });
  }
  if (const auto* words = schema.if_contains("enum")) {
    const auto& list = words->as_array();
    return std::find(list.begin(), list.end(), value) != list.end();
  }
  if (!is_type(value, schema.at("type"))) return false;
  if (value.is_object()) return fits_object(value.as_object(), schema);
  if (value.is_array()) {
    const auto& list = value.as_array();
    return std::all_of(list.begin(), list.end(),
                       [&](const json::value& item) { return fits(item, schema.at("items").as_object()); });
  }
  if (const auto* pattern = schema.if_contains("pattern")) {
    return std::regex_search(value.as_string().c_str(), std::regex(pattern->as_string().c_str()));
  }
  if (value.is_number() && schema.contains("minimum")) {
    const auto number = value.to_number<double>();
    return number >= schema.at("minimum").to_number<double>() &&
           number <= schema.at("maximum").to_number<double>();
  }
  return true;
}

bool schema_accepts(const std::string& yaml) {
  return fits(as_json(YAML::Load(yaml)), json::parse(json_schema()).as_object());
}

TEST(Schema, AcceptsWhatTheLoaderAccepts) {
  EXPECT_TRUE(schema_accepts(commented_example()));
  EXPECT_TRUE(schema_accepts(file_text(config_folder + "minimal.yaml")));
  const std::string line(airbyte_line);
  for (const char* text :
       {"connections: [{match: {tag: a}, schedule: airbyte}]\n",
        "connections: [{match: {tag: a}, schedule: {every: 1h30m}, overlap: {cancel_other: any}}]\n",
        "connections: [{match: {tag: a}, schedule: [{name: a, cron: \"@daily\"}]}]\n",
        "defaults: {start_deadline: 2h, freshness: {late_after: auto}}\n",
        "defaults: {freshness: {late_after: {done_by: \"08:00\", days: MON-FRI}, objective: 99.5%}}\n",
        "defaults: {stuck: {longer_than: {typical: 2.5x}}, labels: {team: a, floor: 7}}\n",
        "defaults: {verify: {volume: off}, stuck: {longer_than: {typical: never}}}\n",
        "connections: [{match: {tag: a}, schedule: {keep_fresh: 2h}}]\n",
        "connections: [{match: {tag: a}, schedule: {after: x}}]\n",
        "connections: [{match: {tag: a}, schedule: {after: [x, y]}}]\n",
        "connections: [{match: {tag: a}, schedule: {after: {all: [x], within: 6h}}}]\n", "fleet_hold: off\n",
        "fleet_hold: {failed_ratio: 10%}\n",
        "blackouts: [{name: n, match: {tag: a}, cron: \"@daily\", duration: 1h, ticks: skip}]\n",
        "limits: {total: \"${TOTAL}\"}\n",
        "notify: [{name: a, slack: {webhook_url: \"https://h\"}, events: [incident_closed]}]\n"}) {
    EXPECT_TRUE(schema_accepts(line + text)) << text;
    EXPECT_TRUE(load(line + text, {{"TOTAL", "3"}}).ok()) << text;
  }
}

TEST(Schema, RefusesWhatTheLoaderRefuses) {
  const std::string line(airbyte_line);
  for (const char* text :
       {"conections: []\n", "mode: alive\n", "limits: {total: -1}\n", "limits: {total: many}\n",
        "history: {keep: 90}\n", "history: {keep: soon}\n", "notify: {}\n", "notify: [{name: a, slak: {}}]\n",
        "connections: [{schedule: airbyte}]\n", "airbyte: {api: config}\n", "fleet_hold: on\n",
        "fleet_hold: {failed_ratio: 50}\n", "blackouts: [{name: n, match: {tag: a}, cron: \"@daily\"}]\n",
        "defaults: {stuck: {longer_than: {typical: 3}}}\n", "defaults: {labels: [team]}\n",
        "defaults: {freshness: {late_after: {days: MON}}}\n",
        "defaults: {freshness: {late_after: {done_by: \"24:00\"}}}\n",
        "defaults: {stuck: {orphan: {action: cancel}}}\n"}) {
    const std::string whole = std::string(text).rfind("airbyte", 0) == 0 ? text : line + text;
    EXPECT_FALSE(schema_accepts(whole)) << text;
    EXPECT_FALSE(load(whole).ok()) << text;
  }
}

}  // namespace
}  // namespace syncwarden::settings
