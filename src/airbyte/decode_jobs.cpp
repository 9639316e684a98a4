#include "airbyte/codec.hpp"
#include "airbyte/impl/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace syncwarden::airbyte {
namespace {

const std::vector<Shape>& stats_fields() {
  static const std::vector<Shape> fields{{"recordsEmitted", {}},
                                         {"bytesEmitted", {}},
                                         {"recordsCommitted", {}},
                                         {"bytesCommitted", {}},
                                         {"recordsRejected", {}}};
  return fields;
}

std::vector<Shape> attempt_fields() {
  return {
      {"id", {}},
      {"createdAt", {}},
      {"endedAt", {}},
      {"bytesSynced", {}},
      {"recordsSynced", {}},
      {"totalStats", stats_fields()},
      {"failureSummary",
       {{"failures",
         {{"failureOrigin", {}}, {"failureType", {}}, {"externalMessage", {}}, {"internalMessage", {}}}}}}};
}

/// JobWithAttemptsRead and JobInfoRead: the latter wraps each attempt once more.
std::vector<Shape> config_job_fields() {
  std::vector<Shape> attempt = attempt_fields();
  attempt.push_back({"attempt", attempt_fields()});
  std::vector<Shape> job{{"id", {}},
                         {"configType", {}},
                         {"configId", {}},
                         {"createdAt", {}},
                         {"updatedAt", {}},
                         {"status", {}},
                         {"aggregatedStats", stats_fields()}};
  return {{"job", std::move(job)}, {"attempts", std::move(attempt)}};
}

std::vector<Shape> public_job_fields() {
  return {{"jobId", {}},        {"status", {}},      {"jobType", {}},
          {"connectionId", {}}, {"startTime", {}},   {"lastUpdatedAt", {}},
          {"duration", {}},     {"bytesSynced", {}}, {"rowsSynced", {}}};
}

std::optional<Instant> time_from(const Node& node) {
  if (const auto text = node.text()) return parse_rfc3339(*text);
  return instant_from_epoch(node.integer());
}

void fill(std::optional<std::int64_t>& counter, const Node& node) {
  if (counter) return;
  const auto value = node.integer();
  if (value && *value >= 0) counter = value;
}

void fill_counters(JobCounters& counters, const Node& stats) {
  fill(counters.records_emitted, stats["recordsEmitted"]);
  fill(counters.bytes_emitted, stats["bytesEmitted"]);
  fill(counters.records_committed, stats["recordsCommitted"]);
  fill(counters.bytes_committed, stats["bytesCommitted"]);
  fill(counters.records_rejected, stats["recordsRejected"]);
}

std::vector<JobFailure> failures_from(const Node& attempt) {
  std::vector<JobFailure> failures;
  for (const auto& node : attempt["failureSummary"]["failures"].elements) {
    if (node.kind != Node::Kind::object) continue;
    JobFailure failure;
    if (const auto origin = node["failureOrigin"].text()) failure.origin = failure_origin_from(*origin);
    if (const auto type = node["failureType"].text()) failure.type = failure_type_from(*type);
    std::string_view message = node["externalMessage"].text_or_empty();
    if (message.empty()) message = node["internalMessage"].text_or_empty();
    failure.message = printable(message, 500);
    failures.push_back(std::move(failure));
  }
  return failures;
}

void read_attempts(JobView& view, const Node& attempts) {
  const Node* last = nullptr;
  std::int64_t last_number = 0;
  const Node* last_failed = nullptr;
  std::int64_t last_failed_number = 0;
  std::int64_t position = 0;
  for (const auto& element : attempts.elements) {
    if (element.kind != Node::Kind::object) continue;
    const Node& attempt = element["attempt"].is_absent() ? element : element["attempt"];
    const std::int64_t number = attempt["id"].integer().value_or(position);
    if (last == nullptr || number >= last_number) {
      last = &attempt;
      last_number = number;
    }
    const bool failed = !attempt["failureSummary"]["failures"].elements.empty();
    if (failed && (last_failed == nullptr || number >= last_failed_number)) {
      last_failed = &attempt;
      last_failed_number = number;
    }
    ++position;
  }
  view.attempts = static_cast<std::uint32_t>(std::min<std::size_t>(attempts.seen, UINT32_MAX));
  if (last_failed != nullptr) view.failures = failures_from(*last_failed);
  if (last == nullptr) return;
  view.attempt_started = time_from((*last)["createdAt"]);
  view.attempt_ended = time_from((*last)["endedAt"]);
  fill_counters(view.counters, (*last)["totalStats"]);
  // what servers before 0.50 told, and it counted what was read
  fill(view.counters.records_emitted, (*last)["recordsSynced"]);
  fill(view.counters.bytes_emitted, (*last)["bytesSynced"]);
}

bool moves_no_data(std::string_view type) {
  constexpr std::array<std::string_view, 4> words{"check_connection_source", "check_connection_destination",
                                                  "discover_schema", "get_spec"};
  return std::find(words.begin(), words.end(), type) != words.end();
}

std::optional<JobView> config_job(const Node& node) {
  const Node& job = node["job"];
  const auto id = job["id"].id_number();
  const auto status = job["status"].text();
  const std::string_view type = job["configType"].text_or_empty();
  if (!id || *id <= 0 || !status || moves_no_data(type)) return std::nullopt;
  JobView view;
  view.id = JobId{*id};
  view.connection = ConnectionId(id_from(job["configId"].text_or_empty()));
  if (!type.empty()) view.type = job_type_from(type);
  view.status = job_status_from(*status);
  view.created = time_from(job["createdAt"]).value_or(Instant{});
  view.updated = time_from(job["updatedAt"]).value_or(view.created);
  fill_counters(view.counters, job["aggregatedStats"]);
  read_attempts(view, node["attempts"]);
  return view;
}

std::optional<JobView> public_job(const Node& job) {
  const auto id = job["jobId"].id_number();
  const auto status = job["status"].text();
  if (!id || *id <= 0 || !status) return std::nullopt;
  JobView view;
  view.id = JobId{*id};
  view.connection = ConnectionId(id_from(job["connectionId"].text_or_empty()));
  if (const auto type = job["jobType"].text()) view.type = job_type_from(*type);
  view.status = job_status_from(*status);
  view.created = time_from(job["startTime"]).value_or(Instant{});
  view.updated = view.created;
  if (const auto updated = time_from(job["lastUpdatedAt"])) {
    view.updated = *updated;
  } else if (const auto duration = parse_iso8601_duration(job["duration"].text_or_empty())) {
    // frozen at the last change of status, which is exactly what `updated` means
    if (*duration >= Millis{} && *duration < std::chrono::hours{24 * 3650}) view.updated += *duration;
  }
  fill(view.counters.bytes_committed, job["bytesSynced"]);
  fill(view.counters.records_committed, job["rowsSynced"]);
  return view;
}

}  // namespace

std::optional<Instant> instant_from_epoch(std::optional<std::int64_t> value) {
  constexpr std::int64_t year_9999 = 253'402'300'799;
  if (!value || *value <= 0 || *value > year_9999 * 1'000) return std::nullopt;
  // 1e11 is the year 5138 in seconds and March 1973 in milliseconds
  if (*value < 100'000'000'000) return Instant{std::chrono::seconds{*value}};
  return Instant{Millis{*value}};
}

const Shape& job_list_shape(Api api) {
  static const Shape config{"", {{"jobs", config_job_fields(), true}}};
  static const Shape open{"", {{"data", public_job_fields(), true}}};
  return api == Api::config ? config : open;
}

const Shape& job_shape(Api api) {
  static const Shape config{"", config_job_fields()};
  static const Shape open{"", public_job_fields()};
  return api == Api::config ? config : open;
}

std::optional<JobView> job_from(Api api, const Node& node) {
  return api == Api::config ? config_job(node) : public_job(node);
}

}  // namespace syncwarden::airbyte
