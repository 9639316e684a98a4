// Workspaces and connections, with the names of everything they touch.
#pragma once

#include "airbyte/impl/dialect.hpp"
#include "airbyte/impl/wire.hpp"
#include "model/connection.hpp"

#include <map>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::airbyte {

/// The configured workspaces among those that exist; all for no configuration. A name or id that does not
/// exist is an error that lists what does.
[[nodiscard]] Result<std::vector<Workspace>> choose_workspaces(std::vector<Workspace> existing,
                                                               const std::vector<std::string>& configured);

class Fleet {
 public:
  explicit Fleet(Wire& wire) : wire_(wire) {}

  [[nodiscard]] boost::asio::awaitable<Result<std::vector<ConnectionView>>> connections(Place place);
  /// Ids of the chosen workspaces, read once and again with every connections(). Empty over the Public API
  /// without configured workspaces: there it means all.
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<WorkspaceId>>> workspace_ids(Place place);
  /// What a probe found; forgets what was known of another Airbyte.
  void set_instance(Instance instance, Traits traits);

 private:
  struct Actors;

  [[nodiscard]] boost::asio::awaitable<Result<std::vector<Workspace>>> chosen(Place place);
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<Workspace>>> existing(Place place);
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<Workspace>>> config_workspaces(Place place,
                                                                                         std::string path,
                                                                                         std::string body);
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<ConnectionView>>> config_connections(
      Place place, Workspace workspace);
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<ConnectionView>>> public_connections(
      Place place, std::vector<Workspace> workspaces);
  [[nodiscard]] boost::asio::awaitable<Result<void>> config_actors(Place place, Workspace workspace,
                                                                   ActorKind kind, Actors* actors);
  /// False if the list could not be read.
  [[nodiscard]] boost::asio::awaitable<bool> learn_definitions(Place place, Workspace workspace,
                                                               ActorKind kind);
  /// Reads all pages of a Public API list; `each` is called for every element.
  [[nodiscard]] boost::asio::awaitable<Result<void>> public_list(Place place, Operation operation,
                                                                 std::string path,
                                                                 std::vector<WorkspaceId> workspaces,
                                                                 const Shape& shape, Reader::Each each);

  Wire& wire_;
  Instance instance_;
  Traits traits_;
  std::optional<std::vector<WorkspaceId>> ids_;
  std::map<DefinitionId, std::string> connectors_;
};

}  // namespace syncwarden::airbyte
