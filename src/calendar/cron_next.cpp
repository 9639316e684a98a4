#include "calendar/cron.hpp"

#include <bit>
#include <chrono>

namespace syncwarden::calendar {
namespace {

constexpr LocalSeconds seconds_per_day = 86400;

struct Month {
  int year;
  unsigned month;
};

bool has_bit(std::uint64_t set, unsigned bit) { return ((set >> bit) & 1U) != 0; }

std::uint64_t from_bit(std::uint64_t set, unsigned bit) { return bit > 63 ? 0 : (set >> bit) << bit; }

unsigned lowest(std::uint64_t set) { return static_cast<unsigned>(std::countr_zero(set)); }

/// The first matching year at or after `year`; 0 if there is none.
int year_from(const CronFields& fields, int year) {
  auto index = static_cast<unsigned>(year - first_year);
  for (; index < 256; index = (index / 64 + 1) * 64) {
    const std::uint64_t rest = from_bit(fields.years[index / 64], index % 64);
    if (rest != 0) return first_year + static_cast<int>(index / 64 * 64 + lowest(rest));
  }
  return 0;
}

std::int64_t first_day(Month at) {
  const auto first = std::chrono::year{at.year} / std::chrono::month{at.month} / std::chrono::day{1};
  return std::chrono::sys_days{first}.time_since_epoch().count();
}

unsigned length(Month at) {
  constexpr std::array<unsigned, 13> days{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return at.month == 2 && std::chrono::year{at.year}.is_leap() ? 29 : days[at.month];
}

/// 0 for Sunday; the epoch was a Thursday.
unsigned weekday_of(std::int64_t day) { return static_cast<unsigned>((day + 4) % 7); }

/// The working day nearest to `day` that stays in a month of `days` days.
unsigned working_day(unsigned day, unsigned days, unsigned weekday) {
  if (weekday == 6) return day == 1 ? 3 : day - 1;
  if (weekday == 0) return day == days ? day - 2 : day + 1;
  return day;
}

/// The days of a month that match, bits 1 to 31. `first` is the weekday of the month's first day.
std::uint64_t matching_days(const CronFields& fields, unsigned days, unsigned first) {
  const std::uint64_t inside = ((std::uint64_t{1} << days) - 1) << 1;
  const std::uint64_t week = ((fields.weekdays | (fields.weekdays << 7)) >> first) & 0x7F;
  const std::uint64_t by_weekday = ((week * 0x10204081ULL) << 1) & inside;
  const auto value = static_cast<unsigned>(fields.day_value);
  const auto weekday = [first](unsigned day) { return (first + day - 1) % 7; };
  switch (fields.day_rule) {
    case DayRule::both:
      return by_weekday & fields.days_of_month;
    case DayRule::either:
      return (by_weekday | fields.days_of_month) & inside;
    case DayRule::last_day:
      return value < days ? std::uint64_t{1} << (days - value) : 0;
    case DayRule::last_working_day:
      return std::uint64_t{1} << working_day(days, days, weekday(days));
    case DayRule::nearest_weekday:
      return value <= days ? std::uint64_t{1} << working_day(value, days, weekday(value)) : 0;
    case DayRule::last_weekday:
      return std::bit_floor(by_weekday);
    case DayRule::nth_weekday:
      return by_weekday & (std::uint64_t{0x7F} << ((value - 1) * 7 + 1));
  }
  return 0;
}

std::uint64_t matching_days(const CronFields& fields, Month at, std::int64_t first) {
  return matching_days(fields, length(at), weekday_of(first));
}

constexpr LocalSeconds none = -1;

/// The first matching second of a day at or after `from`, or `none`.
LocalSeconds time_of_day(const CronFields& fields, LocalSeconds from) {
  auto hour = static_cast<unsigned>(from / 3600);
  auto minute = static_cast<unsigned>(from / 60 % 60);
  const auto at = [](unsigned h, unsigned m, unsigned s) {
    return static_cast<LocalSeconds>(h) * 3600 + m * 60 + s;
  };
  if (has_bit(fields.hours, hour)) {
    if (has_bit(fields.minutes, minute)) {
      const std::uint64_t seconds = from_bit(fields.seconds, static_cast<unsigned>(from % 60));
      if (seconds != 0) return at(hour, minute, lowest(seconds));
    }
    const std::uint64_t minutes = from_bit(fields.minutes, minute + 1);
    if (minutes != 0) return at(hour, lowest(minutes), lowest(fields.seconds));
  }
  const std::uint64_t hours = from_bit(fields.hours, hour + 1);
  if (hours == 0) return none;
  return at(lowest(hours), lowest(fields.minutes), lowest(fields.seconds));
}

/// The first matching day at or after day `day` of the month `at`, before the local time `limit`; `none`
/// without one.
std::int64_t next_day(const CronFields& fields, Month at, unsigned day, LocalSeconds limit, unsigned* steps) {
  for (;;) {
    const int year = at.year > last_year ? 0 : year_from(fields, at.year);
    if (year == 0) return none;
    if (year != at.year) {
      at = {year, 1};
      day = 1;
    }
    const std::uint64_t months = from_bit(fields.months, at.month);
    if (months == 0) {
      at = {at.year + 1, 1};
      day = 1;
      continue;
    }
    if (lowest(months) != at.month) {
      at.month = lowest(months);
      day = 1;
    }
    if (steps != nullptr) ++*steps;
    const std::int64_t first = first_day(at);
    if (first >= limit / seconds_per_day + 1) return none;
    const std::uint64_t rest = from_bit(matching_days(fields, at, first), day);
    if (rest != 0) return first + lowest(rest) - 1;
    ++at.month;  // 13 matches no month, so the next turn goes on with January
    day = 1;
  }
}

}  // namespace

std::optional<LocalSeconds> next_local(const CronFields& fields, LocalSeconds after, LocalSeconds limit,
                                       unsigned* steps) {
  // Far outside of what a year field can name there is nothing to find, and nothing to overflow.
  constexpr LocalSeconds end = (last_year - first_year + 1) * LocalSeconds{366} * seconds_per_day;
  if (after >= end || limit <= 0) return std::nullopt;
  const LocalSeconds from = after < 0 ? 0 : after + 1;
  const std::int64_t day = from / seconds_per_day;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const Month at{static_cast<int>(date.year()), static_cast<unsigned>(date.month())};
  const auto day_of_month = static_cast<unsigned>(date.day());
  LocalSeconds found = none;
  const auto index = static_cast<unsigned>(at.year - first_year);
  if (index < 256 && has_bit(fields.years[index / 64], index % 64) && has_bit(fields.months, at.month) &&
      has_bit(matching_days(fields, at, day - day_of_month + 1), day_of_month)) {
    const LocalSeconds time = time_of_day(fields, from % seconds_per_day);
    if (time != none) found = day * seconds_per_day + time;
  }
  if (found == none) {
    const std::int64_t next = next_day(fields, at, day_of_month + 1, limit, steps);
    if (next == none) return std::nullopt;
    found = next * seconds_per_day + time_of_day(fields, 0);
  }
  if (found >= limit) return std::nullopt;
  return found;
}

}  // namespace syncwarden::calendar
