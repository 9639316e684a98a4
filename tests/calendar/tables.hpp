// How the tables of this folder are written: one row an expression, its zone, a start and what follows.
#pragma once

#include "calendar/schedule.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace syncwarden::calendar::test {

inline Instant at(std::string_view text) {
  const auto instant = parse_rfc3339(text);
  if (!instant) throw std::invalid_argument(std::string(text));
  return *instant;
}

/// The next `count` instants after `from`, separated by blanks; "NONE" where they end, or the error.
inline std::string next(const Result<Schedule>& schedule, std::string_view from, int count) {
  if (!schedule) return "INVALID: " + to_string(schedule.error());
  std::string out;
  std::optional<Instant> instant = at(from);
  for (int i = 0; i < count; ++i) {
    instant = schedule->next(*instant);
    if (!out.empty()) out += ' ';
    out += instant ? to_rfc3339(*instant) : "NONE";
    if (!instant) break;
  }
  return out;
}

inline Result<Schedule> cron(std::string_view expression, std::string_view zone = "UTC",
                             DstPolicy policy = DstPolicy::safe) {
  return Schedule::cron({std::string(expression), std::string(zone), policy});
}

}  // namespace syncwarden::calendar::test
