#include "provision/impl/schema.hpp"

#include "base/json_pointer.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::provision {

namespace json = boost::json;

namespace {

const json::value* member(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
}

/// The only value that a property may have: `const`, or an `enum` of one.
const json::value* constant_of(const json::value& property) {
  if (const auto* fixed = member(property, "const")) return fixed;
  const auto* words = member(property, "enum");
  if (words != nullptr && words->is_array() && words->get_array().size() == 1)
    return &words->get_array().front();
  return nullptr;
}

struct Choice {
  std::string key;
  const json::value* constant = nullptr;
};

/// How a branch is told from the others; nothing where it has no constant.
std::optional<Choice> choice_of(const json::value& branch) {
  const auto* properties = member(branch, "properties");
  if (properties == nullptr || !properties->is_object()) return std::nullopt;
  for (const auto& property : properties->get_object()) {
    if (const auto* constant = constant_of(property.value()))
      return Choice{std::string(property.key()), constant};
  }
  return std::nullopt;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? printable(std::string(value.get_string()), 60) : std::string("?");
}

void merge(json::object& target, const json::value& branch) {
  for (const auto& part : branch.get_object()) {
    if (part.key() == "title" || part.key() == "description") continue;
    auto& there = target[part.key()];
    if (part.key() == "properties" && there.is_object() && part.value().is_object()) {
      for (const auto& property : part.value().get_object())
        there.get_object()[property.key()] = property.value();
    } else if (part.key() == "required" && there.is_array() && part.value().is_array()) {
      for (const auto& name : part.value().get_array()) there.get_array().push_back(name);
    } else {
      there = part.value();
    }
  }
}

/// Replaces `oneOf` by what the value chooses. Where nothing tells, it stays for the validator.
void choose_branch(json::object& schema, const json::value& value, const std::string& pointer,
                   std::vector<Fault>& faults) {
  const auto* branches = schema.if_contains("oneOf");
  if (branches == nullptr || !branches->is_array()) return;
  if (!value.is_object()) {
    // that it should be a mapping is told once
    const auto* type = schema.if_contains("type");
    if (type != nullptr && *type == "object") schema.erase("oneOf");
    return;
  }
  std::vector<const json::value*> chosen;
  std::string key, offered;
  bool named = false;
  for (const auto& branch : branches->get_array()) {
    const auto choice = choice_of(branch);
    if (!choice) return;
    key = choice->key;
    offered += (offered.empty() ? "" : ", ") + text_of(*choice->constant);
    const auto* given = member(value, choice->key);
    named = named || given != nullptr;
    if (given != nullptr && *given == *choice->constant) chosen.push_back(&branch);
  }
  if (chosen.size() == 1) {
    const json::value branch = *chosen.front();
    schema.erase("oneOf");
    merge(schema, branch);
  } else if (chosen.empty() && !key.empty()) {
    schema.erase("oneOf");
    faults.push_back({pointer + "/" + pointer_token(key),
                      named ? "is none of the offered choices" : "is missing", "one of: " + offered});
  }
}

}  // namespace

json::value narrowed(const json::value& schema, const json::value& value, const std::string& pointer,
                     std::vector<Fault>& faults) {
  if (!schema.is_object()) return schema;
  json::object made = schema.get_object();
  choose_branch(made, value, pointer, faults);
  auto* properties = made.if_contains("properties");
  if (properties != nullptr && properties->is_object() && value.is_object()) {
    for (auto& property : properties->get_object()) {
      const auto* inner = value.get_object().if_contains(property.key());
      if (inner == nullptr) continue;
      property.value() = narrowed(
          property.value(), *inner,
          pointer + "/" + pointer_token(std::string_view(property.key().data(), property.key().size())),
          faults);
    }
  }
  return made;
}

const json::value* schema_at(const json::value& schema, std::string_view pointer) {
  const json::value* at = &schema;
  while (!pointer.empty() && at != nullptr) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string name;
    for (std::size_t i = 0; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end) {
        name += pointer[++i] == '1' ? '/' : '~';
      } else {
        name += pointer[i];
      }
    }
    pointer.remove_prefix(end);
    const auto* properties = member(*at, "properties");
    const json::value* next = properties == nullptr ? nullptr : member(*properties, name);
    if (next == nullptr && !name.empty() && name.find_first_not_of("0123456789") == std::string::npos)
      next = member(*at, "items");
    at = next;
  }
  return at;
}

bool is_secret(const json::value* schema) {
  const auto* said = schema == nullptr ? nullptr : member(*schema, "airbyte_secret");
  return said != nullptr && said->is_bool() && said->get_bool();
}

bool named_like_secret(std::string_view name) {
  constexpr std::array<std::string_view, 8> words{"password", "passwd",  "secret",      "token",
                                                  "api_key",  "ssh_key", "private_key", "credentials_json"};
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace syncwarden::provision
