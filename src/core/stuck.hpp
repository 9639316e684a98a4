// Stuck detection: what a job's readings say, in observed time. A first reading only raises a suspicion; a
// second, different one confirms it before anybody acts.
#pragma once

#include "base/time.hpp"
#include "model/job.hpp"
#include "model/mutation.hpp"
#include "model/policy.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace syncwarden::core {

/// Time during which polls succeeded. Blind periods and suspends add nothing to it.
class ObservedClock {
 public:
  /// A complete poll that was asked for at `asked` has been answered. What lies between two of them counts if
  /// no poll failed in between and it is not longer than `longest_gap`.
  void saw(Mono asked, Millis longest_gap);
  /// A poll failed: the time since the last complete one is lost.
  void blind() { last_.reset(); }
  [[nodiscard]] Millis now() const { return observed_; }

 private:
  Millis observed_{};
  std::optional<Mono> last_;
};

/// What is remembered of the readings of one active job. All times are on the observed clock.
struct JobWatch {
  Millis status_since{};               ///< this status
  Millis running_since{};              ///< first seen running
  bool ran = false;                    ///< `running_since` counts
  Millis attempt_since{};              ///< this attempt
  Millis changed_at{};                 ///< a counter, the status or the number of attempts changed
  Millis longest_quiet{};              ///< within this job
  std::optional<Instant> quiet_until;  ///< a source waits for its quota until then (wall clock)
  /// The latest different counters, as fingerprints, the one told last in front: a list that tells less for a
  /// moment and then the same again tells no progress.
  std::array<std::uint64_t, 8> shown{};

  /// Takes a new reading of a job that was `before`. True: it has made progress.
  bool read(const JobView& before, const JobView& after, Millis observed);
  [[nodiscard]] bool has_shown_counters() const { return shown[0] != 0; }
  /// The first reading.
  void begin(const JobView& job, Millis observed);
  /// Whether these counters are new, and remembers them. Counters that are missing are not.
  [[nodiscard]] bool shows_new(const JobCounters& counters);
};

/// Whether it is told by the job's age alone, whatever the job does.
[[nodiscard]] constexpr bool is_by_age(StuckKind kind) {
  return kind == StuckKind::longer_than || kind == StuckKind::max_run_time;
}

/// What the job looks like, and since when in observed time.
struct Suspicion {
  StuckKind kind = StuckKind::no_progress;
  std::string evidence;  ///< "no counter changed for 3h: 120000 records, 48000000 bytes"
};

/// The worst that can be said about an active job by its readings alone; nothing for a healthy one.
/// `now` is the wall clock, only for a quota that resets.
[[nodiscard]] std::optional<Suspicion> suspect(const JobView& job, const JobWatch& watch, Millis observed,
                                               Instant now, const StuckPolicy& policy,
                                               const ConnectionHistory& history);

enum class Confirmation : std::uint8_t {
  stuck,         ///< the second reading says the same
  orphan,        ///< the job says that it runs, the workflow that nothing does
  look_again,    ///< counters of one look say nothing: another look shows whether they move
  moved,         ///< it has moved meanwhile
  rate_limited,  ///< a source waits for its quota: no stall
  ended,         ///< it is over
};

/// Compares the suspicion with a second look. Counters are compared among looks only (`earlier`: those of the
/// look before), since lists and looks count differently.
[[nodiscard]] Confirmation confirm(StuckKind suspected, const JobView& first, const JobInspection& second,
                                   const std::optional<JobCounters>& earlier);

/// What the policy says about a kind; the action of kinds that nobody may act on is alert.
[[nodiscard]] StuckAction action_for(const StuckPolicy& policy, StuckKind kind);

}  // namespace syncwarden::core
