#include "forecast/impl/conclusions.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::forecast {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Millis worth_telling{std::chrono::seconds{30}};

struct Range {
  Instant starts;
  Instant ends;
};

/// The most that lie over one another, and where; ends come before starts at the same instant.
std::pair<std::uint32_t, Instant> highest(const std::vector<Range>& ranges) {
  std::vector<std::pair<Instant, int>> edges;
  edges.reserve(ranges.size() * 2);
  for (const auto& range : ranges) {
    edges.emplace_back(range.starts, 1);
    edges.emplace_back(range.ends, -1);
  }
  std::sort(edges.begin(), edges.end());
  std::pair<std::uint32_t, Instant> best{0, {}};
  std::int64_t now = 0;
  for (const auto& [at, change] : edges) {
    now += change;
    if (now > static_cast<std::int64_t>(best.first)) best = {static_cast<std::uint32_t>(now), at};
  }
  return best;
}

Peak peak_of(Peak::Of of, std::string name, const std::vector<Range>& ranges, const Forecast& forecast) {
  Peak peak{of, std::move(name)};
  std::tie(peak.jobs, peak.at) = highest(ranges);
  Millis busy{};
  for (const auto& range : ranges) busy += std::min(range.ends, forecast.until) - range.starts;
  peak.mean =
      static_cast<double>(busy.count()) / static_cast<double>((forecast.until - forecast.from).count());
  return peak;
}

void find_peaks(Forecast& forecast, const std::vector<Span>& spans) {
  std::vector<Range> all;
  std::map<std::string, std::vector<Range>> sources, destinations;
  for (const auto& span : spans) {
    const Range range{span.starts, span.ends};
    all.push_back(range);
    sources[span.connection->source.name.str()].push_back(range);
    destinations[span.connection->destination.name.str()].push_back(range);
  }
  for (const auto& [name, ranges] : sources) {
    forecast.peaks.push_back(peak_of(Peak::Of::source, name, ranges, forecast));
  }
  for (const auto& [name, ranges] : destinations) {
    forecast.peaks.push_back(peak_of(Peak::Of::destination, name, ranges, forecast));
  }
  std::stable_sort(forecast.peaks.begin(), forecast.peaks.end(),
                   [](const Peak& a, const Peak& b) { return a.jobs > b.jobs; });
  forecast.peaks.insert(forecast.peaks.begin(), peak_of(Peak::Of::everything, {}, all, forecast));
}

std::string words_of(const PlannedTick& tick) {
  if (!tick.cause) return {};
  const std::string word(to_string(*tick.cause));
  return tick.waits_for.empty() ? word : word + ": " + tick.waits_for;
}

void find_waits(Forecast& forecast) {
  std::map<std::pair<Instant, std::string>, WaitingHour> found;
  std::map<std::pair<Instant, std::string>, std::map<std::string, std::uint32_t>> causes;
  for (const auto& tick : forecast.ticks) {
    if (tick.waits < worth_telling) continue;
    const Instant hour = std::chrono::floor<hours>(tick.due);
    auto& entry = found[{hour, tick.destination}];
    entry.hour = hour;
    entry.destination = tick.destination;
    ++entry.ticks;
    entry.longest = std::max(entry.longest, tick.waits);
    if (auto words = words_of(tick); !words.empty()) ++causes[{hour, tick.destination}][std::move(words)];
  }
  for (auto& [key, hour] : found) {
    std::uint32_t most = 0;
    for (const auto& [words, count] : causes[key]) {
      if (count > most) hour.waits_for = words;
      most = std::max(most, count);
    }
    forecast.hours.push_back(std::move(hour));
  }
}

std::string target_of(const Rule* rule, Instant at) {
  if (rule == nullptr) return "late_after auto";
  const auto& policy = rule->policy.freshness.late_after;
  if (const auto* limit = std::get_if<Millis>(&policy)) return "late_after " + to_string(*limit);
  if (std::holds_alternative<DoneBy>(policy)) return "done_by " + to_rfc3339(at);
  for (const auto& schedule : rule->schedules) {
    if (const auto* fresh = std::get_if<KeepFresh>(&schedule.when))
      return "keep_fresh " + to_string(fresh->target);
  }
  return "late_after auto";
}

void find_broken(Forecast& forecast, const Plan& plan, const std::vector<ConnectionView>& connections,
                 const std::map<ConnectionId, Instant>& late) {
  for (const auto& view : connections) {
    const auto found = late.find(view.id);
    if (found == late.end() || found->second >= forecast.until) continue;
    const auto rule = std::find_if(plan.rules.begin(), plan.rules.end(),
                                   [&](const Rule& candidate) { return matches(candidate.match, view); });
    const Instant at = std::max(found->second, forecast.from);
    forecast.broken.push_back({view.id, view.name.str(), at,
                               target_of(rule == plan.rules.end() ? nullptr : &*rule, found->second)});
  }
  std::stable_sort(forecast.broken.begin(), forecast.broken.end(),
                   [](const BrokenTarget& a, const BrokenTarget& b) { return a.at < b.at; });
}

/// The schedules that make a peak, spread evenly over the shortest distance between two ticks of one.
Flattening spread(const Forecast& forecast, const Peak& peak, const std::vector<Span>& spans) {
  Flattening flat{peak.name, peak.jobs, peak.jobs, {}};
  std::map<ScheduleId, std::vector<const PlannedTick*>> of_schedule;
  for (const auto& tick : forecast.ticks) {
    if (tick.destination == peak.name && tick.starts) of_schedule[tick.schedule].push_back(&tick);
  }
  Millis interval = hours{1};
  for (const auto& [id, ticks] : of_schedule) {
    for (std::size_t i = 1; i < ticks.size(); ++i) {
      interval = std::min(interval, std::max(Millis{minutes{1}}, ticks[i]->due - ticks[i - 1]->due));
    }
  }
  std::map<ConnectionId, Millis> moved;
  std::vector<const PlannedTick*> together;
  for (const auto& [id, ticks] : of_schedule) {
    const bool in_it = std::any_of(ticks.begin(), ticks.end(), [&](const PlannedTick* tick) {
      return *tick->starts <= peak.at && peak.at < tick->ends.value_or(forecast.until);
    });
    if (in_it) together.push_back(ticks.front());
  }
  for (std::size_t i = 1; i < together.size(); ++i) {
    const auto part = interval * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(together.size());
    const Millis by = std::chrono::floor<minutes>(part);
    if (by <= Millis{}) continue;
    flat.moves.push_back({together[i]->name, together[i]->schedule, by});
    moved[together[i]->connection] = by;
  }
  std::vector<Range> ranges;
  for (const auto& span : spans) {
    if (span.connection->destination.name != peak.name) continue;
    const auto shift = moved.find(span.connection->id);
    const Millis by = shift == moved.end() ? Millis{} : shift->second;
    ranges.push_back({span.starts + by, span.ends + by});
  }
  flat.peak_after = highest(ranges).first;
  return flat;
}

}  // namespace

void conclude(Forecast& forecast, const Plan& plan, const std::vector<ConnectionView>& connections,
              const std::map<ConnectionId, Instant>& late, const std::vector<Span>& spans) {
  find_peaks(forecast, spans);
  find_waits(forecast);
  find_broken(forecast, plan, connections, late);
  for (const auto& peak : forecast.peaks) {
    if (peak.of != Peak::Of::destination || peak.jobs < 3) continue;
    auto flat = spread(forecast, peak, spans);
    if (flat.peak_after < flat.peak_before) forecast.flattenings.push_back(std::move(flat));
  }
}

}  // namespace syncwarden::forecast
