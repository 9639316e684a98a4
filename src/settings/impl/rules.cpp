#include "base/text.hpp"
#include "settings/impl/assemble.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

using calendar::Schedule;
using syncwarden::to_string;

/// A declared word as the enum value that has this word. The reader has checked the word.
template <class Enum, std::size_t N>
Enum word_value(const std::array<Enum, N>& values, std::string_view word) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](Enum value) { return to_string(value) == word; });
  return found == values.end() ? values.front() : *found;
}

void take_extra_jobs(const Section& section, bool all, ExtraJobs& extra) {
  const auto takes = [&](std::string_view path) { return all || section.given(path); };
  if (takes("max")) extra.max = static_cast<std::uint32_t>(section.at("max").number);
  if (takes("backoff.initial")) extra.initial = section.at("backoff.initial").duration;
  if (takes("backoff.factor")) extra.factor = section.at("backoff.factor").number;
  if (takes("backoff.max")) extra.longest = section.at("backoff.max").duration;
  if (takes("on")) {
    extra.on.clear();
    for (const Text& word : section.at("on").texts) {
      const FailureClass failure = word_value(all_failure_classes, word.text);
      if (std::find(extra.on.begin(), extra.on.end(), failure) == extra.on.end()) extra.on.push_back(failure);
    }
  }
}

/// Puts what `section` gives (or all of it, defaults included) over `policy`.
void take_policy(const Section& section, bool all, Policy& policy) {
  const auto takes = [&](std::string_view path) { return all || section.given(path); };
  const auto word = [&](std::string_view path) -> const std::string& { return section.at(path).text; };
  const auto optional_duration = [&](std::string_view path) {
    const Value& value = section.at(path);
    return value.text.empty() ? std::optional<Millis>(value.duration) : std::nullopt;
  };
  if (takes("airbyte_schedule")) {
    policy.airbyte_schedule =
        word_value(std::array{AirbyteSchedulePolicy::refuse, AirbyteSchedulePolicy::set_manual,
                              AirbyteSchedulePolicy::tolerate},
                   word("airbyte_schedule"));
  }
  if (takes("overlap")) {
    const Value& overlap = section.at("overlap");
    const bool mapping = !overlap.sections.empty();
    policy.overlap = mapping ? OverlapPolicy::cancel_other
                             : word_value(std::array{OverlapPolicy::skip, OverlapPolicy::attach,
                                                     OverlapPolicy::queue_one, OverlapPolicy::cancel_other},
                                          overlap.text);
    policy.cancel_any = mapping && overlap.sections.front().at("cancel_other").text == "any";
  }
  if (takes("catch_up")) {
    policy.catch_up = word_value(std::array{CatchUpPolicy::latest, CatchUpPolicy::none, CatchUpPolicy::all},
                                 word("catch_up"));
  }
  if (takes("catch_up_max"))
    policy.catch_up_max = static_cast<std::uint32_t>(section.at("catch_up_max").number);
  if (takes("start_deadline")) policy.start_deadline = optional_duration("start_deadline");
  if (takes("jitter")) policy.jitter = section.at("jitter").duration;
  if (takes("priority")) policy.priority = word_value(all_priorities, word("priority"));
  if (takes("extra_jobs")) take_extra_jobs(section.section("extra_jobs"), all, policy.extra_jobs);
  if (takes("freshness.late_after")) {
    const auto fixed = optional_duration("freshness.late_after");
    if (fixed) {
      policy.freshness.late_after = *fixed;
    } else {
      policy.freshness.late_after = LateAuto{};
    }
  }
}

/// A rule's schedules, one by one, with the rule's zone and DST policy.
class ScheduleMaker {
 public:
  ScheduleMaker(std::string zone, calendar::DstPolicy dst, const Reading& reading)
      : zone_(std::move(zone)), dst_(dst), reading_(reading) {}

