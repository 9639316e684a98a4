// Airbyte's own schedules as rules of syncwarden, and back. Pure.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"
#include "model/administration.hpp"
#include "provision/configuration.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace syncwarden::provision {

/// A fire that is otherwise afterwards.
struct FireChange {
  Instant at;
  bool gained = false;  ///< syncwarden fires and Airbyte does not; else the other way round

  bool operator==(const FireChange&) const = default;
};

struct Adoption {
  ConnectionEntry connection;
  std::string rule;                 ///< YAML, an entry of `connections:`, pinned by the id
  std::vector<FireChange> changes;  ///< of two years from now, every one
  std::vector<Instant> next;        ///< the coming fires by the rule
  std::vector<std::string> notes;   ///< what a careful reader should be told
};

/// How far ahead changed fires are looked for.
inline constexpr Millis adoption_horizon = std::chrono::hours{24 * 731};

/// Errc::unsupported for a schedule that no rule can stand for; Errc::usage for a manual one. `last`: when
/// the connection's newest job was created: a basic schedule counts from it, and so does the rule's phase.
[[nodiscard]] Result<Adoption> adopt(const ConnectionEntry& connection, std::optional<Instant> last,
                                     Instant now, calendar::DstPolicy dst);

/// What `release` puts back.
struct Kept {
  ConnectionId id;
  std::string name;
  ScheduleSetting schedule;
};

/// A file for kept_from(), readable for people and with everything that putting back needs.
[[nodiscard]] std::string undo_text(const std::vector<Adoption>& adopted, Instant now);

struct KeptRead {
  std::vector<Kept> kept;
  std::vector<Fault> faults;
};
[[nodiscard]] KeptRead kept_from(const JsonText& document);

}  // namespace syncwarden::provision
