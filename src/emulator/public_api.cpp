// The Public API (reference 7).
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"
#include "emulator/impl/setup.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

constexpr std::string_view errors_page = "https://reference.airbyte.com/reference/errors#";

using Query = std::multimap<std::string, std::string>;

std::optional<Query> read_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto equals = pair.find('=');
    const auto key = http::decode_query_component(pair.substr(0, equals));
    const auto value = http::decode_query_component(
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!key || !value) return std::nullopt;
    query.emplace(*key, *value);
  }
  return query;
}

std::optional<std::string> first(const Query& query, const std::string& key) {
  const auto at = query.find(key);
  if (at == query.end() || at->second.empty()) return std::nullopt;
  return at->second;
}

/// A comma list, or the parameter repeated.
std::vector<std::string> all(const Query& query, const std::string& key) {
  std::vector<std::string> list;
  const auto [begin, end] = query.equal_range(key);
  for (auto at = begin; at != end; ++at) {
    std::string_view rest = at->second;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      if (comma != 0) list.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return list;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

http::Response named_problem(unsigned status, std::string_view title, std::string_view detail,
                             std::string_view message) {
  return problem(status, fmt::format("{}{}", errors_page, title), title, detail, message);
}

http::Response unprocessable(std::string_view message) {
  return named_problem(422, "unprocessable-entity", "The body of the request was not understood", message);
}

http::Response bad_request(std::string_view message) {
  return named_problem(400, "bad-request", "Bad request", message);
}

http::Response not_found(std::string_view kind, std::string_view id) {
  Json json;
  json.open('{').member("status", 404).member("type", fmt::format("{}resource-not-found", errors_page));
  json.member("title", "resource-not-found").member("detail", "The requested resource could not be found.");
  json.key("data").open('{').member("resourceType", kind).member("resourceId", id).close('}').close('}');
  return reply(404, json.take(), "application/problem+json");
}

http::Response state_conflict(std::string_view message) {
  return problem(409, fmt::format("{}409-state-conflict", errors_page), "state-conflict", "State conflict",
                 message);
}

struct Page {
  std::size_t limit = 20;
  std::size_t offset = 0;
};

std::optional<http::Response> read_page(const Query& query, Page& page) {
  if (const auto text = first(query, "limit")) {
    const auto limit = number(*text);
    if (!limit || *limit < 1 || *limit > 100) return unprocessable("limit must be in 1..100");
    page.limit = static_cast<std::size_t>(*limit);
  }
  if (const auto text = first(query, "offset")) {
    const auto offset = number(*text);
    if (!offset || *offset < 0) return unprocessable("offset must not be negative");
    page.offset = static_cast<std::size_t>(*offset);
  }
  return std::nullopt;
}

/// "next" is there whenever the page has an item, and forgets the caller's filters, as the real one does.
void write_links(Json& json, const Api& api, std::string_view path, Page page, bool any) {
  const auto link = [&](std::size_t offset) {
    return fmt::format("{}/api/public/v1{}?limit={}&offset={}", api.options.url, path, page.limit, offset);
  };
  json.member("previous",
              page.offset == 0 ? std::string{} : link(page.offset - std::min(page.offset, page.limit)));
  json.member("next", any ? link(page.offset + page.limit) : std::string{});
}

std::optional<http::Response> read_job_filters(Api& api, const Query& query, JobQuery& wanted) {
  if (const auto id = first(query, "connectionId")) wanted.connection = ConnectionId{*id};
  for (auto& id : all(query, "workspaceIds")) wanted.workspaces.emplace_back(std::move(id));
  if (const auto type = first(query, "jobType")) {
    wanted.types.push_back(job_type_from(*type));
    if (wanted.types.back() == JobType::other) return bad_request("Unexpected jobType");
  }
  if (const auto text = first(query, "status")) {
    const auto status = job_status_from(*text);
    if (status == JobStatus::unknown || (status == JobStatus::queued && !api.rules().queued_status)) {
      return bad_request("Unexpected status");
    }
    wanted.statuses.push_back(status);
  }
  const std::pair<const char*, std::optional<Instant> JobQuery::*> ranges[] = {
      {"createdAtStart", &JobQuery::created_from},
      {"createdAtEnd", &JobQuery::created_to},
      {"updatedAtStart", &JobQuery::updated_from},
      {"updatedAtEnd", &JobQuery::updated_to}};
  for (const auto& [name, member] : ranges) {
    const auto text = first(query, name);
    if (!text) continue;
    wanted.*member = parse_rfc3339(*text);
    if (!(wanted.*member)) return bad_request(fmt::format("{} is no date-time", name));
  }
  wanted.ascending = true;  // the oldest first, unless asked otherwise
  if (const auto order = first(query, "orderBy")) {
    const auto bar = order->find('|');
    const auto field = order->substr(0, bar);
    const auto way = bar == std::string::npos ? std::string{} : order->substr(bar + 1);
    if ((field != "createdAt" && field != "updatedAt") || (way != "ASC" && way != "DESC")) {
      return unprocessable("orderBy is createdAt|DESC or the like");
    }
    if (field == "updatedAt") wanted.order = JobQuery::Order::updated;
    wanted.ascending = way == "ASC";
  }
  return std::nullopt;
}

Outcome list_jobs(Api& api, const Query& query) {
  Page page;
  JobQuery wanted;
  if (auto bad = read_page(query, page)) return *std::move(bad);
  if (auto bad = read_job_filters(api, query, wanted)) return *std::move(bad);
  wanted.limit = page.limit;
  wanted.offset = page.offset;
  const auto found = api.airbyte.jobs(wanted);
  Json json(256 + found.jobs.size() * 300);
  json.open('{');
  write_links(json, api, "/jobs", page, !found.jobs.empty());
  json.key("data").open('[');
  for (const auto* job : found.jobs) write_public_job(json, api, *job, true);
  return reply(200, json.close(']').close('}').take());
}

Outcome answer_of(Api& api, const std::string& connection, const SignalAnswer& answer, bool is_sync) {
  switch (answer.signal) {
    case Signal::accepted: {
      Waiting waiting;
      waiting.ticket = answer.ticket;
      waiting.public_api = true;
      waiting.is_sync = is_sync;
      if (is_sync && api.rules().replies_with_id) waiting.limit = api.options.job_id_wait;
      return waiting;
    }
    case Signal::conflict:
      return named_problem(409, "try-again-later", "Please try again later.",
                           fmt::format("A sync is already running for: {}", connection));
    case Signal::deleted:
    case Signal::inactive:
      return state_conflict("Could not fulfill request");
    case Signal::not_found:
      break;
  }
  return not_found("STANDARD_SYNC", connection);
}

Outcome create_job(Api& api, const http::Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return bad_request("the body is no JSON object");
  const auto connection = body->text("connectionId");
  const auto type = body->text("jobType");
  if (!connection || !type) return unprocessable("connectionId and jobType must be given");
  const auto now = api.airbyte.now();
  const ConnectionId id{*connection};
  if (*type == "sync") {
    const auto index = api.airbyte.find(id);
    if (index && api.airbyte.connection(*index).view.status == ConnectionStatus::locked) {
      return problem(409, "error:connection/locked", "connection-locked", "The connection is locked", {});
    }
    const auto when = api.rules().replies_with_id ? AnswerWhen::job_exists : AnswerWhen::running;
    return answer_of(api, *connection, api.airbyte.signal_sync(id, now, when), true);
  }
  if (*type == "reset" || *type == "clear") {
    return answer_of(api, *connection, api.airbyte.signal_reset(id, JobType::reset, now), true);
  }
  return unprocessable("Unsupported jobType");
}

Outcome one_job(Api& api, const http::Request& request, std::string_view id_text) {
  const auto id = number(id_text);
  if (!id) return bad_request("the job id is no number");
  const auto* job = api.airbyte.job({*id});
  if (job == nullptr) return state_conflict("Job is not currently running");  // 3.1
  if (request.method == "DELETE") {
    return answer_of(api, {}, api.airbyte.signal_cancel({*id}, api.airbyte.now()), false);
  }
  Json json;
  write_public_job(json, api, *job, true);
  return reply(200, json.take());
}

/// Writes the page of `count` things that `wanted` lets through.
template <class Wanted, class Write>
http::Response list_of(Api& api, const Query& query, std::string_view path, std::size_t count, Wanted wanted,
                       Write write) {
  Page page;
  if (auto bad = read_page(query, page)) return *std::move(bad);
  Json items(1'024);
  items.open('[');
  std::size_t seen = 0;
  std::size_t written = 0;
  for (std::size_t i = 0; i < count && written < page.limit; ++i) {
    if (!wanted(i) || seen++ < page.offset) continue;
    write(items, i);
    ++written;
  }
  Json json;
  json.open('{');
  write_links(json, api, path, page, written != 0);
  return reply(200, json.key("data").raw(items.close(']').take()).close('}').take());
}

bool in_workspaces(const std::vector<std::string>& only, const WorkspaceId& workspace) {
  return only.empty() || std::find(only.begin(), only.end(), workspace.text) != only.end();
}

Outcome list_connections(Api& api, const Query& query) {
  const auto only = all(query, "workspaceIds");
  const bool with_deleted = first(query, "includeDeleted").value_or("false") == "true";
  return list_of(
      api, query, "/connections", api.airbyte.connections(),
      [&](std::size_t i) {
        const auto& view = api.airbyte.connection(static_cast<ConnectionIndex>(i)).view;
        return in_workspaces(only, view.workspace) &&
               (with_deleted || view.status != ConnectionStatus::deprecated);
      },
      [&](Json& json, std::size_t i) {
        write_public_connection(json, api, api.airbyte.connection(static_cast<ConnectionIndex>(i)));
      });
}

Outcome one_connection(Api& api, const http::Request& request, const std::string& id_text) {
  const ConnectionId id{id_text};
  const auto index = api.airbyte.find(id);
  if (!index) return not_found("STANDARD_SYNC", id_text);
  if (request.method == "DELETE") {
    ConnectionPatch patch;
    patch.status = ConnectionStatus::deprecated;
    api.airbyte.update(id, patch, api.airbyte.now());
    return reply(204, {});
  }
  if (request.method == "PATCH") {
    const auto body = Body::parse(request.body);
    if (!body) return bad_request("the body is no JSON object");
    if (api.airbyte.connection(*index).view.status == ConnectionStatus::locked) {
      return problem(409, "error:connection/locked", "connection-locked", "The connection is locked", {});
    }
    auto patch = read_public_patch(*body);
    if (auto* refusal = std::get_if<http::Response>(&patch)) return std::move(*refusal);
    auto& wanted = std::get<ConnectionPatch>(patch);
    if (const auto streams = body->json("configurations")) {
      const auto* source = api.airbyte.find_actor(api.airbyte.connection(*index).view.source.id);
      if (source != nullptr) wanted.catalog = catalog_from_public(*source, *streams);
      if (!wanted.catalog) return bad_request("a stream does not exist in the source");
    }
    api.airbyte.update(id, wanted, api.airbyte.now());
  }
  Json json;
  write_public_connection(json, api, api.airbyte.connection(*index));
  return reply(200, json.take());
}

Outcome list_workspaces(Api& api, const Query& query) {
  const auto only = all(query, "workspaceIds");
  const auto& workspaces = api.airbyte.workspaces();
  return list_of(
      api, query, "/workspaces", workspaces.size(),
      [&](std::size_t i) { return in_workspaces(only, workspaces[i].id); },
      [&](Json& json, std::size_t i) {
        json.open('{').member("workspaceId", workspaces[i].id.text).member("name", workspaces[i].name);
        json.member("dataResidency", "auto").key("notifications").raw("{}").close('}');
      });
}

Outcome list_actors(Api& api, const Query& query, bool source) {
  const auto only = all(query, "workspaceIds");
  const auto& actors = api.airbyte.actors();
  return list_of(
      api, query, source ? "/sources" : "/destinations", actors.size(),
      [&](std::size_t i) {
        return actors[i].source == source && !actors[i].deleted && in_workspaces(only, actors[i].workspace);
      },
      [&](Json& json, std::size_t i) { write_public_actor(json, actors[i]); });
}

}  // namespace

http::Response public_not_found(std::string_view kind, std::string_view id) { return not_found(kind, id); }
http::Response public_bad_request(std::string_view message) { return bad_request(message); }
http::Response public_unprocessable(std::string_view message) { return unprocessable(message); }

std::optional<std::string> query_text(const http::Request& request, std::string_view name) {
  const auto query = read_query(request.query());
  if (!query) return std::nullopt;
  return first(*query, std::string(name));
}

Outcome public_operation(Api& api, const http::Request& request, std::string_view path) {
  const auto query = read_query(request.query());
  if (!query) return bad_request("the query cannot be decoded");
  constexpr std::string_view jobs = "/jobs/";
  constexpr std::string_view connections = "/connections/";
  const bool get = request.method == "GET";
  if (auto setup = public_setup(api, request, path)) return *std::move(setup);
  if (path == "/jobs") return request.method == "POST" ? create_job(api, request) : list_jobs(api, *query);
  if (path.starts_with(jobs)) return one_job(api, request, path.substr(jobs.size()));
  if (path.starts_with(connections)) {
    return one_connection(api, request, std::string{path.substr(connections.size())});
  }
  if (get && path == "/health") {
    if (!api.faults.unavailable) return reply(200, "Successful operation", "text/plain");
    return named_problem(503, "service-unavailable", "Service unavailable", {});
  }
  if (get && path == "/connections") return list_connections(api, *query);
  if (get && path == "/workspaces") return list_workspaces(api, *query);
  if (get && path == "/sources") return list_actors(api, *query, true);
  if (get && path == "/destinations") return list_actors(api, *query, false);
  return unknown_route();
}

}  // namespace syncwarden::emulator
