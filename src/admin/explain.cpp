#include "admin/explain.hpp"

#include "admin/amounts.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace {

constexpr Millis second{1'000};
constexpr Millis minute{60'000};
constexpr std::size_t most_steps_counted = 10'000;
constexpr std::size_t longest_text = 500;

/// A job's end against its beginning, in words.
std::string job_text(const JobView& job) {
  std::string text = fmt::format("job {} ({}) {}", job.id.value, to_string(job.type), to_string(job.status));
  if (is_terminal(job.status)) {
    text += fmt::format(" after {}", rough_text(job.updated - job.created));
    if (job.attempts > 1) text += fmt::format(" and {} attempts", job.attempts);
    if (job.status == JobStatus::succeeded) text += ": " + amounts_text(job.counters);
  }
  if (job.status == JobStatus::failed && !job.failures.empty()) {
    const JobFailure& first = job.failures.front();
    text += fmt::format(": {} {}: {}", to_string(first.origin), to_string(first.type),
                        printable(first.message, longest_text));
  }
  return text;
}

std::string_view how_known(Attribution attribution) {
  switch (attribution) {
    case Attribution::proven:
      return "Airbyte answered the request with it";
    case Attribution::adopted:
      return "found after an unclear answer: it is newer than every job before the request";
    case Attribution::attached:
      return "it ran already";
    case Attribution::none:
      break;
  }
  return "not known how";
}

class Teller {
 public:
  explicit Teller(const Evidence& evidence) : e_(evidence) {
    for (const auto& text : e_.schedules) {
      if (auto schedule = calendar::Schedule::from_text(text)) schedules_.push_back(*std::move(schedule));
    }
  }

  std::vector<Line> tell() {
    if (e_.at) {
      tell_at(*e_.at);
    } else {
      for (const Tick& tick : e_.ticks) add_tick(tick);
      add_manual_runs();
      if (lines_.empty() || e_.schedules.empty()) add_jobs();
      std::stable_sort(lines_.begin(), lines_.end(),
                       [](const Line& a, const Line& b) { return a.at < b.at; });
    }
    for (const WaitingPicture& tick : e_.waiting) add_waiting(tick);
    if (!e_.at) add_next();
    return std::move(lines_);
  }

 private:
  // ---- at one time
  void tell_at(Instant at) {
    const Instant end = at + meant_span(at);
    bool found = false;
    for (const Tick& tick : e_.ticks) {
      if ((tick.nominal >= at && tick.nominal < end) || covers(tick, at, end)) {
        add_tick(tick);
        found = true;
      }
    }
    for (const Run& run : e_.runs) {
      if (!run.schedule.empty() || run.nominal < at || run.nominal >= end) continue;
      add_run(run);
      found = true;
    }
    if (found) return;
    if (e_.schedules.empty()) {
      tell_observed(at);
    } else {
      tell_nothing_recorded(at, end);
    }
  }

  /// Whether a record that stands for several older ticks stands for one of these.
  [[nodiscard]] bool covers(const Tick& tick, Instant at, Instant end) const {
    if (tick.also == 0 || tick.nominal < end) return false;
    const auto covers_by = [&](const calendar::Schedule& schedule) {
      const auto first = schedule.next(at - Millis{1});
      if (!first || *first >= end) return false;
      auto step = first;
      const std::size_t most = std::min<std::size_t>(tick.also, most_steps_counted);
      for (std::size_t i = 0; i < most && step && *step < tick.nominal; ++i) step = schedule.next(*step);
      return step == tick.nominal;
    };
    return std::any_of(schedules_.begin(), schedules_.end(), covers_by);
  }

  void tell_nothing_recorded(Instant at, Instant end) {
    std::optional<Instant> due, last, next;
    for (const auto& schedule : schedules_) {
      const auto first = schedule.next(at - Millis{1});
      if (first && *first < end) due = first;
      const auto before = last_at_or_before(schedule, at - Millis{1});
      if (before && (!last || *before > *last)) last = before;
      const auto after = schedule.next(end - Millis{1});
      if (after && (!next || *after < *next)) next = after;
    }
    Line line{due ? LineKind::unknown : LineKind::idle, due ? due : e_.at, {}, {}};
    if (due && *due > e_.now) {
      line.kind = LineKind::idle;
      line.text =
          fmt::format("{}: due at {}, which is still to come", rule_and_schedules(), to_rfc3339(*due));
    } else if (due) {
      line.text = fmt::format(
          "{}: the schedule names {}, and the history holds no record of it: the rule may be newer than "
          "that, "
          "or the record is pruned",
          rule_and_schedules(), to_rfc3339(*due));
    } else {
      line.text = fmt::format("{}: nothing was due at {}", rule_and_schedules(), to_rfc3339(at));
      line.text += last ? "; the last tick before was " + to_rfc3339(*last) : "; no tick was before";
      line.text += next ? ", the next is " + to_rfc3339(*next) : ", and none follows";
    }
    lines_.push_back(std::move(line));
    if (due) return;
    // The last tick before is what people ask about who are wrong about the minute.
    const auto before =
        std::find_if(e_.ticks.begin(), e_.ticks.end(), [&](const Tick& tick) { return tick.nominal < at; });
    if (before != e_.ticks.end()) add_tick(*before);
  }

  /// Observed only: what Airbyte's history says about that time.
  void tell_observed(Instant at) {
    const JobView* running = nullptr;
    const JobView* before = nullptr;
    const JobView* after = nullptr;
    for (const JobRecord& record : e_.jobs) {
      const JobView& job = record.job;
      if (job.created > at + meant_span(at)) {
        after = &job;  // newest first: the last one seen is the nearest
      } else if (!is_terminal(job.status) || job.updated >= at) {
        running = &job;
      } else if (before == nullptr) {
        before = &job;
      }
    }
    Line line{LineKind::idle, at, whose_schedule(), {}};
    if (running != nullptr) {
      line.kind = LineKind::job;
      line.text +=
          fmt::format("; {} was under way, created {}", job_text(*running), to_rfc3339(running->created));
    } else {
      line.text += fmt::format("; no job ran at {}", to_rfc3339(at));
    }
    if (before != nullptr)
      line.steps.push_back({before->created, "the last one before: " + job_text(*before)});
    if (after != nullptr) line.steps.push_back({after->created, "the next one: " + job_text(*after)});
    if (running == nullptr && before == nullptr && after == nullptr) line.text += ", and no job is known";
    lines_.push_back(std::move(line));
  }

  // ---- lines
  void add_tick(const Tick& tick) {
    Line line{LineKind::tick, tick.nominal, {}, {}};
    line.text = fmt::format("{}: due {}, {} ({})", rule_text(), to_rfc3339(tick.nominal),
                            to_string(tick.outcome), to_string(tick.reason));
    if (tick.decided - tick.nominal > second)
      line.text += fmt::format(" {} later", rough_text(tick.decided - tick.nominal));
    if (!tick.detail.empty()) line.text += ": " + printable(tick.detail, longest_text);
    if (tick.also > 0) line.text += fmt::format("; stands for {} earlier ones, too", tick.also);
    const Run* run = run_of(tick);
    if (run != nullptr) {
      line.text += "; " + result_text(*run);
      line.steps = story(*run);
    }
    lines_.push_back(std::move(line));
  }

  void add_run(const Run& run) {
    Line line{LineKind::run, run.nominal, {}, {}};
    line.text = fmt::format("asked for by {} at {}; {}",
                            run.by.empty() ? std::string("syncwarden") : printable(run.by),
                            to_rfc3339(run.nominal), result_text(run));
    line.steps = story(run);
    lines_.push_back(std::move(line));
  }

  void add_manual_runs() {
    for (const Run& run : e_.runs) {
      if (run.schedule.empty()) add_run(run);
    }
  }

  void add_jobs() {
    for (const JobRecord& record : e_.jobs) {
      Line line{LineKind::job, record.job.created, {}, {}};
      line.text = fmt::format("{}; {}, created {}", whose_schedule(), job_text(record.job),
                              to_rfc3339(record.job.created));
      lines_.push_back(std::move(line));
    }
    if (lines_.empty()) lines_.push_back({LineKind::idle, {}, whose_schedule() + "; no job is known", {}});
  }

  void add_waiting(const WaitingPicture& tick) {
    lines_.push_back(
        {LineKind::waiting,
         tick.nominal,
         fmt::format("{}: due {}, waits ({}){}", rule_text(), to_rfc3339(tick.nominal), to_string(tick.cause),
                     tick.what.empty() ? "" : ": " + printable(tick.what)),
         {}});
  }

  /// What the coming ticks will meet.
  void add_next() {
    if (e_.pause) {
      const Pause& pause = *e_.pause;
      lines_.push_back(
          {LineKind::waiting,
           pause.since,
           fmt::format("paused since {} by {}{}{}: ticks are skipped until {}", to_rfc3339(pause.since),
                       printable(pause.by), pause.connection.empty() ? ", with everything else" : "",
                       pause.reason.empty() ? "" : " (" + printable(pause.reason) + ")",
                       pause.until ? to_rfc3339(*pause.until) : std::string("somebody resumes it")),
           {}});
    }
    if (e_.breaker_open) {
      lines_.push_back(
          {LineKind::waiting, {}, "the breaker is open: only probes are started until one succeeds", {}});
    }
    std::optional<Instant> next;
    for (const auto& schedule : schedules_) {
      const auto after = schedule.next(e_.now);
      if (after && (!next || *after < *next)) next = after;
    }
    if (next) {
      lines_.push_back({LineKind::idle,
                        next,
                        fmt::format("{}: the next tick is {}", rule_and_schedules(), to_rfc3339(*next)),
                        {}});
    }
  }

  // ---- a run's story
  [[nodiscard]] const Run* run_of(const Tick& tick) const {
    if (!tick.run) return nullptr;
    const auto found =
        std::find_if(e_.runs.begin(), e_.runs.end(), [&](const Run& run) { return run.id == *tick.run; });
    return found == e_.runs.end() ? nullptr : &*found;
  }

  [[nodiscard]] const JobView* job_of(const Run& run) const {
    if (run.job.value == 0) return nullptr;
    const auto found = std::find_if(e_.jobs.begin(), e_.jobs.end(),
                                    [&](const JobRecord& record) { return record.job.id == run.job; });
    return found == e_.jobs.end() ? nullptr : &found->job;
  }

  [[nodiscard]] std::string result_text(const Run& run) const {
    const JobView* job = job_of(run);
    std::string text = job != nullptr       ? job_text(*job)
                       : run.job.value != 0 ? fmt::format("job {}", run.job.value)
                                            : std::string("no job is known");
    if (run.phase == RunPhase::finished) {
      text += fmt::format("; {}", to_string(run.verdict));
      if (run.failure) text += fmt::format(" ({})", to_string(*run.failure));
      if (!run.why.empty()) text += ": " + printable(run.why, longest_text);
    } else {
      text += fmt::format("; {}", to_string(run.phase));
    }
    return text;
  }

  [[nodiscard]] std::vector<Step> story(const Run& run) const {
    std::vector<Step> steps;
    if (run.due != run.nominal) steps.push_back({run.due, "due, with its jitter"});
    if (run.intended != Instant{}) {
      std::string text = "the request was written and sent";
      if (run.requests > 1) text += fmt::format(" ({} requests so far)", run.requests);
      if (run.job_number > 0) text += fmt::format(", for extra job {}", run.job_number);
      steps.push_back({run.intended, std::move(text)});
    }
    const JobView* job = job_of(run);
    if (job != nullptr) {
      steps.push_back(
          {job->created, fmt::format("job {} was created; {}", job->id.value, how_known(run.attribution))});
      if (is_terminal(job->status)) steps.push_back({job->updated, job_text(*job)});
    } else if (run.job.value != 0) {
      steps.push_back({std::nullopt, fmt::format("job {}; {}", run.job.value, how_known(run.attribution))});
    }
    if (run.cancels > 0)
      steps.push_back(
          {std::nullopt, fmt::format("{} of its jobs were cancelled because they were stuck", run.cancels)});
    if (run.phase == RunPhase::backing_off)
      steps.push_back({run.not_before, "another job follows at the earliest now"});
    if (run.phase == RunPhase::finished) {
      std::string text = fmt::format("verdict: {}", to_string(run.verdict));
      if (run.verdict == Verdict::cancelled && !run.by.empty()) text += " by " + printable(run.by);
      if (!run.why.empty()) text += ": " + printable(run.why, longest_text);
      steps.push_back({job != nullptr ? std::optional(job->updated) : std::nullopt, std::move(text)});
    }
    for (const Incident& incident : e_.incidents) {
      if (run.job.value == 0 || incident.job != run.job) continue;
      steps.push_back(
          {incident.opened, fmt::format("incident #{} ({}): {}", incident.id.value, to_string(incident.kind),
                                        printable(incident.summary, longest_text))});
    }
    return steps;
  }

  // ---- whose word it is
  [[nodiscard]] std::string rule_text() const {
    return e_.rule.empty() ? "no rule" : printable(e_.rule, longest_text);
  }

  [[nodiscard]] std::string rule_and_schedules() const {
    return fmt::format("{} ({})", rule_text(), fmt::join(e_.schedules, "; "));
  }

  [[nodiscard]] std::string whose_schedule() const {
    const std::string text =
        e_.connection.schedule == AirbyteSchedule::manual
            ? std::string("nobody schedules it in Airbyte")
            : fmt::format("Airbyte's own schedule: {}",
                          e_.connection.schedule_text.empty()
                              ? std::string(to_string(e_.connection.schedule))
                              : printable(std::string_view(e_.connection.schedule_text), longest_text));
    return e_.rule.empty() ? "observed only; " + text
                           : fmt::format("{}: no schedule of ours; {}", rule_text(), text);
  }

  const Evidence& e_;
  std::vector<calendar::Schedule> schedules_;
  std::vector<Line> lines_;
};

}  // namespace

std::vector<Line> explain(const Evidence& evidence) { return Teller(evidence).tell(); }

std::string_view to_string(LineKind kind) {
  switch (kind) {
    case LineKind::tick:
      return "tick";
    case LineKind::run:
      return "run";
    case LineKind::job:
      return "job";
    case LineKind::waiting:
      return "waiting";
    case LineKind::idle:
      return "idle";
    case LineKind::unknown:
      break;
  }
  return "unknown";
}

std::optional<Instant> last_at_or_before(const calendar::Schedule& schedule, Instant at) {
  constexpr Millis farthest = std::chrono::hours{24 * 366 * 5};
  const auto fires_after = [&](Instant from) {
    const auto next = schedule.next(from);
    return next && *next <= at;
  };
  // Back in growing steps until there is a fire in between, then halve to the last one.
  Millis back = second;
  while (!fires_after(at - back)) {
    if (back > farthest) return std::nullopt;
    back *= 2;
  }
  Instant low = at - back;
  Instant high = at;
  while (high - low > second) {
    const Instant middle = low + (high - low) / 2;
    (fires_after(middle) ? low : high) = middle;
  }
  auto last = schedule.next(low);
  while (last) {
    const auto following = schedule.next(*last);
    if (!following || *following > at) break;
    last = following;
  }
  return last;
}

Millis meant_span(Instant at) { return at.time_since_epoch() % minute == Millis{0} ? minute : second; }

}  // namespace syncwarden::admin
