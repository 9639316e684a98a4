#include "runtime/shell.hpp"

#include "runtime/clock.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::runtime {
namespace {

namespace asio = boost::asio;

/// Decided but not on disk: beyond this the state store has been away for too long to go on.
constexpr std::size_t most_uncommitted = 500'000;
constexpr Millis overdue{std::chrono::seconds{30}};
constexpr Millis drain_limit{std::chrono::seconds{3}};
constexpr Millis cancel_limit{std::chrono::seconds{2}};
constexpr Millis commit_retry_min{std::chrono::milliseconds{250}};
constexpr Millis commit_retry_max{std::chrono::seconds{15}};

std::function<void(std::exception_ptr)> as_fatal(const std::function<void(const Error&)>& fatal) {
  return [fatal](std::exception_ptr error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& bug) {
      fatal(Error{Errc::internal, bug.what(), "a task of the daemon", "please report this"});
    }
  };
}

/// Looking changes nothing in Airbyte, so it need not wait for the disk: a full disk does not blind the
/// watcher.
bool only_looks(const Effect& effect) {
  return std::holds_alternative<out::Probe>(effect) || std::holds_alternative<out::ReadConnections>(effect) ||
         std::holds_alternative<out::ReadJobs>(effect) || std::holds_alternative<out::ReadJob>(effect) ||
         std::holds_alternative<out::InspectJob>(effect);
}

}  // namespace

Shell::Shell(asio::any_io_executor executor, Store& store, FactSink& facts, ShellOptions options)
    : executor_(executor),
      store_(store),
      facts_(facts),
      options_(std::move(options)),
      core_(options_.seed),
      tasks_(executor, as_fatal(options_.fatal)),
      store_tasks_(executor, as_fatal(options_.fatal)) {}

Shell::~Shell() = default;

bool Shell::awake(Now now) const {
  const auto wake = core_.next_wake();
  return !(wake.wall && now.wall - *wake.wall > overdue) && !(wake.mono && now.mono - *wake.mono > overdue);
}

asio::awaitable<Result<void>> Shell::start(PlanPtr plan, std::shared_ptr<AirbyteApi> airbyte) {
  auto timer = make_wake_timer(executor_, [this] { put(in::Woke{}); });
  if (!timer) co_return timer.error();
  auto lease = co_await store_.acquire_or_renew(options_.owner, options_.lease_ttl);
  if (!lease) co_return lease.error();
  if (!*lease) {
    const Error held{Errc::store_locked, "another syncwarden leads on this state", "state",
                     "only one may run; stop the other one, or give this one a state of its own"};
    co_return held;
  }
  epoch_ = (*lease)->epoch;
  auto snapshot = co_await store_.load();
  if (!snapshot) co_return snapshot.error();
  if (options_.loaded) options_.loaded(*snapshot);
  wake_ = std::move(*timer);
  airbyte_ = std::move(airbyte);
  in::Booted booted{std::make_shared<const Snapshot>(std::move(*snapshot)), std::move(plan)};
  put(std::move(booted));
  store_tasks_.spawn(keep_lease());
  co_return Result<void>{};
}

void Shell::change(PlanPtr plan, std::shared_ptr<AirbyteApi> airbyte) {
  if (airbyte) airbyte_ = std::move(airbyte);
  put(in::PlanChanged{std::move(plan)});
}

void Shell::put(Input input) {
  mailbox_.push_back(std::move(input));
  if (draining_) return;
  draining_ = true;
  asio::post(executor_, [this] { drain(); });
}

void Shell::drain() {
  // Everything that has arrived is one turn of the loop, and one group in the next commit.
  while (!mailbox_.empty()) {
    const Input input = std::move(mailbox_.front());
    mailbox_.pop_front();
    ++inputs_taken_;
    take(core_.step(options_.clock(), input));
  }
  draining_ = false;
  facts_.turn_ends();
  begin_commit();
  if (wake_ && !stopping_) wake_->set(core_.next_wake());
}

void Shell::take(Decision decision) {
  for (const auto& fact : decision.facts) facts_.apply(fact);
  if (options_.complete && !decision.durable.empty()) options_.complete(decision.durable);
  std::move(decision.durable.begin(), decision.durable.end(), std::back_inserter(durable_));
  for (auto& effect : decision.after) {
    if (only_looks(effect)) {
      start_effect(std::move(effect));
    } else {
      after_.push_back(std::move(effect));
    }
  }
}

