// What is going to happen, by (time, sequence): two things at one instant happen in the order in which they
// were put here, so that the same seed always plays the same world.
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace syncwarden::forecast {

class Agenda {
 public:
  struct Entry {
    Instant at;
    std::uint64_t order = 0;
    std::uint64_t life = 0;  ///< of the daemon that it happens to; 0: it happens to the world
    std::function<void()> what;
  };

  void put(Instant at, std::uint64_t life, std::function<void()> what) {
    entries_.push_back({at, order_++, life, std::move(what)});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] Instant next() const { return entries_.front().at; }
  [[nodiscard]] Entry take() {
    std::pop_heap(entries_.begin(), entries_.end(), later);
    Entry entry = std::move(entries_.back());
    entries_.pop_back();
    return entry;
  }

 private:
  static bool later(const Entry& a, const Entry& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }

  std::vector<Entry> entries_;
  std::uint64_t order_ = 0;
};

}  // namespace syncwarden::forecast
