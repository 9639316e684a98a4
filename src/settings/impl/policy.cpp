#include "settings/impl/assemble.hpp"
#include "settings/impl/words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

using syncwarden::to_string;

/// What a section gives: all of it, defaults included, or only what stands there.
class Taker {
 public:
  Taker(const Section& section, bool all) : section_(section), all_(all) {}

  [[nodiscard]] bool takes(std::string_view path) const { return all_ || section_.given(path); }
  [[nodiscard]] const Value& at(std::string_view path) const { return section_.at(path); }

  void duration(std::string_view path, Millis& into) const {
    if (takes(path)) into = at(path).duration;
  }
  void count(std::string_view path, std::uint32_t& into) const {
    if (takes(path)) into = static_cast<std::uint32_t>(at(path).number);
  }
  void number(std::string_view path, double& into) const {
    if (takes(path)) into = at(path).number;
  }
  template <class Enum, std::size_t N>
  void word(std::string_view path, const std::array<Enum, N>& values, Enum& into) const {
    if (takes(path)) into = word_value(values, at(path).text);
  }

 private:
  const Section& section_;
  bool all_;
};

void take_extra_jobs(const Taker& taker, ExtraJobs& extra) {
  taker.count("extra_jobs.max", extra.max);
  taker.duration("extra_jobs.backoff.initial", extra.initial);
  taker.number("extra_jobs.backoff.factor", extra.factor);
  taker.duration("extra_jobs.backoff.max", extra.longest);
  if (!taker.takes("extra_jobs.on")) return;
  extra.on.clear();
  for (const Text& word : taker.at("extra_jobs.on").texts) {
    const FailureClass failure = word_value(all_failure_classes, word.text);
    if (std::find(extra.on.begin(), extra.on.end(), failure) == extra.on.end()) extra.on.push_back(failure);
  }
}

void take_stuck(const Taker& taker, StuckPolicy& stuck) {
  static constexpr std::array actions{StuckAction::alert, StuckAction::cancel, StuckAction::cancel_and_rerun};
  const auto rule = [&](std::string_view name, std::string_view after, StuckRule& into) {
    taker.duration(fmt::format("stuck.{}.{}", name, after), into.after);
    taker.word(fmt::format("stuck.{}.action", name), actions, into.action);
  };
  rule("pending", "after", stuck.pending);
  rule("queued", "after", stuck.queued);
  rule("between_attempts", "after", stuck.between_attempts);
  rule("no_progress", "after", stuck.no_progress);
  rule("max_run_time", "after", stuck.max_run_time);
  rule("longer_than", "at_least", stuck.longer_than);
  if (taker.takes("stuck.longer_than.typical")) {
    const Value& typical = taker.at("stuck.longer_than.typical");
    stuck.longer_than_typical = typical.text.empty() ? typical.number : 0;
  }
  taker.count("stuck.max_cancels", stuck.max_cancels);
}

void take_verify(const Taker& taker, VerifyPolicy& verify) {
  taker.word("verify.no_statistics", std::array{NoStatistics::suspect, NoStatistics::accept},
             verify.no_statistics);
  taker.word("verify.zero_records",
             std::array{ZeroRecords::unless_usual, ZeroRecords::suspect, ZeroRecords::accept},
             verify.zero_records);
  taker.word("verify.volume", std::array{VolumeCheck::alert_outliers, VolumeCheck::off}, verify.volume);
}

