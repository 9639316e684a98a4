#include "admin/impl/probes.hpp"

#include "admin/impl/answers.hpp"
#include "observe/escape.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace {

constexpr Millis patience{std::chrono::seconds{60}};

bool ask(const std::function<bool()>& question, bool otherwise) { return question ? question() : otherwise; }

struct Query {
  bool verbose = false;
  std::set<std::string> excluded;
};

Query parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = http::decode_query_component(pair.substr(0, equals));
    const auto value = http::decode_query_component(pair.substr(std::min(equals + 1, pair.size())));
    if (name == "verbose") query.verbose = true;
    if (name == "exclude" && value) query.excluded.insert(*value);
  }
  return query;
}

bool all_good(const std::vector<Check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.good; });
}

std::string json_check(std::string_view name, std::string_view status, std::string_view output,
                       const std::string& time) {
  std::string json = observe::json_quoted(name) + R"(:[{"componentType":"component","status":")";
  json += status;
  json += R"(","time":")" + time + '"';
  if (!output.empty()) json += ",\"output\":" + observe::json_quoted(output);
  return json + "}]";
}

}  // namespace

std::vector<Check> Probes::live() const {
  return {{"loop", ask(health_.loop_alive, true), "the main loop does not turn"}};
}

std::vector<Check> Probes::ready(Now now) const {
  const bool waited = now.mono - started_.mono >= patience;
  return {
      {"config", ask(health_.config_loaded, false), "no valid configuration is loaded"},
      {"store", ask(health_.store_ok, false), "the state store is not open or does not take commits"},
      {"poll", waited || ask(health_.first_poll_done, false), "the first poll of Airbyte is not complete"},
      {"drain", !ask(health_.draining, false), "shutting down"}};
}

bool Probes::is_ready(Now now) const { return all_good(ready(now)); }

http::Response Probes::answer(std::string_view probe, const std::vector<Check>& checks,
                              std::string_view query, std::optional<std::string_view> only) {
  const Query asked = parse(query);
  std::string text;
  bool good = true;
  bool found = false;
  std::set<std::string> unknown = asked.excluded;
  for (const Check& check : checks) {
    if (only && check.name != *only) continue;
    found = true;
    if (unknown.erase(std::string(check.name)) > 0 && !only) {
      text += fmt::format("[+]{} excluded: ok\n", check.name);
      continue;
    }
    good = good && check.good;
    text += check.good ? fmt::format("[+]{} ok\n", check.name)
                       : fmt::format("[-]{} failed: {}\n", check.name, check.trouble);
  }
  if (only && !found) return error_answer(404, "there is no check of that name", "");
  for (const std::string& name : unknown) {
    text += fmt::format("warn: nothing to exclude by the name {}\n", observe::json_quoted(name, 64));
  }
  text += fmt::format("{} check {}\n", probe, good ? "passed" : "failed");
  http::Response response = text_answer(good ? 200 : 503, good && !asked.verbose ? "ok\n" : text);
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

http::Response Probes::health_json(const FleetPicture& fleet, Now now, const observe::BuildInfo& build,
                                   bool details) const {
  std::vector<Check> checks = live();
  const std::vector<Check> more = ready(now);
  checks.insert(checks.end(), more.begin(), more.end());
  const bool good = all_good(checks);
  const std::string_view status = !good ? "fail" : fleet.airbyte_up ? "pass" : "warn";
  std::string json = R"({"status":")" + std::string(status) + '"';
  if (details) {
    const std::string time = to_rfc3339(now.wall);
    json += ",\"version\":" + observe::json_quoted(build.version.substr(0, build.version.find('.')));
    json += ",\"releaseId\":" + observe::json_quoted(build.version);
    json += R"(,"serviceId":"syncwarden","description":"starts and watches the syncs of Airbyte","checks":{)";
    for (const Check& check : checks) {
      json += json_check(check.name, check.good ? "pass" : "fail",
                         check.good ? std::string_view() : check.trouble, time) +
              ',';
    }
    std::string airbyte;
    if (!fleet.airbyte_up) {
      airbyte = fleet.airbyte_error ? to_string(*fleet.airbyte_error) : "not reached yet";
    }
    json += json_check("airbyte:reachability", fleet.airbyte_up ? "pass" : "warn", airbyte, time) + '}';
  }
  http::Response response;
  response.status = good ? 200 : 503;
  response.headers = {{"Content-Type", "application/health+json"},
                      {"Cache-Control", "max-age=5"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body = json + "}\n";
  return response;
}

}  // namespace syncwarden::admin
