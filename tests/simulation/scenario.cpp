#include "simulation/scenario.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

namespace syncwarden::simulation {
namespace {

using forecast::Fault;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array zones{"UTC",         "Europe/Berlin",   "America/New_York", "Australia/Lord_Howe",
                           "Asia/Beirut", "America/Santiago"};
/// Days around which those zones change their clocks.
constexpr std::array changes{std::chrono::month_day{std::chrono::March, std::chrono::day{7}},
                             std::chrono::month_day{std::chrono::March, std::chrono::day{28}},
                             std::chrono::month_day{std::chrono::April, std::chrono::day{4}},
                             std::chrono::month_day{std::chrono::October, std::chrono::day{3}},
                             std::chrono::month_day{std::chrono::October, std::chrono::day{24}},
                             std::chrono::month_day{std::chrono::October, std::chrono::day{31}}};

template <class T, std::size_t N>
const T& pick(Rng& rng, const std::array<T, N>& from) {
  return from[rng.below(N)];
}

Millis drawn(Rng& rng, Millis low, Millis high) {
  return low +
         Millis{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>((high - low).count()) + 1))};
}

Instant draw_start(Rng& rng) {
  const std::chrono::year year{2026};
  if (rng.chance(0.5)) {
    const auto& change = pick(rng, changes);
    return std::chrono::sys_days{year / change.month() / change.day()} - drawn(rng, hours{0}, hours{40});
  }
  return std::chrono::sys_days{year / 1 / 1} + hours{24} * static_cast<int>(rng.below(360));
}

calendar::Schedule draw_calendar(Rng& rng) {
  constexpr std::array crons{"0 0 * * * ?",   "0 15,45 * * * ?", "0 0/30 * * * ?", "0 30 2 * * ?",
                             "0 0 0/2 * * ?", "0 10 1-5 * * ?",  "0 0 */3 * * ?",  "0 30 0,6,12,18 * * ?"};
  constexpr std::array dst{calendar::DstPolicy::safe, calendar::DstPolicy::quartz, calendar::DstPolicy::skip};
  if (rng.chance(0.2)) {
    constexpr std::array intervals{minutes{30}, minutes{60}, minutes{90}};
    return calendar::Schedule::every({pick(rng, intervals), minutes{rng.below(20)}}).value();
  }
  const auto made = calendar::Schedule::cron({pick(rng, crons), pick(rng, zones), pick(rng, dst)});
  if (made) return *made;
  return calendar::Schedule::cron({"0 0 * * * ?", "UTC", calendar::DstPolicy::safe}).value();
}

RuleSchedule draw_schedule(Rng& rng) {
  if (rng.chance(0.1)) return {"", SpreadEvery{hours{1}}};
  if (rng.chance(0.12)) return {"", KeepFresh{drawn(rng, hours{1}, hours{3})}};
  return {"", draw_calendar(rng)};
}

StuckAction draw_action(Rng& rng) { return static_cast<StuckAction>(rng.below(3)); }

void draw_recovery(Rng& rng, Policy& policy) {
  auto& stuck = policy.stuck;
  stuck.pending = {drawn(rng, minutes{10}, minutes{30}), draw_action(rng)};
  stuck.queued = {drawn(rng, minutes{20}, hours{2}), draw_action(rng)};
  stuck.between_attempts = {drawn(rng, minutes{40}, hours{1}), draw_action(rng)};
  stuck.no_progress = {drawn(rng, minutes{20}, hours{2}), draw_action(rng)};
  stuck.max_run_time = {drawn(rng, hours{3}, hours{10}), draw_action(rng)};
  stuck.longer_than.action = draw_action(rng);
  stuck.max_cancels = 1 + static_cast<std::uint32_t>(rng.below(2));
  policy.breaker.after_failed_jobs = rng.chance(0.15) ? 0 : 2 + static_cast<std::uint32_t>(rng.below(6));
  policy.breaker.probe_every = drawn(rng, hours{1}, hours{6});
}

