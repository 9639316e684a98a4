#include "notify/outbox.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace syncwarden::notify {
namespace {

/// Closed incidents are known this long, in case they open again; the store's own rule is the same.
constexpr Millis remembered{std::chrono::hours{24}};

Incident without_history(Incident incident) {
  incident.events.clear();
  return incident;
}

bool takes_rows(const Receiver& receiver) {
  return !std::holds_alternative<HeartbeatTarget>(receiver.target);
}

/// Alertmanager needs the whole picture; who looks after an incident comes with its next repetition.
bool listens(const Receiver& receiver, NoticeEvent event) {
  if (std::holds_alternative<AlertmanagerTarget>(receiver.target))
    return is_about_incident(event) && event != NoticeEvent::incident_acknowledged;
  return std::find(receiver.events.begin(), receiver.events.end(), event) != receiver.events.end();
}

bool has_labels(const Labels& wanted, const Labels& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  });
}

/// A row that is never sent: it remembers when the last daily message was due.
constexpr std::string_view digest_mark = "digests/";

Notice mark_of(std::string_view receiver, Instant due) {
  Notice mark;
  mark.key = fmt::format("{}{}", digest_mark, receiver);
  mark.receiver = receiver;
  mark.event = NoticeEvent::daily_digest;
  mark.at = due;
  return mark;
}

const JobView* job_in(const std::vector<Mutation>& durable, JobId job) {
  for (const auto& mutation : durable) {
    const auto* put = std::get_if<put::PutJob>(&mutation);
    if (put != nullptr && put->record.job.id == job) return &put->record.job;
  }
  return nullptr;
}

/// A run that has ended, in the form of an incident.
Incident as_incident(const Run& run, NoticeEvent event, const KnownConnection& connection, const JobView* job,
                     Instant now) {
  Incident out;
  out.connection = run.connection;
  out.subject = connection.view.name.str();
  out.severity = event == NoticeEvent::run_succeeded ? Severity::info : Severity::warning;
  out.summary = run_summary(run, job);
  out.job = run.job;
  out.link = timeline_link(connection.airbyte_ui, connection.view, run.job);
  out.labels = connection.labels;
  out.opened = std::min(job != nullptr ? job->created : run.due, now);
  out.updated = now;
  if (event == NoticeEvent::run_succeeded) out.closed = now;
  return out;
}

}  // namespace

std::optional<NoticeEvent> event_of_verdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::succeeded:
      return NoticeEvent::run_succeeded;
    case Verdict::suspect:
      return NoticeEvent::run_suspect;
    case Verdict::failed:
    case Verdict::abandoned:
      return NoticeEvent::run_failed;
    default:
      return std::nullopt;  // somebody cancelled it and knows, or it is undecidable: an incident of its own
  }
}

std::string run_summary(const Run& run, const JobView* job) {
  std::string out =
      run.job.value > 0 ? fmt::format("job {} ", run.job.value) : std::string("no job was started: ");
  const auto event = event_of_verdict(run.verdict);
  if (event == NoticeEvent::run_suspect) {
    out += "succeeded, says Airbyte";
  } else {
    out += to_string(run.verdict);
  }
  if (job != nullptr && job->updated > job->created)
    out += " after " + to_string(job->updated - job->created);
  if (run.failure) out += fmt::format(" ({})", to_string(*run.failure));
  if (job != nullptr && job->counters.records_committed)
    out += fmt::format(", {} records", *job->counters.records_committed);
  if (job != nullptr && job->counters.bytes_committed)
    out += fmt::format(", {} bytes", *job->counters.bytes_committed);
  if (!run.why.empty()) out += ": " + run.why;
  return out;
}

Outbox::Outbox(std::vector<Receiver> receivers, std::size_t limit) : limit_(std::max<std::size_t>(limit, 1)) {
  configure(std::move(receivers));
}

void Outbox::configure(std::vector<Receiver> receivers) {
  receivers_ = std::move(receivers);
  for (const auto& receiver : receivers_) {
    if (takes_rows(receiver)) rows_.try_emplace(receiver.name);
  }
}

