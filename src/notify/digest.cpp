#include "notify/digest.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::notify {
namespace {

constexpr Millis still_news{std::chrono::hours{12}};
constexpr Millis more_than_a_day{std::chrono::hours{26}};
constexpr std::size_t most_lines = 10;  ///< of a kind

/// What went wrong with one connection, and how often.
struct Trouble {
  std::size_t count = 0;
  Run newest;
};

struct Summary {
  std::array<std::size_t, 4> ended{};  ///< succeeded, failed, suspect, otherwise
  std::map<std::string, Trouble> failed;
  std::map<std::string, Trouble> suspect;
};

Summary summary_of(const Receiver& receiver, const DayFacts& day, const FindConnection& find) {
  Summary out;
  std::map<ConnectionId, std::optional<KnownConnection>> known;
  for (const Run& run : day.runs) {
    const auto [entry, fresh] = known.try_emplace(run.connection);
    if (fresh) entry->second = find(run.connection);
    const auto& connection = entry->second;
    if (!connection || !Outbox::concerns(receiver, connection->view, connection->labels)) continue;
    const auto event = event_of_verdict(run.verdict);
    const std::size_t place =
        event ? static_cast<std::size_t>(*event) - static_cast<std::size_t>(NoticeEvent::run_succeeded)
              : out.ended.size() - 1;
    ++out.ended[place];
    if (event != NoticeEvent::run_failed && event != NoticeEvent::run_suspect) continue;
    auto& troubles = event == NoticeEvent::run_failed ? out.failed : out.suspect;
    Trouble& trouble = troubles[printable(connection->view.name)];
    if (trouble.count++ == 0 || trouble.newest.nominal < run.nominal) trouble.newest = run;
  }
  return out;
}

std::string times(std::size_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

/// The most frequent first.
void add_troubles(Incident& digest, std::string_view what, const std::map<std::string, Trouble>& troubles) {
  std::vector<std::pair<std::string, const Trouble*>> order;
  order.reserve(troubles.size());
  for (const auto& [name, trouble] : troubles) order.emplace_back(name, &trouble);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second->count > b.second->count; });
  for (std::size_t i = 0; i < std::min(order.size(), most_lines); ++i) {
    const auto& [name, trouble] = order[i];
    digest.events.push_back({digest.updated,
                             fmt::format("{} {}: {}; last {}", what, times(trouble->count), name,
                                         run_summary(trouble->newest, nullptr)),
                             ""});
  }
  if (order.size() > most_lines) {
    digest.events.push_back(
        {digest.updated, fmt::format("{}: {} more connections", what, order.size() - most_lines), ""});
  }
}

void add_open(Incident& digest, const std::vector<Incident>& open) {
  for (std::size_t i = 0; i < std::min(open.size(), most_lines); ++i) {
    const Incident& one = open[i];
    digest.events.push_back({digest.updated,
                             fmt::format("open since {} ({}): {}: {}", to_rfc3339(one.opened),
                                         to_string(one.severity), one.subject, one.summary),
                             ""});
  }
  if (open.size() > most_lines) {
    digest.events.push_back(
        {digest.updated, fmt::format("open: {} more incidents", open.size() - most_lines), ""});
  }
}

}  // namespace

std::optional<Instant> due_digest(const DigestTime& daily, Instant last, Instant now) {
  std::optional<Instant> newest;
  auto next = daily.when.next(std::max(last, now - more_than_a_day));
  while (next && *next <= now) {
    newest = next;
    next = daily.when.next(*next);
  }
  if (newest && now - *newest > still_news) return std::nullopt;
  return newest;
}

Notice digest_notice(const Receiver& receiver, const DayFacts& day, const FindConnection& find) {
  const Summary summary = summary_of(receiver, day, find);
  Notice out;
  out.key = fmt::format("digest-{}/{}", day.until.time_since_epoch().count(), receiver.name);
  out.receiver = receiver.name;
  out.event = NoticeEvent::daily_digest;
  out.at = day.until;
  Incident& digest = out.incident;
  const auto& ended = summary.ended;
  const std::size_t runs = ended[0] + ended[1] + ended[2] + ended[3];
  digest.subject = "the day until " + to_rfc3339(day.until);
  digest.summary =
      fmt::format("{}{} run{} ended: {} succeeded, {} failed, {} suspect, {} otherwise; {} incident{} open",
                  day.has_more ? "At least " : "", runs, runs == 1 ? "" : "s", ended[0], ended[1], ended[2],
                  ended[3], day.open.size(), day.open.size() == 1 ? " is" : "s are");
  digest.severity = Severity::info;
  digest.opened = day.from;
  digest.updated = day.until;
  digest.closed = day.until;
  add_troubles(digest, "failed", summary.failed);
  add_troubles(digest, "suspect", summary.suspect);
  add_open(digest, day.open);
  return out;
}

}  // namespace syncwarden::notify
