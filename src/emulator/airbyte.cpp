// Construction, time, and the questions that need no jobs.
#include "emulator/airbyte.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {

Airbyte::Airbyte(Options options, const std::vector<Pipeline>& pipelines)
    : options_(std::move(options)),
      rules_(Version::parse(options_.version)),
      now_(options_.start),
      table_(options_.first_job) {
  connections_.reserve(pipelines.size());
  flows_.reserve(pipelines.size());
  workspace_named("default");
  for (const auto& pipeline : pipelines) add_pipeline(pipeline);
}

std::string Airbyte::uuid(std::string_view text) const {
  const auto a = hash64(text, options_.seed);
  const auto b = hash64(text, ~options_.seed);
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32U, (a >> 16U) & 0xFFFFU, a & 0xFFFU,
                     0x8000U | ((b >> 48U) & 0x3FFFU), b & 0xFFFF'FFFF'FFFFULL);
}

const Workspace& Airbyte::workspace_named(const std::string& name) {
  for (const auto& workspace : workspaces_) {
    if (workspace.name == name) return workspace;
  }
  workspaces_.push_back({WorkspaceId{uuid("workspace/" + name)}, name});
  return workspaces_.back();
}

Actor Airbyte::actor_named(const std::string& name, const std::string& connector, bool source,
                           const Workspace& workspace) {
  const auto id =
      uuid(fmt::format("{}/{}/{}/{}", source ? "source" : "destination", workspace.name, connector, name));
  if (const auto known = actor_by_id_.find(id); known != actor_by_id_.end()) {
    return actors_[known->second].actor;
  }
  Actor actor;
  actor.id = ActorId{id};
  actor.name = name;
  actor.connector = connector;
  for (const auto& definition : definitions()) {
    if (definition.source == source && definition.connector == connector) actor.definition = definition.id;
  }
  if (actor.definition.empty()) actor.definition = definitions().front().id;
  actor_by_id_.emplace(id, actors_.size());
  actors_.push_back({actor, workspace.id, source, options_.start, {}, false});
  return actor;
}

void Airbyte::add_pipeline(const Pipeline& pipeline) {
  const auto workspace = workspace_named(pipeline.workspace);
  Connection connection;
  auto& view = connection.view;
  view.name = pipeline.name;
  auto key = fmt::format("connection/{}/{}", workspace.name, pipeline.name);
  view.id = ConnectionId{uuid(key)};
  // Names are no keys in Airbyte: a second connection of the same name is another connection.
  while (by_id_.contains(view.id)) {
    key += '\'';
    view.id = ConnectionId{uuid(key)};
  }
  view.workspace = workspace.id;
  view.workspace_name = workspace.name;
  view.source = actor_named(pipeline.source, pipeline.source_connector, true, workspace);
  view.destination = actor_named(pipeline.destination, pipeline.destination_connector, false, workspace);
  view.status = pipeline.status;
  view.schedule = pipeline.schedule.kind;
  view.schedule_text = pipeline.schedule.text();
  view.tags = pipeline.tags;
  connection.behaviour = pipeline.behaviour;
  connection.schedule = pipeline.schedule;
  connection.created = options_.start;
  put(std::move(connection));
}

void Airbyte::put(Connection connection) {
  const auto index = static_cast<ConnectionIndex>(connections_.size());
  by_id_.emplace(connection.view.id, index);
  Flow flow{hash64(connection.view.id.text, options_.seed)};
  flow.last_success = connection.created;
  connections_.push_back(std::move(connection));
  flows_.push_back(std::move(flow));
  table_.add_connection();
  reschedule(index, true);
}

std::optional<ConnectionIndex> Airbyte::find(const ConnectionId& id) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return std::nullopt;
  return at->second;
}

// ---- time

void Airbyte::push(Instant at, ConnectionIndex connection, EventKind kind) {
  const auto& flow = flows_[connection];
  const bool scheduled = kind == EventKind::schedule_due;
  events_.push_back({at, ++order_, connection, scheduled ? flow.schedule_generation : flow.generation, kind});
  std::push_heap(events_.begin(), events_.end(), Later{});
}

void Airbyte::advance(Instant now) {
  while (!events_.empty() && events_.front().at <= now) {
    std::pop_heap(events_.begin(), events_.end(), Later{});
    const auto event = events_.back();
    events_.pop_back();
    const auto& flow = flows_[event.connection];
    const bool scheduled = event.kind == EventKind::schedule_due;
    if (event.generation != (scheduled ? flow.schedule_generation : flow.generation)) continue;
    now_ = std::max(now_, event.at);
    if (workers_down_) {
      held_.push_back(event);
    } else {
      ++played_;
      play(event);
    }
  }
  now_ = std::max(now_, now);
}

