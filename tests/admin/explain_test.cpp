#include "admin/explain.hpp"

#include "admin/amounts.hpp"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::admin {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr Instant noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2} + hours{12}};

/// Hourly at minute 0, by conf.yaml:12.
Evidence hourly() {
  Evidence evidence;
  evidence.connection.id = ConnectionId("c");
  evidence.rule = "conf.yaml:12";
  evidence.schedules = {"0 0 * * * ? UTC safe"};
  evidence.now = noon;
  return evidence;
}

Tick tick_at(Instant nominal, TickOutcome outcome, TickReason reason) {
  return {ScheduleId("c/0"), nominal, outcome, reason, nominal};
}

TEST(Explain, TheLastTickBeforeIsFoundOverAnyDistance) {
  const struct {
    const char* schedule;
    const char* at;
    const char* last;
  } cases[] = {{"every 30s", "2026-11-02T12:00:29Z", "2026-11-02T12:00:00Z"},
               {"0 0 * * * ? UTC safe", "2026-11-02T12:00:00Z", "2026-11-02T12:00:00Z"},
               {"0 0 * * * ? UTC safe", "2026-11-02T11:59:59Z", "2026-11-02T11:00:00Z"},
               {"* * 9-17 ? * MON-FRI UTC safe", "2026-11-02T03:00:00Z", "2026-10-30T17:59:59Z"},
               {"0 0 0 29 2 ? UTC safe", "2026-11-02T12:00:00Z", "2024-02-29T00:00:00Z"},
               {"0 30 2 * * ? Europe/Berlin safe", "2026-10-25T01:00:00Z", "2026-10-25T00:30:00Z"}};
  for (const auto& c : cases) {
    const auto last = last_at_or_before(*calendar::Schedule::from_text(c.schedule), *parse_rfc3339(c.at));
    ASSERT_TRUE(last.has_value()) << c.schedule;
    EXPECT_EQ(to_rfc3339(*last), c.last) << c.schedule << " at " << c.at;
  }
  EXPECT_FALSE(
      last_at_or_before(*calendar::Schedule::from_text("0 0 0 1 1 ? 2030 UTC safe"), noon).has_value());
}

TEST(Explain, WhatHoldsTheComingTicksIsTold) {
  Evidence evidence = hourly();
  evidence.pause = Pause{ConnectionId("c"), noon + hours{2}, "migration", "alice", noon - hours{1}};
  evidence.breaker_open = true;
  const auto lines = explain(evidence);
  const auto told = [&](const std::string& text) {
    return std::any_of(lines.begin(), lines.end(), [&](const Line& line) { return line.text == text; });
  };
  EXPECT_TRUE(
      told("paused since 2026-11-02T11:00:00Z by alice (migration): ticks are skipped until "
           "2026-11-02T14:00:00Z"));
  EXPECT_TRUE(told("the breaker is open: only probes are started until one succeeds"));
  evidence.pause = Pause{ConnectionId(), std::nullopt, "", "alice", noon - hours{1}};
  EXPECT_THAT(explain(evidence).at(lines.size() - 3).text,
              HasSubstr("by alice, with everything else: ticks are skipped until somebody resumes it"));
}

TEST(Explain, ASkippedTickIsOneLineWithRuleAndFact) {
  Evidence evidence = hourly();
  evidence.at = noon - hours{1};
  evidence.ticks = {tick_at(noon - hours{1}, TickOutcome::skipped, TickReason::overlap)};
  evidence.ticks.front().detail = "job 41 runs since 02:00";
  const auto lines = explain(evidence);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text,
            "conf.yaml:12: due 2026-11-02T11:00:00Z, skipped (overlap): job 41 runs since 02:00");
  EXPECT_TRUE(lines[0].steps.empty());
}

