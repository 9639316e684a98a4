// A year without faults: how fast it is played, and that every hour of every connection is decided once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace syncwarden::simulation {

struct PlayedYear {
  std::uint64_t due = 0;      ///< by the calendar
  std::uint64_t started = 0;  ///< ticks that were started on time
  std::uint64_t jobs = 0;
  std::uint64_t events = 0;
  std::vector<std::string>
      broken;  ///< the first ones of: a tick twice, a tick never, a tick otherwise decided
};

/// So many connections, each every hour at minute 0, with jobs of one to three minutes.
[[nodiscard]] PlayedYear play_year(std::size_t connections, std::int64_t days);

}  // namespace syncwarden::simulation
