// A declared word as the value that it names.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace syncwarden::settings {

/// The enum value that has this word. The reader has checked the word.
template <class Enum, std::size_t N>
[[nodiscard]] Enum word_value(const std::array<Enum, N>& values, std::string_view word) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](Enum value) { return to_string(value) == word; });
  return found == values.end() ? values.front() : *found;
}

}  // namespace syncwarden::settings