void Shell::write(std::vector<Mutation> mutations) {
  std::move(mutations.begin(), mutations.end(), std::back_inserter(durable_));
  if (!draining_) begin_commit();
}

void Shell::begin_commit() {
  if (committing_ || (durable_.empty() && after_.empty())) return;
  if (durable_.empty()) {
    for (auto& effect : std::exchange(after_, {})) start_effect(std::move(effect));
    return;
  }
  committing_ = true;
  store_tasks_.spawn(commit_loop());
}

asio::awaitable<void> Shell::commit_loop() {
  asio::steady_timer pause(executor_);
  while (!durable_.empty() || !after_.empty()) {
    const MutationBatch batch(std::exchange(durable_, {}));
    std::vector<Effect> after = std::exchange(after_, {});
    Millis delay = commit_retry_min;
    while (!batch.empty()) {
      CommitRequest request;
      request.epoch = epoch_;
      request.batch = batch;
      const auto result = co_await store_.commit(std::move(request));
      if (result) {
        if (options_.committed) options_.committed(nullptr);
        if (options_.written) options_.written(batch);
        break;
      }
      const Error error = result.error();
      if (options_.committed) options_.committed(&error);
      if (error.code == Errc::fenced || durable_.size() > most_uncommitted) {
        options_.fatal(error);
        co_return;
      }
      // Nothing is dropped and nothing new starts: the same batch is tried until the disk takes it.
      if (std::exchange(store_healthy_, false)) put(in::StoreState{false});
      pause.expires_after(delay);
      const auto [interrupted] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      if (interrupted) co_return;
      delay = std::min(commit_retry_max, delay * 2);
    }
    if (!std::exchange(store_healthy_, true)) put(in::StoreState{true});
    for (auto& effect : after) start_effect(std::move(effect));
  }
  committing_ = false;
}

/// Renews the lease well before it ends.
asio::awaitable<void> Shell::keep_lease() {
  asio::steady_timer pause(executor_);
  while (true) {
    pause.expires_after(options_.lease_ttl / 3);
    const auto [interrupted] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (interrupted) co_return;
    const auto lease = co_await store_.acquire_or_renew(options_.owner, options_.lease_ttl);
    if (lease && (!*lease || (*lease)->epoch != epoch_)) {
      options_.fatal(Error{Errc::fenced, "another syncwarden has taken over this state", "state", ""});
      co_return;
    }
  }
}

void Shell::start_effect(Effect effect) {
  std::visit(
      [this](auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, out::AbandonTrigger>) {
          abandon(what);
        } else if constexpr (std::is_same_v<What, out::Reply>) {
          reply(what);
        } else if (stopping_) {
          return;  // a request that was not sent stays the intent that it is
        } else if constexpr (std::is_same_v<What, out::Probe>) {
          tasks_.spawn(probe(airbyte_));
        } else if constexpr (std::is_same_v<What, out::ReadConnections>) {
          tasks_.spawn(read_connections(airbyte_));
        } else if constexpr (std::is_same_v<What, out::ReadJobs>) {
          tasks_.spawn(read_jobs(airbyte_, std::move(what)));
        } else if constexpr (std::is_same_v<What, out::ReadJob>) {
          tasks_.spawn(read_job(airbyte_, what.job));
        } else if constexpr (std::is_same_v<What, out::InspectJob>) {
          tasks_.spawn(inspect_job(airbyte_, what));
        } else if constexpr (std::is_same_v<What, out::TriggerSync>) {
          const RunId run = what.run;
          triggers_[run] = tasks_.spawn(trigger(airbyte_, std::move(what)));
        } else if constexpr (std::is_same_v<What, out::CancelJob>) {
          tasks_.spawn(cancel_job(airbyte_, std::move(what)));
        } else {
          static_assert(std::is_same_v<What, out::SetScheduleManual>);
          tasks_.spawn(set_manual(airbyte_, std::move(what.connection)));
        }
      },
      effect);
}

