#include "admin/impl/timeline.hpp"

#include "admin/amounts.hpp"
#include "admin/impl/answers.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace {

constexpr std::size_t most_rows = 30;

/// The classes of the page's style sheet.
std::string_view look_of(JobStatus status) {
  switch (status) {
    case JobStatus::succeeded:
      return "good";
    case JobStatus::failed:
      return "bad";
    case JobStatus::cancelled:
      return "off";
    default:
      return "now";
  }
}

struct Row {
  Instant newest;
  std::size_t succeeded = 0;
  std::size_t failed = 0;
  std::size_t all = 0;
  std::string bars;
};

void add_bar(Row& row, const JobView& job, Instant from, Instant now) {
  const Instant begin = std::max(job.created, from);
  const Instant end = std::max(begin, is_terminal(job.status) ? std::min(job.updated, now) : now);
  const auto share = [](Millis part) {
    return 100.0 * static_cast<double>(part.count()) / static_cast<double>(timeline_span.count());
  };
  row.bars += fmt::format(
      R"(<i class="{}" style="left:{:.2f}%;width:{:.2f}%" title="job {}, {} UTC, {}, {}"></i>)",
      look_of(job.status), share(begin - from), share(end - begin), job.id.value,
      to_rfc3339(job.created).substr(11, 5), to_string(job.status), rough_text(end - job.created));
  row.newest = std::max(row.newest, job.created);
  ++row.all;
  if (job.status == JobStatus::succeeded) ++row.succeeded;
  if (job.status == JobStatus::failed) ++row.failed;
}

std::string hours(Instant from) {
  std::string out;
  for (int quarter = 0; quarter < 4; ++quarter) {
    const auto at = from + quarter * timeline_span / 4;
    out += fmt::format(R"(<span style="left:{}%">{}</span>)", quarter * 25, to_rfc3339(at).substr(11, 5));
  }
  return out;
}

}  // namespace

std::string timeline(const std::vector<JobView>& jobs, Instant now,
                     const std::function<std::string(const ConnectionId&)>& name_of) {
  const Instant from = now - timeline_span;
  std::map<ConnectionId, Row> rows;
  for (const JobView& job : jobs) {
    const bool over = is_terminal(job.status) && job.updated < from;
    if (!over && job.created <= now) add_bar(rows[job.connection], job, from, now);
  }
  if (rows.empty()) return {};
  std::vector<std::pair<ConnectionId, const Row*>> order;
  order.reserve(rows.size());
  for (const auto& [id, row] : rows) order.emplace_back(id, &row);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second->newest > b.second->newest; });
  std::string out =
      fmt::format(R"(<div class="line"><b>UTC</b><div class="hours">{}</div></div>)", hours(from));
  for (std::size_t i = 0; i < std::min(order.size(), most_rows); ++i) {
    const auto& [id, row] = order[i];
    const auto name = name_of(id);
    out += fmt::format(
        R"(<div class="line"><b>{}</b><div class="bars" role="img" aria-label="{} jobs, {} succeeded, {} failed">{}</div></div>)",
        html_escaped(name.empty() ? id.text : name), row->all, row->succeeded, row->failed, row->bars);
    out += '\n';
  }
  if (order.size() > most_rows)
    out += fmt::format("<p>and {} more connections</p>\n", order.size() - most_rows);
  return out;
}

}  // namespace syncwarden::admin
