#include "emulator/impl/encode.hpp"

#include "emulator/impl/setup.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

/// 1.0 brought the statistics of a whole job; older servers show those of attempts only.
bool has_job_stats(const Api& api) { return api.rules().clears; }

const Connection& connection_of(const Api& api, const Job& job) {
  return api.airbyte.connection(job.connection);
}

std::string stream_of(const Api& api, const Job& job) {
  const auto& connection = connection_of(api, job);
  return connection.catalog.empty() ? connection.view.source.name.str() : first_stream(connection.catalog);
}

void write_stream_name(Json& json, const Api& api, const Job& job) {
  json.member("streamName", stream_of(api, job)).member("streamNamespace", "public");
}

}  // namespace

void write_counts(Json& json, const Progress& progress) {
  json.member("recordsEmitted", progress.records_emitted)
      .member("bytesEmitted", progress.bytes_emitted)
      .member("recordsCommitted", progress.records_committed)
      .member("bytesCommitted", progress.bytes_committed)
      .member("recordsRejected", progress.records_rejected);
}

namespace {

void write_failure(Json& json, const Api& api, const Attempt& attempt, const JobFailure& failure) {
  auto type = to_string(failure.type);
  // transient_error came with 1.5; before it such a failure is a system_error.
  if (failure.type == FailureType::transient_error && !api.rules().clears) type = "system_error";
  json.key("failureSummary").open('{').key("failures").open('[').open('{');
  json.member("failureOrigin", word(api, to_string(failure.origin))).member("failureType", word(api, type));
  json.member("externalMessage", failure.message).member("internalMessage", failure.message);
  if (api.faults.nulls) json.key("stacktrace").null().key("streamDescriptor").null();
  json.member("retryable", failure.type != FailureType::config_error);
  json.member("timestamp", attempt.updated.time_since_epoch().count());
  json.close('}')
      .close(']')
      .member("partialSuccess", attempt.final_progress.records_committed > 0)
      .close('}');
}

void write_attempt(Json& json, const Api& api, const Job& job, std::size_t number, bool running_stats) {
  const auto& attempt = job.attempts[number];
  json.open('{').member("id", number).member("status", to_string(attempt.status));
  json.member("createdAt", epoch_s(attempt.created)).member("updatedAt", epoch_s(attempt.updated));
  if (attempt.ended) {
    json.member("endedAt", epoch_s(*attempt.ended));
  } else if (api.faults.nulls) {
    json.key("endedAt").null();
  }
  const bool counts = !api.faults.drop_stats && !job.without_stats && api.airbyte.shows_stats(attempt) &&
                      job.type != JobType::reset && (attempt.ended || running_stats);
  if (counts) {
    const auto progress = api.airbyte.progress(job, attempt);
    json.member("bytesSynced", progress.bytes_committed).member("recordsSynced", progress.records_committed);
    json.key("totalStats");
    write_attempt_stats(json, api, progress, false);
    json.key("streamStats").open('[').open('{');
    write_stream_name(json, api, job);
    json.key("stats");
    write_attempt_stats(json, api, progress, false);
    json.close('}').close(']');
  } else if (api.faults.nulls) {
    json.key("totalStats").null().key("bytesSynced").null();
  }
  if (attempt.failure) {
    write_failure(json, api, attempt, *attempt.failure);
  } else if (api.faults.nulls) {
    json.key("failureSummary").null();
  }
  json.close('}');
}

void write_schedule(Json& json, const OwnSchedule& schedule) {
  json.member("scheduleType", to_string(schedule.kind));
  if (schedule.kind == AirbyteSchedule::basic) {
    // The legacy mirror, then the real one.
    json.key("schedule").open('{').member("units", schedule.units).member("timeUnit", schedule.time_unit);
    json.close('}').key("scheduleData").open('{').key("basicSchedule").open('{');
    json.member("timeUnit", schedule.time_unit).member("units", schedule.units).close('}').close('}');
  } else if (schedule.kind == AirbyteSchedule::cron) {
    json.key("scheduleData").open('{').key("cron").open('{').member("cronExpression", schedule.cron);
    json.member("cronTimeZone", schedule.zone).close('}').close('}');
  }
}

void write_catalog(Json& json, const Connection& connection) {
  if (!connection.catalog.empty()) {
    json.raw(connection.catalog);
    return;
  }
  const auto& name = connection.view.source.name;
  json.open('{').key("streams").open('[').open('{');
  json.key("stream").open('{').member("name", name).member("namespace", "public");
  json.key("jsonSchema").raw("{}").key("supportedSyncModes").raw(R"(["full_refresh","incremental"])");
  json.close('}').key("config").open('{');
  json.member("syncMode", connection.behaviour.full_refresh ? "full_refresh" : "incremental");
  json.member("destinationSyncMode", "append").member("aliasName", name);
  json.member("selected", true).close('}').close('}').close(']').close('}');
}

void write_tags(Json& json, const Api& api, const Connection& connection) {
  json.key("tags").open('[');
  for (const auto& tag : connection.view.tags) {
    const auto& workspace = connection.view.workspace.text;
    json.open('{').member("tagId", api.airbyte.uuid(fmt::format("{}/tag/{}", workspace, tag)));
    json.member("workspaceId", workspace).member("name", tag).member("color", "FBECB1").close('}');
  }
  json.close(']');
}

}  // namespace

