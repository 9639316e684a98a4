#include "forecast/plan.hpp"

#include "airbyte/client.hpp"
#include "app/commands/commands.hpp"
#include "app/connection_list.hpp"
#include "app/flags.hpp"
#include "runtime/clock.hpp"
#include "store/sqlite/state_file.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

using Picture = ConnectionList;

/// The state as the daemon keeps it, whether one runs or not.
Result<Picture> from_state(const std::string& path) {
  std::error_code none;
  if (path.empty() || !std::filesystem::exists(path, none)) {
    return Error{
        Errc::file_unreadable, "there is no state to learn from", path.empty() ? "state" : path,
        "run the daemon once, ask Airbyte with --online, or name the connections with --connections"};
  }
  auto fleet = store::read_fleet(path);
  if (!fleet) return fleet.error();
  return Picture{std::move(fleet->connections), std::move(fleet->histories)};
}

/// The newest successes become samples, as the core would keep them.
std::vector<ConnectionHistory> histories_of(std::vector<JobView> ended) {
  std::map<ConnectionId, ConnectionHistory> histories;
  std::sort(ended.begin(), ended.end(), [](const JobView& a, const JobView& b) { return a.id < b.id; });
  for (const auto& job : ended) {
    if (job.type != JobType::sync || job.status != JobStatus::succeeded) continue;
    auto& history = histories[job.connection];
    history.connection = job.connection;
    history.last_success = job.updated;
    RunSample sample;
    sample.duration = std::max(Millis{}, job.updated - job.created);
    history.samples.push_back(sample);
    if (history.samples.size() > samples_kept) history.samples.erase(history.samples.begin());
  }
  std::vector<ConnectionHistory> all;
  all.reserve(histories.size());
  for (auto& [id, history] : histories) all.push_back(std::move(history));
  return all;
}

asio::awaitable<void> look(AirbyteApi& airbyte, Result<Picture>& picture) {
  const auto info = co_await airbyte.probe();
  if (!info) {
    picture = info.error();
    co_return;
  }
  auto connections = co_await airbyte.connections();
  if (!connections) {
    picture = connections.error();
    co_return;
  }
  Picture found;
  found.connections = std::move(*connections);
  out::ReadJobs request;
  request.poll = 1;
  if (!info->lists_whole_instance) {
    for (const auto& view : found.connections) request.focus.push_back(view.id);
  }
  auto jobs = co_await airbyte.jobs(std::move(request));
  if (!jobs) {
    picture = jobs.error();
    co_return;
  }
  found.histories = histories_of(std::move(jobs->ended));
  picture = std::move(found);
}

Result<Picture> from_airbyte(const AirbyteTarget& target) {
  asio::io_context loop(1);
  auto airbyte = airbyte::make_client(loop.get_executor(), target, runtime::read_clock, {});
  if (!airbyte) return airbyte.error();
  Result<Picture> picture{Picture{}};
  auto looking = look(**airbyte, picture);
  asio::co_spawn(loop, std::move(looking), [&](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
    (*airbyte)->close();
  });
  loop.run();
  return picture;
}

json::object object_of(const forecast::PlannedTick& tick) {
  json::object object{{"connection_id", std::string_view{tick.connection.text}},
                      {"connection", tick.name},
                      {"schedule", std::string_view{tick.schedule.text}},
                      {"nominal", to_rfc3339(tick.nominal)},
                      {"due", to_rfc3339(tick.due)},
                      {"outcome", tick.decided ? to_string(tick.outcome) : "waiting"},
                      {"reason", tick.decided ? json::value(to_string(tick.reason)) : json::value(nullptr)},
                      {"waits_seconds", static_cast<double>(tick.waits.count()) / 1000}};
  if (tick.starts) object["starts"] = to_rfc3339(*tick.starts);
  if (tick.ends) object["ends"] = to_rfc3339(*tick.ends);
  if (tick.cause) object["waits_for"] = to_string(*tick.cause);
  if (!tick.waits_for.empty()) object["waits_for_what"] = tick.waits_for;
  if (!tick.detail.empty()) object["detail"] = tick.detail;
  return object;
}

