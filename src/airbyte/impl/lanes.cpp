#include "airbyte/impl/lanes.hpp"

#include "airbyte/impl/faults.hpp"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

Error expired_error() {
  Error error;
  error.code = Errc::expired;
  error.message = "not sent: too many requests were before it";
  return error;
}

void grant(Waiter& waiter) {
  waiter.granted = true;
  waiter.timer.cancel();
}

void wake_all(WaiterQueue& queue) {
  for (const auto& waiter : queue) waiter->timer.cancel();
  queue.clear();
}

void remove(WaiterQueue& queue, const std::shared_ptr<Waiter>& waiter) {
  queue.erase(std::remove(queue.begin(), queue.end(), waiter), queue.end());
}

}  // namespace

asio::awaitable<Result<void>> wait_for_turn(std::shared_ptr<Waiter> waiter, Millis patience) {
  constexpr Millis for_ever{std::chrono::hours{24}};
  if (waiter->granted) co_return Result<void>();
  waiter->timer.expires_after(std::clamp(patience, Millis{}, for_ever));
  const auto [ec] = co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter->granted) co_return Result<void>();
  if (ec) co_return cancelled_error("");
  co_return expired_error();
}

/// Keeps a waiter in its queue for as long as its coroutine waits, whatever way that ends.
struct LanePlace {
  Lane& lane;
  std::shared_ptr<Waiter> waiter;
  bool taken = false;
  LanePlace(Lane& in, std::shared_ptr<Waiter> who) : lane(in), waiter(std::move(who)) {
    lane.waiting_.push_back(waiter);
  }
  ~LanePlace() { lane.leave(waiter, taken); }
  LanePlace(const LanePlace&) = delete;
  LanePlace& operator=(const LanePlace&) = delete;
};

struct BucketPlace {
  Bucket& bucket;
  std::shared_ptr<Waiter> waiter;
  bool taken = false;
  BucketPlace(Bucket& in, std::shared_ptr<Waiter> who, bool urgent) : bucket(in), waiter(std::move(who)) {
    (urgent ? bucket.urgent_ : bucket.normal_).push_back(waiter);
  }
  ~BucketPlace() { bucket.leave(waiter, taken); }
  BucketPlace(const BucketPlace&) = delete;
  BucketPlace& operator=(const BucketPlace&) = delete;
};

Lane::Lane(asio::any_io_executor executor, std::size_t permits)
    : executor_(std::move(executor)), free_(std::max<std::size_t>(permits, 1)) {}

std::optional<Lane::Permit> Lane::try_enter() {
  if (closed_ || free_ == 0 || !waiting_.empty()) return std::nullopt;
  --free_;
  return Permit(this);
}

asio::awaitable<Result<Lane::Permit>> Lane::enter(Millis patience) {
  if (closed_) co_return cancelled_error("");
  if (std::optional<Permit> permit = try_enter()) co_return std::move(*permit);
  if (patience <= Millis{}) co_return expired_error();
  LanePlace place(*this, std::make_shared<Waiter>(executor_));
  const Result<void> turn = co_await wait_for_turn(place.waiter, patience);
  if (!turn) co_return turn.error();
  place.taken = true;
  co_return Permit(this);
}

void Lane::release() {
  if (waiting_.empty() || closed_) {
    ++free_;
    return;
  }
  const auto next = waiting_.front();
  waiting_.pop_front();
  grant(*next);
}

void Lane::leave(const std::shared_ptr<Waiter>& waiter, bool taken) {
  if (!waiter->granted) return remove(waiting_, waiter);  // whoever is granted is in the queue no more
  if (!taken) release();
}

void Lane::pause_until(Mono until) { paused_until_ = std::max(paused_until_, until); }

Millis Lane::pause_left(Mono now) const { return std::max(paused_until_ - now, Millis{}); }

void Lane::close() {
  closed_ = true;
  wake_all(waiting_);
}

Bucket::Bucket(asio::any_io_executor executor, double per_second, Clock clock)
    : executor_(std::move(executor)),
      per_second_(per_second),
      clock_(std::move(clock)),
      burst_(std::max(1.0, per_second)),
      tokens_(burst_),
      refilled_(clock_().mono),
      timer_(executor_) {}

asio::awaitable<Result<void>> Bucket::take(bool urgent, Millis patience) {
  if (closed_) co_return cancelled_error("");
  if (per_second_ <= 0) co_return Result<void>();
  refill();
  const bool first = urgent ? urgent_.empty() : urgent_.empty() && normal_.empty();
  if (first && tokens_ >= 1) {
    tokens_ -= 1;
    co_return Result<void>();
  }
  if (patience <= Millis{}) co_return expired_error();
  BucketPlace place(*this, std::make_shared<Waiter>(executor_), urgent);
  pump();
  const Result<void> turn = co_await wait_for_turn(place.waiter, patience);
  if (!turn) co_return turn.error();
  place.taken = true;
  co_return Result<void>();
}

void Bucket::refill() {
  const Mono now = clock_().mono;
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  if (seconds <= 0) return;
  tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  refilled_ = now;
}

void Bucket::pump() {
  refill();
  while (tokens_ >= 1 && !(urgent_.empty() && normal_.empty())) {
    WaiterQueue& queue = urgent_.empty() ? normal_ : urgent_;
    const auto next = queue.front();
    queue.pop_front();
    tokens_ -= 1;
    grant(*next);
  }
  if (armed_ || (urgent_.empty() && normal_.empty())) return;
  armed_ = true;
  const double missing = std::max(0.0, 1 - tokens_) / per_second_;
  timer_.expires_after(Millis{1} +
                       std::chrono::duration_cast<Millis>(std::chrono::duration<double>(missing)));
  timer_.async_wait([this, alive = std::weak_ptr<bool>(alive_)](boost::system::error_code ec) {
    if (ec || alive.expired()) return;
    armed_ = false;
    if (!closed_) pump();
  });
}

void Bucket::leave(const std::shared_ptr<Waiter>& waiter, bool taken) {
  if (!waiter->granted) {
    remove(urgent_, waiter);
    remove(normal_, waiter);
  } else if (!taken) {
    tokens_ += 1;
    pump();
  }
}

void Bucket::close() {
  closed_ = true;
  timer_.cancel();
  wake_all(urgent_);
  wake_all(normal_);
}

}  // namespace syncwarden::airbyte
