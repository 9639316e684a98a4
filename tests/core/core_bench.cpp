// Decisions per second, single-threaded, over 10,000 connections. Goal: 1,000,000. `--hourly CONNECTIONS
// HOURS` plays another fleet; a year of 1,000 is --hourly 1000 8760, and its goal a minute.
#include "core/core.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace syncwarden;
using namespace std::chrono_literals;

struct Bench {
  core::Core core{1};
  Now now{Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2}} + 30min, Mono{1h}};
  std::vector<out::TriggerSync> requests;
  std::vector<JobView> running;
  std::vector<JobView> ended;
  std::uint64_t poll = 0;
  std::int64_t next_job = 100;
  std::uint64_t steps = 0, decisions = 0;

  void step(const Input& input) {
    const Decision decision = core.step(now, input);
    ++steps;
    decisions += decision.durable.size() + decision.after.size();
    for (const auto& effect : decision.after) {
      if (const auto* asked = std::get_if<out::ReadJobs>(&effect)) poll = asked->poll;
      if (const auto* request = std::get_if<out::TriggerSync>(&effect)) requests.push_back(*request);
    }
  }
  void pass(Millis by) {
    now.wall += by;
    now.mono = now.mono + by;
  }
  void answer_poll() {
    in::JobsSeen seen{poll, JobsPage{}, std::nullopt};
    seen.page->active = running;
    seen.page->ended = std::move(ended);
    ended.clear();
    step(seen);
  }
};

Plan hourly() {
  Plan plan;
  Rule rule;
  rule.schedules.push_back(
      {"", calendar::Schedule::cron({"0 0 * * * ?", "UTC", calendar::DstPolicy::safe}).value()});
  plan.rules.push_back(rule);
  plan.triggers_per_second = 0;
  plan.trigger_lanes = 8;
  return plan;
}

std::vector<ConnectionView> fleet(std::size_t size) {
  std::vector<ConnectionView> views(size);
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto number = std::to_string(100'000 + i);
    views[i].id = ConnectionId{"3fa85f64-5717-4562-b3fc-000000" + number};
    views[i].name = "connection " + number;
    views[i].workspace = WorkspaceId{"w" + std::to_string(i % 10)};
    views[i].status = ConnectionStatus::active;
    views[i].schedule = AirbyteSchedule::manual;
  }
  return views;
}

/// One hour: every tick due, triggered, answered, polled while it runs, ended.
void play_hour(Bench& bench, Instant hour) {
  bench.pass(hour - bench.now.wall);
  bench.step(in::Woke{});
  bench.answer_poll();  // after an hour without one the core wants to look before it asks for anything
  while (!bench.requests.empty()) {
    for (const auto& request : std::exchange(bench.requests, {})) {
      JobView job;
      job.id = JobId{++bench.next_job};
      job.connection = request.connection;
      job.status = JobStatus::running;
      job.created = bench.now.wall;
      job.updated = bench.now.wall;
      job.attempts = 1;
      job.attempt_started = bench.now.wall;
      bench.running.push_back(job);
      TriggerReply reply;
      reply.answer = TriggerAnswer::created;
      reply.job = job.id;
      bench.step(in::TriggerAnswered{request.run, request.request, reply});
    }
  }
  for (int i = 0; i < 3; ++i) {
    bench.pass(30s);
    bench.step(in::Woke{});
    for (auto& job : bench.running) job.counters = {10'000 * (i + 1), 1'000'000 * (i + 1), {}, {}, {}};
    bench.answer_poll();
  }
  for (auto& job : bench.running) {
    job.status = JobStatus::succeeded;
    job.updated = bench.now.wall;
    job.attempt_ended = bench.now.wall;
    job.counters = {40'000, 4'000'000, 40'000, 4'000'000, 0};
  }
  bench.ended = std::exchange(bench.running, {});
  bench.pass(30s);
  bench.step(in::Woke{});
  bench.answer_poll();
}

}  // namespace

int main(int count, char** words) {
  const bool other = count == 4 && std::string_view{words[1]} == "--hourly";
  const std::size_t fleet_size = other ? std::strtoul(words[2], nullptr, 10) : 10'000;
  const std::int64_t hours = other ? std::strtol(words[3], nullptr, 10) : 20;
  Bench bench;
  bench.step(in::Booted{std::make_shared<const Snapshot>(), std::make_shared<const Plan>(hourly())});
  bench.step(in::Probed{AirbyteInfo{"2.0.0", "config", true}});
  bench.step(in::ConnectionsSeen{fleet(fleet_size)});
  bench.answer_poll();
  bench.steps = bench.decisions = 0;
  const auto begin = std::chrono::steady_clock::now();
  Instant hour = bench.now.wall + 30min;
  for (std::int64_t i = 0; i < hours; ++i, hour += 1h) play_hour(bench, hour);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto jobs = static_cast<double>(bench.next_job - 100);
  std::printf("%.0f jobs from due to end, %llu steps, %llu mutations and effects in %.3f s\n", jobs,
              static_cast<unsigned long long>(bench.steps), static_cast<unsigned long long>(bench.decisions),
              took.count());
  std::printf("%.0f decisions/s, %.0f jobs/s, %.0f steps/s\n",
              static_cast<double>(bench.decisions) / took.count(), jobs / took.count(),
              static_cast<double>(bench.steps) / took.count());
  return jobs == static_cast<double>(fleet_size) * static_cast<double>(hours) ? 0 : 1;
}
