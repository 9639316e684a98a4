// The plan: the validated configuration, as the core needs it. Immutable; a reload makes a new one.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "calendar/schedule.hpp"
#include "calendar/window.hpp"
#include "model/connection.hpp"
#include "model/incident.hpp"
#include "model/job.hpp"
#include "model/policy.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace syncwarden {

enum class OverlapPolicy : std::uint8_t { skip, attach, queue_one, cancel_other };
enum class CatchUpPolicy : std::uint8_t { latest, none, all };
enum class AirbyteSchedulePolicy : std::uint8_t { refuse, set_manual, tolerate };
enum class Priority : std::uint8_t { high, normal, low };
enum class Mode : std::uint8_t { live, shadow };

inline constexpr std::array all_priorities{Priority::high, Priority::normal, Priority::low};

[[nodiscard]] std::string_view to_string(OverlapPolicy policy);
[[nodiscard]] std::string_view to_string(CatchUpPolicy policy);
[[nodiscard]] std::string_view to_string(AirbyteSchedulePolicy policy);
[[nodiscard]] std::string_view to_string(Priority priority);
[[nodiscard]] std::string_view to_string(Mode mode);

/// How often and when a failed run gets another job ("extra_jobs").
struct ExtraJobs {
  std::uint32_t max = 1;
  Millis initial{std::chrono::minutes{5}};
  double factor = 2;
  Millis longest{std::chrono::hours{1}};
  std::vector<FailureClass> on{FailureClass::transient, FailureClass::system, FailureClass::lost,
                               FailureClass::source_timeout, FailureClass::destination_timeout};
};

/// What a rule says about every connection that it matches.
struct Policy {
  AirbyteSchedulePolicy airbyte_schedule = AirbyteSchedulePolicy::refuse;
  OverlapPolicy overlap = OverlapPolicy::skip;
  bool cancel_any = false;  ///< overlap: cancel_other may also cancel jobs that are not ours
  CatchUpPolicy catch_up = CatchUpPolicy::latest;
  std::uint32_t catch_up_max = 10;  ///< for catch_up: all
  std::optional<Millis> start_deadline;
  Millis jitter{};
  Priority priority = Priority::normal;
  ExtraJobs extra_jobs;
  BreakerPolicy breaker;
  std::uint32_t pause_on_failure = 0;  ///< after so many failed jobs in a row; 0 = never
  StuckPolicy stuck;
  VerifyPolicy verify;
  FreshnessPolicy freshness;
  std::uint32_t incident_after = 1;  ///< failed runs in a row before an incident opens
  Labels labels;
};

/// Which connections a rule is about; every member that is given must match. Globs except where noted.
struct Match {
  std::optional<std::string> name;
  std::optional<std::string> id;  ///< exact
  std::optional<std::string> tag;
  std::optional<std::string> workspace;  ///< name, or exact id
  std::optional<std::string> source;     ///< the source's name, or exact id
  std::optional<std::string> destination;
  std::optional<std::string> source_type;  ///< connector type
  std::optional<std::string> destination_type;
};

[[nodiscard]] bool matches(const Match& match, const ConnectionView& connection);

/// `every` with `spread: true`: the phase depends on the connection, so the schedule is made when a
/// connection binds.
struct SpreadEvery {
  Millis interval;
};

/// `keep_fresh`: started early enough, by the durations seen, that data is never older than this.
struct KeepFresh {
  Millis target;
};

/// `after`: once every connection that one of `parents` matches has had a verified success since this
/// schedule's last start; the nominal is the last of those successes.
struct After {
  std::vector<Match> parents;
  std::optional<Millis>
      within;        ///< missed(dependency) when the first success is older and another is missing
  std::string text;  ///< identifies it, as Schedule::text() does: an edited chain starts anew
};

/// One schedule of a rule. An empty name means the ordinal among the rule's schedules ("0", "1", ...).
struct RuleSchedule {
  std::string name;
  std::variant<calendar::Schedule, SpreadEvery, KeepFresh, After> when;
};

/// First match wins. A rule with `schedule: airbyte` or none has no schedules: policies only.
struct Rule {
  Match match;
  std::vector<RuleSchedule> schedules;
  Policy policy;
  std::string where;  ///< "file:line" of the rule, for messages
};

/// A recurring window in which what it matches is not started.
struct Blackout {
  std::string name;
  Match match;
  calendar::Window window;
  bool skip_ticks = false;      ///< ticks: skip instead of defer
  bool cancel_running = false;  ///< running: cancel (jobs of managed connections) instead of finish
};

/// Starts are held while many jobs fail at once: a lost node pool is not 400 problems.
struct FleetHold {
  double failed_ratio = 0.5;  ///< of the jobs that ended within `window`; 0 = never
  std::uint32_t min_jobs = 10;
  Millis window{std::chrono::minutes{15}};
};

struct LimitGroup {
  std::string name;
  Match match;
  std::uint32_t total = 0;
};

/// 0 = unlimited. All count every running job, ours or not.
struct Limits {
  std::uint32_t total = 0;
  std::uint32_t per_source = 0;
  std::uint32_t per_destination = 0;
  std::uint32_t per_source_type = 0;
  std::uint32_t per_destination_type = 0;
  std::vector<LimitGroup> groups;
};

struct PollPace {
  Millis min{1'000};
  Millis max{30'000};
  Millis connections{std::chrono::minutes{2}};  ///< between two discoveries of the connections
};

struct Plan {
  std::vector<Rule> rules;
  Limits limits;
  std::vector<Blackout> blackouts;
  FleetHold fleet_hold;
  std::string airbyte_ui;  ///< "http://host:8000", for links to jobs; empty: no links
  Mode mode = Mode::live;
  PollPace poll;
  Millis settle{std::chrono::minutes{4}};  ///< longest time after which a sent request may take effect
  Millis trigger_timeout{std::chrono::seconds{90}};
  Millis cancel_timeout{std::chrono::minutes{5}};
  double triggers_per_second = 5;   ///< 0 = unpaced
  std::uint32_t trigger_lanes = 8;  ///< requests in flight
  Millis history_keep{std::chrono::hours{24 * 90}};
};

using PlanPtr = std::shared_ptr<const Plan>;

/// A connection's page in Airbyte's web interface, at a job (0: none); empty where its address is not known.
[[nodiscard]] std::string timeline_link(const std::string& airbyte_ui, const ConnectionView& connection,
                                        JobId job);

}  // namespace syncwarden
