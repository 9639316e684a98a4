#include "core/ready_queue.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace syncwarden::core {
namespace {

constexpr int highest_by_ageing = 8;

int aged(const ReadyQueue::Item& item, Mono now) {
  if (item.level >= highest_by_ageing) return item.level;
  const auto steps = std::max<std::int64_t>(0, (now - item.since) / ageing_step);
  return static_cast<int>(std::min<std::int64_t>(highest_by_ageing, item.level + steps));
}

/// Of two heap entries the one that comes out later: equal instants are told apart by what never changes.
constexpr auto later_due = [](const auto& a, const auto& b) {
  return std::tie(a.due, a.schedule, a.run) > std::tie(b.due, b.schedule, b.run);
};
constexpr auto later_promoted = [](const auto& a, const auto& b) {
  return std::tie(a.at, a.run) > std::tie(b.at, b.run);
};

}  // namespace

int level_of(Priority priority) {
  switch (priority) {
    case Priority::high:
      return 8;
    case Priority::normal:
      return 5;
    case Priority::low:
      return 2;
  }
  return 5;
}

void ReadyQueue::enter(Entry& entry) {
  const auto& item = entry.item;
  entry.ticket = ++last_ticket_;
  auto& heap = levels_[static_cast<std::size_t>(entry.level)].by_workspace[item.workspace];
  heap.push_back({item.due, item.schedule, item.run, entry.ticket});
  std::push_heap(heap.begin(), heap.end(), later_due);
  ++places_;
  if (entry.level < highest_by_ageing) {
    promotions_.push_back(
        {item.since + ageing_step * (entry.level - item.level + 1), item.run, entry.ticket});
    std::push_heap(promotions_.begin(), promotions_.end(), later_promoted);
  }
}

bool ReadyQueue::holds(const RunId& run, Ticket ticket) const {
  const auto found = items_.find(run);
  return found != items_.end() && found->second.ticket == ticket;
}

void ReadyQueue::push(const Item& item, Mono now) {
  const auto [entry, fresh] = items_.try_emplace(item.run, Entry{item, aged(item, now), 0});
  if (!fresh) return;
  enter(entry->second);
  sweep();
}

void ReadyQueue::age(Mono now) {
  while (!promotions_.empty() && promotions_.front().at <= now) {
    const auto found = items_.find(promotions_.front().run);
    const bool held = found != items_.end() && found->second.ticket == promotions_.front().ticket;
    std::pop_heap(promotions_.begin(), promotions_.end(), later_promoted);
    promotions_.pop_back();
    if (!held) continue;
    found->second.level = aged(found->second.item, now);
    enter(found->second);
  }
}

std::optional<ReadyQueue::Item> ReadyQueue::pop(Mono now) {
  age(now);
  if (items_.empty()) return std::nullopt;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    if (auto item = pop_from(*level)) return item;
  }
  return std::nullopt;
}

/// The next one of the workspace that comes after the last one served.
std::optional<ReadyQueue::Item> ReadyQueue::pop_from(Level& level) {
  while (!level.by_workspace.empty()) {
    auto space = level.by_workspace.upper_bound(level.last_workspace);
    if (space == level.by_workspace.end()) space = level.by_workspace.begin();
    auto& heap = space->second;
    while (!heap.empty()) {
      const auto found = items_.find(heap.front().run);
      const bool held = found != items_.end() && found->second.ticket == heap.front().ticket;
      std::pop_heap(heap.begin(), heap.end(), later_due);
      heap.pop_back();
      --places_;
      if (!held) continue;
      level.last_workspace = space->first;
      if (heap.empty()) level.by_workspace.erase(space);
      Item item = std::move(found->second.item);
      items_.erase(found);
      return item;
    }
    level.by_workspace.erase(space);
  }
  return std::nullopt;
}

bool ReadyQueue::erase(const RunId& run) { return items_.erase(run) > 0; }

/// Passed over places and promotions go, once there are more of them than of the others.
void ReadyQueue::sweep() {
  constexpr std::size_t few = 64;
  const auto passed_over = [this](const auto& place) { return !holds(place.run, place.ticket); };
  if (promotions_.size() > 2 * items_.size() + few) {
    std::erase_if(promotions_, passed_over);
    std::make_heap(promotions_.begin(), promotions_.end(), later_promoted);
  }
  if (places_ <= 2 * items_.size() + few) return;
  places_ = 0;
  for (auto& level : levels_) {
    for (auto space = level.by_workspace.begin(); space != level.by_workspace.end();) {
      auto& heap = space->second;
      std::erase_if(heap, passed_over);
      std::make_heap(heap.begin(), heap.end(), later_due);
      places_ += heap.size();
      space = heap.empty() ? level.by_workspace.erase(space) : std::next(space);
    }
  }
}

}  // namespace syncwarden::core
