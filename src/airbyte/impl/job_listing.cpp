#include "airbyte/impl/job_listing.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

constexpr std::size_t config_page = 200;
constexpr std::size_t config_large_page = 1'000;  // one page for a fleet that runs more than 400 jobs at once
constexpr std::size_t large_from = 400;
constexpr std::size_t public_page = 100;     // its maximum
constexpr std::size_t connection_page = 20;  // before 0.50, where jobs are listed per connection
constexpr std::size_t ended_at_most = 20'000;
constexpr std::size_t active_at_most = 50'000;
constexpr std::size_t connection_at_most = 1'000;
constexpr std::size_t max_page_bytes = 512U << 20U;

std::vector<JobView> each_once(std::vector<JobView> read) {
  std::unordered_map<JobId, std::size_t> position;
  std::vector<JobView> out;
  out.reserve(read.size());
  for (auto& job : read) {
    const auto [found, fresh] = position.emplace(job.id, out.size());
    if (fresh) {
      out.push_back(std::move(job));
    } else {
      out[found->second] = std::move(job);
    }
  }
  return out;
}

bool oldest_change_first(const std::vector<JobView>& jobs) {
  return std::is_sorted(jobs.begin(), jobs.end(),
                        [](const JobView& a, const JobView& b) { return a.updated < b.updated; });
}

std::vector<JobStatus> active_statuses(const Traits& traits) {
  // In the order in which jobs move on, so that one that moves between two listings is met by the later one.
  std::vector<JobStatus> statuses{JobStatus::pending};
  if (traits.knows_queued) statuses.push_back(JobStatus::queued);
  statuses.push_back(JobStatus::incomplete);
  statuses.push_back(JobStatus::running);
  return statuses;
}

bool refused(const Error& error) { return error.code == Errc::rejected || error.code == Errc::server_error; }

bool asks_active(const JobQuery& query) {
  return !query.statuses.empty() && std::none_of(query.statuses.begin(), query.statuses.end(), is_terminal);
}

std::size_t count_ended(const std::vector<JobView>& jobs) {
  return static_cast<std::size_t>(
      std::count_if(jobs.begin(), jobs.end(), [](const JobView& job) { return is_terminal(job.status); }));
}

bool asks_queued(const JobQuery& query) {
  return std::find(query.statuses.begin(), query.statuses.end(), JobStatus::queued) != query.statuses.end();
}

}  // namespace

std::vector<JobView> ended_from(std::vector<JobView> read, std::optional<Instant> since, bool cut) {
  std::vector<JobView> ended = each_once(std::move(read));
  std::erase_if(ended, [since](const JobView& job) {
    return !is_terminal(job.status) || (since && job.updated < *since);
  });
  std::stable_sort(ended.begin(), ended.end(), [](const JobView& a, const JobView& b) {
    return std::pair(a.updated, a.id) < std::pair(b.updated, b.id);
  });
  if (cut && !ended.empty() && ended.front().updated != ended.back().updated) {
    const Instant last = ended.back().updated;
    std::erase_if(ended, [last](const JobView& job) { return job.updated == last; });
  }
  return ended;
}

std::vector<JobView> active_from(std::vector<JobView> read) {
  std::vector<JobView> active = each_once(std::move(read));
  std::erase_if(active, [](const JobView& job) { return is_terminal(job.status); });
  return active;
}

/// What a paged listing gave.
struct JobListing::Reading {
  std::vector<JobView> jobs;
  bool complete = true;
};

void JobListing::set_traits(Traits traits) {
  traits_ = traits;
  active_before_ = 0;
  ended_before_ = 0;
}

asio::awaitable<Result<JobsOnPage>> JobListing::page(Place place, JobQuery query) {
  query.only_old_types = !traits_.knows_refresh;
  query.single_status = traits_.single_status;
  std::string path = "/jobs/list_for_workspaces";
  std::string body;
  if (place.api == Api::public_api) {
    path = job_query_target(query);
  } else {
    if (query.connection) path = "/jobs/list";
    body = job_query_body(query);
  }
  Call call = read_call(wire_.target(), place, Operation::list_jobs, std::move(path), std::move(body));
  call.max_body = max_page_bytes;
  JobsOnPage result;
  Reader::Each each = [&result, api = place.api](const Node& node) {
    ++result.seen;
    if (auto job = job_from(api, node)) result.jobs.push_back(std::move(*job));
  };
  const Result<void> read = co_await wire_.list(std::move(call), job_list_shape(place.api), std::move(each));
  if (!read) co_return read.error();
  co_return result;
}

