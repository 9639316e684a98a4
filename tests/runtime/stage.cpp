#include "stage.hpp"

#include <algorithm>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

namespace syncwarden::runtime::testing {

namespace asio = boost::asio;

namespace {

Error gone() { return Error{Errc::cancelled, "nobody waits any more", "", ""}; }

std::shared_ptr<asio::steady_timer> make_gate(const asio::any_io_executor& executor) {
  return std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
}

std::vector<ConnectionView> fleet() {
  std::vector<ConnectionView> fleet;
  for (std::size_t i = 0; i < Stage::connection_count; ++i) {
    ConnectionView view;
    view.id = Stage::connection(i);
    view.name = view.id.text;
    view.workspace = WorkspaceId{"workspace"};
    view.status = ConnectionStatus::active;
    view.schedule = AirbyteSchedule::manual;
    fleet.push_back(view);
  }
  return fleet;
}

PlanPtr hourly(OverlapPolicy overlap) {
  auto plan = std::make_shared<Plan>();
  plan->triggers_per_second = 0;
  plan->poll.connections = std::chrono::hours{24};
  plan->poll.max =
      std::chrono::minutes{30};  // the tests leap: an hour without a poll is no long silence here
  for (std::size_t i = 0; i < Stage::connection_count; ++i) {
    Rule rule;
    rule.match.id = Stage::connection(i).text;
    rule.policy.overlap = overlap;
    const calendar::EverySpec every{std::chrono::hours{1}, std::chrono::minutes{i}};
    rule.schedules.push_back({"hourly", calendar::Schedule::every(every).value()});
    plan->rules.push_back(std::move(rule));
  }
  return plan;
}

}  // namespace

template <class Request, class Answer>
asio::awaitable<Answer> FakeAirbyte::park(Calls<Request, Answer>& calls, Request request, Answer otherwise) {
  auto call = std::make_shared<Call<Request, Answer>>();
  call->request = std::move(request);
  call->gate = make_gate(executor_);
  calls.push_back(call);
  wake_.emplace_back([gate = call->gate] { gate->cancel(); });
  (void)co_await call->gate->async_wait(asio::as_tuple(asio::use_awaitable));
  call->ended = true;
  if (call->answer) co_return *call->answer;
  call->cancelled = true;
  co_return otherwise;
}

asio::awaitable<Result<AirbyteInfo>> FakeAirbyte::probe() {
  return park<int, Result<AirbyteInfo>>(probes, 0, gone());
}
asio::awaitable<Result<std::vector<ConnectionView>>> FakeAirbyte::connections() {
  return park<int, Result<std::vector<ConnectionView>>>(discoveries, 0, gone());
}
asio::awaitable<Result<JobsPage>> FakeAirbyte::jobs(out::ReadJobs request) {
  return park<out::ReadJobs, Result<JobsPage>>(polls, std::move(request), gone());
}
asio::awaitable<Result<JobView>> FakeAirbyte::job(JobId) { co_return gone(); }

asio::awaitable<Result<JobInspection>> FakeAirbyte::inspect(out::InspectJob) { co_return gone(); }

asio::awaitable<Result<std::vector<std::string>>> FakeAirbyte::log_lines(JobId, std::size_t) {
  co_return gone();
}

asio::awaitable<TriggerReply> FakeAirbyte::trigger(out::TriggerSync request) {
  events_.Call("trigger " + request.connection.text.str());
  TriggerReply unsent;
  unsent.answer = TriggerAnswer::not_sent;
  unsent.error = gone();
  return park<out::TriggerSync, TriggerReply>(triggers, std::move(request), unsent);
}
asio::awaitable<in::CancelAnswered> FakeAirbyte::cancel(out::CancelJob request) {
  const in::CancelAnswered failed{request.job, CancelResult::failed, gone()};
  return park<out::CancelJob, in::CancelAnswered>(cancels, std::move(request), failed);
}
asio::awaitable<Result<void>> FakeAirbyte::set_schedule_manual(ConnectionId) { co_return gone(); }

void FakeAirbyte::close() {
  events_.Call("close airbyte");
  if (deaf_to_close) return;
  for (const auto& wake : wake_) wake();
}

asio::awaitable<Result<std::optional<Lease>>> FakeStore::acquire_or_renew(std::string, Millis ttl) {
  if (led_by_another) co_return std::optional<Lease>{};
  co_return std::optional<Lease>{Lease{Epoch{7}, ttl}};
}

asio::awaitable<Result<Snapshot>> FakeStore::load() { co_return Snapshot{}; }

asio::awaitable<Result<void>> FakeStore::commit(CommitRequest request) {
  begun.push_back(request);
  if (hold) {
    gate_ = make_gate(executor_);
    (void)co_await gate_->async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (refusal) co_return *refusal;
  onto_disk.push_back(std::move(request));
  events_.Call("commit");
  co_return Result<void>{};
}

asio::awaitable<Result<void>> FakeStore::release(Epoch epoch) {
  released = epoch;
  events_.Call("release");
  co_return Result<void>{};
}

asio::awaitable<Result<StoreStats>> FakeStore::stats() { co_return StoreStats{}; }

asio::awaitable<Result<HistoryPage>> FakeStore::read(HistoryQuery) { co_return HistoryPage{}; }

asio::awaitable<Result<void>> FakeStore::backup(std::string) { co_return Result<void>{}; }

void FakeStore::let_one_through() { gate_->cancel(); }

Stage::Stage(OverlapPolicy overlap) : plan_(hourly(overlap)) {
  // Noon and a half of a day in 2100; the monotonic clock is ten years ahead.
  now.wall = Instant{std::chrono::hours{24 * 47482 + 12}} + std::chrono::minutes{30};
  now.mono = Mono{std::chrono::hours{24 * 3650}};
  ShellOptions options;
  options.owner = "stage";
  options.clock = [this] { return now; };
  options.fatal = [this](const Error& error) { fatal.push_back(error); };
  options.committed = [this](const Error* error) {
    commits.push_back(error != nullptr ? std::optional<Errc>{error->code} : std::nullopt);
  };
  shell = std::make_unique<Shell>(loop.get_executor(), store, facts, std::move(options));
}

/// Every coroutine ends before the shell goes.
Stage::~Stage() {
  store.hold = false;
  store.refusal.reset();
  bool stopped = false;
  auto stopping = shell->stop(Millis{500});
  asio::co_spawn(loop, std::move(stopping), [&stopped](const std::exception_ptr&) { stopped = true; });
  airbyte->deaf_to_close = false;
  EXPECT_TRUE(run_until([&stopped] { return stopped; }, std::chrono::seconds{10}));
}

ConnectionId Stage::connection(std::size_t number) {
  return ConnectionId{"connection-" + std::to_string(number)};
}

Result<void> Stage::start() {
  std::optional<Result<void>> started;
  auto starting = shell->start(plan_, airbyte);
  asio::co_spawn(loop, std::move(starting),
                 [&started](const std::exception_ptr&, const Result<void>& result) { started = result; });
  run();
  if (!started) return Error{Errc::internal, "start() waits for something", "", ""};
  return *started;
}

void Stage::open() {
  ASSERT_TRUE(start());
  ASSERT_EQ(airbyte->probes.size(), 1U);
  airbyte->probes.back()->reply(AirbyteInfo{"2.0.0", "config", true});
  run();
  ASSERT_EQ(airbyte->discoveries.size(), 1U);
  airbyte->discoveries.back()->reply(fleet());
  run();
  poke();
  ASSERT_EQ(airbyte->polls.size(), 1U);
  answer_poll({});
  store.begun.clear();
  store.onto_disk.clear();
  commits.clear();
}

bool Stage::run_until(const std::function<bool()>& done, Millis limit) {
  for (Millis waited{}; !done(); waited += Millis{5}) {
    if (waited > limit) return false;
    loop.restart();
    loop.run_for(Millis{5});
  }
  return true;
}

void Stage::poke() {
  shell->change(plan_, nullptr);
  run();
}

void Stage::later(Millis by) {
  now.wall += by;
  now.mono = now.mono + by;
  poke();
}

void Stage::to_minute(int minute) {
  const auto hour = std::chrono::floor<std::chrono::hours>(now.wall);
  Instant to = hour + std::chrono::minutes{minute};
  if (to <= now.wall) to += std::chrono::hours{1};
  later(to - now.wall);
}

TriggerReply Stage::created(std::int64_t job) {
  TriggerReply reply;
  reply.answer = TriggerAnswer::created;
  reply.job = JobId{job};
  reply.status = JobStatus::running;
  return reply;
}

JobView Stage::running(std::int64_t job, std::size_t connection_number) const {
  JobView view;
  view.id = JobId{job};
  view.connection = connection(connection_number);
  view.status = JobStatus::running;
  view.created = now.wall;
  view.updated = now.wall;
  return view;
}

void Stage::answer_poll(std::vector<JobView> active) {
  JobsPage page;
  page.active = std::move(active);
  airbyte->polls.back()->reply(std::move(page));
  run();
}

bool Stage::intends(const CommitRequest& commit, const ConnectionId& connection) {
  return std::any_of(commit.batch.begin(), commit.batch.end(), [&](const Mutation& mutation) {
    const auto* run = std::get_if<put::PutRun>(&mutation);
    return run != nullptr && run->run.connection == connection && run->run.phase == RunPhase::intended;
  });
}

}  // namespace syncwarden::runtime::testing
