#include "forecast/fault.hpp"

namespace syncwarden::forecast {

std::string_view to_string(Fault fault) {
  static constexpr std::array<std::string_view, fault_count> words{"refused_connection",
                                                                   "expired_in_lane",
                                                                   "throttled",
                                                                   "rejected",
                                                                   "rejected_after_effect",
                                                                   "conflict_after_effect",
                                                                   "error_without_effect",
                                                                   "error_after_effect",
                                                                   "lost_request",
                                                                   "late_request",
                                                                   "lost_reply",
                                                                   "late_reply",
                                                                   "duplicated_reply",
                                                                   "failed_poll",
                                                                   "late_page",
                                                                   "vanished_statistics",
                                                                   "fallen_statistics",
                                                                   "idle_cancel",
                                                                   "late_cancel",
                                                                   "slow_commit",
                                                                   "torn_answer",
                                                                   "failing_disk",
                                                                   "crash_before_commit",
                                                                   "crash_after_commit",
                                                                   "crash_between_requests",
                                                                   "crash_before_reply",
                                                                   "crash",
                                                                   "restored_state",
                                                                   "outage",
                                                                   "workers_down",
                                                                   "upgrade",
                                                                   "schema_break",
                                                                   "orphan",
                                                                   "phantom",
                                                                   "history_pruned",
                                                                   "wall_step",
                                                                   "wrong_hour",
                                                                   "suspend",
                                                                   "plan_edit",
                                                                   "second_scheduler",
                                                                   "person_syncs",
                                                                   "person_cancels",
                                                                   "person_disables",
                                                                   "person_resets",
                                                                   "command"};
  return words[static_cast<std::size_t>(fault)];
}

}  // namespace syncwarden::forecast
