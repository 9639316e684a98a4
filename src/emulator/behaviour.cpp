#include "emulator/behaviour.hpp"

#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {

using std::chrono::hours;
using std::chrono::minutes;

Behaviour Behaviour::healthy(Range<Millis> duration, Range<std::int64_t> records) {
  Behaviour behaviour;
  behaviour.duration = duration;
  behaviour.records = records;
  return behaviour;
}

Behaviour Behaviour::failing(FailureType type, std::string message) {
  Behaviour behaviour;
  behaviour.job_failure = 1;
  behaviour.failure.type = type;
  behaviour.failure.message = std::move(message);
  return behaviour;
}

Behaviour Behaviour::never_ending() {
  Behaviour behaviour;
  behaviour.stuck = 1;
  return behaviour;
}

Behaviour Behaviour::throttled(Range<Millis> duration) {
  Behaviour behaviour;
  behaviour.duration = duration;
  behaviour.rate_limited = 1;
  return behaviour;
}

Behaviour Behaviour::without_data(bool has_stats) {
  Behaviour behaviour;
  behaviour.empty = 1;
  behaviour.empty_has_stats = has_stats;
  return behaviour;
}

Behaviour Behaviour::stuck_at_first(std::uint32_t jobs, Range<Millis> duration) {
  Behaviour behaviour;
  behaviour.duration = duration;
  behaviour.freezes_first = jobs;
  return behaviour;
}

Behaviour Behaviour::recovering_after(std::uint32_t jobs, Range<Millis> duration) {
  Behaviour behaviour;
  behaviour.duration = duration;
  behaviour.fails_first = jobs;
  return behaviour;
}

Behaviour Behaviour::pending_for_ever() {
  Behaviour behaviour;
  behaviour.never_starts = 1;
  return behaviour;
}

Behaviour Behaviour::between_attempts_for_ever() {
  Behaviour behaviour;
  behaviour.never_retries = 1;
  return behaviour;
}

Millis OwnSchedule::interval() const {
  if (time_unit == "minutes") return minutes{units};
  if (time_unit == "days") return hours{24 * units};
  if (time_unit == "weeks") return hours{7 * 24 * units};
  if (time_unit == "months") return hours{30 * 24 * units};
  return hours{units};
}

std::string OwnSchedule::text() const {
  if (kind == AirbyteSchedule::cron) return cron + " " + zone;
  if (kind == AirbyteSchedule::basic) return fmt::format("every {} {}", units, time_unit);
  return {};
}

const std::vector<Definition>& definitions() {
  static const std::vector<Definition> all = [] {
    std::vector<Definition> list;
    const auto add = [&list](const char* id, const char* name, const char* connector, bool source,
                             const char* tag) {
      list.push_back({DefinitionId{id}, name, connector, source, tag});
    };
    add("decd338e-5647-4c0b-adf4-da0e75f5a750", "Postgres", "postgres", true, "3.6.0");
    add("5f2e1d10-8a3b-4c6d-9e7f-0a1b2c3d4e01", "MySQL", "mysql", true, "3.11.0");
    add("5f2e1d10-8a3b-4c6d-9e7f-0a1b2c3d4e02", "Stripe", "stripe", true, "5.8.0");
    add("5f2e1d10-8a3b-4c6d-9e7f-0a1b2c3d4e03", "Salesforce", "salesforce", true, "2.7.0");
    add("5f2e1d10-8a3b-4c6d-9e7f-0a1b2c3d4e04", "HubSpot", "hubspot", true, "4.2.0");
    add("69589781-7828-43c5-9f63-8925b1c1ccc2", "S3", "s3", true, "4.12.0");
    add("25c5221d-dce2-4163-ade9-739ef790f503", "Postgres", "postgres", false, "2.4.0");
    add("4816b78f-1489-44c1-9060-4b19d5fa9362", "S3", "s3", false, "1.5.0");
    add("5f2e1d10-8a3b-4c6d-9e7f-0a1b2c3d4e05", "Snowflake", "snowflake", false, "3.15.0");
    add("5f2e1d10-8a3b-4c6d-9e7f-0a1b2c3d4e06", "BigQuery", "bigquery", false, "2.10.0");
    return list;
  }();
  return all;
}

}  // namespace syncwarden::emulator
