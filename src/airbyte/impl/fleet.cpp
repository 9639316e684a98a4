#include "airbyte/impl/fleet.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

constexpr std::size_t public_page = 100;
constexpr std::size_t most_pages = 10'000;
constexpr std::size_t max_list_bytes = std::size_t{2}
                                       << 30U;  // with catalogs, which are skipped as they arrive

/// Whether another route may do what this one would not.
bool try_another(const Error& error) {
  return error.code == Errc::not_found || error.code == Errc::forbidden || error.code == Errc::rejected ||
         error.code == Errc::server_error;
}

void replace_actor(Actor& actor, const std::unordered_map<ActorId, Actor>& known) {
  const auto found = known.find(actor.id);
  if (found != known.end()) actor = found->second;
}

std::vector<WorkspaceId> ids_of(const std::vector<Workspace>& workspaces) {
  std::vector<WorkspaceId> ids;
  ids.reserve(workspaces.size());
  for (const auto& workspace : workspaces) ids.push_back(workspace.id);
  return ids;
}

}  // namespace

Result<std::vector<Workspace>> choose_workspaces(std::vector<Workspace> existing,
                                                 const std::vector<std::string>& configured) {
  if (configured.empty()) return existing;
  std::vector<Workspace> chosen;
  for (const auto& wanted : configured) {
    bool found = false;
    for (const auto& workspace : existing) {
      if (workspace.id.text != wanted && workspace.name != wanted) continue;
      found = true;
      if (std::find(chosen.begin(), chosen.end(), workspace) == chosen.end()) chosen.push_back(workspace);
    }
    if (found) continue;
    std::string names;
    for (std::size_t i = 0; i < existing.size() && i < 20; ++i) {
      names += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", printable(existing[i].name));
    }
    if (existing.size() > 20) names += fmt::format(" and {} more", existing.size() - 20);
    Error error;
    error.code = Errc::not_found;
    error.message = fmt::format("Airbyte has no workspace \"{}\"", printable(wanted));
    error.where = "airbyte.workspaces";
    error.hint = existing.empty() ? "these credentials see no workspace at all" : "it has " + names;
    return error;
  }
  return chosen;
}

/// Sources and destinations of one workspace, or of all.
struct Fleet::Actors {
  std::unordered_map<ActorId, Actor> sources;
  std::unordered_map<ActorId, Actor> destinations;

  void add(ActorKind kind, Actor actor) {
    auto& map = kind == ActorKind::source ? sources : destinations;
    const ActorId id = actor.id;
    map.insert_or_assign(id, std::move(actor));
  }
  void complete(ConnectionView& view) const {
    replace_actor(view.source, sources);
    replace_actor(view.destination, destinations);
  }
};

void Fleet::set_instance(Instance instance, Traits traits) {
  instance_ = std::move(instance);
  traits_ = traits;
  ids_.reset();
  connectors_.clear();
}

asio::awaitable<Result<void>> Fleet::public_list(Place place, Operation operation, std::string path,
                                                 std::vector<WorkspaceId> workspaces, const Shape& shape,
                                                 Reader::Each each) {
  std::size_t seen = 0;
  std::size_t offset = 0;
  Reader::Each counted = [&seen, &each](const Node& node) {
    ++seen;
    each(node);
  };
  for (std::size_t number = 0; number < most_pages; ++number) {
    seen = 0;
    std::string target = list_target(path, workspaces, public_page, offset);
    Call call = read_call(wire_.target(), place, operation, std::move(target), "");
    call.max_body = max_list_bytes;
    const Result<void> read = co_await wire_.list(std::move(call), shape, counted);
    if (!read) co_return read.error();
    if (seen < public_page) break;
    offset += public_page;
  }
  co_return Result<void>();
}

asio::awaitable<Result<std::vector<Workspace>>> Fleet::config_workspaces(Place place, std::string path,
                                                                         std::string body) {
  std::vector<Workspace> found;
  Reader::Each each = [&found](const Node& node) {
    if (auto workspace = workspace_from(node)) found.push_back(std::move(*workspace));
  };
  Call call = read_call(wire_.target(), place, Operation::list_workspaces, std::move(path), std::move(body));
  const Result<void> read =
      co_await wire_.list(std::move(call), workspace_list_shape(Api::config), std::move(each));
  if (!read) co_return read.error();
  co_return found;
}

