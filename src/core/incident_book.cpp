#include "core/incident_book.hpp"

#include <algorithm>

namespace syncwarden::core {

IncidentBook::Key IncidentBook::key_of(const Incident& incident) {
  // The connection names the subject; its name may change.
  return {incident.kind, incident.stuck, incident.connection,
          incident.connection.empty() ? incident.subject : std::string{}};
}

void IncidentBook::restore(const std::vector<Incident>& incidents, IncidentId newest) {
  newest_ = newest;
  for (const auto& incident : incidents) {
    newest_ = std::max(newest_, incident.id);
    const auto key = key_of(incident);
    if (incident.closed) {
      auto& latest = closed_[key];
      if (latest.id < incident.id) latest = incident;
    } else {
      open_[key] = incident;
      by_connection_[incident.connection].insert(key);
    }
  }
}

void IncidentBook::add_event(Incident& incident, Instant at, std::string what, std::string by) {
  incident.updated = at;
  incident.events.push_back({at, std::move(what), std::move(by)});
  // The first one says how it began.
  if (incident.events.size() > incident_events_kept) incident.events.erase(incident.events.begin() + 1);
}

void IncidentBook::raise(const Report& report, Instant now) {
  Incident fresh;
  fresh.kind = report.kind;
  fresh.stuck = report.stuck;
  fresh.connection = report.connection;
  fresh.subject = report.subject;
  const auto key = key_of(fresh);
  closing_.erase(key);
  auto change = fact::IncidentChange::updated;
  auto entry = open_.find(key);
  if (entry == open_.end()) {
    const auto before = closed_.extract(key);
    if (!before.empty() && before.mapped().closed && now - *before.mapped().closed <= reopen_within) {
      fresh = before.mapped();
      fresh.closed.reset();
      ++fresh.reopened;
      change = fact::IncidentChange::reopened;
    } else {
      fresh.id = IncidentId{++newest_.value};
      fresh.opened = now;
      change = fact::IncidentChange::opened;
    }
    entry = open_.emplace(key, std::move(fresh)).first;
    by_connection_[report.connection].insert(key);
  } else if (entry->second.summary == report.summary && entry->second.job == report.job) {
    return;
  }
  Incident& incident = entry->second;
  incident.subject = report.subject;
  incident.severity = report.severity;
  incident.summary = report.summary;
  incident.job = report.job;
  incident.link = report.link;
  incident.labels = report.labels;
  add_event(incident, now, report.summary);
  if (changed_) changed_(incident, change);
}

void IncidentBook::note(const Key& key, std::string what, Instant now) {
  const auto entry = open_.find(key);
  if (entry == open_.end()) return;
  add_event(entry->second, now, std::move(what));
  if (changed_) changed_(entry->second, fact::IncidentChange::updated);
}

bool IncidentBook::close(const Key& key, const std::string& why, Instant now) {
  const auto entry = open_.find(key);
  if (entry == open_.end()) return false;
  if (entry->second.reopened >= flapping_after) {
    closing_.emplace(key, std::pair{now, why});
  } else {
    close_now(key, why, now);
  }
  return true;
}

void IncidentBook::close_now(const Key& key, const std::string& why, Instant now) {
  auto node = open_.extract(key);
  if (node.empty()) return;
  closing_.erase(key);
  Incident& incident = node.mapped();
  const auto of = by_connection_.find(incident.connection);
  if (of != by_connection_.end()) {
    of->second.erase(key);
    if (of->second.empty()) by_connection_.erase(of);
  }
  incident.closed = now;
  add_event(incident, now, why);
  if (changed_) changed_(incident, fact::IncidentChange::closed);
  closed_[key] = std::move(incident);
}

void IncidentBook::close_all(const ConnectionId& connection, const std::set<IncidentKind>& kinds,
                             const std::string& why, Instant now) {
  const auto of = by_connection_.find(connection);
  if (of == by_connection_.end()) return;
  for (const Key& key : std::set<Key>(of->second)) {
    if (kinds.contains(std::get<IncidentKind>(key))) close(key, why, now);
  }
}

bool IncidentBook::acknowledge(IncidentId id, const std::string& who, const std::string& note, Instant now) {
  const auto entry = std::find_if(open_.begin(), open_.end(),
                                  [&](const auto& candidate) { return candidate.second.id == id; });
  if (entry == open_.end()) return false;
  entry->second.owner = who;
  add_event(entry->second, now, note.empty() ? "acknowledged" : "acknowledged: " + note, who);
  if (changed_) changed_(entry->second, fact::IncidentChange::acknowledged);
  return true;
}

void IncidentBook::pass(Instant now) {
  std::vector<Key> calm;
  for (const auto& [key, since] : closing_) {
    if (since.first + calm_before_close <= now) calm.push_back(key);
  }
  for (const Key& key : calm) {
    const std::string why = closing_.at(key).second;
    close_now(key, why, now);
  }
  std::erase_if(closed_, [&](const auto& entry) {
    return entry.second.closed && now - *entry.second.closed > reopen_within;
  });
}

std::optional<Instant> IncidentBook::next_close() const {
  std::optional<Instant> first;
  for (const auto& [key, since] : closing_) {
    const Instant at = since.first + calm_before_close;
    if (!first || at < *first) first = at;
  }
  return first;
}

const Incident* IncidentBook::find(IncidentId id) const {
  const auto entry = std::find_if(open_.begin(), open_.end(),
                                  [&](const auto& candidate) { return candidate.second.id == id; });
  return entry == open_.end() ? nullptr : &entry->second;
}

std::vector<IncidentId> IncidentBook::of(const ConnectionId& connection) const {
  std::vector<IncidentId> ids;
  const auto of = by_connection_.find(connection);
  if (of == by_connection_.end()) return ids;
  for (const Key& key : of->second) ids.push_back(open_.at(key).id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace syncwarden::core
