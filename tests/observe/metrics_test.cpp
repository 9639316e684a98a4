#include "observe/metrics.hpp"

#include "exposition.hpp"
#include "fake_view.hpp"
#include "observe/catalogue.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace syncwarden::observe {
namespace {

using testing::Exposition;
using testing::FakeView;
using ::testing::IsEmpty;
using testing::parse_exposition;
using LabelMap = std::map<std::string, std::string>;

const Now noon{Instant(Millis(1'767'268'800'000)), Mono{Millis(5'000)}};

MetricsOptions options(ConnectionDetail detail = ConnectionDetail::basic, std::size_t limit = 20'000) {
  MetricsOptions made;
  made.build = {"1.2.3", "abc", "main", "gcc \"12\""};
  made.started = Instant(Millis(1'767'225'600'000));
  made.detail = detail;
  made.connection_limit = limit;
  return made;
}

Exposition scrape(Metrics& metrics, const ReadView& view) {
  auto parsed = parse_exposition(metrics.render(view, noon));
  EXPECT_THAT(parsed.faults, IsEmpty());
  return parsed;
}

JobView job(JobStatus status, JobType type = JobType::sync) {
  JobView view;
  view.id = JobId{41};
  view.type = type;
  view.status = status;
  view.created = Instant(Millis(1'000'000));
  view.updated = Instant(Millis(1'400'000));
  return view;
}

/// Everything that can be shown is shown.
void show_everything(Metrics& metrics, FakeView& view) {
  auto& row = view.add(1);
  row.picture.running_since = noon.wall;
  row.picture.next_run = noon.wall;
  row.picture.freshness_objective = 0.99;
  row.picture.last_duration = Millis(61'500);
  row.picture.last_records = 12;
  row.picture.last_bytes = 34;
  view.state.airbyte = AirbyteInfo{"2.0.0", "config", true};
  metrics.airbyte().token_expires(noon.wall);
  metrics.airbyte().poll_took("jobs", Millis(120));
  metrics.notify().heartbeat(noon.wall);
  metrics.configure(ConnectionDetail::full, 20'000, true);
  static const JobView pending = job(JobStatus::pending);
  static const JobView running = job(JobStatus::running);
  row.picture.jobs = {{&pending, {}, {}, {}, {}}, {&running, {}, {}, {}, {}}};
  metrics.apply(fact::JobEnded{job(JobStatus::succeeded), row.view, {}, {}});
}

TEST(Metrics, ShowEveryFamilyOfTheCatalogueWithItsTypeAndHelp) {
  Metrics metrics(options(ConnectionDetail::full));
  FakeView view;
  show_everything(metrics, view);
  const Exposition shown = scrape(metrics, view);
  std::set<std::string> names;
  for (const auto& family : shown.families) names.insert(family.name);
  for (const Family* family : all_families()) {
    EXPECT_TRUE(names.erase(std::string(family->name)) == 1) << family->name << " is not shown";
    const auto* exposed = shown.family(family->name);
    if (exposed == nullptr) continue;
    EXPECT_EQ(exposed->type, to_string(family->type)) << family->name;
    EXPECT_EQ(exposed->help, family->help) << family->name;
  }
  EXPECT_THAT(names, IsEmpty()) << "shown, but not in the catalogue";
}

TEST(Metrics, ShowExactlyTheLabelsOfTheCatalogue) {
  Metrics metrics(options(ConnectionDetail::full));
  FakeView view;
  show_everything(metrics, view);
  const Exposition shown = scrape(metrics, view);
  for (const Family* family : all_families()) {
    std::set<std::string> declared;
    std::stringstream words{std::string(family->labels)};
    for (std::string word; std::getline(words, word, ',');)
      declared.insert(word.substr(word.find_first_not_of(' ')));
    const auto* exposed = shown.family(family->name);
    ASSERT_NE(exposed, nullptr) << family->name;
    for (const auto& sample : exposed->samples) {
      std::set<std::string> used;
      for (const auto& [name, value] : sample.labels) {
        if (name != "le") used.insert(name);
      }
      EXPECT_EQ(used, declared) << family->name;
    }
  }
}

TEST(Metrics, TheReadmeListsTheCatalogueAndNothingElse) {
  std::ifstream file(SYNCWARDEN_SOURCE_DIR "/src/observe/README.md");
  std::set<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `")) rows.insert(line);
  }
  std::set<std::string> wanted;
  for (const Family* family : all_families()) {
    const char* shown = family->detail == Detail::always  ? "always"
                        : family->detail == Detail::basic ? "basic"
                        : family->detail == Detail::full  ? "full"
                                                          : "botify_compat";
    wanted.insert(fmt::format("| `{}` | {} | {} | {} |", family->name, to_string(family->type),
                              family->labels.empty() ? "–" : family->labels, shown));
  }
  EXPECT_EQ(rows, wanted);
}

TEST(Metrics, StartEveryTickResultAtZero) {
  Metrics metrics(options());
  const Exposition shown = scrape(metrics, FakeView());
  for (const auto& [outcome, reason] : all_tick_results) {
    const LabelMap labels{{"outcome", std::string(to_string(outcome))},
                          {"reason", std::string(to_string(reason))}};
    EXPECT_EQ(shown.value("syncwarden_ticks_total", labels), 0.0) << labels.at("reason");
  }
  EXPECT_EQ(shown.family("syncwarden_ticks_total")->samples.size(), all_tick_results.size());
}

TEST(Metrics, StartTheClosedSetsAtZero) {
  Metrics metrics(options());
  const Exposition shown = scrape(metrics, FakeView());
  const auto zero = [&](const char* name, const LabelMap& labels) {
    EXPECT_EQ(shown.value(name, labels), 0.0) << name;
  };
  zero("syncwarden_airbyte_request_failures_total",
       {{"operation", "trigger_job"}, {"reason", "rate_limited"}});
  zero("syncwarden_airbyte_requests_total", {{"operation", "get_token"}});
  zero("syncwarden_airbyte_polls_total", {{"poll", "health"}});
  zero("syncwarden_scheduler_trigger_failures_total", {{"trigger", "catch_up"}, {"reason", "conflict"}});
  zero("syncwarden_job_failure_reasons_total",
       {{"failure_origin", "source"}, {"failure_type", "config_error"}});
  zero("syncwarden_http_requests_total", {{"handler", "/-/reload"}, {"method", "post"}, {"code", "200"}});
  zero("syncwarden_http_connections_rejected_total", {{"reason", "origin"}});
  zero("syncwarden_store_operation_failures_total", {{"operation", "write"}});
  zero("syncwarden_jobs_active", {{"state", "running"}, {"job_type", "sync"}});
  zero("syncwarden_jobs_oldest_active_start_timestamp_seconds", {{"state", "queued"}});
  for (const char* cause : {"store_down", "blackout", "dependency", "fleet_hold"}) {
    zero("syncwarden_ticks_waiting", {{"cause", cause}});
  }
  for (const auto kind : all_stuck_kinds) {
    zero("syncwarden_stuck_jobs", {{"kind", std::string(to_string(kind))}});
  }
  for (const char* severity : {"info", "warning", "critical"}) {
    zero("syncwarden_incidents_open", {{"severity", severity}});
  }
  for (const char* action : {"cancel", "rerun", "breaker_open", "breaker_probe", "breaker_close", "pause"}) {
    for (const char* result : {"asked", "done", "refused", "timed_out", "not_needed"}) {
      zero("syncwarden_recovery_actions_total", {{"action", action}, {"result", result}});
    }
  }
  zero("syncwarden_paused_connections", {});
  zero("syncwarden_scheduler_draining", {});
  zero("syncwarden_fleet_held", {});
  zero("syncwarden_connections_stale", {{"priority", "high"}});
  zero("syncwarden_log_messages_total", {{"level", "error"}});
  zero("syncwarden_intents_unresolved", {});
  zero("syncwarden_airbyte_up", {});
  EXPECT_EQ(shown.value("syncwarden_scheduler_leader"), 1.0);
}

TEST(Metrics, TellWhatIsStuckHeldAndPaused) {
  Metrics metrics(options());
  FakeView view;
  view.state.stuck.at(static_cast<std::size_t>(StuckKind::orphan)) = 2;
  view.state.open_incidents.at(static_cast<std::size_t>(Severity::critical)) = 3;
  view.state.waiting.at(static_cast<std::size_t>(WaitCause::fleet_hold)) = 4;
  view.state.paused = 5;
  view.state.draining = true;
  view.state.fleet_held = true;
  const Exposition shown = scrape(metrics, view);
  EXPECT_EQ(shown.value("syncwarden_stuck_jobs", {{"kind", "orphan"}}), 2.0);
  EXPECT_EQ(shown.value("syncwarden_stuck_jobs", {{"kind", "phantom"}}), 0.0);
  EXPECT_EQ(shown.value("syncwarden_incidents_open", {{"severity", "critical"}}), 3.0);
  EXPECT_EQ(shown.value("syncwarden_incidents_open", {{"severity", "warning"}}), 0.0);
  EXPECT_EQ(shown.value("syncwarden_ticks_waiting", {{"cause", "fleet_hold"}}), 4.0);
  EXPECT_EQ(shown.value("syncwarden_paused_connections"), 5.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_draining"), 1.0);
  EXPECT_EQ(shown.value("syncwarden_fleet_held"), 1.0);
}

TEST(Metrics, CountRecoveryAndSuspectRuns) {
  Metrics metrics(options());
  fact::RecoveryStep step;
  metrics.apply(step);
  metrics.apply(step);
  step.result = fact::RecoveryResult::timed_out;
  metrics.apply(step);
  step.action = fact::RecoveryAction::breaker_close;
  step.result = fact::RecoveryResult::done;
  metrics.apply(step);
  syncwarden::Run run;
  run.verdict = Verdict::suspect;
  metrics.apply(fact::RunFinished{run, "orders"});
  run.verdict = Verdict::succeeded;
  metrics.apply(fact::RunFinished{run, "orders"});
  const Exposition shown = scrape(metrics, FakeView());
  const auto steps = [&](const char* action, const char* result) {
    return shown.value("syncwarden_recovery_actions_total", {{"action", action}, {"result", result}});
  };
  EXPECT_EQ(steps("cancel", "asked"), 2.0);
  EXPECT_EQ(steps("cancel", "timed_out"), 1.0);
  EXPECT_EQ(steps("breaker_close", "done"), 1.0);
  EXPECT_EQ(steps("rerun", "asked"), 0.0);
  EXPECT_EQ(shown.value("syncwarden_runs_suspect_total", {{"job_type", "sync"}}), 1.0);
}

TEST(Metrics, CountFacts) {
  Metrics metrics(options());
  FakeView view;
  const ConnectionView connection = view.add(1).view;
  Tick tick;
  tick.outcome = TickOutcome::missed;
  tick.reason = TickReason::down;
  tick.also = 4;
  syncwarden::Run run;
  run.cause = TriggerCause::retry;
  metrics.apply(fact::TickDecided{tick, connection.id});
  metrics.apply(fact::TriggerSent{run});
  metrics.apply(fact::TriggerFailed{run, TriggerAnswer::unclear, Error{Errc::reply_timeout, "", "", ""}});
  metrics.apply(fact::TriggerAccepted{run, Millis(4'000)});
  auto failed = job(JobStatus::failed);
  failed.failures.push_back({FailureOrigin::source, FailureType::config_error, "no password"});
  failed.counters.records_committed = 7;
  failed.counters.bytes_committed = 900;
  metrics.apply(fact::JobEnded{failed, connection, std::nullopt});
  metrics.apply(fact::JobEnded{job(JobStatus::succeeded), connection, std::nullopt});
  metrics.apply(fact::JobEnded{job(JobStatus::cancelled, JobType::reset), connection, std::nullopt});
  metrics.apply(fact::PollDone{"jobs", Error{}});
  metrics.apply(fact::PollDone{"probe", std::nullopt});
  const Exposition shown = scrape(metrics, view);

  const LabelMap pair{{"source_connector", "postgres"}, {"destination_connector", "snowflake"}};
  LabelMap sync = pair;
  sync["job_type"] = "sync";
  LabelMap reset = pair;
  reset["job_type"] = "reset";
  EXPECT_EQ(shown.value("syncwarden_ticks_total", {{"outcome", "missed"}, {"reason", "down"}}), 5.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_triggers_total", {{"trigger", "retry"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_trigger_failures_total",
                        {{"trigger", "retry"}, {"reason", "transport"}}),
            1.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_trigger_delay_seconds_sum"), 4.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_trigger_delay_seconds_bucket", {{"le", "1"}}), 0.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_trigger_delay_seconds_bucket", {{"le", "5"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_trigger_delay_seconds_bucket", {{"le", "+Inf"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_jobs_completed_total", sync), 2.0);
  EXPECT_EQ(shown.value("syncwarden_jobs_failed_total", sync), 1.0);
  EXPECT_EQ(shown.value("syncwarden_jobs_cancelled_total", sync), 0.0);
  EXPECT_EQ(shown.value("syncwarden_jobs_cancelled_total", reset), 1.0);
  EXPECT_EQ(shown.value("syncwarden_records_loaded_total", pair), 7.0);
  EXPECT_EQ(shown.value("syncwarden_loaded_bytes_total", pair), 900.0);
  EXPECT_EQ(shown.value("syncwarden_job_failure_reasons_total",
                        {{"failure_origin", "source"}, {"failure_type", "config_error"}}),
            1.0);
  EXPECT_EQ(shown.value("syncwarden_job_duration_seconds_sum", {{"job_type", "sync"}}), 800.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_polls_total", {{"poll", "jobs"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_poll_failures_total", {{"poll", "jobs"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_polls_total", {{"poll", "health"}}), 1.0);
}

TEST(Metrics, NegativeAndUnknownDurationsSpoilNothing) {
  Metrics metrics(options());
  metrics.loop_lag(Seconds(std::numeric_limits<double>::quiet_NaN()));
  metrics.loop_lag(Seconds(-1));
  metrics.loop_lag(Millis(20));
  auto backwards = job(JobStatus::succeeded);
  backwards.updated = backwards.created - Millis(1);
  metrics.apply(fact::JobEnded{backwards, {}, std::nullopt});
  const Exposition shown = scrape(metrics, FakeView());
  EXPECT_EQ(shown.value("syncwarden_event_loop_lag_seconds_count"), 1.0);
  EXPECT_EQ(shown.value("syncwarden_event_loop_lag_seconds_sum"), 0.02);
  EXPECT_EQ(shown.value("syncwarden_job_duration_seconds_count", {{"job_type", "sync"}}), 0.0);
}

TEST(Metrics, ShowTheFleetAsItIsNow) {
  Metrics metrics(options());
  FakeView view;
  view.add(1);
  view.add(2).view.status = ConnectionStatus::inactive;
  view.add(3, "mysql").view.source.id = ActorId("shared");
  view.add(4, "mysql").view.source.id = ActorId("shared");
  view.state.airbyte_up = true;
  view.state.failing = 2;
  view.state.stale = {1, 0, 3};
  view.state.waiting = {5, 0, 0, 2, 0, 0};
  view.state.intents_unresolved = 1;
  view.state.oldest_unresolved = Instant(Millis(1'500));
  view.state.slots = 8;
  view.state.slots_in_use = 3;
  view.state.last_jobs_poll = Instant(Millis(7'000));
  view.state.active_jobs[{JobStatus::running, JobType::sync}] = 2;
  view.state.oldest_active[JobStatus::running] = Instant(Millis(9'000));
  const Exposition shown = scrape(metrics, view);
  const LabelMap active{
      {"source_connector", "postgres"}, {"destination_connector", "snowflake"}, {"status", "active"}};
  EXPECT_EQ(shown.value("syncwarden_connections", active), 1.0);
  LabelMap inactive = active;
  inactive["status"] = "inactive";
  EXPECT_EQ(shown.value("syncwarden_connections", inactive), 1.0);
  EXPECT_EQ(shown.value("syncwarden_sources", {{"source_connector", "mysql"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_sources", {{"source_connector", "postgres"}}), 2.0);
  EXPECT_EQ(shown.value("syncwarden_destinations", {{"destination_connector", "snowflake"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_up"), 1.0);
  EXPECT_EQ(shown.value("syncwarden_connections_failing"), 2.0);
  EXPECT_EQ(shown.value("syncwarden_connections_stale", {{"priority", "low"}}), 3.0);
  EXPECT_EQ(shown.value("syncwarden_ticks_waiting", {{"cause", "airbyte_down"}}), 2.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_queue_length"), 5.0);
  EXPECT_EQ(shown.value("syncwarden_scheduler_slots_in_use"), 3.0);
  EXPECT_EQ(shown.value("syncwarden_intents_unresolved"), 1.0);
  EXPECT_EQ(shown.value("syncwarden_intent_oldest_unresolved_timestamp_seconds"), 1.5);
  EXPECT_EQ(shown.value("syncwarden_jobs_active", {{"state", "running"}, {"job_type", "sync"}}), 2.0);
  EXPECT_EQ(shown.value("syncwarden_jobs_oldest_active_start_timestamp_seconds", {{"state", "running"}}),
            9.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_last_poll_success_timestamp_seconds", {{"poll", "jobs"}}), 7.0);
}

TEST(Metrics, AConnectionThatIsGoneLeavesNoSeriesAndItsCountersStay) {
  Metrics metrics(options(ConnectionDetail::full));
  FakeView view;
  view.add(1);
  const auto doomed = view.add(2, "mysql", "s3").view;
  metrics.apply(fact::JobEnded{job(JobStatus::succeeded), doomed, std::nullopt});
  EXPECT_NE(metrics.render(view, noon).find(doomed.id.text), std::string::npos);
  view.rows.pop_back();
  const std::string text = metrics.render(view, noon);
  EXPECT_EQ(text.find(doomed.id.text), std::string::npos);
  const auto shown = parse_exposition(text);
  EXPECT_EQ(
      shown.value("syncwarden_jobs_completed_total",
                  {{"source_connector", "mysql"}, {"destination_connector", "s3"}, {"job_type", "sync"}}),
      1.0);
  EXPECT_EQ(shown.value("syncwarden_sources", {{"source_connector", "mysql"}}), std::nullopt);
}

TEST(Metrics, PerConnectionValuesAreTheOnesOfTheView) {
  Metrics metrics(options(ConnectionDetail::full));
  FakeView view;
  auto& row = view.add(1);
  row.picture.consecutive_failures = 3;
  row.picture.last_duration = Millis(61'500);
  const LabelMap id{{"connection_id", row.view.id.text.str()}};
  const Exposition shown = scrape(metrics, view);
  EXPECT_EQ(shown.value("syncwarden_connection_last_success_timestamp_seconds", id), 1767225600.123);
  EXPECT_EQ(shown.value("syncwarden_connection_consecutive_failures", id), 3.0);
  EXPECT_EQ(shown.value("syncwarden_connection_last_duration_seconds", id), 61.5);
  EXPECT_EQ(shown.family("syncwarden_connection_running_since_timestamp_seconds"), nullptr);
  EXPECT_EQ(shown.family("syncwarden_connection_next_run_timestamp_seconds"), nullptr);
  EXPECT_EQ(shown.family("syncwarden_connection_freshness_objective_ratio"), nullptr);
  row.picture.freshness_objective = 0.995;
  EXPECT_EQ(scrape(metrics, view).value("syncwarden_connection_freshness_objective_ratio", id), 0.995);
  const auto& info = shown.family("syncwarden_connection_info")->samples.at(0).labels;
  EXPECT_EQ(info.at("connection_name"), "orders 1 -> warehouse");
  EXPECT_EQ(info.at("workspace_name"), "marketing");
  EXPECT_EQ(info.at("schedule_type"), "cron");
  EXPECT_EQ(info.at("priority"), "normal");
}

TEST(Metrics, HostileNamesCannotBreakTheScrape) {
  const std::string names[] = {std::string("bad \xff\xfe bytes"),
                               "quote \" backslash \\ end\\",
                               "line\nfeed\r\n# TYPE evil counter\nevil 1\n",
                               std::string(10'000, 'x'),
                               "",
                               std::string("nul\0nul", 7),
                               "\xE2\x80\xAE"
                               "rtl",
                               std::string(5'000, '\xC3'),
                               "\x1b[31mred\xC2\x85",
                               "\"} 1\nsyncwarden_ready 0\n"};
  Metrics metrics(options(ConnectionDetail::full));
  FakeView view;
  std::size_t number = 0;
  for (const std::string& name : names) {
    auto& row = view.add(++number);
    row.view.name = name;
    row.view.workspace_name = name;
    row.view.workspace = WorkspaceId(name);
    row.view.source.connector = name;
    row.view.destination.connector = name;
    if (number % 2 == 0) row.view.id = ConnectionId(std::to_string(number) + name);
  }
  view.state.airbyte = AirbyteInfo{names[2], "config", true};
  const Exposition shown = scrape(metrics, view);
  EXPECT_EQ(shown.family("syncwarden_connection_info")->samples.size(), std::size(names));
  EXPECT_EQ(shown.family("evil"), nullptr);
}

TEST(Metrics, TenThousandConnectionsGiveFiveSeriesEachInBasicAndTenInFull) {
  FakeView view;
  for (std::size_t i = 0; i < 10'000; ++i) {
    auto& row = view.add(i, "source" + std::to_string(i % 60), "destination" + std::to_string(i % 5));
    row.picture.running_since = noon.wall;
    row.picture.next_run = noon.wall;
    row.picture.last_duration = Millis(1);
    row.picture.last_records = 1;
    row.picture.last_bytes = 1;
  }
  std::map<ConnectionDetail, std::size_t> series;
  for (const auto detail : {ConnectionDetail::off, ConnectionDetail::basic, ConnectionDetail::full}) {
    Metrics metrics(options(detail));
    series[detail] = scrape(metrics, view).series();
  }
  EXPECT_LT(series[ConnectionDetail::off], 5'000U);
  EXPECT_EQ(series[ConnectionDetail::basic] - series[ConnectionDetail::off], 50'000U);
  EXPECT_EQ(series[ConnectionDetail::full] - series[ConnectionDetail::off], 100'000U);
}

TEST(Metrics, TheConnectionLimitIsKeptAndTold) {
  FakeView view;
  for (std::size_t i = 0; i < 30; ++i) view.add(i);
  Metrics metrics(options(ConnectionDetail::basic, 20));
  const Exposition shown = scrape(metrics, view);
  EXPECT_EQ(shown.family("syncwarden_connection_info")->samples.size(), 20U);
  EXPECT_EQ(shown.value("syncwarden_metrics_connections_omitted"), 10.0);
  metrics.configure(ConnectionDetail::off, 20);
  EXPECT_EQ(scrape(metrics, view).value("syncwarden_metrics_connections_omitted"), 0.0);
}

TEST(Metrics, MoreThan300ConnectorPairsBecomeOther) {
  FakeView view;
  for (std::size_t i = 0; i < 400; ++i) view.add(i, "source" + std::to_string(i));
  Metrics metrics(options());
  const Exposition shown = scrape(metrics, view);
  EXPECT_EQ(shown.family("syncwarden_records_loaded_total")->samples.size(), 301U);
  EXPECT_EQ(
      shown.value("syncwarden_connections",
                  {{"source_connector", "other"}, {"destination_connector", "other"}, {"status", "active"}}),
      100.0);
  EXPECT_EQ(shown.value("syncwarden_sources", {{"source_connector", "other"}}), 100.0);
}

TEST(Metrics, ForeignWordsNeverMakeNewSeries) {
  Metrics metrics(options());
  const FakeView view;
  metrics.http().answered("/x", "WEIRD", 999, Millis(1));
  metrics.http().answered("/x", "GET", 404, Millis(1));
  metrics.airbyte().request_started("made_up");
  metrics.http().refused("made_up");
  const std::size_t before = scrape(metrics, view).series();
  for (unsigned i = 0; i < 10'000; ++i) {
    metrics.http().answered("/x" + std::to_string(i), "M" + std::to_string(i), 600 + i, Millis(1));
    metrics.airbyte().request_started("made_up" + std::to_string(i));
    metrics.airbyte().request_ended("made_up" + std::to_string(i), Millis(1), Errc::internal);
    metrics.http().refused(std::to_string(i));
    metrics.apply(fact::PollDone{"made up", std::nullopt});
  }
  const Exposition shown = scrape(metrics, view);
  EXPECT_EQ(shown.series(), before);
  EXPECT_EQ(shown.value("syncwarden_http_requests_total",
                        {{"handler", "other"}, {"method", "other"}, {"code", "other"}}),
            10'001.0);
}

TEST(Metrics, AirbyteRequestsAreCountedByOperationAndReason) {
  Metrics metrics(options());
  metrics.airbyte().request_started("list_jobs");
  metrics.airbyte().request_started("list_jobs");
  metrics.airbyte().request_retried("list_jobs");
  metrics.airbyte().request_ended("list_jobs", Millis(300), Errc::connection_lost);
  metrics.airbyte().request_started("trigger_job");
  metrics.airbyte().request_ended("trigger_job", Millis(300), Errc::cancelled);
  const Exposition shown = scrape(metrics, FakeView());
  EXPECT_EQ(shown.value("syncwarden_airbyte_requests_total", {{"operation", "list_jobs"}}), 2.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_request_retries_total", {{"operation", "list_jobs"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_request_failures_total",
                        {{"operation", "list_jobs"}, {"reason", "connect"}}),
            1.0);
  EXPECT_EQ(shown.value("syncwarden_airbyte_requests_in_flight"), 1.0);
  double failures = 0;
  for (const auto& sample : shown.family("syncwarden_airbyte_request_failures_total")->samples) {
    if (sample.labels.at("operation") == "trigger_job") failures += sample.value;
  }
  EXPECT_EQ(failures, 0.0) << "our own cancel is no failure of Airbyte";
}

TEST(Metrics, HttpRequestsAreCountedByRoute) {
  Metrics metrics(options());
  metrics.http().answered("/livez/loop", "GET", 200, Millis(1));
  metrics.http().answered("/metrics", "GET", 200, Millis(1));
  metrics.http().connections(+1);
  metrics.http().connections(+1);
  metrics.http().connections(-1);
  const Exposition shown = scrape(metrics, FakeView());
  EXPECT_EQ(shown.value("syncwarden_http_requests_total",
                        {{"handler", "/livez"}, {"method", "get"}, {"code", "200"}}),
            1.0);
  EXPECT_EQ(shown.value("syncwarden_http_request_duration_seconds_count", {{"handler", "/metrics"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_http_connections"), 1.0);
}

TEST(Metrics, TheProcessShowsItself) {
  Metrics metrics(options());
  const Exposition shown = scrape(metrics, FakeView());
  EXPECT_EQ(shown.value("process_start_time_seconds"), 1767225600.0);
  EXPECT_GE(shown.value("process_threads").value_or(0), 1.0);
  EXPECT_GE(shown.value("process_open_fds").value_or(0), 3.0);
  EXPECT_GT(shown.value("process_resident_memory_bytes").value_or(0), 1'000'000.0);
  EXPECT_LE(shown.value("process_open_fds"), shown.value("process_max_fds"));
}

TEST(Metrics, TheSameStateGivesTheSameOrder) {
  FakeView view;
  for (std::size_t i = 0; i < 10; ++i) view.add(i, "s" + std::to_string(i));
  const auto names = [&] {
    Metrics metrics(options());
    std::vector<std::string> series;
    for (const auto& family : scrape(metrics, view).families) {
      for (const auto& sample : family.samples) {
        std::string name = sample.name;
        for (const auto& [key, value] : sample.labels) name += ' ' + key + '=' + value;
        series.push_back(name);
      }
    }
    return series;
  };
  EXPECT_EQ(names(), names());
}

TEST(Metrics, PromtoolFindsNothing) {
  if (std::system("command -v promtool > /dev/null") != 0) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "promtool is missing: install the package prometheus";
    GTEST_SKIP() << "promtool is not installed (package prometheus)";
  }
  Metrics metrics(options(ConnectionDetail::full));
  FakeView view;
  show_everything(metrics, view);
  view.add(2).view.name = "hostile \" \\ \n \xff";
  const std::string path = ::testing::TempDir() + "syncwarden_exposition.prom";
  std::ofstream(path) << metrics.render(view, noon);
  const std::string findings = path + ".findings";
  const int status = std::system(("promtool check metrics < " + path + " > " + findings + " 2>&1").c_str());
  std::stringstream said;
  said << std::ifstream(findings).rdbuf();
  EXPECT_EQ(WEXITSTATUS(status), 0) << said.str();
  std::remove(path.c_str());
  std::remove(findings.c_str());
}

}  // namespace
}  // namespace syncwarden::observe
