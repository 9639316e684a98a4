// The present: the fleet, connections, and the logs and streams of their jobs.
#include "admin/impl/api.hpp"
#include "admin/impl/api_json.hpp"
#include "admin/impl/find.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace json = boost::json;
namespace {

/// So much of each list stands in the status: a page that a person reads.
constexpr std::size_t most_listed = 50;
/// Connections looked at before the loop turns again.
constexpr std::size_t slice = 200;
constexpr std::size_t default_connections = 100;
constexpr std::size_t most_connections = 1'000;
constexpr std::size_t default_lines = 500;
constexpr std::size_t most_lines = 5'000;

/// A connection that somebody may want to see, and what it is ordered by.
struct Remarkable {
  ConnectionId id;
  Instant since;
};

struct Remarkables {
  std::vector<Remarkable> running, late, failing;
  std::vector<ConnectionId> managed;
};

Remarkables look_around(const ReadView& view, Instant now) {
  Remarkables found;
  view.for_each_connection([&](const ConnectionPicture& picture) {
    const ConnectionView& connection = *picture.view;
    if (picture.managed) found.managed.push_back(connection.id);
    if (picture.running_since) found.running.push_back({connection.id, *picture.running_since});
    if (connection.status != ConnectionStatus::active) return;
    if (picture.stale_after && *picture.stale_after < now)
      found.late.push_back({connection.id, *picture.stale_after});
    if (picture.consecutive_failures > 0)
      found.failing.push_back({connection.id, picture.last_success.value_or(Instant{})});
  });
  return found;
}

/// The longest-standing first; the rest is only counted.
json::array brief(const ReadView& view, std::vector<Remarkable>& found, Instant now) {
  std::sort(found.begin(), found.end(), [](const Remarkable& a, const Remarkable& b) {
    return std::tie(a.since, a.id) < std::tie(b.since, b.id);
  });
  json::array out;
  for (std::size_t i = 0; i < std::min(found.size(), most_listed); ++i) {
    view.with_connection(found[i].id, [&](const ConnectionPicture& picture) {
      out.emplace_back(json_of(picture, now, false));
    });
  }
  return out;
}

json::object reference(const ConnectionPicture& picture) {
  return {{"id", json_of(std::string_view(picture.view->id.text))},
          {"name", json_of(std::string_view(picture.view->name))}};
}

json::array running_jobs(const ReadView& view, std::vector<Remarkable>& running) {
  std::sort(running.begin(), running.end(), [](const Remarkable& a, const Remarkable& b) {
    return std::tie(a.since, a.id) < std::tie(b.since, b.id);
  });
  json::array out;
  for (std::size_t i = 0; i < std::min(running.size(), most_listed); ++i) {
    view.with_connection(running[i].id, [&](const ConnectionPicture& picture) {
      for (const JobPicture& job : picture.jobs) {
        json::object shown = json_of(job);
        shown["connection"] = reference(picture);
        out.emplace_back(std::move(shown));
      }
    });
  }
  return out;
}

json::array open_incidents(const ReadView& view, Names& names) {
  std::vector<Incident> open;
  view.for_each_incident([&](const Incident& incident) { open.push_back(incident); });
  std::stable_sort(open.begin(), open.end(),
                   [](const Incident& a, const Incident& b) { return a.severity > b.severity; });
  json::array out;
  for (std::size_t i = 0; i < std::min(open.size(), most_listed); ++i)
    out.emplace_back(json_of(open[i], names, false));
  return out;
}

/// Ticks that wait are not seen from afar, so each managed connection is looked at; in slices, and no further
/// than there is something to find.
asio::awaitable<json::array> waiting_ticks(SourcesPtr sources, std::vector<ConnectionId> managed,
                                           std::size_t wanted) {
  json::array out;
  const auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < managed.size() && out.size() < wanted; ++i) {
    if (i > 0 && i % slice == 0) co_await asio::post(executor, asio::use_awaitable);
    sources->view.with_connection(managed[i], [&](const ConnectionPicture& picture) {
      for (const WaitingPicture& tick : picture.waiting) {
        if (out.size() == wanted) return;
        json::object shown = json_of(tick);
        shown["connection"] = reference(picture);
        out.emplace_back(std::move(shown));
      }
    });
  }
  co_return out;
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
  Remarkables found = look_around(view, now.wall);
  Names names(view);
  json::object out{{"now", json_of(std::optional(now.wall))},
                   {"version", json_of(std::string_view(sources->build.version))},
                   {"started", json_of(std::optional(sources->started.wall))}};
  for (auto& member : json_of(fleet)) out.emplace(member.key(), member.value());
  out["running"] = running_jobs(view, found.running);
  out["late"] = brief(view, found.late, now.wall);
  out["failing"] = brief(view, found.failing, now.wall);
  out["open_incidents"] = open_incidents(view, names);
  std::size_t waiting = 0;
  for (const std::size_t ticks : fleet.waiting) waiting += ticks;
  auto ticks = co_await waiting_ticks(sources, std::move(found.managed), std::min(waiting, most_listed));
  out["waiting_ticks"] = std::move(ticks);
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
