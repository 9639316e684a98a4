// The daemon's answers as pages for a terminal: from JSON to text, nothing else.
#pragma once

#include "app/answer.hpp"
#include "app/screen.hpp"
#include "base/time.hpp"

#include <string>

namespace syncwarden::app {

/// GET status
[[nodiscard]] std::string status_page(const Answer& status, const Look& look);
/// GET connections/{id}
[[nodiscard]] std::string connection_page(const Answer& connection, const Look& look);
/// GET connections
[[nodiscard]] std::string connections_page(const Answer& connections, Instant now, const Look& look);
/// GET runs, ticks, commands
[[nodiscard]] std::string runs_page(const Answer& runs, Instant now, const Look& look);
[[nodiscard]] std::string ticks_page(const Answer& ticks, Instant now, const Look& look);
[[nodiscard]] std::string commands_page(const Answer& commands, Instant now, const Look& look);
/// GET incidents, incidents/{n}
[[nodiscard]] std::string incidents_page(const Answer& incidents, Instant now, const Look& look);
[[nodiscard]] std::string incident_page(const Answer& incident, Instant now, const Look& look);
/// GET explain
[[nodiscard]] std::string explain_page(const Answer& explanation, const Look& look);

/// "12,000 records, 48.2 MB" of a job's counters: committed where it is known; empty without any.
[[nodiscard]] std::string moved_text(const Answer& job);
/// A duration in milliseconds, or "-".
[[nodiscard]] std::string duration_text(const Answer& millis);

}  // namespace syncwarden::app
