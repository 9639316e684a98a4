// Config API: connections and their verbs (reference 4.4, 4.6, 6).
#include "emulator/impl/api.hpp"
#include "emulator/impl/encode.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

const Connection* connection_asked(const Api& api, const Body& body) {
  const auto id = body.text("connectionId");
  const auto index = id ? api.airbyte.find(ConnectionId{*id}) : std::nullopt;
  return index ? &api.airbyte.connection(*index) : nullptr;
}

http::Response no_connection(Api& api, const Body& body) {
  const auto id = body.text("connectionId");
  if (!id) return config_error(api, 422, "connectionId must not be null");
  return config_error(api, 404, fmt::format("Could not find configuration for STANDARD_SYNC: {}.", *id), *id);
}

http::Response list_of(const Api& api, const std::function<bool(const Connection&)>& wanted,
                       std::size_t offset, std::size_t limit) {
  Json json(4'096);
  json.open('{').key("connections").open('[');
  std::size_t seen = 0;
  for (ConnectionIndex i = 0; i < api.airbyte.connections(); ++i) {
    const auto& connection = api.airbyte.connection(i);
    if (!wanted(connection)) continue;
    if (seen++ < offset) continue;
    if (seen > offset + limit) break;
    write_connection(json, api, connection);
  }
  return reply(200, json.close(']').close('}').take());
}

bool alive(const Connection& connection) { return connection.view.status != ConnectionStatus::deprecated; }

Outcome list_of_workspace(Api& api, const Body& body, bool with_deleted) {
  const auto workspace = body.text("workspaceId");
  if (!workspace) return config_error(api, 422, "workspaceId must not be null");
  return list_of(
      api,
      [&](const Connection& connection) {
        return connection.view.workspace.text == *workspace && (with_deleted || alive(connection));
      },
      0, api.airbyte.connections());
}

Outcome list(Api& api, const Body& body) { return list_of_workspace(api, body, false); }
Outcome list_all(Api& api, const Body& body) { return list_of_workspace(api, body, true); }

Outcome list_paginated(Api& api, const Body& body) {
  const auto workspaces = body.texts("workspaceIds");
  if (workspaces.empty()) return config_error(api, 422, "workspaceIds must not be null");
  const auto page = body.object("pagination");
  const auto size = page ? page->number("pageSize").value_or(20) : 20;
  const auto offset = page ? page->number("rowOffset").value_or(0) : 0;
  if (size < 1 || offset < 0) return config_error(api, 422, "bad pagination");
  const bool with_deleted = body.flag("includeDeleted").value_or(false);
  return list_of(
      api,
      [&](const Connection& connection) {
        return (with_deleted || alive(connection)) &&
               std::find(workspaces.begin(), workspaces.end(), connection.view.workspace.text) !=
                   workspaces.end();
      },
      static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

Outcome get(Api& api, const Body& body) {
  const auto* connection = connection_asked(api, body);
  if (connection == nullptr) return no_connection(api, body);
  Json json;
  write_connection(json, api, *connection);
  return reply(200, json.take());
}

Outcome remove(Api& api, const Body& body) {
  const auto* connection = connection_asked(api, body);
  if (connection == nullptr) return no_connection(api, body);
  ConnectionPatch patch;
  patch.status = ConnectionStatus::deprecated;
  const auto id = connection->view.id;
  api.airbyte.update(id, patch, api.airbyte.now());
  return reply(204, {});
}

Outcome answer_of(Api& api, const Body& body, const SignalAnswer& answer) {
  const auto id = body.text("connectionId").value_or("");
  switch (answer.signal) {
    case Signal::accepted: {
      Waiting waiting;
      waiting.ticket = answer.ticket;
      waiting.is_sync = true;
      return waiting;
    }
    case Signal::conflict:
      return config_error(api, 409, fmt::format("A sync is already running for: {}", id));
    case Signal::deleted:
      return config_error(api, 409,
                          fmt::format("The connection manager workflow for connection {} is deleted", id));
    case Signal::inactive:
      return config_error(api, 500, "Can only sync an active connection");
    case Signal::not_found:
      break;
  }
  return no_connection(api, body);
}

Outcome sync(Api& api, const Body& body) {
  const auto id = body.text("connectionId");
  if (!id) return no_connection(api, body);
  return answer_of(api, body, api.airbyte.signal_sync(ConnectionId{*id}, api.airbyte.now()));
}

Outcome reset_with(Api& api, const Body& body, JobType type) {
  const auto id = body.text("connectionId");
  if (!id) return no_connection(api, body);
  return answer_of(api, body, api.airbyte.signal_reset(ConnectionId{*id}, type, api.airbyte.now()));
}

Outcome reset(Api& api, const Body& body) { return reset_with(api, body, JobType::reset); }
Outcome clear(Api& api, const Body& body) {
  return api.rules().clears ? reset_with(api, body, JobType::reset) : Outcome{unknown_route()};
}

/// The shape before 1.0: a list of streams, empty while nothing runs.
http::Response old_sync_progress(const Api& api, const Connection& connection, const Job* job) {
  if (job == nullptr || is_terminal(job->status)) return reply(200, "[]");
  const auto progress = api.airbyte.progress(*job).value_or(Progress{});
  Json json;
  json.open('[').open('{').member("streamName", connection.view.source.name);
  json.member("streamNamespace", "public").member("recordsExtracted", progress.records_emitted);
  json.member("recordsLoaded", progress.records_committed);
  json.member("syncTimeElapsed", (api.airbyte.now() - job->created).count()).member("progressPercentage", 0);
  json.member("lastCommittedTimestamp", 0).member("lastCursorValue", "");
  return reply(200, json.close('}').close(']').take());
}

Outcome sync_progress(Api& api, const Body& body) {
  if (!api.rules().job_filters) return unknown_route();
  const auto* connection = connection_asked(api, body);
  if (connection == nullptr) return no_connection(api, body);
  const auto* job = api.airbyte.last_job(*api.airbyte.find(connection->view.id));
  if (api.rules().stack_traces) return old_sync_progress(api, *connection, job);
  Json json;
  json.open('{').member("connectionId", connection->view.id.text);
  if (job == nullptr || is_terminal(job->status)) {
    return reply(200,
                 json.key("streams").raw("[]").close('}').take());  // without configType, as the real one
  }
  json.member("jobId", job->id.value).member("configType", word(api, config_type(job->type)));
  json.member("syncStartedAt", epoch_s(job->created));
  const auto progress = api.faults.drop_stats ? std::nullopt : api.airbyte.progress(*job);
  if (progress) write_counts(json, *progress);
  json.key("streams").open('[').open('{').member("streamName", connection->view.source.name);
  json.member("streamNamespace", "public").member("configType", word(api, config_type(job->type)));
  if (progress) write_counts(json, *progress);
  return reply(200, json.close('}').close(']').close('}').take());
}

/// The mapping of 4.6.
std::string_view sync_status(const Connection& connection, const Job* last) {
  if (last != nullptr && !is_terminal(last->status)) {
    if (last->status == JobStatus::running) return "running";
    return last->status == JobStatus::queued ? "queued" : "pending";
  }
  const bool config_error = last != nullptr && last->status == JobStatus::failed && !last->attempts.empty() &&
                            last->attempts.back().failure &&
                            last->attempts.back().failure->type == FailureType::config_error;
  if (config_error) return "failed";
  if (connection.view.status != ConnectionStatus::active) return "paused";
  if (last != nullptr && last->status == JobStatus::cancelled) return "incomplete";
  if (last == nullptr || last->type == JobType::reset || last->type == JobType::clear) return "pending";
  return last->status == JobStatus::failed ? "incomplete" : "synced";
}

void write_status(Json& json, const Api& api, ConnectionIndex index) {
  const auto& connection = api.airbyte.connection(index);
  const auto* last = api.airbyte.last_job(index);
  JobQuery query;
  query.connection = connection.view.id;
  query.statuses = {JobStatus::succeeded};
  query.limit = 1;
  const auto succeeded = api.airbyte.jobs(query).jobs;
  const auto last_success = succeeded.empty() ? 0 : epoch_s(succeeded.front()->updated);
  json.open('{').member("connectionId", connection.view.id.text);
  if (!api.rules().clears) {  // the shape of 0.50
    const bool running = last != nullptr && !is_terminal(last->status);
    json.member("isRunning", running).member("lastSuccessfulSync", last_success).member("nextSync", 0);
    json.member("lastSyncJobStatus", last == nullptr ? "pending" : to_string(last->status));
    json.member("isLastCompletedJobReset", last != nullptr && last->type == JobType::reset).close('}');
    return;
  }
  json.member("connectionSyncStatus", word(api, sync_status(connection, last)));
  if (last_success != 0) json.member("lastSuccessfulSync", last_success);
  if (last != nullptr) {
    json.member("lastSyncJobId", last->id.value).member("lastSyncJobCreatedAt", epoch_s(last->created));
    if (!is_terminal(last->status)) {
      json.key("activeJob");
      write_job(json, api, *last, false);
    }
  }
  json.close('}');
}

Outcome status(Api& api, const Body& body) {
  if (!api.rules().job_filters) return unknown_route();
  Json json;
  json.open('[');
  for (const auto& id : body.texts("connectionIds")) {
    if (const auto index = api.airbyte.find(ConnectionId{id})) write_status(json, api, *index);
  }
  return reply(200, json.close(']').take());
}

http::Response cron_problem(std::string_view kind) {
  return problem(400, fmt::format("error:cron-validation/{}", kind), kind, "The cron expression is not valid",
                 kind);
}

struct Named {
  std::string_view name;
  ConfigHandler handler;
};
constexpr std::array<Named, 10> operations{{{"connections/list", list},
                                            {"connections/list_all", list_all},
                                            {"connections/list_paginated", list_paginated},
                                            {"connections/get", get},
                                            {"connections/delete", remove},
                                            {"connections/sync", sync},
                                            {"connections/reset", reset},
                                            {"connections/clear", clear},
                                            {"connections/sync_progress", sync_progress},
                                            {"connections/status", status}}};

}  // namespace

std::string_view cron_fault(const std::string& expression, const std::string& zone) {
  auto lower = zone.substr(0, 3);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "etc") return "invalid-timezone";
  calendar::CronSpec spec;
  spec.expression = expression;
  spec.timezone = "UTC";
  spec.dst = calendar::DstPolicy::quartz;
  const auto fields = std::count(expression.begin(), expression.end(), ' ') + 1;
  if (fields < 6 || fields > 7 || calendar::Schedule::cron(spec).has_error()) return "invalid-expression";
  spec.timezone = zone;
  return calendar::Schedule::cron(spec).has_error() ? "invalid-timezone" : "";
}

std::variant<std::monostate, OwnSchedule, http::Response> read_schedule(Api& api, const Body& body) {
  const auto type = body.text("scheduleType");
  if (!type) return std::monostate{};
  OwnSchedule schedule;
  schedule.kind = airbyte_schedule_from(*type);
  if (schedule.kind == AirbyteSchedule::unknown) return config_error(api, 422, "Unexpected scheduleType");
  if (schedule.kind == AirbyteSchedule::manual) return schedule;
  const auto data = body.object("scheduleData");
  if (!data) return config_error(api, 422, "scheduleData must be given");
  if (schedule.kind == AirbyteSchedule::basic) {
    const auto basic = data->object("basicSchedule");
    const auto units = basic ? basic->number("units") : std::nullopt;
    const auto unit = basic ? basic->text("timeUnit") : std::nullopt;
    if (!units || *units < 1 || !unit) return config_error(api, 422, "basicSchedule must be given");
    schedule.units = *units;
    schedule.time_unit = *unit;
    return schedule;
  }
  const auto cron = data->object("cron");
  const auto expression = cron ? cron->text("cronExpression") : std::nullopt;
  const auto zone = cron ? cron->text("cronTimeZone") : std::nullopt;
  if (!cron) return cron_problem("missing-cron-data");
  if (!expression || !zone) return config_error(api, 422, "cronExpression and cronTimeZone must be given");
  if (const auto fault = cron_fault(*expression, *zone); !fault.empty()) return cron_problem(fault);
  schedule.cron = *expression;
  schedule.zone = *zone;
  return schedule;
}

ConfigHandler connection_operation(std::string_view operation) {
  for (const auto& [name, handler] : operations) {
    if (name == operation) return handler;
  }
  return nullptr;
}

}  // namespace syncwarden::emulator