std::optional<Instant> Airbyte::next_event() const {
  if (events_.empty()) return std::nullopt;
  return events_.front().at;
}

void Airbyte::set_workers_down(bool down, Instant now) {
  advance(now);
  if (workers_down_ == down) return;
  workers_down_ = down;
  for (auto event : std::exchange(held_, {})) {
    event.at = now_;
    event.order = ++order_;
    events_.push_back(event);
    std::push_heap(events_.begin(), events_.end(), Later{});
  }
  advance(now_);
}

void Airbyte::play(const Event& event) {
  switch (event.kind) {
    case EventKind::create_job:
      return create_job(event.connection);
    case EventKind::start:
      return start(event.connection);
    case EventKind::attempt_ended:
      return attempt_ended(event.connection);
    case EventKind::retry:
      return begin_attempt(event.connection, *table_.find(connections_[event.connection].job));
    case EventKind::cancel_answered:
      return answer(event.connection, Waiter::For::cancel, {});
    case EventKind::cancel_done:
      return cancel_done(event.connection);
    case EventKind::queue_expired:
      return expire_queued(event.connection);
    case EventKind::schedule_due:
      return schedule_due(event.connection);
  }
}

Millis Airbyte::draw(Flow& flow, Range<Millis> range) {
  if (range.max <= range.min) return range.min;
  const auto width = static_cast<std::uint64_t>((range.max - range.min).count()) + 1;
  return range.min + Millis{static_cast<std::int64_t>(flow.rng.below(width))};
}

Millis Airbyte::scaled(Millis wait) const {
  return Millis{static_cast<std::int64_t>(static_cast<double>(wait.count()) * options_.time_scale)};
}

// ---- Airbyte's own schedule (8.1)

void Airbyte::reschedule(ConnectionIndex index, bool first) {
  const auto& connection = connections_[index];
  auto& flow = flows_[index];
  ++flow.schedule_generation;
  if (connection.view.status != ConnectionStatus::active) return;
  if (connection.schedule.kind == AirbyteSchedule::basic) {
    const auto due = flow.last_counted ? *flow.last_counted + connection.schedule.interval() : now_;
    push(std::max(now_, due), index, EventKind::schedule_due);
  } else if (connection.schedule.kind == AirbyteSchedule::cron) {
    if (first || !flow.cron) {
      const calendar::CronSpec spec{connection.schedule.cron, connection.schedule.zone,
                                    calendar::DstPolicy::quartz};
      const auto parsed = calendar::Schedule::cron(spec);
      if (!parsed) return;  // the front refuses such an expression; nobody else can be told here
      flow.cron = *parsed;
    }
    auto after = now_;
    if (flow.last_counted) after = std::max(after, *flow.last_counted + std::chrono::seconds{60});
    if (const auto due = flow.cron->next(after)) push(*due, index, EventKind::schedule_due);
  }
}

void Airbyte::schedule_due(ConnectionIndex index) {
  // A run that is still going: no overlap, no queue; the wait is computed again when it ends.
  if (connections_[index].phase != Phase::idle) return;
  signal(index, JobType::sync, Cause::schedule);
}

void Airbyte::set_behaviour(const ConnectionId& id, Behaviour behaviour) {
  const auto index = find(id);
  if (!index) return;
  connections_[*index].behaviour = std::move(behaviour);
  flows_[*index].syncs = 0;
}

void Airbyte::set_capacity(std::uint32_t max_parallel, Instant now) {
  advance(now);
  options_.max_parallel = max_parallel;
  release_capacity();
}

void Airbyte::set_version(std::string_view version, Instant now) {
  advance(now);
  options_.version = version;
  rules_ = Rules(Version::parse(version));
  for (auto& connection : connections_) give_reason(connection, connection.status_reason);
  if (rules_.queued_status) return;
  for (const auto id : table_.active()) {
    auto& job = *table_.find(JobId{id});
    if (job.status == JobStatus::queued) set_status(job, JobStatus::pending);
  }
}

bool Airbyte::break_schema(const ConnectionId& id, Instant now) {
  advance(now);
  const auto index = find(id);
  if (!index) return false;
  mark_schema_broken(*index);
  reschedule(*index, false);
  return true;
}

}  // namespace syncwarden::emulator
