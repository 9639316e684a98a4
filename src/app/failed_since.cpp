#include "app/failed_since.hpp"

#include "base/text.hpp"

#include <map>
#include <optional>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

std::string why_not_now(const Answer& connection) {
  if (connection["running_since"].known()) return "it runs already";
  if (const auto status = connection["status"].text("active"); status != "active")
    return "Airbyte has it as " + printable(status);
  return {};
}

}  // namespace

std::vector<FailedSync> failed_since(const Answer& connections, const Answer& abandoned, Instant since) {
  std::map<std::string, Instant> given_up;
  for (const auto& run : abandoned["runs"].items()) {
    const auto nominal = run["nominal"].instant();
    if (!nominal || *nominal < since) continue;
    auto& newest = given_up[run["connection"]["id"].text()];
    newest = std::max(newest, *nominal);
  }
  std::vector<FailedSync> failed;
  for (const auto& connection : connections["connections"].items()) {
    FailedSync sync;
    sync.id = connection["id"].text();
    sync.name = printable(connection["name"].text(sync.id));
    const auto ended = connection["last_completion"].instant();
    const auto success = connection["last_success"].instant();
    const auto failures = connection["consecutive_failures"].count();
    const auto abandoned_at = given_up.find(sync.id);
    if (failures > 0 && ended && *ended >= since) {
      sync.why = fmt::format("{} failed job{} in a row, the last one ended at {}", failures,
                             failures == 1 ? "" : "s", to_rfc3339(*ended));
    } else if (abandoned_at != given_up.end() && (!success || *success < abandoned_at->second)) {
      sync.why = fmt::format("its run of {} was given up", to_rfc3339(abandoned_at->second));
    } else {
      continue;
    }
    sync.not_now = why_not_now(connection);
    failed.push_back(std::move(sync));
  }
  return failed;
}

}  // namespace syncwarden::app
