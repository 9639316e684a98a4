// Who starts next: priority with ageing, then fairly across workspaces, then by due instant (scheduling rule
// 10).
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/plan.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace syncwarden::core {

/// 0-9, higher first: high 8, normal 5, low 2; a person's request 9.
[[nodiscard]] int level_of(Priority priority);
inline constexpr int manual_level = 9;
/// Waiting raises the level by one per this long, up to 8.
inline constexpr Millis ageing_step{std::chrono::minutes{10}};

class ReadyQueue {
 public:
  struct Item {
    RunId run;
    int level = 5;  ///< without ageing
    Mono since;     ///< when it began to wait
    std::uint32_t workspace = 0;
    Instant due;
    SharedText schedule;  ///< the last tie-break
  };

  void push(const Item& item, Mono now);
  /// Takes the next one out.
  [[nodiscard]] std::optional<Item> pop(Mono now);
  /// False if it was not in here.
  bool erase(const RunId& run);
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

 private:
  /// Heaps are not searched: what leaves from the middle, or moves to another level, leaves its ticket
  /// behind, and a ticket that is not its item's is passed over. They are swept out when they are the
  /// majority.
  using Ticket = std::uint64_t;
  struct Place {
    Instant due;
    SharedText schedule;
    RunId run;
    Ticket ticket = 0;
  };
  struct Promotion {
    Mono at;
    RunId run;
    Ticket ticket = 0;
  };
  struct Level {
    std::map<std::uint32_t, std::vector<Place>> by_workspace;  // heaps, the next one on top; none is empty
    std::uint32_t last_workspace = 0;
  };
  struct Entry {
    Item item;
    int level = 0;  ///< with ageing
    Ticket ticket = 0;
  };

  void age(Mono now);
  void enter(Entry& entry);
  std::optional<Item> pop_from(Level& level);
  [[nodiscard]] bool holds(const RunId& run, Ticket ticket) const;
  void sweep();

  std::array<Level, 10> levels_;
  std::unordered_map<RunId, Entry> items_;  // looked up, never iterated
  std::vector<Promotion> promotions_;       // a heap, the next one on top
  std::size_t places_ = 0;                  // in all levels, those passed over included
  Ticket last_ticket_ = 0;
};

}  // namespace syncwarden::core