asio::awaitable<Result<JobsOnPage>> JobListing::tolerant_page(Place place, JobQuery query) {
  Result<JobsOnPage> first = co_await page(place, query);
  if (first || !refused(first.error())) co_return first;
  // A word that the server does not know is an error: ask without it, and remember that only if it helps.
  if (traits_.knows_queued && asks_queued(query)) {
    const bool alone = query.statuses.size() == 1;
    std::erase(query.statuses, JobStatus::queued);
    if (alone) {
      if (first.error().code != Errc::rejected) co_return first;
      traits_.knows_queued = false;
      co_return JobsOnPage();
    }
    Result<JobsOnPage> second = co_await page(place, query);
    if (second) {
      traits_.knows_queued = false;
      co_return second;
    }
  }
  if (place.api != Api::config || !traits_.knows_refresh || first.error().code != Errc::rejected)
    co_return first;
  const bool knew_queued = std::exchange(traits_.knows_queued, false);
  traits_.knows_refresh = false;
  Result<JobsOnPage> third = co_await page(place, query);
  if (third) co_return third;
  traits_.knows_queued = knew_queued;
  traits_.knows_refresh = true;
  co_return first;
}

asio::awaitable<Result<JobListing::Reading>> JobListing::pages(Place place, JobQuery query,
                                                               std::size_t limit) {
  Reading reading;
  std::unordered_set<JobId> ids;
  for (;;) {
    Result<JobsOnPage> read = co_await tolerant_page(place, query);
    if (!read) co_return read.error();
    // A filter that is ignored gives the whole history, newest first: what runs is at its front.
    const bool history = asks_active(query) && count_ended(read->jobs) == read->jobs.size();
    bool fresh = false;
    for (auto& job : read->jobs) {
      fresh = ids.insert(job.id).second || fresh;
      reading.jobs.push_back(std::move(job));
    }
    // a server that ignores the offset would send the same page for ever
    if (read->seen < query.page_size || !fresh || history) co_return reading;
    query.offset += query.page_size;
    if (reading.jobs.size() < limit) continue;
    if (limit != ended_at_most || !oldest_change_first(reading.jobs)) {
      reading.complete = limit != active_at_most;
      co_return reading;
    }
    // The cursor moves to the last change that was read, so reading may only stop where that changes.
    if (reading.jobs.front().updated == reading.jobs.back().updated) continue;
    reading.complete = false;
    co_return reading;
  }
}

asio::awaitable<Result<std::vector<JobView>>> JobListing::active(Place place, JobQuery query) {
  query.order = JobQuery::Order::newest_created;
  std::vector<std::vector<JobStatus>> groups;
  if (traits_.single_status) {
    for (const auto status : active_statuses(traits_)) groups.emplace_back(1, status);
  } else {
    groups.push_back(active_statuses(traits_));
  }
  std::vector<JobView> all;
  for (const auto& group : groups) {
    query.statuses = group;
    query.offset = 0;
    Result<Reading> reading = co_await pages(place, query, active_at_most);
    if (!reading) co_return reading.error();
    if (!reading->complete) {
      Error error;
      error.code = Errc::reply_too_large;
      error.message = "Airbyte lists more than 50000 jobs that have not ended";
      error.where = "list_jobs";
      co_return error;
    }
    // a server that does not know `statuses` may know `status`
    if (count_ended(reading->jobs) * 2 > query.page_size) traits_.single_status = true;
    std::move(reading->jobs.begin(), reading->jobs.end(), std::back_inserter(all));
  }
  co_return active_from(std::move(all));
}

