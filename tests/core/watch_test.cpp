// The watcher, extra jobs, connections and plans that change.
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;

Desk& quiet(Desk& desk) {
  desk.job_length.reset();
  return desk;
}

TEST(Watch, ForeignJobsAreSeenAndTheirEndIsCountedOnce) {
  Desk desk(plan_of(rule()));
  quiet(desk);
  const JobId job = desk.start_job("c");
  desk.poll();
  EXPECT_EQ(desk.core().fleet(desk.now.wall).active_jobs.size(), 1U);
  desk.end_job(job, JobStatus::failed, FailureType::config_error);
  desk.pass(5min);
  desk.crash();
  desk.pass(5min);
  const auto ended = desk.told<fact::JobEnded>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_FALSE(ended[0].run);
}

TEST(Watch, TheFirstPollIsHistoryAndNotCounted) {
  Desk desk(plan_of(rule()));
  const auto snapshot = std::make_shared<const Snapshot>();
  desk.end_job(desk.start_job("c"), JobStatus::succeeded);
  desk.disk = {};
  desk.crash();
  desk.poll();
  EXPECT_TRUE(desk.told<fact::JobEnded>().empty());
  std::optional<Instant> success;
  desk.core().for_each_connection([&](const ConnectionPicture& p) { success = p.last_success; });
  EXPECT_TRUE(success) << "but it is known";
}

