// The rule that a TZif file ends with: what holds after its last transition ("CET-1CEST,M3.5.0,M10.5.0/3").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::calendar {

/// Transitions of the rule in the years first to last, ascending: {UTC second, offset from then on}. Empty
/// for a rule without DST; nothing for text that is no rule.
[[nodiscard]] std::optional<std::vector<std::pair<std::int64_t, std::int64_t>>> posix_transitions(
    std::string_view rule, int first, int last);

}  // namespace syncwarden::calendar
