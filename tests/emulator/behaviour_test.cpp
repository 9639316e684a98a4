// How jobs go: attempts and back-off (8.3), counters (5), Airbyte's own schedule (8.1), auto-disable (8.4).
#include "emulator/sample.hpp"
#include "lab.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

TEST(Attempts, BackOffTriplesAndEndsAfterFive) {  // 8.3
  auto behaviour = ten_seconds();
  behaviour.job_failure = 1;
  Lab lab(behaviour);
  const auto job = lab.running_job();
  const seconds waits[] = {seconds{10}, seconds{30}, seconds{90}, seconds{270}};
  for (const auto wait : waits) {
    lab.pass(seconds{10});
    EXPECT_EQ(lab.status(job), JobStatus::incomplete);
    lab.pass(wait - Millis{1});
    EXPECT_EQ(lab.status(job), JobStatus::incomplete);
    lab.pass(Millis{1});
    EXPECT_EQ(lab.status(job), JobStatus::running);
  }
  lab.pass(seconds{10});
  EXPECT_EQ(lab.status(job), JobStatus::failed);
  EXPECT_EQ(lab.job(job).attempts.size(), 5U);
  EXPECT_EQ(classify(lab.airbyte.view(lab.job(job)).failures), FailureClass::transient);
}

TEST(Attempts, TimeScaleShortensTheBackOff) {
  auto behaviour = ten_seconds();
  behaviour.job_failure = 1;
  auto options = exact();
  options.time_scale = 0.01;
  Lab lab(behaviour, options);
  const auto job = lab.running_job();
  lab.pass(seconds{55});
  EXPECT_EQ(lab.status(job), JobStatus::failed);
}

TEST(Attempts, ConfigErrorsEndTheJobAtOnce) {  // 8.3
  auto behaviour = Behaviour::failing(FailureType::config_error, "bad password");
  behaviour.duration = {seconds{2}, seconds{2}};
  Lab lab(behaviour);
  const auto job = lab.running_job();
  lab.pass(seconds{2});
  EXPECT_EQ(lab.status(job), JobStatus::failed);
  EXPECT_EQ(lab.job(job).attempts.size(), 1U);
}

TEST(Attempts, PartialFailuresRetryAtOnceTwentyTimes) {  // 8.3
  auto behaviour = ten_seconds();
  behaviour.job_failure = 1;
  behaviour.fails_with_progress = true;
  Lab lab(behaviour);
  const auto job = lab.running_job();
  lab.pass(seconds{10} * 20);
  EXPECT_EQ(lab.status(job), JobStatus::failed);
  EXPECT_EQ(lab.job(job).attempts.size(), 20U);
}

TEST(Attempts, TheOldRuleIsThreeWithoutWaiting) {  // 8.3
  auto behaviour = ten_seconds();
  behaviour.job_failure = 1;
  Lab lab(behaviour, exact("0.40.32"));
  const auto job = lab.running_job();
  lab.pass(seconds{30});
  EXPECT_EQ(lab.status(job), JobStatus::failed);
  EXPECT_EQ(lab.job(job).attempts.size(), 3U);
}

TEST(Attempts, EveryKthJobFails) {
  auto behaviour = Behaviour::healthy({seconds{1}, seconds{1}}, {1, 1});
  behaviour.fail_every = 3;
  behaviour.failure.type = FailureType::config_error;
  Lab lab(behaviour);
  std::string outcome;
  for (int i = 0; i < 6; ++i) {
    const auto job = lab.running_job();
    lab.pass(minutes{1});
    outcome += lab.status(job) == JobStatus::failed ? 'f' : 's';
  }
  EXPECT_EQ(outcome, "ssfssf");
}

