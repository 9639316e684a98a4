// Model values to rows and back. Words, not numbers, so that a person can read the file with sqlite3.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "model/command.hpp"
#include "model/connection.hpp"
#include "model/incident.hpp"
#include "model/job.hpp"
#include "model/mutation.hpp"
#include "model/notice.hpp"
#include "model/run.hpp"
#include "store/sqlite/impl/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace syncwarden::store {

/// Columns in the order in which bind() and read_*() take them; the first ones are the key.
inline constexpr std::string_view cursor_columns =
    "schedule_id, connection_id, watermark_ms, spec, decided_from_ms, decided_besides";
inline constexpr std::string_view tick_columns =
    "schedule_id, nominal_ms, outcome, reason, decided_ms, run, also, detail";
inline constexpr std::string_view run_columns =
    "run_id, schedule_id, connection_id, nominal_ms, due_ms, cause, phase, job_number, requests, "
    "baseline_job_id, job_id, attribution, intended_ms, not_before_ms, verdict, failure, "
    "cancels, asked_by, why";
inline constexpr std::string_view job_columns =
    "job_id, connection_id, type, status, created_ms, updated_ms, attempts, attempt_started_ms, "
    "attempt_ended_ms, records_emitted, bytes_emitted, records_committed, bytes_committed, failure_origin, "
    "failure_type, failure_message, run_id, records_rejected";
inline constexpr std::string_view connection_columns =
    "connection_id, name, workspace_id, workspace_name, source_id, source_name, source_connector, "
    "source_definition_id, destination_id, destination_name, destination_connector, "
    "destination_definition_id, status, schedule, schedule_text, tags, "
    "breaking_change, status_reason";
inline constexpr std::string_view history_columns =
    "connection_id, first_seen_ms, last_success_ms, last_completion_ms, consecutive_failures, samples, "
    "last_success_created_ms, longest_quiet_ms, breaker_opened_ms, breaker_probes, breaker_last_probe_ms, "
    "last_job_id, last_ended_job_id, newest_job_created_ms, managed_by, unclaimed";
inline constexpr std::string_view incident_columns =
    "incident_id, kind, stuck, connection_id, subject, severity, summary, job_id, link, labels, opened_ms, "
    "updated_ms, closed_ms, reopened, owner, events";
inline constexpr std::string_view outbox_columns =
    "key, receiver, event, at_ms, "
    "incident_id, kind, stuck, connection_id, subject, severity, summary, job_id, link, labels, opened_ms, "
    "updated_ms, closed_ms, reopened, owner, events";
inline constexpr std::string_view recovery_columns =
    "job_id, connection_id, kind, action, requests, first_asked_ms, last_asked_ms, given_up";
inline constexpr std::string_view pause_columns = "connection_id, until_ms, reason, paused_by, since_ms";
inline constexpr std::string_view command_columns = "key, at_ms, who, what, answer, run_id";

/// A notification of a newer version, about an event that this one does not know.
struct NewerNotice {
  std::string event;
};
using OutboxRow = std::variant<Notice, NewerNotice>;

/// Binds every column. The value must live until the statement has run.
void bind(Statement& to, const ScheduleCursor& cursor);
void bind(Statement& to, const Tick& tick);
void bind(Statement& to, const Run& run);
void bind(Statement& to, const JobRecord& record);
void bind(Statement& to, const ConnectionView& connection);
void bind(Statement& to, const ConnectionHistory& history);
void bind(Statement& to, const Incident& incident);
void bind(Statement& to, const Notice& notice);
void bind(Statement& to, const Recovery& recovery);
void bind(Statement& to, const Pause& pause);
void bind(Statement& to, const CommandRecord& record);

/// The row that `from` stands on. store_corrupt names table, key, column and value of what makes no sense.
[[nodiscard]] Result<ScheduleCursor> read_cursor(const Statement& from, const std::string& path);
[[nodiscard]] Result<Tick> read_tick(const Statement& from, const std::string& path);
[[nodiscard]] Result<Run> read_run(const Statement& from, const std::string& path);
[[nodiscard]] Result<JobRecord> read_job(const Statement& from, const std::string& path);
[[nodiscard]] Result<ConnectionView> read_connection(const Statement& from, const std::string& path);
[[nodiscard]] Result<ConnectionHistory> read_history(const Statement& from, const std::string& path);
[[nodiscard]] Result<Incident> read_incident(const Statement& from, const std::string& path);
[[nodiscard]] Result<OutboxRow> read_outbox_row(const Statement& from, const std::string& path);
[[nodiscard]] Result<Recovery> read_recovery(const Statement& from, const std::string& path);
[[nodiscard]] Result<Pause> read_pause(const Statement& from, const std::string& path);
[[nodiscard]] Result<CommandRecord> read_command(const Statement& from, const std::string& path);

}  // namespace syncwarden::store
