// What somebody who looks at the whole fleet wants to see first.
#pragma once

#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/incident.hpp"
#include "model/read_view.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace syncwarden::admin {

/// So much of each list stands on a page that a person reads; the rest is only counted.
inline constexpr std::size_t most_listed = 50;

/// A connection that somebody may want to see, and what it is ordered by.
struct Remarkable {
  ConnectionId id;
  Instant since;
};

/// Each list begins with its `most_listed` earliest, in order: the longest-standing trouble, the soonest
/// start. What follows is only good for being counted.
struct Attention {
  std::vector<Remarkable> running;  ///< since its oldest job
  std::vector<Remarkable> late;     ///< since then
  std::vector<Remarkable> failing;  ///< since its last success
  std::vector<Remarkable> next;     ///< due then
  std::vector<ConnectionId> managed;
};
[[nodiscard]] Attention look_around(const ReadView& view, Instant now);

/// Open ones, the most severe first.
[[nodiscard]] std::vector<Incident> worst_incidents(const ReadView& view);

/// A due tick that has not started, with whose it is.
struct WaitingTick {
  ConnectionId connection;
  std::string name;
  WaitingPicture picture;
};
/// Ticks that wait are not seen from afar, so each of `managed` is looked at; in slices, and no further than
/// there is something to find. `view` must live until then.
[[nodiscard]] boost::asio::awaitable<std::vector<WaitingTick>> waiting_ticks(
    const ReadView& view, std::vector<ConnectionId> managed, std::size_t wanted);
/// How many wait, for whatever reason.
[[nodiscard]] std::size_t waiting_in(const FleetPicture& fleet);

}  // namespace syncwarden::admin
