#include "provision/plan.hpp"

#include "base/text.hpp"
#include "provision/choose.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::provision {
namespace {

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", printable(text, 200)); }

/// The part of what was brought in that lies below a pointer, with pointers from there.
std::map<std::string, std::string> below(const std::map<std::string, std::string>& brought,
                                         const std::string& pointer) {
  std::map<std::string, std::string> part;
  for (const auto& [at, text] : brought) {
    if (at.size() > pointer.size() && at.compare(0, pointer.size(), pointer) == 0 &&
        at[pointer.size()] == '/')
      part[at.substr(pointer.size())] = text;
  }
  return part;
}

/// The one of these names; a fault where there are several.
template <class Entry>
const Entry* existing_of(std::string_view kind, const std::string& id, const std::string& name,
                         const std::vector<const Entry*>& all, const std::string& pointer,
                         std::vector<Fault>& faults) {
  std::vector<const Entry*> found;
  for (const Entry* one : all) {
    if (!id.empty() ? one->id.text == id : one->name == name) found.push_back(one);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    if (!id.empty())
      faults.push_back({pointer + "/id", fmt::format("there is no {} with this id", kind), {}});
    return nullptr;
  }
  std::vector<std::string> ids;
  ids.reserve(found.size());
  for (const Entry* one : found) ids.push_back(one->id.text.str());
  faults.push_back({pointer + "/name", fmt::format("Airbyte has {} {}s {}", found.size(), kind, quoted(name)),
                    fmt::format("pin one with id: {}", fmt::join(ids, ", or "))});
  return nullptr;
}

std::vector<const ActorEntry*> actors_of(const Snapshot& snapshot, End end) {
  std::vector<const ActorEntry*> all;
  for (const auto& actor : snapshot.actors) {
    if (actor.end == end) all.push_back(&actor);
  }
  return all;
}

bool has_secrets(const JsonText& masked_configuration) {
  return masked_configuration.text.find("<secret>") != std::string::npos;
}

ActorStep plan_actor(const WantedActor& wanted, const std::map<std::string, std::string>& brought,
                     const Snapshot& snapshot, const PlanOptions& options, PipelinePlan& plan) {
  ActorStep step;
  step.end = wanted.end;
  step.name = wanted.name;
  const auto definition = definition_meant(wanted, snapshot, plan.faults);
  if (!definition) return step;
  step.definition = definition->id;
  const std::string at = wanted.pointer + "/configuration";
  const auto specification = snapshot.specifications.find(definition->id);
  const bool known = specification != snapshot.specifications.end();
  const JsonText schema = known ? specification->second.schema : JsonText{};
  const auto mine = below(brought, at);
  step.configuration = wanted.configuration;
  if (known) {
    Fitted fitted = fit(wanted.configuration, mine, schema);
    step.configuration = std::move(fitted.configuration);
    for (auto& fault : fitted.faults) plan.faults.push_back({at + fault.pointer, fault.message, fault.hint});
    for (auto& fault : fitted.warnings)
      plan.warnings.push_back({at + fault.pointer, fault.message, fault.hint});
  }
  step.shown = masked(step.configuration, schema, mine);
  const auto* existing = existing_of(syncwarden::to_string(wanted.end), wanted.id, wanted.name,
                                     actors_of(snapshot, wanted.end), wanted.pointer, plan.faults);
  if (existing == nullptr) {
    step.verb = Verb::create;
    return step;
  }
  step.id = existing->id;
  if (existing->definition != definition->id) {
    plan.faults.push_back(
        {wanted.pointer + "/connector",
         fmt::format("Airbyte has {} {} with another connector: {}", syncwarden::to_string(wanted.end),
                     quoted(wanted.name), printable(existing->definition_name)),
         "Airbyte cannot change it: take another name, or delete the old one"});
    return step;
  }
  if (existing->name != wanted.name)
    step.differences.push_back({"/name", quoted(existing->name), quoted(wanted.name)});
  for (auto& difference : differences(step.configuration, existing->configuration, schema)) {
    // values that came from outside are never shown
    if (mine.contains(difference.pointer)) difference.after = "<secret>";
    step.differences.push_back({"/configuration" + difference.pointer, difference.before, difference.after});
  }
  if (step.differences.empty() && options.secrets && has_secrets(step.shown))
    step.differences.push_back({"/configuration", "secrets", "the same or others"});
  if (!step.differences.empty()) step.verb = Verb::update;
  return step;
}

void compare(std::vector<Difference>& found, const std::string& pointer, std::string_view before,
             std::string_view after) {
  if (before != after) found.push_back({pointer, std::string(before), std::string(after)});
}

std::vector<Difference> setting_differences(const ConnectionEntry& existing, const ConnectionChange& wanted) {
  std::vector<Difference> found;
  if (wanted.name) compare(found, "/name", existing.name, *wanted.name);
  if (!wanted.source.empty())
    compare(found, "/source", existing.source.text.view(), wanted.source.text.view());
  if (!wanted.destination.empty())
    compare(found, "/destination", existing.destination.text.view(), wanted.destination.text.view());
  if (wanted.status)
    compare(found, "/status", syncwarden::to_string(existing.status), syncwarden::to_string(*wanted.status));
  if (wanted.schedule) compare(found, "/airbyte_schedule", existing.schedule.text(), wanted.schedule->text());
  if (wanted.namespace_definition)
    compare(found, "/namespace",
            existing.namespace_definition == "customformat" ? existing.namespace_format
                                                            : existing.namespace_definition,
            *wanted.namespace_definition == "customformat" ? wanted.namespace_format.value_or("")
                                                           : *wanted.namespace_definition);
  if (wanted.prefix) compare(found, "/prefix", existing.prefix, *wanted.prefix);
  if (wanted.schema_changes)
    compare(found, "/schema_changes", existing.schema_changes, *wanted.schema_changes);
  return found;
}

std::string choice_text(const StreamChoice& choice) {
  std::vector<std::string> keys;
  for (const auto& path : choice.primary_key) keys.push_back(syncwarden::to_string(path));
  std::string text = fmt::format("{} {}", choice.sync_mode, choice.destination_sync_mode);
  if (!choice.cursor.empty()) text += " cursor " + syncwarden::to_string(choice.cursor);
  if (!keys.empty()) text += fmt::format(" key {}", fmt::join(keys, "+"));
  return printable(text, 300);
}

/// A source or destination that a connection names: in the file or in Airbyte.
bool find_end(const Pipeline& pipeline, const Snapshot& snapshot, const PipelinePlan& plan, End end,
              const std::string& name, const std::string& pointer, ActorId& id, std::vector<Fault>& faults) {
  for (std::size_t i = 0; i < pipeline.actors.size(); ++i) {
    if (pipeline.actors[i].end != end || pipeline.actors[i].name != name) continue;
    id = plan.actors[i].id;
    return true;
  }
  std::vector<Candidate> candidates;
  const auto all = actors_of(snapshot, end);
  candidates.reserve(all.size() + pipeline.actors.size());
  for (const auto* actor : all)
    candidates.push_back({actor->id.text.str(), actor->name, actor->definition_name});
  for (const auto& actor : pipeline.actors) {
    if (actor.end == end) candidates.push_back({"in this file", actor.name, actor.connector});
  }
  const auto at = choose(syncwarden::to_string(end), name, candidates,
                         fmt::format("syncwarden airbyte {}s list", syncwarden::to_string(end)));
  if (at && *at < all.size()) {
    id = all[*at]->id;
    return true;
  }
  if (!at)
    faults.push_back(
        {fmt::format("{}/{}", pointer, syncwarden::to_string(end)), at.error().message, at.error().hint});
  return false;
}

ConnectionStep plan_connection(const Pipeline& pipeline, std::size_t index, const Snapshot& snapshot,
                               PipelinePlan& plan) {
  const WantedConnection& wanted = pipeline.connections[index];
  ConnectionStep step;
  step.wanted = index;
  step.name = wanted.name;
  step.source = wanted.source;
  step.destination = wanted.destination;
  step.change = wanted.settings;
  step.change.name = wanted.name;
  if (!snapshot.propagates_schemas && wanted.settings.schema_changes.value_or("").starts_with("propagate"))
    plan.faults.push_back({wanted.pointer + "/schema_changes",
                           "Airbyte propagates schema changes from 0.50 on",
                           "this one knows ignore and disable"});
  (void)find_end(pipeline, snapshot, plan, End::source, wanted.source, wanted.pointer, step.change.source,
                 plan.faults);
  (void)find_end(pipeline, snapshot, plan, End::destination, wanted.destination, wanted.pointer,
                 step.change.destination, plan.faults);
  std::vector<const ConnectionEntry*> all;
  for (const auto& connection : snapshot.connections) all.push_back(&connection);
  const auto* existing = existing_of("connection", wanted.id, wanted.name, all, wanted.pointer, plan.faults);
  if (existing == nullptr) {
    step.verb = Verb::create;
    return step;
  }
  step.id = existing->id;
  const bool moved = (!step.change.source.empty() && step.change.source != existing->source) ||
                     (!step.change.destination.empty() && step.change.destination != existing->destination) ||
                     step.change.source.empty() || step.change.destination.empty();
  if (moved)
    plan.faults.push_back({wanted.pointer, "Airbyte has this connection between other ends",
                           "Airbyte cannot move it: take another name, or delete the old one"});
  step.differences = setting_differences(*existing, step.change);
  if (!step.differences.empty()) step.verb = Verb::update;
  return step;
}

void plan_pruning(const Pipeline& pipeline, const Snapshot& snapshot, PipelinePlan& plan) {
  std::set<std::string> kept;
  for (const auto& step : plan.connections) kept.insert(step.id.text.str());
  for (const auto& connection : snapshot.connections) {
    if (kept.contains(connection.id.text.str())) continue;
    ConnectionStep step;
    step.verb = Verb::remove;
    step.name = connection.name;
    step.id = connection.id;
    step.wanted = pipeline.connections.size();
    step.streams_known = true;
    plan.connections.push_back(std::move(step));
  }
  for (const auto& step : plan.actors) kept.insert(step.id.text.str());
  for (const auto& step : plan.connections) {
    kept.insert(step.change.source.text.str());
    kept.insert(step.change.destination.text.str());
  }
  for (const auto& actor : snapshot.actors) {
    if (kept.contains(actor.id.text.str())) continue;
    ActorStep step;
    step.verb = Verb::remove;
    step.end = actor.end;
    step.name = actor.name;
    step.id = actor.id;
    plan.actors.push_back(std::move(step));
  }
}

}  // namespace

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::create:
      return "create";
    case Verb::update:
      return "update";
    case Verb::remove:
      return "delete";
    case Verb::keep:
      break;
  }
  return "keep";
}