TEST(Watch, AJobMissingFromTwoPollsIsReadOnItsOwn) {
  Desk desk(plan_of(rule()));
  quiet(desk).until(one);
  desk.poll();
  const auto hidden = desk.jobs.extract(JobId{101});
  desk.covers = std::vector<ConnectionId>{};  // a poll that covers nothing proves nothing
  desk.pass(5min);
  EXPECT_TRUE(desk.single_reads.empty());
  desk.covers.reset();
  desk.pass(2min);
  ASSERT_EQ(desk.single_reads.size(), 1U);
  EXPECT_EQ(desk.single_reads[0].job, JobId{101});
  EXPECT_EQ(desk.run(one).failure, FailureClass::lost);
  EXPECT_EQ(desk.run(one).phase, RunPhase::backing_off) << "a lost job gets an extra one";
  desk.pass(6min);
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST(Watch, AnIncompleteListIsAskedForAgainAtOnce) {
  Desk desk(plan_of(rule()));
  for (int i = 0; i < 10; ++i) {
    desk.end_job(desk.start_job("c"), JobStatus::succeeded);
    desk.now.wall += 10s;
    desk.now.mono = desk.now.mono + 10s;
  }
  desk.ended_limit = 4;
  const auto before = desk.polls.size();
  desk.poll();
  EXPECT_GE(desk.polls.size(), before + 3);
  EXPECT_EQ(desk.told<fact::JobEnded>().size(), 10U);
}

TEST(Watch, AFailedReadIsNeverAFailedSync) {
  Desk desk(plan_of(rule()));
  quiet(desk).until(one);
  desk.poll();
  desk.away = true;
  const auto before = desk.polls.size();
  desk.pass(50min);
  EXPECT_EQ(desk.run(one).phase, RunPhase::watching);
  EXPECT_TRUE(desk.told<fact::JobEnded>().empty());
  EXPECT_TRUE(desk.cancels.empty());
  EXPECT_LT(desk.polls.size() - before, 130U) << "failed polls back off to the longest pause";
  std::size_t lost = 0;
  for (const auto& told : desk.told<fact::AirbyteReachable>()) lost += told.reachable ? 0U : 1U;
  EXPECT_EQ(lost, 1U) << "told once";
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.away = false;
  desk.pass(2min);
  EXPECT_EQ(desk.run(one).verdict, Verdict::succeeded);
}

TEST(Watch, APollThatIsThrottledIsNoOutage) {
  Desk desk(plan_of(rule()));
  quiet(desk).poll();
  desk.hold_polls = true;
  desk.pass(desk.plan.poll.max);
  ASSERT_FALSE(desk.polls.empty());
  in::JobsSeen seen{desk.polls.back().poll, Error{Errc::rate_limited, "429", "", ""}, Millis{90s}};
  const auto asked = desk.polls.size();
  desk.step(seen);
  EXPECT_TRUE(desk.core().fleet(desk.now.wall).airbyte_up) << "it answered";
  desk.pass(80s);
  EXPECT_EQ(desk.polls.size(), asked) << "Retry-After is kept";
  desk.pass(30s);
  EXPECT_EQ(desk.polls.size(), asked + 1);
}

TEST(Watch, AHintBringsTheNextPollForward) {
  Desk desk(plan_of(rule()));
  quiet(desk).poll();  // nothing runs: the next one is 30 s away
  desk.pass(desk.plan.poll.max - 15s);
  const auto asked = desk.polls.size();
  desk.step(in::Hint{});
  EXPECT_EQ(desk.polls.size(), asked + 1) << "the last poll is longer ago than poll.min";
}

TEST(Watch, AThousandHintsAreAsManyPollsAsUrgencyAllows) {
  Desk desk(plan_of(rule()));
  quiet(desk).poll();
  const auto asked = desk.polls.size();
  for (int i = 0; i < 1000; ++i) {
    desk.step(in::Hint{});
    desk.pass(100ms);
  }
  const auto polls = desk.polls.size() - asked;
  EXPECT_LE(polls, 100s / desk.plan.poll.min + 1) << "one in poll.min";
  EXPECT_GE(polls, 9U);
  desk.pass(5min);
  EXPECT_LE(desk.polls.size() - asked - polls, 11U) << "and afterwards it is as it was";
}

TEST(Watch, AHintDuringAPollIsWorthAnotherOne) {
  Desk desk(plan_of(rule()));
  quiet(desk).poll();
  desk.hold_polls = true;
  desk.poll();
  const auto asked = desk.polls.size();
  desk.step(in::Hint{});
  EXPECT_EQ(desk.polls.size(), asked) << "one at a time";
  desk.hold_polls = false;
  desk.release_polls();
  desk.pass(desk.plan.poll.min);
  EXPECT_EQ(desk.polls.size(), asked + 1) << "the poll under way may have been asked before the end";
}

TEST(Watch, AHintShortensNoPauseThatAirbyteAskedFor) {
  Desk desk(plan_of(rule()));
  quiet(desk).poll();
  desk.hold_polls = true;
  desk.poll();
  in::JobsSeen seen{desk.polls.back().poll, Error{Errc::rate_limited, "429", "", ""}, Millis{90s}};
  const auto asked = desk.polls.size();
  desk.step(seen);
  for (int i = 0; i < 80; ++i) {
    desk.step(in::Hint{});
    desk.pass(1s);
  }
  EXPECT_EQ(desk.polls.size(), asked);
}

TEST(Watch, AnUnknownStatusIsNotTheEnd) {
  Desk desk(plan_of(rule()));
  quiet(desk).until(one);
  desk.jobs.at(JobId{101}).status = JobStatus::unknown;
  desk.pass(30min);
  EXPECT_EQ(desk.run(one).phase, RunPhase::watching);
  EXPECT_EQ(desk.core().fleet(desk.now.wall).slots_in_use, 1U);
}

TEST(Watch, AListThatIsOlderThanAnEndBringsNothingBack) {
  Desk desk(plan_of(rule()));
  quiet(desk);
  const JobId job = desk.start_job("c");
  desk.poll();
  const JobView running = desk.jobs.at(job);
  desk.end_job(job, JobStatus::succeeded);
  desk.poll();
  const JobView ended = desk.jobs.at(job);
  desk.jobs.at(job) = running;  // a replica lags behind
  desk.poll();
  desk.jobs.at(job) = ended;
  desk.until(one);
  EXPECT_EQ(desk.tick(one), "started/on_time");
}

/// It may be another one now: nothing is sent in a dialect that is not known.
TEST(Watch, AfterAnOutageTheVersionIsReadAgainBeforeAnythingIsSent) {
  for (const Millis away : {Millis{50s}, Millis{5min}}) {
    const bool long_enough = away >= 1min;
    Desk desk(plan_of(rule()));
    quiet(desk).until(one - 10min);
    desk.away = true;
    desk.pass(away);
    desk.away = false;
    desk.version = "2.1.0";
    desk.hold_probes = true;
    desk.until(one + 5min);
    EXPECT_EQ(desk.tick(one), long_enough ? "-" : "started/on_time");
    if (!long_enough) continue;
    desk.step(in::Probed{AirbyteInfo{desk.version, desk.api, true}});
    desk.pass(30s);
    EXPECT_EQ(desk.tick(one), "started/deferred");
    ASSERT_TRUE(desk.core().fleet(desk.now.wall).airbyte);
    EXPECT_EQ(desk.core().fleet(desk.now.wall).airbyte->version, "2.1.0");
  }
}

// ---- extra jobs ----

TEST(ExtraJobs, ByFailureClass) {
  for (const auto& [type, again] : {std::pair{FailureType::transient_error, true},
                                    {FailureType::system_error, true},
                                    {FailureType::heartbeat_timeout, true},
                                    {FailureType::destination_timeout, true},
                                    {FailureType::config_error, false},
                                    {FailureType::refresh_schema, false},
                                    {FailureType::unknown, false}}) {
    Desk desk(plan_of(rule()));
    quiet(desk).until(one);
    desk.end_job(JobId{101}, JobStatus::failed, type);
    desk.pass(20min);
    EXPECT_EQ(desk.sent.size(), again ? 2U : 1U) << static_cast<int>(type);
    EXPECT_EQ(desk.ticks(), 1U);
  }
}

TEST(ExtraJobs, BackOffThenGiveUp) {
  Desk desk(plan_of(rule("0 0 0 * * ?", [](Policy& p) { p.extra_jobs.max = 3; })));
  desk.airbyte = [&](const out::TriggerSync&) {
    const JobId job = desk.start_job("c");
    desk.end_job(job, JobStatus::failed, FailureType::transient_error);
    return created(job);
  };
  desk.until(monday + 30h);
  ASSERT_EQ(desk.sent.size(), 4U);
  EXPECT_GE(desk.sent[1].at.mono - desk.sent[0].at.mono, 5min);
  EXPECT_GE(desk.sent[2].at.mono - desk.sent[1].at.mono, 10min);
  EXPECT_GE(desk.sent[3].at.mono - desk.sent[2].at.mono, 20min);
  EXPECT_EQ(desk.run(monday + 24h).verdict, Verdict::failed);
}

TEST(ExtraJobs, ANewerTickTakesItsPlace) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.extra_jobs.initial = 1h; })));
  quiet(desk).until(one);
  desk.end_job(JobId{101}, JobStatus::failed, FailureType::transient_error);
  desk.until(monday + 2h);
  EXPECT_EQ(desk.run(one).verdict, Verdict::failed);
  EXPECT_EQ(desk.tick(monday + 2h), "started/on_time");
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST(ExtraJobs, ACancelledJobGetsNone) {
  Desk desk(plan_of(rule()));
  quiet(desk).until(one);
  desk.end_job(JobId{101}, JobStatus::cancelled);
  desk.pass(30min);
  EXPECT_EQ(desk.run(one).verdict, Verdict::cancelled);
  EXPECT_EQ(desk.sent.size(), 1U);
}

