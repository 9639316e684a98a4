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
constexpr Millis shortest_timeline{std::chrono::minutes{10}};

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

struct Span {
  Instant from;
  Instant until;
};

/// A day, or as much of it as anything is known of.
Span span_of(const std::vector<JobView>& jobs, Instant now) {
  Instant oldest = now - shortest_timeline;
  for (const JobView& job : jobs) oldest = std::min(oldest, job.created);
  return {std::max(oldest, now - longest_timeline), now};
}

void add_bar(Row& row, const JobView& job, Span span) {
  const Instant begin = std::max(job.created, span.from);
  const Instant end =
      std::max(begin, is_terminal(job.status) ? std::min(job.updated, span.until) : span.until);
  const auto share = [&](Millis part) {
    return 100.0 * static_cast<double>(part.count()) / static_cast<double>((span.until - span.from).count());
  };
  row.bars += fmt::format(
      R"(<i class="{}" style="left:{:.2f}%;width:{:.2f}%" title="job {}, {} UTC, {}, {}"></i>)",
      look_of(job.status), share(begin - span.from), share(end - begin), job.id.value,
      to_rfc3339(job.created).substr(11, 5), to_string(job.status), rough_text(end - job.created));
  row.newest = std::max(row.newest, job.created);
  ++row.all;
  if (job.status == JobStatus::succeeded) ++row.succeeded;
  if (job.status == JobStatus::failed) ++row.failed;
}

std::string hours(Span span) {
  std::string out;
  for (int quarter = 0; quarter < 4; ++quarter) {
    const auto at = span.from + quarter * (span.until - span.from) / 4;
    out += fmt::format(R"(<span style="left:{}%">{}</span>)", quarter * 25, to_rfc3339(at).substr(11, 5));
  }
  return out;
}

}  // namespace

std::string timeline(const std::vector<JobView>& jobs, Instant now,
                     const std::function<std::string(const ConnectionId&)>& name_of) {
  const Span span = span_of(jobs, now);
  std::map<ConnectionId, Row> rows;
  for (const JobView& job : jobs) {
    const bool over = is_terminal(job.status) && job.updated < span.from;
    if (!over && job.created <= now) add_bar(rows[job.connection], job, span);
  }
  if (rows.empty()) return {};
  std::vector<std::pair<ConnectionId, const Row*>> order;
  order.reserve(rows.size());
  for (const auto& [id, row] : rows) order.emplace_back(id, &row);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second->newest > b.second->newest; });
  std::string out = fmt::format(
      R"(<h2>Jobs of the last {}</h2><div class="line"><b>UTC</b><div class="hours">{}</div></div>)",
      rough_text(span.until - span.from), hours(span));
  out += '\n';
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
