// The past: runs, ticks, incidents, and who asked for what.
#include "admin/impl/api.hpp"
#include "admin/impl/api_json.hpp"
#include "admin/impl/find.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
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

constexpr std::size_t default_rows = 100;
constexpr std::size_t most_rows = 1'000;

/// limit, from, until and connection, as every list of the past takes them. One row more than asked for is
/// read, which tells where the next page begins.
Result<HistoryQuery> history_query(const ApiSources& sources, const Query& given, HistoryQuery::What what) {
  HistoryQuery query;
  query.what = what;
  const auto limit = given.count("limit", default_rows, most_rows);
  if (!limit) return limit.error();
  query.limit = *limit + 1;
  const auto from = given.instant("from");
  if (!from) return from.error();
  const auto until = given.instant("until");
  if (!until) return until.error();
  query.from = *from;
  query.until = *until;
  if (const auto meant = given.text("connection")) {
    const auto id = find_connection(sources.view, *meant);
    if (!id) return id.error();
    query.connection = *id;
  }
  return query;
}

/// Cuts a page to what was asked for. Where there is more, the answer is the time of the first row left out:
/// the next page's `until`.
template <class Row, class Time>
json::value cut(std::vector<Row>& rows, std::size_t limit, Time time) {
  if (rows.size() <= limit) return nullptr;
  const Instant next = time(rows[limit]);
  rows.resize(limit);
  return json_of(std::optional(next));
}

/// A filter that the store does not know looks through the newest rows of the range.
template <class Row, class Keep>
void keep_only(std::vector<Row>& rows, Keep keep) {
  rows.erase(std::remove_if(rows.begin(), rows.end(), [&](const Row& row) { return !keep(row); }),
             rows.end());
}

Error no_such_word(std::string_view name, std::string_view word, std::string_view known) {
  return {Errc::usage, fmt::format("{}: there is no \"{}\"", name, word), "",
          fmt::format("one of {}", known)};
}

/// The jobs of these runs, asked for by the time in which they must have been created.
asio::awaitable<std::map<JobId, JobView>> jobs_of(SourcesPtr sources, std::vector<Run> runs,
                                                  std::optional<ConnectionId> connection) {
  HistoryQuery query;
  query.connection = std::move(connection);
  query.limit = most_rows;
  for (const Run& run : runs) {
    if (run.job.value == 0) continue;
    const Instant early = std::min(run.nominal, run.intended == Instant{} ? run.nominal : run.intended);
    query.from = query.from ? std::min(*query.from, early) : early;
  }
  if (!query.from) co_return std::map<JobId, JobView>();
  *query.from -= std::chrono::hours{24};  // a job that ran already may have become this run's
  auto jobs = co_await read_jobs(std::move(sources), std::move(query));
  co_return jobs;
}

}  // namespace

Answer api_runs(SourcesPtr sources, ApiRequest request) {
  auto query = history_query(*sources, request.query, HistoryQuery::What::runs);
  if (!query) co_return api_error(query.error());
  const auto word = request.query.text("verdict");
  const auto verdict = word ? verdict_from(*word) : std::nullopt;
  if (word && !verdict) {
    const Error unknown =
        no_such_word("verdict", *word, "succeeded, suspect, failed, cancelled, abandoned, ambiguous");
    co_return api_error(unknown);
  }
  const auto id = request.query.text("run");
  const std::size_t limit = query->limit - 1;
  if (id || verdict) query->limit = most_rows + 1;
  const auto connection = query->connection;
  auto page = co_await read_history(sources, *query);
  if (!page) co_return api_error(page.error());
  auto next = cut(page->runs, id || verdict ? most_rows : limit, [](const Run& run) { return run.nominal; });
  keep_only(page->runs, [&](const Run& run) {
    return (!verdict || run.verdict == *verdict) && (!id || to_string(run.id) == *id);
  });
  if (page->runs.size() > limit) next = cut(page->runs, limit, [](const Run& run) { return run.nominal; });
  std::vector<Run> runs = page->runs;
  const auto jobs = co_await jobs_of(sources, std::move(runs), connection);
  Names names(sources->view);
  json::array shown;
  for (const Run& run : page->runs) shown.emplace_back(json_of(run, names, jobs));
  const json::object out{{"runs", std::move(shown)}, {"next", std::move(next)}};
  co_return json_answer(200, out);
}