std::string json_of(const forecast::Forecast& forecast) {
  json::array ticks, peaks, hours, broken, flattenings;
  for (const auto& tick : forecast.ticks) ticks.push_back(object_of(tick));
  for (const auto& peak : forecast.peaks) {
    const char* of = peak.of == forecast::Peak::Of::source        ? "source"
                     : peak.of == forecast::Peak::Of::destination ? "destination"
                                                                  : "everything";
    peaks.push_back(json::object{{"of", of},
                                 {"name", peak.name},
                                 {"jobs", peak.jobs},
                                 {"at", to_rfc3339(peak.at)},
                                 {"mean", peak.mean}});
  }
  for (const auto& hour : forecast.hours) {
    hours.push_back(json::object{{"hour", to_rfc3339(hour.hour)},
                                 {"destination", hour.destination},
                                 {"ticks", hour.ticks},
                                 {"waits_for", hour.waits_for},
                                 {"longest_seconds", static_cast<double>(hour.longest.count()) / 1000}});
  }
  for (const auto& target : forecast.broken) {
    broken.push_back(json::object{{"connection_id", std::string_view{target.connection.text}},
                                  {"connection", target.name},
                                  {"at", to_rfc3339(target.at)},
                                  {"target", target.target}});
  }
  for (const auto& flat : forecast.flattenings) {
    json::array moves;
    for (const auto& move : flat.moves) {
      moves.push_back(json::object{{"connection", move.name},
                                   {"schedule", std::string_view{move.schedule.text}},
                                   {"later_seconds", move.by.count() / 1000}});
    }
    flattenings.push_back(json::object{{"destination", flat.destination},
                                       {"peak", flat.peak_before},
                                       {"peak_after", flat.peak_after},
                                       {"moves", std::move(moves)}});
  }
  return json::serialize(json::object{{"from", to_rfc3339(forecast.from)},
                                      {"until", to_rfc3339(forecast.until)},
                                      {"not_started", forecast.not_started},
                                      {"unknown_durations", forecast.unknown_durations},
                                      {"peaks", std::move(peaks)},
                                      {"waiting_hours", std::move(hours)},
                                      {"broken_targets", std::move(broken)},
                                      {"flattenings", std::move(flattenings)},
                                      {"ticks", std::move(ticks)}});
}

struct PlanCommand {
  ConfigFlags config;
  std::string next = "24h";
  std::string from;
  std::string list;  ///< a file that names the connections
  bool online = false;
  bool as_json = false;

  int operator()() const {
    const auto horizon = parse_duration(next);
    constexpr Millis longest{std::chrono::hours{24 * 366}};
    if (!horizon || *horizon <= Millis{} || *horizon > longest) {
      return report(Error{Errc::usage, fmt::format("--next \"{}\" is no duration up to a year", next), "",
                          "use units m h d w, such as 24h"});
    }
    Instant begin = runtime::read_clock().wall;
    if (!from.empty()) {
      const auto given = parse_rfc3339(from);
      if (!given)
        return report(Error{Errc::usage, "--from is no instant", from, "such as 2026-11-27T00:00:00Z"});
      begin = *given;
    }
    const auto settings = config.load();
    if (!settings) return exit_usage;
    const auto picture = !list.empty() ? read_connection_list(list)
                         : online      ? from_airbyte(settings->airbyte)
                                       : from_state(settings->state_path);
    if (!picture) return report(picture.error());
    const auto forecast =
        forecast::plan(*settings->plan, picture->connections, picture->histories, begin, *horizon);
    fmt::print("{}{}", as_json ? json_of(forecast) : forecast::render(forecast), as_json ? "\n" : "");
    return exit_done;
  }
};

}  // namespace

void add_plan(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("plan", "what the coming hours look like: starts, waits, peaks, late data");
  auto plan = std::make_shared<PlanCommand>();
  plan->config.add_to(*command);
  command->add_option("--next", plan->next, "how far to look ahead")->capture_default_str();
  command->add_option("--from", plan->from, "from this instant instead of now");
  auto* online = command->add_flag("--online", plan->online,
                                   "learn connections and durations from Airbyte, not from the state");
  command
      ->add_option(
          "--connections", plan->list,
          "learn them from this JSON file (- is standard input): what `status --all --json` prints, or "
          "a list of your own")
      ->excludes(online);
  command->add_flag("--json", plan->as_json, "everything as one JSON object");
  command->footer(
      "Plays the real decision core against an Airbyte in which every sync goes well and takes as long as "
      "it\n"
      "usually does. Reads the daemon's state while it runs, and changes nothing. Without state and "
      "Airbyte:\n"
      "  syncwarden plan --config.file new.yaml --connections fleet.json\n"
      "where the file is an answer of `status --all --json`, or a list such as\n"
      "  [{\"name\": \"orders -> warehouse\", \"source\": \"orders\", \"destination\": \"warehouse\", "
      "\"takes\": \"10m\"}]\n"
      "Exit status: 0 done, 1 the state cannot be read, 2 usage or configuration, 3 Airbyte is out of "
      "reach.");
  command->callback([plan, &chosen] { chosen = [plan] { return (*plan)(); }; });
}

}  // namespace syncwarden::app
