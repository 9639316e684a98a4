#include "provision/apply.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::provision {
namespace {

std::string named(End end, const std::string& name) {
  return fmt::format("{} {}", syncwarden::to_string(end), printable(name));
}

Error with_subject(Error error, const std::string& subject) {
  error.message = subject + ": " + error.message;
  return error;
}

std::optional<ConnectionEntry> existing_of(const Snapshot& snapshot, const ConnectionId& id) {
  for (const auto& connection : snapshot.connections) {
    if (!id.empty() && connection.id == id) return connection;
  }
  return std::nullopt;
}

/// The definition of an end, in the file or in Airbyte.
DefinitionId definition_of(const Snapshot& snapshot, const PipelinePlan& plan, End end,
                           const std::string& name, const ActorId& id) {
  for (const auto& step : plan.actors) {
    if (step.end == end && step.name == name) return step.definition;
  }
  for (const auto& actor : snapshot.actors) {
    if (actor.id == id) return actor.definition;
  }
  return {};
}

const ConnectorSpecification* specification_of(const Snapshot& snapshot, const DefinitionId& definition) {
  const auto at = snapshot.specifications.find(definition);
  return at == snapshot.specifications.end() ? nullptr : &at->second;
}

bool stays(const PipelinePlan& plan, const std::string& source) {
  return std::none_of(plan.actors.begin(), plan.actors.end(), [&](const ActorStep& step) {
    return step.end == End::source && step.name == source && step.verb != Verb::keep;
  });
}

/// Discovers each source once.
class Discoveries {
 public:
  explicit Discoveries(AirbyteAdmin& airbyte) : airbyte_(airbyte) {}
  Result<Catalog> of(const ActorId& source, const std::string& name) {
    const auto known = catalogs_.find(source);
    if (known != catalogs_.end()) return known->second;
    auto catalog = airbyte_.discover(source);
    if (!catalog) return with_subject(catalog.error(), "source " + printable(name));
    catalogs_.emplace(source, *catalog);
    return *catalog;
  }

 private:
  AirbyteAdmin& airbyte_;
  std::map<ActorId, Catalog> catalogs_;
};

/// What this run created, to be taken back.
class Undo {
 public:
  explicit Undo(AirbyteAdmin& airbyte, const Tell& tell) : airbyte_(airbyte), tell_(tell) {}
  void created(const ActorEntry& actor) { actors_.push_back(actor); }
  void created(const ConnectionEntry& connection) { connections_.push_back(connection); }
  /// Airbyte does not tell what it had before (secrets), so a change stays.
  void changed(const std::string& what) { changed_ += (changed_.empty() ? "" : ", ") + what; }
  [[nodiscard]] const std::vector<ConnectionEntry>& connections() const { return connections_; }

  /// The reply to its creation got lost, and it is not there at this moment.
  void unclear(const std::string& what) { unclear_ += (unclear_.empty() ? "" : ", ") + what; }

  /// The error, with what could not be taken back.
  Error run(Error error) {
    std::string left;
    const bool any = !connections_.empty() || !actors_.empty();
    for (auto at = connections_.rbegin(); at != connections_.rend(); ++at)
      settle(airbyte_.delete_connection(at->id), "connection " + printable(at->name), at->id.text.str(),
             left);
    for (auto at = actors_.rbegin(); at != actors_.rend(); ++at)
      settle(airbyte_.delete_actor(at->end, at->id), named(at->end, at->name), at->id.text.str(), left);
    const auto add = [&error](const std::string& text) {
      error.hint += (error.hint.empty() ? "" : "; ") + text;
    };
    if (left.empty() && unclear_.empty())
      add(any ? "what this run created was taken back" : "this run has created nothing");
    if (!changed_.empty()) add("changed already, and left so: " + changed_);
    if (!left.empty()) add("could not take back: " + left);
    if (!unclear_.empty())
      add("no reply came, so look whether Airbyte has created it after all: " + unclear_);
    return error;
  }

 private:
  void settle(const Result<void>& gone, const std::string& what, const std::string& id, std::string& left) {
    if (gone) {
      tell_("took back     " + what);
    } else {
      left += (left.empty() ? "" : ", ") + what + " (" + id + ")";
    }
  }

  AirbyteAdmin& airbyte_;
  const Tell& tell_;
  std::vector<ActorEntry> actors_;
  std::vector<ConnectionEntry> connections_;
  std::string changed_, unclear_;
};

/// Whether a request that failed so may have taken effect all the same.
bool may_have_happened(Errc code) {
  switch (code) {
    case Errc::reply_timeout:
    case Errc::send_timeout:
    case Errc::connection_lost:
    case Errc::malformed_reply:
    case Errc::reply_too_large:
    case Errc::cancelled:
    case Errc::server_error:
    case Errc::unexpected_reply:
      return true;
    default:
      return false;
  }
}

class Work {
 public:
  Work(AirbyteAdmin& airbyte, const Pipeline& pipeline, const Snapshot& snapshot, PipelinePlan& plan,
       const Tell& tell, std::vector<Fault>& faults)
      : airbyte_(airbyte),
        pipeline_(pipeline),
        snapshot_(snapshot),
        plan_(plan),
        tell_(tell),
        faults_(faults),
        discoveries_(airbyte),
        undo_(airbyte, tell) {}