asio::awaitable<Result<JobsPage>> JobListing::poll(Place place, std::vector<WorkspaceId> workspaces,
                                                   out::ReadJobs request) {
  if (!traits_.whole_instance) {
    Result<JobsPage> focused = co_await per_connection(place, std::move(request));
    co_return focused;
  }
  JobQuery query;
  query.workspaces = std::move(workspaces);
  query.page_size = place.api == Api::public_api
                        ? public_page
                        : (active_before_ > large_from ? config_large_page : config_page);
  Result<std::vector<JobView>> active_jobs = co_await active(place, query);
  if (!active_jobs) co_return active_jobs.error();
  active_before_ = active_jobs->size();

  query.page_size = place.api == Api::public_api
                        ? public_page
                        : (ended_before_ > large_from ? config_large_page : config_page);
  if (!traits_.single_status)
    query.statuses = {JobStatus::failed, JobStatus::succeeded, JobStatus::cancelled};
  std::size_t limit = ended_at_most;
  if (request.ended_since) {
    query.updated_since = request.ended_since;
    query.order = JobQuery::Order::oldest_updated;
  } else {
    query.order = JobQuery::Order::newest_created;
    limit = std::min(request.history_limit, ended_at_most - 1);
    query.page_size = std::min(query.page_size, std::max<std::size_t>(limit, 1));
  }
  JobsPage result;
  result.active = std::move(*active_jobs);
  if (limit > 0) {
    Result<Reading> reading = co_await pages(place, query, limit);
    if (!reading) co_return reading.error();
    result.ended_complete = reading->complete;
    ended_before_ = reading->jobs.size();
    if (!request.ended_since && reading->jobs.size() > limit) reading->jobs.resize(limit);
    result.ended = ended_from(std::move(reading->jobs), request.ended_since, !reading->complete);
  }
  std::unordered_set<JobId> gone;
  for (const auto& job : result.ended) gone.insert(job.id);
  std::erase_if(result.active, [&gone](const JobView& job) { return gone.contains(job.id); });
  co_return result;
}

asio::awaitable<Result<std::vector<JobView>>> JobListing::of_connection(Place place, ConnectionId connection,
                                                                        std::optional<Instant> since) {
  // A connection has one job at a time, so the newest jobs hold the one that has not ended, and what ended
  // since the cursor, down to the first that ended before it.
  std::vector<JobView> jobs;
  JobQuery query;
  query.connection = connection;
  query.page_size = connection_page;
  for (;;) {
    Result<JobsOnPage> read = co_await tolerant_page(place, query);
    if (!read) co_return read.error();
    bool older = !since;
    for (auto& job : read->jobs) {
      if (job.connection != connection) continue;
      older = older || (is_terminal(job.status) && job.updated < *since);
      jobs.push_back(std::move(job));
    }
    if (older || read->seen < query.page_size || jobs.size() >= connection_at_most) co_return jobs;
    query.offset += query.page_size;
  }
}

asio::awaitable<Result<JobsPage>> JobListing::per_connection(Place place, out::ReadJobs request) {
  std::vector<JobView> all;
  for (const auto& connection : request.focus) {
    Result<std::vector<JobView>> jobs = co_await of_connection(place, connection, request.ended_since);
    // a connection that was deleted meanwhile is no reason to lose sight of the others
    if (!jobs && jobs.error().code == Errc::not_found) continue;
    if (!jobs) co_return jobs.error();
    std::move(jobs->begin(), jobs->end(), std::back_inserter(all));
  }
  JobsPage result;
  result.active = active_from(all);
  result.ended = ended_from(std::move(all), request.ended_since, false);
  result.covers = std::move(request.focus);
  co_return result;
}

asio::awaitable<Result<std::optional<JobView>>> JobListing::newest(Place place, ConnectionId connection) {
  JobQuery query;
  query.connection = connection;
  query.page_size = 1;
  query.order = JobQuery::Order::newest_created;
  Result<JobsOnPage> read = co_await tolerant_page(place, std::move(query));
  if (!read) co_return read.error();
  // more than asked for, or another connection's: an old server; the highest id is the newest
  std::optional<JobView> newest_job;
  for (auto& job : read->jobs) {
    if (!job.connection.empty() && job.connection != connection) continue;
    if (!newest_job || newest_job->id < job.id) newest_job = std::move(job);
  }
  co_return newest_job;
}

}  // namespace syncwarden::airbyte
