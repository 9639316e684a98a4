// Settings as keys with their values as text: what describe() prints and diff() compares.
#pragma once

#include "settings/settings.hpp"

#include <string>
#include <utility>
#include <vector>

namespace syncwarden::settings {

/// A key and its value as text. "airbyte.timeouts.read" / "30s".
using Entry = std::pair<std::string, std::string>;
using Entries = std::vector<Entry>;

/// The keys of a policy, always the same ones in the same order.
[[nodiscard]] Entries policy_entries(const Policy& policy);

/// What a rule changes in the defaults.
[[nodiscard]] Entries own_entries(const Rule& rule, const Policy& defaults);

/// Everything but rules, blackouts and receivers; secrets as "<secret>".
[[nodiscard]] Entries global_entries(const Settings& settings);

/// {name: "team", slack: <secret>, …}
[[nodiscard]] std::string receiver_text(const Receiver& receiver);

/// {name: "nightly", match: {tag: "a"}, cron: …}
[[nodiscard]] std::string blackout_text(const Blackout& blackout);

}  // namespace syncwarden::settings
