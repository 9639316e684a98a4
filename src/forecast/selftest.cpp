#include "forecast/selftest.hpp"

#include "base/text.hpp"
#include "forecast/impl/diary.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::forecast {
namespace {

constexpr std::size_t longest_text = 200;
/// Events of one kind in a row beyond this are summed up.
constexpr std::size_t shown_of_a_kind = 2;
/// The kind of a tick that starts on time and of a sync that goes well.
constexpr const char* routine = "routine";

std::string named(const Incident& incident) {
  std::string text(to_string(incident.kind));
  if (incident.stuck) text += fmt::format(" ({})", to_string(*incident.stuck));
  return text;
}

std::string about(const fact::RecoveryStep& step) {
  std::string text =
      fmt::format("recovery: {} {}", syncwarden::to_string(step.action), syncwarden::to_string(step.result));
  if (step.job.value != 0) text += fmt::format(", job {}", step.job.value);
  if (!step.why.empty()) text += ": " + printable(step.why, longest_text);
  return text;
}

std::string clock_of(Instant at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  const std::string text = to_rfc3339(whole);  // "2026-01-01T02:00:00Z"
  return text.substr(5, 5) + " " + text.substr(11, 8);
}

}  // namespace

bool SelftestStep::passed() const {
  return !checks.empty() &&
         std::all_of(checks.begin(), checks.end(), [](const SelftestCheck& check) { return check.passed; });
}

void Diary::booted(Instant truth, Now, const Snapshot&, const Plan&) {
  if (++boots_ > 1) note(truth, "syncwarden starts again and reads its state");
}

void Diary::crashed(Instant truth) {
  ++crashes;
  note(truth, "syncwarden is killed");
}

void Diary::stepped(Instant truth, Now, const Input&, const Decision& decision) {
  for (const auto& fact : decision.facts) note(truth, fact);
}

/// What counts is on the disk: a fact may be told twice where a crash comes between.
void Diary::committed(Instant, const std::vector<Mutation>& batch) {
  for (const auto& mutation : batch) {
    if (const auto* tick = std::get_if<put::PutTick>(&mutation)) {
      ticks.insert_or_assign({tick->tick.schedule, tick->tick.nominal}, tick->tick);
    } else if (const auto* run = std::get_if<put::PutRun>(&mutation)) {
      if (run->run.phase == RunPhase::finished) finished.insert_or_assign(run->run.id, run->run);
    }
  }
}

void Diary::note(Instant at, const Fact& fact) {
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, fact::TickDecided>) {
          const Tick& tick = what.tick;
          note(at,
               fmt::format("{}: the tick of {} is {} ({}){}{}", printable(what.name), clock_of(tick.nominal),
                           to_string(tick.outcome), to_string(tick.reason), tick.detail.empty() ? "" : ": ",
                           printable(tick.detail, longest_text)),
               tick.reason == TickReason::on_time
                   ? routine
                   : fmt::format("{} {}", to_string(tick.outcome), to_string(tick.reason)));
        } else if constexpr (std::is_same_v<What, fact::RunFinished>) {
          const Run& run = what.run;
          // A poll may see a job before the answer comes; without a lost answer that is nothing to tell.
          const bool adopted = run.attribution == Attribution::adopted && faults.contains(Fault::lost_reply);
          note(at,
               fmt::format("{}: run {}, job {}{}{}{}", printable(what.name), to_string(run.verdict),
                           run.job.value, adopted ? " (adopted)" : "", run.why.empty() ? "" : ": ",
                           printable(run.why, longest_text)),
               run.verdict == Verdict::succeeded && !adopted ? routine : "");
        } else if constexpr (std::is_same_v<What, fact::TriggerFailed>) {
          note(at, fmt::format("no use of the answer to a sync request: {}",
                               what.error ? to_string(*what.error) : std::string("it is unclear")));
        } else if constexpr (std::is_same_v<What, fact::JobEnded>) {
          if (what.job.status == JobStatus::succeeded) return;  // the run tells it
          note(at, fmt::format("Airbyte: job {} {}{}{}", what.job.id.value, to_string(what.job.status),
                               what.job.failures.empty() ? "" : ": ",
                               what.job.failures.empty() ? "" : what.job.failures.front().message));
        } else if constexpr (std::is_same_v<What, fact::AirbyteReachable>) {
          note(at, what.reachable ? "Airbyte answers"
                                  : "Airbyte does not answer: " +
                                        (what.error ? to_string(*what.error) : std::string("no reason")));
        } else if constexpr (std::is_same_v<What, fact::StuckFound>) {
          stuck.push_back(what);
          note(at, fmt::format("{} ({}), job {}: {}",
                               what.confirmed ? "a second reading confirms" : "looks stuck",
                               to_string(what.kind), what.job.value, printable(what.evidence, longest_text)));
        } else if constexpr (std::is_same_v<What, fact::RecoveryStep>) {
          recovery.push_back(what);
          note(at, about(what));
        } else if constexpr (std::is_same_v<What, fact::IncidentChanged>) {
          const Incident& incident = what.incident;
          if (what.change == fact::IncidentChange::updated) return;
          const bool over = what.change == fact::IncidentChange::closed;
          (over ? closed : opened).push_back(incident);
          const std::string evidence =
              over && !incident.events.empty() ? incident.events.back().what : incident.summary;
          note(at,
               fmt::format("incident {} {}: {}: {}", incident.id.value, syncwarden::to_string(what.change),
                           named(incident), printable(evidence, longest_text)));
        }
      },
      fact);
}

