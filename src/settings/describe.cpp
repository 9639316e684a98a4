#include "base/text.hpp"
#include "settings/impl/assemble.hpp"
#include "settings/impl/entries.hpp"
#include "settings/settings.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

/// Nested keys as YAML nests them.
std::string as_yaml(const Entries& entries) {
  std::string out;
  std::vector<std::string> open;
  for (const auto& [path, text] : entries) {
    std::vector<std::string> parts;
    std::string_view rest = path;
    for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      parts.emplace_back(rest.substr(0, dot));
      rest.remove_prefix(dot + 1);
    }
    std::size_t same = 0;
    while (same < open.size() && same < parts.size() && open[same] == parts[same]) ++same;
    for (std::size_t i = same; i < parts.size(); ++i) out += fmt::format("{:{}}{}:\n", "", i * 2, parts[i]);
    out += fmt::format("{:{}}{}: {}\n", "", parts.size() * 2, rest, text);
    open = std::move(parts);
  }
  return out;
}

}  // namespace

std::string describe(const Settings& settings) {
  const Plan& plan = *settings.plan;
  std::string out = as_yaml(global_entries(settings));
  out += plan.blackouts.empty() ? "blackouts: []\n" : "blackouts:\n";
  for (const Blackout& blackout : plan.blackouts) out += fmt::format("  - {}\n", blackout_text(blackout));
  out += plan.rules.empty() ? "connections: []\n" : "connections:\n";
  for (const Rule& rule : plan.rules) {
    out += fmt::format("  - match: {}  # {}\n    schedule: {}\n", match_text(rule.match),
                       printable(rule.where, 300), schedules_text(rule));
    std::string_view rest;
    const std::string policy = as_yaml(own_entries(rule, settings.defaults));
    for (rest = policy; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
      out += fmt::format("    {}\n", rest.substr(0, rest.find('\n')));
    }
  }
  out += settings.receivers.empty() ? "notify: []\n" : "notify:\n";
  for (const Receiver& receiver : settings.receivers) out += fmt::format("  - {}\n", receiver_text(receiver));
  return out;
}

}  // namespace syncwarden::settings
