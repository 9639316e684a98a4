// Config API: jobs and attempts (reference 4.5, 5).
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

constexpr std::size_t default_page = 200;

http::Response unprocessable(Api& api, std::string_view text) { return config_error(api, 422, text); }

bool is_known_type(const Rules& rules, std::string_view type) {
  constexpr std::array<std::string_view, 6> always{
      "check_connection_source", "check_connection_destination", "discover_schema", "get_spec", "sync",
      "reset_connection"};
  if (std::find(always.begin(), always.end(), type) != always.end()) return true;
  return rules.clears && (type == "refresh" || type == "clear");
}

bool is_known_status(const Rules& rules, std::string_view text) {
  const auto status = job_status_from(text);
  return status != JobStatus::unknown && (status != JobStatus::queued || rules.queued_status);
}

/// Reads an instant of a range; false for text that is none.
bool read_time(const Body& body, std::string_view key, std::optional<Instant>& into) {
  const auto text = body.text(key);
  if (!text) return true;
  into = parse_rfc3339(*text);
  return into.has_value();
}

/// Reads the filters that servers since 0.50 know; an error text otherwise.
std::string_view read_filters(const Rules& rules, const Body& body, JobQuery& query) {
  auto statuses = body.texts("statuses");
  if (const auto one = body.text("status"); one && rules.single_status_filter) statuses.push_back(*one);
  for (const auto& status : statuses) {
    if (!is_known_status(rules, status)) return "Unexpected value for a job status";
    query.statuses.push_back(job_status_from(status));
  }
  if (!read_time(body, "createdAtStart", query.created_from) ||
      !read_time(body, "createdAtEnd", query.created_to) ||
      !read_time(body, "updatedAtStart", query.updated_from) ||
      !read_time(body, "updatedAtEnd", query.updated_to)) {
    return "Text could not be parsed as a date-time";
  }
  if (const auto field = body.text("orderByField")) {
    if (*field != "createdAt" && *field != "updatedAt") return "Unexpected value for orderByField";
    if (*field == "updatedAt") query.order = JobQuery::Order::updated;
  }
  if (const auto method = body.text("orderByMethod")) {
    if (*method != "ASC" && *method != "DESC") return "Unexpected value for orderByMethod";
    query.ascending = *method == "ASC";
  }
  return {};
}

/// Types and page, for both lists. Nothing is left to say if the query cannot match any job of ours.
std::optional<http::Response> read_basics(Api& api, const Body& body, JobQuery& query, bool& impossible) {
  const auto types = body.texts("configTypes");
  if (types.empty()) return config_error(api, 500, "configTypes must not be empty");
  for (const auto& type : types) {
    if (!is_known_type(api.rules(), type)) return unprocessable(api, "Unexpected value for a config type");
    if (type == "sync" || type == "reset_connection" || type == "refresh" || type == "clear") {
      query.types.push_back(job_type_from(type));
    }
  }
  impossible = query.types.empty();
  query.limit = default_page;
  if (const auto page = body.object("pagination")) {
    const auto size = page->number("pageSize").value_or(static_cast<std::int64_t>(default_page));
    const auto offset = page->number("rowOffset").value_or(0);
    if (size < 1 || offset < 0) return config_error(api, 500, "Size of a page must be positive");
    query.limit = static_cast<std::size_t>(size);
    query.offset = static_cast<std::size_t>(offset);
  }
  return std::nullopt;
}

http::Response list_reply(const Api& api, const JobList& list) {
  Json json(64 + list.jobs.size() * 900);
  json.open('{').member("totalJobCount", list.total).key("jobs").open('[');
  for (const auto* job : list.jobs) write_job_with_attempts(json, api, *job);
  return reply(200, json.close(']').close('}').take());
}