TEST(Explain, ARunTellsItsStoryToTheIncident) {
  Evidence evidence = hourly();
  evidence.at = noon - hours{1};
  evidence.ticks = {tick_at(noon - hours{1}, TickOutcome::started, TickReason::deferred)};
  evidence.ticks.front().run = RunId{1, 1};
  evidence.ticks.front().decided = noon - hours{1} + minutes{5};
  syncwarden::Run run;
  run.id = RunId{1, 1};
  run.schedule = ScheduleId("c/0");
  run.nominal = run.due = noon - hours{1};
  run.intended = noon - hours{1} + minutes{5};
  run.requests = 1;
  run.job = JobId{41};
  run.attribution = Attribution::proven;
  run.phase = RunPhase::finished;
  run.verdict = Verdict::failed;
  run.failure = FailureClass::config;
  run.why = "the API key was revoked";
  evidence.runs = {run};
  JobRecord job;
  job.job = {JobId{41},         ConnectionId("c"),         JobType::sync,
             JobStatus::failed, run.intended + seconds{1}, run.intended + seconds{31}};
  job.job.failures = {{FailureOrigin::source, FailureType::config_error, "401"}};
  evidence.jobs = {job};
  Incident incident;
  incident.id = IncidentId{17};
  incident.job = JobId{41};
  incident.summary = "failed: the API key was revoked";
  incident.opened = run.intended + seconds{32};
  evidence.incidents = {incident};

  const auto lines = explain(evidence);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0].text, HasSubstr("started (deferred) 5m later; job 41 (sync) failed after 30s: source "
                                       "config_error: 401; failed (config): the API key was revoked"));
  std::vector<std::string> steps;
  for (const Step& step : lines[0].steps) steps.push_back(step.text);
  EXPECT_THAT(steps, ::testing::ElementsAre("the request was written and sent",
                                            "job 41 was created; Airbyte answered the request with it",
                                            "job 41 (sync) failed after 30s: source config_error: 401",
                                            "verdict: failed: the API key was revoked",
                                            "incident #17 (sync_failing): failed: the API key was revoked"));
}

TEST(Explain, WhenNothingWasDueTheNeighboursAreNamed) {
  Evidence evidence = hourly();
  evidence.at = noon - minutes{30};
  evidence.ticks = {tick_at(noon - hours{1}, TickOutcome::started, TickReason::on_time)};
  const auto lines = explain(evidence);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].kind, LineKind::idle);
  EXPECT_EQ(lines[0].text,
            "conf.yaml:12 (0 0 * * * ? UTC safe): nothing was due at 2026-11-02T11:30:00Z; the last tick "
            "before was "
            "2026-11-02T11:00:00Z, the next is 2026-11-02T12:00:00Z");
  EXPECT_EQ(lines[1].kind, LineKind::tick) << "and what the last one before did";
}

TEST(Explain, AMinuteIsMeantAsAWhole) {
  Evidence evidence = hourly();
  evidence.schedules = {"30 0 * * * ? UTC safe"};
  evidence.at = noon - hours{1};
  evidence.ticks = {tick_at(noon - hours{1} + seconds{30}, TickOutcome::started, TickReason::on_time)};
  EXPECT_EQ(explain(evidence).front().kind, LineKind::tick) << "asked for 11:00, due at 11:00:30";
  evidence.at = noon - hours{1} + seconds{1};
  EXPECT_EQ(explain(evidence).front().kind, LineKind::idle) << "asked for that second";
}

TEST(Explain, ATickInTheFutureAndOneWithoutARecordAreToldApart) {
  Evidence evidence = hourly();
  evidence.at = noon + hours{1};
  EXPECT_THAT(explain(evidence).front().text, HasSubstr("still to come"));
  evidence.at = noon - hours{5};
  const auto lines = explain(evidence);
  EXPECT_EQ(lines.front().kind, LineKind::unknown);
  EXPECT_THAT(lines.front().text, HasSubstr("no record of it"));
}

