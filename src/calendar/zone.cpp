#include "calendar/zone.hpp"

#include "base/text.hpp"
#include "calendar/impl/posix_tz.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <iterator>
#include <limits>
#include <mutex>
#include <unordered_map>

#include <date/tz.h>
#include <fmt/format.h>

namespace syncwarden::calendar {
namespace {

constexpr std::int64_t beginning = std::numeric_limits<std::int64_t>::min() / 4;
constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max() / 4;
constexpr unsigned guess_shift = 23;

/// Files of /usr/share/zoneinfo that are no zones: they depend on the machine or say nothing.
bool is_no_zone(std::string_view name) {
  return name.empty() || name == "localtime" || name == "posixrules" || name == "Factory" ||
         name.starts_with("posix/") || name.starts_with("right/");
}

/// The last line of a zone's TZif file. The date library stops at the last transition of the file (2037); the
/// rule for the years after it is here. Empty if there is none.
std::string rule_of(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.size() < 2 || bytes.back() != '\n') return {};
  const std::size_t start = bytes.rfind('\n', bytes.size() - 2);
  if (start == std::string::npos) return {};
  return bytes.substr(start + 1, bytes.size() - start - 2);
}

ZoneSpan span_of(std::int64_t begin, std::int64_t offset) {
  ZoneSpan span;
  span.begin = begin;
  span.offset = offset;
  return span;
}

std::vector<ZoneSpan> spans_of(const date::time_zone& zone) {
  std::vector<ZoneSpan> spans;
  date::sys_seconds at = date::sys_days{date::year{1969} / 1 / 1};
  const date::sys_seconds end = date::sys_days{date::year{last_year + 2} / 1 / 1};
  while (at < end) {
    const date::sys_info info = zone.get_info(at);
    const std::int64_t offset = info.offset.count();
    if (spans.empty()) {
      spans.push_back(span_of(beginning, offset));
    } else if (spans.back().offset != offset) {
      spans.push_back(span_of(at.time_since_epoch().count(), offset));
    }
    at = info.end;
  }
  // A zone whose table goes on beyond 2037 (Casablanca) has no rule but its last offset.
  const auto later = posix_transitions(rule_of(zone.name()), 2037, last_year + 1);
  if (!later) return spans;
  const std::int64_t known = spans.back().begin;
  for (const auto& [begin, offset] : *later) {
    if (begin > known && spans.back().offset != offset) spans.push_back(span_of(begin, offset));
  }
  return spans;
}

Error unknown_zone(std::string_view name, const std::vector<date::time_zone>& zones) {
  Error error{Errc::invalid_config, {}, {}, {}};
  if (name.empty()) {
    error.message = "the time zone is empty";
    error.hint = "give an IANA name such as Europe/Berlin or UTC";
    return error;
  }
  error.message = fmt::format("unknown time zone \"{}\"", printable(name));
  if (is_no_zone(name)) {
    error.hint = "give an IANA name such as Europe/Berlin or UTC";
    return error;
  }
  const auto lower = [](std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == ' ' ? '_' : c;
    return out;
  };
  const std::string wanted = lower(name);
  std::vector<std::string_view> names;
  for (const auto& zone : zones) {
    if (is_no_zone(zone.name())) continue;
    const std::string folded = lower(zone.name());
    if (folded == wanted || (folded.ends_with("/" + wanted))) {
      error.hint = fmt::format("did you mean {}?", zone.name());
      return error;
    }
    names.emplace_back(zone.name());
  }
  const auto near = nearest(name, names);
  error.hint =
      near ? fmt::format("did you mean {}?", *near) : "give an IANA name such as Europe/Berlin or UTC";
  return error;
}

Result<std::shared_ptr<const Zone>> load(const std::string& name) {
  try {
    const auto& zones = date::get_tzdb().zones;
    const auto found =
        std::find_if(zones.begin(), zones.end(), [&](const auto& zone) { return zone.name() == name; });
    if (found == zones.end() || is_no_zone(name)) return unknown_zone(name, zones);
    return std::make_shared<const Zone>(name, spans_of(*found));
  } catch (const std::exception& problem) {
    return Error{Errc::file_unreadable,
                 fmt::format("the time zone {} cannot be loaded: {}", printable(name), problem.what()), "",
                 "is the package tzdata installed?"};
  }
}

}  // namespace

Zone::Zone(std::string name, std::vector<ZoneSpan> spans) : name_(std::move(name)), spans_(std::move(spans)) {
  if (spans_.empty()) spans_.emplace_back();
  spans_.front().begin = beginning;
  LocalSeconds seen = beginning * 2;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    spans_[i].fresh = std::max(spans_[i].begin + spans_[i].offset, seen);
    seen = std::max(seen, local_end_of(i));
    spans_[i].seen = seen;
  }
  for (std::size_t i = 0, slot = 0; slot < (std::size_t{1} << 10); ++slot) {
    const auto start = static_cast<std::int64_t>(slot << guess_shift);
    while (i + 1 < spans_.size() && spans_[i + 1].begin <= start) ++i;
    guesses_.push_back(static_cast<std::uint16_t>(i));
  }
}

std::int64_t Zone::end_of(std::size_t index) const {
  return index + 1 < spans_.size() ? spans_[index + 1].begin : forever;
}

std::size_t Zone::index_at(std::int64_t utc) const {
  const std::size_t slot =
      std::min(static_cast<std::size_t>(std::max<std::int64_t>(utc, 0) >> guess_shift), guesses_.size() - 1);
  std::size_t index = utc < 0 ? 0 : guesses_[slot];
  while (index + 1 < spans_.size() && spans_[index + 1].begin <= utc) ++index;
  return index;
}

Result<std::shared_ptr<const Zone>> Zone::find(std::string_view name) {
  static std::mutex guard;
  static std::unordered_map<std::string, std::shared_ptr<const Zone>> known;
  const std::string key(name);
  const std::lock_guard lock(guard);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  auto loaded = load(key);
  if (loaded) known.emplace(key, *loaded);
  return loaded;
}

}  // namespace syncwarden::calendar
