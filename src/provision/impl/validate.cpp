// The only place that knows valijson.
#include "base/json_pointer.hpp"
#include "base/text.hpp"
#include "provision/impl/schema.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <set>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace syncwarden::provision {

namespace json = boost::json;

namespace {

/// valijson's "<root>", "[port]", "[0]" as a JSON pointer.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const std::string& part = context[i];
    const bool bracketed = part.size() >= 2 && part.front() == '[' && part.back() == ']';
    pointer += "/" + pointer_token(bracketed ? part.substr(1, part.size() - 2) : part);
  }
  return pointer;
}

bool contains(const std::string& text, std::string_view piece) {
  return text.find(piece) != std::string::npos;
}

/// What follows from a fault that is told at its own place.
bool follows(const std::string& description) {
  return contains(description, "Failed to validate against schema associated with") ||
         contains(description, "Failed to validate item #") ||
         contains(description, "Failed to validate against additional properties schema");
}

std::string quoted_name(const std::string& description) {
  const auto begin = description.find('\'');
  const auto end = description.rfind('\'');
  return begin == std::string::npos || end <= begin ? std::string()
                                                    : description.substr(begin + 1, end - begin - 1);
}

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "true or false";
    case json::kind::int64:
    case json::kind::uint64:
      return "a whole number";
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "text";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "a mapping";
  }
  return "something else";
}

std::string wanted_type(const json::value* schema) {
  const auto* type =
      schema == nullptr || !schema->is_object() ? nullptr : schema->get_object().if_contains("type");
  if (type == nullptr) return "another type";
  std::string words = type->is_string() ? std::string(type->get_string()) : json::serialize(*type);
  if (words == "string") return "text";
  if (words == "integer") return "a whole number";
  if (words == "number") return "a number";
  if (words == "boolean") return "true or false";
  if (words == "array") return "a list";
  if (words == "object") return "a mapping";
  return printable(words);
}

/// "must be at most 65536"
std::optional<std::string> range_message(const json::value* rules, const std::string& description) {
  const bool upper = contains(description, "number less than");
  if (!upper && !contains(description, "number greater than")) return std::nullopt;
  const auto* bound = rules == nullptr || !rules->is_object()
                          ? nullptr
                          : rules->get_object().if_contains(upper ? "maximum" : "minimum");
  if (bound == nullptr) return std::nullopt;
  return fmt::format("must be at {} {}", upper ? "most" : "least", json::serialize(*bound));
}

/// An example, a default or the offered words: whatever the schema says about what belongs there.
std::string hint_of(const json::value* schema) {
  if (schema == nullptr || !schema->is_object()) return {};
  const auto& rules = schema->get_object();
  if (const auto* words = rules.if_contains("enum"))
    return "one of: " + printable(json::serialize(*words), 300);
  const auto* examples = rules.if_contains("examples");
  if (examples != nullptr && examples->is_array() && !examples->get_array().empty())
    return "such as " + printable(json::serialize(examples->get_array().front()), 100);
  if (const auto* usual = rules.if_contains("default"))
    return "such as " + printable(json::serialize(*usual), 100);
  const auto* title = rules.if_contains("title");
  return title != nullptr && title->is_string() ? printable(std::string(title->get_string()), 100)
                                                : std::string();
}

/// Quotes are what makes a text of a number, in YAML and in JSON.
std::string quoting_hint(const json::value* given, const json::value* rules) {
  const bool text = given != nullptr && given->is_string();
  const std::string wanted = wanted_type(rules);
  if (text && (wanted == "a whole number" || wanted == "a number" || wanted == "true or false"))
    return "write it without quotes";
  if (wanted == "text" && given != nullptr && (given->is_number() || given->is_bool()))
    return "write it in quotes";
  return hint_of(rules);
}

Fault fault_of(const json::value& schema, const json::value& value, std::string pointer,
               const std::string& description) {
  if (contains(description, "Missing required property")) {
    pointer += "/" + pointer_token(quoted_name(description));
    return {pointer, "is missing", hint_of(schema_at(schema, pointer))};
  }
  const auto* rules = schema_at(schema, pointer);
  boost::system::error_code failed;
  const auto* given = value.find_pointer(pointer, failed);
  if (contains(description, "'type' constraint")) {
    return {
        pointer,
        fmt::format("must be {}, not {}", wanted_type(rules), given == nullptr ? "this" : kind_of(*given)),
        quoting_hint(given, rules)};
  }
  if (contains(description, "'pattern' constraint")) {
    const auto* pattern = rules == nullptr ? nullptr : rules->get_object().if_contains("pattern");
    return {pointer,
            "does not look like " + (pattern == nullptr ? std::string("what is wanted")
                                                        : printable(json::serialize(*pattern), 200)),
            hint_of(rules)};
  }
  if (contains(description, "enum values") || contains(description, "'const' constraint"))
    return {pointer, "is none of the offered values", hint_of(rules)};
  if (contains(description, "additionalProperties"))
    return {pointer + "/" + pointer_token(quoted_name(description)),
            "is a key that the connector does not know",
            {}};
  if (auto range = range_message(rules, description)) return {pointer, *range, hint_of(rules)};
  std::string words = printable(description, 200);
  if (!words.empty() && words.back() == '.') words.pop_back();
  if (!words.empty() && words.front() >= 'A' && words.front() <= 'Z')
    words.front() = static_cast<char>(words.front() - 'A' + 'a');
  return {pointer, words, hint_of(rules)};
}

}  // namespace

void validate(const json::value& schema, const json::value& value, std::vector<Fault>& faults) {
  valijson::ValidationResults results;
  try {
    valijson::Schema parsed;
    valijson::SchemaParser parser;
    const valijson::adapters::BoostJsonAdapter schema_document(schema);
    parser.populateSchema(schema_document, parsed);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    const valijson::adapters::BoostJsonAdapter document(value);
    if (validator.validate(parsed, document, &results)) return;
  } catch (const std::exception& exception) {
    faults.push_back({"", "the connector's specification cannot be used: " + printable(exception.what(), 200),
                      "--no-validation sends the configuration as it is"});
    return;
  }
  std::set<std::pair<std::string, std::string>> told;
  valijson::ValidationResults::Error error;
  const std::size_t before = faults.size();
  while (results.popError(error)) {
    if (follows(error.description)) continue;
    Fault fault = fault_of(schema, value, pointer_of(error.context), error.description);
    if (told.emplace(fault.pointer, fault.message).second) faults.push_back(std::move(fault));
  }
  if (faults.size() == before) faults.push_back({"", "does not fit the connector's specification", {}});
}

}  // namespace syncwarden::provision