asio::awaitable<Result<std::vector<Workspace>>> Fleet::existing(Place place) {
  if (place.api == Api::public_api) {
    std::vector<Workspace> found;
    Reader::Each each = [&found](const Node& node) {
      if (auto workspace = workspace_from(node)) found.push_back(std::move(*workspace));
    };
    const Result<void> read =
        co_await public_list(place, Operation::list_workspaces, "/workspaces", std::vector<WorkspaceId>(),
                             workspace_list_shape(Api::public_api), std::move(each));
    if (!read) co_return read.error();
    co_return found;
  }
  std::vector<std::pair<std::string, std::string>> routes;
  if (!instance_.default_user.empty()) {
    routes.emplace_back("/workspaces/list_by_user_id", one_field_body("userId", instance_.default_user));
  }
  if (!instance_.default_organization.empty()) {
    routes.emplace_back("/workspaces/list_by_organization_id",
                        one_field_body("organizationId", instance_.default_organization));
  }
  // the plain list is right as long as there is one; without ids it is all there is
  const bool plain_first = traits_.lists_workspaces && !instance_.version.empty();
  // its operation has no body in Airbyte's documents
  routes.insert(plain_first ? routes.begin() : routes.end(), {"/workspaces/list", ""});
  std::optional<Error> first_error;
  for (const auto& route : routes) {
    Result<std::vector<Workspace>> found = co_await config_workspaces(place, route.first, route.second);
    if (found) co_return found;
    if (!first_error) first_error = found.error();
    if (!try_another(found.error())) break;
  }
  co_return *first_error;
}

asio::awaitable<Result<std::vector<Workspace>>> Fleet::chosen(Place place) {
  Result<std::vector<Workspace>> found = co_await existing(place);
  if (!found) co_return found.error();
  Result<std::vector<Workspace>> picked = choose_workspaces(std::move(*found), wire_.target().workspaces);
  if (!picked) co_return picked.error();
  const bool all = place.api == Api::public_api && wire_.target().workspaces.empty();
  ids_ = all ? std::vector<WorkspaceId>() : ids_of(*picked);
  co_return picked;
}

asio::awaitable<Result<std::vector<WorkspaceId>>> Fleet::workspace_ids(Place place) {
  if (!ids_ && place.api == Api::public_api && wire_.target().workspaces.empty()) {
    ids_ = std::vector<WorkspaceId>();
  }
  if (!ids_) {
    const Result<std::vector<Workspace>> picked = co_await chosen(place);
    if (!picked) co_return picked.error();
  }
  co_return *ids_;
}

asio::awaitable<bool> Fleet::learn_definitions(Place place, Workspace workspace, ActorKind kind) {
  std::string path = kind == ActorKind::source ? "/source_definitions" : "/destination_definitions";
  path += "/list_for_workspace";
  Call call = read_call(wire_.target(), place, Operation::list_connections, std::move(path),
                        workspace_id_body(workspace.id));
  Reader::Each each = [this, kind](const Node& node) {
    if (auto definition = definition_from(kind, node)) connectors_[definition->id] = definition->connector;
  };
  // a failure costs exact connector types, nothing else: the definitions' display names are there
  const Result<void> read =
      co_await wire_.list(std::move(call), definition_list_shape(kind), std::move(each));
  co_return read.has_value();
}

asio::awaitable<Result<void>> Fleet::config_actors(Place place, Workspace workspace, ActorKind kind,
                                                   Actors* actors) {
  std::vector<Actor> found;
  Reader::Each each = [&found, kind](const Node& node) {
    if (auto actor = actor_from(Api::config, kind, node)) found.push_back(std::move(*actor));
  };
  Call call = read_call(wire_.target(), place, Operation::list_connections,
                        kind == ActorKind::source ? "/sources/list" : "/destinations/list",
                        workspace_id_body(workspace.id));
  call.max_body = max_list_bytes;
  const Result<void> read =
      co_await wire_.list(std::move(call), actor_list_shape(Api::config, kind), std::move(each));
  if (!read) co_return read.error();
  const bool news = std::any_of(found.begin(), found.end(), [this](const Actor& actor) {
    return !actor.definition.empty() && !connectors_.contains(actor.definition);
  });
  bool learnt = false;
  if (news) learnt = co_await learn_definitions(place, workspace, kind);
  for (auto& actor : found) {
    // what the list did not explain is not asked for again
    if (learnt) connectors_.emplace(actor.definition, actor.connector);
    const auto known = connectors_.find(actor.definition);
    if (known != connectors_.end() && !actor.definition.empty()) actor.connector = known->second;
    actors->add(kind, std::move(actor));
  }
  co_return Result<void>();
}

