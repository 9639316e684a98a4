// Everything that may go wrong in a simulated world, each with a knob of its own. What people do belongs
// here, too: to a scheduler, somebody who clicks "cancel" is weather.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace syncwarden::forecast {

enum class Fault : std::uint8_t {
  // a sync request; the knob is a chance per request
  refused_connection,     ///< not a byte is sent
  expired_in_lane,        ///< its turn did not come in time: nothing is sent
  throttled,              ///< 429
  rejected,               ///< 4xx, nothing happened
  rejected_after_effect,  ///< 4xx from something on the way, and it took effect all the same
  conflict_after_effect,  ///< a proxy sent it twice: it took effect, the answer is the second one's 409
  error_without_effect,   ///< 5xx
  error_after_effect,
  lost_request,  ///< never arrives; the client waits until its deadline
  late_request,  ///< arrives up to `slowest_request` later
  lost_reply,    ///< took effect, the answer is lost
  late_reply,    ///< the answer comes after the client has given up
  duplicated_reply,
  // reading; a chance per request
  failed_poll,
  late_page,            ///< a list on its way is overtaken by what happens later
  vanished_statistics,  ///< a job shows none
  fallen_statistics,    ///< counters are lower than before
  // a cancel; a chance per request
  idle_cancel,  ///< answered, and nothing happens
  late_cancel,  ///< long on its way after the job was read again: it may hit a newer one
  // the disk; chances per commit, but failing_disk is a number per day
  slow_commit,
  torn_answer,   ///< written, and told as failed: it is written again
  failing_disk,  ///< every commit fails for a while
  // the process; chances per commit or request, but `crash` is a number per day
  crash_before_commit,
  crash_after_commit,      ///< on disk, nothing sent
  crash_between_requests,  ///< some of a commit's requests are sent
  crash_before_reply,      ///< sent, and the answer finds nobody
  crash,
  // the world; numbers per day
  restored_state,  ///< somebody puts back an old copy of the state
  outage,          ///< Airbyte answers nothing for up to `longest_outage`
  workers_down,    ///< its API is healthy, and nothing moves
  upgrade,         ///< it comes back as another version
  schema_break,    ///< it finds a breaking change and switches the connection off
  orphan,          ///< a job's row says running, and nothing runs
  phantom,         ///< the workflow runs, and no job is listed
  history_pruned,
  wall_step,   ///< the wall clock is set up to 90 s forward or back
  wrong_hour,  ///< it is set hours ahead, and corrected later
  suspend,     ///< the machine sleeps: the monotonic clock stands still
  plan_edit,
  second_scheduler,  ///< somebody's script syncs on its own
  person_syncs,
  person_cancels,
  person_disables,
  person_resets,
  person_renames,  ///< so that another rule, or none, names the connection
  command,         ///< somebody asks syncwarden for something
  hints,           ///< bursts of webhooks, of Airbyte or of anybody
};

inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::hints) + 1;

[[nodiscard]] std::string_view to_string(Fault fault);
/// The word in the code and in tables; nothing of it is parsed.
[[nodiscard]] constexpr Fault fault_at(std::size_t index) { return static_cast<Fault>(index); }

/// The knobs: a chance or a number per day, as told above. All zero: nothing goes wrong.
class Faults {
 public:
  [[nodiscard]] double operator[](Fault fault) const { return rates_[static_cast<std::size_t>(fault)]; }
  double& operator[](Fault fault) { return rates_[static_cast<std::size_t>(fault)]; }

 private:
  std::array<double, fault_count> rates_{};
};

}  // namespace syncwarden::forecast