  Result<Applied> run() {
    Result<void> done = store_actors();
    if (done) done = choose();
    if (done) done = store_connections();
    if (!done) return undo_.run(done.error());
    const Result<void> pruned = prune();
    if (!pruned) return pruned.error();
    applied_.created = undo_.connections();
    return std::move(applied_);
  }

 private:
  [[nodiscard]] std::optional<Error> interrupted() const {
    if (!airbyte_.interrupted()) return std::nullopt;
    return Error{Errc::cancelled, "interrupted", {}, {}};
  }

  Result<void> store_actors() {
    for (auto& step : plan_.actors) {
      if (auto stop = interrupted()) return *stop;
      if (step.verb != Verb::create && step.verb != Verb::update) continue;
      const std::string subject = named(step.end, step.name);
      const bool fresh = step.verb == Verb::create;
      Result<ActorEntry> stored = [&]() -> Result<ActorEntry> {
        if (fresh)
          return airbyte_.create_actor(
              {step.end, step.name, snapshot_.workspace.id, step.definition, step.configuration});
        return airbyte_.update_actor(
            {step.id, step.end, step.name, snapshot_.workspace.id, step.definition, {}, step.configuration});
      }();
      if (!stored && fresh) find_actor(step, stored.error(), subject);
      if (!stored && !fresh && may_have_happened(stored.error().code))
        undo_.changed(subject + " (perhaps: no reply came)");
      if (!stored) return with_subject(stored.error(), subject);
      if (fresh) {
        undo_.created(*stored);
      } else {
        undo_.changed(subject);
      }
      step.id = stored->id;
      tell_(fmt::format("{}       {}", fresh ? "created" : "changed", subject));
    }
    return Result<void>();
  }

  /// A creation without a reply: what is there under this name, and was not before, is ours to take back.
  void find_actor(const ActorStep& step, const Error& error, const std::string& subject) {
    if (!may_have_happened(error.code)) return;
    const auto now = airbyte_.actors(step.end, snapshot_.workspace.id);
    bool found = false;
    for (const auto& actor : now ? *now : std::vector<ActorEntry>()) {
      const bool known = std::any_of(snapshot_.actors.begin(), snapshot_.actors.end(),
                                     [&](const ActorEntry& before) { return before.id == actor.id; });
      if (known || actor.name != step.name) continue;
      undo_.created(actor);
      found = true;
    }
    if (!found) undo_.unclear(subject);
  }

  void find_connection(const ConnectionStep& step, const Error& error, const std::string& subject) {
    if (!may_have_happened(error.code)) return;
    const auto now = airbyte_.connections(snapshot_.workspace.id);
    bool found = false;
    for (const auto& connection : now ? *now : std::vector<ConnectionEntry>()) {
      if (existing_of(snapshot_, connection.id) || connection.name != step.name) continue;
      undo_.created(connection);
      found = true;
    }
    if (!found) undo_.unclear(subject);
  }

  /// Fills in the ends that exist now, and chooses the streams that could not be chosen before.
  Result<void> choose() {
    for (auto& step : plan_.connections) {
      if (step.verb == Verb::remove) continue;
      for (const auto& actor : plan_.actors) {
        if (actor.end == End::source && actor.name == step.source) step.change.source = actor.id;
        if (actor.end == End::destination && actor.name == step.destination)
          step.change.destination = actor.id;
      }
      if (step.streams_known) continue;
      if (auto stop = interrupted()) return *stop;
      const auto catalog = discoveries_.of(step.change.source, step.source);
      if (!catalog) return catalog.error();
      const auto definition =
          definition_of(snapshot_, plan_, End::destination, step.destination, step.change.destination);
      plan_streams(step, pipeline_.connections[step.wanted], *catalog,
                   specification_of(snapshot_, definition), existing_of(snapshot_, step.id), faults_);
    }
    if (faults_.empty()) return Result<void>();
    return Error{Errc::usage, "the streams of the file do not fit what the sources offer", {}, {}};
  }

  Result<void> store_connections() {
    for (auto& step : plan_.connections) {
      if (auto stop = interrupted()) return *stop;
      const std::string subject = "connection " + printable(step.name);
      if (step.verb == Verb::keep) {
        if (auto kept = existing_of(snapshot_, step.id)) applied_.connections.push_back(std::move(*kept));
        continue;
      }
      if (step.verb == Verb::remove) continue;
      if (auto stop = interrupted()) return *stop;
      const bool fresh = step.verb == Verb::create;
      if (fresh && !step.change.status) step.change.status = ConnectionStatus::active;
      auto stored =
          fresh ? airbyte_.create_connection(step.change) : airbyte_.update_connection(step.id, step.change);
      if (!stored && fresh) find_connection(step, stored.error(), subject);
      if (!stored && !fresh && may_have_happened(stored.error().code))
        undo_.changed(subject + " (perhaps: no reply came)");
      if (!stored) return with_subject(stored.error(), subject);
      if (fresh) {
        undo_.created(*stored);
      } else {
        undo_.changed(subject);
      }
      applied_.connections.push_back(std::move(*stored));
      tell_(fmt::format("{}       {}", fresh ? "created" : "changed", subject));
    }
    return Result<void>();
  }

