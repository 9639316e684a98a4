#include "admin/impl/api_json.hpp"

#include "admin/impl/answers.hpp"
#include "base/text.hpp"

#include <cstddef>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::admin {
namespace json = boost::json;
namespace {

constexpr std::size_t longest_text = 2'048;

json::value number(std::optional<std::int64_t> value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value run_id(const std::optional<RunId>& id) {
  return id ? json::value(to_string(*id)) : json::value(nullptr);
}

json::value job_id(JobId id) { return id.value == 0 ? json::value(nullptr) : json::value(id.value); }

/// Words that come from us.
json::value word(std::string_view text) { return json::string(text); }

json::object actor(const Actor& actor) {
  return {{"id", json_of(std::string_view(actor.id.text))},
          {"name", json_of(std::string_view(actor.name))},
          {"connector", json_or_null(std::string_view(actor.connector))}};
}

json::object counters(const JobCounters& given) {
  return {{"records_emitted", number(given.records_emitted)},
          {"bytes_emitted", number(given.bytes_emitted)},
          {"records_committed", number(given.records_committed)},
          {"bytes_committed", number(given.bytes_committed)},
          {"records_rejected", number(given.records_rejected)}};
}

json::value pause(const Pause* given) {
  if (given == nullptr) return nullptr;
  return json::object{{"everything", given->connection.empty()},
                      {"since", json_of(std::optional(given->since))},
                      {"until", json_of(given->until)},
                      {"by", json_or_null(given->by)},
                      {"reason", json_or_null(given->reason)}};
}

void add_details(json::object& out, const ConnectionPicture& picture) {
  json::array jobs, waiting, incidents;
  for (const JobPicture& job : picture.jobs) jobs.emplace_back(json_of(job));
  for (const WaitingPicture& tick : picture.waiting) waiting.emplace_back(json_of(tick));
  for (const IncidentId incident : picture.incidents) incidents.emplace_back(incident.value);
  out["jobs"] = std::move(jobs);
  out["waiting"] = std::move(waiting);
  out["incidents"] = std::move(incidents);
}

json::object labels(const Labels& given) {
  json::object out;
  for (const auto& [name, value] : given) out[printable(name)] = json_of(std::string_view(value));
  return out;
}

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::usage:
    case Errc::invalid_config:
      return 400;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::rejected:
      return 422;
    case Errc::unsupported:
      return 501;
    case Errc::expired:
      return 504;
    case Errc::cancelled:
    case Errc::store_corrupt:
    case Errc::store_newer:
    case Errc::store_locked:
    case Errc::store_failed:
    case Errc::fenced:
      return 503;
    case Errc::file_unreadable:
    case Errc::file_unwritable:
    case Errc::address_in_use:
    case Errc::listen_failed:
    case Errc::internal:
      return 500;
    default:
      return 502;  // everything else is about Airbyte, which stands behind us
  }
}

}  // namespace

json::value json_of(std::optional<Instant> at) {
  return at ? json::value(to_rfc3339(*at)) : json::value(nullptr);
}

json::value json_of(std::optional<Millis> duration) {
  return duration ? json::value(duration->count()) : json::value(nullptr);
}

json::value json_of(std::string_view text) { return json::string(printable(text, longest_text)); }

json::value json_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json_of(text);
}

json::object json_of(const Error& error) {
  const std::string message = error.where.empty() ? error.message : error.where + ": " + error.message;
  return {{"code", word(to_string(error.code))},
          {"message", json_of(std::string_view(message))},
          {"hint", json_of(std::string_view(error.hint))}};
}

json::object connection_reference(const ConnectionId& id, Names& names) {
  const auto& name = names.of(id);
  return {{"id", json_of(std::string_view(id.text))}, {"name", name ? json_of(*name) : json::value(nullptr)}};
}

