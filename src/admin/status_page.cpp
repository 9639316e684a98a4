#include "admin/impl/status_page.hpp"

#include "admin/amounts.hpp"
#include "admin/impl/answers.hpp"
#include "admin/impl/attention.hpp"
#include "admin/impl/find.hpp"
#include "admin/impl/timeline.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace {

constexpr std::size_t most_starts = 10;
constexpr std::size_t most_jobs = 1'000;

constexpr std::string_view style = R"(
html { color-scheme: light dark; } time { white-space: nowrap; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 64rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { margin: 0; font-size: 1.5rem; } h2 { margin: 1.6rem 0 .3rem; font-size: 1.05rem; }
p { margin: .2rem 0; } .dim { opacity: .7; }
.bad { color: #c4261d; } .warn { color: #a85b00; } .fine { color: #1b7f3b; }
@media (prefers-color-scheme: dark) { .bad { color: #ff8a80; } .warn { color: #ffb74d; } .fine { color: #81c995; } a { color: #8ab4f8; } }
footer, .legend { font-size: .9rem; }
ul.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; margin: 1rem 0 0; padding: 0; }
ul.counts li { border: 1px solid #8886; border-radius: .4rem; padding: .3rem .8rem; min-width: 4.5rem; }
ul.counts b { display: block; font-size: 1.3rem; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: normal; opacity: .7; } th, td { padding: .2rem 1rem .2rem 0; vertical-align: top; }
td { border-top: 1px solid #8884; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
@media (max-width: 40rem) {
  thead { display: none; } tr { display: block; border-top: 1px solid #8884; padding: .3rem 0; }
  td { display: block; border: 0; padding: 0; } td:empty { display: none; }
  td + td::before { content: attr(title) ": "; opacity: .7; }
}
.line { display: flex; align-items: center; gap: .8rem; min-height: 1.5rem; }
.line b { flex: 0 0 max(30%, 9rem); font-weight: normal; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars, .hours { position: relative; flex: 1; height: 1rem; overflow: hidden; } .bars { background: #8882; }
.hours span { position: absolute; font-size: .75rem; opacity: .7; border-left: 1px solid #888; padding-left: .2rem; }
.bars i { position: absolute; top: 0; bottom: 0; min-width: 2px; }
i.good { background: #34a853; } i.bad { background: #d93025; } i.now { background: #4285f4; } i.off { background: #9aa0a6; }
footer { margin-top: 2rem; }
)";

std::string escaped(std::string_view text) { return html_escaped(printable(text)); }

std::string ago(Instant at, Instant now) {
  const auto apart = std::chrono::floor<std::chrono::seconds>(at <= now ? now - at : at - now);
  const auto text = apart.count() == 0 ? "now"
                    : at <= now        ? rough_text(apart) + " ago"
                                       : "in " + rough_text(apart);
  return fmt::format(R"(<time title="{}">{}</time>)", to_rfc3339(at), text);
}
std::string ago(const std::optional<Instant>& at, Instant now) { return at ? ago(*at, now) : "never"; }

/// Rows under a heading; nothing at all without rows.
class Section {
 public:
  Section(std::string_view title, std::vector<std::string_view> columns, std::size_t total)
      : title_(title), columns_(std::move(columns)), total_(total) {}

  /// Cells are HTML already; those of a column without a name are left out.
  void add(std::initializer_list<std::string> cells) {
    rows_ += "<tr>";
    std::size_t column = 0;
    for (const auto& cell : cells) {
      const auto head = columns_[column++];
      if (!head.empty()) rows_ += fmt::format(R"(<td title="{}">{}</td>)", head, cell);
    }
    rows_ += "</tr>\n";
    ++listed_;
  }
  [[nodiscard]] std::string html() const {
    if (listed_ == 0) return {};
    std::string heads;
    for (const auto column : columns_) {
      if (!column.empty()) heads += fmt::format("<th>{}</th>", column);
    }
    const auto more =
        total_ > listed_ ? fmt::format("<p>and {} more</p>\n", total_ - listed_) : std::string();
    return fmt::format("<h2>{}</h2>\n<table><thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table>\n{}",
                       title_, heads, rows_, more);
  }

 private:
  std::string_view title_;
  std::vector<std::string_view> columns_;
  std::size_t total_;
  std::size_t listed_ = 0;
  std::string rows_;
};

std::string airbyte_line(const FleetPicture& fleet, Instant now) {
  if (!fleet.airbyte_up) {
    const std::string why = fleet.airbyte_error ? to_string(*fleet.airbyte_error) : "not reached yet";
    return fmt::format(R"(<p>Airbyte is <b class="bad">out of reach</b>: {}</p>)", escaped(why));
  }
  const std::string version = fleet.airbyte ? fleet.airbyte->version : std::string();
  return fmt::format(R"(<p>Airbyte {} is <b class="fine">up</b>, last read {}</p>)",
                     version.empty() ? "of unknown version" : escaped(version),
                     ago(fleet.last_jobs_poll, now));
}

/// What holds everything back.
std::string remarks(const FleetPicture& fleet, Instant now) {
  std::string out;
  const auto add = [&out](std::string_view text) { out += fmt::format(R"(<p class="warn">{}</p>)", text); };
  if (fleet.draining)
    add(fleet.drained ? "Drained: nothing of ours runs, nothing is started"
                      : "Draining: nothing more is started");
  if (fleet.fleet_held) add("Starts are held: too many jobs fail at once");
  if (fleet.intents_unresolved > 0) {
    add(fmt::format("{} requests whose effect is not known yet, the oldest {}", fleet.intents_unresolved,
                    ago(fleet.oldest_unresolved, now)));
  }
  return out;
}

std::string counts(const FleetPicture& fleet) {
  const auto sum = [](const auto& many) {
    std::size_t all = 0;
    for (const std::size_t one : many) all += one;
    return all;
  };
  std::size_t active = 0;
  for (const auto& [key, jobs] : fleet.active_jobs) active += jobs;
  struct Count {
    std::string_view name;
    std::size_t count;
    std::string_view look;  ///< where it is not 0
  };
  const Count all[] = {{"connections", fleet.connections, ""},
                       {"managed", fleet.managed, ""},
                       {"jobs now", active, ""},
                       {"waiting", waiting_in(fleet), ""},
                       {"late", sum(fleet.stale), "warn"},
                       {"failing", fleet.failing, "bad"},
                       {"incidents", sum(fleet.open_incidents), "bad"},
                       {"paused", fleet.paused, "warn"}};
  std::string out = "<ul class=\"counts\">\n";
  for (const auto& [name, count, look] : all)
    out += fmt::format("<li><b class=\"{}\">{}</b>{}</li>\n", count > 0 ? look : "", count, name);
  return out + "</ul>\n";
}

std::string incidents(const ReadView& view, Instant now) {
  const auto open = worst_incidents(view);
  Section section("Incidents", {"What about", "What", "Severity", "Since", "Owner"}, open.size());
  for (std::size_t i = 0; i < std::min(open.size(), most_listed); ++i) {
    const Incident& incident = open[i];
    const auto subject = escaped(incident.subject);
    const bool linked = incident.link.starts_with("https://") || incident.link.starts_with("http://");
    section.add(
        {linked ? fmt::format(R"(<a href="{}" rel="noreferrer">{}</a>)", escaped(incident.link), subject)
                : subject,
         fmt::format("{} <span class=\"dim\">({})</span>", escaped(incident.summary), incident.id.value),
         fmt::format(R"(<span class="{}">{}</span>)",
                     incident.severity == Severity::critical ? "bad" : "warn", to_string(incident.severity)),
         ago(incident.opened, now), escaped(incident.owner)});
  }
  return section.html();
}

std::string running(const ReadView& view, const std::vector<Remarkable>& found, Instant now) {
  Section section("Running", {"Connection", "Job", "Status", "For", "Typical", "Moved", "Stuck"},
                  found.size());
  for (std::size_t i = 0; i < std::min(found.size(), most_listed); ++i) {
    view.with_connection(found[i].id, [&](const ConnectionPicture& picture) {
      for (const JobPicture& job : picture.jobs) {
        section.add({escaped(std::string_view(picture.view->name)), fmt::format("{}", job.view->id.value),
                     std::string(to_string(job.view->status)),
                     rough_text(std::chrono::floor<std::chrono::seconds>(now - job.view->created)),
                     job.typical ? rough_text(*job.typical) : std::string(), amounts_text(job.view->counters),
                     job.stuck ? fmt::format(R"(<span class="bad">{}</span>)", to_string(*job.stuck))
                               : std::string()});
      }
    });
  }
  return section.html();
}

std::string waiting(const std::vector<WaitingTick>& ticks, std::size_t total, Instant now) {
  Section section("Waiting", {"Connection", "Due", "For what"}, total);
  for (const WaitingTick& tick : ticks) {
    section.add({escaped(tick.name), ago(tick.picture.nominal, now),
                 escaped(tick.picture.what.empty() ? to_string(tick.picture.cause) : tick.picture.what)});
  }
  return section.html();
}

/// Late and failing connections, and the next starts; `when` heads what the list is ordered by, where that is
/// not the last success.
std::string connections(std::string_view title, std::string_view when, std::size_t most, const ReadView& view,
                        const std::vector<Remarkable>& found, Instant now) {
  Section section(title, {"Connection", when, "Last success", "Failed in a row"}, found.size());
  for (std::size_t i = 0; i < std::min(found.size(), most); ++i) {
    view.with_connection(found[i].id, [&](const ConnectionPicture& picture) {
      const auto failures = picture.consecutive_failures;
      section.add({escaped(std::string_view(picture.view->name)),
                   when.empty() ? std::string() : ago(found[i].since, now), ago(picture.last_success, now),
                   failures == 0 ? std::string() : fmt::format(R"(<span class="bad">{}</span>)", failures)});
    });
  }
  return section.html();
}

/// The jobs of the last day, as far as they are known here, and those that run.
asio::awaitable<std::string> last_day(SourcesPtr sources, std::vector<Remarkable> running, Instant now) {
  HistoryQuery query;
  query.what = HistoryQuery::What::jobs;
  query.from = now - longest_timeline;
  query.limit = most_jobs;
  auto reading = read_jobs(sources, std::move(query));
  auto known = co_await std::move(reading);
  const bool all = known.size() < most_jobs;
  running.resize(std::min(running.size(), most_listed));
  for (const Remarkable& one : running) {
    sources->view.with_connection(one.id, [&](const ConnectionPicture& picture) {
      for (const JobPicture& job : picture.jobs) known.insert_or_assign(job.view->id, *job.view);
    });
  }
  std::vector<JobView> jobs;
  jobs.reserve(known.size());
  for (const auto& [id, job] : known) jobs.push_back(job);
  Names names(sources->view);
  auto bars =
      timeline(jobs, now, [&](const ConnectionId& id) { return printable(names.of(id).value_or("")); });
  if (bars.empty()) co_return bars;
  bars += "<p class=\"legend dim\">Green succeeded, red failed, grey was cancelled, blue runs";
  bars += all ? ".</p>\n" : fmt::format("; the newest {} jobs only.</p>\n", most_jobs);
  co_return bars;
}

std::string page_of(const ApiSources& sources, Instant now, std::string_view content) {
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<title>syncwarden</title>
<link rel="icon" href="data:,">
<style>{}</style>
</head>
<body>
<h1>syncwarden</h1>
{}<footer class="dim">
<p>As of {} UTC; loads itself again every 15 seconds. At the terminal <code>syncwarden status CONNECTION</code> and
<code>syncwarden explain CONNECTION</code> tell more.</p>
<p><a href="/metrics">Metrics</a> · <a href="/readyz?verbose">Readiness</a> · <a href="/livez?verbose">Liveness</a> ·
<a href="/health">Health</a> · <a href="/api/v1/status">Status as JSON</a> · version {} ({})</p>
</footer>
</body>
</html>
)",
                     style, content, to_rfc3339(now).substr(0, 19), html_escaped(sources.build.version),
                     html_escaped(sources.build.revision));
}

}  // namespace

Answer status_page(SourcesPtr sources) {
  const Instant now = sources->clock().wall;
  const ReadView& view = sources->view;
  const FleetPicture fleet = view.fleet(now);
  const Attention found = look_around(view, now);
  const std::size_t total_waiting = waiting_in(fleet);
  std::string content = airbyte_line(fleet, now) + remarks(fleet, now) + counts(fleet) +
                        incidents(view, now) + running(view, found.running, now);
  auto looking = waiting_ticks(view, found.managed, std::min(total_waiting, most_listed));
  const auto ticks = co_await std::move(looking);
  content += waiting(ticks, total_waiting, now);
  content += connections("Late", "Since", most_listed, view, found.late, now);
  content += connections("Failing", "", most_listed, view, found.failing, now);
  content += connections("Next starts", "Due", most_starts, view, found.next, now);
  auto drawing = last_day(sources, found.running, now);
  content += co_await std::move(drawing);
  http::Response response;
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-store"}};
  response.body = page_of(*sources, now, content);
  co_return response;
}

}  // namespace syncwarden::admin
