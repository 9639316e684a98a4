#include "calendar/impl/posix_tz.hpp"

#include <algorithm>
#include <chrono>

namespace syncwarden::calendar {
namespace {

struct Change {
  char kind = 'M';  // M month.week.day, J Julian day without 29 February, N day of the year from 0
  int month = 0;
  int week = 0;
  int day = 0;
  std::int64_t time = 7200;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool eat(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool name() {
    if (eat('<')) {
      const auto end = rest_.find('>');
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 1);
      return true;
    }
    std::size_t length = 0;
    while (length < rest_.size() && ((rest_[length] | 0x20) >= 'a' && (rest_[length] | 0x20) <= 'z'))
      ++length;
    rest_.remove_prefix(length);
    return length >= 3;
  }
  /// At most four digits; -1 if there are none.
  int number() {
    int value = 0;
    std::size_t length = 0;
    while (length < rest_.size() && length < 4 && rest_[length] >= '0' && rest_[length] <= '9') {
      value = value * 10 + (rest_[length++] - '0');
    }
    if (length == 0) return -1;
    rest_.remove_prefix(length);
    return value;
  }
  /// [+-]h[h[h]][:mm[:ss]]
  std::optional<std::int64_t> duration() {
    const bool negative = eat('-');
    if (!negative) eat('+');
    std::int64_t total = 0;
    for (const int unit : {3600, 60, 1}) {
      if (unit != 3600 && !eat(':')) break;
      const int part = number();
      if (part < 0) return std::nullopt;
      total += std::int64_t{part} * unit;
    }
    return negative ? -total : total;
  }
  std::optional<Change> change() {
    if (!eat(',')) return std::nullopt;
    Change out;
    if (eat('M')) {
      out.month = number();
      out.week = eat('.') ? number() : -1;
      out.day = eat('.') ? number() : -1;
      const bool valid = out.month >= 1 && out.month <= 12 && out.week >= 1 && out.week <= 5 && out.day <= 6;
      if (!valid || out.day < 0) return std::nullopt;
    } else {
      out.kind = eat('J') ? 'J' : 'N';
      out.day = number();
      if (out.day < 0 || out.day > 365) return std::nullopt;
    }
    if (eat('/')) {
      const auto time = duration();
      if (!time) return std::nullopt;
      out.time = *time;
    }
    return out;
  }

 private:
  std::string_view rest_;
};

/// The local second, in the offset before the change, at which the change happens.
std::int64_t local_second(const Change& change, int year) {
  namespace ch = std::chrono;
  const ch::year y{year};
  ch::sys_days date = y / ch::January / 1;
  if (change.kind == 'M') {
    const auto month = y / ch::month{static_cast<unsigned>(change.month)};
    const ch::weekday day{static_cast<unsigned>(change.day)};
    date = change.week == 5 ? ch::sys_days{month / day[ch::last]}
                            : ch::sys_days{month / day[static_cast<unsigned>(change.week)]};
  } else if (change.kind == 'J') {
    date += ch::days{change.day - 1 + (y.is_leap() && change.day >= 60 ? 1 : 0)};
  } else {
    date += ch::days{change.day};
  }
  return std::int64_t{date.time_since_epoch().count()} * 86400 + change.time;
}

}  // namespace

std::optional<std::vector<std::pair<std::int64_t, std::int64_t>>> posix_transitions(std::string_view rule,
                                                                                    int first, int last) {
  Reader reader(rule);
  std::vector<std::pair<std::int64_t, std::int64_t>> out;
  const auto west = reader.name() ? reader.duration() : std::nullopt;
  if (!west) return std::nullopt;
  if (reader.done()) return out;
  const std::int64_t standard = -*west;
  std::int64_t daylight = standard + 3600;
  if (!reader.name()) return std::nullopt;
  if (reader.peek() != ',') {
    const auto offset = reader.duration();
    if (!offset) return std::nullopt;
    daylight = -*offset;
  }
  const auto begin = reader.change();
  const auto end = reader.change();
  if (!begin || !end || !reader.done()) return std::nullopt;
  for (int year = first; year <= last; ++year) {
    out.emplace_back(local_second(*begin, year) - standard, daylight);
    out.emplace_back(local_second(*end, year) - daylight, standard);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace syncwarden::calendar
