// The steps of the selftest: what is provoked, and what must come of it. Thresholds are product.md's
// defaults where a step does not name its own, because in virtual time hours cost nothing.
#include "base/time.hpp"
#include "forecast/engine.hpp"
#include "forecast/impl/diary.hpp"
#include "forecast/selftest.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::forecast {
namespace {

using emulator::Behaviour;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Action = fact::RecoveryAction;
using Outcome = fact::RecoveryResult;

const Instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 1 / 5}};
constexpr Millis usual_duration{minutes{10}};
constexpr std::int64_t usual_records = 4'000;
constexpr std::size_t usual_history = 10;

/// Adds a connection with an hourly schedule and a history of good runs.
void add(Setup& world, const std::string& name, Behaviour behaviour) {
  ConnectionView view;
  view.id = ConnectionId{name};
  view.name = name;
  view.workspace = WorkspaceId{"selftest"};
  view.workspace_name = "selftest";
  view.source = {ActorId{"source-" + name}, "source", "postgres", {}};
  view.destination = {ActorId{"warehouse"}, "warehouse", "snowflake", {}};
  view.status = ConnectionStatus::active;
  view.schedule = AirbyteSchedule::manual;
  ConnectionHistory past;
  past.connection = view.id;
  past.first_seen = midnight - hours{240};
  past.last_success = midnight - hours{1} + usual_duration;
  past.last_success_created = midnight - hours{1};
  past.last_completion = past.last_success;
  past.samples.assign(usual_history, RunSample{usual_duration, usual_records, usual_records * 400});
  emulator::Pipeline pipeline;
  pipeline.name = name;
  pipeline.behaviour = std::move(behaviour);
  world.pipelines.push_back(std::move(pipeline));
  world.shown.push_back(view);
  world.found.connections.push_back(std::move(view));
  world.found.histories.push_back(std::move(past));
}

/// One rule for everything: every hour, and what has no progress for two hours is cancelled and run again.
Setup world_of(const std::string& name, Behaviour behaviour) {
  Setup world;
  world.start = midnight - minutes{2};
  world.found.job_cursor = world.start;
  Rule rule;
  rule.where = "selftest:1";
  rule.schedules.push_back({"", calendar::Schedule::every({hours{1}, Millis{}}).value()});
  rule.policy.stuck.no_progress = {hours{2}, StuckAction::cancel_and_rerun};
  // Each step is about one trouble: these would be right, too, and in the way of reading.
  rule.policy.stuck.longer_than_typical = 0;
  rule.policy.freshness.late_after = Millis{hours{48}};
  world.plan.rules.push_back(std::move(rule));
  add(world, name, std::move(behaviour));
  return world;
}

Behaviour healthy() {
  return Behaviour::healthy({usual_duration, usual_duration}, {usual_records, usual_records});
}

Policy& policy(Plan& plan) { return plan.rules.front().policy; }

void manage_only(Plan& plan, const std::string& name) { plan.rules.front().match.name = name; }

/// Plays a world, and lets checks be made of what the diary says.
class Play {
 public:
  Play(SelftestStep& step, Setup setup)
      : step_(step), start_(setup.start), world_(std::move(setup), &diary) {}

  void until(Instant end) { world_.run_until(end); }
  [[nodiscard]] Engine& world() { return world_; }

  void check(bool passed, std::string expected, std::string found) {
    step_.checks.push_back({std::move(expected), std::move(found), passed});
  }
  void check(std::string expected, std::size_t wanted, std::size_t found) {
    check(wanted == found, std::move(expected), wanted == found ? "" : fmt::format("found {}", found));
  }
  void nothing_cancelled() { check("nothing is cancelled", 0, diary.cancels.size()); }
  void nothing_doubled() { check("no request has two jobs", 0, diary.doubled()); }
  void incidents(IncidentKind kind, std::size_t opened, std::size_t closed) {
    const bool good = diary.opened_of(kind) == opened && diary.closed_of(kind) == closed;
    check(good, fmt::format("{} incident {}, opened {}, closed {}", opened, to_string(kind), opened, closed),
          good ? "" : fmt::format("opened {}, closed {}", diary.opened_of(kind), diary.closed_of(kind)));
  }
  void end() {
    step_.lasted = world_.now() - start_;
    step_.events = diary.events;
  }

  Diary diary;