TEST(Counters, EmittedRunsAheadOfCommitted) {  // 5
  Lab lab;
  const auto job = lab.running_job();
  lab.pass(seconds{5});
  const auto half = *lab.airbyte.progress(lab.job(job));
  EXPECT_EQ(half.records_emitted, 500);
  EXPECT_EQ(half.records_committed, 400);
  EXPECT_EQ(half.bytes_emitted, 500 * 400);
  lab.pass(seconds{5});
  const auto done = *lab.airbyte.progress(lab.job(job));
  EXPECT_EQ(done.records_emitted, 1'000);
  EXPECT_EQ(done.records_committed, 1'000);
}

TEST(Counters, FallWhenAFullRefreshStartsOver) {  // 5
  for (const bool full_refresh : {true, false}) {
    auto behaviour = ten_seconds();
    behaviour.job_failure = 1;
    behaviour.fails_with_progress = true;
    behaviour.full_refresh = full_refresh;
    Lab lab(behaviour);
    const auto job = lab.running_job();
    lab.pass(seconds{10} - Millis{1});
    const auto before = lab.airbyte.progress(lab.job(job))->records_emitted;
    lab.pass(seconds{2});
    const auto after = lab.airbyte.progress(lab.job(job))->records_emitted;
    EXPECT_EQ(after < before, full_refresh) << before << " then " << after;
  }
}

TEST(Counters, OfAStuckJobFreezeForEver) {  // 10
  Lab lab(Behaviour::never_ending());
  const auto job = lab.running_job();
  lab.pass(minutes{5});
  const auto early = lab.airbyte.view(lab.job(job));
  lab.pass(hours{24 * 30});
  EXPECT_EQ(lab.status(job), JobStatus::running);
  EXPECT_EQ(lab.airbyte.view(lab.job(job)), early) << "updatedAt is no heartbeat (4.5)";
  EXPECT_GT(early.counters.records_emitted, 0);
}

TEST(Counters, OfARateLimitedJobRestWithANotice) {
  Lab lab(Behaviour::throttled({seconds{10}, seconds{10}}));
  const auto job = lab.running_job();
  lab.pass(seconds{3});
  const auto early = *lab.airbyte.progress(lab.job(job));
  EXPECT_TRUE(lab.airbyte.is_rate_limited(lab.job(job)));
  lab.pass(seconds{4});
  EXPECT_EQ(lab.airbyte.progress(lab.job(job))->records_emitted, early.records_emitted);
  lab.pass(seconds{3});
  EXPECT_EQ(lab.status(job), JobStatus::succeeded);
  EXPECT_FALSE(lab.airbyte.is_rate_limited(lab.job(job)));
}

TEST(Counters, OfAnEmptySuccessAreZeroOrAbsent) {  // 10.6, #85355
  for (const bool has_stats : {true, false}) {
    Lab lab(Behaviour::without_data(has_stats));
    const auto job = lab.running_job();
    lab.pass(minutes{1});
    ASSERT_EQ(lab.status(job), JobStatus::succeeded);
    const auto counted = lab.airbyte.progress(lab.job(job));
    ASSERT_EQ(counted.has_value(), has_stats);
    if (counted) {
      EXPECT_EQ(counted->records_emitted, 0);
    }
  }
}

TEST(Clock, UpdatedMovesOnlyWithTheStatus) {  // 4.5
  Lab lab(Behaviour::healthy({hours{72}, hours{72}}, {1, 1}));
  const auto job = lab.running_job();
  lab.pass(hours{71});
  EXPECT_EQ(lab.job(job).updated, day_one + Millis{500});
  EXPECT_EQ(lab.job(job).created, day_one + Millis{50});
}

struct BasicCase {
  const char* version;
  Instant second_run;  ///< after a manual run half an hour into the interval
};
class OwnBasic : public testing::TestWithParam<BasicCase> {};

TEST_P(OwnBasic, RunsAtOnceAndCountsFromTheLastJobThatCounts) {  // 8.1, table of section 1
  auto pipeline = named("orders");
  pipeline.schedule.kind = AirbyteSchedule::basic;
  pipeline.schedule.units = 1;
  Airbyte airbyte(exact(GetParam().version), {pipeline});
  airbyte.advance(day_one + minutes{30});
  ASSERT_EQ(airbyte.history().size(), 1U);
  EXPECT_EQ(airbyte.history()[0].cause, Cause::schedule);
  airbyte.signal_sync(airbyte.connection(0).view.id, day_one + minutes{30});
  airbyte.advance(day_one + hours{2} - minutes{5});
  ASSERT_EQ(airbyte.history().size(), 3U);
  EXPECT_EQ(airbyte.history()[1].cause, Cause::manual);
  EXPECT_EQ(airbyte.history()[2].at, GetParam().second_run);
}

INSTANTIATE_TEST_SUITE_P(Versions, OwnBasic,
                         testing::Values(BasicCase{"2.0.0", day_one + hours{1} + Millis{100}},
                                         BasicCase{"1.3.0", day_one + minutes{90} + Millis{100}}));

TEST(OwnSchedule, CronFiresByItself) {  // 8.1
  auto pipeline = named("orders");
  pipeline.schedule.kind = AirbyteSchedule::cron;
  pipeline.schedule.cron = "0 15 * * * ?";
  Airbyte airbyte(exact(), {pipeline});
  airbyte.advance(day_one + hours{3});
  ASSERT_EQ(airbyte.history().size(), 3U);
  EXPECT_EQ(airbyte.history()[1].at, day_one + hours{1} + minutes{15} + Millis{50});
  EXPECT_EQ(airbyte.history()[1].cause, Cause::schedule);
}

TEST(OwnSchedule, ManualAndInactiveConnectionsWait) {  // 8.1
  auto pipeline = named("orders");
  pipeline.schedule.kind = AirbyteSchedule::basic;
  pipeline.status = ConnectionStatus::inactive;
  Airbyte airbyte(exact(), {named("manual"), pipeline});
  airbyte.advance(day_one + hours{1'000});
  EXPECT_TRUE(airbyte.history().empty());
  ConnectionPatch patch;
  patch.status = ConnectionStatus::active;
  airbyte.update(airbyte.connection(1).view.id, patch, airbyte.now());
  airbyte.advance(day_one + hours{1'001});
  EXPECT_EQ(airbyte.history().size(), 1U) << "re-enabling wakes the schedule";
}

TEST(AutoDisable, NeedsThirtyFailuresAndSevenDays) {  // 8.4
  auto behaviour = Behaviour::failing(FailureType::config_error, "revoked");
  behaviour.duration = {seconds{1}, seconds{1}};
  Lab lab(behaviour);
  for (int i = 0; i < 40; ++i) {
    lab.sync();
    lab.pass(hours{1});
  }
  EXPECT_EQ(lab.airbyte.connection(0).view.status, ConnectionStatus::active) << "40 failures, but two days";
  lab.pass(hours{24 * 6});
  lab.sync();
  lab.pass(hours{1});
  EXPECT_EQ(lab.airbyte.connection(0).view.status, ConnectionStatus::inactive);
  EXPECT_EQ(lab.airbyte.connection(0).status_reason, "TOO_MANY_FAILED_JOBS_WITH_NO_RECENT_SUCCESS");
}

/// Everything that happened, as text.
std::string trace(std::uint64_t seed) {
  auto options = exact();
  options.seed = seed;
  options.start_delay = {Millis{100}, Millis{900}};
  Airbyte airbyte(options, sample_pipelines());
  auto now = day_one;
  for (int round = 0; round < 50; ++round) {
    for (ConnectionIndex i = 0; i < airbyte.connections(); ++i) {
      airbyte.signal_sync(airbyte.connection(i).view.id, now);
    }
    airbyte.advance(now += minutes{7});
  }
  std::string text;
  for (const auto& entry : airbyte.history()) {
    const auto& job = *airbyte.job(entry.job);
    text += fmt::format("{} {} {} {} {}\n", job.id.value, job.connection, to_string(job.status),
                        job.updated.time_since_epoch().count(), job.attempts.size());
  }
  return text;
}

TEST(Determinism, TheSameSeedGivesTheSameTrace) {
  const auto one = trace(7);
  EXPECT_EQ(one, trace(7));
  EXPECT_NE(one, trace(8));
  EXPECT_NE(one.find("failed"), std::string::npos);
}

TEST(Determinism, StepsDoNotMatter) {
  Lab fine, coarse;
  fine.sync();
  coarse.sync();
  for (int i = 0; i < 2'000; ++i) fine.pass(Millis{10});
  coarse.pass(seconds{20});
  EXPECT_EQ(fine.airbyte.view(fine.job({100})), coarse.airbyte.view(coarse.job({100})));
}

TEST(Ids, AreUuidsOfSeedAndName) {
  Lab lab;
  EXPECT_EQ(lab.id().text.size(), 36U);
  EXPECT_EQ(lab.id().text.view()[14], '4');
  EXPECT_EQ(lab.id(), Lab().id());
  Airbyte twins(exact(), {named("same"), named("same")});
  EXPECT_NE(twins.connection(0).view.id, twins.connection(1).view.id);
}

}  // namespace
}  // namespace syncwarden::emulator
