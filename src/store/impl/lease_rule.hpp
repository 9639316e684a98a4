// Who leads, and what must be remembered although it has ended: the rules that every store shares.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>

namespace syncwarden::store {

/// The lease as it is kept. No owner: released, or never taken.
struct LeaseRow {
  std::string owner;
  Epoch epoch;
  std::optional<Instant> expires;  ///< nothing: until it is released or the process ends

  bool operator==(const LeaseRow&) const = default;
};

/// What the lease becomes when `owner` asks. `held` is what this process was granted: a row that it did not
/// grant was left behind by a process that is gone (the file's lock proves it), so it binds nobody.
/// Nothing: another owner of this process holds it, unexpired. Without `now` a lease does not expire.
[[nodiscard]] std::optional<LeaseRow> next_lease(const LeaseRow& row, const std::optional<LeaseRow>& held,
                                                 const std::string& owner, Millis ttl,
                                                 std::optional<Instant> now);

/// The answer to a commit or release whose epoch is not the store's.
[[nodiscard]] Error fenced_error(Epoch asked, const LeaseRow& row, std::string where);

/// The answer to anything that is asked of a closed store.
[[nodiscard]] Error closed_error();

/// Ended jobs updated at or after this are needed at the next start (see Snapshot::jobs).
[[nodiscard]] Instant ended_jobs_from(Instant job_cursor);

/// Incidents closed, and commands asked, at or after this are needed at the next start: a day before the
/// newest change of an incident, before the newest command.
[[nodiscard]] Instant a_day_before(Instant newest);

}  // namespace syncwarden::store
