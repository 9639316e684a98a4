#include "base/text.hpp"
#include "forecast/plan.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace syncwarden::forecast {
namespace {

using std::chrono::hours;

constexpr std::size_t most_rows = 20;
constexpr std::size_t widest_bar = 50;

std::string clock_text(Instant at) { return to_rfc3339(std::chrono::floor<std::chrono::minutes>(at)); }

std::string peaks(const Forecast& forecast) {
  std::string text = "Most jobs at once\n";
  std::size_t rows = 0;
  for (const auto& peak : forecast.peaks) {
    if (peak.jobs == 0 || ++rows > most_rows) break;
    const auto name = peak.of == Peak::Of::everything ? std::string{"everything"}
                      : peak.of == Peak::Of::source   ? "source " + printable(peak.name)
                                                      : "destination " + printable(peak.name);
    text += fmt::format("  {:<40} {:>5} at {}   {:.1f} on average\n", name, peak.jobs, clock_text(peak.at),
                        peak.mean);
  }
  return text;
}

std::string waits(const Forecast& forecast) {
  if (forecast.hours.empty()) return "No tick would wait.\n";
  std::string text = "Ticks would wait\n";
  std::size_t rows = 0;
  for (const auto& hour : forecast.hours) {
    if (++rows > most_rows) {
      text += fmt::format("  and in {} hours more\n", forecast.hours.size() - most_rows);
      break;
    }
    text += fmt::format("  {}  destination {:<30} {:>5} tick{}, up to {}{}\n", clock_text(hour.hour),
                        printable(hour.destination), hour.ticks, hour.ticks == 1 ? "" : "s",
                        to_string(std::chrono::round<std::chrono::seconds>(hour.longest)),
                        hour.waits_for.empty() ? "" : "; " + hour.waits_for);
  }
  return text;
}

std::string not_started(const Forecast& forecast) {
  std::map<std::string, std::pair<std::uint64_t, const PlannedTick*>> reasons;
  for (const auto& tick : forecast.ticks) {
    if (tick.starts) continue;
    auto& entry =
        reasons[tick.decided ? fmt::format("{}: {}", to_string(tick.outcome), to_string(tick.reason))
                             : std::string("still waiting at the end")];
    if (entry.first++ == 0) entry.second = &tick;
  }
  if (reasons.empty()) return "Every tick would start.\n";
  std::string text = "Ticks would not start\n";
  for (const auto& [reason, entry] : reasons) {
    text += fmt::format("  {:<30} {:>6}, first {} of {}: {}\n", reason, entry.first,
                        clock_text(entry.second->due), printable(entry.second->name),
                        entry.second->decided ? entry.second->detail : entry.second->waits_for);
  }
  return text;
}

std::string advice(const Forecast& forecast) {
  std::string text;
  if (!forecast.broken.empty())
    text += fmt::format("{} freshness target{} would break\n", forecast.broken.size(),
                        forecast.broken.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(forecast.broken.size(), most_rows); ++i) {
    const auto& broken = forecast.broken[i];
    text += fmt::format("  {} is too old from {} on ({})\n", printable(broken.name), clock_text(broken.at),
                        broken.target);
  }
  if (forecast.broken.size() > most_rows)
    text += fmt::format("  and {} more\n", forecast.broken.size() - most_rows);
  for (const auto& flat : forecast.flattenings) {
    text += fmt::format("Destination {}: {} jobs at once would be {} with\n", printable(flat.destination),
                        flat.peak_before, flat.peak_after);
    for (std::size_t i = 0; i < std::min<std::size_t>(flat.moves.size(), 10); ++i) {
      text += fmt::format("  {} {} later\n", printable(flat.moves[i].name), to_string(flat.moves[i].by));
    }
    if (flat.moves.size() > 10) text += fmt::format("  and {} more\n", flat.moves.size() - 10);
  }
  if (forecast.unknown_durations > 0) {
    text += fmt::format("{} connections have no success to learn from; they are taken to last {}.\n",
                        forecast.unknown_durations, to_string(assumed_duration));
  }
  return text;
}

std::string timeline(const Forecast& forecast) {
  std::map<Instant, std::pair<std::uint64_t, std::uint64_t>> by_hour;
  for (Instant hour = std::chrono::floor<hours>(forecast.from); hour < forecast.until; hour += hours{1})
    by_hour[hour];
  std::uint64_t most = 1;
  for (const auto& tick : forecast.ticks) {
    const auto hour = by_hour.find(std::chrono::floor<hours>(tick.starts.value_or(tick.due)));
    if (hour == by_hour.end()) continue;
    ++(tick.starts ? hour->second.first : hour->second.second);
    most = std::max(most, hour->second.first);
  }
  std::string text = "Starts\n";
  for (const auto& [hour, counts] : by_hour) {
    const auto bar = static_cast<std::size_t>(counts.first * widest_bar / most);
    text += fmt::format("  {} {:>6} {}{}\n", clock_text(hour), counts.first, std::string(bar, '#'),
                        counts.second > 0 ? fmt::format("  ({} not started)", counts.second) : "");
  }
  return text;
}

}  // namespace

std::string render(const Forecast& forecast) {
  return fmt::format("{} ticks from {} until {}\n\n", forecast.ticks.size(), clock_text(forecast.from),
                     clock_text(forecast.until)) +
         timeline(forecast) + "\n" + peaks(forecast) + "\n" + waits(forecast) + "\n" + not_started(forecast) +
         "\n" + advice(forecast);
}

}  // namespace syncwarden::forecast
