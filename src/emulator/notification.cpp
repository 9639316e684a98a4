#include "emulator/impl/notification.hpp"

#include "emulator/impl/json.hpp"

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

void put_named(Json& json, std::string_view key, std::string_view id, std::string_view name,
               const std::string& url) {
  json.key(key).open('{').member("id", id).member("name", name).member("url", url).close('}');
}

void put_counters(Json& json, const std::optional<Progress>& progress) {
  const Progress counted = progress.value_or(Progress{});
  json.member("bytesEmitted", counted.bytes_emitted).member("bytesCommitted", counted.bytes_committed);
  json.member("recordsEmitted", counted.records_emitted);
  json.member("recordsCommitted", counted.records_committed);
}

}  // namespace

std::string notification_of(const Airbyte& airbyte, const Job& job, const std::string& url) {
  const auto& view = airbyte.connection(job.connection).view;
  const bool success = job.status == JobStatus::succeeded;
  const std::string workspace = fmt::format("{}/workspaces/{}", url, view.workspace.text);
  const std::string page = fmt::format("{}/connections/{}", workspace, view.id.text);
  const char* const title = success ? "Sync completed" : "Sync failure occurred";
  Json json(1024);
  json.open('{').member("text",
                        fmt::format("Your connection {} from {} to {} {}", view.name, view.source.name,
                                    view.destination.name, success ? "succeeded." : "just failed."));
  json.key("blocks").open('[').open('{').member("type", "section").key("text").open('{');
  json.member("type", "mrkdwn").member("text", fmt::format("{}: <{}|{}>", title, page, view.name));
  json.close('}').close('}').close(']');
  json.key("data").open('{');
  put_named(json, "workspace", view.workspace.text, view.workspace_name, workspace);
  put_named(json, "connection", view.id.text, view.name, page);
  put_named(json, "source", view.source.id.text, view.source.name,
            fmt::format("{}/source/{}", workspace, view.source.id.text));
  put_named(json, "destination", view.destination.id.text, view.destination.name,
            fmt::format("{}/destination/{}", workspace, view.destination.id.text));
  json.member("jobId", job.id.value).member("success", success);
  json.member("startedAt", to_rfc3339(job.created)).member("finishedAt", to_rfc3339(job.updated));
  put_counters(json, airbyte.progress(job));
  const auto failure = job.attempts.empty() ? std::optional<JobFailure>{} : job.attempts.back().failure;
  if (!success && failure) {
    json.member("errorMessage", failure->message).member("errorType", to_string(failure->type));
    json.member("errorOrigin", to_string(failure->origin));
  } else {
    json.key("errorMessage").null().key("errorType").null().key("errorOrigin").null();
  }
  return json.close('}').close('}').take();
}

}  // namespace syncwarden::emulator
