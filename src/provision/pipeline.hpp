// A pipeline as a file declares it: sources, destinations, connections with their streams. Pure.
#pragma once

#include "model/administration.hpp"
#include "provision/configuration.hpp"
#include "provision/streams.hpp"

#include <optional>
#include <string>
#include <vector>

namespace syncwarden::provision {

struct WantedActor {
  End end = End::source;
  std::string name;
  std::string id;         ///< pins one where names are not unique; usually empty
  std::string connector;  ///< "postgres", an image, a name or an id
  JsonText configuration;
  std::string pointer;  ///< where it stands
};

struct WantedConnection {
  std::string name;
  std::string id;
  std::string source;         ///< name of one in the file, or in Airbyte
  std::string destination;    ///< the same
  ConnectionChange settings;  ///< what the file says beside ends, name and streams; the schedule always
  std::vector<StreamWish> streams;
  JsonText rule;  ///< syncwarden's own schedule and policies of it; may be empty
  std::string pointer;
};

struct Pipeline {
  std::string workspace;  ///< name or id; empty: the only one
  std::vector<WantedActor> actors;
  std::vector<WantedConnection> connections;
};

struct PipelineRead {
  Pipeline pipeline;
  std::vector<Fault> faults;
};

/// Unknown keys, wrong kinds, missing members, names that stand twice, schedules that Airbyte refuses: every
/// fault at once. What only Airbyte can tell (connectors, streams) is checked later.
[[nodiscard]] PipelineRead pipeline_from(const JsonText& document);

}  // namespace syncwarden::provision
