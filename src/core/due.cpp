#include "core/due.hpp"

#include <algorithm>

namespace syncwarden::core {

std::optional<NextTick> next_tick(const calendar::Schedule& schedule, std::string_view jitter_key,
                                  Millis jitter, Instant watermark) {
  const auto nominal = schedule.next(watermark);
  if (!nominal) return std::nullopt;
  if (jitter <= Millis::zero()) return NextTick{*nominal, *nominal};
  return NextTick{*nominal,
                  *nominal + calendar::jitter_offset(jitter_key, jitter, *nominal, schedule.next(*nominal))};
}

namespace {

/// How many of the newest due ticks the policy keeps for starting.
std::size_t kept(CatchUpPolicy policy, std::uint32_t catch_up_max) {
  return policy == CatchUpPolicy::all ? std::max<std::size_t>(catch_up_max, 1) : 1;
}

/// A bound for the search: from here on nobody counts, the newest nominals are found by looking back from
/// now.
Instant jump_back(const calendar::Schedule& schedule, Instant now, std::size_t wanted) {
  for (Millis span{std::chrono::minutes{1}};; span *= 2) {
    std::size_t found = 0;
    for (auto at = schedule.next(now - span); at && *at <= now && found <= wanted; at = schedule.next(*at))
      ++found;
    if (found > wanted || span > std::chrono::hours{24 * 366 * 10}) return now - span;
  }
}

}  // namespace

DueTicks due_ticks(const calendar::Schedule& schedule, std::string_view jitter_key, Millis jitter,
                   Instant watermark, Instant now, CatchUpPolicy policy, std::uint32_t catch_up_max) {
  DueTicks result;
  result.watermark = watermark;
  const std::size_t keep = kept(policy, catch_up_max);
  std::vector<DueTick>& newest = result.start;
  const auto give_up = [&](const DueTick& tick) {
    result.missed = tick.nominal;
    if (result.missed_count == max_counted_misses) {
      result.missed_more = true;
    } else {
      ++result.missed_count;
    }
  };

  auto tick = next_tick(schedule, jitter_key, jitter, watermark);
  std::uint32_t seen = 0;
  while (tick && tick->due <= now) {
    newest.push_back({tick->nominal, tick->due, now - tick->due >= on_time_grace});
    result.watermark = tick->nominal;
    if (newest.size() > keep) {
      give_up(newest.front());
      newest.erase(newest.begin());
    }
    if (++seen == max_counted_misses + keep) {
      // Far behind: stop counting, and go on a little before now, where the newest ones are.
      const Instant resume = jump_back(schedule, now, keep + 1);
      if (resume > result.watermark) {
        for (const auto& skipped : newest) give_up(skipped);
        newest.clear();
        result.missed_more = true;
        result.watermark = resume;
      }
    }
    tick = next_tick(schedule, jitter_key, jitter, result.watermark);
  }

  // Several at once, or a late one: the daemon was away.
  if (policy == CatchUpPolicy::none) {
    while (!newest.empty() && newest.front().late) {
      give_up(newest.front());
      newest.erase(newest.begin());
    }
  }
  return result;
}

}  // namespace syncwarden::core