Outcome list(Api& api, const Body& body) {
  JobQuery query;
  bool impossible = false;
  if (auto bad = read_basics(api, body, query, impossible)) return *std::move(bad);
  const auto connection = body.text("configId");
  if (!connection && api.rules().config_id_required) return unprocessable(api, "configId must not be null");
  if (connection) query.connection = ConnectionId{*connection};
  if (api.rules().job_filters) {
    if (const auto bad = read_filters(api.rules(), body, query); !bad.empty()) return unprocessable(api, bad);
  }
  if (api.rules().offset_rounded) query.offset = query.offset / query.limit * query.limit;
  query.with_total = true;
  return list_reply(api, impossible ? JobList{} : api.airbyte.jobs(query));
}

Outcome list_for_workspaces(Api& api, const Body& body) {
  if (!api.rules().job_filters) return unknown_route();
  JobQuery query;
  bool impossible = false;
  if (auto bad = read_basics(api, body, query, impossible)) return *std::move(bad);
  if (const auto connection = body.text("configId")) query.connection = ConnectionId{*connection};
  for (auto& id : body.texts("workspaceIds")) query.workspaces.emplace_back(std::move(id));
  if (const auto bad = read_filters(api.rules(), body, query); !bad.empty()) return unprocessable(api, bad);
  return list_reply(api, impossible ? JobList{} : api.airbyte.jobs(query));
}

const Job* job_asked(const Api& api, const Body& body, std::string_view key) {
  const auto id = body.number(key);
  return id ? api.airbyte.job({*id}) : nullptr;
}

/// 3.1: an unknown job is a 500 for an instance admin; a missing id a 422.
http::Response no_job(Api& api, const Body& body, std::string_view key) {
  const auto id = body.number(key);
  if (!id) return unprocessable(api, "id must not be null");
  return config_error(api, 500, fmt::format("Could not find job with id: {}", *id));
}

Outcome single(Api& api, const Body& body, JobParts parts) {
  const auto* job = job_asked(api, body, "id");
  if (job == nullptr) return no_job(api, body, "id");
  Json json(2'048);
  write_job_info(json, api, *job, parts);
  return reply(200, json.take());
}

Outcome get(Api& api, const Body& body) { return single(api, body, {false, true, true, 0}); }

Outcome get_without_logs(Api& api, const Body& body) {
  if (!api.rules().job_filters) return unknown_route();
  return single(api, body, {true, false, false, 0});
}

Outcome get_light(Api& api, const Body& body) {
  const auto* job = job_asked(api, body, "id");
  if (job == nullptr) return no_job(api, body, "id");
  Json json;
  json.open('{').key("job");
  write_job(json, api, *job, false);
  return reply(200, json.close('}').take());
}

Outcome get_last_replication_job(Api& api, const Body& body) {
  const auto id = body.text("connectionId");
  if (!id) return unprocessable(api, "connectionId must not be null");
  JobQuery query;
  query.connection = ConnectionId{*id};
  const auto found = api.airbyte.jobs(query);
  const auto last = std::find_if(found.jobs.begin(), found.jobs.end(),
                                 [](const Job* job) { return job->status != JobStatus::cancelled; });
  Json json;
  json.open('{');
  if (last != found.jobs.end()) {
    json.key("job");
    write_job(json, api, **last, false);
  }
  return reply(200, json.close('}').take());
}

Outcome cancel(Api& api, const Body& body) {
  const auto id = body.number("id");
  if (!id) return unprocessable(api, "id must not be null");
  const auto answer = api.airbyte.signal_cancel({*id}, api.airbyte.now());
  switch (answer.signal) {
    case Signal::accepted:
      return Waiting{answer.ticket};
    case Signal::not_found:
      return no_job(api, body, "id");
    case Signal::conflict:
    case Signal::deleted:
    case Signal::inactive:
      break;
  }
  return config_error(api, 500, "The connection manager workflow is deleted");
}

/// The attempt that "jobId" and "attemptNumber" name; null where there is none.
const Attempt* attempt_asked(const Api& api, const Body& body, const Job*& job) {
  job = job_asked(api, body, "jobId");
  const auto number = body.number("attemptNumber").value_or(-1);
  if (job == nullptr || number < 0 || number >= static_cast<std::int64_t>(job->attempts.size()))
    return nullptr;
  return &job->attempts[static_cast<std::size_t>(number)];
}

Outcome combined_stats(Api& api, const Body& body) {
  if (!api.rules().stream_statuses) return unknown_route();
  const Job* job = nullptr;
  const auto* attempt = attempt_asked(api, body, job);
  if (attempt == nullptr) return config_error(api, 404, "Could not find attempt");
  if (api.faults.drop_stats || job->without_stats || !api.airbyte.shows_stats(*attempt)) {
    return reply(200, "{}");
  }
  Json json;
  write_attempt_stats(json, api, api.airbyte.progress(*job, *attempt), true);
  return reply(200, json.take());
}

Outcome attempt_for_job(Api& api, const Body& body) {
  if (!api.rules().stream_statuses) return unknown_route();
  const Job* job = nullptr;
  const auto* attempt = attempt_asked(api, body, job);
  if (attempt == nullptr) return config_error(api, 404, "Could not find attempt");
  Json json(2'048);
  write_attempt_info(json, api, *job, static_cast<std::size_t>(attempt - job->attempts.data()),
                     {false, true, true, 0});
  return reply(200, json.take());
}

const Definition& definition_of(const Actor& actor) {
  const auto& all = definitions();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&actor](const Definition& each) { return each.id == actor.definition; });
  return found == all.end() ? all.front() : *found;
}