json::object json_of(const ConnectionPicture& picture, Instant now, bool details) {
  const ConnectionView& view = *picture.view;
  json::array tags, schedules;
  for (const auto& tag : view.tags) tags.emplace_back(json_of(std::string_view(tag)));
  for (const auto& schedule : picture.schedules) schedules.emplace_back(json_of(std::string_view(schedule)));
  const bool active = view.status == ConnectionStatus::active;
  json::object out{
      {"id", json_of(std::string_view(view.id.text))},
      {"name", json_of(std::string_view(view.name))},
      {"workspace", json::object{{"id", json_of(std::string_view(view.workspace.text))},
                                 {"name", json_or_null(std::string_view(view.workspace_name))}}},
      {"source", actor(view.source)},
      {"destination", actor(view.destination)},
      {"status", word(to_string(view.status))},
      {"status_reason", json_or_null(view.status_reason)},
      {"breaking_change", view.breaking_change},
      {"airbyte_schedule", json::object{{"kind", word(to_string(view.schedule))},
                                        {"text", json_or_null(std::string_view(view.schedule_text))}}},
      {"tags", std::move(tags)},
      {"managed", picture.managed},
      {"rule", json_or_null(picture.rule)},
      {"schedules", std::move(schedules)},
      {"priority", word(to_string(picture.priority))},
      {"next_run", json_of(picture.next_run)},
      {"last_success", json_of(picture.last_success)},
      {"last_completion", json_of(picture.last_completion)},
      {"running_since", json_of(picture.running_since)},
      {"stale_after", json_of(picture.stale_after)},
      {"freshness_objective",
       picture.freshness_objective > 0 ? json::value(picture.freshness_objective) : nullptr},
      {"late", active && picture.stale_after && *picture.stale_after < now},
      {"consecutive_failures", picture.consecutive_failures},
      {"breaker_open", picture.breaker_open},
      {"last", json::object{{"duration_ms", json_of(picture.last_duration)},
                            {"records", number(picture.last_records)},
                            {"bytes", number(picture.last_bytes)}}},
      {"typical_duration_ms", json_of(picture.typical_duration)},
      {"pause", pause(picture.pause)}};
  if (details) add_details(out, picture);
  return out;
}

json::object json_of(const JobPicture& picture) {
  json::object out = json_of(*picture.view);
  out["run"] = run_id(picture.run);
  out["stuck"] = picture.stuck ? word(to_string(*picture.stuck)) : json::value(nullptr);
  out["typical_ms"] = json_of(picture.typical);
  out["unchanged_ms"] = picture.unchanged.count();
  return out;
}

json::object json_of(const WaitingPicture& picture) {
  return {{"schedule", json_of(std::string_view(picture.schedule.text))},
          {"nominal", json_of(std::optional(picture.nominal))},
          {"cause", word(to_string(picture.cause))},
          {"what", json_or_null(picture.what)}};
}

json::object json_of(const JobView& job) {
  json::array failures;
  for (const JobFailure& failure : job.failures) {
    failures.emplace_back(json::object{{"origin", word(to_string(failure.origin))},
                                       {"type", word(to_string(failure.type))},
                                       {"message", json_of(std::string_view(failure.message))}});
  }
  return {{"id", job.id.value},
          {"type", word(to_string(job.type))},
          {"status", word(to_string(job.status))},
          {"created", json_of(std::optional(job.created))},
          {"updated", json_of(std::optional(job.updated))},
          {"attempts", job.attempts},
          {"attempt_started", json_of(job.attempt_started)},
          {"attempt_ended", json_of(job.attempt_ended)},
          {"counters", counters(job.counters)},
          {"failures", std::move(failures)}};
}

json::object json_of(const StreamState& stream) {
  return {{"name", json_of(std::string_view(stream.name))},
          {"state", word(to_string(stream.state))},
          {"quota_reset", json_of(stream.quota_reset)},
          {"records", number(stream.records)},
          {"bytes", number(stream.bytes)}};
}

json::object json_of(const Tick& tick, Names& names) {
  return {{"schedule", json_of(std::string_view(tick.schedule.text))},
          {"connection", connection_reference(connection_of(tick.schedule), names)},
          {"nominal", json_of(std::optional(tick.nominal))},
          {"outcome", word(to_string(tick.outcome))},
          {"reason", word(to_string(tick.reason))},
          {"decided", json_of(std::optional(tick.decided))},
          {"run", run_id(tick.run)},
          {"also", tick.also},
          {"detail", json_or_null(tick.detail)}};
}

json::object json_of(const Run& run, Names& names, const std::map<JobId, JobView>& jobs) {
  json::value job = nullptr;
  if (run.job.value != 0) {
    const auto known = jobs.find(run.job);
    job = known == jobs.end() ? json::object{{"id", run.job.value}} : json_of(known->second);
  }
  return {
      {"id", to_string(run.id)},
      {"schedule", json_or_null(std::string_view(run.schedule.text))},
      {"connection", connection_reference(run.connection, names)},
      {"nominal", json_of(std::optional(run.nominal))},
      {"due", json_of(std::optional(run.due))},
      {"cause", word(to_string(run.cause))},
      {"phase", word(to_string(run.phase))},
      {"job_number", run.job_number},
      {"requests", run.requests},
      {"job", std::move(job)},
      {"attribution", word(to_string(run.attribution))},
      {"intended", run.intended == Instant{} ? json::value(nullptr) : json_of(std::optional(run.intended))},
      {"not_before",
       run.not_before == Instant{} ? json::value(nullptr) : json_of(std::optional(run.not_before))},
      {"verdict", run.verdict == Verdict::none ? json::value(nullptr) : word(to_string(run.verdict))},
      {"failure", run.failure ? word(to_string(*run.failure)) : json::value(nullptr)},
      {"cancels", run.cancels},
      {"by", json_or_null(run.by)},
      {"why", json_or_null(run.why)}};
}

