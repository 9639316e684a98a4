// What opens an incident and what closes it, one row for each kind; a fleet that fails; and when data is
// late.
#include "core/desk.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

void end_with(Desk& desk, JobStatus status, FailureType failure = FailureType::config_error) {
  desk.end_job(desk.start_job("c"), status, failure);
  desk.poll();
}

std::vector<ConnectionView> two_managed() {
  std::vector<ConnectionView> views{connection("c"), connection("d")};
  for (auto& view : views) view.tags = {"managed"};
  return views;
}

struct IncidentCase {
  const char* kind;
  std::function<void(Plan&)> configure;
  std::function<void(Desk&)> happens;
  std::function<void(Desk&)> mends;
};

class IncidentKinds : public testing::TestWithParam<IncidentCase> {};

TEST_P(IncidentKinds, OpenOnceSurviveARestartAndCloseWithTheirCause) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 12 * * ?", [](Policy& p) {
    p.freshness.late_after = Millis{72h};
    p.extra_jobs.max = 0;
  }));
  plan.rules[0].match.tag = "managed";
  if (c.configure) c.configure(plan);
  Desk desk(plan, two_managed());
  desk.job_length.reset();
  desk.pass(1min);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  c.happens(desk);
  ASSERT_THAT(open_incidents(desk), ElementsAre(c.kind));
  const auto number = desk.disk.incidents().rbegin()->first;
  desk.pass(1min);
  desk.crash(1min);
  desk.pass(3min);
  EXPECT_THAT(open_incidents(desk), ElementsAre(c.kind));
  EXPECT_EQ(desk.disk.incidents().rbegin()->first, number) << "it is the same one";
  c.mends(desk);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  EXPECT_THAT(desk.disk.incidents(), SizeIs(1));
}

ConnectionView& c_of(Desk& desk) { return desk.connections[0]; }
const auto succeeds = [](Desk& d) { end_with(d, JobStatus::succeeded); };

