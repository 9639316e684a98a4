#include "admin/amounts.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::admin {

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array<std::string_view, 6> units{"B", "kB", "MB", "GB", "TB", "PB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 999.95 && unit + 1 < units.size()) {
    amount /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string rough_text(Millis duration) {
  using namespace std::chrono;
  const auto total = std::max<std::int64_t>(0, floor<seconds>(duration).count());
  if (total == 0 && duration > Millis{0}) return fmt::format("{}ms", duration.count());
  const std::array<std::pair<std::int64_t, char>, 4> units{{{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  for (std::size_t i = 0; i + 1 < units.size(); ++i) {
    const auto [size, name] = units[i];
    if (total < size) continue;
    const auto [smaller, smaller_name] = units[i + 1];
    const std::int64_t rest = total % size / smaller;
    if (rest == 0) return fmt::format("{}{}", total / size, name);
    return fmt::format("{}{}{}{}", total / size, name, rest, smaller_name);
  }
  return fmt::format("{}s", total);
}

std::string amounts_text(const JobCounters& counters) {
  if (!has_statistics(counters)) return "no statistics";
  const auto records = counters.records_committed ? counters.records_committed : counters.records_emitted;
  const auto bytes = counters.bytes_committed ? counters.bytes_committed : counters.bytes_emitted;
  std::string text;
  if (records) text = fmt::format("{} record{}", count_text(*records), *records == 1 ? "" : "s");
  if (bytes) text += (text.empty() ? "" : ", ") + bytes_text(*bytes);
  return text;
}

}  // namespace syncwarden::admin
