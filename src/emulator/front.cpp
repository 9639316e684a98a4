#include "emulator/front.hpp"

#include "emulator/impl/api.hpp"
#include "emulator/impl/gate.hpp"
#include "emulator/impl/notification.hpp"
#include "http/client.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

namespace asio = boost::asio;
using Timer = asio::steady_timer;

class State : public std::enable_shared_from_this<State> {
 public:
  State(asio::any_io_executor executor, Airbyte& airbyte, FrontOptions options,
        std::function<Instant()> clock)
      : airbyte_(airbyte),
        options_(std::move(options)),
        clock_(std::move(clock)),
        api_{airbyte_, options_, options_.faults},
        gate_(options_, airbyte_.rules()),
        rng_(airbyte_.options().seed ^ 0xFA17U),
        executor_(executor),
        pump_(executor) {}

  [[nodiscard]] asio::awaitable<http::Response> handle(http::Request request);
  [[nodiscard]] Faults& faults() { return options_.faults; }
  [[nodiscard]] Gate& gate() { return gate_; }
  [[nodiscard]] std::size_t waiting() const { return sleepers_.size(); }
  void stop();
  /// Posts the ends of syncs there from now on. False: this is no address.
  bool use_webhook(const std::string& url);

 private:
  /// A request that sleeps, listed so that stop() can wake it.
  class Sleeper {
   public:
    explicit Sleeper(State& state) : timer(state.executor_), state_(state) {
      state_.sleepers_.insert(&timer);
    }
    ~Sleeper() { state_.sleepers_.erase(&timer); }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    Timer timer;

   private:
    State& state_;
  };

  void tick();
  void arm();
  [[nodiscard]] asio::awaitable<void> tell_ends();
  [[nodiscard]] std::vector<std::string> new_ends();
  [[nodiscard]] std::optional<http::Response> before(const http::Request& request, const Route& route);
  [[nodiscard]] Outcome operate(const http::Request& request);
  [[nodiscard]] http::Response control(const http::Request& request, std::string_view what);
  [[nodiscard]] http::Response act(const http::Request& request);
  [[nodiscard]] std::string log() const;
  /// Sleeps that long; without end for nothing. False once the front stops.
  [[nodiscard]] asio::awaitable<bool> sleep(std::optional<Millis> wait);
  [[nodiscard]] asio::awaitable<std::optional<JobId>> job_of(Ticket ticket, Millis limit);
  [[nodiscard]] asio::awaitable<Outcome> operate_later(http::Request request, Millis delay);
  [[nodiscard]] asio::awaitable<http::Response> answer(Waiting waiting);

  Airbyte& airbyte_;
  FrontOptions options_;
  std::function<Instant()> clock_;
  Api api_;
  Gate gate_;
  Rng rng_;
  asio::any_io_executor executor_;
  Timer pump_;
  std::optional<Instant> armed_for_;
  std::unordered_map<Ticket, Timer*> waiters_;
  std::unordered_set<Timer*> sleepers_;
  bool stopping_ = false;
  std::shared_ptr<http::Client> hook_;
  std::string hook_target_;
  bool tells_ends_ = false;
  Instant told_until_{};
  std::unordered_set<JobId> told_;
};

/// Plays what is due and wakes the requests whose answers are ready.
void State::tick() {
  airbyte_.advance(std::max(clock_(), airbyte_.now()));
  for (const auto ticket : airbyte_.take_ready()) {
    if (const auto at = waiters_.find(ticket); at != waiters_.end()) at->second->cancel();
  }
}

/// While requests wait, time must go on without new ones.
void State::arm() {
  if (stopping_ || airbyte_.waiting_tickets() == 0) return;
  const auto next = airbyte_.next_event();
  if (!next || (armed_for_ && *armed_for_ <= *next)) return;
  armed_for_ = next;
  pump_.expires_after(std::max(Millis{0}, *next - clock_()));
  pump_.async_wait([weak = weak_from_this()](boost::system::error_code failed) {
    const auto self = weak.lock();
    if (failed || self == nullptr) return;
    self->armed_for_.reset();
    self->tick();
    self->arm();
  });
}

bool State::use_webhook(const std::string& url) {
  auto origin = http::Origin::parse(url);
  if (!origin) return false;
  hook_target_ = origin->base_path.empty() ? "/" : origin->base_path;
  auto client = http::make_client(executor_, *std::move(origin), {});
  if (!client) return false;
  if (hook_) hook_->close();
  hook_ = *std::move(client);
  if (std::exchange(tells_ends_, true)) return true;
  told_until_ = airbyte_.now();
  auto telling = tell_ends();
  asio::co_spawn(executor_, std::move(telling), [](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
  });
  return true;
}

/// Syncs that have ended since the last call, as notifications.
std::vector<std::string> State::new_ends() {
  std::vector<std::string> out;
  JobQuery query;
  query.types = {JobType::sync};
  query.statuses = {JobStatus::failed, JobStatus::succeeded};
  query.updated_from = told_until_;
  query.order = JobQuery::Order::updated;
  query.ascending = true;
  for (const Job* job : airbyte_.jobs(query).jobs) {
    told_until_ = std::max(told_until_, job->updated);
    if (told_.insert(job->id).second) out.push_back(notification_of(airbyte_, *job, options_.url));
  }
  return out;
}

