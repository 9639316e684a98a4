// The daily message: when it is due, and what it says. Pure.
#pragma once

#include "base/time.hpp"
#include "model/incident.hpp"
#include "model/mutation.hpp"
#include "model/notice.hpp"
#include "model/receiver.hpp"
#include "model/run.hpp"
#include "notify/outbox.hpp"

#include <optional>
#include <vector>

namespace syncwarden::notify {

/// The instant of the message that is due now: the newest one since the last, if it is not older than half a
/// day; after a longer downtime there is none, and the next one comes in its time.
[[nodiscard]] std::optional<Instant> due_digest(const DigestTime& daily, Instant last, Instant now);

/// What happened in the day before.
struct DayFacts {
  Instant from;
  Instant until;
  std::vector<Run> runs;       ///< that have ended
  std::vector<Incident> open;  ///< that the receiver is told about, oldest first
  bool has_more = false;       ///< there were too many runs to read all of them
};
/// For one receiver: its runs by verdict, the connections that failed or look suspect, what is open.
[[nodiscard]] Notice digest_notice(const Receiver& receiver, const DayFacts& day, const FindConnection& find);

}  // namespace syncwarden::notify
