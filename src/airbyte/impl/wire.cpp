#include "airbyte/impl/wire.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

constexpr std::size_t discard_at_most = 4 * 1024 * 1024;

http::Failure failure_of(Error error, bool sent) {
  http::Failure failure;
  failure.error = std::move(error);
  failure.sent = sent;
  return failure;
}

/// Where a 2xx body goes, and what became of it.
struct Intake {
  Reader* reader = nullptr;
  bool began = false;
  std::size_t bytes = 0;

  bool take(std::string_view chunk) {
    began = true;
    bytes += chunk.size();
    if (reader != nullptr) return reader->feed(chunk);
    return bytes <= discard_at_most;
  }
};

}  // namespace

Call read_call(const AirbyteTarget& target, const Place& place, Operation operation, std::string path,
               std::string body) {
  Call call;
  call.operation = operation;
  call.place = place;
  call.target = std::move(path);
  call.body = std::move(body);
  if (place.api == Api::public_api) call.method = "GET";
  call.deadline = target.read_timeout;
  call.patience = target.read_timeout;
  return call;
}

Wire::Wire(asio::any_io_executor executor, AirbyteTarget target, Clock clock, Observer observer,
           http::Origin origin, std::unique_ptr<http::Client> client)
    : executor_(std::move(executor)),
      target_(std::move(target)),
      clock_(std::move(clock)),
      observer_(std::move(observer)),
      origin_(std::move(origin)),
      root_url_(root_url(origin_)),
      client_(std::move(client)),
      triggers_(executor_, target_.trigger_lanes),
      cancels_(executor_, target_.trigger_lanes),
      reads_(executor_, target_.read_lanes),
      connectors_(executor_, target_.connector_lanes),
      bucket_(executor_, target_.requests_per_second, clock_) {}

Lane& Wire::lane_of(LaneKind kind) {
  switch (kind) {
    case LaneKind::triggers:
      return triggers_;
    case LaneKind::cancels:
      return cancels_;
    case LaneKind::connectors:
      return connectors_;
    case LaneKind::reads:
      break;
  }
  return reads_;
}

Context Wire::context_of(const Call& call) const {
  const std::string_view path = std::string_view(call.target).substr(0, call.target.find('?'));
  const std::string_view operation = to_string(call.operation);
  Context context;
  context.where.reserve(operation.size() + call.method.size() + root_url_.size() + call.place.base.size() +
                        path.size() + 2);
  context.where.append(operation).append(1, ' ').append(call.method).append(1, ' ');
  context.where.append(root_url_).append(call.place.base).append(path);
  context.auth = &target_.auth;
  return context;
}

std::string Wire::root_url(http::Origin origin) {
  origin.base_path.clear();
  return origin.url();
}

http::Request Wire::request_of(const Call& call, const std::string& authorization) const {
  http::Request request;
  request.headers.reserve(4 + target_.headers.size());
  request.method = call.method;
  request.target = call.place.base + call.target;
  request.body = call.body;
  request.headers.push_back({"Accept", "application/json"});
  if (!call.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!authorization.empty()) request.headers.push_back({"Authorization", authorization});
  const auto configured = [this](std::string_view name) {
    return std::any_of(target_.headers.begin(), target_.headers.end(),
                       [name](const auto& header) { return http::iequals(header.first, name); });
  };
  if (!configured("User-Agent")) request.headers.push_back({"User-Agent", "syncwarden/" SYNCWARDEN_VERSION});
  for (const auto& [name, value] : target_.headers) {
    const bool ours = request.header(name).has_value();
    if (!ours) request.headers.push_back({name, value.reveal()});
  }
  return request;
}

Millis Wire::patience_of(const Call& call) const {
  if (!call.not_after) return call.patience;
  return std::min(call.patience, *call.not_after - clock_().mono);
}

std::optional<http::Failure> Wire::too_late(const Call& call) const {
  Error error;
  if (closed_) {
    error = cancelled_error("");
  } else if (call.not_after && clock_().mono > *call.not_after) {
    error.code = Errc::expired;
    error.message = "not sent: its time had passed before its turn came";
  } else {
    return std::nullopt;
  }
  return failure_of(std::move(error), false);
}

asio::awaitable<Result<void>> Wire::wait_out_pause(Lane& lane, Millis patience) {
  const Millis left = lane.pause_left(clock_().mono);
  if (left <= Millis{}) co_return Result<void>();
  if (left > patience) {
    Error error;
    error.code = Errc::rate_limited;
    error.message =
        fmt::format("not sent: Airbyte asked for a pause of another {}", syncwarden::to_string(left));
    co_return error;
  }
  asio::steady_timer timer(executor_, left);
  const auto [ec] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (ec) co_return cancelled_error("");
  co_return Result<void>();
}

