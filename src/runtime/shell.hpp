// The Asio shell: carries out what the core decides, and feeds it what comes back. One thread, one mailbox,
// one wake timer. The write-ahead rule lives here in one place: requests that change something in Airbyte
// start only after the commit that their decision belongs to.
#pragma once

#include "base/error.hpp"
#include "core/core.hpp"
#include "model/command.hpp"
#include "model/exchange.hpp"
#include "ports/airbyte_api.hpp"
#include "ports/fact_sink.hpp"
#include "ports/store.hpp"
#include "runtime/task_group.hpp"
#include "runtime/wake_timer.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace syncwarden::runtime {

struct ShellOptions {
  std::uint64_t seed = 1;
  std::string owner;  ///< names this process in the lease
  Millis lease_ttl{std::chrono::seconds{30}};
  std::function<Now()> clock;               ///< read_clock, or a test's
  std::function<void(const Error&)> fatal;  ///< the daemon cannot go on: another leader, a bug
  /// Told after every commit: how long it took, and whether it failed.
  std::function<void(const Error*)> committed;
  /// The state as it was found, before anything is decided.
  std::function<void(const Snapshot&)> loaded;
  /// May add to what a decision writes; it is written in the same commit.
  std::function<void(std::vector<Mutation>&)> complete;
  /// A batch is on disk.
  std::function<void(const MutationBatch&)> written;
};

class Shell final : public CommandSink {
 public:
  Shell(boost::asio::any_io_executor executor, Store& store, FactSink& facts, ShellOptions options);
  ~Shell() override;

  /// Takes the lease, loads the state and boots the core. Fails where the store does.
  [[nodiscard]] boost::asio::awaitable<Result<void>> start(PlanPtr plan, std::shared_ptr<AirbyteApi> airbyte);
  /// A reloaded configuration. `airbyte`: nothing keeps the present client; requests under way end with
  /// theirs.
  void change(PlanPtr plan, std::shared_ptr<AirbyteApi> airbyte);
  /// Stops in order within `limit`: nothing new is asked, requests under way are abandoned as the durable
  /// intents that they are, the last commit is written, the lease is given back. Running syncs are left
  /// alone.
  [[nodiscard]] boost::asio::awaitable<void> stop(Millis limit);

  /// Answers once the decision is on disk; at once with an error while the daemon stops.
  void submit(CommandRequest request, std::function<void(Result<CommandDone>)> done) override;

  /// Something may have happened in Airbyte: the next poll comes sooner.
  void hint();

  /// Mutations of somebody else's, such as what was delivered: in the next commit.
  void write(std::vector<Mutation> mutations);

  [[nodiscard]] const ReadView& view() const { return core_; }
  [[nodiscard]] bool store_healthy() const { return store_healthy_; }
  /// False when the core's own alarm is long overdue: the loop turns, but nothing decides any more.
  [[nodiscard]] bool awake(Now now) const;
  [[nodiscard]] std::size_t inputs_taken() const { return inputs_taken_; }

 private:
  void put(Input input);
  void drain();
  void take(Decision decision);
  void begin_commit();
  boost::asio::awaitable<void> commit_loop();
  boost::asio::awaitable<void> keep_lease();
  void start_effect(Effect effect);
  void abandon(const out::AbandonTrigger& request);
  void reply(const out::Reply& answer);

  boost::asio::awaitable<void> probe(std::shared_ptr<AirbyteApi> airbyte);
  boost::asio::awaitable<void> read_connections(std::shared_ptr<AirbyteApi> airbyte);
  boost::asio::awaitable<void> read_jobs(std::shared_ptr<AirbyteApi> airbyte, out::ReadJobs request);
  boost::asio::awaitable<void> read_job(std::shared_ptr<AirbyteApi> airbyte, JobId job);
  boost::asio::awaitable<void> inspect_job(std::shared_ptr<AirbyteApi> airbyte, out::InspectJob request);
  boost::asio::awaitable<void> trigger(std::shared_ptr<AirbyteApi> airbyte, out::TriggerSync request);
  boost::asio::awaitable<void> cancel_job(std::shared_ptr<AirbyteApi> airbyte, out::CancelJob request);
  boost::asio::awaitable<void> set_manual(std::shared_ptr<AirbyteApi> airbyte, ConnectionId connection);

  boost::asio::any_io_executor executor_;
  Store& store_;
  FactSink& facts_;
  ShellOptions options_;
  core::Core core_;
  std::shared_ptr<AirbyteApi> airbyte_;
  std::unique_ptr<WakeTimer> wake_;
  TaskGroup tasks_;        ///< requests to Airbyte
  TaskGroup store_tasks_;  ///< commits and the lease: they outlive the requests
  Epoch epoch_;
  std::deque<Input> mailbox_;
  bool draining_ = false;
  bool stopping_ = false;
  bool committing_ = false;
  bool store_healthy_ = true;
  std::size_t inputs_taken_ = 0;
  std::vector<Mutation> durable_;  ///< decided since the commit under way was begun
  std::vector<Effect> after_;
  std::unordered_map<RunId, TaskGroup::TaskId> triggers_;
  std::map<std::uint64_t, std::function<void(Result<CommandDone>)>> asked_;  ///< by ticket
  std::uint64_t last_ticket_ = 0;
};

}  // namespace syncwarden::runtime