const std::vector<IncidentCase>& incident_cases() {
  static const std::vector<IncidentCase> cases{
      IncidentCase{"airbyte_unreachable",
                   {},
                   [](Desk& d) {
                     d.away = true;
                     d.pass(80s);
                     EXPECT_THAT(open_incidents(d), IsEmpty()) << "a restart of its server is none";
                     d.pass(60s);
                   },
                   [](Desk& d) { d.away = false, d.pass(1min); }},
      IncidentCase{"fleet_hold",
                   [](Plan& p) {
                     p.fleet_hold = {0.5, 4, 15min}, p.rules.clear();
                   },
                   [](Desk& d) {
                     for (int i = 0; i < 4; ++i)
                       d.end_job(d.start_job(i % 2 == 0 ? "c" : "d"),
                                 i < 2 ? JobStatus::failed : JobStatus::succeeded);
                     d.poll();
                   },
                   succeeds},
      IncidentCase{"sync_failing",
                   {},
                   [](Desk& d) {
                     ASSERT_TRUE(d.ask(command::Sync{ConnectionId{"c"}}));
                     d.end_job(JobId{101}, JobStatus::failed, FailureType::config_error);
                     d.poll();
                   },
                   succeeds},
      IncidentCase{"breaker_open",
                   [](Plan& p) {
                     p.rules[0].policy.breaker.after_failed_jobs = 2;
                     p.rules[0].policy.incident_after = 9;
                   },
                   [](Desk& d) { end_with(d, JobStatus::failed), end_with(d, JobStatus::failed); }, succeeds},
      IncidentCase{"auto_disable_near",
                   [](Plan& p) {
                     p.rules[0].policy.breaker.after_failed_jobs = 0;
                     p.fleet_hold.failed_ratio = 0;
                   },
                   [](Desk& d) {
                     for (int i = 0; i < 20; ++i) end_with(d, JobStatus::failed);
                   },
                   succeeds},
      IncidentCase{"disabled_by_airbyte",
                   {},
                   [](Desk& d) {
                     c_of(d).status = ConnectionStatus::inactive;
                     c_of(d).status_reason = "too many failed jobs";
                     d.discover();
                   },
                   [](Desk& d) {
                     c_of(d).status = ConnectionStatus::active;
                     c_of(d).status_reason.clear();
                     d.discover();
                   }},
      IncidentCase{"schema_decision",
                   {},
                   [](Desk& d) { c_of(d).breaking_change = true, d.discover(); },
                   [](Desk& d) { c_of(d).breaking_change = false, d.discover(); }},
      IncidentCase{"stuck/queued",
                   {},
                   [](Desk& d) {
                     d.start_job("c", JobType::sync, JobStatus::queued);
                     d.pass(62min);
                   },
                   [](Desk& d) { d.end_job(JobId{101}, JobStatus::succeeded), d.poll(); }},
      IncidentCase{"suspect_success",
                   {},
                   [](Desk& d) {
                     const JobId job = d.start_job("c");
                     d.jobs.at(job).status = JobStatus::succeeded;  // and no statistics
                     d.jobs.at(job).updated = d.now.wall;
                     d.poll();
                   },
                   succeeds},
      IncidentCase{"left_management",
                   {},
                   [](Desk& d) { c_of(d).tags.clear(), d.discover(); },
                   [](Desk& d) { c_of(d).tags = {"managed"}, d.discover(); }},
      IncidentCase{"intent_unresolved",
                   {},
                   [](Desk& d) {
                     d.by_hand();
                     ASSERT_TRUE(d.ask(command::Sync{ConnectionId{"c"}}));
                     d.answer(reply_of(TriggerAnswer::unclear));
                     d.pass(9min);
                   },
                   [](Desk& d) { d.start_job("c"), d.poll(); }},
      IncidentCase{"two_schedulers",
                   [](Plan& p) { p.rules[0].policy.airbyte_schedule = AirbyteSchedulePolicy::tolerate; },
                   [](Desk& d) { c_of(d).schedule = AirbyteSchedule::cron, d.discover(); },
                   [](Desk& d) { c_of(d).schedule = AirbyteSchedule::manual, d.discover(); }},
      IncidentCase{"stuck/phantom",
                   {},
                   [](Desk& d) {
                     d.airbyte = [](const out::TriggerSync&) {
                       return reply_of(TriggerAnswer::conflict, Errc::conflict);
                     };
                     ASSERT_TRUE(d.ask(command::Sync{ConnectionId{"c"}}));
                     d.pass(50s);
                     ASSERT_TRUE(d.ask(command::Sync{ConnectionId{"c"}}));
                     EXPECT_THAT(open_incidents(d), IsEmpty()) << "a job may be listed late";
                     d.pass(30s);
                     ASSERT_TRUE(d.ask(command::Sync{ConnectionId{"c"}}));
                     d.airbyte = nullptr;
                   },
                   succeeds},
      IncidentCase{"stuck/missed_run", [](Plan& p) { p.rules[0].schedules.clear(); },
                   [](Desk& d) {
                     c_of(d).schedule = AirbyteSchedule::cron;
                     c_of(d).schedule_text = "0 0 * * * ? UTC";
                     d.discover();
                     end_with(d, JobStatus::succeeded);
                     d.until(one + 31min);
                   },
                   [](Desk& d) { d.start_job("c"), d.poll(); }},
      IncidentCase{"cancel_failed",
                   {},
                   [](Desk& d) {
                     d.start_job("c");
                     d.poll();
                     ASSERT_TRUE(d.ask(command::Cancel{ConnectionId{"c"}, {}}));
                     d.pass(6min);
                   },
                   [](Desk& d) { d.end_job(JobId{101}, JobStatus::cancelled), succeeds(d); }},
      IncidentCase{"volume_outlier",
                   {},
                   [](Desk& d) {
                     for (int i = 0; i < 5; ++i) end_with(d, JobStatus::succeeded);
                     const JobId job = d.start_job("c");
                     d.jobs.at(job).counters.records_committed = 90'000;
                     d.end_job(job, JobStatus::succeeded);
                     d.poll();
                   },
                   succeeds},
      IncidentCase{"data_late",
                   [](Plan& p) {
                     p.rules[0].match.id = "c";
                     p.rules[0].policy.freshness.late_after = Millis{2h};
                   },
                   [](Desk& d) { d.pass(2h); }, succeeds},
      IncidentCase{"rule_matches_nothing",
                   [](Plan& p) {
                     auto narrow = p.rules[0];
                     narrow.where = "test.yaml:9";
                     narrow.match.name = "c";
                     p.rules.insert(p.rules.begin(), narrow);
                   },
                   [](Desk& d) { c_of(d).name = "renamed", d.discover(); },
                   [](Desk& d) { c_of(d).name = "c", d.discover(); }}};
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, IncidentKinds, testing::ValuesIn(incident_cases()), [](const auto& test) {
  std::string name(test.param.kind);
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

/// A new kind needs its row.
TEST(IncidentTable, HasARowForEachKind) {
  for (const IncidentKind kind : all_incident_kinds) {
    EXPECT_TRUE(std::any_of(incident_cases().begin(), incident_cases().end(), [&](const IncidentCase& c) {
      return std::string_view(c.kind).starts_with(to_string(kind));
    })) << to_string(kind);
  }
}

// ---- what an incident says

struct SaysCase {
  const char* name;
  std::function<void(Policy&)> policy;
  bool late;  ///< data_late, else sync_failing
  Severity severity;
};

class IncidentSays : public testing::TestWithParam<SaysCase> {};

TEST_P(IncidentSays, WhoseItIsHowUrgentAndWhereToLook) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 12 * * ?", [](Policy& p) {
    p.freshness.late_after = Millis{2h};
    p.labels = {{"team", "finance"}};
  }));
  c.policy(plan.rules[0].policy);
  plan.airbyte_ui = "http://airbyte";
  Desk desk(plan);
  desk.job_length.reset();
  if (c.late) {
    desk.pass(3h);
  } else {
    ASSERT_TRUE(desk.ask(command::Sync{ConnectionId{"c"}}));
    desk.end_job(JobId{101}, JobStatus::failed, FailureType::config_error);
    desk.poll();
  }
  ASSERT_THAT(desk.disk.incidents(), SizeIs(1));
  const auto& incident = desk.disk.incidents().begin()->second;
  EXPECT_EQ(incident.severity, c.severity);
  EXPECT_EQ(incident.labels, plan.rules[0].policy.labels);
  EXPECT_EQ(incident.subject, "c");
  EXPECT_EQ(incident.job, JobId{c.late ? 0 : 101});
  EXPECT_EQ(incident.link,
            c.late ? "http://airbyte/workspaces/w/connections/c/timeline"
                   : "http://airbyte/workspaces/w/connections/c/timeline?jobId=101&openLogs=true");
  EXPECT_THAT(incident.summary,
              testing::HasSubstr(c.late ? "2026-11-02T02:30:00Z" : "job 101 failed (config)"));
}

