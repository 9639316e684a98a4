#include "forecast/plan.hpp"

#include "forecast/engine.hpp"
#include "forecast/impl/conclusions.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace syncwarden::forecast {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// Waiting less than this is pacing's and polling's noise.
constexpr Millis worth_telling{seconds{30}};
/// The core has found Airbyte by then.
constexpr Millis warm_up{seconds{5}};
/// What is due at the last moment has its outcome by then.
constexpr Millis last_answers{seconds{90}};

Millis typical(const ConnectionHistory* history) {
  if (history == nullptr || history->samples.empty()) return assumed_duration;
  std::vector<Millis> sorted;
  for (const auto& sample : history->samples) sorted.push_back(sample.duration);
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return std::max(*middle, Millis{1'000});
}

/// "0 15 2 * * ? Europe/Amsterdam" goes on; an interval counts from a job that nobody here knows.
emulator::OwnSchedule own_schedule(const ConnectionView& view) {
  emulator::OwnSchedule own;
  const std::string text(view.schedule_text);
  const auto space = text.rfind(' ');
  if (view.schedule != AirbyteSchedule::cron || space == std::string::npos) return own;
  own.kind = AirbyteSchedule::cron;
  own.cron = text.substr(0, space);
  own.zone = text.substr(space + 1);
  return own;
}

/// Collects what the core decides.
class Notes final : public Witness {
 public:
  void stepped(Instant truth, Now, const Input&, const Decision& decision) override {
    for (const auto& fact : decision.facts) {
      const auto* decided = std::get_if<fact::TickDecided>(&fact);
      if (decided == nullptr) continue;
      ticks.push_back(*decided);
      at.push_back(truth);
    }
    for (const auto& mutation : decision.durable) {
      const auto* put = std::get_if<put::PutRun>(&mutation);
      if (put == nullptr) continue;
      due[put->run.id] = put->run.due;
      if (put->run.job.value != 0 && put->run.job_number == 0) jobs[put->run.id] = put->run.job;
    }
  }

  std::vector<fact::TickDecided> ticks;
  std::vector<Instant> at;
  std::map<RunId, JobId> jobs;
  std::map<RunId, Instant> due;
};

Setup world_of(const Plan& plan, const std::vector<ConnectionView>& connections,
               const std::map<ConnectionId, const ConnectionHistory*>& known, Instant from) {
  Setup setup;
  setup.plan = plan;
  setup.plan.mode = Mode::live;
  setup.plan.poll = connections.size() < 300 ? PollPace{seconds{5}, seconds{60}, hours{24 * 366}}
                                             : PollPace{seconds{30}, seconds{300}, hours{24 * 366}};
  setup.start = from - warm_up;
  setup.shown = connections;
  setup.airbyte.signal_delay = {Millis{10}, Millis{50}};
  setup.airbyte.start_delay = {Millis{10}, Millis{50}};
  setup.airbyte.auto_disable = false;
  setup.found.job_cursor = from;
  for (const auto& view : connections) {
    const auto history = known.find(view.id);
    const auto* past = history == known.end() ? nullptr : history->second;
    if (past != nullptr) setup.found.histories.push_back(*past);
    setup.found.connections.push_back(view);
    emulator::Pipeline pipeline;
    pipeline.name = std::string{std::string_view{view.id.text}};
    const Millis lasts = typical(past);
    pipeline.behaviour = emulator::Behaviour::healthy({lasts, lasts}, {1'000, 1'000});
    pipeline.status = view.status;
    pipeline.schedule = own_schedule(view);
    setup.pipelines.push_back(std::move(pipeline));
  }
  return setup;
}

/// Every job, with its end as it is or is to be expected.
std::vector<Span> spans_of(const Engine& world, const std::vector<ConnectionView>& connections) {
  std::vector<Span> spans;
  for (const auto& born : world.airbyte().history()) {
    const auto* job = world.airbyte().job(born.job);
    if (job == nullptr) continue;
    const Millis lasts = world.airbyte().connection(born.connection).behaviour.duration.min;
    const Instant ends = is_terminal(job->status) ? job->updated : born.at + lasts;
    spans.push_back({&connections[born.connection], born.job, born.at, ends});
  }
  return spans;
}

/// The jobs by connection and by number.
struct Spans {
  explicit Spans(const std::vector<Span>& spans) {
    for (const auto& span : spans) {
      of_connection[span.connection->id].push_back(&span);
      of_job.emplace(span.job, &span);
    }
  }

  std::map<ConnectionId, std::vector<const Span*>> of_connection;
  std::map<JobId, const Span*> of_job;
};

std::optional<WaitCause> cause_of(const PlannedTick& tick, const Plan& plan, const Spans& spans, JobId own) {
  if (tick.waits < worth_telling) return std::nullopt;
  const auto& others = spans.of_connection.at(tick.connection);
  const bool busy = std::any_of(others.begin(), others.end(), [&](const Span* span) {
    return span->job != own && span->starts <= tick.due && tick.due < span->ends;
  });
  if (busy) return WaitCause::overlap;
  const auto& limits = plan.limits;
  const bool limited = limits.total > 0 || limits.per_source > 0 || limits.per_destination > 0 ||
                       limits.per_source_type > 0 || limits.per_destination_type > 0 ||
                       !limits.groups.empty();
  if (limited) return WaitCause::slot;
  return plan.blackouts.empty() ? WaitCause::pacing : WaitCause::blackout;
}

std::vector<PlannedTick> ticks_of(const Notes& notes, const Plan& plan,
                                  const std::map<ConnectionId, const ConnectionView*>& views,
                                  const std::vector<Span>& spans, Instant from, Instant until) {
  const Spans index(spans);
  std::vector<PlannedTick> ticks;
  for (const auto& [decided, connection, name] : notes.ticks) {
    PlannedTick tick;
    tick.schedule = decided.schedule;
    tick.connection = connection;
    tick.name = name;
    if (const auto view = views.find(connection); view != views.end()) {
      tick.destination = view->second->destination.name;
    }
    tick.nominal = decided.nominal;
    tick.due = decided.nominal;
    if (decided.run) {
      if (const auto due = notes.due.find(*decided.run); due != notes.due.end()) tick.due = due->second;
    }
    if (tick.due < from || tick.due >= until) continue;
    tick.outcome = decided.outcome;
    tick.reason = decided.reason;
    tick.detail = decided.detail;
    if (decided.run) {
      const auto job = notes.jobs.find(*decided.run);
      const auto span = job == notes.jobs.end() ? index.of_job.end() : index.of_job.find(job->second);
      if (span != index.of_job.end()) {
        tick.starts = span->second->starts;
        tick.ends = span->second->ends;
        if (decided.outcome == TickOutcome::started) {
          tick.waits = std::max(Millis{}, *tick.starts - tick.due);
          tick.cause = cause_of(tick, plan, index, job->second);
        }
      }
    }
    ticks.push_back(std::move(tick));
  }
  std::stable_sort(ticks.begin(), ticks.end(),
                   [](const PlannedTick& a, const PlannedTick& b) { return a.due < b.due; });
  return ticks;
}

}  // namespace

Forecast plan(const Plan& plan, const std::vector<ConnectionView>& connections,
              const std::vector<ConnectionHistory>& histories, Instant from, Millis horizon) {
  std::map<ConnectionId, const ConnectionHistory*> known;
  for (const auto& history : histories) known.emplace(history.connection, &history);
  std::map<ConnectionId, const ConnectionView*> views;
  for (const auto& view : connections) views.emplace(view.id, &view);
  Notes notes;
  Engine world(world_of(plan, connections, known, from), &notes);
  world.run_until(from + horizon + last_answers);

  Forecast forecast;
  forecast.from = from;
  forecast.until = from + horizon;
  const auto spans = spans_of(world, connections);
  forecast.ticks = ticks_of(notes, plan, views, spans, forecast.from, forecast.until);
  for (const auto& tick : forecast.ticks) {
    if (!tick.starts) ++forecast.not_started;
  }
  for (const auto& view : connections) {
    const bool managed = std::any_of(plan.rules.begin(), plan.rules.end(), [&](const Rule& rule) {
      return matches(rule.match, view) && !rule.schedules.empty();
    });
    const auto past = known.find(view.id);
    if (managed && (past == known.end() || past->second->samples.empty())) ++forecast.unknown_durations;
  }
  conclude(forecast, plan, connections, known, spans);
  return forecast;
}

}  // namespace syncwarden::forecast