Answer api_ticks(SourcesPtr sources, ApiRequest request) {
  auto query = history_query(*sources, request.query, HistoryQuery::What::ticks);
  if (!query) co_return api_error(query.error());
  const auto word = request.query.text("outcome");
  const auto outcome = word ? tick_outcome_from(*word) : std::nullopt;
  if (word && !outcome) {
    const Error unknown =
        no_such_word("outcome", *word, "started, attached, skipped, missed, failed_to_start");
    co_return api_error(unknown);
  }
  const std::size_t limit = query->limit - 1;
  if (outcome) query->limit = most_rows + 1;
  auto page = co_await read_history(sources, *query);
  if (!page) co_return api_error(page.error());
  const auto nominal = [](const Tick& tick) { return tick.nominal; };
  auto next = cut(page->ticks, outcome ? most_rows : limit, nominal);
  if (outcome) keep_only(page->ticks, [&](const Tick& tick) { return tick.outcome == *outcome; });
  if (page->ticks.size() > limit) next = cut(page->ticks, limit, nominal);
  Names names(sources->view);
  json::array shown;
  for (const Tick& tick : page->ticks) shown.emplace_back(json_of(tick, names));
  const json::object out{{"ticks", std::move(shown)}, {"next", std::move(next)}};
  co_return json_answer(200, out);
}

Answer api_incidents(SourcesPtr sources, ApiRequest request) {
  const auto state = request.query.text("state").value_or("open");
  if (state != "open" && state != "all") {
    const Error unknown = no_such_word("state", state, "open, all");
    co_return api_error(unknown);
  }
  auto query = history_query(*sources, request.query, HistoryQuery::What::incidents);
  if (!query) co_return api_error(query.error());
  const std::size_t limit = query->limit - 1;
  std::vector<Incident> found;
  if (state == "open") {
    sources->view.for_each_incident([&](const Incident& incident) {
      const bool meant = (!query->connection || incident.connection == *query->connection) &&
                         (!query->from || incident.opened >= *query->from) &&
                         (!query->until || incident.opened <= *query->until);
      if (meant) found.push_back(incident);
    });
    std::reverse(found.begin(), found.end());
  } else {
    auto page = co_await read_history(sources, *query);
    if (!page) co_return api_error(page.error());
    found = std::move(page->incidents);
  }
  auto next = cut(found, limit, [](const Incident& incident) { return incident.opened; });
  Names names(sources->view);
  json::array shown;
  for (const Incident& incident : found) shown.emplace_back(json_of(incident, names, false));
  const json::object out{{"incidents", std::move(shown)}, {"next", std::move(next)}};
  co_return json_answer(200, out);
}

Answer api_incident(SourcesPtr sources, ApiRequest request) {
  IncidentId id;
  id.value = whole_number(request.path.at(1)).value_or(0);
  std::optional<Incident> found;
  sources->view.for_each_incident([&](const Incident& incident) {
    if (incident.id == id) found = incident;
  });
  if (!found && id.value != 0) {
    HistoryQuery query;
    query.what = HistoryQuery::What::incidents;
    query.incident = id;
    query.limit = 1;
    auto page = co_await read_history(sources, std::move(query));
    if (!page) co_return api_error(page.error());
    if (!page->incidents.empty() && page->incidents.front().id == id) found = page->incidents.front();
  }
  if (!found) {
    const Error none{Errc::not_found, fmt::format("there is no incident {}", request.path.at(1)), "",
                     "`syncwarden incidents --all` lists them"};
    co_return api_error(none);
  }
  Names names(sources->view);
  co_return json_answer(200, json_of(*found, names, true));
}

Answer api_commands(SourcesPtr sources, ApiRequest request) {
  auto query = history_query(*sources, request.query, HistoryQuery::What::commands);
  if (!query) co_return api_error(query.error());
  const std::size_t limit = query->limit - 1;
  auto page = co_await read_history(sources, *query);
  if (!page) co_return api_error(page.error());
  auto next = cut(page->commands, limit, [](const CommandRecord& record) { return record.at; });
  json::array shown;
  for (const CommandRecord& record : page->commands) shown.emplace_back(json_of(record));
  const json::object out{{"commands", std::move(shown)}, {"next", std::move(next)}};
  co_return json_answer(200, out);
}

}  // namespace syncwarden::admin