bool PipelinePlan::changes_nothing() const {
  const auto kept = [](const auto& step) { return step.verb == Verb::keep; };
  return std::all_of(actors.begin(), actors.end(), kept) &&
         std::all_of(connections.begin(), connections.end(), kept);
}

std::optional<DefinitionEntry> definition_meant(const WantedActor& actor, const Snapshot& snapshot,
                                                std::vector<Fault>& faults) {
  std::vector<const DefinitionEntry*> all;
  std::vector<Candidate> candidates;
  for (const auto& definition : snapshot.definitions) {
    if (definition.end != actor.end) continue;
    if (definition.repository == actor.connector) return definition;
    all.push_back(&definition);
    const bool by_name = definition.name == actor.connector;
    candidates.push_back({definition.id.text.str(), by_name ? definition.name : definition.connector(),
                          definition.repository});
  }
  const auto at =
      choose("connector", actor.connector, candidates,
             fmt::format("syncwarden airbyte definitions list --{}", syncwarden::to_string(actor.end)));
  if (at) return *all[*at];
  faults.push_back({actor.pointer + "/connector", at.error().message, at.error().hint});
  return std::nullopt;
}

PipelinePlan plan_pipeline(const Pipeline& pipeline, const std::map<std::string, std::string>& brought,
                           const Snapshot& snapshot, const PlanOptions& options) {
  PipelinePlan plan;
  for (const auto& actor : pipeline.actors)
    plan.actors.push_back(plan_actor(actor, brought, snapshot, options, plan));
  for (std::size_t i = 0; i < pipeline.connections.size(); ++i)
    plan.connections.push_back(plan_connection(pipeline, i, snapshot, plan));
  if (options.prune) plan_pruning(pipeline, snapshot, plan);
  return plan;
}

