// The present: the fleet, connections, and the logs and streams of their jobs.
#include "admin/impl/api.hpp"
#include "admin/impl/api_json.hpp"
#include "admin/impl/attention.hpp"
#include "admin/impl/find.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace json = boost::json;
namespace {

constexpr std::size_t default_connections = 100;
constexpr std::size_t most_connections = 1'000;
constexpr std::size_t default_lines = 500;
constexpr std::size_t most_lines = 5'000;

json::array brief(const ReadView& view, const std::vector<Remarkable>& found, Instant now) {
  json::array out;
  for (std::size_t i = 0; i < std::min(found.size(), most_listed); ++i) {
    view.with_connection(found[i].id, [&](const ConnectionPicture& picture) {
      out.emplace_back(json_of(picture, now, false));
    });
  }
  return out;
}

json::object reference(const ConnectionId& id, std::string_view name) {
  return {{"id", json_of(std::string_view(id.text))}, {"name", json_of(name)}};
}

json::array running_jobs(const ReadView& view, const std::vector<Remarkable>& running) {
  json::array out;
  for (std::size_t i = 0; i < std::min(running.size(), most_listed); ++i) {
    view.with_connection(running[i].id, [&](const ConnectionPicture& picture) {
      for (const JobPicture& job : picture.jobs) {
        json::object shown = json_of(job);
        shown["connection"] = reference(picture.view->id, std::string_view(picture.view->name));
        out.emplace_back(std::move(shown));
      }
    });
  }
  return out;
}

json::array open_incidents(const ReadView& view, Names& names) {
  const auto open = worst_incidents(view);
  json::array out;
  for (std::size_t i = 0; i < std::min(open.size(), most_listed); ++i)
    out.emplace_back(json_of(open[i], names, false));
  return out;
}

json::array listed(const std::vector<WaitingTick>& ticks) {
  json::array out;
  for (const WaitingTick& tick : ticks) {
    json::object shown = json_of(tick.picture);
    shown["connection"] = reference(tick.connection, tick.name);
    out.emplace_back(std::move(shown));
  }
  return out;
}

/// The job that somebody means who names none: the one that runs, else the newest one.
/// What `job` says; 0 where it is not said.
Result<JobId> job_given(const Query& query) {
  const auto given = query.text("job");
  if (!given) return JobId{};
  const JobId job{static_cast<std::int64_t>(whole_number(*given).value_or(0))};
  if (job.value > 0) return job;
  return Error{Errc::usage, "job must be a job's number", "", ""};
}

asio::awaitable<Result<JobId>> latest_job(SourcesPtr sources, ConnectionId connection) {
  JobId newest;
  sources->view.with_connection(connection, [&](const ConnectionPicture& picture) {
    for (const JobPicture& job : picture.jobs) newest = std::max(newest, job.view->id);
  });
  if (newest.value != 0) co_return newest;
  HistoryQuery query;
  query.connection = std::move(connection);
  query.limit = 1;
  const auto known = co_await read_jobs(sources, std::move(query));
  if (!known.empty()) co_return known.rbegin()->first;
  const Error nothing{Errc::not_found, "this connection has no job that is known here", "",
                      "name one with job=N"};
  co_return nothing;
}

}  // namespace

Answer api_status(SourcesPtr sources, ApiRequest request) {
  (void)request;
  const Now now = sources->clock();
  const ReadView& view = sources->view;
  const FleetPicture fleet = view.fleet(now.wall);
  Attention found = look_around(view, now.wall);
  Names names(view);
  json::object out{{"now", json_of(std::optional(now.wall))},
                   {"version", json_of(std::string_view(sources->build.version))},
                   {"started", json_of(std::optional(sources->started.wall))}};
  for (auto& member : json_of(fleet)) out.emplace(member.key(), member.value());
  out["running"] = running_jobs(view, found.running);
  out["late"] = brief(view, found.late, now.wall);
  out["failing"] = brief(view, found.failing, now.wall);
  out["open_incidents"] = open_incidents(view, names);
  const std::size_t waiting = std::min(waiting_in(fleet), most_listed);
  auto looking = waiting_ticks(view, std::move(found.managed), waiting);
  const auto ticks = co_await std::move(looking);
  out["waiting_ticks"] = listed(ticks);
  co_return json_answer(200, out);
}