TEST(Explain, ARecordForManyMissedTicksAnswersForEachOfThem) {
  Evidence evidence = hourly();
  evidence.ticks = {tick_at(noon - hours{1}, TickOutcome::missed, TickReason::down)};
  evidence.ticks.front().also = 3;  // 08:00, 09:00, 10:00, and 11:00 itself
  evidence.at = noon - hours{4};
  EXPECT_THAT(explain(evidence).front().text, HasSubstr("missed (down); stands for 3 earlier ones, too"));
  evidence.at = noon - hours{5};
  EXPECT_EQ(explain(evidence).front().kind, LineKind::unknown) << "07:00 is not one of them";
}

TEST(Explain, ObservedOnlyIsAnsweredByAirbytesHistory) {
  Evidence evidence;
  evidence.connection.id = ConnectionId("c");
  evidence.connection.schedule = AirbyteSchedule::basic;
  evidence.connection.schedule_text = "every 24 hours";
  evidence.now = noon;
  evidence.at = noon - hours{2};
  const auto job = [](std::int64_t id, Instant created, Instant ended) {
    JobRecord record;
    record.job = {JobId{id}, ConnectionId("c"), JobType::sync, JobStatus::succeeded, created, ended};
    return record;
  };
  evidence.jobs = {job(43, noon - hours{1}, noon), job(42, noon - hours{3}, noon - hours{1} - minutes{30}),
                   job(41, noon - hours{9}, noon - hours{8})};
  const auto lines = explain(evidence);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0].text, HasSubstr("observed only; Airbyte's own schedule: every 24 hours; job 42 (sync) "
                                       "succeeded after 1h30m: no statistics was under way"));
  ASSERT_EQ(lines[0].steps.size(), 2U);
  EXPECT_THAT(lines[0].steps[0].text, HasSubstr("the last one before: job 41"));
  EXPECT_THAT(lines[0].steps[1].text, HasSubstr("the next one: job 43"));
  evidence.at = noon - hours{7};
  EXPECT_THAT(explain(evidence).front().text, HasSubstr("no job ran at 2026-11-02T05:00:00Z"));
  evidence.jobs.clear();
  evidence.at.reset();
  EXPECT_THAT(explain(evidence).front().text, HasSubstr("no job is known"));
}

TEST(Explain, WithoutATimeTheNewestTicksWhatWaitsAndWhatComesNextAreTold) {
  Evidence evidence = hourly();
  evidence.ticks = {tick_at(noon - hours{1}, TickOutcome::started, TickReason::on_time),
                    tick_at(noon - hours{2}, TickOutcome::missed, TickReason::down)};
  syncwarden::Run asked;
  asked.id = RunId{5, 5};
  asked.nominal = noon - minutes{90};
  asked.by = "alice";
  evidence.runs = {asked};
  evidence.waiting = {{ScheduleId("c/0"), noon, WaitCause::blackout, "blackout warehouse until 13:00"}};
  const auto lines = explain(evidence);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_THAT(lines[0].text, HasSubstr("missed (down)"));
  EXPECT_THAT(lines[1].text, HasSubstr("asked for by alice"));
  EXPECT_THAT(lines[2].text, HasSubstr("started (on_time)"));
  EXPECT_THAT(lines[3].text, HasSubstr("waits (blackout): blackout warehouse until 13:00"));
  EXPECT_THAT(lines[4].text, HasSubstr("the next tick is 2026-11-02T13:00:00Z"));
}

TEST(Amounts, AreShortAndNeverLie) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(48'200'000), "48.2 MB");
  EXPECT_EQ(bytes_text(999'990), "1.0 MB");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(count_text(-1'000), "-1,000");
  EXPECT_EQ(rough_text(Millis{0}), "0s");
  EXPECT_EQ(rough_text(Millis{250}), "250ms");
  EXPECT_EQ(rough_text(seconds{252}), "4m12s");
  EXPECT_EQ(rough_text(hours{51}), "2d3h");
  EXPECT_EQ(rough_text(-hours{1}), "0s");
  EXPECT_EQ(amounts_text({}), "no statistics");
  EXPECT_EQ(amounts_text({.records_committed = 1}), "1 record");
}

}  // namespace
}  // namespace syncwarden::admin
