#include "airbyte/impl/job_pages.hpp"

#include "airbyte/impl/admin_codec.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

constexpr std::size_t config_page = 200;  // no maximum, but its own default
constexpr std::size_t public_page = 100;
constexpr std::size_t max_page_bytes = std::size_t{512} << 20U;

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

JobQuery query_of(const JobFilter& filter, const Traits& traits, Api api) {
  JobQuery query;
  query.workspaces = filter.workspaces;
  query.connection = filter.connection;
  query.only_old_types = !traits.knows_refresh;
  query.single_status = traits.single_status;
  // A word that the server does not know is an error, and some take one status only: the rest is filtered
  // here.
  for (const auto status : filter.statuses) {
    if (status != JobStatus::queued || traits.knows_queued) query.statuses.push_back(status);
  }
  if (traits.single_status && query.statuses.size() > 1) query.statuses.clear();
  if (traits.whole_instance) query.order = JobQuery::Order::newest_created;
  query.page_size = api == Api::config ? config_page : public_page;
  if (filter.limit > 0 && filter.types.empty() && !filter.until)
    query.page_size = std::min(query.page_size, filter.limit);
  return query;
}

Call page_call(Errand& errand, const JobQuery& query, Api api) {
  std::string path = query.connection ? "/jobs/list" : "/jobs/list_for_workspaces";
  if (api == Api::public_api) path = job_query_target(query);
  Call call = errand.reading(std::move(path), api == Api::config ? job_query_body(query) : std::string());
  call.max_body = max_page_bytes;
  return call;
}

}  // namespace

bool is_wanted(const JobFilter& filter, const JobView& job) {
  if (filter.connection && !job.connection.empty() && job.connection != *filter.connection) return false;
  if (!filter.statuses.empty() && !contains(filter.statuses, job.status)) return false;
  if (!filter.types.empty() && !contains(filter.types, job.type)) return false;
  if (filter.since && job.created < *filter.since) return false;
  return !filter.until || job.created <= *filter.until;
}

Result<void> list_jobs(Errand& errand, const JobFilter& filter,
                       const std::function<bool(const JobView&)>& each) {
  const auto found = errand.found();
  if (!found) return found.error();
  const Api api = found->place.api;
  if (!filter.statuses.empty() && !found->traits.knows_queued &&
      filter.statuses == std::vector{JobStatus::queued})
    return Result<void>();  // no job of this version is ever queued
  JobQuery query = query_of(filter, found->traits, api);
  std::unordered_set<JobId> before;  // offsets shift when a job is created meanwhile
  std::size_t told = 0;
  for (;;) {
    std::unordered_set<JobId> here;
    std::size_t seen = 0;
    bool fresh = false, on = true, older = false;
    Reader::Each take = [&](const Node& node) {
      ++seen;
      const auto job = job_from(api, node);
      if (!job || !on) return;
      here.insert(job->id);
      if (before.contains(job->id)) return;
      fresh = true;
      older = older || (filter.since && job->created < *filter.since);
      if (!is_wanted(filter, *job)) return;
      on = each(*job) && (filter.limit == 0 || ++told < filter.limit);
    };
    const auto read =
        errand.wait(errand.wire().list(page_call(errand, query, api), job_list_shape(api), std::move(take)));
    if (!read) return errand.cut_short();
    if (!*read) return read->error();
    // a server that ignores the offset would send the same page for ever
    if (!on || older || !fresh || seen < query.page_size) return Result<void>();
    before = std::move(here);
    query.offset += query.page_size;
  }
}

Result<JobDetail> job_detail(Errand& errand, JobId id) {
  const auto found = errand.found();
  if (!found) return found.error();
  const Api api = found->place.api;
  std::vector<std::string> paths{"/jobs/get_without_logs", "/jobs/get"};
  if (api == Api::public_api) paths = {fmt::format("/jobs/{}", id.value)};
  if (!found->traits.whole_instance) paths = {"/jobs/get"};  // before 0.50; its logs are read past
  std::optional<Error> failed;
  for (auto& path : paths) {
    Reader reader(job_detail_shape(api));
    Call call = errand.reading(path, api == Api::config ? job_id_body(id) : std::string());
    call.max_body = max_page_bytes;
    call.reader = &reader;
    const Context context = errand.wire().context_of(call);
    const auto outcome = errand.wait(errand.wire().send(std::move(call)));
    if (!outcome) return errand.cut_short();
    if (!*outcome) return error_of(outcome->error().error, context);
    if (is_success((*outcome)->status)) {
      auto detail = job_detail_from(api, reader.root());
      if (detail) return std::move(*detail);
      Error error;
      error.code = Errc::unexpected_reply;
      error.message = fmt::format("the reply does not describe job {}", id.value);
      error.where = context.where;
      return error;
    }
    Error error = error_of(**outcome, context);
    const bool no_route = (*outcome)->status == 404 && paths.size() > 1 && path == paths.front();
    if (!no_route && means_no_such_job(api, **outcome)) {
      error.code = Errc::not_found;
      error.message = fmt::format("there is no job {}", id.value);
      error.hint = "Airbyte does not know it any more, or not to these credentials";
    }
    failed = std::move(error);
    if (!no_route) break;
  }
  return *failed;
}

}  // namespace syncwarden::airbyte
