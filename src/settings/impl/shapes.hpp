// What the files with declarations share.
#pragma once

#include "settings/impl/keys.hpp"

#include <vector>

namespace syncwarden::settings {

/// Bounds of durations, in milliseconds.
namespace spans {
inline constexpr double second = 1'000;
inline constexpr double minute = 60 * second;
inline constexpr double hour = 60 * minute;
inline constexpr double day = 24 * hour;
}  // namespace spans

/// The keys that `defaults` and each rule share.
[[nodiscard]] std::vector<Field> policy_fields();

/// How connections are named by what they have.
[[nodiscard]] const Shape& match_shape();

/// One receiver below `notify`.
[[nodiscard]] const Shape& receiver_shape();

/// The keys below `airbyte`.
[[nodiscard]] const Shape& airbyte_shape();

}  // namespace syncwarden::settings