json::object json_of(const Incident& incident, Names& names, bool events) {
  json::object out{
      {"number", incident.id.value},
      {"state", incident.closed ? "closed" : "open"},
      {"kind", word(to_string(incident.kind))},
      {"stuck", incident.stuck ? word(to_string(*incident.stuck)) : json::value(nullptr)},
      {"connection",
       incident.connection.empty() ? json::value(nullptr) : connection_reference(incident.connection, names)},
      {"subject", json_of(std::string_view(incident.subject))},
      {"severity", word(to_string(incident.severity))},
      {"summary", json_of(std::string_view(incident.summary))},
      {"job", job_id(incident.job)},
      {"link", json_or_null(incident.link)},
      {"labels", labels(incident.labels)},
      {"opened", json_of(std::optional(incident.opened))},
      {"updated", json_of(std::optional(incident.updated))},
      {"closed", json_of(incident.closed)},
      {"reopened", incident.reopened},
      {"owner", json_or_null(incident.owner)}};
  if (!events) return out;
  json::array told;
  for (const IncidentEvent& event : incident.events) {
    told.emplace_back(json::object{{"at", json_of(std::optional(event.at))},
                                   {"what", json_of(std::string_view(event.what))},
                                   {"by", json_or_null(event.by)}});
  }
  out["events"] = std::move(told);
  return out;
}

json::object json_of(const CommandRecord& record) {
  return {
      {"key", json_of(std::string_view(record.key))},       {"at", json_of(std::optional(record.at))},
      {"who", json_of(std::string_view(record.who))},       {"what", json_of(std::string_view(record.what))},
      {"answer", json_of(std::string_view(record.answer))}, {"run", run_id(record.run)}};
}

json::object json_of(const FleetPicture& fleet) {
  json::object late, waiting, stuck, incidents;
  for (const Priority priority : all_priorities)
    late[to_string(priority)] = fleet.stale[static_cast<std::size_t>(priority)];
  for (const WaitCause cause : all_wait_causes)
    waiting[to_string(cause)] = fleet.waiting[static_cast<std::size_t>(cause)];
  for (const StuckKind kind : all_stuck_kinds)
    stuck[to_string(kind)] = fleet.stuck[static_cast<std::size_t>(kind)];
  for (const Severity severity : all_severities)
    incidents[to_string(severity)] = fleet.open_incidents[static_cast<std::size_t>(severity)];
  json::array jobs;
  for (const auto& [key, count] : fleet.active_jobs) {
    jobs.emplace_back(json::object{
        {"status", word(to_string(key.first))}, {"type", word(to_string(key.second))}, {"count", count}});
  }
  json::object airbyte{
      {"up", fleet.airbyte_up},
      {"version", fleet.airbyte ? json_or_null(fleet.airbyte->version) : json::value(nullptr)},
      {"api", fleet.airbyte ? json_or_null(fleet.airbyte->api) : json::value(nullptr)},
      {"error", fleet.airbyte_error ? json::value(json_of(*fleet.airbyte_error)) : json::value(nullptr)},
      {"last_jobs_poll", json_of(fleet.last_jobs_poll)},
      {"last_connections_poll", json_of(fleet.last_connections_poll)}};
  return {{"airbyte", std::move(airbyte)},
          {"connections", json::object{{"total", fleet.connections},
                                       {"managed", fleet.managed},
                                       {"failing", fleet.failing},
                                       {"never_succeeded", fleet.never_succeeded},
                                       {"paused", fleet.paused},
                                       {"late", std::move(late)}}},
          {"schedules", fleet.schedules},
          {"jobs", std::move(jobs)},
          {"stuck", std::move(stuck)},
          {"waiting", std::move(waiting)},
          {"incidents", std::move(incidents)},
          {"slots", json::object{{"limit", fleet.slots}, {"in_use", fleet.slots_in_use}}},
          {"unresolved",
           json::object{{"count", fleet.intents_unresolved}, {"oldest", json_of(fleet.oldest_unresolved)}}},
          {"fleet_held", fleet.fleet_held},
          {"draining", fleet.draining},
          {"drained", fleet.drained}};
}

http::Response json_answer(unsigned status, const json::object& content) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cache-Control", "no-store"}};
  response.body = json::serialize(content) + '\n';
  return response;
}

http::Response api_error(const Error& error) {
  return json_answer(status_of(error.code), json::object{{"error", json_of(error)}});
}

}  // namespace syncwarden::admin