  std::vector<RuleSchedule> all(const Value& value) {
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

 private:
  using When = decltype(RuleSchedule::when);

  void fail(const Value& at, const std::string& message, std::string hint = {}) const {
    reading_.problems.add(at.place, fmt::format("{}: {}", at.path, message), std::move(hint));
  }

  std::string name_of(const Section& section, bool needed) const {
    const Value& name = section.at("name");
    if (!name.given) {
      if (needed) {
        reading_.problems.add(section.place,
                              fmt::format("{}: each schedule of a list needs a name", section.path),
                              "with a name it keeps its history when the list is edited");
      }
      return {};
    }
    const auto fits = [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
    };
    const bool good = name.text.size() <= 63 && !name.text.empty() &&
                      std::isalpha(static_cast<unsigned char>(name.text[0])) != 0 &&
                      std::all_of(name.text.begin(), name.text.end(), fits);
    if (name.valid && !good) {
      fail(name, fmt::format("{} is no name for a schedule", shown(name.written)),
           "a letter, then letters, digits, _ - . and at most 63 characters");
    }
    return name.text;
  }

  std::optional<When> one(const Section& section) {
    const bool cron = section.given("cron");
    const bool every = section.given("every");
    if (cron && every) {
      fail(section.at("every"), "cron and every exclude each other", "make two schedules with names");
      return std::nullopt;
    }
    if (!cron && !every) {
      const bool other = section.given("keep_fresh") || section.given("after");
      if (!other) {
        reading_.problems.add(section.place, fmt::format("{}: neither cron nor every is given", section.path),
                              "write {cron: \"0 15 * * * ?\"} or {every: 1h}");
      }
      return std::nullopt;
    }
    for (const auto name : {"phase", "spread"}) {
      if (cron && section.given(name)) fail(section.at(name), "goes with every, not with cron");
    }
    for (const auto name : {"timezone", "dst"}) {
      if (every && section.given(name)) fail(section.at(name), "goes with cron; every counts real time");
    }
    return cron ? from_cron(section) : from_every(section);
  }

  std::optional<When> from_cron(const Section& section) {
    const Value& cron = section.at("cron");
    const Value& zone = section.at("timezone");
    const Value& dst = section.at("dst");
    if (!cron.valid || !zone.valid || !dst.valid) return std::nullopt;
    auto made = Schedule::cron({.expression = cron.text,
                                .timezone = zone.given ? zone.text : zone_,
                                .dst = dst.given ? dst_from(dst.text) : dst_});
    if (!made.has_value()) {
      const bool literal = cron.text == cron.written;
      fail(cron, literal ? made.error().message : "what the variables make is no valid expression",
           made.error().hint);
      return std::nullopt;
    }
    for (const std::string& warning : made->warnings()) {
      reading_.problems.warn(cron.place, fmt::format("{}: {}", cron.path, warning));
    }
    warn_if_dense(cron, *made);
    return When(*std::move(made));
  }

  std::optional<When> from_every(const Section& section) {
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
    auto made =
        Schedule::every({.interval = every.duration, .phase = phase.given ? phase.duration : Millis{}});
    if (!made.has_value()) {
      fail(every, made.error().message, made.error().hint);
      return std::nullopt;
    }
    warn_if_dense(every, *made);
    return spread ? When(SpreadEvery{every.duration}) : When(*std::move(made));
  }

  /// Airbyte takes longer than this to start a sync.
  void warn_if_dense(const Value& value, const Schedule& schedule) const {
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

  std::string zone_;
  calendar::DstPolicy dst_;
  const Reading& reading_;
};

bool names_everything(const Match& match) {
  const auto open = [](const std::optional<std::string>& pattern) {
    return !pattern || pattern->find_first_not_of('*') == std::string::npos;
  };
  return open(match.name) && !match.id && !match.tag && open(match.workspace) && open(match.source) &&
         open(match.destination) && open(match.source_type) && open(match.destination_type);
}

/// Rules that can never win, because an earlier one matches whatever they match.
class ShadowCheck {
 public:
  explicit ShadowCheck(const Reading& reading) : reading_(reading) {}

  void add(const Match& match, const Section& rule) {
    const std::string text = match_text(match);
    const auto earlier = seen_.find(text);
    if (!everything_.empty()) {
      warn(rule, fmt::format("the rule at {} matches every connection before this one", everything_));
    } else if (earlier != seen_.end()) {
      warn(rule, fmt::format("the rule at {} has the same match and wins", earlier->second));
    }
    const std::string where = fmt::format("{}:{}", printable(*rule.place.file, 300), rule.place.line);
    seen_.emplace(text, where);
    if (everything_.empty() && names_everything(match)) everything_ = where;
  }

 private:
  void warn(const Section& rule, const std::string& message) const {
    reading_.problems.warn(rule.place, fmt::format("{}: never used: {}", rule.path, message));
  }

  const Reading& reading_;
  std::map<std::string, std::string> seen_;
  std::string everything_;
};

}  // namespace

calendar::DstPolicy dst_from(std::string_view word) {
  return word_value(
      std::array{calendar::DstPolicy::safe, calendar::DstPolicy::quartz, calendar::DstPolicy::skip}, word);
}

std::string match_text(const Match& match) {
  std::string out;
  const auto put = [&](std::string_view key, const std::optional<std::string>& pattern) {
    if (pattern) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key, shown(*pattern));
  };
  put("name", match.name);
  put("id", match.id);
  put("tag", match.tag);
  put("workspace", match.workspace);
  put("source", match.source);
  put("destination", match.destination);
  put("source_type", match.source_type);
  put("destination_type", match.destination_type);
  return "{" + out + "}";
}

Match assemble_match(const Section& section, const Reading& reading) {
  const auto pattern = [&](std::string_view key) {
    const Value& value = section.at(key);
    return value.given ? std::optional<std::string>(value.text) : std::nullopt;
  };
  const bool any =
      std::any_of(section.values.begin(), section.values.end(), [](const Value& v) { return v.given; });
  if (!any) {
    reading.problems.add(section.place, fmt::format("{}: names nothing", section.path),
                         "to mean every connection, write {name: \"*\"}");
  }
  Match match;
  match.name = pattern("name");
  match.id = pattern("id");
  match.tag = pattern("tag");
  match.workspace = pattern("workspace");
  match.source = pattern("source");
  match.destination = pattern("destination");
  match.source_type = pattern("source_type");
  match.destination_type = pattern("destination_type");
  return match;
}

Inherited assemble_defaults(const Section& defaults) {
  Inherited inherited;
  take_policy(defaults, true, inherited.policy);
  inherited.timezone = defaults.at("timezone").text;
  inherited.dst = dst_from(defaults.at("dst").text);
  return inherited;
}

std::vector<Rule> assemble_rules(const Value& connections, const Inherited& inherited,
                                 const Reading& reading) {
  std::vector<Rule> rules;
  ShadowCheck shadows(reading);
  for (const Section& section : connections.sections) {
    Rule rule;
    rule.policy = inherited.policy;
    rule.where = fmt::format("{}:{}", *section.place.file, section.place.line);
    take_policy(section, false, rule.policy);
    const Value& zone = section.at("timezone");
    const Value& dst = section.at("dst");
    ScheduleMaker maker(zone.given ? zone.text : inherited.timezone,
                        dst.given ? dst_from(dst.text) : inherited.dst, reading);
    rule.schedules = maker.all(section.at("schedule"));
    if (section.given("match") && section.at("match").valid) {
      rule.match = assemble_match(section.section("match"), reading);
      shadows.add(rule.match, section);
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace syncwarden::settings
