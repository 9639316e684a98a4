// State gauges: what the fleet looks like now, gathered while a scrape is answered so that it cannot drift.
#pragma once

#include "model/read_view.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace syncwarden::observe {

class ConnectorPairs;
class TextWriter;

/// Connections, sources and destinations by connector.
class ConnectorTally {
 public:
  explicit ConnectorTally(ConnectorPairs& pairs) : pairs_(pairs) {}
  /// Returns the index of the connection's pair.
  std::uint32_t add(const ConnectionPicture& picture);
  void write(TextWriter& writer);

 private:
  using ActorKey = std::pair<std::uint32_t, std::uint64_t>;  ///< connector's ordinal, hash of the actor's id

  void write_actors(TextWriter& writer, bool sources, std::vector<ActorKey>& actors) const;

  ConnectorPairs& pairs_;
  std::vector<std::array<std::uint32_t, 5>> by_status_;  ///< by pair; the last status is "other"
  std::vector<ActorKey> sources_;
  std::vector<ActorKey> destinations_;
};

/// What FleetPicture tells. One leader until replicas exist.
void write_fleet(TextWriter& writer, const FleetPicture& fleet);

}  // namespace syncwarden::observe