asio::awaitable<Result<std::vector<ConnectionView>>> Fleet::config_connections(Place place,
                                                                               Workspace workspace) {
  std::vector<ConnectionView> found;
  Reader::Each each = [&found](const Node& node) {
    if (auto view = connection_from(Api::config, node)) found.push_back(std::move(*view));
  };
  Call call = read_call(wire_.target(), place, Operation::list_connections, "/connections/list",
                        workspace_id_body(workspace.id));
  call.max_body = max_list_bytes;
  const Result<void> read =
      co_await wire_.list(std::move(call), connection_list_shape(Api::config), std::move(each));
  if (!read) co_return read.error();
  Actors actors;
  const Result<void> sources = co_await config_actors(place, workspace, ActorKind::source, &actors);
  if (!sources) co_return sources.error();
  const Result<void> destinations = co_await config_actors(place, workspace, ActorKind::destination, &actors);
  if (!destinations) co_return destinations.error();
  for (auto& view : found) {
    view.workspace = workspace.id;
    view.workspace_name = workspace.name;
    actors.complete(view);
  }
  co_return found;
}

asio::awaitable<Result<std::vector<ConnectionView>>> Fleet::public_connections(
    Place place, std::vector<Workspace> workspaces) {
  std::vector<ConnectionView> found;
  Actors actors;
  const std::vector<WorkspaceId> ids = ids_.value_or(std::vector<WorkspaceId>());
  Reader::Each each = [&found](const Node& node) {
    if (auto view = connection_from(Api::public_api, node)) found.push_back(std::move(*view));
  };
  const Shape& shape = connection_list_shape(Api::public_api);
  const Result<void> read =
      co_await public_list(place, Operation::list_connections, "/connections", ids, shape, std::move(each));
  if (!read) co_return read.error();
  for (const ActorKind kind : {ActorKind::source, ActorKind::destination}) {
    Reader::Each each_actor = [&actors, kind](const Node& node) {
      if (auto actor = actor_from(Api::public_api, kind, node)) actors.add(kind, std::move(*actor));
    };
    std::string path = kind == ActorKind::source ? "/sources" : "/destinations";
    const Shape& actor_shape = actor_list_shape(Api::public_api, kind);
    const Result<void> listed = co_await public_list(place, Operation::list_connections, std::move(path), ids,
                                                     actor_shape, std::move(each_actor));
    if (!listed) co_return listed.error();
  }
  for (auto& view : found) {
    for (const auto& workspace : workspaces) {
      if (workspace.id == view.workspace) view.workspace_name = workspace.name;
    }
    actors.complete(view);
  }
  co_return found;
}

asio::awaitable<Result<std::vector<ConnectionView>>> Fleet::connections(Place place) {
  Result<std::vector<Workspace>> workspaces = co_await chosen(place);
  if (!workspaces) co_return workspaces.error();
  std::vector<ConnectionView> all;
  if (place.api == Api::public_api) {
    Result<std::vector<ConnectionView>> found = co_await public_connections(place, std::move(*workspaces));
    if (!found) co_return found.error();
    all = std::move(*found);
  } else {
    for (const auto& workspace : *workspaces) {
      Result<std::vector<ConnectionView>> found = co_await config_connections(place, workspace);
      if (!found) co_return found.error();
      std::move(found->begin(), found->end(), std::back_inserter(all));
    }
  }
  std::unordered_set<ConnectionId> seen;
  std::erase_if(all, [&seen](const ConnectionView& view) {
    return view.status == ConnectionStatus::deprecated || !seen.insert(view.id).second;
  });
  co_return all;
}

}  // namespace syncwarden::airbyte
