#include "simulation/coverage.hpp"

#include "forecast/fault.hpp"
#include "model/exchange.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace syncwarden::simulation {
namespace {

struct Expected {
  std::string kind;
  std::string what;
};

std::vector<Expected> expected() {
  std::vector<Expected> all;
  for (const auto& [outcome, reason] : all_tick_results) {
    // Nothing in the core gives up a tick for the way to Airbyte: it waits.
    if (reason == TickReason::transport) continue;
    all.push_back({"tick", fmt::format("{}/{}", to_string(outcome), to_string(reason))});
  }
  for (const auto cause : all_wait_causes) {
    all.push_back({"wait", std::string(to_string(cause))});
  }
  for (const auto verdict :
       {Verdict::succeeded, Verdict::failed, Verdict::cancelled, Verdict::suspect, Verdict::abandoned}) {
    all.push_back({"verdict", std::string(to_string(verdict))});
  }
  for (const auto kind : all_incident_kinds) all.push_back({"incident", std::string(to_string(kind))});
  for (const auto kind : all_stuck_kinds) all.push_back({"stuck", std::string(to_string(kind))});
  using fact::RecoveryAction;
  for (const auto action : {RecoveryAction::cancel, RecoveryAction::rerun, RecoveryAction::breaker_open,
                            RecoveryAction::breaker_probe, RecoveryAction::breaker_close}) {
    all.push_back({"recovery", std::string(to_string(action))});
  }
  for (std::size_t i = 0; i < forecast::fault_count; ++i) {
    all.push_back({"fault", std::string(to_string(forecast::fault_at(i)))});
  }
  return all;
}

}  // namespace

void Coverage::count(std::string_view kind, std::string_view what, std::uint64_t times) {
  counts_[{std::string(kind), std::string(what)}] += times;
}

void Coverage::add(const Coverage& other) {
  for (const auto& [key, times] : other.counts_) counts_[key] += times;
}

std::uint64_t Coverage::of(const std::string& kind, const std::string& what) const {
  const auto found = counts_.find({kind, what});
  return found == counts_.end() ? 0 : found->second;
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> names;
  for (const auto& [kind, what] : expected()) {
    if (of(kind, what) == 0) names.push_back(kind + " " + what);
  }
  return names;
}

std::string Coverage::table() const {
  auto rows = counts_;
  for (const auto& [kind, what] : expected()) rows.try_emplace({kind, what}, 0);
  std::string text;
  for (const auto& [key, times] : rows)
    text += fmt::format("  {:<10} {:<40} {:>12}\n", key.first, key.second, times);
  return text;
}

}  // namespace syncwarden::simulation
