#include "admin/impl/landing_page.hpp"

#include "admin/impl/answers.hpp"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace {

std::string airbyte_line(const FleetPicture& fleet) {
  if (!fleet.airbyte_up) {
    const std::string why = fleet.airbyte_error ? to_string(*fleet.airbyte_error) : "not reached yet";
    return "unreachable: " + html_escaped(why);
  }
  const std::string version = fleet.airbyte ? fleet.airbyte->version : std::string();
  return "up, version " + html_escaped(version.empty() ? "unknown" : version);
}

}  // namespace

std::string landing_page(const FleetPicture& fleet, const observe::BuildInfo& build) {
  std::size_t waiting = 0;
  for (const std::size_t ticks : fleet.waiting) waiting += ticks;
  std::size_t active = 0;
  for (const auto& [key, jobs] : fleet.active_jobs) active += jobs;
  std::size_t stale = 0;
  for (const std::size_t connections : fleet.stale) stale += connections;
  std::string rows = fmt::format("<tr><th>Airbyte</th><td>{}</td></tr>\n", airbyte_line(fleet));
  const std::pair<const char*, std::size_t> counts[] = {
      {"Connections", fleet.connections},
      {"Managed", fleet.managed},
      {"Schedules", fleet.schedules},
      {"Jobs now", active},
      {"Ticks waiting", waiting},
      {"Failing", fleet.failing},
      {"Late", stale},
      {"Requests without a known effect", fleet.intents_unresolved}};
  for (const auto& [name, count] : counts)
    rows += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, count);
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>syncwarden</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }}
th {{ text-align: left; font-weight: normal; padding-right: 2rem; }}
td {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>syncwarden</h1>
<p>The control tower for Airbyte, version {} ({}).</p>
<table>
{}</table>
<ul>
<li><a href="/metrics">Metrics</a></li>
<li><a href="/readyz?verbose">Readiness</a></li>
<li><a href="/livez?verbose">Liveness</a></li>
<li><a href="/health">Health</a></li>
</ul>
</body>
</html>
)",
                     html_escaped(build.version), html_escaped(build.revision), rows);
}

}  // namespace syncwarden::admin
