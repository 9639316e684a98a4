#include "store/impl/lease_rule.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::store {

std::optional<LeaseRow> next_lease(const LeaseRow& row, const std::optional<LeaseRow>& held,
                                   const std::string& owner, Millis ttl, std::optional<Instant> now) {
  std::optional<Instant> expires;
  if (now) expires = *now + ttl;
  const bool granted_here =
      held && !row.owner.empty() && held->owner == row.owner && held->epoch == row.epoch;
  if (granted_here) {
    if (row.owner == owner) return LeaseRow{owner, row.epoch, expires};
    const bool expired = now && row.expires && *row.expires <= *now;
    if (!expired) return std::nullopt;
  }
  return LeaseRow{owner, Epoch{row.epoch.value + 1}, expires};
}

Error fenced_error(Epoch asked, const LeaseRow& row, std::string where) {
  auto message =
      row.owner.empty()
          ? fmt::format("nobody leads: epoch {} is over or was never given", asked.value)
          : fmt::format("another leader took over: this one has epoch {}, the store is at {} of {}",
                        asked.value, row.epoch.value, row.owner);
  return {Errc::fenced, std::move(message), std::move(where),
          "nothing was written; take the lease again first"};
}

Error closed_error() { return {Errc::cancelled, "the state store is closed", "", ""}; }

Instant ended_jobs_from(Instant job_cursor) {
  constexpr Millis hour = std::chrono::hours{1};
  if (job_cursor < Instant::min() + hour) return Instant::min();
  return job_cursor - hour;
}

Instant a_day_before(Instant newest) {
  constexpr Millis day = std::chrono::hours{24};
  if (newest < Instant::min() + day) return Instant::min();
  return newest - day;
}

}  // namespace syncwarden::store