// ---- connections ----

TEST(Connections, WhatMakesAStartPointless) {
  struct Case {
    std::function<void(Desk&)> change;
    const char* tick;
  };
  for (const auto& [change, tick] :
       {Case{[](Desk& d) { d.connections[0].status = ConnectionStatus::inactive; }, "skipped/inactive"},
        Case{[](Desk& d) { d.connections[0].schedule = AirbyteSchedule::basic; },
             "skipped/airbyte_scheduled"},
        Case{[](Desk& d) { d.connections.clear(); }, "-"},
        Case{[](Desk& d) { d.plan.mode = Mode::shadow, d.reload(); }, "skipped/shadow"}}) {
    Desk desk(plan_of(rule()));
    change(desk);
    desk.discover();
    desk.until(one);
    EXPECT_EQ(desk.tick(one), tick);
    EXPECT_TRUE(desk.sent.empty());
  }
}

TEST(Connections, AirbytesOwnScheduleIsSetToManualOrTolerated) {
  for (const bool tolerate : {false, true}) {
    Desk desk(plan_of(rule("0 0 * * * ?", [&](Policy& p) {
      p.airbyte_schedule = tolerate ? AirbyteSchedulePolicy::tolerate : AirbyteSchedulePolicy::set_manual;
    })));
    desk.connections[0].schedule = AirbyteSchedule::cron;
    desk.discover();
    desk.until(monday + 3h);
    EXPECT_EQ(desk.set_manual.size(), tolerate ? 0U : 1U) << "asked for once";
    EXPECT_EQ(desk.tick(one), "started/on_time");
  }
}

TEST(Connections, AWaitingTickOfARemovedOrRenamedConnectionLeavesManagement) {
  for (const bool renamed : {true, false}) {
    Plan plan = plan_of(rule("0 0 * * * ?", [](Policy& p) { p.overlap = OverlapPolicy::queue_one; }));
    plan.rules[0].match.name = "c";
    Desk desk(plan);
    quiet(desk).start_job("c");
    desk.until(one);
    ASSERT_EQ(desk.tick(one), "-");
    if (renamed) {
      desk.connections[0].name = "d";
    } else {
      desk.connections.clear();
    }
    desk.discover();
    EXPECT_EQ(desk.tick(one), "skipped/left_management");
  }
}