Policy draw_policy(Rng& rng) {
  Policy policy;
  policy.overlap = static_cast<OverlapPolicy>(rng.below(4));
  policy.cancel_any = rng.chance(0.3);
  policy.catch_up = static_cast<CatchUpPolicy>(rng.below(3));
  policy.catch_up_max = 2 + static_cast<std::uint32_t>(rng.below(8));
  policy.airbyte_schedule = static_cast<AirbyteSchedulePolicy>(rng.below(3));
  policy.priority = static_cast<Priority>(rng.below(3));
  if (rng.chance(0.2)) policy.start_deadline = drawn(rng, minutes{5}, minutes{40});
  if (rng.chance(0.2)) policy.jitter = drawn(rng, minutes{1}, minutes{20});
  policy.extra_jobs.max = static_cast<std::uint32_t>(rng.below(3));
  policy.extra_jobs.initial = drawn(rng, minutes{1}, minutes{10});
  draw_recovery(rng, policy);
  return policy;
}

emulator::Behaviour draw_behaviour(Rng& rng) {
  auto behaviour = emulator::Behaviour::healthy({minutes{2}, minutes{12}}, {1'000, 5'000});
  if (rng.chance(0.2)) behaviour.duration = {minutes{20}, minutes{80}};
  if (rng.chance(0.2)) behaviour.duration = {seconds{2}, seconds{40}};
  if (rng.chance(0.25)) behaviour.attempt_failure = rng.unit() * 0.4;
  if (rng.chance(0.25)) {
    behaviour.job_failure = rng.unit() * 0.7;
    if (rng.chance(0.5)) behaviour.failure.type = FailureType::config_error;
  }
  if (rng.chance(0.12)) behaviour.stuck = rng.unit() * 0.2;
  if (rng.chance(0.15)) behaviour.rate_limited = rng.unit() * 0.5;
  if (rng.chance(0.2)) {
    behaviour.empty = rng.unit() * 0.3;
    behaviour.empty_has_stats = rng.chance(0.5);
  }
  if (rng.chance(0.1)) behaviour.ignores_cancels = 1 + static_cast<std::uint32_t>(rng.below(2));
  if (rng.chance(0.07)) behaviour.never_starts = rng.unit() * 0.2;
  if (rng.chance(0.07)) behaviour.never_retries = rng.unit() * 0.2;
  if (rng.chance(0.1)) behaviour.silence_at_end = {minutes{0}, minutes{40}};
  if (rng.chance(0.1)) behaviour.hides_stats = rng.unit();
  if (rng.chance(0.1)) behaviour.restarts_counters = rng.unit();
  if (rng.chance(0.1)) behaviour.low_volume = rng.unit() * 0.3;
  if (rng.chance(0.1)) behaviour.high_volume = rng.unit() * 0.3;
  if (rng.chance(0.05)) behaviour.rejected = rng.unit() * 0.5;
  behaviour.full_refresh = rng.chance(0.2);
  behaviour.commits_at_end = rng.chance(0.2);
  behaviour.fails_with_progress = rng.chance(0.3);
  return behaviour;
}

emulator::Pipeline draw_pipeline(Rng& rng, std::size_t number) {
  constexpr std::array sources{"orders", "customers", "events"};
  constexpr std::array destinations{"warehouse", "lake"};
  constexpr std::array workspaces{"analytics", "finance"};
  constexpr std::array groups{"a", "b", "c"};
  emulator::Pipeline pipeline;
  pipeline.name = fmt::format("{}-{:02}", pick(rng, groups), number);
  pipeline.workspace = pick(rng, workspaces);
  pipeline.source = pick(rng, sources);
  pipeline.destination = pick(rng, destinations);
  pipeline.behaviour = draw_behaviour(rng);
  if (rng.chance(0.12)) {
    pipeline.schedule.kind = rng.chance(0.5) ? AirbyteSchedule::basic : AirbyteSchedule::cron;
    pipeline.schedule.units = 1 + static_cast<std::int64_t>(rng.below(6));
    pipeline.schedule.cron = "0 20 * * * ?";
  }
  return pipeline;
}

