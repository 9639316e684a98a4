// Next instants per second, single-threaded. Goals: 5,000,000 in UTC, 2,000,000 in a DST zone.
#include "calendar/next_command.hpp"
#include "calendar/schedule.hpp"

#include <array>

#include <benchmark/benchmark.h>

namespace {

using namespace syncwarden;
using namespace syncwarden::calendar;

constexpr std::array expressions{"* * * * * ?",      "* * * * *",    "0 0/15 * * * ?", "0 15 2 * * ?",
                                 "30 2 * * MON-FRI", "0 0 0 LW * ?", "0 0 29 2 *",     "0 0 0 ? 2 2#5"};
constexpr std::array zones{"UTC", "Europe/Berlin", "Australia/Lord_Howe"};
constexpr Instant start{std::chrono::seconds{1767225600}};

void next_instant(benchmark::State& state) {
  const auto* expression = expressions[static_cast<std::size_t>(state.range(0))];
  const auto* zone = zones[static_cast<std::size_t>(state.range(1))];
  const auto schedule = Schedule::cron({expression, zone, static_cast<DstPolicy>(state.range(2))});
  Instant at = start;
  for (auto _ : state) {
    const auto next = schedule->next(at);
    at = next ? *next : start;
    benchmark::DoNotOptimize(at);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(std::string(expression) + " " + zone + " " +
                 std::string(to_string(static_cast<DstPolicy>(state.range(2)))));
}
BENCHMARK(next_instant)->ArgsProduct({{0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2}, {0}});
BENCHMARK(next_instant)->ArgsProduct({{2, 3}, {1}, {1, 2}});

void batch_lines(benchmark::State& state) {
  const NextDefaults how{"UTC", start, 5, DstPolicy::safe};
  std::size_t i = 0;
  for (auto _ : state) {
    const std::string line =
        std::string(expressions[i % expressions.size()]) + "\t" + zones[i % zones.size()];
    benchmark::DoNotOptimize(answer_line(line, how, false));
    ++i;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(batch_lines);

}  // namespace
