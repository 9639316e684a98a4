#include "fake_view.hpp"
#include "observe/metrics.hpp"

#include <benchmark/benchmark.h>

namespace syncwarden::observe {
namespace {

void render(benchmark::State& state) {
  testing::FakeView view;
  const auto connections = static_cast<std::size_t>(state.range(0));
  for (std::size_t i = 0; i < connections; ++i) {
    auto& row = view.add(i, "source-" + std::to_string(i % 60), "destination-" + std::to_string(i % 5));
    row.picture.next_run = Instant(Millis(1'767'225'600'000));
    row.picture.running_since = Instant(Millis(1'767'225'600'000));
    row.picture.last_duration = Millis(61'500);
    row.picture.last_records = 123'456;
    row.picture.last_bytes = 123'456'789;
  }
  MetricsOptions options;
  options.detail = state.range(1) == 0   ? ConnectionDetail::off
                   : state.range(1) == 1 ? ConnectionDetail::basic
                                         : ConnectionDetail::full;
  Metrics metrics(options);
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string text = metrics.render(view, {Instant(Millis(1'767'268'800'000)), Mono{}});
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(render)
    ->ArgNames({"connections", "detail"})
    ->Unit(benchmark::kMillisecond)
    ->Args({0, 1})
    ->Args({5'000, 1})
    ->Args({10'000, 0})
    ->Args({10'000, 1})
    ->Args({10'000, 2});

}  // namespace
}  // namespace syncwarden::observe

BENCHMARK_MAIN();