 private:
  SelftestStep& step_;
  Instant start_;
  Engine world_;
};

void play_healthy(SelftestStep& step, bool sabotage) {
  auto behaviour = healthy();
  behaviour.silence_at_end = {minutes{40}, minutes{40}};
  auto world = world_of("orders", std::move(behaviour));
  if (sabotage) {
    world.tampering.plan = [](Plan& plan) { policy(plan).stuck.no_progress.after = minutes{2}; };
  }
  Play play(step, std::move(world));
  play.until(midnight + hours{24});
  play.check("24 ticks started", 24, play.diary.ticks_with(TickOutcome::started));
  play.nothing_cancelled();
  play.nothing_doubled();
  play.check("no incident", 0, play.diary.opened.size());
  play.end();
}

void play_frozen(SelftestStep& step, bool sabotage) {
  auto behaviour = healthy();
  behaviour.freezes_first = 1;
  auto world = world_of("shipments", std::move(behaviour));
  if (sabotage) {
    world.tampering.decision = [](Decision& decision) {
      std::erase_if(decision.after,
                    [](const Effect& effect) { return std::holds_alternative<out::CancelJob>(effect); });
    };
  }
  Play play(step, std::move(world));
  play.until(midnight + hours{6});
  const auto& diary = play.diary;
  const auto confirmed = std::count_if(diary.stuck.begin(), diary.stuck.end(),
                                       [](const auto& found) { return found.confirmed; });
  play.check("found by one reading and confirmed by a second, different one", 1,
             static_cast<std::size_t>(confirmed));
  play.check("one cancel", 1, diary.cancels.size());
  const bool aimed = diary.cancels.size() == 1 && diary.cancels.front().hit == diary.cancels.front().meant;
  play.check(aimed, "it hits the job that it was meant for", "");
  play.check("run again once", 1, diary.steps_of(Action::rerun, Outcome::asked));
  play.check("the frozen run ends in success", diary.ticks_with(TickOutcome::started),
             diary.runs_with(Verdict::succeeded));
  play.incidents(IncidentKind::stuck, 1, 1);
  play.nothing_doubled();
  play.end();
}

void play_zombie(SelftestStep& step, bool sabotage) {
  auto behaviour = Behaviour::never_ending();
  behaviour.ignores_cancels = 100;
  auto world = world_of("inventory", std::move(behaviour));
  if (sabotage) world.tampering.plan = [](Plan& plan) { plan.cancel_timeout = hours{24}; };
  Play play(step, std::move(world));
  play.until(midnight + hours{8});
  const auto& diary = play.diary;
  const bool bounded = !diary.cancels.empty() && diary.cancels.size() <= 3;
  play.check(bounded, "asked to end at most three times", fmt::format("{} cancels", diary.cancels.size()));
  play.check("nothing started beside it", 1, diary.jobs_created());
  play.incidents(IncidentKind::cancel_failed, 1, 0);
  play.end();
}

void play_rate_limited(SelftestStep& step, bool sabotage) {
  auto behaviour = Behaviour::throttled({hours{6}, hours{6}});
  behaviour.records = {usual_records, usual_records};
  auto world = world_of("contacts", std::move(behaviour));
  if (sabotage) {
    world.tampering.input = [](Input& input) {
      auto* inspected = std::get_if<in::JobInspected>(&input);
      if (inspected != nullptr && inspected->inspection) inspected->inspection->streams.clear();
    };
  }
  Play play(step, std::move(world));
  play.until(midnight + hours{7});
  const auto& diary = play.diary;
  const bool looked = std::any_of(diary.stuck.begin(), diary.stuck.end(),
                                  [](const auto& found) { return found.kind == StuckKind::no_progress; });
  play.check(looked, "its counters stood still for longer than allowed, and that was seen", "");
  play.nothing_cancelled();
  const auto stuck = std::count_if(diary.opened.begin(), diary.opened.end(), [](const Incident& incident) {
    return incident.stuck == StuckKind::no_progress;
  });
  play.check("no incident about missing progress", 0, static_cast<std::size_t>(stuck));
  play.check("it ends in success", 1, diary.runs_with(Verdict::succeeded));
  play.end();
}