void Shell::submit(CommandRequest request, std::function<void(Result<CommandDone>)> done) {
  request.ticket = ++last_ticket_;
  if (stopping_ || epoch_ == Epoch{}) {
    done(Error{Errc::unsupported, "syncwarden is stopping or not started yet", "", "try again in a moment"});
    return;
  }
  asked_.emplace(request.ticket, std::move(done));
  put(in::Command{std::move(request)});
}

void Shell::hint() {
  if (!stopping_ && epoch_ != Epoch{}) put(in::Hint{});
}

void Shell::reply(const out::Reply& answer) {
  const auto asked = asked_.extract(answer.ticket);
  if (!asked.empty()) asked.mapped()(answer.done);
}

void Shell::abandon(const out::AbandonTrigger& request) {
  const auto running = triggers_.find(request.run);
  if (running == triggers_.end()) return;
  tasks_.cancel(running->second);
  triggers_.erase(request.run);
}

asio::awaitable<void> Shell::probe(std::shared_ptr<AirbyteApi> airbyte) {
  auto info = co_await airbyte->probe();
  in::Probed probed{std::move(info)};
  put(std::move(probed));
}

asio::awaitable<void> Shell::read_connections(std::shared_ptr<AirbyteApi> airbyte) {
  auto connections = co_await airbyte->connections();
  in::ConnectionsSeen seen{std::move(connections)};
  put(std::move(seen));
}

asio::awaitable<void> Shell::read_jobs(std::shared_ptr<AirbyteApi> airbyte, out::ReadJobs request) {
  const std::uint64_t poll = request.poll;
  auto page = co_await airbyte->jobs(std::move(request));
  in::JobsSeen seen{poll, std::move(page), airbyte->take_retry_after()};
  put(std::move(seen));
}

asio::awaitable<void> Shell::read_job(std::shared_ptr<AirbyteApi> airbyte, JobId job) {
  auto view = co_await airbyte->job(job);
  in::JobRead read{job, std::move(view)};
  put(std::move(read));
}

asio::awaitable<void> Shell::inspect_job(std::shared_ptr<AirbyteApi> airbyte, out::InspectJob request) {
  const JobId job = request.job;
  auto inspection = co_await airbyte->inspect(std::move(request));
  in::JobInspected inspected{job, std::move(inspection)};
  put(std::move(inspected));
}

asio::awaitable<void> Shell::trigger(std::shared_ptr<AirbyteApi> airbyte, out::TriggerSync request) {
  const RunId run = request.run;
  const std::uint32_t number = request.request;
  auto reply = co_await airbyte->trigger(std::move(request));
  triggers_.erase(run);
  in::TriggerAnswered answered{run, number, std::move(reply)};
  put(std::move(answered));
}

asio::awaitable<void> Shell::cancel_job(std::shared_ptr<AirbyteApi> airbyte, out::CancelJob request) {
  auto answered = co_await airbyte->cancel(std::move(request));
  put(std::move(answered));
}

asio::awaitable<void> Shell::set_manual(std::shared_ptr<AirbyteApi> airbyte, ConnectionId connection) {
  auto result = co_await airbyte->set_schedule_manual(connection);
  in::ScheduleSetManual answered{std::move(connection), std::move(result)};
  put(std::move(answered));
}

asio::awaitable<void> Shell::stop(Millis limit) {
  const auto deadline = steady_now() + limit;
  const auto left = [deadline] {
    return std::max(Millis{100}, std::chrono::duration_cast<Millis>(deadline - steady_now()));
  };
  put(in::StopAsked{});
  if (wake_) wake_->stop();
  // Requests that have not been sent come back as not sent, and are taken back on disk; those under way stay
  // intents.
  if (airbyte_) airbyte_->close();
  const bool quiet = co_await tasks_.join(std::min(left(), drain_limit));
  stopping_ = true;
  if (!quiet) {
    tasks_.cancel_all();
    (void)co_await tasks_.join(std::min(left(), cancel_limit));
  }
  asio::steady_timer pause(executor_);
  while ((draining_ || committing_) && steady_now() < deadline - std::chrono::seconds{2} && store_healthy_) {
    pause.expires_after(std::chrono::milliseconds{5});
    (void)co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  store_tasks_.cancel_all();
  (void)co_await store_tasks_.join(std::min(left(), cancel_limit));
  (void)co_await store_.release(epoch_);
}

}  // namespace syncwarden::runtime
