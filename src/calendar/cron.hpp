// A cron expression as a value: its grammar (Quartz and Unix) and the search for matching wall-clock times.
// Wall-clock times are "local seconds": seconds since 1970-01-01T00:00 on the wall's own calendar, without a
// zone.
#pragma once

#include "base/error.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::calendar {

/// Seconds since 1970-01-01T00:00 as a wall clock shows them.
using LocalSeconds = std::int64_t;

inline constexpr int first_year = 1970;
inline constexpr int last_named_year = 2099;  ///< the greatest year that a year field may name
inline constexpr int last_year = 2199;        ///< where the search ends if no year is named

/// How the day of a month is chosen.
enum class DayRule : std::uint8_t {
  both,              ///< day of month AND day of week (an unrestricted one matches always)
  either,            ///< day of month OR day of week (Unix, both restricted)
  last_day,          ///< L, L-n: n days before the last day of the month
  last_working_day,  ///< LW
  nearest_weekday,   ///< nW: the Monday to Friday nearest to the day n, within the month
  last_weekday,      ///< nL: the last such weekday of the month
  nth_weekday,       ///< d#n: the nth such weekday of the month
};

/// The fields as bit sets: bit v is set if the value v matches.
struct CronFields {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t days_of_month = 0;       ///< bits 1 to 31
  std::uint32_t months = 0;              ///< bits 1 to 12
  std::uint32_t weekdays = 0;            ///< bit 0 is Sunday
  std::array<std::uint64_t, 4> years{};  ///< bit y - 1970
  DayRule day_rule = DayRule::both;
  int day_value = 0;       ///< L-n: n; nW and d#n: n
  bool fixed_time = true;  ///< no `*`, `?` or `/` in seconds, minutes and hours
};

struct CronExpression {
  CronFields fields;
  std::string text;  ///< canonical: upper case, single spaces, macros spelled out
  std::vector<std::string> warnings;
};

/// Reads a Quartz (6 or 7 fields) or Unix (5 fields, or a macro) expression; the number of fields decides.
/// Errc::invalid_config names the field, its text and what is allowed there. Does not look for "never fires".
[[nodiscard]] Result<CronExpression> parse_cron(std::string_view expression);

inline constexpr LocalSeconds no_limit = std::numeric_limits<LocalSeconds>::max();

/// The first matching wall-clock time strictly after `after` and before `limit`. Moves from field to field,
/// so the cost does not depend on the distance; `steps`, if given, grows by the number of months looked at.
[[nodiscard]] std::optional<LocalSeconds> next_local(const CronFields& fields, LocalSeconds after,
                                                     LocalSeconds limit = no_limit,
                                                     unsigned* steps = nullptr);

}  // namespace syncwarden::calendar