Limits draw_limits(Rng& rng) {
  Limits limits;
  if (rng.chance(0.3)) limits.total = 1 + static_cast<std::uint32_t>(rng.below(4));
  if (rng.chance(0.15)) limits.per_source = 1 + static_cast<std::uint32_t>(rng.below(2));
  if (rng.chance(0.15)) limits.per_destination = 1 + static_cast<std::uint32_t>(rng.below(3));
  if (rng.chance(0.1)) limits.per_destination_type = 2;
  if (rng.chance(0.15)) limits.groups.push_back({"first", Match{.name = "a*"}, 1});
  return limits;
}

Rule draw_rule(Rng& rng, const std::string& names) {
  Rule rule;
  rule.match.name = names;
  rule.where = "syncwarden.yaml:" + std::to_string(10 + rng.below(90));
  rule.policy = draw_policy(rng);
  rule.schedules.push_back(draw_schedule(rng));
  if (rng.chance(0.15)) rule.schedules.push_back({"second", draw_calendar(rng)});
  return rule;
}

Plan draw_plan(Rng& rng) {
  Plan plan;
  for (const char* names : {"a-*", "b-*"}) plan.rules.push_back(draw_rule(rng, names));
  if (rng.chance(0.6)) plan.rules.push_back(draw_rule(rng, "c-*"));
  if (rng.chance(0.3)) {
    After after;
    after.parents.push_back(Match{.name = "a-*"});
    after.text = "after a-*";
    if (rng.chance(0.5)) after.within = hours{3};
    plan.rules.back().schedules = {{"", after}};
  }
  if (rng.chance(0.4)) {
    Blackout window{
        .name = "maintenance",
        .match = {},
        .window = calendar::Window::make({.expression = "0 0 2 * * ?", .timezone = pick(rng, zones)},
                                         drawn(rng, minutes{30}, hours{3}))
                      .value()};
    window.skip_ticks = rng.chance(0.4);
    window.cancel_running = rng.chance(0.3);
    plan.blackouts.push_back(std::move(window));
  }
  plan.limits = draw_limits(rng);
  if (rng.chance(0.3)) plan.fleet_hold = {0.5, 3, hours{1}};
  plan.poll = {drawn(rng, seconds{2}, seconds{20}), drawn(rng, seconds{60}, minutes{5}), hours{1}};
  if (rng.chance(0.3)) plan.poll.connections = minutes{5};
  plan.triggers_per_second = rng.chance(0.5) ? 0 : rng.chance(0.3) ? 0.01 : 5;
  if (rng.chance(0.03)) plan.mode = Mode::shadow;
  return plan;
}

/// What a person changes while everything runs: one thing at a time.
Plan edited(Rng& rng, const Plan& before) {
  Plan plan = before;
  auto& rule = plan.rules[rng.below(plan.rules.size())];
  switch (rng.below(9)) {
    case 0:
    case 1:
      rule.schedules = {draw_schedule(rng)};
      break;
    case 2:
      rule.policy = draw_policy(rng);
      break;
    case 3:
      plan.limits = draw_limits(rng);
      break;
    case 4:  // a rule that names nobody any more, or somebody again
      rule.match.name = rule.match.name == "c-*" ? "a-*" : "c-*";
      break;
    case 5:
      std::rotate(plan.rules.begin(), plan.rules.begin() + 1, plan.rules.end());
      break;
    case 6:
      plan.mode = plan.mode == Mode::shadow || rng.chance(0.8) ? Mode::live : Mode::shadow;
      break;
    case 7:
      if (rule.schedules.size() > 1) {
        rule.schedules.pop_back();
      } else {
        rule.schedules.push_back({"second", draw_calendar(rng)});
      }
      break;
    default:
      plan.triggers_per_second = rng.chance(0.5) ? 0 : 5;
      break;
  }
  return plan;
}

