#include "forecast/durable_image.hpp"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

namespace syncwarden::forecast {

DurableImage::DurableImage(const Snapshot& found) {
  for (const auto& cursor : found.cursors) cursors_[cursor.schedule] = cursor;
  for (const auto& run : found.open_runs) put_run(run);
  for (const auto& record : found.jobs) jobs_[record.job.id] = record;
  for (const auto& view : found.connections) connections_[view.id] = view;
  for (const auto& history : found.histories) histories_[history.connection] = history;
  for (const auto& incident : found.incidents) incidents_[incident.id] = incident;
  for (const auto& recovery : found.recoveries) recoveries_[recovery.job] = recovery;
  for (const auto& pause : found.pauses) pauses_[pause.connection] = pause;
  for (const auto& record : found.commands) commands_[record.key] = record;
  newest_incident_ = found.newest_incident;
  job_cursor_ = found.job_cursor;
}

/// The same record may be written again, by a commit that was told as failed.
void DurableImage::put_tick(const Tick& tick) {
  const auto [known, fresh] = ticks_.emplace(std::pair{tick.schedule, tick.nominal}, tick);
  if (!fresh && known->second != tick) {
    violations_.push_back(fmt::format("tick {} of {} was decided twice: {}/{}, then {}/{}",
                                      to_rfc3339(tick.nominal), std::string_view{tick.schedule.text},
                                      to_string(known->second.outcome), to_string(known->second.reason),
                                      to_string(tick.outcome), to_string(tick.reason)));
  }
}

void DurableImage::put_run(const Run& run) {
  runs_[run.id] = run;
  if (run.phase == RunPhase::finished) {
    open_.erase(run.id);
  } else {
    open_.insert(run.id);
  }
  if (run.job.value != 0 && run.attribution != Attribution::attached) {
    auto& jobs = jobs_of_runs_[{run.id, run.job_number}];
    jobs.insert(run.job);
    if (jobs.size() > 1) {
      violations_.push_back(fmt::format("run {} has two jobs for one start", to_string(run.id)));
    }
  }
}

void DurableImage::apply(const std::vector<Mutation>& batch) {
  for (const auto& mutation : batch) {
    std::visit(
        [&](const auto& m) {
          using M = std::decay_t<decltype(m)>;
          if constexpr (std::is_same_v<M, put::Cursor>) {
            cursors_[m.cursor.schedule] = m.cursor;
          } else if constexpr (std::is_same_v<M, put::DropCursor>) {
            cursors_.erase(m.schedule);
          } else if constexpr (std::is_same_v<M, put::PutTick>) {
            put_tick(m.tick);
          } else if constexpr (std::is_same_v<M, put::PutRun>) {
            put_run(m.run);
          } else if constexpr (std::is_same_v<M, put::PutJob>) {
            auto& kept = jobs_[m.record.job.id];
            const auto run = m.record.run ? m.record.run : kept.run;
            kept = m.record;
            kept.run = run;
          } else if constexpr (std::is_same_v<M, put::PutHistory>) {
            histories_[m.history.connection] = m.history;
          } else if constexpr (std::is_same_v<M, put::PutConnection>) {
            connections_[m.connection.id] = m.connection;
          } else if constexpr (std::is_same_v<M, put::DropConnection>) {
            connections_.erase(m.connection);
          } else if constexpr (std::is_same_v<M, put::JobCursor>) {
            job_cursor_ = m.updated;
          } else if constexpr (std::is_same_v<M, put::PutIncident>) {
            incidents_[m.incident.id] = m.incident;
            newest_incident_ = std::max(newest_incident_, m.incident.id);
          } else if constexpr (std::is_same_v<M, put::PutRecovery>) {
            recoveries_[m.recovery.job] = m.recovery;
          } else if constexpr (std::is_same_v<M, put::DropRecovery>) {
            recoveries_.erase(m.job);
          } else if constexpr (std::is_same_v<M, put::PutPause>) {
            pauses_[m.pause.connection] = m.pause;
          } else if constexpr (std::is_same_v<M, put::DropPause>) {
            pauses_.erase(m.connection);
          } else if constexpr (std::is_same_v<M, put::PutCommand>) {
            commands_[m.record.key] = m.record;
          } else if constexpr (std::is_same_v<M, put::PutNotice> || std::is_same_v<M, put::DropNotice>) {
            return;  // nobody is notified of what is simulated
          } else {
            static_assert(std::is_same_v<M, put::Prune>);
            if (prunes_) prune(m.before);
          }
        },
        mutation);
  }
}

void DurableImage::prune(Instant before) {
  std::erase_if(ticks_, [&](const auto& entry) { return entry.second.decided < before; });
  std::erase_if(jobs_, [&](const auto& entry) {
    return is_terminal(entry.second.job.status) && entry.second.job.updated < before;
  });
  std::erase_if(incidents_,
                [&](const auto& entry) { return entry.second.closed && *entry.second.closed < before; });
  std::erase_if(runs_, [&](const auto& entry) {
    return entry.second.phase == RunPhase::finished && entry.second.due < before;
  });
  std::erase_if(jobs_of_runs_, [&](const auto& entry) { return !runs_.contains(entry.first.first); });
}

Snapshot DurableImage::snapshot() const {
  Snapshot snapshot;
  for (const auto& [id, cursor] : cursors_) snapshot.cursors.push_back(cursor);
  Instant newest_change{};
  for (const auto& [id, incident] : incidents_) newest_change = std::max(newest_change, incident.updated);
  for (const auto& [id, incident] : incidents_) {
    if (!incident.closed || *incident.closed + std::chrono::hours{24} >= newest_change) {
      snapshot.incidents.push_back(incident);
    }
  }
  snapshot.newest_incident = newest_incident_;
  for (const auto& [job, recovery] : recoveries_) snapshot.recoveries.push_back(recovery);
  for (const auto& [connection, pause] : pauses_) snapshot.pauses.push_back(pause);
  Instant newest_command{};
  for (const auto& [key, record] : commands_) newest_command = std::max(newest_command, record.at);
  for (const auto& [key, record] : commands_) {
    if (record.at + std::chrono::hours{24} >= newest_command) snapshot.commands.push_back(record);
  }
  for (const auto& id : open_) snapshot.open_runs.push_back(runs_.at(id));
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) {
    // Ids grow with time: far enough back, nothing is recent any more.
    if (job_cursor_ && job->second.job.updated + std::chrono::hours{24} < *job_cursor_) break;
    if (!job_cursor_ || job->second.job.updated + std::chrono::hours{1} >= *job_cursor_) {
      snapshot.jobs.push_back(job->second);
    }
  }
  for (const auto& [id, view] : connections_) snapshot.connections.push_back(view);
  for (const auto& [id, history] : histories_) snapshot.histories.push_back(history);
  snapshot.job_cursor = job_cursor_;
  return snapshot;
}

}  // namespace syncwarden::forecast