void plan_streams(ConnectionStep& step, const WantedConnection& wanted, const Catalog& catalog,
                  const ConnectorSpecification* destination, const std::optional<ConnectionEntry>& existing,
                  std::vector<Fault>& faults) {
  const std::vector<StreamChoice> none;
  ChosenStreams chosen = choose_streams(
      catalog, wanted.streams,
      destination == nullptr ? std::vector<std::string>{} : destination->destination_sync_modes,
      existing ? existing->streams : none);
  faults.insert(faults.end(), chosen.faults.begin(), chosen.faults.end());
  step.streams_known = true;
  bool differs = !existing;
  if (existing) {
    for (const auto& choice : chosen.streams) {
      const auto at =
          std::find_if(existing->streams.begin(), existing->streams.end(),
                       [&](const StreamChoice& before) { return before.full_name() == choice.full_name(); });
      if (at != existing->streams.end() && at->same_choice(choice)) continue;
      differs = true;
      step.differences.push_back({"/streams/" + choice.full_name(),
                                  at == existing->streams.end() ? std::string() : choice_text(*at),
                                  choice_text(choice)});
    }
    for (const auto& before : existing->streams) {
      const bool stays =
          std::any_of(chosen.streams.begin(), chosen.streams.end(),
                      [&](const StreamChoice& choice) { return choice.full_name() == before.full_name(); });
      if (stays) continue;
      differs = true;
      step.differences.push_back({"/streams/" + before.full_name(), choice_text(before), {}});
    }
  }
  if (!differs) return;
  step.change.streams = std::move(chosen.streams);
  step.change.catalog_id = catalog.id;
  if (step.verb == Verb::keep) step.verb = Verb::update;
}

}  // namespace syncwarden::provision
