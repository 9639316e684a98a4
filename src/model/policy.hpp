// What a rule may ask beyond a schedule: when a job counts as stuck and what to do then, what counts as a
// success, when data is late, when to stop trying. Values are the defaults of product.md.
#pragma once

#include "base/time.hpp"
#include "calendar/schedule.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

namespace syncwarden {

/// The shapes of trouble that a job, or the absence of one, can be in (reference 10). The same words in the
/// configuration, in metrics and in incidents.
enum class StuckKind : std::uint8_t {
  pending,           ///< created, and no attempt yet
  queued,            ///< waits for capacity
  between_attempts,  ///< the last attempt ended and no new one began
  no_progress,       ///< runs, but no counter changes and no stream is rate-limited
  longer_than,       ///< runs much longer than its connection's jobs usually do
  max_run_time,      ///< runs longer than anybody wants
  phantom,           ///< Airbyte refuses a sync because one runs, and lists none
  orphan,            ///< the job says that it runs, the workflow says that nothing does
  missed_run,        ///< Airbyte's own schedule was due, and no job came
};

inline constexpr std::array all_stuck_kinds{
    StuckKind::pending,     StuckKind::queued,      StuckKind::between_attempts,
    StuckKind::no_progress, StuckKind::longer_than, StuckKind::max_run_time,
    StuckKind::phantom,     StuckKind::orphan,      StuckKind::missed_run};

/// What happens to a stuck job of a managed connection; only jobs of type sync are ever cancelled.
enum class StuckAction : std::uint8_t { alert, cancel, cancel_and_rerun };

struct StuckRule {
  Millis after{};  ///< in observed time: only while polls succeed
  StuckAction action = StuckAction::alert;

  bool operator==(const StuckRule&) const = default;
};

struct StuckPolicy {
  StuckRule pending{std::chrono::minutes{15}};
  StuckRule queued{std::chrono::hours{1}};
  StuckRule between_attempts{std::chrono::minutes{45}};
  StuckRule no_progress{std::chrono::hours{3}};
  StuckRule max_run_time{std::chrono::hours{24}};
  double longer_than_typical = 3;                   ///< times the typical run time; 0 = never
  StuckRule longer_than{std::chrono::minutes{30}};  ///< `after` is `at_least`
  std::uint32_t max_cancels = 1;                    ///< per run

  bool operator==(const StuckPolicy&) const = default;
};

enum class NoStatistics : std::uint8_t { suspect, accept };
enum class ZeroRecords : std::uint8_t { unless_usual, suspect, accept };
enum class VolumeCheck : std::uint8_t { alert_outliers, off };

/// Which of Airbyte's successes are believed.
struct VerifyPolicy {
  NoStatistics no_statistics = NoStatistics::suspect;
  ZeroRecords zero_records = ZeroRecords::unless_usual;
  VolumeCheck volume = VolumeCheck::alert_outliers;

  bool operator==(const VerifyPolicy&) const = default;
};

struct BreakerPolicy {
  std::uint32_t after_failed_jobs = 8;  ///< 0 = never
  Millis probe_every{std::chrono::hours{24}};
  std::uint32_t probe_max = 5;

  bool operator==(const BreakerPolicy&) const = default;
};

/// The next expected tick + 2 typical durations.
struct LateAuto {
  bool operator==(const LateAuto&) const = default;
};
/// At each instant of this schedule there must have been a verified success since the latest tick before it.
struct DoneBy {
  calendar::Schedule deadlines;
};

struct FreshnessPolicy {
  std::variant<LateAuto, Millis, DoneBy> late_after;
  double objective = 0;  ///< share of time that data is to be fresh, for burn rates; 0 = none
};

[[nodiscard]] std::string_view to_string(StuckKind kind);
[[nodiscard]] std::string_view to_string(StuckAction action);
[[nodiscard]] std::string_view to_string(NoStatistics policy);
[[nodiscard]] std::string_view to_string(ZeroRecords policy);
[[nodiscard]] std::string_view to_string(VolumeCheck policy);

}  // namespace syncwarden
