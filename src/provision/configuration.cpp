#include "provision/configuration.hpp"

#include "base/json_pointer.hpp"
#include "base/text.hpp"
#include "provision/impl/schema.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::provision {

namespace json = boost::json;

namespace {

json::value parsed(const JsonText& text) {
  boost::system::error_code failed;
  json::value value = json::parse(text.text, failed);
  if (failed) return json::object();
  return value;
}

std::string name_of(json::string_view key) { return std::string(key.data(), key.size()); }

std::string child(const std::string& pointer, json::string_view key) {
  return pointer + "/" + pointer_token(name_of(key));
}

std::string_view type_of(const json::value* schema) {
  const auto* rules = schema == nullptr ? nullptr : schema->if_object();
  const auto* type = rules == nullptr ? nullptr : rules->if_contains("type");
  if (type == nullptr || !type->is_string()) return {};
  return {type->get_string().data(), type->get_string().size()};
}

/// A text as the type that the schema wants; nothing where it is none of that type.
std::optional<json::value> as_type(const std::string& text, std::string_view type) {
  const char* const end = text.data() + text.size();
  if (type == "integer") {
    std::int64_t number = 0;
    const auto [stop, ec] = std::from_chars(text.data(), end, number);
    if (ec == std::errc() && stop == end) return json::value(number);
  } else if (type == "number") {
    double number = 0;
    const auto [stop, ec] = std::from_chars(text.data(), end, number);
    if (ec == std::errc() && stop == end) return json::value(number);
  } else if (type == "boolean" && (text == "true" || text == "false")) {
    return json::value(text == "true");
  }
  return std::nullopt;
}

void convert(json::value& value, const std::map<std::string, std::string>& brought,
             const json::value& schema) {
  for (const auto& [pointer, text] : brought) {
    boost::system::error_code failed;
    auto* at = value.find_pointer(pointer, failed);
    if (at == nullptr || !at->is_string()) continue;
    if (auto converted = as_type(text, type_of(schema_at(schema, pointer)))) *at = std::move(*converted);
  }
}

void warn_of_unknown(const json::value& value, const json::value& schema, const std::string& pointer,
                     std::vector<Fault>& warnings) {
  const auto* rules = schema.if_object();
  const auto* properties = rules == nullptr ? nullptr : rules->if_contains("properties");
  if (properties == nullptr || !properties->is_object() || !value.is_object()) return;
  std::vector<std::string> names;
  for (const auto& property : properties->get_object()) names.push_back(name_of(property.key()));
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (const auto& member : value.get_object()) {
    if (const auto* inner = properties->get_object().if_contains(member.key())) {
      warn_of_unknown(member.value(), *inner, child(pointer, member.key()), warnings);
      continue;
    }
    // The Public API has the connector's type in the configuration itself.
    if (pointer.empty() && (member.key() == "sourceType" || member.key() == "destinationType")) continue;
    const std::string name = name_of(member.key());
    const auto near = nearest(name, known);
    warnings.push_back({child(pointer, member.key()), "is a key that the connector does not name",
                        near ? fmt::format("did you mean {}?", *near) : std::string()});
  }
}

bool is_mask(const json::value& value) {
  return value.is_string() &&
         std::string_view(value.get_string().data(), value.get_string().size()) == airbyte_mask;
}

void mask(json::value& value, const json::value& schema, const std::string& pointer, std::string_view name,
          const std::map<std::string, std::string>& brought) {
  if (auto* object = value.if_object()) {
    for (auto& member : *object)
      mask(member.value(), schema, child(pointer, member.key()), {member.key().data(), member.key().size()},
           brought);
    return;
  }
  if (auto* array = value.if_array()) {
    std::size_t index = 0;
    for (auto& item : *array) mask(item, schema, fmt::format("{}/{}", pointer, index++), name, brought);
    return;
  }
  if (is_mask(value) || value.is_null()) return;
  const bool named = value.is_string() && named_like_secret(name);
  if (is_secret(schema_at(schema, pointer)) || brought.contains(pointer) || named)
    value = json::string(our_mask);
}

/// The schema as both configurations choose their branches: what either makes secret is secret.
struct Beside {
  json::value wanted;
  json::value existing;

  [[nodiscard]] bool secret(const std::string& pointer) const {
    return is_secret(schema_at(wanted, pointer)) || is_secret(schema_at(existing, pointer));
  }
};

std::string shown(const json::value& value, bool secret) {
  return secret ? std::string(our_mask) : printable(json::serialize(value), 200);
}

bool same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    boost::system::error_code failed;
    return a.to_number<double>(failed) == b.to_number<double>(failed);
  }
  return a == b;
}

const json::value* default_at(const json::value& schema, const std::string& pointer) {
  const auto* rules = schema_at(schema, pointer);
  return rules == nullptr || !rules->is_object() ? nullptr : rules->get_object().if_contains("default");
}

void compare(const json::value& wanted, const json::value& existing, const Beside& rules,
             const std::string& pointer, std::vector<Difference>& found) {
  if (wanted.is_object() && existing.is_object()) {
    for (const auto& member : wanted.get_object()) {
      const std::string at = child(pointer, member.key());
      const auto* before = existing.get_object().if_contains(member.key());
      if (before != nullptr) {
        compare(member.value(), *before, rules, at, found);
      } else {
        found.push_back({at, {}, shown(member.value(), rules.secret(at))});
      }
    }
    for (const auto& member : existing.get_object()) {
      if (wanted.get_object().contains(member.key())) continue;
      const std::string at = child(pointer, member.key());
      const auto* usual = default_at(rules.existing, at);
      if (usual != nullptr && same(*usual, member.value())) continue;
      found.push_back({at, shown(member.value(), rules.secret(at)), {}});
    }
    return;
  }
  if (same(wanted, existing)) return;
  const bool secret = rules.secret(pointer);
  if (is_mask(existing) && (secret || wanted.is_string())) return;
  found.push_back({pointer, shown(existing, secret), shown(wanted, secret)});
}

}  // namespace

Fitted fit(const JsonText& configuration, const std::map<std::string, std::string>& brought,
           const JsonText& schema) {
  Fitted fitted;
  json::value value = parsed(configuration);
  const json::value whole = parsed(schema);
  const json::value rules = narrowed(whole, value, "", fitted.faults);
  convert(value, brought, rules);
  validate(rules, value, fitted.faults);
  warn_of_unknown(value, rules, "", fitted.warnings);
  std::stable_sort(fitted.faults.begin(), fitted.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.pointer < b.pointer; });
  fitted.configuration.text = json::serialize(value);
  return fitted;
}

JsonText masked(const JsonText& configuration, const JsonText& schema,
                const std::map<std::string, std::string>& brought) {
  json::value value = parsed(configuration);
  std::vector<Fault> ignored;
  const json::value rules = narrowed(parsed(schema), value, "", ignored);
  mask(value, rules, "", "", brought);
  return {json::serialize(value)};
}

std::vector<Difference> differences(const JsonText& wanted, const JsonText& existing,
                                    const JsonText& schema) {
  const json::value after = parsed(wanted);
  const json::value before = parsed(existing);
  const json::value whole = parsed(schema);
  std::vector<Fault> ignored;
  const Beside rules{narrowed(whole, after, "", ignored), narrowed(whole, before, "", ignored)};
  std::vector<Difference> found;
  compare(after, before, rules, "", found);
  return found;
}

}  // namespace syncwarden::provision
