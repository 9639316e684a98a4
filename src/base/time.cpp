#include "base/time.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace syncwarden {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;

std::string local_text(Instant at) {
  const auto day = floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const auto rest = at - day;
  const auto h = duration_cast<std::chrono::hours>(rest).count();
  const auto m = duration_cast<std::chrono::minutes>(rest).count() % 60;
  const auto s = duration_cast<std::chrono::seconds>(rest).count() % 60;
  const auto ms = rest.count() % 1000;
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), h, m, s);
  if (ms != 0) text += fmt::format(".{:03}", ms);
  return text;
}

/// Reads exactly `digits` decimal digits off the front of `text`.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123456" cut to milliseconds; nothing there is zero.
bool take_fraction(std::string_view& text, int& ms) {
  ms = 0;
  if (!take_char(text, '.')) return true;
  int seen = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (seen < 3) ms = ms * 10 + (text.front() - '0');
    ++seen;
    text.remove_prefix(1);
  }
  for (int i = seen; i < 3; ++i) ms *= 10;
  return seen > 0;
}

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 6> units{
    {{"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

}  // namespace

std::string to_rfc3339(Instant at) { return local_text(at) + "Z"; }

std::string to_rfc3339(Instant at, std::chrono::seconds offset) {
  const auto minutes = duration_cast<std::chrono::minutes>(offset).count();
  return local_text(at + offset) + fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+',
                                               std::abs(minutes) / 60, std::abs(minutes) % 60);
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  if (!take_number(text, 4, year) || !take_char(text, '-') || !take_number(text, 2, month) ||
      !take_char(text, '-') || !take_number(text, 2, day)) {
    return std::nullopt;
  }
  if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return std::nullopt;
  if (!take_number(text, 2, hour) || !take_char(text, ':') || !take_number(text, 2, minute))
    return std::nullopt;
  if (take_char(text, ':') && (!take_number(text, 2, second) || !take_fraction(text, ms)))
    return std::nullopt;

  int offset_minutes = 0;
  if (!take_char(text, 'Z') && !take_char(text, 'z')) {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    int offset_hour = 0, offset_minute = 0;
    if (!take_number(text, 2, offset_hour)) return std::nullopt;
    take_char(text, ':');
    if (!take_number(text, 2, offset_minute)) return std::nullopt;
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset_minutes = sign * (offset_hour * 60 + offset_minute);
  }
  if (!text.empty()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return Instant{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
         std::chrono::minutes{minute - offset_minutes} + std::chrono::seconds{second} + Millis{ms};
}

std::optional<Millis> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0 || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const auto name = text.substr(0, letters);
    std::int64_t scale = 0;
    for (const auto& unit : units) {
      if (unit.name == name) scale = unit.ms;
    }
    if (scale == 0) return std::nullopt;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(count, scale, &part) || __builtin_add_overflow(total, part, &total)) {
      return std::nullopt;
    }
    text.remove_prefix(letters);
  }
  return Millis{total};
}

std::string to_string(Millis duration) {
  auto rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  for (const auto& unit : units) {
    // "90d" says more than "12w6d": weeks only where nothing else is left.
    if (unit.name == "w" && rest % unit.ms != 0) continue;
    if (const auto count = rest / unit.ms; count > 0) {
      text += fmt::format("{}{}", count, unit.name);
      rest -= count * unit.ms;
    }
  }
  return text;
}

std::optional<Millis> parse_iso8601_duration(std::string_view text) {
  const bool negative = take_char(text, '-');
  if (!take_char(text, 'P')) return std::nullopt;
  double total_ms = 0;
  bool in_time = false, any = false;
  while (!text.empty()) {
    if (take_char(text, 'T')) {
      if (in_time) return std::nullopt;
      in_time = true;
      continue;
    }
    double count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return std::nullopt;
    const char unit = text.front();
    text.remove_prefix(1);
    if (!in_time && unit == 'D') {
      total_ms += count * 86'400'000;
    } else if (in_time && unit == 'H') {
      total_ms += count * 3'600'000;
    } else if (in_time && unit == 'M') {
      total_ms += count * 60'000;
    } else if (in_time && unit == 'S') {
      total_ms += count * 1'000;
    } else {
      return std::nullopt;
    }
    any = true;
  }
  if (!any || !(std::fabs(total_ms) < 9e18)) return std::nullopt;
  const Millis value{std::llround(total_ms)};
  return negative ? -value : value;
}

}  // namespace syncwarden
