// The disk of a simulated daemon: the write-ahead rule and group commit as the shell has them, and everything
// that a disk and a crash can do in between.
#include "forecast/engine.hpp"

#include <algorithm>
#include <utility>

namespace syncwarden::forecast {
namespace {

constexpr Millis retry_min{250};
constexpr Millis retry_max{std::chrono::seconds{15}};
constexpr Millis copy_every{std::chrono::hours{1}};

}  // namespace

/// What is decided while a commit is under way goes into the next one.
void Engine::begin_commit() {
  if (committing_ || (waiting_.durable.empty() && waiting_.after.empty())) return;
  if (waiting_.durable.empty()) {
    for (const auto& effect : std::exchange(waiting_.after, {})) start(effect);
    return;
  }
  committing_ = true;
  write(std::make_shared<Batch>(std::exchange(waiting_, {})), retry_min);
}

void Engine::write(std::shared_ptr<Batch> batch, Millis retry_after) {
  const Millis takes = strikes(Fault::slow_commit) ? between(Millis{100}, setup_.bounds.slowest_commit)
                                                   : between(Millis{1}, Millis{20});
  daemon_after(takes, [this, batch = std::move(batch), retry_after] {
    if (strikes(Fault::crash_before_commit)) return crash();
    if (now_ < disk_fails_until_) return commit_failed(batch, retry_after);
    written(batch, retry_after);
  });
}

void Engine::written(const std::shared_ptr<Batch>& batch, Millis retry_after) {
  if (setup_.tampering.commit) setup_.tampering.commit(batch->durable);
  disk_.apply(batch->durable);
  if (witness_ != nullptr) witness_->committed(now_, batch->durable);
  keep_copies();
  if (strikes(Fault::torn_answer)) return commit_failed(batch, retry_after);
  if (strikes(Fault::crash_after_commit)) return crash();
  if (!std::exchange(disk_healthy_, true)) deliver(life_, in::StoreState{true}, Millis{0});
  bool first = true;
  for (const auto& effect : batch->after) {
    if (!first && strikes(Fault::crash_between_requests)) return crash();
    first = false;
    start(effect);
  }
  committing_ = false;
  begin_commit();
}

/// Nothing is dropped and nothing new starts: the same batch is tried until the disk takes it.
void Engine::commit_failed(const std::shared_ptr<Batch>& batch, Millis retry_after) {
  if (std::exchange(disk_healthy_, false)) deliver(life_, in::StoreState{false}, Millis{0});
  daemon_after(retry_after,
               [this, batch, next = std::min(retry_max, retry_after * 2)] { write(batch, next); });
}

void Engine::keep_copies() {
  if (setup_.faults[Fault::restored_state] <= 0) return;
  if (!copies_.empty() && now_ - copies_.back().first < copy_every) return;
  copies_.emplace_back(now_, disk_);
  while (now_ - copies_.front().first > setup_.bounds.oldest_restore) copies_.pop_front();
}

}  // namespace syncwarden::forecast
