#include "settings/impl/assemble.hpp"
#include "settings/impl/schedules.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

using calendar::Schedule;
using syncwarden::to_string;

struct Distances {
  Millis least{};
  Millis most{};
};

/// Between beginnings that follow each other, as a wall clock counts: a day on which the clocks change is no
/// shorter. Looks far enough for whatever repeats within a year.
std::optional<Distances> distances_of(const std::string& expression) {
  const auto schedule = Schedule::cron({.expression = expression});
  if (!schedule) return std::nullopt;
  std::optional<Distances> out;
  auto last = schedule->next(Instant{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}});
  for (int i = 0; i < 400 && last; ++i) {
    const auto following = schedule->next(*last);
    if (!following) break;
    const Millis distance = *following - *last;
    if (!out) out = Distances{distance, distance};
    out->least = std::min(out->least, distance);
    out->most = std::max(out->most, distance);
    last = following;
  }
  return out;
}

void check_duration(const Section& section, const Reading& reading) {
  const Value& duration = section.at("duration");
  if (!duration.given || !duration.valid) return;
  const auto distances = distances_of(section.at("cron").text);
  if (!distances) return;
  if (duration.duration > distances->least) {
    reading.problems.add(
        duration.place,
        fmt::format("{}: {} is longer than the {} from one beginning to the next", duration.path,
                    to_string(duration.duration), to_string(distances->least)),
        "windows of one blackout must not overlap: begin less often, or make it shorter");
  } else if (duration.duration == distances->most) {
    reading.problems.add(
        duration.place,
        fmt::format("{}: it ends when it begins again, so nothing would ever start", duration.path),
        "begin less often, or make it shorter");
  }
}

}  // namespace

std::vector<Blackout> assemble_blackouts(const Value& blackouts, const std::string& timezone,
                                         const Reading& reading) {
  std::vector<Blackout> out;
  std::map<std::string, std::size_t> names;
  for (const Section& section : blackouts.sections) {
    const Value& name = section.at("name");
    if (name.given && name.valid) {
      const auto [earlier, fresh] = names.emplace(name.text, name.place.line);
      if (!fresh) {
        reading.problems.add(name.place, fmt::format("{}: {} is the name of a blackout in line {} already",
                                                     name.path, shown(name.written), earlier->second));
      }
    }
    Match match;
    if (section.given("match") && section.at("match").valid) {
      match = assemble_match(section.section("match"), reading);
    }
    const Value& cron = section.at("cron");
    const Value& zone = section.at("timezone");
    if (!cron.given || !cron.valid || !zone.valid) continue;
    const std::string& in_zone = zone.given ? zone.text : timezone;
    if (!cron_schedule(cron, in_zone, calendar::DstPolicy::safe, reading)) continue;
    check_duration(section, reading);
    const Value& duration = section.at("duration");
    if (!duration.given || !duration.valid) continue;
    auto window = calendar::Window::make({.expression = cron.text, .timezone = in_zone}, duration.duration);
    if (!window) continue;  // told above
    out.push_back({.name = name.text,
                   .match = std::move(match),
                   .window = *std::move(window),
                   .skip_ticks = section.at("ticks").text == "skip",
                   .cancel_running = section.at("running").text == "cancel"});
  }
  return out;
}

}  // namespace syncwarden::settings
