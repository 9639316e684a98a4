// The search against an oracle that looks at every second or minute, on random expressions and windows around
// changes of the clocks.
#include "base/rng.hpp"
#include "calendar/occurrence.hpp"
#include "tables.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

constexpr const char* zones[] = {"UTC",          "Europe/Berlin",       "America/New_York", "Asia/Beirut",
                                 "Asia/Amman",   "Australia/Lord_Howe", "Pacific/Chatham",  "Europe/Dublin",
                                 "Pacific/Apia", "Africa/Casablanca",   "America/St_Johns"};

/// Does the wall-clock time match? Written without the bit tricks of the search.
bool matches(const CronFields& fields, LocalSeconds local) {
  namespace ch = std::chrono;
  const auto day = ch::floor<ch::days>(ch::sys_seconds{ch::seconds{local}});
  const ch::year_month_day date{day};
  const auto time = local - ch::sys_seconds{day}.time_since_epoch().count();
  const auto bit = [](std::uint64_t set, long value) { return ((set >> value) & 1U) != 0; };
  const auto d = static_cast<unsigned>(date.day());
  const auto last = static_cast<unsigned>((date.year() / date.month() / ch::last).day());
  const auto weekday = ch::weekday{day}.c_encoding();
  const auto working = [&](unsigned wanted) {
    const auto of = ch::weekday{ch::sys_days{date.year() / date.month() / ch::day{wanted}}}.c_encoding();
    if (of == 6) return wanted == 1 ? 3U : wanted - 1;
    if (of == 0) return wanted == last ? wanted - 2 : wanted + 1;
    return wanted;
  };
  if (!bit(fields.seconds, time % 60) || !bit(fields.minutes, time / 60 % 60) ||
      !bit(fields.hours, time / 3600) || !bit(fields.months, static_cast<unsigned>(date.month()))) {
    return false;
  }
  const auto n = static_cast<unsigned>(fields.day_value);
  const bool on_weekday = bit(fields.weekdays, weekday);
  const bool on_day = bit(fields.days_of_month, d);
  switch (fields.day_rule) {
    case DayRule::both:
      return on_weekday && on_day;
    case DayRule::either:
      return on_weekday || on_day;
    case DayRule::last_day:
      return d + n == last;
    case DayRule::last_working_day:
      return d == working(last);
    case DayRule::nearest_weekday:
      return n <= last && d == working(n);
    case DayRule::last_weekday:
      return on_weekday && d + 7 > last;
    case DayRule::nth_weekday:
      return on_weekday && (d - 1) / 7 + 1 == n;
  }
  return false;
}

/// All instants of (from, to] by looking at every `step` seconds.
std::vector<std::int64_t> scan(const CronFields& fields, const Zone& zone, DstPolicy policy,
                               std::int64_t from, std::int64_t to, std::int64_t step) {
  std::vector<std::int64_t> out;
  constexpr std::int64_t day = 2 * 86400;  // no zone repeats or skips more than this
  const auto passes = [&](LocalSeconds local) {
    std::vector<std::int64_t> found;
    for (std::size_t i = zone.index_at(local - day); i < zone.size() && zone[i].begin <= local + day; ++i) {
      const std::int64_t utc = local - zone[i].offset;
      if (utc >= zone[i].begin && utc < zone.end_of(i)) found.push_back(utc);
    }
    return found;
  };
  bool gap_fires = false;
  for (std::int64_t utc = from + step - (from % step); utc <= to; utc += step) {
    const std::size_t span = zone.index_at(utc);
    if (policy == DstPolicy::safe && fields.fixed_time && span > 0 && utc == zone[span].begin) {
      gap_fires = false;
      for (LocalSeconds t = zone[span - 1].offset + utc; t < zone[span].offset + utc; t += step) {
        gap_fires = gap_fires || matches(fields, t);
      }
      if (gap_fires) out.push_back(utc);
      if (gap_fires) continue;
    }
    const LocalSeconds local = utc + zone[span].offset;
    // Quartz forgets which pass of a repeated hour `from` lies in, and looks for later wall-clock times only.
    if (policy == DstPolicy::quartz && local <= from + zone[zone.index_at(from)].offset) continue;
    if (!matches(fields, local)) continue;
    const auto all = passes(local);
    const bool interval = policy == DstPolicy::safe && !fields.fixed_time;
    if (interval || utc == (policy == DstPolicy::quartz ? all.back() : all.front())) out.push_back(utc);
  }
  return out;
}

