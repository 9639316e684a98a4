#include "core/slots.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {

void Slots::configure(const Limits& limits) {
  limits_ = limits;
  index_.clear();
  names_.clear();
  bounds_.clear();
  counts_.clear();
}

Slots::Key Slots::intern(const std::string& name, std::uint32_t bound, const std::string& shown) {
  const auto [entry, fresh] = index_.emplace(name, static_cast<Key>(names_.size()));
  if (fresh) {
    names_.emplace_back();
    bounds_.push_back(bound);
    counts_.push_back(0);
  }
  // Anew each time: the name of a source may change, its id does not.
  names_[entry->second] = fmt::format("{} (limit {})", shown, bound);
  return entry->second;
}

std::vector<Slots::Key> Slots::keys_of(const ConnectionView& connection) {
  std::vector<Key> keys;
  const auto add = [&](std::uint32_t bound, const std::string& name) {
    if (bound > 0) keys.push_back(intern(name, bound, name));
  };
  const auto add_actor = [&](std::uint32_t bound, std::string_view end, const Actor& actor) {
    if (bound == 0) return;
    const std::string_view shown = actor.name.empty() ? actor.id.text.view() : actor.name.view();
    keys.push_back(
        intern(fmt::format("{} {}", end, actor.id.text), bound, fmt::format("{} {}", end, printable(shown))));
  };
  add(limits_.total, "total");
  for (const auto& group : limits_.groups) {
    if (matches(group.match, connection)) add(group.total, "group " + group.name);
  }
  if (!connection.destination.connector.empty()) {
    add(limits_.per_destination_type, fmt::format("destination type {}", connection.destination.connector));
  }
  if (!connection.source.connector.empty()) {
    add(limits_.per_source_type, fmt::format("source type {}", connection.source.connector));
  }
  add_actor(limits_.per_destination, "destination", connection.destination);
  add_actor(limits_.per_source, "source", connection.source);
  return keys;
}

std::optional<Slots::Key> Slots::full(const std::vector<Key>& keys) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](Key key) { return !has_room(key); });
  if (found == keys.end()) return std::nullopt;
  return *found;
}

void Slots::take(const std::vector<Key>& keys) {
  for (const Key key : keys) ++counts_[key];
}

void Slots::give_back(const std::vector<Key>& keys) {
  for (const Key key : keys) {
    if (counts_[key] > 0) --counts_[key];
  }
}

}  // namespace syncwarden::core
