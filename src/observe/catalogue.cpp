#include "observe/catalogue.hpp"

#include <array>

namespace syncwarden::observe {

std::string_view to_string(FamilyType type) {
  switch (type) {
    case FamilyType::counter:
      return "counter";
    case FamilyType::gauge:
      return "gauge";
    case FamilyType::histogram:
      return "histogram";
  }
  return "untyped";
}

std::span<const Family* const> all_families() {
  static constexpr std::array all{&family::process_cpu_seconds_total,
                                  &family::process_max_fds,
                                  &family::process_open_fds,
                                  &family::process_resident_memory_bytes,
                                  &family::process_start_time_seconds,
                                  &family::process_threads,
                                  &family::process_virtual_memory_bytes,
                                  &family::airbyte_info,
                                  &family::airbyte_last_poll_success_timestamp_seconds,
                                  &family::airbyte_poll_duration_seconds,
                                  &family::airbyte_poll_failures_total,
                                  &family::airbyte_polls_total,
                                  &family::airbyte_request_duration_seconds,
                                  &family::airbyte_request_failures_total,
                                  &family::airbyte_request_retries_total,
                                  &family::airbyte_requests_in_flight,
                                  &family::airbyte_requests_total,
                                  &family::airbyte_token_expiry_timestamp_seconds,
                                  &family::airbyte_up,
                                  &family::airbyte_webhooks_received_total,
                                  &family::airbyte_webhooks_rejected_total,
                                  &family::build_info,
                                  &family::config_last_reload_success_timestamp_seconds,
                                  &family::config_last_reload_successful,
                                  &family::connections,
                                  &family::connections_failing,
                                  &family::connections_never_succeeded,
                                  &family::connections_stale,
                                  &family::destinations,
                                  &family::event_loop_lag_seconds,
                                  &family::fleet_held,
                                  &family::heartbeat_last_success_timestamp_seconds,
                                  &family::http_auth_failures_total,
                                  &family::http_connections,
                                  &family::http_connections_rejected_total,
                                  &family::http_request_duration_seconds,
                                  &family::http_requests_total,
                                  &family::incidents_open,
                                  &family::intent_oldest_unresolved_timestamp_seconds,
                                  &family::intents_unresolved,
                                  &family::job_duration_seconds,
                                  &family::job_failure_reasons_total,
                                  &family::jobs_active,
                                  &family::jobs_cancelled_total,
                                  &family::jobs_completed_total,
                                  &family::jobs_failed_total,
                                  &family::jobs_oldest_active_start_timestamp_seconds,
                                  &family::loaded_bytes_total,
                                  &family::log_messages_total,
                                  &family::metrics_connections_omitted,
                                  &family::metrics_render_duration_seconds,
                                  &family::notification_duration_seconds,
                                  &family::notification_oldest_undelivered_timestamp_seconds,
                                  &family::notification_queue_capacity,
                                  &family::notification_queue_length,
                                  &family::notification_request_retries_total,
                                  &family::notifications_dropped_total,
                                  &family::notifications_failed_total,
                                  &family::notifications_total,
                                  &family::paused_connections,
                                  &family::ready,
                                  &family::records_loaded_total,
                                  &family::recovery_actions_total,
                                  &family::runs_suspect_total,
                                  &family::scheduler_draining,
                                  &family::scheduler_last_tick_timestamp_seconds,
                                  &family::scheduler_leader,
                                  &family::scheduler_queue_length,
                                  &family::scheduler_slots,
                                  &family::scheduler_slots_in_use,
                                  &family::scheduler_trigger_delay_seconds,
                                  &family::scheduler_trigger_failures_total,
                                  &family::scheduler_triggers_total,
                                  &family::sources,
                                  &family::store_operation_failures_total,
                                  &family::store_operations_total,
                                  &family::store_size_bytes,
                                  &family::stuck_jobs,
                                  &family::ticks_total,
                                  &family::ticks_waiting,
                                  &family::connection_consecutive_failures,
                                  &family::connection_freshness_objective_ratio,
                                  &family::connection_info,
                                  &family::connection_last_success_timestamp_seconds,
                                  &family::connection_running_since_timestamp_seconds,
                                  &family::connection_stale_after_timestamp_seconds,
                                  &family::connection_last_completion_timestamp_seconds,
                                  &family::connection_last_duration_seconds,
                                  &family::connection_last_loaded_bytes,
                                  &family::connection_last_records_loaded,
                                  &family::connection_next_run_timestamp_seconds,
                                  &family::botify_connections,
                                  &family::botify_jobs_completed_total,
                                  &family::botify_jobs_pending,
                                  &family::botify_jobs_running};
  return all;
}

}  // namespace syncwarden::observe