std::string random_field(Rng& rng, unsigned low, unsigned high) {
  const auto value = [&] { return low + static_cast<unsigned>(rng.below(high - low + 1)); };
  switch (rng.below(6)) {
    case 0:
      return "*";
    case 1:
      return fmt::format("{}/{}", value(), 1 + rng.below(high - low));
    case 2:
      return fmt::format("{}-{}", value(), value());
    case 3:
      return fmt::format("{},{},{}", value(), value(), value());
    default:
      return fmt::format("{}", value());
  }
}

std::string random_expression(Rng& rng, bool with_seconds) {
  const std::string seconds = with_seconds ? random_field(rng, 0, 59) : "0";
  const std::string hour = rng.chance(0.4) ? fmt::format("{}", rng.below(4)) : random_field(rng, 0, 23);
  std::string days;
  switch (rng.below(8)) {
    case 0:
      days = fmt::format("L-{} * ?", rng.below(4));
      break;
    case 1:
      days = "LW * ?";
      break;
    case 2:
      days = fmt::format("{}W * ?", 1 + rng.below(31));
      break;
    case 3:
      days = fmt::format("? * {}L", 1 + rng.below(7));
      break;
    case 4:
      days = fmt::format("? * {}#{}", 1 + rng.below(7), 1 + rng.below(4));
      break;
    case 5:
      days = fmt::format("? * {}", random_field(rng, 1, 7));
      break;
    case 6:
      days = fmt::format("{} * ?", random_field(rng, 1, 31));
      break;
    default:
      days = "* * ?";
      break;
  }
  return fmt::format("{} {} {} {}", seconds, random_field(rng, 0, 59), hour, days);
}

void compare(Rng& rng, bool with_seconds, int rounds, std::int64_t window) {
  for (int round = 0; round < rounds; ++round) {
    const std::string expression = random_expression(rng, with_seconds);
    const auto parsed = parse_cron(expression);
    ASSERT_TRUE(parsed.has_value()) << expression << ": " << to_string(parsed.error());
    const auto zone = Zone::find(zones[rng.below(std::size(zones))]);
    ASSERT_TRUE(zone.has_value());
    // Half of the windows lie around a change between 2000 and 2060, the others anywhere in that time.
    std::int64_t from = 946684800 + static_cast<std::int64_t>(rng.below(60ULL * 365 * 86400));
    const std::size_t span = (*zone)->index_at(from);
    if (rng.chance(0.7) && span > 0 && (**zone)[span].begin > 0) {
      from = (**zone)[span].begin - static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(window)));
    }
    from -= from % 60;
    for (const auto policy : {DstPolicy::safe, DstPolicy::quartz, DstPolicy::skip}) {
      std::vector<std::int64_t> found;
      std::int64_t at = from;
      while (const auto next = next_occurrence(parsed->fields, **zone, policy, at)) {
        if (*next > from + window) break;
        ASSERT_GT(*next, at) << expression;
        found.push_back(at = *next);
      }
      ASSERT_EQ(found, scan(parsed->fields, **zone, policy, from, from + window, with_seconds ? 1 : 60))
          << expression << " " << (*zone)->name() << " " << to_string(policy) << " from " << from;
    }
  }
}

TEST(Oracle, EveryMinuteAgrees) {
  Rng rng(20260329);
  compare(rng, false, 400, 4 * 86400);
}

TEST(Oracle, EverySecondAgrees) {
  Rng rng(20261025);
  compare(rng, true, 60, 6 * 3600);
}

/// Unix' OR and AND of the two day fields.
TEST(Oracle, UnixDaysAgree) {
  Rng rng(7);
  const auto utc = Zone::find("UTC");
  for (int round = 0; round < 100; ++round) {
    const auto expression = fmt::format(
        "0 12 {} * {}", rng.chance(0.3) ? "*/3" : fmt::format("{}", 1 + rng.below(28)), rng.below(8));
    const auto parsed = parse_cron(expression);
    std::vector<std::int64_t> found;
    std::int64_t at = 1767225600;
    for (; at <= 1767225600 + 60 * 86400; at = *next_occurrence(parsed->fields, **utc, DstPolicy::safe, at)) {
      if (at > 1767225600) found.push_back(at);
    }
    EXPECT_EQ(found, scan(parsed->fields, **utc, DstPolicy::safe, 1767225600, 1767225600 + 60 * 86400, 3600))
        << expression;
  }
}

}  // namespace
}  // namespace syncwarden::calendar