std::string_view word(const Api& api, std::string_view known) {
  return api.faults.unknown_words ? "from_the_future" : known;
}

std::string_view config_type(JobType type) {
  switch (type) {
    case JobType::refresh:
      return "refresh";
    case JobType::reset:
    case JobType::clear:
      return "reset_connection";
    case JobType::sync:
    case JobType::other:
      break;
  }
  return "sync";
}

std::int64_t epoch_s(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

std::string java_time(Instant at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(whole);
  const std::chrono::year_month_day date{day};
  const auto rest = (whole - day).count();
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                          rest / 3'600, rest / 60 % 60);
  if (rest % 60 != 0) fmt::format_to(std::back_inserter(text), ":{:02}", rest % 60);
  return text + "Z";
}

std::string java_duration(Millis duration) {
  const auto total = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (total == 0) return "PT0S";
  std::string text = "PT";
  if (total >= 3'600) fmt::format_to(std::back_inserter(text), "{}H", total / 3'600);
  if (total / 60 % 60 != 0) fmt::format_to(std::back_inserter(text), "{}M", total / 60 % 60);
  if (total % 60 != 0) fmt::format_to(std::back_inserter(text), "{}S", total % 60);
  return text;
}

void write_attempt_stats(Json& json, const Api& api, const Progress& progress, bool with_bytes_committed) {
  json.open('{').member("recordsEmitted", progress.records_emitted);
  json.member("bytesEmitted", progress.bytes_emitted);
  if (with_bytes_committed) json.member("bytesCommitted", progress.bytes_committed);
  if (has_job_stats(api)) json.member("recordsRejected", progress.records_rejected);
  json.member("recordsCommitted", progress.records_committed).close('}');
}

void write_job(Json& json, const Api& api, const Job& job, bool stats) {
  json.open('{').member("id", job.id.value).member("configType", word(api, config_type(job.type)));
  json.member("configId", connection_of(api, job).view.id.text);
  json.member("createdAt", epoch_s(job.created)).member("updatedAt", epoch_s(job.updated));
  json.member("status", word(api, to_string(job.status)));
  if (api.faults.nulls) json.key("startedAt").null().key("resetConfig").null();
  json.key("enabledStreams").open('[').open('{').member("name", stream_of(api, job));
  json.member("namespace", "public").close('}').close(']');
  if (stats && has_job_stats(api) && !api.faults.drop_stats) {
    if (const auto progress = api.airbyte.progress(job)) {
      json.key("aggregatedStats").open('{');
      write_counts(json, *progress);
      json.close('}').key("streamAggregatedStats").open('[').open('{');
      write_stream_name(json, api, job);
      write_counts(json, *progress);
      json.close('}').close(']');
    }
  }
  json.close('}');
}

void write_job_with_attempts(Json& json, const Api& api, const Job& job) {
  json.open('{').key("job");
  write_job(json, api, job, true);
  json.key("attempts").open('[');
  for (std::size_t i = 0; i < job.attempts.size(); ++i) write_attempt(json, api, job, i, true);
  json.close(']').close('}');
}

void write_job_info(Json& json, const Api& api, const Job& job, JobParts parts) {
  json.open('{').key("job");
  write_job(json, api, job, parts.stats);
  json.key("attempts").open('[');
  for (std::size_t i = 0; i < job.attempts.size(); ++i) write_attempt_info(json, api, job, i, parts);
  json.close(']').close('}');
}

void write_attempt_info(Json& json, const Api& api, const Job& job, std::size_t number, JobParts parts) {
  json.open('{').key("attempt");
  write_attempt(json, api, job, number, parts.running_stats);
  if (parts.logs) {
    write_logs(json, api, job, number, parts.padding);
  } else if (api.rules().stack_traces) {
    json.key("logs").raw(R"({"logLines":[]})");  // required before 1.0
  }
  json.close('}');
}

void write_connection(Json& json, const Api& api, const Connection& connection) {
  const auto& view = connection.view;
  json.open('{').member("connectionId", view.id.text).member("name", view.name);
  json.member("namespaceDefinition", connection.namespace_definition).member("prefix", connection.prefix);
  if (!connection.namespace_format.empty()) json.member("namespaceFormat", connection.namespace_format);
  json.member("sourceId", view.source.id.text).member("destinationId", view.destination.id.text);
  json.key("operationIds").raw("[]").key("syncCatalog");
  write_catalog(json, connection);
  write_schedule(json, connection.schedule);
  json.member("status", word(api, to_string(view.status)));
  json.member("breakingChange", view.breaking_change)
      .member("nonBreakingChangesPreference", connection.schema_changes);
  if (api.rules().locked_status && !connection.status_reason.empty()) {
    json.member("statusReason", connection.status_reason);
  } else if (api.faults.nulls) {
    json.key("statusReason").null();
  }
  if (api.rules().job_filters) json.member("workspaceId", view.workspace.text);
  if (api.rules().clears) {
    json.member("created_at", epoch_s(connection.created));
    write_tags(json, api, connection);
  }
  json.close('}');
}

void write_public_job(Json& json, const Api& api, const Job& job, bool stats) {
  json.open('{').member("jobId", job.id.value).member("status", word(api, to_string(job.status)));
  const bool resets = job.type == JobType::reset || job.type == JobType::clear;
  json.member("jobType", word(api, resets ? "reset" : to_string(job.type)));
  json.member("startTime", java_time(job.created));
  json.member("connectionId", connection_of(api, job).view.id.text);
  if (is_terminal(job.status)) {
    json.member("lastUpdatedAt", java_time(job.updated));
  } else if (api.faults.nulls) {
    json.key("lastUpdatedAt").null();
  }
  if (job.status != JobStatus::pending) {
    const Millis passed = std::chrono::floor<std::chrono::seconds>(job.updated) -
                          std::chrono::floor<std::chrono::seconds>(job.created);
    json.member("duration", java_duration(passed));
  }
  if (stats && !api.faults.drop_stats) {
    if (const auto progress = api.airbyte.progress(job)) {
      json.member("bytesSynced", progress->bytes_committed);
      json.member("rowsSynced", progress->records_committed);
    }
  }
  json.close('}');
}

void write_public_connection(Json& json, const Api& api, const Connection& connection) {
  const auto& view = connection.view;
  json.open('{').member("connectionId", view.id.text).member("name", view.name);
  json.member("sourceId", view.source.id.text).member("destinationId", view.destination.id.text);
  json.member("workspaceId", view.workspace.text).member("status", word(api, to_string(view.status)));
  if (!view.status_reason.empty()) json.member("statusReason", view.status_reason);
  json.key("schedule").open('{').member("scheduleType", to_string(connection.schedule.kind));
  if (connection.schedule.kind == AirbyteSchedule::cron) {
    json.member("cronExpression", connection.schedule.cron + " " + connection.schedule.zone);
  } else if (connection.schedule.kind == AirbyteSchedule::basic) {
    auto unit = connection.schedule.time_unit;
    std::transform(unit.begin(), unit.end(), unit.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    json.member("basicTiming", fmt::format("Every {} {}", connection.schedule.units, unit));
  }
  const bool disables = connection.schema_changes == "disable";
  json.close('}').member("nonBreakingSchemaUpdatesBehavior",
                         disables ? std::string("disable_connection") : connection.schema_changes);
  const bool custom = connection.namespace_definition == "customformat";
  json.member("namespaceDefinition", custom ? std::string("custom_format") : connection.namespace_definition);
  if (!connection.namespace_format.empty()) json.member("namespaceFormat", connection.namespace_format);
  json.member("prefix", connection.prefix).key("configurations");
  if (connection.catalog.empty()) {
    json.open('{').key("streams").open('[').open('{').member("name", view.source.name);
    json.member("syncMode", "incremental_append").close('}').close(']').close('}');
  } else {
    json.raw(public_configurations(connection.catalog));
  }
  json.member("createdAt", epoch_s(connection.created));
  write_tags(json, api, connection);
  json.close('}');
}

}  // namespace syncwarden::emulator
