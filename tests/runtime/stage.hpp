// A shell on a stage: an Airbyte that answers when the test says so, a disk that stalls and fails when the
// test says so, and a clock that only the test moves. It stands far from the real one, so that no kernel
// timer goes off by itself: poke() makes the core look.
#pragma once

#include "ports/airbyte_api.hpp"
#include "ports/fact_sink.hpp"
#include "ports/store.hpp"
#include "runtime/shell.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>

namespace syncwarden::runtime::testing {

/// What happened, in order, for those tests that care for it.
using Events = ::testing::NiceMock<::testing::MockFunction<void(const std::string&)>>;

/// A request that was started and waits for the test to answer it.
template <class Request, class Answer>
struct Call {
  Request request;
  std::shared_ptr<boost::asio::steady_timer> gate;
  std::optional<Answer> answer;
  bool ended = false;
  bool cancelled = false;  ///< ended without an answer of the test

  void reply(Answer value) {
    answer = std::move(value);
    gate->cancel();
  }
};

template <class Request, class Answer>
using Calls = std::deque<std::shared_ptr<Call<Request, Answer>>>;

/// Parks every call.
class FakeAirbyte final : public AirbyteApi {
 public:
  FakeAirbyte(boost::asio::any_io_executor executor, Events& events)
      : executor_(std::move(executor)), events_(events) {}

  boost::asio::awaitable<Result<AirbyteInfo>> probe() override;
  boost::asio::awaitable<Result<std::vector<ConnectionView>>> connections() override;
  boost::asio::awaitable<Result<JobsPage>> jobs(out::ReadJobs request) override;
  boost::asio::awaitable<Result<JobView>> job(JobId id) override;
  boost::asio::awaitable<Result<JobInspection>> inspect(out::InspectJob request) override;
  boost::asio::awaitable<Result<std::vector<std::string>>> log_lines(JobId id, std::size_t most) override;
  boost::asio::awaitable<TriggerReply> trigger(out::TriggerSync request) override;
  boost::asio::awaitable<in::CancelAnswered> cancel(out::CancelJob request) override;
  boost::asio::awaitable<Result<void>> set_schedule_manual(ConnectionId connection) override;
  std::optional<Millis> take_retry_after() override { return std::nullopt; }
  void close() override;

  Calls<int, Result<AirbyteInfo>> probes;
  Calls<int, Result<std::vector<ConnectionView>>> discoveries;
  Calls<out::ReadJobs, Result<JobsPage>> polls;
  Calls<out::TriggerSync, TriggerReply> triggers;
  Calls<out::CancelJob, in::CancelAnswered> cancels;
  bool deaf_to_close = false;  ///< a call that hangs below the client: only cancelling it helps

 private:
  template <class Request, class Answer>
  boost::asio::awaitable<Answer> park(Calls<Request, Answer>& calls, Request request, Answer otherwise);

  boost::asio::any_io_executor executor_;
  Events& events_;
  std::vector<std::function<void()>> wake_;
};

/// Keeps the batches; may stall them or refuse them.
class FakeStore final : public Store {
 public:
  FakeStore(boost::asio::any_io_executor executor, Events& events)
      : executor_(std::move(executor)), events_(events) {}

  boost::asio::awaitable<Result<std::optional<Lease>>> acquire_or_renew(std::string owner,
                                                                        Millis ttl) override;
  boost::asio::awaitable<Result<Snapshot>> load() override;
  boost::asio::awaitable<Result<void>> commit(CommitRequest request) override;
  boost::asio::awaitable<Result<void>> release(Epoch epoch) override;
  boost::asio::awaitable<Result<StoreStats>> stats() override;
  void close() override {}

  /// Lets the stalled commit through, and stalls the next one if `hold` is still set.
  void let_one_through();

  bool led_by_another = false;
  bool hold = false;
  std::optional<Error> refusal;      ///< every commit fails with this
  std::vector<CommitRequest> begun;  ///< commits asked for, refused ones too
  std::vector<CommitRequest> onto_disk;
  std::optional<Epoch> released;

 private:
  boost::asio::any_io_executor executor_;
  Events& events_;
  std::shared_ptr<boost::asio::steady_timer> gate_;
};

class FactRecorder final : public FactSink {
 public:
  void apply(const Fact& fact) override { facts.push_back(fact); }
  std::vector<Fact> facts;
};

/// Connection n is due at every full hour plus n minutes.
class Stage {
 public:
  explicit Stage(OverlapPolicy overlap = OverlapPolicy::skip);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  static constexpr std::size_t connection_count = 4;
  [[nodiscard]] static ConnectionId connection(std::size_t number);

  /// Starts the shell and answers until everything is known and nothing runs in Airbyte.
  void open();
  [[nodiscard]] Result<void> start();
  /// Runs what is ready; never waits.
  void run() {
    loop.restart();
    loop.poll();
  }
  /// Waits in small steps until `done`, at most `limit` of real time. False: in vain.
  bool run_until(const std::function<bool()>& done, Millis limit = std::chrono::seconds{5});
  void poke();
  /// Goes to that many minutes after the hour and lets the core look.
  void to_minute(int minute);
  void later(Millis by);
  [[nodiscard]] PlanPtr plan() const { return plan_; }
  /// An answer for the trigger of a connection: the job was made.
  [[nodiscard]] static TriggerReply created(std::int64_t job);
  [[nodiscard]] JobView running(std::int64_t job, std::size_t connection_number) const;
  /// Answers the newest poll.
  void answer_poll(std::vector<JobView> active);
  /// True if a batch holds the intent of that connection.
  [[nodiscard]] static bool intends(const CommitRequest& commit, const ConnectionId& connection);

  boost::asio::io_context loop{1};
  Events events;
  FakeStore store{loop.get_executor(), events};
  FactRecorder facts;
  std::shared_ptr<FakeAirbyte> airbyte = std::make_shared<FakeAirbyte>(loop.get_executor(), events);
  Now now;
  std::vector<Error> fatal;
  std::vector<std::optional<Errc>> commits;  ///< what `committed` was told
  std::unique_ptr<Shell> shell;

 private:
  PlanPtr plan_;
};

}  // namespace syncwarden::runtime::testing
