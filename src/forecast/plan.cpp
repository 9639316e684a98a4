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
      if (const auto* decided = std::get_if<fact::TickDecided>(&fact)) {
        ticks.push_back(*decided);
        at.push_back(truth);
      } else if (const auto* changed = std::get_if<fact::IncidentChanged>(&fact)) {
        if (changed->incident.kind == IncidentKind::data_late && is_new(changed->change))
          note_late(*changed, truth);
      }
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
  std::map<ConnectionId, Instant> late;  ///< from when on, for the first time
  const Engine* world = nullptr;

 private:
  static bool is_new(fact::IncidentChange change) {
    return change == fact::IncidentChange::opened || change == fact::IncidentChange::reopened;
  }
  /// The core tells with its next look; what it looks at is exact.
  void note_late(const fact::IncidentChanged& changed, Instant truth) {
    const ConnectionId& id = changed.incident.connection;
    const auto found = late.try_emplace(id, truth);
    if (!found.second || world == nullptr || world->core() == nullptr) return;
    Instant& since = found.first->second;
    world->core()->with_connection(id, [&since](const ConnectionPicture& picture) {
      if (picture.stale_after) since = *picture.stale_after;
    });
  }
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
    // What nobody has seen succeed is expected to from now on, not since the beginning of time.
    if (past != nullptr) {
      setup.found.histories.push_back(*past);
      auto& first_seen = setup.found.histories.back().first_seen;
      if (first_seen == Instant{}) first_seen = from;
    }
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

/// What waited for so long that somebody may want to know why.
bool may_have_waited(TickReason reason) {
  return reason == TickReason::superseded || reason == TickReason::start_deadline ||
         reason == TickReason::dependency || reason == TickReason::blackout;
}

std::vector<PlannedTick> ticks_of(const Notes& notes,
                                  const std::map<ConnectionId, const ConnectionView*>& views,
                                  const std::vector<Span>& spans, Instant from, Instant until) {
  std::map<JobId, const Span*> of_job;
  for (const auto& span : spans) of_job.emplace(span.job, &span);
  std::vector<PlannedTick> ticks;
  for (std::size_t i = 0; i < notes.ticks.size(); ++i) {
    const auto& [decided, connection, name] = notes.ticks[i];
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
      const auto span = job == notes.jobs.end() ? of_job.end() : of_job.find(job->second);
      if (span != of_job.end()) {
        tick.starts = span->second->starts;
        tick.ends = span->second->ends;
        if (decided.outcome == TickOutcome::started) tick.waits = std::max(Millis{}, *tick.starts - tick.due);
      }
    }
    if (may_have_waited(tick.reason)) tick.waits = std::max(Millis{}, notes.at[i] - tick.due);
    ticks.push_back(std::move(tick));
  }
  std::stable_sort(ticks.begin(), ticks.end(),
                   [](const PlannedTick& a, const PlannedTick& b) { return a.due < b.due; });
  return ticks;
}

/// What waits at the end still.
void add_open_ticks(std::vector<PlannedTick>& ticks, const Engine& world,
                    const std::vector<ConnectionView>& connections, Instant from, Instant until) {
  if (world.core() == nullptr) return;
  for (const auto& view : connections) {
    world.core()->with_connection(view.id, [&](const ConnectionPicture& picture) {
      for (const auto& waiting : picture.waiting) {
        if (waiting.cause == WaitCause::dependency || waiting.nominal < from || waiting.nominal >= until)
          continue;
        PlannedTick tick;
        tick.schedule = waiting.schedule;
        tick.connection = view.id;
        tick.name = view.name.str();
        tick.destination = view.destination.name.str();
        tick.nominal = waiting.nominal;
        tick.due = waiting.nominal;
        tick.waits = until - waiting.nominal;
        tick.decided = false;
        tick.cause = waiting.cause;
        tick.waits_for = waiting.what;
        ticks.push_back(std::move(tick));
      }
    });
  }
}

/// Plays a world, and asks the core on the way what the ticks wait for that are due and have not started:
/// soon after they came due, and then less and less often.
class Inquiry {
 public:
  Inquiry(Engine& world, const std::vector<ConnectionView>& connections)
      : world_(world), connections_(connections), expected_(connections.size()) {}

