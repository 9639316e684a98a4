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

void find_waits(Forecast& forecast) {
  std::map<std::pair<Instant, std::string>, WaitingHour> found;
  for (const auto& tick : forecast.ticks) {
    if (tick.waits < worth_telling) continue;
    const Instant hour = std::chrono::floor<hours>(tick.due);
    auto& entry = found[{hour, tick.destination}];
    entry.hour = hour;
    entry.destination = tick.destination;
    ++entry.ticks;
    entry.longest = std::max(entry.longest, tick.waits);
  }
  for (auto& [key, hour] : found) forecast.hours.push_back(std::move(hour));
}

/// The first moment in which the data of a connection is older than its target.
std::optional<BrokenTarget> broken_target(const ConnectionView& view, const FreshnessPolicy& policy,
                                          const std::vector<Instant>& successes, const Forecast& forecast) {
  if (const auto* limit = std::get_if<Millis>(&policy.late_after)) {
    for (std::size_t i = 0; i < successes.size(); ++i) {
      const Instant late = successes[i] + *limit;
      const Instant next = i + 1 < successes.size() ? successes[i + 1] : forecast.until;
      if (late < next) {
        return BrokenTarget{view.id, view.name.str(), std::max(late, forecast.from),
                            "late_after " + to_string(*limit)};
      }
    }
  } else if (const auto* done_by = std::get_if<DoneBy>(&policy.late_after)) {
    auto before = forecast.from - hours{24};
    for (auto deadline = done_by->deadlines.next(forecast.from); deadline && *deadline <= forecast.until;
         deadline = done_by->deadlines.next(*deadline)) {
      const bool done = std::any_of(successes.begin(), successes.end(),
                                    [&](Instant at) { return at > before && at <= *deadline; });
      if (!done) return BrokenTarget{view.id, view.name.str(), *deadline, "done_by " + to_rfc3339(*deadline)};
      before = *deadline;
    }
  }
  return std::nullopt;
}

void find_broken(Forecast& forecast, const Plan& plan, const std::vector<ConnectionView>& connections,
                 const std::map<ConnectionId, const ConnectionHistory*>& histories,
                 const std::vector<Span>& spans) {
  std::map<ConnectionId, std::vector<Instant>> successes;
  for (const auto& [id, history] : histories) {
    if (history->last_success) successes[id].push_back(*history->last_success);
  }
  for (const auto& span : spans) {
    if (span.ends <= forecast.until) successes[span.connection->id].push_back(span.ends);
  }
  for (const auto& view : connections) {
    const auto rule = std::find_if(plan.rules.begin(), plan.rules.end(),
                                   [&](const Rule& candidate) { return matches(candidate.match, view); });
    if (rule == plan.rules.end()) continue;
    auto& own = successes[view.id];
    std::sort(own.begin(), own.end());
    if (auto broken = broken_target(view, rule->policy.freshness, own, forecast)) {
      forecast.broken.push_back(std::move(*broken));
    }
  }
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
              const std::map<ConnectionId, const ConnectionHistory*>& histories,
              const std::vector<Span>& spans) {
  find_peaks(forecast, spans);
  find_waits(forecast);
  find_broken(forecast, plan, connections, histories, spans);
  for (const auto& peak : forecast.peaks) {
    if (peak.of != Peak::Of::destination || peak.jobs < 3) continue;
    auto flat = spread(forecast, peak, spans);
    if (flat.peak_after < flat.peak_before) forecast.flattenings.push_back(std::move(flat));
  }
}

}  // namespace syncwarden::forecast