Outcome debug_info(Api& api, const Body& body) {
  const auto* job = job_asked(api, body, "id");
  if (job == nullptr) return no_job(api, body, "id");
  const auto& view = api.airbyte.connection(job->connection).view;
  Json json(4'096);
  json.open('{').key("job").open('{').member("id", job->id.value);
  json.member("configType", word(api, config_type(job->type))).member("configId", view.id.text);
  json.member("status", word(api, to_string(job->status)));
  json.member("airbyteVersion", api.airbyte.options().version).key("sourceDefinition");
  write_definition(json, api, definition_of(view.source));
  json.key("destinationDefinition");
  write_definition(json, api, definition_of(view.destination));
  json.close('}').key("attempts").open('[');
  for (std::size_t i = 0; i < job->attempts.size(); ++i) {
    write_attempt_info(json, api, *job, i, {false, true, true, 0});
  }
  json.close(']').key("workflowState").open('{');
  json.member("running", api.airbyte.workflow_runs(job->connection));
  return reply(200, json.close('}').close('}').take());
}

/// The status of the one stream in one attempt.
struct StreamRow {
  const Job* job;
  std::size_t attempt;
};

std::string_view run_state(const Api& api, const StreamRow& row) {
  if (row.attempt + 1 < row.job->attempts.size()) return "INCOMPLETE";
  switch (api.airbyte.stream_state(*row.job)) {
    case StreamRunState::pending:
      return "PENDING";
    case StreamRunState::rate_limited:
      return "RATE_LIMITED";
    case StreamRunState::running:
      return "RUNNING";
    case StreamRunState::complete:
      return "COMPLETE";
    case StreamRunState::incomplete:
    case StreamRunState::unknown:
      break;
  }
  return "INCOMPLETE";
}

void write_stream_status(Json& json, const Api& api, const StreamRow& row) {
  const auto& job = *row.job;
  const auto& connection = api.airbyte.connection(job.connection);
  const auto state = run_state(api, row);
  json.open('{').member("id", api.airbyte.uuid(fmt::format("stream/{}/{}", job.id.value, row.attempt)));
  json.member("attemptNumber", row.attempt).member("connectionId", connection.view.id.text);
  json.member("jobId", job.id.value).member("jobType", job.type == JobType::reset ? "RESET" : "SYNC");
  json.member("runState", word(api, state)).member("streamName", connection.view.source.name);
  json.member("streamNamespace", "public").member("workspaceId", connection.view.workspace.text);
  const auto changed = job.attempts.empty() ? job.updated : job.attempts[row.attempt].updated;
  json.member("transitionedAt", changed.time_since_epoch().count());
  if (state == "INCOMPLETE") {
    json.member("incompleteRunCause", job.status == JobStatus::cancelled ? "CANCELED" : "FAILED");
  }
  if (const auto reset = api.airbyte.quota_reset(job); reset && state == "RATE_LIMITED") {
    json.key("metadata").open('{').member("quotaReset", reset->time_since_epoch().count()).close('}');
  }
  json.close('}');
}

/// Newest first, as far as the filters and a bound on the jobs looked at let them through.
std::vector<StreamRow> stream_rows(const Api& api, const Body& body, const WorkspaceId& workspace) {
  constexpr std::size_t jobs_at_most = 1'000;
  JobQuery query;
  query.workspaces = {workspace};
  query.limit = jobs_at_most;
  if (const auto id = body.text("connectionId")) query.connection = ConnectionId{*id};
  std::vector<const Job*> jobs;
  if (const auto id = body.number("jobId")) {
    const auto* job = api.airbyte.job({*id});
    const auto* view = job == nullptr ? nullptr : &api.airbyte.connection(job->connection).view;
    const bool meant = view != nullptr && view->workspace == workspace &&
                       (!query.connection || view->id == *query.connection);
    if (meant) jobs.push_back(job);
  } else {
    jobs = api.airbyte.jobs(query).jobs;
  }
  const auto type = body.text("jobType");
  const auto number = body.number("attemptNumber");
  std::vector<StreamRow> rows;
  for (const auto* job : jobs) {
    if (type && *type != (job->type == JobType::reset ? "RESET" : "SYNC")) continue;
    for (auto i = std::max<std::size_t>(1, job->attempts.size()); i-- > 0;) {
      if (!number || *number == static_cast<std::int64_t>(i)) rows.push_back({job, i});
    }
  }
  return rows;
}

Outcome stream_statuses(Api& api, const Body& body) {
  if (!api.rules().stream_statuses) return unknown_route();
  const auto workspace = body.text("workspaceId");
  const auto page = body.object("pagination");
  if (!workspace || !page) return unprocessable(api, "workspaceId and pagination must not be null");
  const auto size = page->number("pageSize").value_or(0);
  const auto offset = page->number("rowOffset").value_or(0);
  if (size < 1 || offset < 0 || offset % size != 0) {
    return config_error(api, 400, "rowOffset must be a multiple of a positive pageSize");
  }
  const auto rows = stream_rows(api, body, WorkspaceId{*workspace});
  const auto from = std::min(static_cast<std::size_t>(offset), rows.size());
  const auto until = from + std::min(static_cast<std::size_t>(size), rows.size() - from);
  Json json;
  json.open('{').key("streamStatuses").open('[');
  for (auto i = from; i < until; ++i) write_stream_status(json, api, rows[i]);
  return reply(200, json.close(']').close('}').take());
}

struct Named {
  std::string_view name;
  ConfigHandler handler;
};
constexpr std::array<Named, 11> operations{{{"jobs/list_for_workspaces", list_for_workspaces},
                                            {"jobs/list", list},
                                            {"jobs/get_without_logs", get_without_logs},
                                            {"jobs/get_light", get_light},
                                            {"jobs/get", get},
                                            {"jobs/get_last_replication_job", get_last_replication_job},
                                            {"jobs/cancel", cancel},
                                            {"jobs/get_debug_info", debug_info},
                                            {"attempt/get_combined_stats", combined_stats},
                                            {"attempt/get_for_job", attempt_for_job},
                                            {"stream_statuses/list", stream_statuses}}};

}  // namespace

ConfigHandler job_operation(std::string_view operation) {
  for (const auto& [name, handler] : operations) {
    if (name == operation) return handler;
  }
  return nullptr;
}

}  // namespace syncwarden::emulator
