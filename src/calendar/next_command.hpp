// The engine of `syncwarden next`: pure functions from text to rows and lines; the app does the reading and
// printing.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::calendar {

/// What a line may leave out. `from` is the shell's clock unless the user gave one.
struct NextDefaults {
  std::string timezone = "UTC";
  Instant from{};
  int count = 5;
  DstPolicy dst = DstPolicy::safe;
};

/// One coming instant.
struct NextRow {
  Instant instant;
  std::string local;  ///< RFC 3339 with the zone's offset
  std::string utc;    ///< RFC 3339 with Z
  std::string mark;   ///< what DST did to this row or to times just before it; mostly empty
};

struct NextTable {
  std::string text;  ///< the canonical schedule, as Schedule::text
  std::vector<std::string> warnings;
  std::vector<NextRow> rows;  ///< fewer than asked for, or none, where the schedule ends
};

/// A cron expression, or "every DURATION [phase DURATION]". An interval's zone only decides how it is shown.
[[nodiscard]] Result<Schedule> parse_schedule(std::string_view text, const std::string& timezone,
                                              DstPolicy dst);

/// The rows of the single-expression form, strictly after `how.from`.
[[nodiscard]] Result<NextTable> next_table(std::string_view text, const NextDefaults& how);

/// One line of `next -`: "expression<TAB>zone<TAB>from", where zone and from may be empty or missing. The
/// answer is comma-separated RFC 3339 instants, "NONE", or "INVALID: reason"; with `json` an object:
/// {"expression", "zone", "from", "next": [...]} or {"expression", "error"}. Never holds a line break.
[[nodiscard]] std::string answer_line(std::string_view line, const NextDefaults& defaults, bool json);

}  // namespace syncwarden::calendar
