// The JSON of the lists; README.md beside this file is its contract.
#include "app/setup/sheets.hpp"
#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::app {

namespace json = boost::json;

namespace {

json::value parsed(const JsonText& text) {
  boost::system::error_code failed;
  json::value value = json::parse(text.text, failed);
  if (failed) return nullptr;
  return value;
}

json::string word(std::string_view text) { return json::string(text); }

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(word(text));
  return array;
}

json::array array_of(const std::vector<FieldPath>& paths) {
  json::array array;
  for (const auto& path : paths) array.emplace_back(array_of(path));
  return array;
}

json::value instant(const std::optional<Instant>& at) {
  if (!at || *at == Instant{}) return nullptr;
  return word(to_rfc3339(*at));
}

json::value count(const std::optional<std::int64_t>& number) {
  if (!number) return nullptr;
  return *number;
}

json::object definition_object(const DefinitionEntry& definition) {
  json::object object;
  object["id"] = word(definition.id.text);
  object["kind"] = word(to_string(definition.end));
  object["name"] = word(definition.name);
  object["connector"] = word(definition.connector());
  object["repository"] = word(definition.repository);
  object["version"] = word(definition.version);
  object["support"] = word(definition.support);
  object["documentation"] = word(definition.documentation);
  return object;
}

json::object named(std::string_view id, const Names& names) {
  json::object object;
  object["id"] = word(id);
  const auto at = names.find(id);
  object["name"] = at == names.end() ? json::value(nullptr) : json::value(word(at->second));
  return object;
}

json::object schedule_object(const ScheduleSetting& schedule) {
  json::object object;
  object["kind"] = word(to_string(schedule.kind));
  if (schedule.kind == AirbyteSchedule::basic) {
    object["units"] = schedule.units;
    object["time_unit"] = word(schedule.time_unit);
  } else if (schedule.kind == AirbyteSchedule::cron) {
    object["cron"] = word(schedule.cron);
    object["timezone"] = word(schedule.zone);
  }
  return object;
}

json::object choice_object(const StreamChoice& choice) {
  json::object object;
  object["namespace"] = word(choice.space);
  object["name"] = word(choice.name);
  object["sync_mode"] = word(choice.sync_mode);
  object["destination_sync_mode"] = word(choice.destination_sync_mode);
  object["cursor"] = array_of(choice.cursor);
  object["primary_key"] = array_of(choice.primary_key);
  return object;
}

void put_counters(json::object& object, const JobCounters& counters) {
  object["records_emitted"] = count(counters.records_emitted);
  object["records_committed"] = count(counters.records_committed);
  object["bytes_emitted"] = count(counters.bytes_emitted);
  object["bytes_committed"] = count(counters.bytes_committed);
  object["records_rejected"] = count(counters.records_rejected);
}

json::array failures_array(const std::vector<JobFailure>& failures) {
  json::array array;
  for (const auto& failure : failures) {
    json::object object;
    object["origin"] = word(to_string(failure.origin));
    object["type"] = word(to_string(failure.type));
    object["message"] = word(failure.message);
    array.emplace_back(std::move(object));
  }
  return array;
}

json::object job_object(const JobView& job, const Names& names) {
  json::object object;
  object["id"] = job.id.value;
  object["connection"] = named(job.connection.text, names);
  object["type"] = word(to_string(job.type));
  object["status"] = word(to_string(job.status));
  object["created"] = instant(job.created);
  object["updated"] = instant(job.updated);
  object["attempts"] = job.attempts;
  put_counters(object, job.counters);
  object["failures"] = failures_array(job.failures);
  return object;
}

}  // namespace

std::string json_line(const WorkspaceEntry& workspace) {
  json::object object;
  object["id"] = word(workspace.id.text);
  object["name"] = word(workspace.name);
  return json::serialize(object);
}

std::string json_line(const DefinitionEntry& definition) {
  return json::serialize(definition_object(definition));
}

std::string json_line(const DefinitionEntry& definition, const ConnectorSpecification& specification) {
  json::object object = definition_object(definition);
  object["destination_sync_modes"] = array_of(specification.destination_sync_modes);
  object["specification"] = parsed(specification.schema);
  return json::serialize(object);
}

std::string json_line(const ActorEntry& actor, const JsonText& configuration) {
  json::object object;
  object["id"] = word(actor.id.text);
  object["kind"] = word(to_string(actor.end));
  object["name"] = word(actor.name);
  object["workspace"] = word(actor.workspace.text);
  object["definition"] = word(actor.definition.text);
  object["definition_name"] = word(actor.definition_name);
  object["configuration"] = parsed(configuration);
  return json::serialize(object);
}

std::string json_line(const CatalogStream& stream) {
  json::object object;
  object["namespace"] = word(stream.space);
  object["name"] = word(stream.name);
  object["sync_modes"] = array_of(stream.sync_modes);
  object["source_defined_cursor"] = stream.source_defined_cursor;
  object["default_cursor"] = array_of(stream.default_cursor);
  object["source_defined_primary_key"] = array_of(stream.source_defined_key);
  object["fields"] = array_of(stream.fields);
  return json::serialize(object);
}

std::string json_line(const ConnectionEntry& connection, const Names& names) {
  json::object object;
  object["id"] = word(connection.id.text);
  object["name"] = word(connection.name);
  object["workspace"] = word(connection.workspace.text);
  object["source"] = named(connection.source.text, names);
  object["destination"] = named(connection.destination.text, names);
  object["status"] = word(to_string(connection.status));
  object["status_reason"] = word(connection.status_reason);
  object["schedule"] = schedule_object(connection.schedule);
  object["namespace_definition"] = word(connection.namespace_definition);
  object["namespace_format"] = word(connection.namespace_format);
  object["prefix"] = word(connection.prefix);
  object["schema_changes"] = word(connection.schema_changes);
  object["breaking_change"] = connection.breaking_change;
  json::array streams;
  for (const auto& choice : connection.streams) streams.emplace_back(choice_object(choice));
  object["streams"] = std::move(streams);
  return json::serialize(object);
}

std::string json_line(const JobView& job, const Names& names) {
  return json::serialize(job_object(job, names));
}

std::string json_line(const JobDetail& detail, const Names& names) {
  json::object object = job_object(detail.job, names);
  json::array attempts;
  for (const auto& attempt : detail.attempts) {
    json::object one;
    one["number"] = attempt.number;
    one["status"] = word(attempt.status);
    one["created"] = instant(attempt.created);
    one["ended"] = instant(attempt.ended);
    put_counters(one, attempt.counters);
    one["failures"] = failures_array(attempt.failures);
    attempts.emplace_back(std::move(one));
  }
  object["attempt_list"] = std::move(attempts);
  json::array streams;
  for (const auto& stream : detail.streams) {
    json::object one;
    one["name"] = word(stream.name);
    put_counters(one, stream.counters);
    streams.emplace_back(std::move(one));
  }
  object["streams"] = std::move(streams);
  return json::serialize(object);
}

std::string check_line(const ActorEntry& actor, const CheckOutcome& outcome) {
  json::object object;
  object["id"] = word(actor.id.text);
  object["kind"] = word(to_string(actor.end));
  object["name"] = word(actor.name);
  object["status"] = outcome.succeeded ? "succeeded" : "failed";
  object["message"] = word(outcome.message);
  return json::serialize(object);
}

}  // namespace syncwarden::app
