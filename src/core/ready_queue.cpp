#include "core/ready_queue.hpp"

#include <algorithm>

namespace syncwarden::core {
namespace {

constexpr int highest_by_ageing = 8;

int aged(const ReadyQueue::Item& item, Mono now) {
  if (item.level >= highest_by_ageing) return item.level;
  const auto steps = std::max<std::int64_t>(0, (now - item.since) / ageing_step);
  return static_cast<int>(std::min<std::int64_t>(highest_by_ageing, item.level + steps));
}

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

void ReadyQueue::link(const Entry& entry) {
  const auto& item = entry.item;
  levels_[static_cast<std::size_t>(entry.level)].by_workspace[item.workspace].insert(
      Key{item.due, item.schedule, item.run});
  if (entry.level < highest_by_ageing) {
    promotions_.emplace(item.since + ageing_step * (entry.level - item.level + 1), item.run);
  }
}

void ReadyQueue::unlink(const Entry& entry) {
  const auto& item = entry.item;
  auto& spaces = levels_[static_cast<std::size_t>(entry.level)].by_workspace;
  const auto space = spaces.find(item.workspace);
  space->second.erase(Key{item.due, item.schedule, item.run});
  if (space->second.empty()) spaces.erase(space);
  if (entry.level < highest_by_ageing) {
    promotions_.erase({item.since + ageing_step * (entry.level - item.level + 1), item.run});
  }
}

void ReadyQueue::push(const Item& item, Mono now) {
  const Entry entry{item, aged(item, now)};
  if (items_.emplace(item.run, entry).second) link(entry);
}

void ReadyQueue::age(Mono now) {
  while (!promotions_.empty() && promotions_.begin()->first <= now) {
    auto& entry = items_.at(promotions_.begin()->second);
    unlink(entry);
    entry.level = aged(entry.item, now);
    link(entry);
  }
}

std::optional<ReadyQueue::Item> ReadyQueue::pop(Mono now) {
  age(now);
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    if (level->by_workspace.empty()) continue;
    auto space = level->by_workspace.upper_bound(level->last_workspace);
    if (space == level->by_workspace.end()) space = level->by_workspace.begin();
    level->last_workspace = space->first;
    const RunId run = std::get<RunId>(*space->second.begin());
    Item item = items_.at(run).item;
    erase(run);
    return item;
  }
  return std::nullopt;
}

bool ReadyQueue::erase(const RunId& run) {
  const auto found = items_.find(run);
  if (found == items_.end()) return false;
  unlink(found->second);
  items_.erase(found);
  return true;
}

}  // namespace syncwarden::core
