// What a connection does when it is synced, and what the emulated instance consists of.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/job.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace syncwarden::emulator {

/// Both ends included.
template <class T>
struct Range {
  T min{};
  T max{};
};

/// How the syncs of one connection go. Chances are in [0, 1]; each is drawn once a job, but attempt_failure
/// once an attempt.
struct Behaviour {
  Range<Millis> duration{std::chrono::seconds{10}, std::chrono::seconds{20}};  ///< of one attempt
  Range<std::int64_t> records{1'000, 5'000};                                   ///< of one attempt
  std::int64_t bytes_per_record = 400;

  double job_failure = 0;        ///< every attempt of the job fails
  std::uint32_t fail_every = 0;  ///< so does every k-th job; 0: none
  double attempt_failure = 0;    ///< the attempt fails and Airbyte retries
  JobFailure failure{FailureOrigin::source, FailureType::transient_error, "connection reset by peer"};
  bool fails_with_progress = false;  ///< a partial failure: retried without back-off (reference 8.3)

  double stuck = 0;             ///< the job runs for ever with frozen counters
  double rate_limited = 0;      ///< counters rest in the middle while the stream reports RATE_LIMITED
  double empty = 0;             ///< succeeds without a record
  bool empty_has_stats = true;  ///< zero counters, or none at all (#85355)

  bool full_refresh = false;    ///< counters start over with every attempt
  bool commits_at_end = false;  ///< committed counters stay zero until the attempt ends

  [[nodiscard]] static Behaviour healthy(Range<Millis> duration, Range<std::int64_t> records);
  /// Fails for good, always, with this type: a config_error at its first attempt.
  [[nodiscard]] static Behaviour failing(FailureType type, std::string message);
  [[nodiscard]] static Behaviour never_ending();
  [[nodiscard]] static Behaviour throttled(Range<Millis> duration);
  [[nodiscard]] static Behaviour without_data(bool has_stats);
};

/// Airbyte's own schedule of a connection.
struct OwnSchedule {
  AirbyteSchedule kind = AirbyteSchedule::manual;
  std::int64_t units = 24;          ///< basic
  std::string time_unit = "hours";  ///< basic: minutes, hours, days, weeks, months (of 30 days)
  std::string cron;                 ///< Quartz
  std::string zone = "UTC";

  /// The interval of a `basic` schedule.
  [[nodiscard]] Millis interval() const;
  /// "0 15 2 * * ? Europe/Amsterdam", "every 24 hours", empty.
  [[nodiscard]] std::string text() const;
};

/// A connection with its two ends, as a user would set it up. Ids are made from the names and the seed.
struct Pipeline {
  std::string name;
  std::string workspace = "default";
  std::string source = "orders";
  std::string source_connector = "postgres";  ///< postgres, mysql, stripe, salesforce, hubspot
  std::string destination = "warehouse";
  std::string destination_connector = "snowflake";  ///< postgres, s3, snowflake, bigquery
  Behaviour behaviour;
  OwnSchedule schedule;
  ConnectionStatus status = ConnectionStatus::active;
  std::vector<std::string> tags;
};

/// A kind of source or destination that the instance offers.
struct Definition {
  DefinitionId id;
  std::string name;       ///< "Postgres"
  std::string connector;  ///< "postgres"; the repository is airbyte/source-postgres
  bool source = true;
  std::string tag;  ///< docker image tag
};

/// The built-in definitions, with the real ids where the reference gives them.
[[nodiscard]] const std::vector<Definition>& definitions();

}  // namespace syncwarden::emulator
