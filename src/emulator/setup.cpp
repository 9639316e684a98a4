// What somebody sets up while the emulated Airbyte runs.
#include "emulator/airbyte.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {

bool Airbyte::update(const ConnectionId& id, const ConnectionPatch& patch, Instant now) {
  advance(now);
  const auto index = find(id);
  if (!index) return false;
  auto& connection = connections_[*index];
  if (patch.name) connection.view.name = *patch.name;
  if (patch.status) {
    connection.view.status = *patch.status;
    give_reason(connection, {});
    flows_[*index].failures_in_row = 0;
  }
  if (patch.breaking_change) connection.view.breaking_change = *patch.breaking_change;
  if (patch.schedule) {
    connection.schedule = *patch.schedule;
    connection.view.schedule = patch.schedule->kind;
    connection.view.schedule_text = patch.schedule->text();
    flows_[*index].cron.reset();
  }
  if (patch.catalog) connection.catalog = *patch.catalog;
  if (patch.namespace_definition) connection.namespace_definition = *patch.namespace_definition;
  if (patch.namespace_format) connection.namespace_format = *patch.namespace_format;
  if (patch.prefix) connection.prefix = *patch.prefix;
  if (patch.schema_changes) connection.schema_changes = *patch.schema_changes;
  reschedule(*index, true);
  return true;
}

ActorId Airbyte::add_actor(NewActor actor, Instant now) {
  advance(now);
  ActorRecord record;
  record.actor.id = ActorId{uuid(fmt::format("actor/{}", ++set_up_))};
  record.actor.name = actor.name;
  record.actor.definition = actor.definition;
  for (const auto& definition : definitions()) {
    if (definition.id == actor.definition) record.actor.connector = definition.connector;
  }
  record.workspace = actor.workspace;
  record.source = actor.source;
  record.created = now_;
  record.configuration = std::move(actor.configuration);
  actor_by_id_.emplace(record.actor.id.text.str(), actors_.size());
  actors_.push_back(std::move(record));
  return actors_.back().actor.id;
}

const ActorRecord* Airbyte::find_actor(const ActorId& id) const {
  const auto at = actor_by_id_.find(id.text.str());
  if (at == actor_by_id_.end() || actors_[at->second].deleted) return nullptr;
  return &actors_[at->second];
}

bool Airbyte::change_actor(const ActorId& id, const std::string& name, const std::string& configuration,
                           Instant now) {
  advance(now);
  if (find_actor(id) == nullptr) return false;
  auto& record = actors_[actor_by_id_.at(id.text.str())];
  record.actor.name = name;
  record.configuration = configuration;
  for (auto& connection : connections_) {
    if (connection.view.source.id == id) connection.view.source.name = name;
    if (connection.view.destination.id == id) connection.view.destination.name = name;
  }
  return true;
}

bool Airbyte::remove_actor(const ActorId& id, Instant now) {
  advance(now);
  if (find_actor(id) == nullptr) return false;
  actors_[actor_by_id_.at(id.text.str())].deleted = true;
  ConnectionPatch gone;
  gone.status = ConnectionStatus::deprecated;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    const auto& view = connections_[i].view;
    if (view.source.id == id || view.destination.id == id) update(view.id, gone, now);
  }
  return true;
}

ConnectionId Airbyte::add_connection(const ActorId& source, const ActorId& destination,
                                     const ConnectionPatch& patch, Instant now) {
  advance(now);
  Connection connection;
  auto& view = connection.view;
  view.id = ConnectionId{uuid(fmt::format("connection/{}", ++set_up_))};
  const auto* from = find_actor(source);
  const auto* to = find_actor(destination);
  view.source = from->actor;
  view.destination = to->actor;
  view.workspace = from->workspace;
  for (const auto& workspace : workspaces_) {
    if (workspace.id == view.workspace) view.workspace_name = workspace.name;
  }
  view.name = fmt::format("{} → {}", from->actor.name.view(), to->actor.name.view());
  view.status = ConnectionStatus::active;
  view.schedule = AirbyteSchedule::manual;
  connection.behaviour = options_.created;
  connection.created = now_;
  ConnectionId id = view.id;
  put(std::move(connection));
  update(id, patch, now);
  return id;
}

}  // namespace syncwarden::emulator
