#include "store/memory/memory_store.hpp"

#include "model/job.hpp"

#include <algorithm>
#include <set>
#include <variant>

#include <fmt/format.h>

namespace syncwarden::store {
namespace {

constexpr const char* place = "memory";

/// The job that only this run may call its own: see the index run_claim of the SQLite schema.
std::optional<JobId> claim_of(const Run& run) {
  const bool claims = run.phase != RunPhase::finished && run.attribution == Attribution::proven;
  return claims && run.job.value != 0 ? std::optional{run.job} : std::nullopt;
}

Instant last_touched(const Run& run) { return std::max({run.due, run.intended, run.not_before}); }

/// Erases the oldest `limit` of `candidates` (age, key) from `map`.
template <class Map, class Key>
void erase_oldest(Map& map, std::vector<std::pair<Instant, Key>> candidates, std::size_t limit) {
  std::sort(candidates.begin(), candidates.end());
  if (candidates.size() > limit) candidates.resize(limit);
  for (const auto& [age, key] : candidates) map.erase(key);
}

}  // namespace

MemoryStore::MemoryStore() : MemoryStore(Options{}) {}
MemoryStore::MemoryStore(Options options) : options_(std::move(options)) {}

boost::asio::awaitable<Result<std::optional<Lease>>> MemoryStore::acquire_or_renew(std::string owner,
                                                                                   Millis ttl) {
  if (closed_) co_return closed_error();
  std::optional<Instant> now;
  if (options_.now) now = options_.now();
  const auto next = next_lease(lease_, held_, owner, ttl, now);
  if (!next) co_return std::optional<Lease>{};
  lease_ = *next;
  held_ = *next;
  co_return std::optional<Lease>{Lease{next->epoch, ttl}};
}

boost::asio::awaitable<Result<void>> MemoryStore::release(Epoch epoch) {
  if (closed_) co_return closed_error();
  if (lease_.owner.empty() || lease_.epoch != epoch) co_return fenced_error(epoch, lease_, place);
  lease_.owner.clear();
  lease_.expires.reset();
  held_.reset();
  co_return Result<void>{};
}

boost::asio::awaitable<Result<StoreStats>> MemoryStore::stats() {
  if (closed_) co_return closed_error();
  co_return StoreStats{};
}

boost::asio::awaitable<Result<Snapshot>> MemoryStore::load() {
  if (closed_) co_return closed_error();
  co_return snapshot();
}

boost::asio::awaitable<Result<void>> MemoryStore::commit(CommitRequest request) {
  if (closed_) co_return closed_error();
  if (lease_.owner.empty() || lease_.epoch != request.epoch) {
    co_return fenced_error(request.epoch, lease_, place);
  }
  // The only rule that a batch can break is checked first: applying cannot fail half-way.
  auto checked = check_claims(request.batch.list());
  if (!checked) co_return checked.error();
  for (const auto& mutation : request.batch) {
    std::visit([this](const auto& one) { apply(one); }, mutation);
  }
  co_return Result<void>{};
}

Result<void> MemoryStore::check_claims(const std::vector<Mutation>& batch) const {
  std::map<RunId, std::optional<JobId>> changed;  // what the batch has said about each run so far
  std::map<JobId, RunId> taken;
  for (const auto& mutation : batch) {
    const auto* put = std::get_if<put::PutRun>(&mutation);
    if (put == nullptr) continue;
    const auto claim = claim_of(put->run);
    auto& earlier = changed[put->run.id];
    if (earlier) taken.erase(*earlier);
    earlier = claim;
    if (!claim) continue;
    const auto stored = claims_.find(*claim);
    const bool held = stored != claims_.end() && !changed.contains(stored->second);
    if (held || !taken.emplace(*claim, put->run.id).second) {
      return Error{Errc::internal,
                   fmt::format("job {} would belong to two open runs that are both proven to have created it",
                               claim->value),
                   place, ""};
    }
  }
  return {};
}

void MemoryStore::apply(const put::Cursor& mutation) { cursors_[mutation.cursor.schedule] = mutation.cursor; }
void MemoryStore::apply(const put::DropCursor& mutation) { cursors_.erase(mutation.schedule); }
void MemoryStore::apply(const put::PutTick& mutation) {
  ticks_[std::pair{mutation.tick.schedule, mutation.tick.nominal}] = mutation.tick;
}
void MemoryStore::apply(const put::PutRun& mutation) {
  auto& run = runs_[mutation.run.id];
  if (const auto old = claim_of(run)) claims_.erase(*old);
  run = mutation.run;
  if (const auto claim = claim_of(run)) claims_[*claim] = run.id;
}
void MemoryStore::apply(const put::PutJob& mutation) {
  auto& record = jobs_[mutation.record.job.id];
  const auto run = record.run ? record.run : mutation.record.run;
  record = mutation.record;
  record.run = run;
  if (record.job.failures.size() > 1) record.job.failures.resize(1);
}
void MemoryStore::apply(const put::PutHistory& mutation) {
  histories_[mutation.history.connection] = mutation.history;
}
void MemoryStore::apply(const put::PutConnection& mutation) {
  connections_[mutation.connection.id] = mutation.connection;
}
void MemoryStore::apply(const put::DropConnection& mutation) { connections_.erase(mutation.connection); }
void MemoryStore::apply(const put::PutIncident& mutation) {
  incidents_[mutation.incident.id] = mutation.incident;
  newest_incident_ = std::max(newest_incident_, mutation.incident.id);
}
void MemoryStore::apply(const put::PutRecovery& mutation) {
  recoveries_[mutation.recovery.job] = mutation.recovery;
}
void MemoryStore::apply(const put::DropRecovery& mutation) { recoveries_.erase(mutation.job); }
void MemoryStore::apply(const put::PutPause& mutation) {
  pauses_[mutation.pause.connection] = mutation.pause;
}
void MemoryStore::apply(const put::DropPause& mutation) { pauses_.erase(mutation.connection); }
void MemoryStore::apply(const put::PutCommand& mutation) { commands_[mutation.record.key] = mutation.record; }
void MemoryStore::apply(const put::PutNotice& mutation) {
  const auto same = [&](const Notice& kept) { return kept.key == mutation.notice.key; };
  const auto found = std::find_if(outbox_.begin(), outbox_.end(), same);
  if (found == outbox_.end()) {
    outbox_.push_back(mutation.notice);
  } else {
    *found = mutation.notice;
  }
}
void MemoryStore::apply(const put::DropNotice& mutation) {
  std::erase_if(outbox_, [&](const Notice& kept) { return kept.key == mutation.key; });
}
void MemoryStore::apply(const put::JobCursor& mutation) { job_cursor_ = mutation.updated; }

void MemoryStore::apply(const put::Prune& mutation) {
  std::vector<std::pair<Instant, Ticks::key_type>> ticks;
  for (const auto& [key, tick] : ticks_) {
    if (tick.decided < mutation.before && !is_open(tick.run)) {
      ticks.emplace_back(tick.decided, key);
    }
  }
  erase_oldest(ticks_, std::move(ticks), options_.prune_limit);

  std::vector<std::pair<Instant, RunId>> runs;
  std::set<JobId> in_use;
  for (const auto& [id, run] : runs_) {
    if (run.phase != RunPhase::finished) {
      in_use.insert(run.job);
    } else if (last_touched(run) < mutation.before) {
      runs.emplace_back(run.due, id);
    }
  }
  erase_oldest(runs_, std::move(runs), options_.prune_limit);

  auto before = mutation.before;
  if (job_cursor_) before = std::min(before, ended_jobs_from(*job_cursor_));
  std::vector<std::pair<Instant, JobId>> jobs;
  for (const auto& [id, record] : jobs_) {
    if (is_terminal(record.job.status) && record.job.updated < before && !in_use.contains(id) &&
        !is_open(record.run)) {
      jobs.emplace_back(record.job.updated, id);
    }
  }
  erase_oldest(jobs_, std::move(jobs), options_.prune_limit);

  const auto incidents_before = std::min(mutation.before, old_incidents());
  std::vector<std::pair<Instant, IncidentId>> incidents;
  for (const auto& [id, incident] : incidents_) {
    if (incident.closed && *incident.closed < incidents_before) {
      incidents.emplace_back(*incident.closed, id);
    }
  }
  erase_oldest(incidents_, std::move(incidents), options_.prune_limit);

  const auto commands_before = std::min(mutation.before, old_commands());
  std::vector<std::pair<Instant, std::string>> commands;
  for (const auto& [key, record] : commands_) {
    if (record.at < commands_before) commands.emplace_back(record.at, key);
  }
  erase_oldest(commands_, std::move(commands), options_.prune_limit);
}

Instant MemoryStore::old_incidents() const {
  auto newest = Instant::min();
  for (const auto& [id, incident] : incidents_) {
    newest = std::max({newest, incident.updated, incident.closed.value_or(incident.updated)});
  }
  return a_day_before(newest);
}

Instant MemoryStore::old_commands() const {
  auto newest = Instant::min();
  for (const auto& [key, record] : commands_) newest = std::max(newest, record.at);
  return a_day_before(newest);
}

bool MemoryStore::is_open(const std::optional<RunId>& run) const {
  if (!run) return false;
  const auto found = runs_.find(*run);
  return found != runs_.end() && found->second.phase != RunPhase::finished;
}

Snapshot MemoryStore::snapshot() const {
  Snapshot out;
  out.job_cursor = job_cursor_;
  std::set<JobId> of_open_runs;
  for (const auto& [id, cursor] : cursors_) out.cursors.push_back(cursor);
  for (const auto& [id, run] : runs_) {
    if (run.phase == RunPhase::finished) continue;
    out.open_runs.push_back(run);
    of_open_runs.insert(run.job);
  }
  for (const auto& [id, record] : jobs_) {
    const bool recent = job_cursor_ && record.job.updated >= ended_jobs_from(*job_cursor_);
    if (!is_terminal(record.job.status) || recent || of_open_runs.contains(id) || is_open(record.run)) {
      out.jobs.push_back(record);
    }
  }
  for (const auto& [id, connection] : connections_) out.connections.push_back(connection);
  for (const auto& [id, history] : histories_) out.histories.push_back(history);
  out.newest_incident = newest_incident_;
  out.outbox = outbox_;
  const auto incidents_from = old_incidents();
  for (const auto& [id, incident] : incidents_) {
    if (!incident.closed || *incident.closed >= incidents_from) out.incidents.push_back(incident);
  }
  for (const auto& [id, recovery] : recoveries_) out.recoveries.push_back(recovery);
  for (const auto& [id, pause] : pauses_) out.pauses.push_back(pause);
  const auto commands_from = old_commands();
  for (const auto& [key, record] : commands_) {
    if (record.at >= commands_from) out.commands.push_back(record);
  }
  return out;
}

}  // namespace syncwarden::store
