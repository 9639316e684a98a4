// Reads what bears on a connection's tick, and has it explained.
#include "admin/explain.hpp"
#include "admin/impl/api.hpp"
#include "admin/impl/api_json.hpp"
#include "admin/impl/find.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace json = boost::json;
namespace {

constexpr std::size_t newest_ticks = 5;
constexpr std::size_t newest_jobs = 5;
constexpr std::size_t most_rows = 500;

using What = HistoryQuery::What;

HistoryQuery query_of(What what, const ConnectionId& connection, std::size_t limit) {
  HistoryQuery query;
  query.what = what;
  query.connection = connection;
  query.limit = limit;
  return query;
}

/// The newest rows up to `until`, and the oldest ones after it: the history is asked newest first, so the
/// stretch behind `until` grows until something is in it.
asio::awaitable<Result<HistoryPage>> around(SourcesPtr sources, HistoryQuery query, Instant until) {
  constexpr std::array stretches{std::chrono::hours{1}, std::chrono::hours{24}, std::chrono::hours{24 * 7},
                                 std::chrono::hours{24 * 40}};
  HistoryQuery later = query;
  query.until = until;
  auto found = co_await read_history(sources, std::move(query));
  if (!found) co_return found;
  later.limit = most_rows;
  later.from = until + Millis{1};
  for (const auto stretch : stretches) {
    later.until = until + stretch;
    auto after = co_await read_history(sources, later);
    if (!after) co_return after;
    if (after->ticks.empty() && after->jobs.empty()) continue;
    after->ticks.insert(after->ticks.end(), found->ticks.begin(), found->ticks.end());
    after->jobs.insert(after->jobs.end(), found->jobs.begin(), found->jobs.end());
    co_return after;
  }
  co_return found;
}

/// What the ticks, or the time asked about, span: the runs, jobs and incidents in it tell the story.
std::pair<std::optional<Instant>, std::optional<Instant>> span_of(const Evidence& evidence) {
  std::optional<Instant> from, until;
  for (const Tick& tick : evidence.ticks) {
    from = from ? std::min(*from, tick.nominal) : tick.nominal;
    until = until ? std::max(*until, tick.nominal) : tick.nominal;
  }
  if (evidence.at) {
    const Instant end = *evidence.at + meant_span(*evidence.at);
    from = from ? std::min(*from, *evidence.at) : *evidence.at;
    until = until ? std::max(*until, end) : end;
  } else {
    until.reset();
  }
  return {from, until};
}

asio::awaitable<Result<void>> gather(SourcesPtr sources, Evidence* evidence) {
  const ConnectionId id = evidence->connection.id;
  const bool asked = evidence->at.has_value();
  const Instant meant = asked ? *evidence->at + meant_span(*evidence->at) - Millis{1} : evidence->now;
  HistoryQuery ticks = query_of(What::ticks, id, newest_ticks);
  HistoryPage page;
  if (asked) {
    auto found = co_await around(sources, std::move(ticks), meant);
    if (!found) co_return found.error();
    page = *std::move(found);
  } else {
    auto found = co_await read_history(sources, std::move(ticks));
    if (!found) co_return found.error();
    page = *std::move(found);
  }
  evidence->ticks = std::move(page.ticks);
  const auto [from, until] = span_of(*evidence);

  HistoryQuery runs = query_of(What::runs, id, from ? most_rows : newest_ticks);
  runs.from = from;
  runs.until = until;
  auto found_runs = co_await read_history(sources, std::move(runs));
  if (!found_runs) co_return found_runs.error();
  evidence->runs = std::move(found_runs->runs);

  HistoryQuery jobs = query_of(What::jobs, id, evidence->ticks.empty() ? newest_jobs : most_rows);
  if (!evidence->ticks.empty()) {
    jobs.from = *from - std::chrono::hours{24};  // a job that ran already may have become a tick's
    auto found_jobs = co_await read_history(sources, std::move(jobs));
    if (!found_jobs) co_return found_jobs.error();
    evidence->jobs = std::move(found_jobs->jobs);
  } else {
    auto found_jobs = co_await around(sources, std::move(jobs), meant);
    if (!found_jobs) co_return found_jobs.error();
    evidence->jobs = std::move(found_jobs->jobs);
  }

  HistoryQuery incidents = query_of(What::incidents, id, most_rows);
  incidents.from = from;
  auto found_incidents = co_await read_history(sources, std::move(incidents));
  if (!found_incidents) co_return found_incidents.error();
  evidence->incidents = std::move(found_incidents->incidents);
  co_return Result<void>{};
}

json::object shown(const Line& line) {
  json::array steps;
  for (const Step& step : line.steps)
    steps.emplace_back(
        json::object{{"at", json_of(step.at)}, {"text", json_of(std::string_view(step.text))}});
  return {{"kind", json_of(to_string(line.kind))},
          {"at", json_of(line.at)},
          {"text", json_of(std::string_view(line.text))},
          {"steps", std::move(steps)}};
}

}  // namespace

Answer api_explain(SourcesPtr sources, ApiRequest request) {
  const auto meant = request.query.text("connection");
  if (!meant) {
    const Error missing{Errc::usage, "connection is missing", "", "give the id or the name of a connection"};
    co_return api_error(missing);
  }
  const auto id = find_connection(sources->view, *meant);
  if (!id) co_return api_error(id.error());
  const auto at = request.query.instant("at");
  if (!at) co_return api_error(at.error());
  Evidence evidence;
  evidence.now = sources->clock().wall;
  evidence.at = *at;
  sources->view.with_connection(*id, [&](const ConnectionPicture& picture) {
    evidence.connection = *picture.view;
    evidence.rule = picture.rule;
    evidence.schedules = picture.schedules;
    evidence.waiting = picture.waiting;
    if (picture.pause != nullptr) evidence.pause = *picture.pause;
    evidence.breaker_open = picture.breaker_open;
  });
  if (evidence.connection.id.empty()) {
    const Error gone{Errc::not_found, "this connection is gone", "", ""};
    co_return api_error(gone);
  }
  const auto gathered = co_await gather(sources, &evidence);
  if (!gathered) co_return api_error(gathered.error());
  json::array lines, schedules;
  for (const Line& line : explain(evidence)) lines.emplace_back(shown(line));
  for (const auto& text : evidence.schedules) schedules.emplace_back(json_of(std::string_view(text)));
  const json::object connection{{"id", json_of(std::string_view(evidence.connection.id.text))},
                                {"name", json_of(std::string_view(evidence.connection.name))}};
  const json::object out{{"connection", connection},
                         {"at", json_of(evidence.at)},
                         {"now", json_of(std::optional(evidence.now))},
                         {"rule", json_or_null(evidence.rule)},
                         {"schedules", std::move(schedules)},
                         {"lines", std::move(lines)}};
  co_return json_answer(200, out);
}

}  // namespace syncwarden::admin
