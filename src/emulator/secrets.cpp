// Connectors' configurations: secrets, faults, and what a connector would find with them.
#include "emulator/impl/setup.hpp"

#include <array>
#include <functional>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

namespace json = boost::json;

constexpr std::string_view mask = "**********";

json::value parsed(std::string_view text) {
  boost::system::error_code failed;
  json::value value = json::parse({text.data(), text.size()}, failed);
  if (failed) return json::object();
  return value;
}

using AtSecret = std::function<void(json::value& secret, const json::value* other)>;

/// Calls `at` for each secret of `value`, with what stands at the same place of `other`.
void each_secret(json::value& value, const json::value* other, const json::value& schema,
                 const AtSecret& at) {
  const auto* rules = schema.if_object();
  if (rules == nullptr) return;
  if (const auto* secret = rules->if_contains("airbyte_secret");
      secret != nullptr && secret->is_bool() && secret->get_bool()) {
    at(value, other);
    return;
  }
  if (const auto* branches = rules->if_contains("oneOf"); branches != nullptr && branches->is_array()) {
    for (const auto& branch : branches->get_array()) each_secret(value, other, branch, at);
  }
  const auto* properties = rules->if_contains("properties");
  if (properties == nullptr || !properties->is_object() || !value.is_object()) return;
  for (auto& member : value.get_object()) {
    const auto* inner = properties->get_object().if_contains(member.key());
    if (inner == nullptr) continue;
    const json::value* same =
        other != nullptr && other->is_object() ? other->get_object().if_contains(member.key()) : nullptr;
    each_secret(member.value(), same, *inner, at);
  }
}

bool has_type(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_bool();
  if (type == "array") return value.is_array();
  return type != "object" || value.is_object();
}

bool begins(const json::object& members, std::string_view key, std::string_view with) {
  const auto* value = members.if_contains({key.data(), key.size()});
  if (value == nullptr || !value->is_string()) return false;
  const auto& text = value->get_string();
  return std::string_view{text.data(), text.size()}.substr(0, with.size()) == with;
}

Visit refused(std::string message) { return {Visit::End::refused, std::move(message)}; }

}  // namespace

std::string masked(const std::string& configuration, std::string_view schema) {
  json::value value = parsed(configuration);
  each_secret(value, nullptr, parsed(schema),
              [](json::value& secret, const json::value*) { secret = json::string(mask); });
  return json::serialize(value);
}

std::string hydrated(const std::string& wanted, const std::string& stored, std::string_view schema) {
  json::value value = parsed(wanted);
  const json::value old = parsed(stored);
  each_secret(value, &old, parsed(schema), [](json::value& secret, const json::value* before) {
    if (before != nullptr && secret.is_string() && secret.get_string() == mask) secret = *before;
  });
  return json::serialize(value);
}

std::string configuration_fault(const std::string& configuration, std::string_view schema) {
  const json::value value = parsed(configuration);
  const json::value rules = parsed(schema);
  if (!value.is_object()) return "json schema validation failed: the configuration is no object";
  const auto& members = value.get_object();
  if (const auto* required = rules.get_object().if_contains("required")) {
    for (const auto& name : required->get_array()) {
      if (!members.contains(name.get_string()))
        return fmt::format("json schema validation failed: $.{}: is missing but it is required",
                           std::string_view(name.get_string().data(), name.get_string().size()));
    }
  }
  const auto* properties = rules.get_object().if_contains("properties");
  if (properties == nullptr) return {};
  for (const auto& member : members) {
    const auto* inner = properties->get_object().if_contains(member.key());
    const auto* type = inner == nullptr ? nullptr : inner->get_object().if_contains("type");
    if (type == nullptr || !type->is_string()) continue;
    const std::string_view wanted{type->get_string().data(), type->get_string().size()};
    if (!has_type(member.value(), wanted))
      return fmt::format("json schema validation failed: $.{}: {} expected",
                         std::string_view(member.key().data(), member.key().size()), wanted);
  }
  return {};
}

Visit check_visit(const std::string& configuration) {
  const json::value value = parsed(configuration);
  if (!value.is_object()) return refused("the configuration is no object");
  const auto& members = value.get_object();
  if (begins(members, "host", "blackhole")) return {Visit::End::endless, {}};
  if (begins(members, "host", "crash"))
    return {Visit::End::crashed, "the connector's container ended with exit code 137"};
  if (begins(members, "host", "unreachable"))
    return refused("State code: 08001; Message: The connection attempt failed: Connection refused");
  if (begins(members, "password", "wrong"))
    return refused("State code: 28P01; Message: FATAL: password authentication failed");
  for (const auto* key : {"client_secret", "secret_access_key", "access_token"}) {
    if (begins(members, key, "wrong")) return refused(fmt::format("the {} is not valid", key));
  }
  if (begins(members, "s3_bucket_name", "missing") || begins(members, "bucket", "missing"))
    return refused("the specified bucket does not exist");
  return {};
}

Visit discover_visit(const std::string& configuration) {
  const json::value value = parsed(configuration);
  if (value.is_object() &&
      (begins(value.get_object(), "database", "endless") || begins(value.get_object(), "bucket", "endless")))
    return {Visit::End::endless, {}};
  Visit visit = check_visit(configuration);
  if (visit.end == Visit::End::refused) visit.end = Visit::End::crashed;
  return visit;
}

}  // namespace syncwarden::emulator