INSTANTIATE_TEST_SUITE_P(
    Policies, IncidentSays,
    testing::Values(SaysCase{"a_failure", [](Policy&) {}, false, Severity::warning},
                    SaysCase{"a_failure_of_high_priority", [](Policy& p) { p.priority = Priority::high; },
                             false, Severity::warning},
                    SaysCase{"a_failure_that_pages",
                             [](Policy& p) { p.labels.emplace_back("severity", "page"); }, false,
                             Severity::critical},
                    SaysCase{"late_data", [](Policy&) {}, true, Severity::warning},
                    SaysCase{"late_data_of_high_priority", [](Policy& p) { p.priority = Priority::high; },
                             true, Severity::critical},
                    SaysCase{"late_data_of_another_label",
                             [](Policy& p) { p.labels.emplace_back("severity", "ticket"); }, true,
                             Severity::warning}),
    by_name);

/// What was stuck is over when a later job ends, even if nobody believes in its success.
TEST(IncidentStuck, IsClosedByALaterJobOfDoubtfulWorth) {
  Desk desk(plan_of(rule("0 0 12 * * ?")));
  desk.pass(1min);
  desk.job_length.reset();
  desk.start_job("c", JobType::sync, JobStatus::queued);
  desk.pass(62min);
  ASSERT_THAT(open_incidents(desk), ElementsAre("stuck/queued"));
  desk.end_job(JobId{101}, JobStatus::cancelled);
  desk.poll();
  ASSERT_THAT(open_incidents(desk), ElementsAre("stuck/queued"))
      << "somebody cancelled it, and nothing ran since";
  const JobId later = desk.start_job("c");
  desk.jobs.at(later).status = JobStatus::succeeded;  // and no statistics
  desk.jobs.at(later).updated = desk.now.wall;
  desk.poll();
  EXPECT_THAT(open_incidents(desk), ElementsAre("suspect_success"));
}

