// Questions about the past, answered from memory.
#include "store/memory/memory_store.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>

namespace syncwarden::store {
namespace {

bool within(const HistoryQuery& query, Instant at) {
  return (!query.from || at >= *query.from) && (!query.until || at <= *query.until);
}

bool about(const HistoryQuery& query, const ConnectionId& connection) {
  return !query.connection || connection == *query.connection;
}

bool about(const HistoryQuery& query, const ScheduleId& schedule) {
  if (!query.connection) return true;
  const auto prefix = std::string{query.connection->text} + "/";
  return std::string_view{schedule.text}.starts_with(prefix);
}

/// Sorts by `key`, the largest first, and keeps as many as were asked for.
template <class T, class Key>
void keep_newest(std::vector<T>& rows, const HistoryQuery& query, const Key& key) {
  std::sort(rows.begin(), rows.end(), [&key](const T& a, const T& b) { return key(a) > key(b); });
  const auto most = std::min(query.limit, history_rows_at_most);
  if (rows.size() > most) rows.resize(most);
}

}  // namespace

boost::asio::awaitable<Result<HistoryPage>> MemoryStore::read(HistoryQuery query) {
  if (closed_) co_return closed_error();
  co_return past(query);
}

boost::asio::awaitable<Result<void>> MemoryStore::backup(std::string path) {
  if (closed_) co_return closed_error();
  co_return Error{Errc::unsupported, "the state is kept in memory: there is no file to copy", path,
                  "name a state file in the configuration"};
}

HistoryPage MemoryStore::past(const HistoryQuery& query) const {
  HistoryPage page;
  switch (query.what) {
    case HistoryQuery::What::ticks:
      for (const auto& [key, tick] : ticks_) {
        if (within(query, tick.nominal) && about(query, tick.schedule)) page.ticks.push_back(tick);
      }
      keep_newest(page.ticks, query, [](const Tick& tick) { return std::tie(tick.nominal, tick.schedule); });
      break;
    case HistoryQuery::What::runs:
      for (const auto& [id, run] : runs_) {
        if (within(query, run.nominal) && about(query, run.connection)) page.runs.push_back(run);
      }
      keep_newest(page.runs, query, [](const Run& run) { return std::tie(run.nominal, run.id); });
      break;
    case HistoryQuery::What::jobs:
      for (const auto& [id, record] : jobs_) {
        if (within(query, record.job.created) && about(query, record.job.connection)) {
          page.jobs.push_back(record);
        }
      }
      keep_newest(page.jobs, query,
                  [](const JobRecord& record) { return std::tie(record.job.created, record.job.id); });
      break;
    case HistoryQuery::What::incidents:
      for (const auto& [id, incident] : incidents_) {
        const bool wanted = !query.incident || id == *query.incident;
        if (wanted && within(query, incident.opened) && about(query, incident.connection)) {
          page.incidents.push_back(incident);
        }
      }
      keep_newest(page.incidents, query,
                  [](const Incident& incident) { return std::tie(incident.opened, incident.id); });
      break;
    case HistoryQuery::What::commands:
      for (const auto& [key, record] : commands_) {
        if (within(query, record.at)) page.commands.push_back(record);
      }
      keep_newest(page.commands, query,
                  [](const CommandRecord& record) { return std::tie(record.at, record.key); });
      break;
  }
  return page;
}

}  // namespace syncwarden::store
