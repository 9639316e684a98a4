#include "base/shared_text.hpp"

#include "base/rng.hpp"

#include <cstring>
#include <new>

namespace syncwarden {

SharedText::Held* SharedText::make(std::string_view text) {
  if (text.empty()) return nullptr;
  auto* place = static_cast<char*>(::operator new(sizeof(Held) + text.size()));
  std::memcpy(place + sizeof(Held), text.data(), text.size());
  return new (place) Held{{1}, static_cast<std::uint32_t>(text.size()), hash64(text)};
}

void SharedText::destroy(Held* held) noexcept {
  held->~Held();
  ::operator delete(held);
}

}  // namespace syncwarden
