#include "core/freshness.hpp"

#include "core/statistics.hpp"

#include <algorithm>
#include <variant>

namespace syncwarden::core {
namespace {

/// Beside the duration of nine of ten runs: a tenth of it and this.
constexpr Millis start_margin{std::chrono::seconds{30}};
/// Between the end of one run and the start of the next.
constexpr Millis least_pause{std::chrono::minutes{1}};
constexpr Millis failure_pause{std::chrono::minutes{5}};
/// Deadlines looked at for one answer.
constexpr int most_deadlines = 400;

std::optional<Instant> late_by_deadlines(const DoneBy& done_by, const ConnectionHistory& history,
                                         std::optional<Instant> expected) {
  const Instant since = history.last_success.value_or(history.first_seen);
  auto deadline = done_by.deadlines.next(since);
  // A success that belongs to the latest tick before a deadline satisfies it.
  for (int i = 0; deadline && expected && *expected > *deadline && i < most_deadlines; ++i)
    deadline = done_by.deadlines.next(*deadline);
  return deadline;
}

}  // namespace

std::optional<Instant> late_after(const FreshnessPolicy& policy, const ConnectionHistory& history,
                                  std::optional<Instant> expected) {
  const Instant since = history.last_success.value_or(history.first_seen);
  if (const auto* fixed = std::get_if<Millis>(&policy.late_after)) return since + *fixed;
  if (const auto* done_by = std::get_if<DoneBy>(&policy.late_after))
    return late_by_deadlines(*done_by, history, expected);
  if (!expected) return std::nullopt;
  return *expected + std::max(least_patience, 2 * typical_duration(history.samples).value_or(Millis{}));
}

Instant next_keep_fresh(Millis target, const ConnectionHistory& history, Instant watermark) {
  const Millis duration = generous_duration(history.samples).value_or(Millis{});
  const Millis margin = duration + duration / 10 + start_margin;
  // A tick that came to nothing is followed by another one, but not at once.
  Instant start = watermark + std::min(failure_pause, std::max(target / 2, Millis{std::chrono::seconds{1}}));
  if (history.last_success)
    start = std::max(start, *history.last_success + std::max(Millis{}, target - margin));
  if (history.last_completion) {
    Millis pause = least_pause;
    if (history.consecutive_failures > 0) {
      const auto doublings = std::min<std::uint32_t>(history.consecutive_failures - 1, 10);
      pause = std::min(std::max(target, failure_pause), failure_pause * (1 << doublings));
    }
    start = std::max(start, *history.last_completion + pause);
  }
  return std::chrono::ceil<std::chrono::seconds>(start);
}

ChainState chain_state(const std::vector<std::optional<Instant>>& successes, Instant watermark) {
  ChainState state;
  std::optional<Instant> last;
  for (const auto& success : successes) {
    if (!success || *success <= watermark) {
      ++state.missing;
      continue;
    }
    state.first = std::min(state.first.value_or(*success), *success);
    last = std::max(last.value_or(*success), *success);
  }
  if (state.missing == 0 && !successes.empty()) state.ready = last;
  return state;
}

}  // namespace syncwarden::core