TEST(IncidentAck, NamesAnOwnerAndClosesWhatNothingElseWouldClose) {
  auto plan = plan_of(rule("0 0 12 * * ?"));
  plan.rules[0].match.tag = "managed";
  Desk desk(plan, two_managed());
  desk.pass(1min);
  for (auto& view : desk.connections) view.tags.clear();
  c_of(desk).breaking_change = true;
  desk.discover();
  ASSERT_THAT(open_incidents(desk),
              ElementsAre("left_management", "left_management", "rule_matches_nothing", "schema_decision"));
  for (const auto& [id, incident] : std::map<IncidentId, Incident>(desk.disk.incidents())) {
    EXPECT_TRUE(desk.ask(command::Ack{id, "I renamed them"}));
    EXPECT_EQ(desk.disk.incidents().at(id).owner, "alice");
    EXPECT_EQ(desk.disk.incidents().at(id).events.back().by.empty(),
              desk.disk.incidents().at(id).closed.has_value());
  }
  EXPECT_THAT(open_incidents(desk), ElementsAre("schema_decision")) << "Airbyte still waits for a decision";
}

TEST(IncidentOutage, IsOneForFiveHundredConnectionsAndEachCatchesUpOnce) {
  std::vector<ConnectionView> views;
  for (int i = 0; i < 500; ++i) views.push_back(connection("c" + std::to_string(i)));
  auto plan = plan_of(rule());
  plan.triggers_per_second = 5;
  Desk desk(plan, views);
  desk.until(monday + 3h + 30min);
  ASSERT_THAT(desk.sent, SizeIs(1500));
  const auto incidents = desk.disk.incidents().size();
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  desk.away = true;
  desk.pass(1h);
  EXPECT_THAT(open_incidents(desk), ElementsAre("airbyte_unreachable"));
  desk.away = false;
  desk.pass(20min);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
  EXPECT_THAT(desk.disk.incidents(), SizeIs(incidents + 1));
  EXPECT_THAT(desk.cancels, IsEmpty());
  ASSERT_THAT(desk.sent, SizeIs(2000));
  EXPECT_GE(desk.sent[1999].at.wall - desk.sent[1500].at.wall, 90s) << "paced";
}

// ---- a fleet that fails

TEST(FleetHold, StartsAreHeldAndTriedOneAtATimeAtGrowingDistances) {
  auto plan = plan_of(rule());
  plan.fleet_hold = {0.5, 10, 15min};
  std::vector<ConnectionView> views;
  for (int i = 0; i < 20; ++i) views.push_back(connection("c" + std::to_string(i)));
  Desk desk(plan, views);
  desk.plan.rules[0].policy.extra_jobs.max = 0;
  desk.reload();
  desk.airbyte = [&](const out::TriggerSync& request) {
    const JobId job = desk.start_job(request.connection.text.str());
    desk.end_job(job, JobStatus::failed, FailureType::system_error);
    return std::optional(created(job));
  };
  desk.until(one + 1min);
  ASSERT_THAT(desk.sent, SizeIs(20)) << "all of them failed";
  EXPECT_THAT(open_incidents(desk), Contains("fleet_hold"));
  desk.until(monday + 2h + 59min);
  std::vector<std::chrono::minutes> tried;
  for (std::size_t i = 20; i < desk.sent.size(); ++i)
    tried.push_back(std::chrono::floor<std::chrono::minutes>(desk.sent[i].at.wall - (monday + 2h)));
  EXPECT_THAT(tried, ElementsAre(0min, 5min, 15min, 35min));
  desk.airbyte = nullptr;
  desk.job_length = 1min;
  desk.until(monday + 3h + 1min);
  EXPECT_EQ(desk.tick(monday + 2h, "c9/0"), "skipped/fleet_hold");
  desk.until(monday + 4h + 30min);
  EXPECT_THAT(open_incidents(desk), Not(Contains("fleet_hold")));
  EXPECT_EQ(desk.tick(monday + 4h, "c9/0"), "started/on_time");
}

