#include "admin/admin.hpp"
#include "fake_view.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace syncwarden::admin {

namespace asio = boost::asio;

namespace {

/// A whole scrape, and the longest time for which it keeps the loop.
void scrape(benchmark::State& state) {
  observe::testing::FakeView view;
  for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i) {
    view.add(i, "source-" + std::to_string(i % 60), "destination-" + std::to_string(i % 5));
  }
  observe::Metrics metrics{observe::MetricsOptions{}};
  const Now now{Instant(Millis(1'767'225'600'000)), Mono{}};
  const http::Handler handle = make_handler({view, metrics, [now] { return now; }, {}});
  http::Request request;
  request.target = "/metrics";
  request.headers.push_back({"Host", "localhost"});
  if (state.range(1) != 0) request.headers.push_back({"Accept-Encoding", "gzip"});
  std::chrono::duration<double, std::milli> longest{};
  std::size_t bytes = 0;
  for (auto _ : state) {
    asio::io_context context;
    asio::co_spawn(
        context, handle(request, {"127.0.0.1", true}),
        [&bytes](const std::exception_ptr&, const http::Response& answer) { bytes = answer.body.size(); });
    for (bool more = true; more && bytes == 0;) {
      const auto before = std::chrono::steady_clock::now();
      more = context.poll_one() > 0;
      longest = std::max<decltype(longest)>(longest, std::chrono::steady_clock::now() - before);
    }
    state.counters["bytes"] = static_cast<double>(bytes);
    bytes = 0;
  }
  state.counters["longest_turn_ms"] = longest.count();
}
BENCHMARK(scrape)
    ->ArgNames({"connections", "gzip"})
    ->Unit(benchmark::kMillisecond)
    ->Args({10'000, 0})
    ->Args({10'000, 1});

}  // namespace
}  // namespace syncwarden::admin

BENCHMARK_MAIN();
