#include "store/sqlite/impl/past.hpp"

#include "store/sqlite/impl/each_row.hpp"
#include "store/sqlite/impl/row_reader.hpp"
#include "store/sqlite/impl/rows.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::store {
namespace {

struct Span {
  std::int64_t from = 0;
  std::int64_t until = 0;
  std::int64_t limit = 0;
};

Span span_of(const HistoryQuery& query) {
  using Limits = std::numeric_limits<std::int64_t>;
  return {query.from ? ms(*query.from) : Limits::min(), query.until ? ms(*query.until) : Limits::max(),
          static_cast<std::int64_t>(std::min(query.limit, history_rows_at_most))};
}

/// Parameters: from, until, limit, then what `and_also` asks for.
std::string newest_first(std::string_view table, std::string_view columns, std::string_view time,
                         std::string_view and_also = "") {
  const auto key = table == "tick" ? std::string_view{"schedule_id"} : columns.substr(0, columns.find(", "));
  return fmt::format(
      "SELECT {0} FROM {1} WHERE {2} BETWEEN ?1 AND ?2{3} ORDER BY {2} DESC, {4} DESC LIMIT ?3", columns,
      table, time, and_also, key);
}

template <class T>
Result<void> read_rows(const Database& database, const std::string& sql, const HistoryQuery& query,
                       Result<T> (*read)(const Statement&, const std::string&), std::vector<T>& into) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  const auto span = span_of(query);
  statement->bind(span.from).bind(span.until).bind(span.limit);
  if (query.connection) statement->bind(query.connection->text);
  return each_row(database, *statement, read, [&into](T&& row) { into.push_back(std::move(row)); });
}

template <class T>
Result<void> read_by_connection(const Database& database, std::string_view table, std::string_view columns,
                                std::string_view time, const HistoryQuery& query,
                                Result<T> (*read)(const Statement&, const std::string&),
                                std::vector<T>& into) {
  const auto sql = newest_first(table, columns, time, query.connection ? " AND connection_id = ?4" : "");
  return read_rows(database, sql, query, read, into);
}

/// A connection's schedules, found by hopping from one to the next: their ids begin with its own.
Result<std::vector<std::string>> schedules_of(const Database& database, const ConnectionId& connection) {
  auto next = database.prepare("SELECT min(schedule_id) FROM tick WHERE schedule_id > ? AND schedule_id < ?");
  if (!next) return next.error();
  std::vector<std::string> found;
  const auto beyond = fmt::format("{}0", std::string_view{connection.text});  // '0' comes after '/'
  for (auto at = fmt::format("{}/", std::string_view{connection.text});;) {
    const auto step = next->reset().bind(at).bind(beyond).step();
    if (!step) return step.error();
    if (next->is_null(0)) return found;
    at = std::string{next->text(0)};
    found.push_back(at);
  }
}

Result<void> read_ticks_of(const Database& database, const HistoryQuery& query, std::vector<Tick>& into) {
  const auto schedules = schedules_of(database, *query.connection);
  if (!schedules) return schedules.error();
  auto statement =
      database.prepare(newest_first("tick", tick_columns, "nominal_ms", " AND schedule_id = ?4"));
  if (!statement) return statement.error();
  const auto span = span_of(query);
  for (const auto& schedule : *schedules) {
    statement->reset().bind(span.from).bind(span.until).bind(span.limit).bind(schedule);
    auto done =
        each_row(database, *statement, read_tick, [&into](Tick&& tick) { into.push_back(std::move(tick)); });
    if (!done) return done;
  }
  std::stable_sort(into.begin(), into.end(), [](const Tick& a, const Tick& b) {
    return a.nominal != b.nominal ? a.nominal > b.nominal : a.schedule > b.schedule;
  });
  if (into.size() > static_cast<std::size_t>(span.limit)) into.resize(static_cast<std::size_t>(span.limit));
  return {};
}

Result<void> read_ticks(const Database& database, const HistoryQuery& query, std::vector<Tick>& into) {
  if (query.connection) return read_ticks_of(database, query, into);
  return read_rows(database, newest_first("tick", tick_columns, "nominal_ms"), query, read_tick, into);
}

Result<void> read_incidents(const Database& database, const HistoryQuery& query,
                            std::vector<Incident>& into) {
  if (!query.incident) {
    return read_by_connection(database, "incident", incident_columns, "opened_ms", query, read_incident,
                              into);
  }
  auto only = query.connection ? std::string{" AND connection_id = ?4"} : std::string{};
  only += fmt::format(" AND incident_id = {}", static_cast<std::int64_t>(query.incident->value));
  return read_rows(database, newest_first("incident", incident_columns, "opened_ms", only), query,
                   read_incident, into);
}

Result<void> read_commands(const Database& database, HistoryQuery query, std::vector<CommandRecord>& into) {
  query.connection.reset();  // they may be about many, or about none
  return read_rows(database, newest_first("command", command_columns, "at_ms"), query, read_command, into);
}

Result<void> read_asked(const Database& database, const HistoryQuery& query, HistoryPage& page) {
  switch (query.what) {
    case HistoryQuery::What::ticks:
      return read_ticks(database, query, page.ticks);
    case HistoryQuery::What::runs:
      return read_by_connection(database, "run", run_columns, "nominal_ms", query, read_run, page.runs);
    case HistoryQuery::What::jobs:
      return read_by_connection(database, "job", job_columns, "created_ms", query, read_job, page.jobs);
    case HistoryQuery::What::incidents:
      return read_incidents(database, query, page.incidents);
    case HistoryQuery::What::commands:
      return read_commands(database, query, page.commands);
  }
  return {};
}

}  // namespace

Result<HistoryPage> read_past(const Database& database, const HistoryQuery& query) {
  if (auto begun = database.execute("BEGIN"); !begun) return begun.error();
  HistoryPage page;
  auto done = read_asked(database, query, page);
  database.roll_back();
  if (!done) return done.error();
  return page;
}

}  // namespace syncwarden::store
