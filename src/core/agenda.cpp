#include "core/agenda.hpp"

namespace syncwarden::core {

void Agenda::put(std::size_t place, const Entry& entry) {
  heap_[place] = entry;
  places_[entry.number] = static_cast<std::uint32_t>(place);
}

void Agenda::settle(std::size_t place, const Entry& entry) {
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (!before(entry, heap_[parent])) break;
    put(place, heap_[parent]);
    place = parent;
  }
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], entry)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, entry);
}

void Agenda::set(Number number, Instant at) {
  if (number >= places_.size()) places_.resize(number + 1, absent);
  if (places_[number] == absent) {
    places_[number] = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back({at, number});
  }
  settle(places_[number], {at, number});
}

void Agenda::remove(Number number) {
  if (number >= places_.size() || places_[number] == absent) return;
  const std::size_t place = places_[number];
  places_[number] = absent;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (place < heap_.size()) settle(place, last);
}

}  // namespace syncwarden::core
