#include "calendar/next_command.hpp"

#include "base/text.hpp"
#include "calendar/cron.hpp"
#include "calendar/every.hpp"
#include "calendar/zone.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

namespace syncwarden::calendar {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t start = text.find_first_not_of(blanks);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(blanks) - start + 1);
}

bool is_every(std::string_view text) { return trim(text).starts_with("every"); }

std::int64_t seconds_of(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

/// "02:30", or "02:30:15" where there are seconds.
std::string clock_text(LocalSeconds time) {
  const LocalSeconds of_day = ((time % 86400) + 86400) % 86400;
  std::string out = fmt::format("{:02}:{:02}", of_day / 3600, of_day / 60 % 60);
  if (of_day % 60 != 0) out += fmt::format(":{:02}", of_day % 60);
  return out;
}

/// The marks of a cron expression's rows.
class Marker {
 public:
  Marker(const CronFields& fields, const Zone& zone, DstPolicy policy)
      : fields_(fields), zone_(zone), policy_(policy) {}

  /// What DST did in (previous, at]: both UTC seconds.
  std::string mark(std::int64_t previous, std::int64_t at) const {
    std::string out;
    const std::size_t last = zone_.index_at(at);
    for (std::size_t i = zone_.index_at(previous) + 1; i <= last; ++i) append(out, gap(i, at));
    append(out, pass(last, at));
    if (policy_ == DstPolicy::quartz) append(out, lost_passes(previous, at));
    return out;
  }

 private:
  static void append(std::string& out, const std::string& text) {
    if (text.empty()) return;
    out += out.empty() ? "DST: " : "; ";
    out += text;
  }

  /// The matching times that the beginning of span `i` skips.
  std::string gap(std::size_t i, std::int64_t at) const {
    const LocalSeconds begin = zone_[i - 1].seen;
    if (zone_[i].fresh <= begin) return {};
    const auto time = next_local(fields_, begin - 1, zone_[i].fresh);
    if (!time) return {};
    const bool fixed = policy_ == DstPolicy::safe && fields_.fixed_time;
    if (!fixed) return fmt::format("clocks go forward, {} does not exist and is not run", clock_text(*time));
    if (at != zone_[i].begin) return {};
    const LocalSeconds local = at + zone_[i].offset;
    const bool regular = next_local(fields_, local - 1, local + 1).has_value();
    return fmt::format("clocks go forward, {} {}", regular ? "also stands for" : "moved from",
                       clock_text(*time));
  }

  /// Which pass of a repeated time this is.
  std::string pass(std::size_t i, std::int64_t at) const {
    const LocalSeconds local = at + zone_[i].offset;
    if (i > 0 && local < zone_[i - 1].seen && local < zone_[i].fresh) return "clocks go back, second pass";
    const bool again = i + 1 < zone_.size() && local >= zone_[i + 1].begin + zone_[i + 1].offset;
    return again ? "clocks go back, first pass" : "";
  }

  /// Quartz leaves out the first pass of repeated times.
  std::string lost_passes(std::int64_t previous, std::int64_t at) const {
    for (std::size_t i = zone_.index_at(previous); i + 1 < zone_.size() && zone_[i].begin <= at; ++i) {
      const LocalSeconds begin = zone_[i + 1].begin + zone_[i + 1].offset;
      const LocalSeconds end = zone_.local_end_of(i);
      if (begin >= end) continue;
      const auto time = next_local(fields_, std::max(begin - 1, previous + zone_[i].offset), end);
      if (time && *time - zone_[i].offset < at) {
        return fmt::format("the first pass of {} is not run", clock_text(*time));
      }
    }
    return {};
  }

  const CronFields& fields_;
  const Zone& zone_;
  DstPolicy policy_;
};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Foreign text as it may stand in JSON: valid UTF-8, whole.
std::string quoted_input(std::string_view text) {
  return quoted(is_utf8(text) ? std::string(text) : printable(text, text.size() * 3));
}

struct Line {
  std::string_view expression;
  std::string zone;
  Instant from;
};

Result<Line> read_line(std::string_view line, const NextDefaults& defaults) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  std::array<std::string_view, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t tab = line.find('\t');
    parts[i] = trim(line.substr(0, tab));
    if (tab == std::string_view::npos) break;
    if (i == 2) {
      return Error{Errc::usage, "more than three fields", {}, "a line is expression<TAB>zone<TAB>from"};
    }
    line.remove_prefix(tab + 1);
  }
  Line out{parts[0], parts[1].empty() ? defaults.timezone : std::string(parts[1]), defaults.from};
  if (parts[2].empty()) return out;
  const auto from = parse_rfc3339(parts[2]);
  if (!from) {
    return Error{Errc::usage,
                 fmt::format("from \"{}\" is no RFC 3339 instant", printable(parts[2])),
                 {},
                 "an example: 2026-03-29T01:00:00Z"};
  }
  out.from = *from;
  return out;
}

}  // namespace

Result<Schedule> parse_schedule(std::string_view text, const std::string& timezone, DstPolicy dst) {
  if (!is_every(text)) return Schedule::cron({std::string(text), timezone, dst});
  const auto every = parse_every(text);
  if (!every) return every.error();
  const auto zone = Zone::find(timezone);
  if (!zone) return zone.error();
  return Schedule::every(*every);
}

Result<NextTable> next_table(std::string_view text, const NextDefaults& how) {
  const auto schedule = parse_schedule(text, how.timezone, how.dst);
  if (!schedule) return schedule.error();
  const auto zone = Zone::find(how.timezone);
  if (!zone) return zone.error();
  CronFields fields;
  if (!is_every(text)) {
    const auto expression = parse_cron(text);
    if (!expression) return expression.error();
    fields = expression->fields;
  }
  const Marker marker(fields, **zone, how.dst);
  NextTable table{schedule->text().str(), {schedule->warnings().begin(), schedule->warnings().end()}, {}};
  Instant at = how.from;
  for (int i = 0; i < how.count; ++i) {
    const auto following = schedule->next(at);
    if (!following) break;
    const std::chrono::seconds offset{(*zone)->offset_at(seconds_of(*following))};
    std::string mark = is_every(text) ? "" : marker.mark(seconds_of(at), seconds_of(*following));
    table.rows.push_back(
        {*following, to_rfc3339(*following, offset), to_rfc3339(*following), std::move(mark)});
    at = *following;
  }
  return table;
}

std::string answer_line(std::string_view line, const NextDefaults& defaults, bool json) {
  const auto request = read_line(line, defaults);
  const auto fail = [&](const Error& error) {
    const std::string reason = printable(to_string(error), 1000);
    if (!json) return "INVALID: " + reason;
    const std::string_view expression = request ? request->expression : trim(line.substr(0, line.find('\t')));
    return fmt::format("{{\"expression\":{},\"error\":{}}}", quoted_input(expression), quoted(reason));
  };
  if (!request) return fail(request.error());
  const auto schedule = parse_schedule(request->expression, request->zone, defaults.dst);
  if (!schedule) return fail(schedule.error());
  std::string out;
  std::optional<Instant> at = request->from;
  for (int i = 0; i < defaults.count && (at = schedule->next(*at)); ++i) {
    if (!out.empty()) out += ',';
    out += json ? quoted(to_rfc3339(*at)) : to_rfc3339(*at);
  }
  if (!json) return out.empty() ? "NONE" : out;
  return fmt::format("{{\"expression\":{},\"zone\":{},\"from\":{},\"next\":[{}]}}",
                     quoted_input(request->expression), quoted(request->zone),
                     quoted(to_rfc3339(request->from)), out);
}

}  // namespace syncwarden::calendar
