#include "app/moments.hpp"

#include "admin/amounts.hpp"

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

std::tm local_fields(Instant at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm fields{};
  ::localtime_r(&seconds, &fields);
  return fields;
}

bool same_day(const std::tm& a, const std::tm& b) { return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday; }

std::string formatted(const std::tm& fields, const char* format) {
  std::array<char, 64> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), format, &fields);
  return {buffer.data(), size};
}

Instant from_local(std::tm fields) {
  fields.tm_isdst = -1;
  return Instant(std::chrono::seconds{std::mktime(&fields)});
}

/// The length of the RFC 3339 instant at the front of `text`, 0 if there is none.
std::size_t instant_length(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size()) return 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return 0;
  }
  std::size_t end = shape.size();
  if (text[end] == '.') {
    do {
      ++end;
    } while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0);
  }
  return end < text.size() && text[end] == 'Z' ? end + 1 : 0;
}

/// "HH:MM" or "HH:MM:SS" into the fields.
bool read_clock_time(std::string_view text, std::tm& fields) {
  const std::string copy(text);
  int used = 0;
  fields.tm_sec = 0;
  const auto complete = [&] { return static_cast<std::size_t>(used) == copy.size(); };
  bool good =
      std::sscanf(copy.c_str(), "%2d:%2d%n", &fields.tm_hour, &fields.tm_min, &used) == 2 && complete();
  if (!good) {
    good = std::sscanf(copy.c_str(), "%2d:%2d:%2d%n", &fields.tm_hour, &fields.tm_min, &fields.tm_sec,
                       &used) == 3 &&
           complete();
  }
  return good && fields.tm_hour < 24 && fields.tm_min < 60 && fields.tm_sec < 60 && fields.tm_hour >= 0 &&
         fields.tm_min >= 0 && fields.tm_sec >= 0;
}

}  // namespace

std::string local_text(Instant at, Instant now) {
  const std::tm fields = local_fields(at);
  return formatted(fields, same_day(fields, local_fields(now)) ? "%H:%M:%S %Z" : "%Y-%m-%d %H:%M %Z");
}

std::string relative_text(Instant at, Instant now) {
  using std::chrono::seconds;
  if (at - now >= seconds{1}) return "in " + admin::rough_text(at - now);
  if (now - at >= seconds{1}) return admin::rough_text(now - at) + " ago";
  return "now";
}

std::string when_text(std::optional<Instant> at, Instant now) {
  if (!at) return "-";
  return fmt::format("{} ({})", local_text(*at, now), relative_text(*at, now));
}

std::string with_local_times(std::string_view text, Instant now) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = instant_length(text);
    const auto at = length > 0 ? parse_rfc3339(text.substr(0, length)) : std::nullopt;
    if (at) {
      out += local_text(*at, now);
      text.remove_prefix(length);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::optional<Instant> parse_moment(std::string_view text, Instant now, Towards towards) {
  if (const auto exact = parse_rfc3339(text)) return exact;
  if (const auto distance = parse_duration(text)) {
    return towards == Towards::past ? now - *distance : now + *distance;
  }
  std::tm fields = local_fields(now);
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    if (!read_clock_time(text, fields)) return std::nullopt;
    const Instant today = from_local(fields);
    if (towards == Towards::past && today > now) --fields.tm_mday;
    if (towards == Towards::future && today < now) ++fields.tm_mday;
    return from_local(fields);
  }
  // The calendar's own reading of the date: it knows which days there are.
  const auto day = parse_rfc3339(std::string(text.substr(0, space)) + "T00:00:00Z");
  if (!day || !read_clock_time(text.substr(space + 1), fields)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(*day)};
  fields.tm_year = static_cast<int>(date.year()) - 1900;
  fields.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  fields.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  return from_local(fields);
}

}  // namespace syncwarden::app
