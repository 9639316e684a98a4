// The incidents that are open, and those closed not long ago: one for each (kind, subject), however often its
// cause is seen. What comes back soon is the same incident; what keeps coming back closes only after it has
// stayed away for a while.
#pragma once

#include "base/time.hpp"
#include "model/exchange.hpp"
#include "model/incident.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace syncwarden::core {

/// Within this a closed incident is opened again instead of a new one.
inline constexpr Millis reopen_within{std::chrono::hours{1}};
/// Opened again so often, it closes only when its cause has been away for `calm_before_close`.
inline constexpr std::uint32_t flapping_after = 3;
inline constexpr Millis calm_before_close{std::chrono::hours{1}};

class IncidentBook {
 public:
  using Key = std::tuple<IncidentKind, std::optional<StuckKind>, ConnectionId, std::string>;
  /// Told of every change, with the incident as it is then.
  using Listener = std::function<void(const Incident&, fact::IncidentChange)>;

  /// What somebody has seen.
  struct Report {
    IncidentKind kind = IncidentKind::sync_failing;
    std::optional<StuckKind> stuck;
    ConnectionId connection;
    std::string subject;
    Severity severity = Severity::warning;
    std::string summary;
    JobId job;
    std::string link;
    Labels labels;
  };

  void listen(Listener listener) { changed_ = std::move(listener); }
  /// Open incidents and those closed lately, as they were written.
  void restore(const std::vector<Incident>& incidents, IncidentId newest);

  /// Opens an incident, or tells an open one what is new. The same summary again changes nothing.
  void raise(const Report& report, Instant now);
  /// Adds a step to the open incident of this key; nothing happens without one.
  void note(const Key& key, std::string what, Instant now);
  /// Its cause has gone. True if an open incident was closed, or will be after a calm.
  bool close(const Key& key, const std::string& why, Instant now);
  /// Closes every incident of a connection whose kind is in `kinds`.
  void close_all(const ConnectionId& connection, const std::set<IncidentKind>& kinds, const std::string& why,
                 Instant now);
  /// False: no such open incident.
  bool acknowledge(IncidentId id, const std::string& who, const std::string& note, Instant now);
  /// Closes what has been calm for long enough, and forgets what was closed long ago.
  void pass(Instant now);
  [[nodiscard]] std::optional<Instant> next_close() const;

  [[nodiscard]] bool is_open(const Key& key) const { return open_.contains(key); }
  [[nodiscard]] const Incident* find(IncidentId id) const;
  [[nodiscard]] const std::map<Key, Incident>& open() const { return open_; }
  /// Ids of the open incidents of a connection, oldest first.
  [[nodiscard]] std::vector<IncidentId> of(const ConnectionId& connection) const;
  [[nodiscard]] static Key key_of(const Incident& incident);

 private:
  void close_now(const Key& key, const std::string& why, Instant now);
  static void add_event(Incident& incident, Instant at, std::string what, std::string by = {});

  Listener changed_;
  std::map<Key, Incident> open_;
  std::map<Key, Incident> closed_;                          // within reopen_within
  std::map<Key, std::pair<Instant, std::string>> closing_;  // calm since, why
  std::map<ConnectionId, std::set<Key>> by_connection_;
  IncidentId newest_;
};

}  // namespace syncwarden::core
