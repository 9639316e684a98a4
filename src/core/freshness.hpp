// Freshness: from when on a connection's data counts as late, and when to start so that it never does.
#pragma once

#include "base/time.hpp"
#include "core/timing.hpp"
#include "model/mutation.hpp"
#include "model/policy.hpp"

#include <optional>
#include <vector>

namespace syncwarden::core {

/// A success may take twice as long as usual, and at least this much, before its absence counts as late.
inline constexpr Millis least_patience{std::chrono::minutes{5}};

/// The instant after which a connection without a new verified success is late; nothing without an
/// expectation. `expected`: the first tick by the calendar after the last success, where there is one.
[[nodiscard]] std::optional<Instant> late_after(const FreshnessPolicy& policy,
                                                const ConnectionHistory& history,
                                                std::optional<Instant> expected);

/// The next start of `keep_fresh`: early enough, by the durations seen, that data is never older than the
/// target; after failures later and later. `watermark`: the last one decided.
[[nodiscard]] Instant next_keep_fresh(Millis target, const ConnectionHistory& history, Instant watermark);

/// What a chain waits for: the last verified success of each parent (nothing: none known).
struct ChainState {
  std::optional<Instant> ready;  ///< all have succeeded since the watermark: the last of those successes
  std::optional<Instant> first;  ///< the first success since the watermark
  std::size_t missing = 0;       ///< parents without one
};
[[nodiscard]] ChainState chain_state(const std::vector<std::optional<Instant>>& successes, Instant watermark);

}  // namespace syncwarden::core