  void run(Instant from, Instant end) {
    world_.run_until(from);
    for (std::size_t i = 0; i < connections_.size(); ++i) ask(i, from);
    while (!asks_.empty() && asks_.begin()->first < end) {
      const auto [at, index] = *asks_.begin();
      asks_.erase(asks_.begin());
      world_.run_until(at);
      ask(index, at);
    }
    world_.run_until(end);
  }

  /// What it waited for most of the time.
  void explain(PlannedTick& tick) const {
    const auto found = answers_.find({tick.schedule, tick.nominal});
    if (found == answers_.end() || tick.waits < worth_telling) return;
    const Answer* longest = nullptr;
    for (const auto& [cause, answer] : found->second.by_cause) {
      if (longest != nullptr && answer.lasted <= longest->lasted) continue;
      longest = &answer;
      tick.cause = cause;
      tick.waits_for = answer.what;
    }
  }

 private:
  struct Answer {
    Millis lasted{};
    std::string what;
  };
  struct Wait {
    Instant asked;
    std::map<WaitCause, Answer> by_cause;
  };

  void ask(std::size_t index, Instant at) {
    if (world_.core() == nullptr) return;
    std::optional<Instant> again;
    world_.core()->with_connection(connections_[index].id, [&](const ConnectionPicture& picture) {
      for (const auto& waiting : picture.waiting) {
        if (waiting.cause == WaitCause::dependency) continue;
        auto& wait = answers_[{waiting.schedule, waiting.nominal}];
        auto& answer = wait.by_cause[waiting.cause];
        answer.lasted += at - std::max(wait.asked, waiting.nominal);
        answer.what = waiting.what;
        wait.asked = at;
        const Instant next = at + std::max(worth_telling, at - waiting.nominal);
        again = std::min(again.value_or(next), next);
      }
      if (picture.next_run && picture.next_run != expected_[index]) {
        expected_[index] = picture.next_run;
        asks_.emplace(*picture.next_run + worth_telling, index);
      }
    });
    if (again) asks_.emplace(*again, index);
  }

  Engine& world_;
  const std::vector<ConnectionView>& connections_;
  std::vector<std::optional<Instant>> expected_;  ///< next due instants that are asked about already
  std::multimap<Instant, std::size_t> asks_;
  std::map<std::pair<ScheduleId, Instant>, Wait> answers_;
};

}  // namespace

Forecast plan(const Plan& plan, const std::vector<ConnectionView>& connections,
              const std::vector<ConnectionHistory>& histories, Instant from, Millis horizon) {
  std::map<ConnectionId, const ConnectionHistory*> known;
  for (const auto& history : histories) known.emplace(history.connection, &history);
  std::map<ConnectionId, const ConnectionView*> views;
  for (const auto& view : connections) views.emplace(view.id, &view);
  Notes notes;
  Engine world(world_of(plan, connections, known, from), &notes);
  notes.world = &world;
  Inquiry inquiry(world, connections);
  inquiry.run(from, from + horizon + last_answers);

  Forecast forecast;
  forecast.from = from;
  forecast.until = from + horizon;
  const auto spans = spans_of(world, connections);
  forecast.ticks = ticks_of(notes, views, spans, forecast.from, forecast.until);
  add_open_ticks(forecast.ticks, world, connections, forecast.from, forecast.until);
  for (auto& tick : forecast.ticks) {
    if (!tick.starts) ++forecast.not_started;
    if (tick.decided) inquiry.explain(tick);
  }
  for (const auto& view : connections) {
    const bool managed = std::any_of(plan.rules.begin(), plan.rules.end(), [&](const Rule& rule) {
      return matches(rule.match, view) && !rule.schedules.empty();
    });
    const auto past = known.find(view.id);
    if (managed && (past == known.end() || past->second->samples.empty())) ++forecast.unknown_durations;
  }
  conclude(forecast, plan, connections, notes.late, spans);
  return forecast;
}

}  // namespace syncwarden::forecast