void Outbox::load(const Snapshot& snapshot) {
  std::map<ConnectionId, const ConnectionView*> connections;
  for (const auto& connection : snapshot.connections) connections.emplace(connection.id, &connection);
  for (const auto& incident : snapshot.incidents) {
    Known known{without_history(incident), std::nullopt};
    const auto found = connections.find(incident.connection);
    if (found != connections.end()) known.connection = *found->second;
    known_.insert_or_assign(incident.id, std::move(known));
  }
  for (const auto& notice : snapshot.outbox) {
    if (notice.key.starts_with(digest_mark)) {
      digests_.insert_or_assign(notice.receiver, notice.at);
    } else {
      rows_[notice.receiver].push_back({notice, true});
    }
  }
}

std::optional<NoticeEvent> Outbox::event_of(const Incident* before, const Incident& after) {
  if (after.closed) {
    const bool was_open = before != nullptr && !before->closed;
    return was_open ? std::optional{NoticeEvent::incident_closed} : std::nullopt;
  }
  if (before == nullptr || before->closed) return NoticeEvent::incident_opened;
  if (after.severity > before->severity) return NoticeEvent::incident_escalated;
  if (after.owner != before->owner && !after.owner.empty()) return NoticeEvent::incident_acknowledged;
  return std::nullopt;
}

bool Outbox::wants(const Receiver& receiver, const Known& known) {
  if (!takes_rows(receiver) || known.incident.severity < receiver.severity) return false;
  if (!has_labels(receiver.labels, known.incident.labels)) return false;
  return !receiver.match || (known.connection && matches(*receiver.match, *known.connection));
}

void Outbox::tell(const Known& known, NoticeEvent event, std::vector<Mutation>& durable) {
  for (const auto& receiver : receivers_) {
    if (!listens(receiver, event) || !wants(receiver, known)) continue;
    const Instant at = known.incident.updated;
    Notice notice;
    notice.key = fmt::format("incident-{}/{}/{}/{}", known.incident.id.value, to_string(event),
                             at.time_since_epoch().count(), receiver.name);
    notice.receiver = receiver.name;
    notice.event = event;
    notice.at = at;
    notice.incident = known.incident;
    put_row(std::move(notice), durable);
  }
}

void Outbox::put_row(Notice notice, std::vector<Mutation>& durable) {
  auto& rows = rows_[notice.receiver];
  if (rows.size() >= limit_) {
    durable.emplace_back(put::DropNotice{rows.front().notice.key});
    rows.pop_front();
    ++dropped_;
  }
  rows.push_back({notice, false});
  durable.emplace_back(put::PutNotice{std::move(notice)});
}

bool Outbox::concerns(const Receiver& receiver, const ConnectionView& connection, const Labels& labels) {
  if (!takes_rows(receiver) || !has_labels(receiver.labels, labels)) return false;
  return !receiver.match || matches(*receiver.match, connection);
}

/// A run ends once, so its key needs no moment.
void Outbox::tell_run(const Run& run, const std::vector<Mutation>& durable, const FindConnection& find,
                      Instant now, std::vector<Mutation>& added) {
  const auto event = event_of_verdict(run.verdict);
  if (run.phase != RunPhase::finished || !event) return;
  std::optional<KnownConnection> connection;
  for (const auto& receiver : receivers_) {
    if (!listens(receiver, *event)) continue;
    if (!connection) connection = find(run.connection);
    if (!connection) return;
    if (!concerns(receiver, connection->view, connection->labels)) continue;
    Notice notice;
    notice.incident = as_incident(run, *event, *connection, job_in(durable, run.job), now);
    if (notice.incident.severity < receiver.severity) continue;
    notice.key = fmt::format("run-{}/{}/{}", to_string(run.id), to_string(*event), receiver.name);
    notice.receiver = receiver.name;
    notice.event = *event;
    notice.at = now;
    put_row(std::move(notice), added);
  }
}