/// As the real one: each once, whatever becomes of it.
asio::awaitable<void> State::tell_ends() {
  const auto self = shared_from_this();
  const std::optional<Millis> beat = Millis{100};
  while (true) {
    const bool on = co_await sleep(beat);
    if (!on) co_return;
    tick();
    const auto ends = new_ends();
    for (const std::string& body : ends) {
      const auto client = hook_;
      http::Request request;
      request.method = "POST";
      request.target = hook_target_;
      request.headers.push_back({"Content-Type", "application/json"});
      request.body = body;
      http::SendOptions options;
      options.deadline = Millis{5'000};
      (void)co_await client->send(std::move(request), std::move(options));
    }
  }
}

void State::stop() {
  stopping_ = true;
  if (hook_) hook_->close();
  pump_.cancel();
  for (auto* timer : sleepers_) timer->cancel();
}

asio::awaitable<bool> State::sleep(std::optional<Millis> wait) {
  Sleeper sleeper(*this);
  if (wait) {
    sleeper.timer.expires_after(*wait);
  } else {
    sleeper.timer.expires_at(Timer::time_point::max());
  }
  const auto [failed] = co_await sleeper.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return !failed && !stopping_;
}

asio::awaitable<std::optional<JobId>> State::job_of(Ticket ticket, Millis limit) {
  const auto self = shared_from_this();
  if (auto ready = airbyte_.reply(ticket)) co_return ready;
  if (stopping_) co_return std::nullopt;
  Sleeper sleeper(*this);
  if (limit > Millis{0}) {
    sleeper.timer.expires_after(limit);
  } else {
    sleeper.timer.expires_at(Timer::time_point::max());
  }
  waiters_[ticket] = &sleeper.timer;
  arm();
  co_await sleeper.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  waiters_.erase(ticket);
  auto job = airbyte_.reply(ticket);
  if (!job) airbyte_.forget(ticket);
  co_return job;
}

asio::awaitable<http::Response> State::answer(Waiting waiting) {
  const auto faults = options_.faults;
  if (waiting.for_ever) {
    co_await sleep(std::nullopt);
    co_return html(503);
  }
  if (faults.hang_sync && waiting.is_sync) {
    airbyte_.forget(waiting.ticket);
    co_await sleep(std::nullopt);
    co_return html(503);
  }
  const auto job = co_await job_of(waiting.ticket, waiting.limit);
  if (stopping_) co_return html(503);
  if (!job) {
    co_return problem(500, "about:blank", "unexpected-problem", "An unexpected problem has occurred.",
                      "Timed out waiting for a sync job to be created");
  }
  if (waiting.is_sync && faults.slow_sync > Millis{0}) {
    const bool on = co_await sleep(faults.slow_sync);
    if (!on) co_return html(503);
  }
  if (waiting.public_api) co_return public_job_answer(api_, *job);
  co_return config_job_answer(api_, *job, waiting.is_sync ? faults.huge_reply : 0);
}

/// The effect comes from a timer of its own, so it happens even if the client's connection is torn down.
asio::awaitable<Outcome> State::operate_later(http::Request request, Millis delay) {
  struct Effect {
    explicit Effect(const asio::any_io_executor& executor) : timer(executor) {}
    Timer timer;
    std::optional<Outcome> outcome;
  };
  auto effect = std::make_shared<Effect>(executor_);
  effect->timer.expires_after(delay);
  effect->timer.async_wait(
      [self = shared_from_this(), effect, request = std::move(request)](boost::system::error_code failed) {
        if (failed || self->stopping_) return;
        self->tick();
        effect->outcome = self->operate(request);
      });
  const Millis a_little_longer = delay + Millis(1);
  const bool on = co_await sleep(a_little_longer);
  if (!on || !effect->outcome) co_return html(503);
  co_return std::move(*effect->outcome);
}

Outcome State::operate(const http::Request& request) {
  const auto route = route_of(request.path());
  if (route.to == Route::To::config_api) return config_operation(api_, request, route.rest);
  if (route.to == Route::To::public_api && api_.rules().public_api) {
    return public_operation(api_, request, route.rest);
  }
  return unknown_route();
}

/// Whatever is answered before Airbyte itself sees the request.
std::optional<http::Response> State::before(const http::Request& request, const Route& route) {
  const auto& faults = options_.faults;
  if (stopping_ || faults.down) return html(503);
  if (faults.http_502 > 0 && rng_.chance(faults.http_502)) return html(502);
  if (faults.rate_limit > 0 && rng_.chance(faults.rate_limit)) {
    auto limited = reply(429, R"({"message":"You are being rate limited."})");
    if (faults.retry_after_s)
      limited.headers.push_back({"Retry-After", fmt::format("{}", *faults.retry_after_s)});
    return limited;
  }
  if (auto refused = gate_.refuse(request, route, airbyte_.now())) return refused;
  if (auto token = gate_.token(api_, request, route)) return token;
  if (faults.forbidden && !route.rest.ends_with("health") && route.rest != "instance_configuration")
    return reply(403, R"({"message":"Forbidden"})");
  return std::nullopt;
}

asio::awaitable<http::Response> State::handle(http::Request request) {
  const auto self = shared_from_this();
  tick();
  const auto route = route_of(request.path());
  if (route.to == Route::To::control) co_return control(request, route.rest);
  if (auto early = before(request, route)) co_return std::move(*early);

  const bool verb = is_verb(route, request.method);
  if (options_.faults.slow_connector > Millis{0} && runs_connector(route.rest)) {
    const bool on = co_await sleep(options_.faults.slow_connector);
    if (!on) co_return html(503);
    tick();
  }
  const auto delay = verb ? options_.faults.delay_request : Millis{0};
  Outcome outcome;
  if (delay > Millis{0}) {
    outcome = co_await operate_later(std::move(request), delay);
  } else {
    outcome = operate(request);
  }
  http::Response response;
  if (auto* done = std::get_if<http::Response>(&outcome)) {
    response = std::move(*done);
  } else {
    response = co_await answer(std::get<Waiting>(outcome));
  }
  if (verb && options_.faults.lose_reply > 0 && rng_.chance(options_.faults.lose_reply)) {
    response = http::Response();
    response.status = 0;
  } else if (verb && options_.faults.bad_gateway_after > 0 &&
             rng_.chance(options_.faults.bad_gateway_after)) {
    response = html(502);
  }
  co_return response;
}

// ---- control

std::string State::log() const {
  std::string text;
  for (const auto& entry : airbyte_.history()) {
    const auto& view = airbyte_.connection(entry.connection).view;
    Json json(160);
    json.open('{')
        .member("job", entry.job.value)
        .member("connection", view.id.text)
        .member("name", view.name);
    json.member("createdAt", entry.at.time_since_epoch().count()).member("cause", to_string(entry.cause));
    // To the millisecond, which the API's own times are not.
    const auto* job = airbyte_.job(entry.job);
    if (job != nullptr && is_terminal(job->status)) {
      json.member("endedAt", job->updated.time_since_epoch().count());
    }
    text += json.close('}').take();
    text += '\n';
  }
  return text;
}

http::Response State::act(const http::Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return reply(400, R"({"error":"no JSON object"})");
  const auto now = airbyte_.now();
  bool done = true;
  if (const auto id = body->text("orphan")) done = airbyte_.make_orphan(ConnectionId{*id}, now);
  if (const auto id = body->text("phantom")) done = airbyte_.make_phantom(ConnectionId{*id}, now) && done;
  if (const auto id = body->text("break_schema"))
    done = airbyte_.break_schema(ConnectionId{*id}, now) && done;
  if (const auto down = body->flag("workers_down")) airbyte_.set_workers_down(*down, now);
  if (const auto version = body->text("version")) airbyte_.set_version(*version, now);
  if (const auto most = body->number("capacity")) {
    airbyte_.set_capacity(static_cast<std::uint32_t>(std::clamp<std::int64_t>(*most, 0, UINT32_MAX)), now);
  }
  if (const auto text = body->text("prune")) {
    const auto age = parse_duration(*text);
    if (!age) return reply(400, R"({"error":"prune takes a duration"})");
    airbyte_.prune(now - *age);
  }
  if (const auto url = body->text("webhook")) done = use_webhook(*url) && done;
  if (body->flag("expire_tokens").value_or(false)) gate_.expire_all();
  return reply(done ? 200 : 409, done ? "{}" : R"({"error":"not in a state for this"})");
}

http::Response State::control(const http::Request& request, std::string_view what) {
  if (!options_.control) return unknown_route();
  if (what == "log") return reply(200, log(), "application/x-ndjson");
  if (what == "do" && request.method == "POST") return act(request);
  if (what != "faults") return unknown_route();
  if (request.method == "POST") {
    auto wanted = changed(options_.faults, request.body);
    if (!wanted) {
      Json json;
      return reply(400, json.open('{').member("error", wanted.error().message).close('}').take());
    }
    options_.faults = *wanted;
  }
  return reply(200, to_json(options_.faults));
}

class HttpFront final : public Front {
 public:
  explicit HttpFront(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~HttpFront() override { state_->stop(); }
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;

  http::Handler handler() override {
    return [state = state_](http::Request request, const http::Peer& /*peer*/) {
      return state->handle(std::move(request));
    };
  }
  Faults& faults() override { return state_->faults(); }
  void expire_tokens() override { state_->gate().expire_all(); }
  [[nodiscard]] std::size_t waiting() const override { return state_->waiting(); }
  void stop() override { state_->stop(); }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Front> make_front(asio::any_io_executor executor, Airbyte& airbyte, FrontOptions options,
                                  std::function<Instant()> clock) {
  const std::string webhook = options.webhook;
  auto state = std::make_shared<State>(std::move(executor), airbyte, std::move(options), std::move(clock));
  if (!webhook.empty()) (void)state->use_webhook(webhook);
  return std::make_unique<HttpFront>(std::move(state));
}

}  // namespace syncwarden::emulator
