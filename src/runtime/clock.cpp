#include "runtime/clock.hpp"

namespace syncwarden::runtime {

Now read_clock() {
  return {std::chrono::floor<Millis>(std::chrono::system_clock::now()),
          Mono{std::chrono::floor<Millis>(std::chrono::steady_clock::now().time_since_epoch())}};
}

std::chrono::steady_clock::time_point steady_now() { return std::chrono::steady_clock::now(); }

std::chrono::steady_clock::time_point steady_time(Mono at) {
  return std::chrono::steady_clock::time_point{at.since_boot};
}

}  // namespace syncwarden::runtime
