#include "settings/impl/schedules.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::settings {
namespace {

using calendar::Schedule;
using syncwarden::to_string;

constexpr std::array<std::string_view, 4> forms{"cron", "every", "keep_fresh", "after"};

/// "ac5b26bb-0d38-45df-9ae1-1d08d17ca666"
bool is_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool good = dash ? text[i] == '-' : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
    if (!good) return false;
  }
  return true;
}

/// One way to write a name, so that equal chains have equal text: Airbyte's arrow as "->", quotes escaped.
std::string canonical(std::string_view name) {
  constexpr std::string_view arrow = "\xE2\x86\x92";
  std::string out = "\"";
  while (!name.empty()) {
    if (name.substr(0, arrow.size()) == arrow) {
      out += "->";
      name.remove_prefix(arrow.size());
      continue;
    }
    if (name.front() == '"' || name.front() == '\\') out += '\\';
    out += name.front();
    name.remove_prefix(1);
  }
  return out + '"';
}

/// True if connections of a rule with `match` are among their own parents, where it can be told: without a
/// look at Airbyte, a pattern is known to match a name, or a narrower pattern, only.
bool names_own(const Match& parent, const Match& match) {
  if (parent.id) return match.id == parent.id;
  if (parent.name->find_first_not_of('*') == std::string::npos) return true;
  return match.name && glob_matches(*parent.name, *match.name);
}

}  // namespace

ScheduleMaker::ScheduleMaker(std::string zone, calendar::DstPolicy dst, const Match& match,
                             const Reading& reading)
    : zone_(std::move(zone)), dst_(dst), match_(match), reading_(reading) {}

std::vector<RuleSchedule> ScheduleMaker::all(const Value& value) const {
  std::vector<RuleSchedule> out;
  std::map<std::string, std::size_t> names;
  for (const Section& section : value.sections) {
    const std::string name = name_of(section, value.sections.size() > 1);
    if (!name.empty()) {
      const auto [earlier, fresh] = names.emplace(name, section.at("name").place.line);
      if (!fresh) {
        fail(section.at("name"),
             fmt::format("{} names the schedule in line {} already", shown(name), earlier->second));
      }
    }
    if (auto made = one(section)) out.push_back({name, std::move(*made)});
  }
  return out;
}

void ScheduleMaker::fail(const Value& at, const std::string& message, std::string hint) const {
  reading_.problems.add(at.place, fmt::format("{}: {}", at.path, message), std::move(hint));
}

std::string ScheduleMaker::name_of(const Section& section, bool needed) const {
  const Value& name = section.at("name");
  if (!name.given) {
    if (needed) {
      reading_.problems.add(section.place,
                            fmt::format("{}: each schedule of a list needs a name", section.path),
                            "with a name it keeps its history when the list is edited");
    }
    return {};
  }
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; };
  const bool good = name.text.size() <= 63 && !name.text.empty() &&
                    std::isalpha(static_cast<unsigned char>(name.text[0])) != 0 &&
                    std::all_of(name.text.begin(), name.text.end(), fits);
  if (name.valid && !good) {
    fail(name, fmt::format("{} is no name for a schedule", shown(name.written)),
         "a letter, then letters, digits, _ - . and at most 63 characters");
  }
  return name.text;
}

std::optional<ScheduleMaker::When> ScheduleMaker::one(const Section& section) const {
  std::string_view form;
  for (const auto name : forms) {
    if (!section.given(name)) continue;
    if (!form.empty()) {
      fail(section.at(name), fmt::format("{} and {} exclude each other", form, name),
           "make two schedules with names");
      return std::nullopt;
    }
    form = name;
  }
  if (form.empty()) {
    reading_.problems.add(section.place,
                          fmt::format("{}: none of {} is given", section.path, fmt::join(forms, ", ")),
                          "write {cron: \"0 15 * * * ?\"} or {every: 1h}");
    return std::nullopt;
  }
  for (const auto name : {"phase", "spread"}) {
    if (form != "every" && section.given(name))
      fail(section.at(name), fmt::format("goes with every, not with {}", form));
  }
  for (const auto name : {"timezone", "dst"}) {
    if (form == "every" && section.given(name)) {
      fail(section.at(name), "goes with cron; every counts real time");
    } else if (form != "cron" && section.given(name)) {
      fail(section.at(name), fmt::format("goes with cron, not with {}", form));
    }
  }
  if (form == "cron") return from_cron(section);
  if (form == "every") return from_every(section);
  if (form == "after") return from_after(section.at("after"));
  const Value& target = section.at("keep_fresh");
  return target.valid ? std::optional(When(KeepFresh{target.duration})) : std::nullopt;
}

