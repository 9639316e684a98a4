#include "settings/impl/keys.hpp"
#include "settings/impl/shapes.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::settings {
namespace {

using namespace spans;

const Shape& overlap_shape() {
  static const Shape shape{{{.name = "cancel_other",
                             .kind = Kind::word,
                             .standard = "ours",
                             .doc = "Cancel only syncs that we started (ours), or any",
                             .words = {"ours", "any"},
                             .required = true}}};
  return shape;
}

const Shape& backoff_shape() {
  static const Shape shape{{
      {.name = "initial",
       .kind = Kind::duration,
       .standard = "5m",
       .doc = "Before the first extra job",
       .least = second,
       .most = 7 * day},
      {.name = "factor",
       .kind = Kind::number,
       .standard = "2",
       .doc = "Each wait is this much longer",
       .least = 1,
       .most = 100},
      {.name = "max",
       .kind = Kind::duration,
       .standard = "1h",
       .doc = "The longest wait",
       .least = second,
       .most = 7 * day},
  }};
  return shape;
}

const Shape& extra_jobs_shape() {
  static const Shape shape{{
      {.name = "max", .kind = Kind::count, .standard = "1", .doc = "0: never", .least = 0, .most = 20},
      {.name = "backoff", .kind = Kind::section, .doc = "Waits before them", .shape = &backoff_shape()},
      {.name = "on",
       .kind = Kind::words,
       .standard = "[transient, system, lost, source_timeout, destination_timeout]",
       .doc = "Classes of failure that deserve one; class config never does",
       .words = {"transient", "system", "refresh_schema", "source_timeout", "destination_timeout",
                 "rate_limited", "lost", "deadline", "unknown"}},
  }};
  return shape;
}

const Shape& probe_shape() {
  static const Shape shape{{
      {.name = "every",
       .kind = Kind::duration,
       .standard = "24h",
       .doc = "One start at this distance, to see whether the trouble is over",
       .least = minute,
       .most = 366 * day},
      {.name = "max",
       .kind = Kind::count,
       .standard = "5",
       .doc = "So many probes, then a person decides",
       .least = 0,
       .most = 1'000},
  }};
  return shape;
}

const Shape& breaker_shape() {
  static const Shape shape{{
      {.name = "after_failed_jobs",
       .kind = Kind::count,
       .standard = "8",
       .doc = "So many in a row, extra jobs and manual ones included; 0: never",
       .least = 0,
       .most = 1'000},
      {.name = "probe", .kind = Kind::section, .doc = "Starts while it is open", .shape = &probe_shape()},
  }};
  return shape;
}

Field action_field() {
  return {.name = "action",
          .kind = Kind::word,
          .standard = "alert",
          .doc = "alert (an incident, nothing else), cancel, or cancel_and_rerun",
          .words = {"alert", "cancel", "cancel_and_rerun"}};
}

/// A kind of trouble that begins after `standard` of observed time.
Shape kind_shape(std::string_view standard, std::string_view doc) {
  return {{{.name = "after",
            .kind = Kind::duration,
            .standard = standard,
            .doc = doc,
            .least = second,
            .most = 366 * day},
           action_field()}};
}

const Shape& longer_than_shape() {
  static const Shape shape{{
      {.name = "typical",
       .kind = Kind::factor,
       .standard = "3x",
       .doc = "Times the typical run time of the connection; never: not looked at",
       .words = {"never"},
       .least = 1.1,
       .most = 1'000},
      {.name = "at_least",
       .kind = Kind::duration,
       .standard = "30m",
       .doc = "Shorter runs are never too long",
       .least = second,
       .most = 366 * day},
      action_field(),
  }};
  return shape;
}

const Shape& stuck_shape() {
  static const Shape pending = kind_shape("15m", "Without a first attempt for this long");
  static const Shape queued = kind_shape("1h", "Waiting for this long");
  static const Shape between =
      kind_shape("45m", "Since the last attempt ended; Airbyte itself waits up to 30m");
  static const Shape stalled = kind_shape("3h", "Counters unchanged for this long, no stream rate-limited");
  static const Shape longest = kind_shape("24h", "Running for this long");
  static const Shape shape{{
      {.name = "pending",
       .kind = Kind::section,
       .doc = "No attempt yet (a cancel does nothing here before Airbyte 2.1)",
       .shape = &pending},
      {.name = "queued",
       .kind = Kind::section,
       .doc = "Waiting for capacity; the platform itself cancels at 8h",
       .shape = &queued},
      {.name = "between_attempts",
       .kind = Kind::section,
       .doc = "An attempt ended and the next one does not begin",
       .shape = &between},
      {.name = "no_progress",
       .kind = Kind::section,
       .doc = "Runs and moves nothing; alerts only over the Public API, which cannot tell",
       .shape = &stalled},
      {.name = "longer_than",
       .kind = Kind::section,
       .doc = "Runs much longer than this connection's jobs usually do",
       .shape = &longer_than_shape()},
      {.name = "max_run_time",
       .kind = Kind::section,
       .doc = "Runs longer than anybody wants",
       .shape = &longest},
      {.name = "max_cancels",
       .kind = Kind::count,
       .standard = "1",
       .doc = "Per run; 0: recovery cancels nothing",
       .least = 0,
       .most = 20},
  }};
  return shape;
}

const Shape& verify_shape() {
  static const Shape shape{{
      {.name = "no_statistics",
       .kind = Kind::word,
       .standard = "suspect",
       .doc = "A success without any statistics: suspect, or accept",
       .words = {"suspect", "accept"}},
      {.name = "zero_records",
       .kind = Kind::word,
       .standard = "unless_usual",
       .doc = "A success that moved nothing: unless_usual (suspect, except on connections that are often "
              "empty), suspect, accept",
       .words = {"unless_usual", "suspect", "accept"}},
      {.name = "volume",
       .kind = Kind::word,
       .standard = "alert_outliers",
       .doc = "Far more or less than usual, or rejected records: alert_outliers, or off",
       .words = {"alert_outliers", "off"}},
  }};
  return shape;
}

const Shape& done_by_shape() {
  static const Shape shape{{
      {.name = "done_by",
       .kind = Kind::time_of_day,
       .doc =
           "By this time of the day, in the rule's time zone, there must be a success since the latest tick",
       .required = true,
       .example = "\"08:00\""},
      {.name = "days",
       .standard = "MON-SUN",
       .doc = "On these days: names, ranges and lists such as MON-FRI or MON,THU",
       .example = "MON-FRI"},
  }};
  return shape;
}

const Shape& freshness_shape() {
  static const Shape shape{{
      {.name = "late_after",
       .kind = Kind::duration,
       .standard = "auto",
       .doc =
           "Without a verified success for this long, data is late; auto: the next expected tick + 2 typical "
           "durations; or {done_by: \"08:00\", days: MON-FRI}",
       .words = {"auto"},
       .least = minute,
       .most = 366 * day,
       .shape = &done_by_shape()},
      {.name = "objective",
       .kind = Kind::percent,
       .standard = "none",
       .doc = "Share of the time that data is to be fresh, such as 99%, for burn rates",
       .words = {"none"},
       .least = 1,
       .most = 99.999},
  }};
  return shape;
}

std::vector<Field> scheduling_fields() {
  return {
      {.name = "timezone", .kind = Kind::zone, .standard = "UTC", .doc = "Of cron expressions: an IANA name"},
      {.name = "dst",
       .kind = Kind::word,
       .standard = "safe",
       .doc = "At a change of the clocks: safe (fixed times neither vanish nor double), quartz (bit for bit "
              "what Airbyte does), skip",
       .words = {"safe", "quartz", "skip"}},
      {.name = "airbyte_schedule",
       .kind = Kind::word,
       .standard = "refuse",
       .doc = "If Airbyte schedules the connection too: refuse (ours are skipped), set_manual, tolerate",
       .words = {"refuse", "set_manual", "tolerate"}},
      {.name = "overlap",
       .kind = Kind::word,
       .standard = "skip",
       .doc = "If a job runs already: skip, attach (it becomes the tick's job), queue_one, cancel_other "
              "(a sync of ours), {cancel_other: any}",
       .words = {"skip", "attach", "queue_one", "cancel_other"},
       .shape = &overlap_shape()},
      {.name = "catch_up",
       .kind = Kind::word,
       .standard = "latest",
       .doc = "After downtime: latest, none, all",
       .words = {"latest", "none", "all"}},
      {.name = "catch_up_max",
       .kind = Kind::count,
       .standard = "10",
       .doc = "At most so many with catch_up: all",
       .least = 1,
       .most = 1'000},
      {.name = "start_deadline",
       .kind = Kind::duration,
       .standard = "none",
       .doc = "A tick that has not started by then is missed, whatever it waited for",
       .words = {"none"},
       .least = second,
       .most = 366 * day},
      {.name = "jitter",
       .kind = Kind::duration,
       .standard = "0s",
       .doc = "Each schedule is late by its own fixed part of this",
       .least = 0,
       .most = 7 * day},
      {.name = "priority",
       .kind = Kind::word,
       .standard = "normal",
       .doc = "Who starts first when slots are scarce",
       .words = {"high", "normal", "low"}},
  };
}

std::vector<Field> recovery_fields() {
  return {
      {.name = "extra_jobs",
       .kind = Kind::section,
       .doc = "Further jobs after a failed one; Airbyte itself has tried 5-20 attempts by then",
       .shape = &extra_jobs_shape()},
      {.name = "breaker",
       .kind = Kind::section,
       .doc = "When to stop trying; it always stops short of Airbyte's own switch-off, which depends on its "
              "version",
       .shape = &breaker_shape()},
      {.name = "pause_on_failure",
       .kind = Kind::count,
       .standard = "0",
       .doc = "Pause the connection after so many failed jobs in a row, until somebody resumes it; 0: never",
       .least = 0,
       .most = 100},
      {.name = "stuck",
       .kind = Kind::section,
       .doc =
           "When a job counts as stuck, in time that was observed, and what happens to it then; only syncs "
           "are ever cancelled",
       .shape = &stuck_shape()},
      {.name = "verify",
       .kind = Kind::section,
       .doc = "Which of Airbyte's successes are believed",
       .shape = &verify_shape()},
      {.name = "freshness",
       .kind = Kind::section,
       .doc = "When data counts as late",
       .shape = &freshness_shape()},
      {.name = "incident_after",
       .kind = Kind::count,
       .standard = "1",
       .doc = "Failed runs in a row before an incident opens",
       .least = 1,
       .most = 1'000},
      {.name = "labels",
       .kind = Kind::labels,
       .standard = "{}",
       .doc = "Into metrics, alerts and notifications; a rule's are added to the defaults', and win by name",
       .example = "{team: finance, severity: page}"},
  };
}

}  // namespace

std::vector<Field> policy_fields() {
  std::vector<Field> fields = scheduling_fields();
  for (Field& field : recovery_fields()) fields.push_back(std::move(field));
  return fields;
}

}  // namespace syncwarden::settings
