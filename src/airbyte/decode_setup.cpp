// Connections with their streams, and jobs in full: replies to model types.
#include "airbyte/impl/admin_codec.hpp"
#include "airbyte/impl/json_value.hpp"
#include "airbyte/impl/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::airbyte {
namespace {

namespace json = boost::json;

struct ModeWord {
  std::string_view word;
  std::string_view sync;
  std::string_view destination;
};
constexpr std::array mode_words{
    ModeWord{"full_refresh_overwrite", "full_refresh", "overwrite"},
    ModeWord{"full_refresh_overwrite_deduped", "full_refresh", "overwrite_dedup"},
    ModeWord{"full_refresh_append", "full_refresh", "append"},
    ModeWord{"full_refresh_update", "full_refresh", "update"},
    ModeWord{"full_refresh_soft_delete", "full_refresh", "soft_delete"},
    ModeWord{"incremental_append", "incremental", "append"},
    ModeWord{"incremental_deduped_history", "incremental", "append_dedup"},
    ModeWord{"incremental_update", "incremental", "update"},
    ModeWord{"incremental_soft_delete", "incremental", "soft_delete"},
};

/// The configuration of a stream without what a person chooses with us: it goes back as it came.
std::string kept_of(JsonView config) {
  const std::string text = config.json();
  if (text.empty()) return {};
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return {};
  for (const char* ours : {"syncMode", "destinationSyncMode", "cursorField", "primaryKey", "selected"})
    value.get_object().erase(ours);
  return json::serialize(value);
}

StreamChoice config_choice(JsonView item) {
  StreamChoice choice;
  const JsonView stream = item["stream"];
  const JsonView config = item["config"];
  choice.name = name_from(stream["name"].text());
  choice.space = name_from(stream["namespace"].text());
  choice.sync_mode = config["syncMode"].text();
  choice.destination_sync_mode = config["destinationSyncMode"].text();
  choice.cursor = config["cursorField"].texts();
  choice.primary_key = config["primaryKey"].paths();
  choice.stream.text = stream.json();
  choice.kept.text = kept_of(config);
  return choice;
}

/// What is not said is selected: servers before 0.50 have no such member.
bool is_selected(JsonView item) {
  const std::string said = item["config"]["selected"].json();
  return said != "false";
}

StreamChoice public_choice(JsonView item) {
  StreamChoice choice;
  choice.name = name_from(item["name"].text());
  choice.space = name_from(item["namespace"].text());
  const auto [sync, destination] = sync_modes_of(item["syncMode"].text());
  choice.sync_mode = sync;
  choice.destination_sync_mode = destination;
  choice.cursor = item["cursorField"].texts();
  choice.primary_key = item["primaryKey"].paths();
  return choice;
}

ScheduleSetting config_schedule(JsonView item) {
  ScheduleSetting schedule;
  const std::string kind = item["scheduleType"].text();
  const JsonView legacy = item["schedule"];
  if (kind.empty()) {  // the oldest servers tell a basic schedule in its legacy form only
    schedule.kind = legacy.is_object() ? AirbyteSchedule::basic : AirbyteSchedule::manual;
  } else {
    schedule.kind = airbyte_schedule_from(kind);
  }
  if (schedule.kind == AirbyteSchedule::basic) {
    JsonView basic = item["scheduleData"]["basicSchedule"];
    if (!basic.is_object()) basic = legacy;
    schedule.units = basic["units"].integer().value_or(0);
    schedule.time_unit = basic["timeUnit"].text();
  } else if (schedule.kind == AirbyteSchedule::cron) {
    const JsonView cron = item["scheduleData"]["cron"];
    schedule.cron = printable(cron["cronExpression"].text());
    schedule.zone = printable(cron["cronTimeZone"].text());
  }
  return schedule;
}

/// "0 15 2 * * ? Europe/Amsterdam" and "Every 24 HOURS".
ScheduleSetting public_schedule(JsonView item) {
  ScheduleSetting schedule;
  schedule.kind = airbyte_schedule_from(item["scheduleType"].text());
  if (schedule.kind == AirbyteSchedule::cron) {
    const std::string text = printable(item["cronExpression"].text());
    const auto blank = text.rfind(' ');
    const bool zoned = blank != std::string::npos && blank + 1 < text.size() &&
                       ((text[blank + 1] >= 'A' && text[blank + 1] <= 'Z') && text.size() - blank > 3) &&
                       std::count(text.begin(), text.end(), ' ') >= 6;
    schedule.cron = zoned ? text.substr(0, blank) : text;
    if (zoned) schedule.zone = text.substr(blank + 1);
  } else if (schedule.kind == AirbyteSchedule::basic) {
    const std::string text = lower(item["basicTiming"].text());
    constexpr std::string_view every = "every ";
    if (text.substr(0, every.size()) == every) {
      const char* const end = text.data() + text.size();
      const auto [stop, ec] = std::from_chars(text.data() + every.size(), end, schedule.units);
      if (ec == std::errc() && stop != end) schedule.time_unit = std::string(stop + 1, end);
    }
  }
  return schedule;
}

std::optional<ConnectionEntry> entry_from(Api api, JsonView item) {
  ConnectionEntry entry;
  entry.id = ConnectionId(id_from(item["connectionId"].text()));
  if (entry.id.empty()) return std::nullopt;
  const bool config = api == Api::config;
  entry.name = name_from(item["name"].text());
  entry.workspace = WorkspaceId(id_from(item["workspaceId"].text()));
  entry.source = ActorId(id_from(item["sourceId"].text()));
  entry.destination = ActorId(id_from(item["destinationId"].text()));
  entry.status = connection_status_from(item["status"].text());
  entry.status_reason = printable(item["statusReason"].text());
  entry.schedule = config ? config_schedule(item) : public_schedule(item["schedule"]);
  entry.namespace_definition = item["namespaceDefinition"].text();
  if (entry.namespace_definition == "custom_format") entry.namespace_definition = "customformat";
  entry.namespace_format = name_from(item["namespaceFormat"].text());
  entry.prefix = name_from(item["prefix"].text());
  entry.breaking_change = item["breakingChange"].is_true();
  entry.schema_changes =
      item[config ? "nonBreakingChangesPreference" : "nonBreakingSchemaUpdatesBehavior"].text();
  if (entry.schema_changes == "disable_connection") entry.schema_changes = "disable";
  if (config) {
    for (const auto& stream : item["syncCatalog"]["streams"].items()) {
      if (is_selected(stream)) entry.streams.push_back(config_choice(stream));
    }
  } else {
    for (const auto& stream : item["configurations"]["streams"].items())
      entry.streams.push_back(public_choice(stream));
  }
  return entry;
}

/// The shape of a job with what the watcher does not need: attempts' states, the streams' counters.
Shape detail_shape(Api api) {
  Shape shape = job_shape(api);
  for (Shape& part : shape.inside) {
    if (part.key == "job") {
      Shape counters{"streamAggregatedStats", {{"streamName", {}}, {"streamNamespace", {}}}};
      for (const Shape& field : part.inside) {
        if (field.key == "aggregatedStats")
          counters.inside.insert(counters.inside.end(), field.inside.begin(), field.inside.end());
      }
      part.inside.push_back(std::move(counters));
    }
    if (part.key != "attempts") continue;
    part.inside.push_back({"status", {}});
    for (Shape& field : part.inside) {
      if (field.key == "attempt") field.inside.push_back({"status", {}});
    }
  }
  return shape;
}

void read_counters(JobCounters& counters, const Node& node) {
  counters.records_emitted = node["recordsEmitted"].integer();
  counters.bytes_emitted = node["bytesEmitted"].integer();
  counters.records_committed = node["recordsCommitted"].integer();
  counters.bytes_committed = node["bytesCommitted"].integer();
  counters.records_rejected = node["recordsRejected"].integer();
}

AttemptEntry attempt_from(const Node& attempt, std::int64_t position) {
  AttemptEntry entry;
  entry.number = attempt["id"].integer().value_or(position);
  entry.status = printable(attempt["status"].text_or_empty());
  entry.created = instant_from_epoch(attempt["createdAt"].integer());
  entry.ended = instant_from_epoch(attempt["endedAt"].integer());
  read_counters(entry.counters, attempt["totalStats"]);
  for (const auto& node : attempt["failureSummary"]["failures"].elements) {
    JobFailure failure;
    failure.origin = failure_origin_from(node["failureOrigin"].text_or_empty());
    failure.type = failure_type_from(node["failureType"].text_or_empty());
    std::string_view message = node["externalMessage"].text_or_empty();
    if (message.empty()) message = node["internalMessage"].text_or_empty();
    failure.message = printable(message, 500);
    entry.failures.push_back(std::move(failure));
  }
  return entry;
}

}  // namespace

