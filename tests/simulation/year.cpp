#include "simulation/year.hpp"

#include "forecast/engine.hpp"

#include <chrono>
#include <unordered_map>

#include <fmt/format.h>

namespace syncwarden::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t most_told = 20;
constexpr Instant new_year{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

/// Follows each schedule from hour to hour.
class Hours : public forecast::Witness {
 public:
  PlayedYear played;

  void committed(Instant, const std::vector<Mutation>& batch) override {
    for (const auto& mutation : batch) {
      const auto* put = std::get_if<put::PutTick>(&mutation);
      if (put == nullptr) continue;
      const Tick& tick = put->tick;
      auto& last = last_.try_emplace(tick.schedule, new_year).first->second;
      if (tick.nominal != last + hours{1}) broken("follows " + to_rfc3339(last), tick);
      if (tick.outcome != TickOutcome::started) broken("is not started", tick);
      last = tick.nominal;
      ++played.started;
    }
  }
  void job_born(const forecast::JobBorn&) override { ++played.jobs; }

  void judge(Instant end, std::size_t connections) {
    if (last_.size() != connections) {
      played.broken.push_back(fmt::format("{} schedules of {} ever came due", last_.size(), connections));
    }
    for (const auto& [schedule, last] : last_) {
      if (last == end || played.broken.size() >= most_told) continue;
      played.broken.push_back(
          fmt::format("{} ends at {}", std::string_view{schedule.text}, to_rfc3339(last)));
    }
  }

 private:
  void broken(const std::string& how, const Tick& tick) {
    if (played.broken.size() >= most_told) return;
    played.broken.push_back(fmt::format("{} of {} {}: {}/{}", to_rfc3339(tick.nominal),
                                        std::string_view{tick.schedule.text}, how, to_string(tick.outcome),
                                        to_string(tick.reason)));
  }

  std::unordered_map<ScheduleId, Instant> last_;
};

forecast::Setup world_of(std::size_t connections) {
  forecast::Setup setup;
  setup.start = new_year + minutes{30};
  for (std::size_t i = 0; i < connections; ++i) {
    emulator::Pipeline pipeline;
    pipeline.name = fmt::format("hourly {}", i);
    pipeline.workspace = fmt::format("w{}", i % 10);
    pipeline.behaviour = emulator::Behaviour::healthy({minutes{1}, minutes{3}}, {1'000, 5'000});
    setup.pipelines.push_back(std::move(pipeline));
  }
  Rule rule;
  rule.where = "year:1";
  rule.schedules.push_back(
      {"", calendar::Schedule::cron({"0 0 * * * ?", "UTC", calendar::DstPolicy::safe}).value()});
  setup.plan.rules.push_back(std::move(rule));
  setup.plan.triggers_per_second = 0;
  setup.plan.trigger_lanes = 8;
  setup.plan.history_keep = hours{6};
  setup.prunes = true;
  setup.airbyte.history_limit = 100;
  setup.airbyte.keep_jobs = hours{3};
  return setup;
}

}  // namespace

PlayedYear play_year(std::size_t connections, std::int64_t days) {
  Hours witness;
  forecast::Engine world(world_of(connections), &witness);
  const Instant end = new_year + hours{24 * days};
  world.run_until(end + minutes{30});
  witness.judge(end, connections);
  witness.played.due = static_cast<std::uint64_t>(connections) * static_cast<std::uint64_t>(days) * 24;
  witness.played.events = world.events();
  return witness.played;
}

}  // namespace syncwarden::simulation
