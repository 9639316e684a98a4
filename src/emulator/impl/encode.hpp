// Airbyte's records as JSON.
#pragma once

#include "emulator/impl/api.hpp"
#include "emulator/impl/json.hpp"
#include "emulator/job.hpp"

#include <cstdint>
#include <string>

namespace syncwarden::emulator {

/// What a reply about a job contains (the table of section 5).
struct JobParts {
  bool stats = true;          ///< job.aggregatedStats
  bool running_stats = true;  ///< totalStats of an attempt that still runs
  bool logs = false;
  std::int64_t padding = 0;  ///< bytes of log text
};

void write_job(Json& json, const Api& api, const Job& job, bool stats);
/// {"job":..., "attempts":[AttemptRead]} as lists have it.
void write_job_with_attempts(Json& json, const Api& api, const Job& job);
/// {"job":..., "attempts":[{"attempt":...}]} as single jobs have it.
void write_job_info(Json& json, const Api& api, const Job& job, JobParts parts);
/// AttemptInfoRead.
void write_attempt_info(Json& json, const Api& api, const Job& job, std::size_t number, JobParts parts);
/// "logType" and "logs": lines, or events since 1.4; `padding` bytes of filling behind them.
void write_logs(Json& json, const Api& api, const Job& job, std::size_t number, std::int64_t padding);
void write_attempt_stats(Json& json, const Api& api, const Progress& progress, bool with_bytes_committed);
/// The five counters of a job as members of the open object.
void write_counts(Json& json, const Progress& progress);
/// SourceDefinitionRead or DestinationDefinitionRead.
void write_definition(Json& json, const Api& api, const Definition& definition);
void write_connection(Json& json, const Api& api, const Connection& connection);
void write_public_job(Json& json, const Api& api, const Job& job, bool stats);
/// SourceRead or DestinationRead, secrets masked.
void write_actor(Json& json, const Api& api, const ActorRecord& record);
void write_public_actor(Json& json, const ActorRecord& record);
void write_public_connection(Json& json, const Api& api, const Connection& connection);

/// The word, or one that no client knows.
[[nodiscard]] std::string_view word(const Api& api, std::string_view known);
[[nodiscard]] std::string_view config_type(JobType type);
[[nodiscard]] std::int64_t epoch_s(Instant at);
/// Java's OffsetDateTime.toString() and Duration.toString() (7).
[[nodiscard]] std::string java_time(Instant at);
[[nodiscard]] std::string java_duration(Millis duration);

}  // namespace syncwarden::emulator
