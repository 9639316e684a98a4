#include "app/direct_sync.hpp"

#include "airbyte/client.hpp"
#include "app/flags.hpp"
#include "base/text.hpp"
#include "model/plan.hpp"
#include "runtime/clock.hpp"

#include <csignal>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::app {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::seconds between_looks{2};
/// Airbyte may be away for so long before nobody waits any more; the sync itself is not touched by that.
constexpr int most_failures = 30;

Result<ConnectionView> pick(const std::vector<ConnectionView>& connections, const std::string& meant) {
  std::vector<const ConnectionView*> found;
  Match by_name;
  by_name.name = meant;
  for (const ConnectionView& connection : connections) {
    if (std::string_view(connection.id.text) == meant) return connection;
    if (matches(by_name, connection)) found.push_back(&connection);
  }
  if (found.size() == 1) return *found.front();
  if (found.empty()) {
    return Error{Errc::not_found, fmt::format("there is no connection \"{}\"", printable(meant)), "",
                 "`syncwarden check --online` lists them"};
  }
  std::string candidates;
  for (const ConnectionView* one : found) {
    candidates +=
        fmt::format("\n  {}  {}", std::string_view(one->id.text), printable(std::string_view(one->name)));
  }
  return Error{Errc::usage, fmt::format("\"{}\" means several connections:{}", printable(meant), candidates),
               "", "give the id of one"};
}

struct Outcome {
  int status = exit_failed;
  std::optional<SyncState> last;
};

class Direct {
 public:
  Direct(asio::io_context& loop, AirbyteApi& airbyte, const DirectSync& options, Outcome& outcome)
      : airbyte_(airbyte),
        options_(options),
        outcome_(outcome),
        pause_(loop),
        signals_(loop, SIGINT, SIGTERM) {
    signals_.async_wait([this](const boost::system::error_code& ec, int /*signal*/) {
      if (ec) return;
      interrupted_ = true;
      pause_.cancel();
    });
  }

  asio::awaitable<void> run() {
    co_await sync();
    boost::system::error_code ignored;
    signals_.cancel(ignored);
    airbyte_.close();
  }

 private:
  void fail(const Error& error) {
    outcome_.status = error.code == Errc::not_found ? exit_usage : exit_status(error);
    report(error);
  }

  asio::awaitable<void> sync() {
    const auto probed = co_await airbyte_.probe();
    if (!probed) {
      fail(probed.error());
      co_return;
    }
    const auto connections = co_await airbyte_.connections();
    if (!connections) {
      fail(connections.error());
      co_return;
    }
    const auto connection = pick(*connections, options_.connection);
    if (!connection) {
      fail(connection.error());
      co_return;
    }
    const std::string name = printable(std::string_view(connection->name));
    out::TriggerSync request;
    request.connection = connection->id;
    request.not_after = runtime::read_clock().mono + std::chrono::hours{1};
    const auto reply = co_await airbyte_.trigger(std::move(request));
    if (reply.answer != TriggerAnswer::created) {
      tell_refusal(name, reply);
      co_return;
    }
    if (!options_.json) fmt::print("{}: job {} started\n", name, reply.job.value);
    std::fflush(stdout);
    outcome_.status = exit_done;
    JobView started;
    started.id = reply.job;
    started.status = reply.status;
    outcome_.last = direct_state(name, started);
    if (options_.wait) co_await watch(*connection, reply.job);
  }

  void tell_refusal(const std::string& name, const TriggerReply& reply) {
    if (reply.answer == TriggerAnswer::conflict) {
      outcome_.status = exit_failed;
      fmt::print(stderr, "syncwarden: {}: something runs there already; nothing was started\n", name);
      return;
    }
    if (reply.answer == TriggerAnswer::unclear) {
      fmt::print(stderr, "syncwarden: {}: nobody knows whether it was started; look before you ask again\n",
                 name);
    }
    if (reply.error) fail(*reply.error);
  }

  asio::awaitable<void> watch(ConnectionView connection, JobId job) {
    const std::string name = printable(std::string_view(connection.name));
    ProgressDisplay display{Look::of_output()};
    const Mono begin = runtime::read_clock().mono;
    int failures = 0;
    while (true) {
      out::InspectJob request;
      request.job = job;
      request.connection = connection.id;
      request.workspace = connection.workspace;
      request.only_progress = true;
      const auto view = co_await airbyte_.inspect(std::move(request));
      const Now now = runtime::read_clock();
      failures = view ? 0 : failures + 1;
      if (failures > most_failures) {
        display.end();
        fail(view.error());
        co_return;
      }
      if (view) {
        SyncState state = direct_state(name, view->job);
        state.streams = view->streams;
        if (!options_.json) display.show(state, now.wall);
        outcome_.last = state;
        if (state.over()) {
          display.end();
          if (!options_.json) fmt::print("{}\n", verdict_line(state, now.wall));
          outcome_.status = exit_status_of(state);
          co_return;
        }
      }
      const bool late = options_.timeout && now.mono - begin >= *options_.timeout;
      if (!late && !interrupted_) {
        pause_.expires_after(between_looks);
        (void)co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
      }
      if (!late && !interrupted_) continue;
      display.end();
      fmt::print(stderr, "the sync goes on; cancel it with: syncwarden airbyte jobs cancel {}{}\n", job.value,
                 options_.place);
      outcome_.status = exit_still_running;
      co_return;
    }
  }

  AirbyteApi& airbyte_;
  const DirectSync& options_;
  Outcome& outcome_;
  asio::steady_timer pause_;
  asio::signal_set signals_;
  bool interrupted_ = false;
};

}  // namespace

SyncState direct_state(const std::string& name, const JobView& job) {
  SyncState state;
  state.name = name;
  state.job = job.id.value;
  state.status = to_string(job.status);
  state.phase = "watching";
  state.attempts = job.attempts;
  const JobCounters& counters = job.counters;
  // While it runs, what is read moves sooner than what is committed.
  const bool ended = is_terminal(job.status);
  const auto either = [ended](const auto& committed, const auto& emitted) {
    const auto& first = ended ? committed : emitted;
    return first ? first : (ended ? emitted : committed);
  };
  state.records = either(counters.records_committed, counters.records_emitted);
  state.bytes = either(counters.bytes_committed, counters.bytes_emitted);
  if (job.created != Instant{}) state.created = job.created;
  if (!is_terminal(job.status)) return state;
  state.phase = "finished";
  state.ended = job.updated;
  state.verdict = to_string(job.status);
  if (job.status == JobStatus::succeeded && !has_statistics(counters)) {
    state.verdict = "suspect";
    state.why = "Airbyte says succeeded and shows no statistics at all";
  }
  if (job.status == JobStatus::failed && !job.failures.empty())
    state.why = printable(job.failures.front().message, 500);
  return state;
}

int run_direct_sync(const settings::Settings& settings, const DirectSync& options) {
  asio::io_context loop(1);
  auto airbyte = airbyte::make_client(loop.get_executor(), settings.airbyte, runtime::read_clock, {});
  if (!airbyte) return report(airbyte.error());
  Outcome outcome;
  Direct direct(loop, **airbyte, options, outcome);
  auto running = direct.run();
  asio::co_spawn(loop, std::move(running), [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  });
  loop.run();
  if (options.json && outcome.last) {
    const SyncState& last = *outcome.last;
    fmt::print("{}\n", json_of({{"connection", last.name},
                                {"job", std::to_string(last.job)},
                                {"status", last.status},
                                {"verdict", last.verdict},
                                {"why", last.why}}));
  }
  return outcome.status;
}

}  // namespace syncwarden::app