// ---- late data

struct LateCase {
  const char* name;
  std::function<void(Rule&)> configure;
  Millis late;  ///< after 01:00; nothing has succeeded since 01:10
};

class LateAfter : public testing::TestWithParam<LateCase> {};

TEST_P(LateAfter, TellsOfDataByItsPolicy) {
  const auto& c = GetParam();
  auto only = rule();
  c.configure(only);
  Desk desk(plan_of(only));
  desk.until(one + 15min);
  desk.airbyte = [](const out::TriggerSync&) {
    return std::optional(reply_of(TriggerAnswer::refused, Errc::rejected));
  };
  desk.until(one + c.late - 1s);
  EXPECT_THAT(open_incidents(desk), Not(Contains("data_late")));
  desk.pass(31s);
  EXPECT_THAT(open_incidents(desk), Contains("data_late"));
  desk.airbyte = nullptr;
  ASSERT_TRUE(desk.ask(command::Sync{ConnectionId{"c"}}));
  desk.pass(11min);
  EXPECT_THAT(open_incidents(desk), Not(Contains("data_late"))) << "a verified success ends it";
}

calendar::Schedule daily(const char* expression) { return cron(expression, "Europe/Berlin"); }

INSTANTIATE_TEST_SUITE_P(
    Policies, LateAfter,
    testing::Values(
        // The tick of 02:00, and twice the ten minutes that its jobs take.
        LateCase{"auto", [](Rule&) {}, 1h + 20min},
        LateCase{"auto_of_a_rare_one",
                 [](Rule& r) {
                   r.schedules.push_back({"b", cron("0 0 5 * * ?")}), r.schedules.erase(r.schedules.begin());
                   r.schedules.push_back({"now", cron("0 0 1 * * ?")});
                 },
                 4h + 20min},
        LateCase{"duration", [](Rule& r) { r.policy.freshness.late_after = Millis{90min}; }, 100min},
        // 03:30 in Berlin is 02:30 here; the tick of 02:00 belongs to it.
        LateCase{"done_by", [](Rule& r) { r.policy.freshness.late_after = DoneBy{daily("0 30 3 * * ?")}; },
                 90min},
        // The success of 01:10 was that of the latest tick before 01:30.
        LateCase{"done_by_satisfied",
                 [](Rule& r) { r.policy.freshness.late_after = DoneBy{daily("0 30 2,6 * * ?")}; },
                 4h + 30min}),
    by_name);

struct FreshCase {
  const char* name;
  Millis target;
  Millis takes;         ///< a job
  std::size_t at_most;  ///< starts a day
};

class KeepFresh24h : public testing::TestWithParam<FreshCase> {};

TEST_P(KeepFresh24h, NeverLetsDataGrowOlderAndStartsNoMoreThanThatTakes) {
  const auto& c = GetParam();
  Rule only;
  only.schedules.push_back({"", KeepFresh{c.target}});
  Desk desk(plan_of(only));
  desk.job_length = c.takes;
  desk.until(monday + 6h);  // its durations are known now
  const auto before = desk.sent.size();
  std::optional<Instant> last;
  Millis oldest{};
  for (int minute = 0; minute < 24 * 60; ++minute) {
    desk.pass(1min);
    desk.core().for_each_connection([&](const ConnectionPicture& p) { last = p.last_success; });
    ASSERT_TRUE(last);
    oldest = std::max(oldest, Millis{desk.now.wall - *last});
  }
  EXPECT_LE(oldest, c.target + 1min) << "a poll may show an end half a minute late";
  EXPECT_LE(desk.sent.size() - before, c.at_most);
  EXPECT_GE(desk.sent.size() - before, c.at_most / 2);
  EXPECT_THAT(open_incidents(desk), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Targets, KeepFresh24h,
                         testing::Values(FreshCase{"two_hours", 2h, 10min, 13},
                                         FreshCase{"two_hours_of_long_jobs", 2h, 50min, 22},
                                         FreshCase{"a_quarter", 15min, 2min, 120},
                                         FreshCase{"half_a_day", 12h, 30min, 3}),
                         by_name);

}  // namespace
}  // namespace syncwarden::core
