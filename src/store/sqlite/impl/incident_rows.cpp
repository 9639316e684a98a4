// The rows of what needs a person and of what a person asked; the other half of rows.hpp.
#include "store/sqlite/impl/list_text.hpp"
#include "store/sqlite/impl/row_reader.hpp"
#include "store/sqlite/impl/rows.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace syncwarden::store {
namespace {

/// Stands where the kind of a stuck job would: a blackout cancels it, or a person ("by alice").
constexpr std::string_view of_a_blackout = "blackout";
constexpr std::string_view of_a_person = "by ";
constexpr std::array stuck_actions{StuckAction::alert, StuckAction::cancel, StuckAction::cancel_and_rerun};

Incident take_incident(RowReader& row) {
  Incident incident;
  incident.id = row.incident_id();
  incident.kind = row.word(incident_kind_from);
  incident.stuck = row.optional_word(stuck_kind_from);
  incident.connection = ConnectionId{row.text()};
  incident.subject = row.text();
  incident.severity = row.word(severity_from);
  incident.summary = row.text();
  incident.job = JobId{row.integer()};
  incident.link = row.text();
  incident.labels = row.list(labels_from);
  incident.opened = row.instant();
  incident.updated = row.instant();
  incident.closed = row.optional_instant();
  incident.reopened = row.count();
  incident.owner = row.text();
  incident.events = row.list(events_from);
  return incident;
}

/// As events are called; anything else is damage, and no newer version's word.
bool is_event_word(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

void bind(Statement& to, const Incident& incident) {
  to.bind(static_cast<std::int64_t>(incident.id.value)).bind(to_string(incident.kind));
  if (incident.stuck) {
    to.bind(to_string(*incident.stuck));
  } else {
    to.bind_null();
  }
  to.bind(incident.connection.text).bind(incident.subject).bind(to_string(incident.severity));
  to.bind(incident.summary).bind(incident.job.value).bind(incident.link);
  to.bind_copy(labels_text(incident.labels));
  to.bind(ms(incident.opened)).bind(ms(incident.updated)).bind(ms(incident.closed));
  to.bind(std::int64_t{incident.reopened}).bind(incident.owner).bind_copy(events_text(incident.events));
}

void bind(Statement& to, const Notice& notice) {
  to.bind(notice.key).bind(notice.receiver).bind(to_string(notice.event)).bind(ms(notice.at));
  bind(to, notice.incident);
}

void bind(Statement& to, const Recovery& recovery) {
  to.bind(recovery.job.value).bind(recovery.connection.text);
  if (!recovery.by.empty()) {
    to.bind_copy(std::string(of_a_person) + recovery.by);
  } else {
    to.bind(recovery.kind ? to_string(*recovery.kind) : of_a_blackout);
  }
  to.bind(to_string(recovery.action)).bind(std::int64_t{recovery.requests});
  to.bind(ms(recovery.first_asked)).bind(ms(recovery.last_asked)).bind(recovery.given_up ? 1 : 0);
}

void bind(Statement& to, const Pause& pause) {
  to.bind(pause.connection.text).bind(ms(pause.until)).bind(pause.reason).bind(pause.by);
  to.bind(ms(pause.since));
}

void bind(Statement& to, const CommandRecord& record) {
  to.bind(record.key).bind(ms(record.at)).bind(record.who).bind(record.what).bind(record.answer);
  bind_run_id(to, record.run);
}

Result<Incident> read_incident(const Statement& from, const std::string& path) {
  RowReader row{from, path, "incident", 1};
  auto incident = take_incident(row);
  return row.finish(std::move(incident));
}

Result<OutboxRow> read_outbox_row(const Statement& from, const std::string& path) {
  constexpr int event_column = 2;
  const auto event = from.text(event_column);
  if (is_event_word(event) && !notice_event_from(event)) return OutboxRow{NewerNotice{std::string(event)}};
  RowReader row{from, path, "outbox", 1};
  Notice notice;
  notice.key = row.text();
  notice.receiver = row.text();
  notice.event = row.word(notice_event_from);
  notice.at = row.instant();
  notice.incident = take_incident(row);
  return row.finish(OutboxRow{std::move(notice)});
}

Result<Recovery> read_recovery(const Statement& from, const std::string& path) {
  RowReader row{from, path, "recovery", 1};
  Recovery recovery;
  recovery.job = JobId{row.integer()};
  recovery.connection = ConnectionId{row.text()};
  if (auto by = row.text_after(of_a_person)) {
    recovery.by = std::move(*by);
  } else {
    recovery.kind = row.word_or(of_a_blackout, stuck_kind_from);
  }
  recovery.action = row.word_of(stuck_actions);
  recovery.requests = row.count();
  recovery.first_asked = row.instant();
  recovery.last_asked = row.instant();
  recovery.given_up = row.flag();
  return row.finish(std::move(recovery));
}

Result<Pause> read_pause(const Statement& from, const std::string& path) {
  RowReader row{from, path, "pause", 1};
  Pause pause;
  pause.connection = ConnectionId{row.text()};
  pause.until = row.optional_instant();
  pause.reason = row.text();
  pause.by = row.text();
  pause.since = row.instant();
  return row.finish(std::move(pause));
}

Result<CommandRecord> read_command(const Statement& from, const std::string& path) {
  RowReader row{from, path, "command", 1};
  CommandRecord record;
  record.key = row.text();
  record.at = row.instant();
  record.who = row.text();
  record.what = row.text();
  record.answer = row.text();
  record.run = row.optional_run_id();
  return row.finish(std::move(record));
}

}  // namespace syncwarden::store
