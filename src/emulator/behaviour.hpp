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

/// How the syncs of one connection go. Chances are in [0, 1]; job_failure, never_starts, never_retries,
/// low_volume and high_volume are drawn once a job, the others once an attempt. What counts syncs ("the first
/// k") counts those since the behaviour was set.
struct Behaviour {
  Range<Millis> duration{std::chrono::seconds{10}, std::chrono::seconds{20}};  ///< of one attempt
  Range<std::int64_t> records{1'000, 5'000};                                   ///< of one attempt
  std::int64_t bytes_per_record = 400;

  double job_failure = 0;         ///< every attempt of the job fails
  std::uint32_t fail_every = 0;   ///< so does every k-th job; 0: none
  std::uint32_t fails_first = 0;  ///< so do the first k jobs; then the connection has recovered
  double attempt_failure = 0;     ///< the attempt fails and Airbyte retries
  JobFailure failure{FailureOrigin::source, FailureType::transient_error, "connection reset by peer"};
  bool fails_with_progress = false;  ///< a partial failure: retried without back-off (reference 8.3)

  double stuck = 0;                 ///< the job runs for ever with frozen counters
  std::uint32_t freezes_first = 0;  ///< so do the first k jobs; cancel and rerun helps
  /// A zombie: the first k cancels of each job are answered, and nothing ends.
  std::uint32_t ignores_cancels = 0;
  double never_starts = 0;   ///< the job stays pending: no attempt, ever (#9375)
  double never_retries = 0;  ///< the first attempt fails and the next one never begins

  /// All records are counted and acknowledged, then nothing is told for so long, then the attempt succeeds:
  /// normalisation, a merge into the final table. Comes on top of `duration`.
  Range<Millis> silence_at_end{};
  double rate_limited = 0;      ///< counters rest in the middle while the stream reports RATE_LIMITED
  double empty = 0;             ///< succeeds without a record
  bool empty_has_stats = true;  ///< zero counters, or none at all (#85355)

  double hides_stats = 0;        ///< no statistics are shown between 40 and 70 percent of the attempt's time
  double restarts_counters = 0;  ///< at half its time the attempt's counters fall to zero and start over
  double low_volume = 0;         ///< a run with a twentieth of its records
  double high_volume = 0;        ///< a run with twenty times its records
  double rejected = 0;           ///< the part of the records that the destination rejects

  /// The sync after so many finds a breaking change of the schema: Airbyte cancels it and switches the
  /// connection off. Once; 0: never.
  std::uint32_t breaks_schema_after = 0;

  bool full_refresh = false;    ///< counters start over with every attempt
  bool commits_at_end = false;  ///< committed counters stay zero until the attempt ends

  [[nodiscard]] static Behaviour healthy(Range<Millis> duration, Range<std::int64_t> records);
  /// Fails for good, always, with this type: a config_error at its first attempt.
  [[nodiscard]] static Behaviour failing(FailureType type, std::string message);
  [[nodiscard]] static Behaviour never_ending();
  [[nodiscard]] static Behaviour throttled(Range<Millis> duration);
  [[nodiscard]] static Behaviour without_data(bool has_stats);
  /// The first `jobs` jobs freeze, the later ones are healthy.
  [[nodiscard]] static Behaviour stuck_at_first(std::uint32_t jobs, Range<Millis> duration);
  /// The first `jobs` jobs fail with a transient error, the later ones are healthy.
  [[nodiscard]] static Behaviour recovering_after(std::uint32_t jobs, Range<Millis> duration);
  [[nodiscard]] static Behaviour pending_for_ever();
  [[nodiscard]] static Behaviour between_attempts_for_ever();
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
