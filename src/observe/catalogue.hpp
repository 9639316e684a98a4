// Every metric family that this daemon exposes, declared once: name, type, labels and HELP text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace syncwarden::observe {

enum class FamilyType : std::uint8_t { counter, gauge, histogram };
[[nodiscard]] std::string_view to_string(FamilyType type);

/// When a family is exposed.
enum class Detail : std::uint8_t {
  always,
  basic,  ///< per connection, with metrics.connection_detail basic and full
  full,   ///< per connection, with full only
  compat  ///< under another exporter's names, with metrics.botify_compat
};

/// HELP texts hold neither backslash nor line feed: nothing escapes them on the way out.
struct Family {
  std::string_view name;
  FamilyType type = FamilyType::gauge;
  std::string_view labels;  ///< comma-separated, empty for none
  std::string_view help;
  Detail detail = Detail::always;
};

/// The whole catalogue, ordered by name within each detail.
[[nodiscard]] std::span<const Family* const> all_families();

namespace family {
inline constexpr Family process_cpu_seconds_total{"process_cpu_seconds_total", FamilyType::counter, "",
                                                  "Total user and system CPU time spent in seconds."};
inline constexpr Family process_max_fds{"process_max_fds", FamilyType::gauge, "",
                                        "Maximum number of open file descriptors."};
inline constexpr Family process_open_fds{"process_open_fds", FamilyType::gauge, "",
                                         "Number of open file descriptors."};
inline constexpr Family process_resident_memory_bytes{"process_resident_memory_bytes", FamilyType::gauge, "",
                                                      "Resident memory size in bytes."};
inline constexpr Family process_start_time_seconds{"process_start_time_seconds", FamilyType::gauge, "",
                                                   "Start time of the process since unix epoch in seconds."};
inline constexpr Family process_threads{"process_threads", FamilyType::gauge, "",
                                        "Number of OS threads in the process."};
inline constexpr Family process_virtual_memory_bytes{"process_virtual_memory_bytes", FamilyType::gauge, "",
                                                     "Virtual memory size in bytes."};
inline constexpr Family airbyte_info{
    "syncwarden_airbyte_info", FamilyType::gauge, "airbyte_version",
    "Constant 1 labeled by the version reported by the watched Airbyte instance."};
inline constexpr Family airbyte_last_poll_success_timestamp_seconds{
    "syncwarden_airbyte_last_poll_success_timestamp_seconds", FamilyType::gauge, "poll",
    "Unix timestamp of the last poll that completed, by poll kind, 0 if none has. All data below is as of "
    "this time."};
inline constexpr Family airbyte_poll_duration_seconds{
    "syncwarden_airbyte_poll_duration_seconds", FamilyType::gauge, "poll",
    "Duration of the last completed poll in seconds, by poll kind."};
inline constexpr Family airbyte_poll_failures_total{"syncwarden_airbyte_poll_failures_total",
                                                    FamilyType::counter, "poll",
                                                    "Polls of Airbyte that did not complete, by poll kind."};
inline constexpr Family airbyte_polls_total{"syncwarden_airbyte_polls_total", FamilyType::counter, "poll",
                                            "Polls of Airbyte started, by poll kind."};
inline constexpr Family airbyte_request_duration_seconds{
    "syncwarden_airbyte_request_duration_seconds", FamilyType::histogram, "operation",
    "Airbyte API request duration in seconds, from write start to last body byte."};
inline constexpr Family airbyte_request_failures_total{
    "syncwarden_airbyte_request_failures_total", FamilyType::counter, "operation, reason",
    "Airbyte API requests that failed, by operation and fixed reason."};
inline constexpr Family airbyte_request_retries_total{
    "syncwarden_airbyte_request_retries_total", FamilyType::counter, "operation",
    "Airbyte API requests that were retries of an earlier attempt."};
inline constexpr Family airbyte_requests_in_flight{"syncwarden_airbyte_requests_in_flight", FamilyType::gauge,
                                                   "", "Airbyte API requests currently in flight."};
inline constexpr Family airbyte_requests_total{
    "syncwarden_airbyte_requests_total", FamilyType::counter, "operation",
    "Airbyte API requests sent, by fixed operation name, retries included."};
inline constexpr Family airbyte_token_expiry_timestamp_seconds{
    "syncwarden_airbyte_token_expiry_timestamp_seconds", FamilyType::gauge, "",
    "Unix timestamp at which the current Airbyte access token expires. Absent without a token."};
inline constexpr Family airbyte_up{
    "syncwarden_airbyte_up", FamilyType::gauge, "",
    "1 if the last Airbyte health poll succeeded with valid credentials, 0 otherwise."};
inline constexpr Family airbyte_webhooks_received_total{
    "syncwarden_airbyte_webhooks_received_total", FamilyType::counter, "event",
    "Airbyte notification webhooks accepted, by event kind."};
inline constexpr Family airbyte_webhooks_rejected_total{"syncwarden_airbyte_webhooks_rejected_total",
                                                        FamilyType::counter, "reason",
                                                        "Airbyte notification webhooks refused, by reason."};
inline constexpr Family build_info{"syncwarden_build_info", FamilyType::gauge,
                                   "version, revision, branch, compiler",
                                   "A metric with a constant 1 value labeled by version, revision, branch "
                                   "and compiler from which syncwarden was built."};
inline constexpr Family config_last_reload_success_timestamp_seconds{
    "syncwarden_config_last_reload_success_timestamp_seconds", FamilyType::gauge, "",
    "Unix timestamp of the last successful configuration load."};
inline constexpr Family config_last_reload_successful{
    "syncwarden_config_last_reload_successful", FamilyType::gauge, "",
    "Whether the last configuration reload attempt was successful (1) or not (0)."};
inline constexpr Family connections{
    "syncwarden_connections", FamilyType::gauge, "source_connector, destination_connector, status",
    "Airbyte connections, by source connector, destination connector and status."};
inline constexpr Family connections_failing{"syncwarden_connections_failing", FamilyType::gauge, "",
                                            "Active connections whose most recent finished sync failed."};
inline constexpr Family connections_never_succeeded{"syncwarden_connections_never_succeeded",
                                                    FamilyType::gauge, "",
                                                    "Active connections without any known successful sync."};
inline constexpr Family connections_stale{
    "syncwarden_connections_stale", FamilyType::gauge, "priority",
    "Active connections past their freshness deadline, by configured priority."};
inline constexpr Family destinations{"syncwarden_destinations", FamilyType::gauge, "destination_connector",
                                     "Airbyte destinations, by connector."};
inline constexpr Family event_loop_lag_seconds{
    "syncwarden_event_loop_lag_seconds", FamilyType::histogram, "",
    "Delay between the planned and actual run time of a periodic timer on the main event loop, in seconds."};
inline constexpr Family fleet_held{
    "syncwarden_fleet_held", FamilyType::gauge, "",
    "1 while starts are held because many connections fail at once, 0 otherwise."};
inline constexpr Family heartbeat_last_success_timestamp_seconds{
    "syncwarden_heartbeat_last_success_timestamp_seconds", FamilyType::gauge, "",
    "Unix timestamp of the last accepted dead-man-switch ping, process start until the first one. Absent if "
    "not configured."};
inline constexpr Family http_auth_failures_total{"syncwarden_http_auth_failures_total", FamilyType::counter,
                                                 "", "HTTP requests with missing or wrong credentials."};
inline constexpr Family http_connections{"syncwarden_http_connections", FamilyType::gauge, "",
                                         "Open HTTP connections."};
inline constexpr Family http_connections_rejected_total{
    "syncwarden_http_connections_rejected_total", FamilyType::counter, "reason",
    "HTTP connections or requests refused before routing, by reason."};
inline constexpr Family http_request_duration_seconds{"syncwarden_http_request_duration_seconds",
                                                      FamilyType::histogram, "handler",
                                                      "HTTP request duration in seconds, by route template."};
inline constexpr Family http_requests_total{
    "syncwarden_http_requests_total", FamilyType::counter, "handler, method, code",
    "HTTP requests served, by route template, normalised method and status code."};
inline constexpr Family incidents_open{"syncwarden_incidents_open", FamilyType::gauge, "severity",
                                       "Incidents that are open, by severity."};
inline constexpr Family intent_oldest_unresolved_timestamp_seconds{
    "syncwarden_intent_oldest_unresolved_timestamp_seconds", FamilyType::gauge, "",
    "Unix timestamp at which the oldest sync request without a known effect was written, 0 if none."};
inline constexpr Family intents_unresolved{"syncwarden_intents_unresolved", FamilyType::gauge, "",
                                           "Sync requests whose effect is not known yet."};
inline constexpr Family job_duration_seconds{"syncwarden_job_duration_seconds", FamilyType::histogram,
                                             "job_type",
                                             "Wall time of finished Airbyte jobs in seconds, by job type."};
inline constexpr Family job_failure_reasons_total{
    "syncwarden_job_failure_reasons_total", FamilyType::counter, "failure_origin, failure_type",
    "Failed Airbyte jobs by failure origin and type, unknown where Airbyte did not tell."};
inline constexpr Family jobs_active{"syncwarden_jobs_active", FamilyType::gauge, "state, job_type",
                                    "Airbyte jobs not yet finished, by Airbyte job state and job type."};
inline constexpr Family jobs_cancelled_total{
    "syncwarden_jobs_cancelled_total", FamilyType::counter,
    "source_connector, destination_connector, job_type",
    "Airbyte jobs seen to end cancelled, by connectors and job type."};
inline constexpr Family jobs_completed_total{
    "syncwarden_jobs_completed_total", FamilyType::counter,
    "source_connector, destination_connector, job_type",
    "Airbyte jobs seen to reach a terminal state, by connectors and job type."};
inline constexpr Family jobs_failed_total{"syncwarden_jobs_failed_total", FamilyType::counter,
                                          "source_connector, destination_connector, job_type",
                                          "Airbyte jobs seen to end failed, by connectors and job type."};
inline constexpr Family jobs_oldest_active_start_timestamp_seconds{
    "syncwarden_jobs_oldest_active_start_timestamp_seconds", FamilyType::gauge, "state",
    "Unix timestamp at which the oldest job now in this state was created, 0 if there is none."};
inline constexpr Family loaded_bytes_total{"syncwarden_loaded_bytes_total", FamilyType::counter,
                                           "source_connector, destination_connector",
                                           "Bytes loaded by finished Airbyte jobs, as reported by Airbyte."};
inline constexpr Family log_messages_total{"syncwarden_log_messages_total", FamilyType::counter, "level",
                                           "Log messages written, by level."};
inline constexpr Family metrics_connections_omitted{
    "syncwarden_metrics_connections_omitted", FamilyType::gauge, "",
    "Connections left out of the per-connection metrics because of metrics.connection_limit."};
inline constexpr Family metrics_render_duration_seconds{
    "syncwarden_metrics_render_duration_seconds", FamilyType::gauge, "",
    "Time taken to render the previous exposition, in seconds."};
inline constexpr Family notification_duration_seconds{
    "syncwarden_notification_duration_seconds", FamilyType::histogram, "integration",
    "Duration of notification requests in seconds, by integration."};
inline constexpr Family notification_oldest_undelivered_timestamp_seconds{
    "syncwarden_notification_oldest_undelivered_timestamp_seconds", FamilyType::gauge, "integration",
    "Unix timestamp of the oldest notification that a failing receiver has not taken, 0 if none."};
inline constexpr Family notification_queue_capacity{
    "syncwarden_notification_queue_capacity", FamilyType::gauge, "", "Capacity of the notification queue."};
inline constexpr Family notification_queue_length{"syncwarden_notification_queue_length", FamilyType::gauge,
                                                  "", "Notifications waiting to be sent."};
inline constexpr Family notification_request_retries_total{
    "syncwarden_notification_request_retries_total", FamilyType::counter, "integration",
    "Notification requests that were retries, by integration."};
inline constexpr Family notifications_dropped_total{"syncwarden_notifications_dropped_total",
                                                    FamilyType::counter, "",
                                                    "Notifications lost because the queue was full."};
inline constexpr Family notifications_failed_total{"syncwarden_notifications_failed_total",
                                                   FamilyType::counter, "integration, reason",
                                                   "Notifications given up, by integration and reason."};
inline constexpr Family notifications_total{"syncwarden_notifications_total", FamilyType::counter,
                                            "integration",
                                            "Notifications taken or given up, by integration."};
inline constexpr Family paused_connections{"syncwarden_paused_connections", FamilyType::gauge, "",
                                           "Connections that a person has paused."};
inline constexpr Family ready{"syncwarden_ready", FamilyType::gauge, "",
                              "1 if /readyz currently succeeds, 0 otherwise."};
inline constexpr Family records_loaded_total{
    "syncwarden_records_loaded_total", FamilyType::counter, "source_connector, destination_connector",
    "Records loaded by finished Airbyte jobs, as reported by Airbyte."};
inline constexpr Family recovery_actions_total{
    "syncwarden_recovery_actions_total", FamilyType::counter, "action, result",
    "Steps of the recovery of stuck and failing connections, by action and what became of it."};
inline constexpr Family runs_suspect_total{"syncwarden_runs_suspect_total", FamilyType::counter, "job_type",
                                           "Runs that Airbyte called succeeded and the evidence does not."};
inline constexpr Family scheduler_draining{
    "syncwarden_scheduler_draining", FamilyType::gauge, "",
    "1 while nothing more is started because a person asked for a drain, 0 otherwise."};
inline constexpr Family scheduler_last_tick_timestamp_seconds{
    "syncwarden_scheduler_last_tick_timestamp_seconds", FamilyType::gauge, "",
    "Unix timestamp of the last completed scheduler pass."};
inline constexpr Family scheduler_leader{"syncwarden_scheduler_leader", FamilyType::gauge, "",
                                         "1 if this replica holds the scheduling lease, 0 otherwise."};
inline constexpr Family scheduler_queue_length{"syncwarden_scheduler_queue_length", FamilyType::gauge, "",
                                               "Runs that are due and wait for a concurrency slot."};
inline constexpr Family scheduler_slots{"syncwarden_scheduler_slots", FamilyType::gauge, "",
                                        "Configured maximum of concurrently running jobs, 0 if unlimited."};
inline constexpr Family scheduler_slots_in_use{"syncwarden_scheduler_slots_in_use", FamilyType::gauge, "",
                                               "Concurrency slots in use."};
inline constexpr Family scheduler_trigger_delay_seconds{
    "syncwarden_scheduler_trigger_delay_seconds", FamilyType::histogram, "",
    "Delay between the planned start of a run and Airbyte accepting the job, in seconds."};
inline constexpr Family scheduler_trigger_failures_total{
    "syncwarden_scheduler_trigger_failures_total", FamilyType::counter, "trigger, reason",
    "Sync triggers that Airbyte did not accept, by cause and reason."};
inline constexpr Family scheduler_triggers_total{"syncwarden_scheduler_triggers_total", FamilyType::counter,
                                                 "trigger", "Sync triggers attempted, by cause."};
inline constexpr Family sources{"syncwarden_sources", FamilyType::gauge, "source_connector",
                                "Airbyte sources, by connector."};
inline constexpr Family store_operation_failures_total{"syncwarden_store_operation_failures_total",
                                                       FamilyType::counter, "operation",
                                                       "State store operations that failed, by operation."};
inline constexpr Family store_operations_total{"syncwarden_store_operations_total", FamilyType::counter,
                                               "operation", "State store operations, by operation."};
inline constexpr Family store_size_bytes{"syncwarden_store_size_bytes", FamilyType::gauge, "",
                                         "Size of the state store on disk in bytes."};
inline constexpr Family stuck_jobs{"syncwarden_stuck_jobs", FamilyType::gauge, "kind",
                                   "Jobs that are stuck by two different readings, by kind."};
inline constexpr Family ticks_total{
    "syncwarden_ticks_total", FamilyType::counter, "outcome, reason",
    "Due instants of schedules, by their one recorded outcome and its reason."};
inline constexpr Family ticks_waiting{"syncwarden_ticks_waiting", FamilyType::gauge, "cause",
                                      "Ticks due and not yet started, by what they wait for."};
inline constexpr Family connection_consecutive_failures{
    "syncwarden_connection_consecutive_failures", FamilyType::gauge, "connection_id",
    "Failed syncs since the last successful one.", Detail::basic};
inline constexpr Family connection_info{"syncwarden_connection_info", FamilyType::gauge,
                                        "connection_id, connection_name, workspace_id, workspace_name, "
                                        "source_connector, destination_connector, schedule_type, priority",
                                        "Constant 1 labeled with the descriptive attributes of a connection.",
                                        Detail::basic};
inline constexpr Family connection_last_success_timestamp_seconds{
    "syncwarden_connection_last_success_timestamp_seconds", FamilyType::gauge, "connection_id",
    "Unix timestamp at which the last successful sync of the connection finished, 0 if none is known.",
    Detail::basic};
inline constexpr Family connection_running_since_timestamp_seconds{
    "syncwarden_connection_running_since_timestamp_seconds", FamilyType::gauge, "connection_id",
    "Unix timestamp at which the job now running was started. Present only while a job is running.",
    Detail::basic};
inline constexpr Family connection_freshness_objective_ratio{
    "syncwarden_connection_freshness_objective_ratio", FamilyType::gauge, "connection_id",
    "Share of the time that the connection's data is to be fresh, by its rule. Absent without an objective.",
    Detail::basic};
inline constexpr Family connection_stale_after_timestamp_seconds{
    "syncwarden_connection_stale_after_timestamp_seconds", FamilyType::gauge, "connection_id",
    "Unix timestamp after which the connection counts as stale. Absent for connections without a freshness "
    "expectation.",
    Detail::basic};
inline constexpr Family connection_last_completion_timestamp_seconds{
    "syncwarden_connection_last_completion_timestamp_seconds", FamilyType::gauge, "connection_id",
    "Unix timestamp at which the last job of the connection finished, whatever its result, 0 if none is "
    "known.",
    Detail::full};
inline constexpr Family connection_last_duration_seconds{
    "syncwarden_connection_last_duration_seconds", FamilyType::gauge, "connection_id",
    "Wall time of the last finished sync of the connection in seconds. Absent where it is not known.",
    Detail::full};
inline constexpr Family connection_last_loaded_bytes{
    "syncwarden_connection_last_loaded_bytes", FamilyType::gauge, "connection_id",
    "Bytes loaded by the last finished sync of the connection, as committed. Absent where Airbyte does not "
    "tell.",
    Detail::full};
inline constexpr Family connection_last_records_loaded{
    "syncwarden_connection_last_records_loaded", FamilyType::gauge, "connection_id",
    "Records loaded by the last finished sync of the connection, as committed. Absent where Airbyte does not "
    "tell.",
    Detail::full};
inline constexpr Family connection_next_run_timestamp_seconds{
    "syncwarden_connection_next_run_timestamp_seconds", FamilyType::gauge, "connection_id",
    "Unix timestamp of the next run planned by syncwarden. Absent if none is planned.", Detail::full};
inline constexpr Family botify_connections{
    "airbyte_connections", FamilyType::gauge,
    "destination_connector, source_connector, schedule_type, status",
    "Airbyte connections, under the name that botify's airbyte_exporter gives them.", Detail::compat};
inline constexpr Family botify_jobs_completed_total{
    "airbyte_jobs_completed_total", FamilyType::counter,
    "destination_connector, source_connector, schedule_type, type, status",
    "Airbyte jobs seen to reach a terminal state since the start, under the name that botify's "
    "airbyte_exporter gives them.",
    Detail::compat};
inline constexpr Family botify_jobs_pending{
    "airbyte_jobs_pending", FamilyType::gauge, "destination_connector, source_connector, schedule_type, type",
    "Pending Airbyte jobs, under the name that botify's airbyte_exporter gives them.", Detail::compat};
inline constexpr Family botify_jobs_running{
    "airbyte_jobs_running", FamilyType::gauge, "destination_connector, source_connector, schedule_type, type",
    "Running Airbyte jobs, under the name that botify's airbyte_exporter gives them.", Detail::compat};

}  // namespace family
}  // namespace syncwarden::observe
