#include "emulator/impl/job_table.hpp"

#include <algorithm>
#include <iterator>

namespace syncwarden::emulator {
namespace {

template <class T>
bool among(const std::vector<T>& wanted, T value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

/// Airbyte stores `clear` jobs as resets: asking for either finds both.
JobType stored(JobType type) { return type == JobType::clear ? JobType::reset : type; }

bool type_matches(const std::vector<JobType>& wanted, JobType type) {
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(),
                                       [type](JobType each) { return stored(each) == stored(type); });
}

bool matches(const JobQuery& query, const Job& job) {
  if (!among(query.statuses, job.status) || !type_matches(query.types, job.type)) return false;
  if (query.created_from && job.created < *query.created_from) return false;
  if (query.created_to && job.created > *query.created_to) return false;
  if (query.updated_from && job.updated < *query.updated_from) return false;
  if (query.updated_to && job.updated > *query.updated_to) return false;
  return true;
}

bool only_active(const JobQuery& query) {
  return !query.statuses.empty() && std::none_of(query.statuses.begin(), query.statuses.end(), is_terminal);
}

bool earlier(const Job* a, const Job* b, JobQuery::Order order) {
  const auto key = [order](const Job* job) {
    return order == JobQuery::Order::created ? job->created : job->updated;
  };
  return key(a) != key(b) ? key(a) < key(b) : a->id < b->id;
}

}  // namespace

std::string_view to_string(Cause cause) { return cause == Cause::manual ? "manual" : "schedule"; }

std::string_view to_string(AttemptStatus status) {
  switch (status) {
    case AttemptStatus::running:
      return "running";
    case AttemptStatus::failed:
      return "failed";
    case AttemptStatus::succeeded:
      break;
  }
  return "succeeded";
}

Job& JobTable::create(ConnectionIndex connection, Instant now) {
  std::unique_ptr<Job> job;
  if (spare_.empty()) {
    job = std::make_unique<Job>();
  } else {
    job = std::move(spare_.back());
    spare_.pop_back();
    auto attempts = std::move(job->attempts);
    attempts.clear();
    *job = Job{};
    job->attempts = std::move(attempts);
  }
  job->id = {first_ + static_cast<std::int64_t>(jobs_.size())};
  job->connection = connection;
  job->created = now;
  job->updated = now;
  jobs_.push_back(std::move(job));
  auto& created = *jobs_.back();
  active_.push_back(created.id.value);
  of_connection_[connection].push_back(created.id.value);
  ++alive_;
  return created;
}

void JobTable::ended(Job& job) {
  const auto at = std::lower_bound(active_.begin(), active_.end(), job.id.value);
  if (at != active_.end() && *at == job.id.value) active_.erase(at);
  ended_.push_back({job.updated, job.id.value});
}

const Job* JobTable::find(JobId id) const {
  const auto position = id.value - first_;
  if (position < 0 || position >= static_cast<std::int64_t>(jobs_.size())) return nullptr;
  return jobs_[static_cast<std::size_t>(position)].get();
}

Job* JobTable::find(JobId id) {
  return const_cast<Job*>(static_cast<const JobTable&>(*this).find(id));  // the object itself is not const
}

bool JobTable::walks_by_creation(const JobQuery& query) const {
  return query.order == JobQuery::Order::created && !query.with_total && !query.updated_from &&
         !only_active(query);
}

std::vector<const Job*> JobTable::candidates(const JobQuery& query,
                                             std::optional<ConnectionIndex> connection) const {
  std::vector<const Job*> found;
  const auto take = [&](std::int64_t id) {
    if (const auto* job = find({id}); job != nullptr && matches(query, *job)) found.push_back(job);
  };
  if (connection && !only_active(query)) {
    for (const auto id : of_connection_[*connection]) take(id);
    return found;
  }
  if (only_active(query) || query.updated_from) {
    for (const auto id : active_) take(id);
    if (only_active(query)) return found;
    auto at = std::lower_bound(ended_.begin(), ended_.end(), *query.updated_from,
                               [](const End& end, Instant from) { return end.at < from; });
    for (; at != ended_.end() && (!query.updated_to || at->at <= *query.updated_to); ++at) take(at->id);
    return found;
  }
  for (const auto& job : jobs_) {
    if (job != nullptr && matches(query, *job)) found.push_back(job.get());
  }
  return found;
}

JobList JobTable::list(const JobQuery& query, std::optional<ConnectionIndex> connection,
                       const std::function<bool(ConnectionIndex)>& accepts) const {
  JobList list;
  if (walks_by_creation(query) && !connection) {
    // A page of a long history: walk from its near end and stop when the page is full.
    std::size_t skipped = 0;
    for (std::size_t step = 0; step < jobs_.size() && list.jobs.size() < query.limit; ++step) {
      const auto* job = jobs_[query.ascending ? step : jobs_.size() - 1 - step].get();
      if (job == nullptr) continue;
      if (!query.ascending && query.created_from && job->created < *query.created_from) break;
      if (query.ascending && query.created_to && job->created > *query.created_to) break;
      if (!matches(query, *job) || (accepts && !accepts(job->connection))) continue;
      if (skipped++ >= query.offset) list.jobs.push_back(job);
    }
    list.total = list.jobs.size();
    return list;
  }
  auto found = candidates(query, connection);
  if (accepts) {
    found.erase(
        std::remove_if(found.begin(), found.end(), [&](const Job* job) { return !accepts(job->connection); }),
        found.end());
  }
  const auto forward = [&query](const Job* a, const Job* b) { return earlier(a, b, query.order); };
  if (!std::is_sorted(found.begin(), found.end(), forward)) std::sort(found.begin(), found.end(), forward);
  const auto from = std::min(query.offset, found.size());
  const auto count = std::min(query.limit, found.size() - from);
  list.jobs.reserve(count);
  for (std::size_t i = from; i < from + count; ++i) {
    list.jobs.push_back(query.ascending ? found[i] : found[found.size() - 1 - i]);
  }
  list.total = query.with_total ? found.size() : count;
  return list;
}

void JobTable::prune(Instant before) {
  while (!ended_.empty() && ended_.front().at < before) {
    const auto id = ended_.front().id;
    ended_.pop_front();
    auto& slot = jobs_[static_cast<std::size_t>(id - first_)];
    auto& ids = of_connection_[slot->connection];
    if (!ids.empty() && ids.front() == id) {
      ids.pop_front();
    } else if (const auto at = std::find(ids.begin(), ids.end(), id); at != ids.end()) {
      ids.erase(at);
    }
    if (spare_.size() < 1'024) spare_.push_back(std::move(slot));
    slot.reset();
    --alive_;
  }
  while (!jobs_.empty() && jobs_.front() == nullptr) {
    jobs_.pop_front();
    ++first_;
  }
}

}  // namespace syncwarden::emulator