std::optional<ScheduleMaker::When> ScheduleMaker::from_cron(const Section& section) const {
  const Value& cron = section.at("cron");
  const Value& zone = section.at("timezone");
  const Value& dst = section.at("dst");
  if (!cron.valid || !zone.valid || !dst.valid) return std::nullopt;
  auto made =
      cron_schedule(cron, zone.given ? zone.text : zone_, dst.given ? dst_from(dst.text) : dst_, reading_);
  if (!made) return std::nullopt;
  warn_if_dense(cron, *made);
  return When(*std::move(made));
}

std::optional<ScheduleMaker::When> ScheduleMaker::from_every(const Section& section) const {
  const Value& every = section.at("every");
  const Value& phase = section.at("phase");
  const bool spread = section.at("spread").flag;
  if (!every.valid || !phase.valid) return std::nullopt;
  if (spread && phase.given) {
    fail(phase, "phase and spread exclude each other", "spread chooses the phase itself");
    return std::nullopt;
  }
  if (phase.given && phase.duration >= every.duration) {
    fail(phase, fmt::format("{} is not less than the interval {}", to_string(phase.duration),
                            to_string(every.duration)));
    return std::nullopt;
  }
  auto made = Schedule::every({.interval = every.duration, .phase = phase.given ? phase.duration : Millis{}});
  if (!made.has_value()) {
    fail(every, made.error().message, made.error().hint);
    return std::nullopt;
  }
  warn_if_dense(every, *made);
  return spread ? When(SpreadEvery{every.duration}) : When(*std::move(made));
}

std::optional<ScheduleMaker::When> ScheduleMaker::from_after(const Value& after) const {
  if (!after.valid) return std::nullopt;
  const Section* section = after.sections.empty() ? nullptr : &after.sections.front();
  const Value& names = section != nullptr ? section->at("all") : after;
  if (!names.valid) return std::nullopt;
  After made;
  if (section != nullptr && section->given("within")) {
    const Value& within = section->at("within");
    if (within.text.empty() && within.valid) made.within = within.duration;
  }
  std::vector<std::string> texts;
  bool good = true;
  for (const Text& name : names.texts) {
    std::string text = canonical(name.text);
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) continue;
    texts.push_back(std::move(text));
    Match parent;
    (is_id(name.text) ? parent.id : parent.name) = name.text;
    if (names_own(parent, match_)) {
      reading_.problems.add(name.place,
                            fmt::format("{}: {} names the rule's own connections, which would wait for "
                                        "themselves",
                                        after.path, shown(name.written)),
                            "name what they wait for only");
      good = false;
    }
    made.parents.push_back(std::move(parent));
  }
  // Another order waits for the same.
  std::sort(texts.begin(), texts.end());
  made.text = fmt::format("after [{}]", fmt::join(texts, ", "));
  return good && !texts.empty() ? std::optional(When(std::move(made))) : std::nullopt;
}

/// Airbyte takes longer than this to start a sync.
void ScheduleMaker::warn_if_dense(const Value& value, const Schedule& schedule) const {
  auto last = schedule.next(Instant{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}});
  for (int i = 0; i < 4 && last; ++i) {
    const auto following = schedule.next(*last);
    if (following && *following - *last < std::chrono::minutes{1}) {
      reading_.problems.warn(value.place, fmt::format("{}: due more often than once a minute", value.path),
                             "a sync takes longer to start; is a seconds field missing a 0?");
      return;
    }
    last = following;
  }
}

std::optional<Schedule> cron_schedule(const Value& cron, const std::string& zone, calendar::DstPolicy dst,
                                      const Reading& reading) {
  auto made = Schedule::cron({.expression = cron.text, .timezone = zone, .dst = dst});
  if (!made.has_value()) {
    const bool literal = cron.text == cron.written;
    reading.problems.add(
        cron.place,
        fmt::format("{}: {}", cron.path,
                    literal ? made.error().message : "what the variables make is no valid expression"),
        made.error().hint);
    return std::nullopt;
  }
  for (const std::string& warning : made->warnings()) {
    reading.problems.warn(cron.place, fmt::format("{}: {}", cron.path, warning));
  }
  return *std::move(made);
}

}  // namespace syncwarden::settings