std::string_view public_sync_mode(std::string_view sync_mode, std::string_view destination) {
  for (const auto& mode : mode_words) {
    if (mode.sync == sync_mode && mode.destination == destination) return mode.word;
  }
  return {};
}

std::pair<std::string_view, std::string_view> sync_modes_of(std::string_view public_mode) {
  for (const auto& mode : mode_words) {
    if (mode.word == public_mode) return {mode.sync, mode.destination};
  }
  return {};
}

std::optional<std::vector<ConnectionEntry>> connection_entries_from(Api api, std::string_view body) {
  boost::system::error_code failed;
  const json::value document = json::parse({body.data(), body.size()}, failed);
  if (failed) return std::nullopt;
  const JsonView list = JsonView(&document)[api == Api::config ? "connections" : "data"];
  if (list.array() == nullptr) return std::nullopt;
  std::vector<ConnectionEntry> all;
  for (const auto& item : list.items()) {
    if (auto entry = entry_from(api, item)) all.push_back(std::move(*entry));
  }
  return all;
}

std::optional<ConnectionEntry> connection_entry_from(Api api, std::string_view body) {
  boost::system::error_code failed;
  const json::value document = json::parse({body.data(), body.size()}, failed);
  if (failed) return std::nullopt;
  return entry_from(api, JsonView(&document));
}

const Shape& job_detail_shape(Api api) {
  static const Shape config = detail_shape(Api::config);
  static const Shape open = detail_shape(Api::public_api);
  return api == Api::config ? config : open;
}

std::optional<JobDetail> job_detail_from(Api api, const Node& node) {
  auto view = job_from(api, node);
  if (!view) return std::nullopt;
  JobDetail detail;
  detail.job = std::move(*view);
  std::int64_t position = 0;
  for (const auto& element : node["attempts"].elements) {
    const Node& attempt = element["attempt"].is_absent() ? element : element["attempt"];
    detail.attempts.push_back(attempt_from(attempt, position++));
  }
  for (const auto& element : node["job"]["streamAggregatedStats"].elements) {
    StreamCounters stream;
    const auto space = element["streamNamespace"].text_or_empty();
    stream.name = printable(space.empty() ? std::string(element["streamName"].text_or_empty())
                                          : std::string(space) + "." +
                                                std::string(element["streamName"].text_or_empty()));
    read_counters(stream.counters, element);
    detail.streams.push_back(std::move(stream));
  }
  return detail;
}

}  // namespace syncwarden::airbyte