  /// Connections before their ends.
  Result<void> prune() {
    for (const auto& step : plan_.connections) {
      if (step.verb != Verb::remove) continue;
      const auto gone = airbyte_.delete_connection(step.id);
      if (!gone) return with_subject(gone.error(), "connection " + printable(step.name));
      tell_("deleted       connection " + printable(step.name));
    }
    for (const auto& step : plan_.actors) {
      if (step.verb != Verb::remove) continue;
      const auto gone = airbyte_.delete_actor(step.end, step.id);
      if (!gone) return with_subject(gone.error(), named(step.end, step.name));
      tell_("deleted       " + named(step.end, step.name));
    }
    return Result<void>();
  }

  AirbyteAdmin& airbyte_;
  const Pipeline& pipeline_;
  const Snapshot& snapshot_;
  PipelinePlan& plan_;
  const Tell& tell_;
  std::vector<Fault>& faults_;
  Discoveries discoveries_;
  Undo undo_;
  Applied applied_;
};

}  // namespace

Result<Snapshot> take_snapshot(AirbyteAdmin& airbyte, const WorkspaceEntry& workspace,
                               const Pipeline& pipeline) {
  Snapshot snapshot;
  snapshot.workspace = workspace;
  const auto info = airbyte.probe();
  if (!info) return info.error();
  snapshot.propagates_schemas = info->lists_whole_instance;  // both came with 0.50
  std::set<std::pair<End, DefinitionId>> wanted;
  for (const End end : {End::source, End::destination}) {
    auto definitions = airbyte.definitions(end, workspace.id);
    if (!definitions) return definitions.error();
    std::move(definitions->begin(), definitions->end(), std::back_inserter(snapshot.definitions));
    auto actors = airbyte.actors(end, workspace.id);
    if (!actors) return actors.error();
    std::move(actors->begin(), actors->end(), std::back_inserter(snapshot.actors));
  }
  auto connections = airbyte.connections(workspace.id);
  if (!connections) return connections.error();
  snapshot.connections = std::move(*connections);
  std::vector<Fault> ignored;
  for (const auto& actor : pipeline.actors) {
    if (const auto definition = definition_meant(actor, snapshot, ignored))
      wanted.emplace(actor.end, definition->id);
  }
  for (const auto& connection : pipeline.connections) {  // ends that only Airbyte has
    for (const auto& actor : snapshot.actors) {
      if (actor.end == End::destination && actor.name == connection.destination)
        wanted.emplace(actor.end, actor.definition);
    }
  }
  for (const auto& [end, definition] : wanted) {
    auto specification = airbyte.specification(end, definition, workspace.id);
    if (specification) {
      snapshot.specifications.emplace(definition, std::move(*specification));
    } else if (specification.error().code != Errc::unsupported) {
      return specification.error();
    }
  }
  return snapshot;
}

Result<void> discover_known(AirbyteAdmin& airbyte, const Pipeline& pipeline, const Snapshot& snapshot,
                            PipelinePlan& plan) {
  Discoveries discoveries(airbyte);
  for (auto& step : plan.connections) {
    if (step.streams_known || step.change.source.empty() || !stays(plan, step.source)) continue;
    const auto catalog = discoveries.of(step.change.source, step.source);
    if (!catalog) return catalog.error();
    const auto definition =
        definition_of(snapshot, plan, End::destination, step.destination, step.change.destination);
    plan_streams(step, pipeline.connections[step.wanted], *catalog, specification_of(snapshot, definition),
                 existing_of(snapshot, step.id), plan.faults);
  }
  return Result<void>();
}

Result<void> check_ends(AirbyteAdmin& airbyte, const Snapshot& snapshot, const PipelinePlan& plan,
                        const Tell& tell) {
  for (const auto& step : plan.actors) {
    if (step.verb != Verb::create && step.verb != Verb::update) continue;
    const std::string subject = named(step.end, step.name);
    const auto outcome = airbyte.check_draft(
        {step.end, step.name, snapshot.workspace.id, step.definition, step.configuration}, step.id);
    if (!outcome && outcome.error().code == Errc::unsupported) {
      tell("not checked   " + subject + ": " + outcome.error().message);
      continue;
    }
    if (!outcome) return with_subject(outcome.error(), subject);
    if (!outcome->succeeded)
      return Error{Errc::rejected,
                   fmt::format("{}: Airbyte cannot connect: {}", subject, outcome->message),
                   {},
                   "nothing was created or changed"};
    tell("checked       " + subject);
  }
  return Result<void>();
}

Result<Applied> carry_out(AirbyteAdmin& airbyte, const Pipeline& pipeline, const Snapshot& snapshot,
                          PipelinePlan plan, const Tell& tell, std::vector<Fault>& faults) {
  return Work(airbyte, pipeline, snapshot, plan, tell, faults).run();
}

}  // namespace syncwarden::provision
