// Airbyte's connections as syncwarden sees them, without their catalogs.
#pragma once

#include "base/ids.hpp"
#include "base/shared_text.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden {

enum class ConnectionStatus : std::uint8_t { active, inactive, deprecated, locked, unknown };
/// Airbyte's own schedule of a connection.
enum class AirbyteSchedule : std::uint8_t { manual, cron, basic, unknown };

inline constexpr std::array all_connection_statuses{ConnectionStatus::active, ConnectionStatus::inactive,
                                                    ConnectionStatus::deprecated, ConnectionStatus::locked};

[[nodiscard]] std::string_view to_string(ConnectionStatus status);
[[nodiscard]] std::string_view to_string(AirbyteSchedule schedule);
[[nodiscard]] ConnectionStatus connection_status_from(std::string_view word);
[[nodiscard]] AirbyteSchedule airbyte_schedule_from(std::string_view word);

/// A source or destination of a connection. Names are Airbyte's and foreign: printable() before they are
/// shown.
struct Actor {
  ActorId id;
  SharedText name;
  SharedText connector;  ///< connector type, lower case: "postgres"; empty where it is not known
  DefinitionId definition;

  bool operator==(const Actor&) const = default;
};

struct ConnectionView {
  ConnectionId id;
  SharedText name;
  WorkspaceId workspace;
  SharedText workspace_name;
  Actor source;
  Actor destination;
  ConnectionStatus status = ConnectionStatus::unknown;
  AirbyteSchedule schedule = AirbyteSchedule::unknown;
  SharedText schedule_text;  ///< "0 15 2 * * ? Europe/Amsterdam", "every 24 hours"; empty for manual
  std::vector<std::string> tags;
  bool breaking_change = false;  ///< Airbyte waits for somebody to decide about a changed schema
  std::string
      status_reason;  ///< why Airbyte switched it off, in Airbyte's word; empty where it does not tell

  bool operator==(const ConnectionView&) const = default;
};

/// "*" and "?" globs, case-sensitive; the arrow in Airbyte's names may be typed "->".
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace syncwarden