asio::awaitable<Outcome> Wire::transmit(Operation operation, http::Request request, http::SendOptions options,
                                        Reader* reader) {
  const Mono start = clock_().mono;
  if (observer_.request_started) observer_.request_started(operation);
  Outcome outcome = co_await client_->send(std::move(request), std::move(options));
  // the call's own context says more about where than the connection does
  if (!outcome) outcome.error().error.where.clear();
  const bool readable =
      outcome.has_value() ? is_success(outcome->status) : outcome.error().error.code == Errc::malformed_reply;
  if (reader != nullptr && readable) {
    const auto fault = reader->finish();
    if (fault && (outcome.has_value() || *fault != "the reply is empty")) {
      Error error;
      error.code = Errc::malformed_reply;
      error.message = "cannot read the reply: " + *fault;
      error.hint = "does airbyte.url lead to Airbyte's API, and not to its web page or a login page?";
      outcome = failure_of(std::move(error), true);
    }
  }
  std::optional<Errc> code;
  if (outcome.has_value()) {
    code = code_of_status(outcome->status);
  } else {
    code = outcome.error().error.code;
  }
  if (observer_.request_ended) observer_.request_ended(operation, code, clock_().mono - start);
  co_return outcome;
}

void Wire::note_pause(Lane& lane, const http::Response& response) {
  if (response.status != 429 && response.status != 503) return;
  const auto header = response.header("Retry-After");
  if (!header) return;
  const Now at = clock_();
  const auto pause = retry_after_from(*header, at.wall);
  if (!pause) return;
  retry_after_ = pause;
  lane.pause_until(at.mono + *pause);
}

asio::awaitable<Outcome> Wire::send(Call call) {
  Lane& lane = lane_of(call.lane);
  const bool urgent = call.lane == LaneKind::triggers || call.lane == LaneKind::cancels;
  if (auto late = too_late(call)) co_return std::move(*late);
  // Whatever need not be waited for is no coroutine of its own: a herd asks ten thousand times.
  std::optional<Lane::Permit> permit = lane.try_enter();
  if (!permit) {
    Result<Lane::Permit> granted = co_await lane.enter(patience_of(call));
    if (!granted) co_return failure_of(granted.error(), false);
    permit.emplace(std::move(*granted));
  }
  if (lane.pause_left(clock_().mono) > Millis{}) {
    const Result<void> pause = co_await wait_out_pause(lane, patience_of(call));
    if (!pause) co_return failure_of(pause.error(), false);
  }

  Intake intake;
  intake.reader = call.reader;
  for (int attempt = 0;; ++attempt) {
    Bearer bearer;
    if (!call.anonymous && !std::holds_alternative<NoAuth>(target_.auth)) {
      Result<Bearer> granted = co_await authorize(call.place);
      if (!granted) co_return failure_of(granted.error(), false);
      bearer = std::move(*granted);
    }
    if (bucket_.limits()) {
      const Result<void> turn = co_await bucket_.take(urgent, patience_of(call));
      if (!turn) co_return failure_of(turn.error(), false);
    }
    if (auto late = too_late(call)) co_return std::move(*late);

    http::SendOptions options;
    options.deadline = call.deadline;
    options.max_body_bytes = call.max_body;
    options.idempotent = call.idempotent;
    if (call.reader != nullptr || call.discard) {
      options.sink = [&intake](std::string_view chunk) { return intake.take(chunk); };
    }
    http::Request request = request_of(call, bearer.header);
    if (call.sending != nullptr) *call.sending = true;
    Outcome outcome = co_await transmit(call.operation, std::move(request), std::move(options), call.reader);
    if (outcome.has_value() && outcome->status == 401 && attempt == 0 && bearer.generation != 0) {
      if (call.sending != nullptr) *call.sending = false;  // a 401 means that nothing happened
      drop_token(bearer.generation);
      if (observer_.retry) observer_.retry(call.operation);
      continue;
    }
    if (outcome.has_value()) {
      note_pause(lane, *outcome);
    } else if (call.discard && intake.began && intake.bytes > discard_at_most) {
      // the status was 2xx and nobody wants the rest of the body
      co_return http::Response();
    }
    co_return outcome;
  }
}

asio::awaitable<Result<http::Response>> Wire::fetch(Call call) {
  const Context context = context_of(call);
  Outcome outcome = co_await send(std::move(call));
  if (!outcome) co_return error_of(outcome.error().error, context);
  if (!is_success(outcome->status)) co_return error_of(*outcome, context);
  co_return std::move(*outcome);
}

asio::awaitable<Result<void>> Wire::list(Call call, const Shape& shape, Reader::Each each) {
  Reader reader(shape, std::move(each));
  call.reader = &reader;
  const Context context = context_of(call);
  const Result<http::Response> reply = co_await fetch(std::move(call));
  if (!reply) co_return reply.error();
  if (reader.saw_list()) co_return Result<void>();
  Error error;
  error.code = Errc::malformed_reply;
  error.message = fmt::format("the reply has no \"{}\"", shape.inside.front().key);
  error.where = context.where;
  error.hint = "is this the API that airbyte.url and airbyte.api name?";
  co_return error;
}

asio::awaitable<Result<Node>> Wire::read(Call call, const Shape& shape) {
  Reader reader(shape);
  call.reader = &reader;
  const Result<http::Response> reply = co_await fetch(std::move(call));
  if (!reply) co_return reply.error();
  co_return Node(reader.root());
}

std::optional<Millis> Wire::take_retry_after() { return std::exchange(retry_after_, std::nullopt); }

void Wire::close() {
  closed_ = true;
  triggers_.close();
  cancels_.close();
  reads_.close();
  connectors_.close();
  bucket_.close();
  for (const auto& waiter : token_waiters_) waiter->timer.cancel();
  token_waiters_.clear();
  client_->close();
}

}  // namespace syncwarden::airbyte