/// "MON-FRI,SUN" in capitals; nothing if it is anything but names of weekdays, in ranges and lists.
std::optional<std::string> weekdays(std::string_view text) {
  static constexpr std::array<std::string_view, 7> names{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};
  std::string upper;
  for (const char c : text) {
    if (c != ' ') upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  const auto is_name = [](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::string_view rest = upper;
  while (true) {
    const std::string_view item = rest.substr(0, rest.find(','));
    const bool range = item.size() == 7 && item[3] == '-';
    const bool good = range ? is_name(item.substr(0, 3)) && is_name(item.substr(4)) : is_name(item);
    if (!good) return std::nullopt;
    if (item.size() == rest.size()) return upper;
    rest.remove_prefix(item.size() + 1);
  }
}

/// {done_by: "08:00", days: MON-FRI} as a Quartz expression; empty if it is wrong, which is told then.
std::string deadline_expression(const Section& section, const Reading& reading) {
  const Value& time = section.at("done_by");
  const Value& days = section.at("days");
  if (!time.given || !time.valid || !days.valid) return {};
  const auto names = weekdays(days.text);
  if (!names) {
    reading.problems.add(days.place, fmt::format("{}: {} names no days", days.path, shown(days.written)),
                         "weekdays by name: MON TUE WED THU FRI SAT SUN, as in MON-FRI or MON,THU");
    return {};
  }
  const auto minutes = static_cast<int>(time.number);
  return fmt::format("0 {} {} ? * {}", minutes % 60, minutes / 60, *names);
}

void take_freshness(const Taker& taker, Inherited& into, const Reading& reading) {
  FreshnessPolicy& freshness = into.policy.freshness;
  if (taker.takes("freshness.objective")) {
    const Value& objective = taker.at("freshness.objective");
    freshness.objective = objective.text.empty() ? objective.number / 100 : 0;
  }
  if (taker.takes("freshness.late_after")) {
    const Value& late = taker.at("freshness.late_after");
    into.deadlines.clear();
    if (!late.sections.empty()) {
      into.deadlines = deadline_expression(late.sections.front(), reading);
    } else if (late.text.empty()) {
      freshness.late_after = late.duration;
    } else {
      freshness.late_after = LateAuto{};
    }
  }
  if (into.deadlines.empty()) return;
  // An inherited time of the day means the rule's own zone.
  auto made = calendar::Schedule::cron({.expression = into.deadlines, .timezone = into.timezone});
  if (made.has_value()) freshness.late_after = DoneBy{*std::move(made)};
}

/// Labels of a rule are added to those of the defaults; the rule's win.
void take_labels(const Taker& taker, Labels& labels) {
  for (const Text& label : taker.at("labels").texts) {
    const auto found =
        std::find_if(labels.begin(), labels.end(), [&](const auto& one) { return one.first == label.label; });
    if (found == labels.end()) {
      labels.emplace_back(label.label, label.text);
    } else {
      found->second = label.text;
    }
  }
  std::sort(labels.begin(), labels.end());
}

void take_scheduling(const Taker& taker, Policy& policy) {
  taker.word("airbyte_schedule",
             std::array{AirbyteSchedulePolicy::refuse, AirbyteSchedulePolicy::set_manual,
                        AirbyteSchedulePolicy::tolerate},
             policy.airbyte_schedule);
  if (taker.takes("overlap")) {
    const Value& overlap = taker.at("overlap");
    const bool mapping = !overlap.sections.empty();
    policy.overlap = mapping ? OverlapPolicy::cancel_other
                             : word_value(std::array{OverlapPolicy::skip, OverlapPolicy::attach,
                                                     OverlapPolicy::queue_one, OverlapPolicy::cancel_other},
                                          overlap.text);
    policy.cancel_any = mapping && overlap.sections.front().at("cancel_other").text == "any";
  }
  taker.word("catch_up", std::array{CatchUpPolicy::latest, CatchUpPolicy::none, CatchUpPolicy::all},
             policy.catch_up);
  taker.count("catch_up_max", policy.catch_up_max);
  if (taker.takes("start_deadline")) {
    const Value& deadline = taker.at("start_deadline");
    policy.start_deadline = deadline.text.empty() ? std::optional<Millis>(deadline.duration) : std::nullopt;
  }
  taker.duration("jitter", policy.jitter);
  taker.word("priority", all_priorities, policy.priority);
}

/// What two keys or more say together. Only a section that gives one of them is told.
class PolicyCheck {
 public:
  PolicyCheck(const Section& section, const Policy& policy, const Reading& reading)
      : section_(section), policy_(policy), reading_(reading) {}

  void all() const {
    pending();
    run_times();
    short_waits();
    breaker();
    cancels();
  }

 private:
  /// The first of these keys that is given; none, if one of them is wrong by itself.
  template <class... Paths>
  [[nodiscard]] const Value* given(Paths... paths) const {
    const Value* found = nullptr;
    for (const std::string_view path : {std::string_view(paths)...}) {
      const Value& value = section_.at(path);
      if (!value.valid) return nullptr;
      if (found == nullptr && value.given) found = &value;
    }
    return found;
  }

  void warn(const Value& at, const std::string& message, std::string hint) const {
    reading_.problems.warn(at.place, fmt::format("{}: {}", at.path, message), std::move(hint));
  }

  void pending() const {
    const Value* action = given("stuck.pending.action");
    if (action == nullptr || policy_.stuck.pending.action == StuckAction::alert) return;
    warn(*action, "a cancel does nothing to a pending job before Airbyte 2.1",
         "there it only alerts; a later start joins the same job");
  }

  void run_times() const {
    const Value* at = given("stuck.max_run_time.after", "stuck.longer_than.at_least");
    const StuckPolicy& stuck = policy_.stuck;
    if (at == nullptr || stuck.longer_than_typical == 0 || stuck.max_run_time.after > stuck.longer_than.after)
      return;
    reading_.problems.add(
        at->place,
        fmt::format("{}.stuck: max_run_time.after ({}) must be more than longer_than.at_least ({})",
                    section_.path, to_string(stuck.max_run_time.after), to_string(stuck.longer_than.after)),
        "raise the one or lower the other; longer_than.typical: never looks at the first only");
  }

  void short_waits() const {
    const StuckPolicy& stuck = policy_.stuck;
    const Value* between = given("stuck.between_attempts.after");
    if (between != nullptr && stuck.between_attempts.after < std::chrono::minutes{30}) {
      warn(*between,
           fmt::format("{} is less than Airbyte itself may wait", to_string(stuck.between_attempts.after)),
           "its back-off between attempts reaches 30m; the default is 45m");
    }
    const Value* progress = given("stuck.no_progress.after");
    if (progress != nullptr && stuck.no_progress.after < std::chrono::minutes{10}) {
      warn(*progress, fmt::format("{} is short", to_string(stuck.no_progress.after)),
           "counters may stand still for longer while a destination writes or types what it has; the default "
           "is 3h");
    }
  }

  void breaker() const {
    const BreakerPolicy& breaker = policy_.breaker;
    const Value* at = given("breaker.after_failed_jobs", "breaker.probe.max");
    if (at == nullptr) return;
    constexpr std::uint32_t safe = 18;
    const bool never = breaker.after_failed_jobs == 0;
    if (!never && breaker.after_failed_jobs + breaker.probe_max <= safe) return;
    const std::string what = never ? "the breaker never opens"
                                   : fmt::format("{} failed jobs and {} probes are many",
                                                 breaker.after_failed_jobs, breaker.probe_max);
    warn(*at, what,
         fmt::format(
             "Airbyte itself disables a connection: before 1.3 after 20 failed jobs in a row or 14 days, "
             "since then after 30 and 7 days; keep the sum at {} or less",
             safe));
  }

  void cancels() const {
    const StuckPolicy& stuck = policy_.stuck;
    if (stuck.max_cancels > 0) return;
    const Value* at = given("stuck.max_cancels", "stuck.pending.action", "stuck.queued.action",
                            "stuck.between_attempts.action", "stuck.no_progress.action",
                            "stuck.longer_than.action", "stuck.max_run_time.action");
    const auto acts = [](const StuckRule& rule) { return rule.action != StuckAction::alert; };
    const bool any = acts(stuck.pending) || acts(stuck.queued) || acts(stuck.between_attempts) ||
                     acts(stuck.no_progress) || acts(stuck.longer_than) || acts(stuck.max_run_time);
    if (at == nullptr || !any) return;
    warn(*at, "stuck.max_cancels is 0, so the actions that cancel only alert", "use 1 or more, or alert");
  }

  const Section& section_;
  const Policy& policy_;
  const Reading& reading_;
};

}  // namespace

void take_policy(const Section& section, bool all, Inherited& into, const Reading& reading) {
  const Taker taker(section, all);
  if (taker.takes("timezone")) into.timezone = section.at("timezone").text;
  if (taker.takes("dst")) into.dst = dst_from(section.at("dst").text);
  Policy& policy = into.policy;
  take_scheduling(taker, policy);
  take_extra_jobs(taker, policy.extra_jobs);
  taker.count("breaker.after_failed_jobs", policy.breaker.after_failed_jobs);
  taker.duration("breaker.probe.every", policy.breaker.probe_every);
  taker.count("breaker.probe.max", policy.breaker.probe_max);
  taker.count("pause_on_failure", policy.pause_on_failure);
  take_stuck(taker, policy.stuck);
  take_verify(taker, policy.verify);
  take_freshness(taker, into, reading);
  taker.count("incident_after", policy.incident_after);
  take_labels(taker, policy.labels);
  PolicyCheck(section, policy, reading).all();
}

Inherited assemble_defaults(const Section& defaults, const Reading& reading) {
  Inherited inherited;
  take_policy(defaults, true, inherited, reading);
  return inherited;
}

calendar::DstPolicy dst_from(std::string_view word) {
  return word_value(
      std::array{calendar::DstPolicy::safe, calendar::DstPolicy::quartz, calendar::DstPolicy::skip}, word);
}

}  // namespace syncwarden::settings