/// The strongest that a knob may be turned.
double strongest(Fault fault) {
  switch (fault) {
    case Fault::crash_before_commit:
    case Fault::crash_after_commit:
      return 0.01;
    case Fault::crash_between_requests:
      return 0.2;
    case Fault::slow_commit:
    case Fault::torn_answer:
      return 0.03;
    case Fault::crash_before_reply:
    case Fault::rejected:
    case Fault::throttled:
    case Fault::rejected_after_effect:
    case Fault::conflict_after_effect:
      return 0.05;
    case Fault::vanished_statistics:
    case Fault::fallen_statistics:
      return 0.1;
    case Fault::idle_cancel:
    case Fault::late_cancel:
      return 0.5;
    case Fault::crash:
      return 10;
    case Fault::failing_disk:
    case Fault::workers_down:
    case Fault::upgrade:
    case Fault::outage:
    case Fault::restored_state:
    case Fault::wrong_hour:
    case Fault::schema_break:
      return 1;
    case Fault::orphan:
    case Fault::phantom:
    case Fault::history_pruned:
    case Fault::suspend:
    case Fault::wall_step:
      return 3;
    case Fault::plan_edit:
    case Fault::person_renames:
      return 4;
    case Fault::second_scheduler:
    case Fault::person_syncs:
    case Fault::person_cancels:
    case Fault::person_resets:
    case Fault::person_disables:
    case Fault::command:
      return 12;
    default:
      return 0.15;
  }
}

forecast::Faults draw_faults(Rng& rng) {
  forecast::Faults faults;
  const double density = 0.1 + rng.unit() * 0.5;
  for (std::size_t i = 0; i < forecast::fault_count; ++i) {
    const auto fault = forecast::fault_at(i);
    if (fault == Fault::hints) continue;  // drawn last, so that the worlds before it stay what they were
    const bool on = rng.chance(density);
    const double rate = rng.unit() * strongest(fault);
    if (on) faults[fault] = rate;
  }
  return faults;
}

}  // namespace

Plan calmed(Plan plan) {
  plan.limits = {};
  plan.triggers_per_second = 0;
  return plan;
}

Scenario draw_scenario(std::uint64_t seed, Millis safety) {
  Rng rng{seed * 0x9E3779B97F4A7C15ULL + 1};
  Scenario scenario;
  auto& setup = scenario.setup;
  setup.seed = seed;
  setup.start = draw_start(rng);
  const std::size_t connections = 3 + rng.below(8);
  for (std::size_t i = 0; i < connections; ++i) setup.pipelines.push_back(draw_pipeline(rng, i));
  setup.faults = draw_faults(rng);
  setup.plan = draw_plan(rng);
  setup.bounds.longest_downtime = rng.chance(0.5) ? Millis{seconds{20}} : drawn(rng, minutes{1}, hours{5});
  setup.edit = [](Rng& draw, const Plan& before) { return edited(draw, before); };
  setup.versions = {"0.50.40", "1.4.0", "1.8.0", "2.0.0", "2.1.0"};
  setup.airbyte.version = setup.versions[rng.below(setup.versions.size())];
  setup.airbyte.signal_delay = {Millis{10}, rng.chance(0.5) ? Millis{seconds{20}} : Millis{300}};
  setup.airbyte.start_delay = {Millis{100}, rng.chance(0.2) ? Millis{minutes{2}} : Millis{5'000}};
  setup.airbyte.auto_disable = rng.chance(0.5);
  if (rng.chance(0.25)) setup.airbyte.max_parallel = 2 + static_cast<std::uint32_t>(rng.below(4));
  setup.tells_workflows = rng.chance(0.7);
  if (rng.chance(0.4)) setup.faults[Fault::hints] = rng.unit() * 40;
  scenario.safety = safety;
  scenario.liveness = hours{14};
  return scenario;
}

}  // namespace syncwarden::simulation
