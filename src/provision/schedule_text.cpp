#include "provision/schedule_text.hpp"

#include "base/text.hpp"
#include "calendar/schedule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::provision {
namespace {

constexpr std::array<std::string_view, 5> units{"minutes", "hours", "days", "weeks", "months"};

Error usage(std::string message, std::string hint) {
  return {Errc::usage, std::move(message), {}, std::move(hint)};
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Result<ScheduleSetting> basic(const std::vector<std::string>& words) {
  ScheduleSetting schedule;
  schedule.kind = AirbyteSchedule::basic;
  std::string unit = words.size() == 3 ? words[2] : std::string();
  if (!unit.empty() && unit.back() != 's') unit += 's';
  const bool known = std::find(units.begin(), units.end(), unit) != units.end();
  const char* const end = words.size() == 3 ? words[1].data() + words[1].size() : nullptr;
  const bool counted = end != nullptr && std::from_chars(words[1].data(), end, schedule.units).ptr == end &&
                       schedule.units > 0;
  if (!known || !counted)
    return usage("Airbyte's intervals are \"every N minutes, hours, days, weeks or months\"",
                 "such as every 24 hours");
  schedule.time_unit = unit;
  return schedule;
}

}  // namespace

Result<void> check_cron(const ScheduleSetting& schedule) {
  std::string lower = schedule.zone.substr(0, 3);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (lower == "etc")
    return usage(fmt::format("Airbyte refuses the zone {}", printable(schedule.zone)), "write UTC");
  const auto fields = words_of(schedule.cron).size();
  if (fields < 6 || fields > 7)
    return usage(
        fmt::format("Airbyte's cron is Quartz's with 6 or 7 fields, not {}", fields),
        "seconds minutes hours day-of-month month day-of-week, one of the two days is ?: 0 15 2 * * ?");
  calendar::CronSpec spec;
  spec.expression = schedule.cron;
  spec.timezone = schedule.zone;
  spec.dst = calendar::DstPolicy::quartz;
  const auto parsed = calendar::Schedule::cron(spec);
  if (!parsed) return usage(parsed.error().message, parsed.error().hint);
  return Result<void>();
}

Result<ScheduleSetting> schedule_from(std::string_view text) {
  std::vector<std::string> words = words_of(text);
  if (words.size() == 1 && words.front() == "manual") return ScheduleSetting{};
  if (!words.empty() && words.front() == "every") return basic(words);
  ScheduleSetting schedule;
  schedule.kind = AirbyteSchedule::cron;
  // the last word is a zone where it names a place; fields hold digits, stars and names of three letters
  const auto is_zone = [](const std::string& word) {
    return word == "UTC" || word.find('/') != std::string::npos
               ? word.find_first_of("0123456789*?") == std::string::npos
               : word.size() > 4 && word.find_first_of("-,#?*") == std::string::npos;
  };
  if (words.size() > 6 && is_zone(words.back())) {
    schedule.zone = words.back();
    words.pop_back();
  }
  schedule.cron = fmt::format("{}", fmt::join(words, " "));
  const auto good = check_cron(schedule);
  if (!good) return good.error();
  return schedule;
}

}  // namespace syncwarden::provision
