#include "model/job.hpp"

#include "model/run.hpp"
#include "model/words.hpp"

#include <algorithm>

namespace syncwarden {
namespace {

using model::value_of;
using model::word_of;
using model::Words;

constexpr Words<JobStatus, 8> statuses{{{JobStatus::pending, "pending"},
                                        {JobStatus::queued, "queued"},
                                        {JobStatus::running, "running"},
                                        {JobStatus::incomplete, "incomplete"},
                                        {JobStatus::failed, "failed"},
                                        {JobStatus::succeeded, "succeeded"},
                                        {JobStatus::cancelled, "cancelled"},
                                        {JobStatus::unknown, "unknown"}}};
constexpr Words<JobType, 6> types{{{JobType::sync, "sync"},
                                   {JobType::reset, "reset"},
                                   {JobType::refresh, "refresh"},
                                   {JobType::clear, "clear"},
                                   {JobType::reset, "reset_connection"},
                                   {JobType::other, "other"}}};
constexpr Words<FailureOrigin, 9> origins{{{FailureOrigin::source, "source"},
                                           {FailureOrigin::destination, "destination"},
                                           {FailureOrigin::replication, "replication"},
                                           {FailureOrigin::persistence, "persistence"},
                                           {FailureOrigin::normalization, "normalization"},
                                           {FailureOrigin::dbt, "dbt"},
                                           {FailureOrigin::airbyte_platform, "airbyte_platform"},
                                           {FailureOrigin::unknown, "unknown"},
                                           {FailureOrigin::other, "other"}}};
constexpr Words<FailureType, 8> failure_types{{{FailureType::config_error, "config_error"},
                                               {FailureType::system_error, "system_error"},
                                               {FailureType::manual_cancellation, "manual_cancellation"},
                                               {FailureType::refresh_schema, "refresh_schema"},
                                               {FailureType::heartbeat_timeout, "heartbeat_timeout"},
                                               {FailureType::destination_timeout, "destination_timeout"},
                                               {FailureType::transient_error, "transient_error"},
                                               {FailureType::unknown, "unknown"}}};
constexpr Words<FailureClass, 10> classes{{{FailureClass::config, "config"},
                                           {FailureClass::transient, "transient"},
                                           {FailureClass::system, "system"},
                                           {FailureClass::refresh_schema, "refresh_schema"},
                                           {FailureClass::source_timeout, "source_timeout"},
                                           {FailureClass::destination_timeout, "destination_timeout"},
                                           {FailureClass::rate_limited, "rate_limited"},
                                           {FailureClass::lost, "lost"},
                                           {FailureClass::deadline, "deadline"},
                                           {FailureClass::unknown, "unknown"}}};

constexpr Words<StreamRunState, 6> stream_states{{{StreamRunState::pending, "pending"},
                                                  {StreamRunState::running, "running"},
                                                  {StreamRunState::complete, "complete"},
                                                  {StreamRunState::incomplete, "incomplete"},
                                                  {StreamRunState::rate_limited, "rate_limited"},
                                                  {StreamRunState::unknown, "unknown"}}};

}  // namespace

std::string_view to_string(StreamRunState state) { return word_of(stream_states, state); }
StreamRunState stream_run_state_from(std::string_view word) {
  return value_of(stream_states, word).value_or(StreamRunState::unknown);
}

std::string_view to_string(JobStatus status) { return word_of(statuses, status); }
std::string_view to_string(JobType type) { return word_of(types, type); }
std::string_view to_string(FailureOrigin origin) { return word_of(origins, origin); }
std::string_view to_string(FailureType type) { return word_of(failure_types, type); }
std::string_view to_string(FailureClass failure) { return word_of(classes, failure); }

JobStatus job_status_from(std::string_view word) {
  return value_of(statuses, word).value_or(JobStatus::unknown);
}
JobType job_type_from(std::string_view word) { return value_of(types, word).value_or(JobType::other); }
FailureOrigin failure_origin_from(std::string_view word) {
  return value_of(origins, word).value_or(FailureOrigin::other);
}
FailureType failure_type_from(std::string_view word) {
  return value_of(failure_types, word).value_or(FailureType::unknown);
}
std::optional<FailureClass> failure_class_from(std::string_view word) { return value_of(classes, word); }

FailureClass classify(const std::vector<JobFailure>& failures) {
  for (const auto& failure : failures) {
    switch (failure.type) {
      case FailureType::config_error:
        return FailureClass::config;
      case FailureType::system_error:
        return FailureClass::system;
      case FailureType::refresh_schema:
        return FailureClass::refresh_schema;
      case FailureType::heartbeat_timeout:
        return FailureClass::source_timeout;
      case FailureType::destination_timeout:
        return FailureClass::destination_timeout;
      case FailureType::transient_error:
        return FailureClass::transient;
      case FailureType::manual_cancellation:
      case FailureType::unknown:
        break;
    }
  }
  return FailureClass::unknown;
}

}  // namespace syncwarden
