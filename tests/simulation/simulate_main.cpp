// The simulator as a program: ./dev simulate --seeds N [--seed S] [--days D] [--trace]
#include "simulation/play.hpp"
#include "simulation/year.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::simulation {
namespace {

struct Asked {
  std::uint64_t seeds = 200;
  std::uint64_t first = 1;
  std::uint64_t days = 0;
  std::uint64_t hourly = 0;
  bool trace = false;
};

constexpr const char* usage =
    "usage: simulate [--seeds N] [--seed FIRST] [--days D] [--trace]\n"
    "       simulate --hourly CONNECTIONS [--days D]\n"
    "  Plays N worlds of D days (4) with faults and 14 hours without, and judges them.\n"
    "  --trace prints what happens in the first one, a line an event.\n"
    "  --hourly plays D days (365) of that many hourly connections without faults.\n";

std::optional<Asked> parse(int count, char** words) {
  Asked asked;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--trace") {
      asked.trace = true;
      asked.seeds = 1;
      continue;
    }
    std::uint64_t* into = word == "--seeds"    ? &asked.seeds
                          : word == "--seed"   ? &asked.first
                          : word == "--days"   ? &asked.days
                          : word == "--hourly" ? &asked.hourly
                                               : nullptr;
    if (into == nullptr || ++i == count) return std::nullopt;
    const std::string_view number = words[i];
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), *into);
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  }
  return asked;
}

void add(Tally& sum, const Tally& more) {
  sum.due += more.due;
  sum.started += more.started;
  sum.skipped += more.skipped;
  sum.missed += more.missed;
  sum.failed_to_start += more.failed_to_start;
  sum.undecided += more.undecided;
  sum.lost += more.lost;
  sum.jobs += more.jobs;
  sum.ours += more.ours;
  sum.doubled += more.doubled;
  sum.wrongly_cancelled += more.wrongly_cancelled;
  sum.cancels += more.cancels;
  sum.adopted += more.adopted;
}

int run(const Asked& asked) {
  const auto began = std::chrono::steady_clock::now();
  PlayOptions options;
  options.safety = std::chrono::hours{24 * static_cast<std::int64_t>(asked.days > 0 ? asked.days : 4)};
  if (asked.trace) options.print = [](const std::string& line) { fmt::print("{}\n", line); };
  Tally sum;
  Coverage coverage;
  std::map<std::string, std::pair<std::uint64_t, std::vector<std::uint64_t>>> by_oracle;
  double years = 0;
  std::uint64_t crashes = 0, events = 0, bad = 0;
  for (std::uint64_t seed = asked.first; seed < asked.first + asked.seeds; ++seed) {
    const auto played = play(seed, options);
    years += std::chrono::duration<double, std::ratio<365 * 24 * 3600>>(played.span).count();
    add(sum, played.tally);
    coverage.add(played.coverage);
    crashes += played.crashes;
    events += played.events;
    for (const auto& violation : played.violations) {
      auto& broken = by_oracle[violation.oracle];
      ++broken.first;
      if (broken.second.size() < 5 && (broken.second.empty() || broken.second.back() != seed))
        broken.second.push_back(seed);
    }
    if (played.violations.empty()) continue;
    if (++bad <= 20) fmt::print("{}", told(played));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print("{}", coverage.table());
  fmt::print(
      "{} seeds from {}, {:.1f} virtual years: {} ticks due, {} started or attached, {} skipped, {} missed, "
      "{} failed "
      "to start, {} still waiting; {} jobs, {} of them ours, {} adopted, {} cancels; {} crashes, {} events\n",
      asked.seeds, asked.first, years, sum.due, sum.started, sum.skipped, sum.missed, sum.failed_to_start,
      sum.undecided, sum.jobs, sum.ours, sum.adopted, sum.cancels, crashes, events);
  fmt::print("{} lost, {} doubled, {} wrongly cancelled; {} seeds with violations; {:.1f} s\n", sum.lost,
             sum.doubled, sum.wrongly_cancelled, bad, took.count());
  for (const auto& [oracle, broken] : by_oracle) {
    fmt::print("broken: {} {} times, in seeds {} …\n", oracle, broken.first, fmt::join(broken.second, " "));
  }
  const auto missing = coverage.missing();
  if (!missing.empty() && asked.seeds >= 200) {
    for (const auto& what : missing) fmt::print("never fired: {}\n", what);
    return 1;
  }
  return bad == 0 ? 0 : 1;
}

int run_hourly(const Asked& asked) {
  const auto began = std::chrono::steady_clock::now();
  const auto days = static_cast<std::int64_t>(asked.days > 0 ? asked.days : 365);
  const auto year = play_year(asked.hourly, days);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  for (const auto& what : year.broken) fmt::print("broken: {}\n", what);
  fmt::print("{} hourly connections, {} days: {} ticks due, {} started, {} jobs, {} events; {:.1f} s\n",
             asked.hourly, days, year.due, year.started, year.jobs, year.events, took.count());
  return year.broken.empty() && year.started == year.due && year.jobs == year.due ? 0 : 1;
}

}  // namespace
}  // namespace syncwarden::simulation

int main(int count, char** words) {
  const auto asked = syncwarden::simulation::parse(count, words);
  if (!asked) {
    std::fputs(syncwarden::simulation::usage, stderr);
    return 2;
  }
  return asked->hourly > 0 ? syncwarden::simulation::run_hourly(*asked) : syncwarden::simulation::run(*asked);
}