void play_empty(SelftestStep& step, bool sabotage) {
  auto behaviour = Behaviour::without_data(true);
  behaviour.duration = {usual_duration, usual_duration};
  auto world = world_of("surveys", std::move(behaviour));
  if (sabotage)
    world.tampering.plan = [](Plan& plan) { policy(plan).verify.zero_records = ZeroRecords::accept; };
  Play play(step, std::move(world));
  play.until(midnight + minutes{30});
  play.check("the run is suspect, although Airbyte says succeeded", 1,
             play.diary.runs_with(Verdict::suspect));
  play.incidents(IncidentKind::suspect_success, 1, 0);
  play.nothing_cancelled();
  play.end();
}

void play_failing(SelftestStep& step, bool sabotage) {
  auto behaviour = healthy();
  behaviour.fails_first = 4;
  auto world = world_of("refunds", std::move(behaviour));
  auto& rules = policy(world.plan);
  rules.breaker = {3, hours{6}, 5};
  if (sabotage) world.tampering.plan = [](Plan& plan) { policy(plan).breaker.after_failed_jobs = 0; };
  Play play(step, std::move(world));
  play.until(midnight + hours{24});
  const auto& diary = play.diary;
  play.check("the breaker opens once", 1, diary.steps_of(Action::breaker_open, Outcome::done));
  const auto held = diary.ticks_with(TickReason::breaker);
  play.check(held > 0, "ticks are held back meanwhile", fmt::format("{} skipped: breaker", held));
  play.check("a probe every 6h: the first fails, the second succeeds", 2,
             diary.steps_of(Action::breaker_probe, Outcome::done) +
                 diary.steps_of(Action::breaker_probe, Outcome::asked));
  play.check("the breaker closes once", 1, diary.steps_of(Action::breaker_close, Outcome::done));
  play.incidents(IncidentKind::breaker_open, 1, 1);
  const bool healed = diary.opened.size() == diary.closed.size();
  play.check(healed, "every incident is closed in the end",
             fmt::format("{} opened, {} closed", diary.opened.size(), diary.closed.size()));
  play.end();
}

void play_lost_reply(SelftestStep& step, bool sabotage) {
  auto world = world_of("invoices", healthy());
  world.faults[Fault::lost_reply] = 1;
  if (sabotage) {
    world.tampering.input = [](Input& input) {
      auto* answered = std::get_if<in::TriggerAnswered>(&input);
      if (answered != nullptr) answered->reply.answer = TriggerAnswer::refused;
      if (auto* seen = std::get_if<in::JobsSeen>(&input); seen != nullptr && seen->page)
        seen->page->active.clear();
    };
  }
  Play play(step, std::move(world));
  play.until(midnight + hours{5} + minutes{30});
  const auto& diary = play.diary;
  const auto adopted = std::count_if(diary.finished.begin(), diary.finished.end(), [](const auto& entry) {
    const Run& run = entry.second;
    return run.attribution == Attribution::adopted && run.verdict == Verdict::succeeded;
  });
  play.check("6 jobs for 6 ticks", 6, diary.jobs_created());
  play.nothing_doubled();
  play.check("each job is found, adopted and followed to its success", 6, static_cast<std::size_t>(adopted));
  play.end();
}

void play_killed(SelftestStep& step, bool sabotage) {
  auto world = world_of("ledger", healthy());
  // Whether a request took effect can be told only where something else goes on.
  manage_only(world.plan, "ledger");
  add(world, "bystander", healthy());
  world.pipelines.back().schedule.kind = AirbyteSchedule::cron;
  world.pipelines.back().schedule.cron = "0 15 * * * ?";
  for (const Fault fault : {Fault::crash_before_commit, Fault::crash_after_commit, Fault::crash_before_reply})
    world.faults[fault] = 0.08;
  if (sabotage) {
    world.tampering.commit = [](std::vector<Mutation>& batch) {
      std::erase_if(batch, [](const Mutation& mutation) {
        const auto* put = std::get_if<put::PutRun>(&mutation);
        return put != nullptr && put->run.phase == RunPhase::intended;
      });
    };
  }
  Play play(step, std::move(world));
  play.until(midnight + hours{11} + minutes{30});
  const auto& diary = play.diary;
  play.check(diary.crashes > 0, "killed at the worst moments", fmt::format("{} times", diary.crashes));
  const auto fired = diary.ticks_with(TickOutcome::started);
  play.check("12 ticks, each with exactly one outcome: started", 12, fired);
  play.nothing_doubled();
  play.check("12 runs end in success", 12, diary.runs_with(Verdict::succeeded));
  play.end();
}