void Diary::job_born(const JobBorn& born) {
  if (born.origin != Origin::request) return;
  auto& jobs = jobs_of[{born.run, born.job_number}];
  jobs.push_back(born.job.job);
  if (jobs.size() > 1)
    note(born.job.at,
         fmt::format("Airbyte: job {} is a SECOND one for the same request", born.job.job.value));
}

void Diary::cancel_sent(Instant truth, const CancelSent& cancel) {
  cancels.push_back(cancel);
  note(truth, fmt::format("Airbyte: the cancel of job {} arrives", cancel.meant.value));
}

void Diary::happened(Instant truth, Fault fault) {
  faults[fault].push_back(truth);
  switch (fault) {
    case Fault::lost_reply:
      return note(truth, "the answer of Airbyte gets lost on its way");
    case Fault::outage:
      return note(truth, "Airbyte is cut off");
    default:
      return;
  }
}

std::size_t Diary::jobs_created() const {
  std::size_t count = 0;
  for (const auto& [request, jobs] : jobs_of) count += jobs.size();
  return count;
}

std::size_t Diary::doubled() const {
  return static_cast<std::size_t>(std::count_if(jobs_of.begin(), jobs_of.end(),
                                                [](const auto& entry) { return entry.second.size() > 1; }));
}

std::size_t Diary::ticks_with(TickOutcome outcome) const {
  return static_cast<std::size_t>(std::count_if(
      ticks.begin(), ticks.end(), [&](const auto& entry) { return entry.second.outcome == outcome; }));
}

std::size_t Diary::ticks_with(TickReason reason) const {
  return static_cast<std::size_t>(std::count_if(
      ticks.begin(), ticks.end(), [&](const auto& entry) { return entry.second.reason == reason; }));
}

std::size_t Diary::runs_with(Verdict verdict) const {
  return static_cast<std::size_t>(std::count_if(
      finished.begin(), finished.end(), [&](const auto& entry) { return entry.second.verdict == verdict; }));
}

std::size_t Diary::opened_of(IncidentKind kind) const {
  return static_cast<std::size_t>(std::count_if(
      opened.begin(), opened.end(), [&](const Incident& incident) { return incident.kind == kind; }));
}

std::size_t Diary::closed_of(IncidentKind kind) const {
  return static_cast<std::size_t>(std::count_if(
      closed.begin(), closed.end(), [&](const Incident& incident) { return incident.kind == kind; }));
}

std::size_t Diary::steps_of(fact::RecoveryAction action, fact::RecoveryResult result) const {
  return static_cast<std::size_t>(std::count_if(
      recovery.begin(), recovery.end(),
      [&](const fact::RecoveryStep& step) { return step.action == action && step.result == result; }));
}

std::string render(const SelftestStep& step) {
  std::string text = fmt::format("{}: {}\n  provoked  {}\n", step.name, step.title, step.provoked);
  std::string kind;
  std::size_t in_row = 0;
  const auto sum_up = [&] {
    if (in_row > shown_of_a_kind)
      text += fmt::format("                  and {} more of the same kind\n", in_row - shown_of_a_kind);
    in_row = 0;
  };
  for (const auto& event : step.events) {
    if (event.kind.empty() || event.kind != kind) sum_up();
    kind = event.kind;
    if (++in_row > shown_of_a_kind && !kind.empty()) continue;
    text += fmt::format("  {}  {}\n", clock_of(event.at), event.text);
  }
  sum_up();
  for (const auto& check : step.checks) {
    text += fmt::format("  {}  {}", check.passed ? "ok    " : "FAILED", check.expected);
    if (!check.found.empty()) text += fmt::format(" ({})", check.found);
    text += '\n';
  }
  text += fmt::format("  {}, {} of virtual time\n", step.passed() ? "passed" : "FAILED",
                      syncwarden::to_string(Millis{std::chrono::floor<std::chrono::minutes>(step.lasted)}));
  return text;
}

}  // namespace syncwarden::forecast
