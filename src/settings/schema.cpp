#include "settings/impl/keys.hpp"
#include "settings/reference.hpp"

#include <cmath>
#include <string>
#include <string_view>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

namespace json = boost::json;

json::string as_json(std::string_view text) { return json::string(text.data(), text.size()); }

/// Editors check text: a variable may stand where a number belongs.
json::object variable() { return {{"type", "string"}, {"pattern", "\\$\\{"}}; }

json::array words_of(const Field& field) {
  json::array words;
  for (const auto word : field.words) words.emplace_back(as_json(word));
  return words;
}

json::object numeric(const Field& field, std::string_view type) {
  json::object number{{"type", as_json(type)}};
  const auto bound = [](double value) {
    return value == std::floor(value) ? json::value(static_cast<std::int64_t>(value)) : json::value(value);
  };
  number["minimum"] = bound(field.least);
  number["maximum"] = bound(field.most);
  return {{"anyOf", json::array{std::move(number), variable()}}};
}

json::object shape_schema(const Shape& shape);

/// Text of a certain form, one of the field's words, a variable, or the field's mapping.
json::object formed(const Field& field, std::string_view pattern) {
  json::array forms{json::object{{"type", "string"}, {"pattern", as_json(pattern)}}};
  if (!field.words.empty()) forms.emplace_back(json::object{{"enum", words_of(field)}});
  forms.emplace_back(variable());
  if (field.shape != nullptr) forms.emplace_back(shape_schema(*field.shape));
  return {{"anyOf", std::move(forms)}};
}

json::object some_text() { return {{"type", "string"}, {"minLength", 1}}; }

json::object some_texts(const Field& field) {
  json::array forms{some_text(), json::object{{"type", "array"}, {"items", some_text()}}};
  if (field.shape != nullptr) forms.emplace_back(shape_schema(*field.shape));
  return {{"anyOf", std::move(forms)}};
}

json::object one_or_more(const Field& field) {
  json::array forms{json::object{{"enum", words_of(field)}}, shape_schema(*field.shape),
                    json::object{{"type", "array"}, {"items", shape_schema(*field.shape)}}};
  return {{"anyOf", std::move(forms)}};
}

json::object word(const Field& field) {
  if (field.shape == nullptr) return {{"enum", words_of(field)}};
  return {{"anyOf", json::array{json::object{{"enum", words_of(field)}}, shape_schema(*field.shape)}}};
}

json::object array_of(json::object items) {
  return {{"type", json::array{"array", "null"}}, {"items", std::move(items)}};
}

/// A section whose keys are all commented out is nothing, which is as good.
json::object section(const Field& field) {
  json::object schema = shape_schema(*field.shape);
  if (!field.required) schema["type"] = json::array{"object", "null"};
  if (field.words.empty()) return schema;
  return {{"anyOf", json::array{json::object{{"enum", words_of(field)}}, std::move(schema)}}};
}

json::object field_schema(const Field& field) {
  switch (field.kind) {
    case Kind::text:
    case Kind::secret:
    case Kind::secret_file:
    case Kind::path:
    case Kind::zone:
      return some_text();
    case Kind::texts:
      return array_of(some_text());
    case Kind::some_texts:
      return some_texts(field);
    case Kind::flag:
      return {{"type", "boolean"}};
    case Kind::count:
      return numeric(field, "integer");
    case Kind::number:
      return numeric(field, "number");
    case Kind::duration:
      return formed(field, "^([0-9]+(ms|s|m|h|d|w))+$");
    case Kind::percent:
      return formed(field, "^[0-9]+(\\.[0-9]+)?%$");
    case Kind::factor:
      return formed(field, "^[0-9]+(\\.[0-9]+)?x$");
    case Kind::time_of_day:
      return formed(field, "^([01][0-9]|2[0-3]):[0-5][0-9]$");
    case Kind::word:
      return word(field);
    case Kind::words:
      return array_of({{"enum", words_of(field)}});
    case Kind::section:
      return section(field);
    case Kind::sections:
      return array_of(shape_schema(*field.shape));
    case Kind::some_sections:
      return one_or_more(field);
    case Kind::headers:
      return {{"type", json::array{"object", "null"}},
              {"additionalProperties", json::object{{"type", "string"}}}};
    case Kind::labels:
      return {{"type", json::array{"object", "null"}},
              {"additionalProperties", json::object{{"type", json::array{"string", "number", "boolean"}}}}};
  }
  return {};
}

json::object described(const Field& field) {
  json::object schema = field_schema(field);
  std::string text(field.doc);
  if (field.kind == Kind::secret)
    text += fmt::format(". A secret: {}_file or a variable is better", field.name);
  if (!field.standard.empty()) text += fmt::format(". Default: {}", field.standard);
  if (!text.empty()) schema["description"] = as_json(text);
  return schema;
}

json::object shape_schema(const Shape& shape) {
  json::object properties;
  json::array required;
  for (const Field& field : shape.fields) {
    if (field.later) continue;
    properties[field.name] = described(field);
    if (field.required) required.emplace_back(as_json(field.name));
  }
  json::object schema{
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

/// Indented by two spaces; short arrays of plain values stay on one line.
void print(const json::value& value, std::size_t indent, std::string& out) {
  const std::string inner(indent + 2, ' ');
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += "{\n";
    std::size_t left = object->size();
    for (const auto& member : *object) {
      out += inner + json::serialize(json::value(member.key())) + ": ";
      print(member.value(), indent + 2, out);
      out += --left > 0 ? ",\n" : "\n";
    }
    out += std::string(indent, ' ') + "}";
  } else if (const auto* array = value.if_array();
             array != nullptr && !array->empty() && array->front().is_object()) {
    out += "[\n";
    std::size_t left = array->size();
    for (const auto& item : *array) {
      out += inner;
      print(item, indent + 2, out);
      out += --left > 0 ? ",\n" : "\n";
    }
    out += std::string(indent, ' ') + "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string json_schema() {
  json::object schema = shape_schema(root_shape());
  json::object whole{
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", "syncwarden"},
      {"description", "Configuration of syncwarden. Generated from the declared keys; do not edit."}};
  for (auto& member : schema) whole[member.key()] = std::move(member.value());
  // An included file need not name Airbyte.
  whole.erase("required");
  std::string out;
  print(json::value(std::move(whole)), 0, out);
  return out + "\n";
}

}  // namespace syncwarden::settings