std::optional<Instant> Outbox::last_digest(std::string_view receiver) const {
  const auto found = digests_.find(receiver);
  return found == digests_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Mutation> Outbox::begin_digests(std::string_view receiver, Instant now) {
  digests_.insert_or_assign(std::string(receiver), now);
  std::vector<Mutation> out;
  out.emplace_back(put::PutNotice{mark_of(receiver, now)});
  return out;
}

std::vector<Mutation> Outbox::put_digest(Notice digest) {
  std::vector<Mutation> out = begin_digests(digest.receiver, digest.at);
  put_row(std::move(digest), out);
  return out;
}

void Outbox::drop_orphans(std::vector<Mutation>& durable) {
  std::erase_if(rows_, [&](const auto& of_receiver) {
    const auto named = [&](const Receiver& receiver) {
      return receiver.name == of_receiver.first && takes_rows(receiver);
    };
    if (std::any_of(receivers_.begin(), receivers_.end(), named)) return false;
    for (const auto& row : of_receiver.second) durable.emplace_back(put::DropNotice{row.notice.key});
    orphaned_ += of_receiver.second.size();
    return true;
  });
  std::erase_if(digests_, [&](const auto& last) {
    const auto named = [&](const Receiver& receiver) {
      return receiver.name == last.first && receiver.digest.has_value();
    };
    if (std::any_of(receivers_.begin(), receivers_.end(), named)) return false;
    durable.emplace_back(put::DropNotice{mark_of(last.first, last.second).key});
    return true;
  });
}

void Outbox::extend(std::vector<Mutation>& durable, const FindConnection& find, Instant now) {
  std::vector<Mutation> added;
  drop_orphans(added);
  for (const auto& mutation : durable) {
    if (const auto* ended = std::get_if<put::PutRun>(&mutation)) {
      tell_run(ended->run, durable, find, now, added);
      continue;
    }
    const auto* put = std::get_if<put::PutIncident>(&mutation);
    if (put == nullptr) continue;
    auto& known = known_[put->incident.id];
    const bool fresh = known.incident.id == IncidentId{};
    const auto event = event_of(fresh ? nullptr : &known.incident, put->incident);
    known.incident = without_history(put->incident);
    if (auto connection = find(put->incident.connection)) known.connection = std::move(connection->view);
    if (event) tell(known, *event, added);
    const Instant changed = put->incident.updated;
    std::erase_if(known_, [changed](const auto& one) {
      return one.second.incident.closed && *one.second.incident.closed + remembered < changed;
    });
  }
  durable.insert(durable.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
}

bool Outbox::written(const std::vector<Mutation>& durable) {
  bool any = false;
  for (const auto& mutation : durable) {
    const auto* put = std::get_if<put::PutNotice>(&mutation);
    if (put == nullptr || put->notice.key.starts_with(digest_mark)) continue;
    auto& rows = rows_[put->notice.receiver];
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
      if (row->notice.key != put->notice.key) continue;
      row->on_disk = true;
      any = true;
      break;
    }
  }
  return any;
}

std::vector<Notice> Outbox::waiting(std::string_view receiver, std::size_t most) const {
  std::vector<Notice> out;
  const auto found = rows_.find(receiver);
  if (found == rows_.end()) return out;
  for (const auto& row : found->second) {
    if (!row.on_disk || out.size() == most) break;
    out.push_back(row.notice);
  }
  return out;
}

std::vector<Mutation> Outbox::remove(std::string_view receiver, const std::vector<Notice>& notices) {
  std::vector<Mutation> out;
  const auto found = rows_.find(receiver);
  for (const auto& notice : notices) {
    out.emplace_back(put::DropNotice{notice.key});
    if (found == rows_.end()) continue;
    std::erase_if(found->second, [&](const Row& row) { return row.notice.key == notice.key; });
  }
  return out;
}

std::vector<Incident> Outbox::open_for(const Receiver& receiver) const {
  std::vector<Incident> out;
  for (const auto& [id, known] : known_) {
    if (!known.incident.closed && wants(receiver, known)) out.push_back(known.incident);
  }
  return out;
}

std::size_t Outbox::length() const {
  std::size_t all = 0;
  for (const auto& [receiver, rows] : rows_) all += rows.size();
  return all;
}

std::size_t Outbox::capacity() const {
  return limit_ * static_cast<std::size_t>(std::count_if(receivers_.begin(), receivers_.end(), takes_rows));
}

std::optional<Instant> Outbox::oldest(std::string_view receiver) const {
  const auto found = rows_.find(receiver);
  if (found == rows_.end() || found->second.empty()) return std::nullopt;
  return found->second.front().notice.at;
}

}  // namespace syncwarden::notify