constexpr std::size_t outage_fleet = 500;

constexpr Millis outage_begins = hours{5} + minutes{30};  // after midnight

Setup outage_world(bool sabotage) {
  auto world = world_of("fleet-001", healthy());
  for (std::size_t i = 2; i <= outage_fleet; ++i) add(world, fmt::format("fleet-{:03}", i), healthy());
  if (sabotage) world.tampering.plan = [](Plan& plan) { policy(plan).start_deadline = minutes{5}; };
  return world;
}

void play_unreachable(SelftestStep& step, bool sabotage) {
  const Instant outage_from = midnight + outage_begins;
  const Instant outage_until = outage_from + hours{1};
  Play play(step, outage_world(sabotage));
  play.until(outage_from);
  play.world().cut_off(outage_until, false);
  play.until(outage_until + minutes{29});
  auto& diary = play.diary;
  play.incidents(IncidentKind::airbyte_unreachable, 1, 1);
  play.check("no other incident", 1, diary.opened.size());
  play.nothing_cancelled();
  play.nothing_doubled();
  std::vector<Instant> caught_up;
  for (const auto& [id, tick] : diary.ticks) {
    const bool in_outage = tick.nominal > outage_from && tick.nominal < outage_until;
    if (in_outage && tick.outcome == TickOutcome::started && tick.decided >= outage_until)
      caught_up.push_back(tick.decided);
  }
  play.check("afterwards every schedule catches up with one tick", outage_fleet, caught_up.size());
  if (!caught_up.empty()) {
    // At most five starts a second.
    const auto [first, last] = std::minmax_element(caught_up.begin(), caught_up.end());
    play.check(*last - *first >= std::chrono::seconds{90}, "at the pace that is allowed, not all at once",
               fmt::format("all within {}", syncwarden::to_string(Millis{*last - *first})));
  }
  play.end();
}

struct Step {
  std::string_view name;
  const char* title;
  const char* provoked;
  void (*play)(SelftestStep& step, bool sabotage);
};

constexpr std::array steps{
    Step{"healthy", "a sync that is well is left alone",
         "nothing; an hourly sync that tells nothing for its last 40 minutes", play_healthy},
    Step{"frozen", "a job that stands still is cancelled and run again",
         "the first job's counters stop; no_progress: {after: 2h, action: cancel_and_rerun}", play_frozen},
    Step{"zombie", "a job that no cancel ends is handed to a person",
         "the job stands still and ignores every cancel", play_zombie},
    Step{"rate_limited", "a job that waits for its source's quota is left alone",
         "counters rest for hours while the stream reports RATE_LIMITED", play_rate_limited},
    Step{"empty", "a success that moved nothing is called out",
         "Airbyte says succeeded with 0 records; the runs before moved 4000", play_empty},
    Step{"failing", "what keeps failing is stopped, probed and taken up again",
         "four jobs fail, then the source is well again; breaker: {after_failed_jobs: 3, probe: {every: 6h}}",
         play_failing},
    Step{"lost_reply", "a sync whose answer got lost is adopted, not doubled",
         "Airbyte starts every sync, and no answer arrives", play_lost_reply},
    Step{"killed", "killed in the middle of things, no tick is lost and none is doubled",
         "kill -9 before and after commits and while answers are under way; another connection syncs beside "
         "it",
         play_killed},
    Step{"unreachable", "while Airbyte is out of sight nothing is cancelled, and afterwards it catches up",
         "Airbyte cannot be reached for an hour; 500 hourly connections", play_unreachable},
};

}  // namespace

std::vector<std::string_view> selftest_steps() {
  std::vector<std::string_view> names;
  names.reserve(steps.size());
  for (const auto& step : steps) names.push_back(step.name);
  return names;
}

SelftestStep run_selftest(std::string_view name, bool sabotage) {
  SelftestStep played;
  const auto step = std::find_if(steps.begin(), steps.end(), [&](const Step& s) { return s.name == name; });
  played.name = std::string(name);
  if (step == steps.end()) return played;
  played.title = step->title;
  played.provoked = step->provoked;
  step->play(played, sabotage);
  return played;
}

}  // namespace syncwarden::forecast
