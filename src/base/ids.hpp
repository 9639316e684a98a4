// Identities. Each kind of id is its own type, so that a source id cannot be passed where a connection id
// belongs.
#pragma once

#include "base/shared_text.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace syncwarden {

/// A textual id (Airbyte's UUIDs, schedule ids). Compared and ordered byte by byte; cheap to copy.
template <class Tag>
struct StrongString {
  SharedText text;

  StrongString() = default;
  explicit StrongString(SharedText value) : text(std::move(value)) {}

  [[nodiscard]] bool empty() const { return text.empty(); }
  auto operator<=>(const StrongString&) const = default;
};

using ConnectionId = StrongString<struct ConnectionIdTag>;
using WorkspaceId = StrongString<struct WorkspaceIdTag>;
/// A source or a destination: Airbyte calls both actors.
using ActorId = StrongString<struct ActorIdTag>;
using DefinitionId = StrongString<struct DefinitionIdTag>;
/// "<connection id>/<schedule name or ordinal>": never a rule's position or text, so that edits keep history.
using ScheduleId = StrongString<struct ScheduleIdTag>;

/// Airbyte's job number: one increasing int64 sequence for the whole instance. 0 means "none".
struct JobId {
  std::int64_t value = 0;
  auto operator<=>(const JobId&) const = default;
};

/// One incident of this installation: counts from 1, never used twice. 0 means "none".
struct IncidentId {
  std::uint64_t value = 0;
  auto operator<=>(const IncidentId&) const = default;
};

/// Identity of one run, derived from (schedule, nominal): deciding twice gives the same id.
struct RunId {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  auto operator<=>(const RunId&) const = default;
};

/// 32 lower-case hexadecimal digits.
[[nodiscard]] std::string to_string(const RunId& id);

/// Fencing token of the state store's leader; grows with every change of leader.
struct Epoch {
  std::uint64_t value = 0;
  auto operator<=>(const Epoch&) const = default;
};

}  // namespace syncwarden

template <class Tag>
struct std::hash<syncwarden::StrongString<Tag>> {
  std::size_t operator()(const syncwarden::StrongString<Tag>& id) const noexcept { return id.text.hash(); }
};
template <>
struct std::hash<syncwarden::JobId> {
  std::size_t operator()(const syncwarden::JobId& id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};
template <>
struct std::hash<syncwarden::RunId> {
  std::size_t operator()(const syncwarden::RunId& id) const noexcept {
    return static_cast<std::size_t>(id.hi ^ (id.lo * 0x9E3779B97F4A7C15ULL));
  }
};
