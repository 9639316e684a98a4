// What is on the disk of a simulated daemon: applies mutations and gives back the snapshot that a restart
// would load. Written apart from the stores, so that a mistake there and one here do not hide each other.
#pragma once

#include "model/mutation.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace syncwarden::forecast {

class DurableImage {
 public:
  DurableImage() = default;
  /// What somebody found on a real disk.
  explicit DurableImage(const Snapshot& found);

  /// Forgets what it is told to; until then it keeps everything, to be judged at the end.
  void prune_from_now_on() { prunes_ = true; }
  /// All of the batch, or, where a crash comes first, the caller does not call this at all.
  void apply(const std::vector<Mutation>& batch);
  [[nodiscard]] Snapshot snapshot() const;

  [[nodiscard]] const std::map<std::pair<ScheduleId, Instant>, Tick>& ticks() const { return ticks_; }
  [[nodiscard]] const std::map<RunId, Run>& runs() const { return runs_; }
  /// Every (run, job number) with the jobs it ever had: more than one is a doubled start.
  [[nodiscard]] const std::map<std::pair<RunId, std::uint32_t>, std::set<JobId>>& jobs_of_runs() const {
    return jobs_of_runs_;
  }
  /// Rules of the record that were broken, in words.
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] const std::map<ScheduleId, ScheduleCursor>& cursors() const { return cursors_; }
  [[nodiscard]] const std::map<JobId, JobRecord>& jobs() const { return jobs_; }
  [[nodiscard]] const std::map<IncidentId, Incident>& incidents() const { return incidents_; }
  [[nodiscard]] const std::map<JobId, Recovery>& recoveries() const { return recoveries_; }
  [[nodiscard]] const std::map<ConnectionId, Pause>& pauses() const { return pauses_; }
  [[nodiscard]] const std::map<ConnectionId, ConnectionHistory>& histories() const { return histories_; }
  [[nodiscard]] const std::map<std::string, CommandRecord>& commands() const { return commands_; }

 private:
  void put_tick(const Tick& tick);
  void put_run(const Run& run);
  void prune(Instant before);

  std::map<ScheduleId, ScheduleCursor> cursors_;
  std::map<std::pair<ScheduleId, Instant>, Tick> ticks_;
  std::map<RunId, Run> runs_;
  std::set<RunId> open_;
  std::map<JobId, JobRecord> jobs_;
  std::map<ConnectionId, ConnectionView> connections_;
  std::map<ConnectionId, ConnectionHistory> histories_;
  std::map<IncidentId, Incident> incidents_;
  std::map<JobId, Recovery> recoveries_;
  std::map<ConnectionId, Pause> pauses_;
  std::map<std::string, CommandRecord> commands_;
  std::map<std::pair<RunId, std::uint32_t>, std::set<JobId>> jobs_of_runs_;
  IncidentId newest_incident_;
  std::optional<Instant> job_cursor_;
  bool prunes_ = false;
  std::vector<std::string> violations_;
};

}  // namespace syncwarden::forecast
