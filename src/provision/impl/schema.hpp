// A connector's schema, walked beside a configuration.
#pragma once

#include "provision/configuration.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// Boost.JSON itself is included by .cpp files only.
namespace boost::json {
class value;
}

namespace syncwarden::provision {

/// The schema with each `oneOf` replaced by the branch that the value chooses by a constant ("method":
/// "CDC"), so that what is wrong inside of it is told about that branch. A choice that no branch offers is a
/// fault.
[[nodiscard]] boost::json::value narrowed(const boost::json::value& schema, const boost::json::value& value,
                                          const std::string& pointer, std::vector<Fault>& faults);

/// The part of a narrowed schema that rules a place; null where it says nothing about it.
[[nodiscard]] const boost::json::value* schema_at(const boost::json::value& schema, std::string_view pointer);

[[nodiscard]] bool is_secret(const boost::json::value* schema);
/// "password", "client_secret", "ssh_key", ...
[[nodiscard]] bool named_like_secret(std::string_view name);
/// Airbyte's own mask.
inline constexpr std::string_view airbyte_mask = "**********";
inline constexpr std::string_view our_mask = "<secret>";

/// What valijson finds; faults in our own words.
void validate(const boost::json::value& schema, const boost::json::value& value, std::vector<Fault>& faults);

}  // namespace syncwarden::provision