TEST(Connections, AReturningOneRepeatsNoTick) {
  Desk desk(plan_of(rule()));
  quiet(desk).by_hand();
  desk.until(one);  // its request is open
  const auto request = desk.sent.back().request;
  desk.until(monday + 2h);  // skipped: the request is still under way
  ASSERT_EQ(desk.tick(monday + 2h), "skipped/overlap");
  const auto gone = std::exchange(desk.connections, {});
  desk.discover();
  const JobId job = desk.start_job("c");
  desk.answer(request, created(job));
  desk.end_job(job, JobStatus::succeeded);
  desk.connections = gone;
  desk.crash(1min);
  desk.pass(10min);
  EXPECT_EQ(desk.sent.size(), 1U);
}

// ---- plans ----

TEST(PlanChange, AnEditedScheduleStartsAnewAnUnchangedOneGoesOn) {
  Plan plan = plan_of(rule("0 0 * * * ?", [](Policy& p) { p.overlap = OverlapPolicy::queue_one; }));
  plan.rules[0].schedules.push_back({"b", cron("0 0 0/2 * * ?")});
  Desk desk(plan);
  quiet(desk).start_job("c");
  desk.until(monday + 2h + 1min);
  desk.plan.rules[0].schedules[0].when = cron("0 30 * * * ?");
  desk.reload();
  EXPECT_EQ(desk.tick(monday + 2h), "skipped/superseded") << "edited: what waited is given up";
  EXPECT_EQ(desk.tick(monday + 2h, "c/b"), "-") << "unchanged: it waits on";
  desk.until(monday + 2h + 30min);
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.poll();
  EXPECT_EQ(desk.tick(monday + 90min), "-") << "nothing from before the edit";
  EXPECT_EQ(desk.tick(monday + 2h, "c/b"), "started/deferred");
}

TEST(PlanChange, EveryWaitingTickOfAnEditedOrRemovedScheduleGetsItsOutcome) {
  for (const bool edited : {true, false}) {
    Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) { p.catch_up = CatchUpPolicy::all; })));
    quiet(desk).start_job("c");
    desk.plan.rules[0].policy.overlap = OverlapPolicy::queue_one;
    desk.reload();
    desk.crash(5h);
    desk.pass(1min);
    ASSERT_EQ(desk.ticks(), 0U);
    if (edited) {
      desk.plan.rules[0].schedules[0].when = cron("0 30 * * * ?");
    } else {
      desk.plan.rules.clear();
    }
    desk.reload();
    EXPECT_EQ(desk.ticks(), 5U);
    EXPECT_EQ(desk.tick(one), edited ? "skipped/superseded" : "skipped/left_management");
    EXPECT_TRUE(desk.sent.empty());
  }
}

TEST(PlanChange, AFullBacklogLosesNoTickInACrash) {
  Desk desk(plan_of(rule("0 0 * * * ?", [](Policy& p) {
    p.catch_up = CatchUpPolicy::all;
    p.catch_up_max = 3;
    p.overlap = OverlapPolicy::queue_one;
  })));
  quiet(desk).start_job("c");
  desk.crash(3h);  // 01:00 to 03:00 wait
  desk.until(monday + 8h + 1min);
  desk.crash();
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.job_length = 1min;
  desk.until(monday + 12h + 30min);
  std::uint32_t decided = 0;
  for (const auto& [key, tick] : desk.disk.ticks()) decided += 1 + tick.also;
  EXPECT_EQ(decided, 12U);
}

TEST(PlanChange, ARemovedScheduleThatReturnsStartsNow) {
  Desk desk(plan_of(rule()));
  quiet(desk).by_hand();
  desk.until(one);
  const auto rules = std::exchange(desk.plan.rules, {});
  desk.reload();
  desk.answer(created(desk.start_job("c")));
  EXPECT_EQ(desk.tick(one), "started/on_time") << "what was sent is followed to its end";
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.pass(5h);
  desk.plan.rules = rules;
  desk.reload();
  desk.pass(1min);
  EXPECT_EQ(desk.sent.size(), 1U) << "no catching up over the time without it";
}

}  // namespace
}  // namespace syncwarden::core