Answer api_connections(SourcesPtr sources, ApiRequest request) {
  const auto limit = request.query.count("limit", default_connections, most_connections);
  if (!limit) co_return api_error(limit.error());
  const std::string glob = request.query.text("match").value_or("*");
  const std::string after = request.query.text("after").value_or("");
  const Instant now = sources->clock().wall;
  std::vector<ConnectionId> meant;
  std::size_t matched = 0;
  bool more = false;
  sources->view.for_each_connection([&](const ConnectionPicture& picture) {
    const std::string_view id(picture.view->id.text);
    if (id != glob && !glob_matches(glob, std::string_view(picture.view->name))) return;
    ++matched;
    if (id <= after || more) return;
    if (meant.size() == *limit) {
      more = true;
      return;
    }
    meant.push_back(picture.view->id);
  });
  // What a picture of ten thousand leaves out, the few that are shown have: what is typical, the rule.
  json::array shown;
  for (const auto& id : meant) {
    sources->view.with_connection(
        id, [&](const ConnectionPicture& picture) { shown.emplace_back(json_of(picture, now, false)); });
  }
  const std::string last = meant.empty() ? std::string() : std::string(meant.back().text.view());
  const json::object out{{"connections", std::move(shown)},
                         {"matched", matched},
                         {"next", more ? json_of(std::string_view(last)) : json::value(nullptr)}};
  co_return json_answer(200, out);
}

Answer api_connection(SourcesPtr sources, ApiRequest request) {
  const auto id = find_connection(sources->view, request.path.at(1));
  if (!id) co_return api_error(id.error());
  const Instant now = sources->clock().wall;
  json::object out;
  sources->view.with_connection(*id,
                                [&](const ConnectionPicture& picture) { out = json_of(picture, now, true); });
  if (out.empty()) {
    const Error gone{Errc::not_found, "this connection is gone", "", ""};
    co_return api_error(gone);
  }
  out["now"] = json_of(std::optional(now));
  co_return json_answer(200, out);
}

Answer api_streams(SourcesPtr sources, ApiRequest request) {
  const auto id = find_connection(sources->view, request.path.at(1));
  if (!id) co_return api_error(id.error());
  const auto given = job_given(request.query);
  if (!given) co_return api_error(given.error());
  JobId job = *given;
  if (job.value == 0) {
    const auto latest = co_await latest_job(sources, *id);
    if (!latest) co_return api_error(latest.error());
    job = *latest;
  }
  WorkspaceId workspace;
  sources->view.with_connection(
      *id, [&](const ConnectionPicture& picture) { workspace = picture.view->workspace; });
  const Mono now = sources->clock().mono;
  const auto seen = co_await sources->streams->look(job, *id, std::move(workspace), now);
  if (!seen) co_return api_error(seen.error());
  json::array shown;
  for (const StreamState& stream : seen->streams) shown.emplace_back(json_of(stream));
  Names names(sources->view);
  const json::object out{{"connection", connection_reference(*id, names)},
                         {"job", json_of(seen->job)},
                         {"streams", std::move(shown)}};
  co_return json_answer(200, out);
}

Answer api_logs(SourcesPtr sources, ApiRequest request) {
  const auto most = request.query.count("limit", default_lines, most_lines);
  if (!most) co_return api_error(most.error());
  const auto id = find_connection(sources->view, request.path.at(1));
  if (!id) co_return api_error(id.error());
  if (!sources->log_lines) {
    const Error no_logs{Errc::unsupported, "this process cannot ask for logs", "", ""};
    co_return api_error(no_logs);
  }
  const auto given = job_given(request.query);
  if (!given) co_return api_error(given.error());
  JobId job = *given;
  if (job.value == 0) {
    const auto latest = co_await latest_job(sources, *id);
    if (!latest) co_return api_error(latest.error());
    job = *latest;
  }
  const auto lines = co_await sources->log_lines(job, *most);
  if (!lines) co_return api_error(lines.error());
  json::array shown;
  for (const std::string& line : *lines) shown.emplace_back(json_of(std::string_view(line)));
  Names names(sources->view);
  const json::object out{
      {"connection", connection_reference(*id, names)}, {"job", job.value}, {"lines", std::move(shown)}};
  co_return json_answer(200, out);
}

}  // namespace syncwarden::admin
