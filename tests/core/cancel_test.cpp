// A cancel that a person asks for: confirmed by a later reading, asked again where the reply was lost, and
// told in the end whatever becomes of it.
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> steps(const Desk& desk) {
  std::vector<std::string> told;
  for (const auto& step : desk.told<fact::RecoveryStep>())
    told.push_back(std::string(to_string(step.action)) + " " + std::string(to_string(step.result)));
  return told;
}

struct ByHandCase {
  const char* name;
  std::vector<CancelResult> answers;  ///< to the requests, in turn; fewer: the others stay unanswered
  std::optional<JobStatus> ends;      ///< a minute after it was asked for
  std::size_t requests;               ///< by an hour later
  std::vector<std::string> told;
  bool person;  ///< an incident tells that it has not ended
};

class CancelByHand : public testing::TestWithParam<ByHandCase> {
 protected:
  /// Our job of 01:00 runs, and alice cancels it at 01:10.
  void SetUp() override {
    const auto& c = GetParam();
    desk.job_length.reset();
    desk.on_cancel = [&](const out::CancelJob& cancel) -> std::optional<in::CancelAnswered> {
      if (desk.cancels.size() > c.answers.size()) return std::nullopt;
      in::CancelAnswered answered{cancel.job, c.answers[desk.cancels.size() - 1], {}};
      if (answered.result == CancelResult::failed) answered.error = error_of(Errc::reply_timeout);
      return answered;
    };
    desk.until(one + 10min);
    const auto done = desk.ask(command::Cancel{ConnectionId{"c"}, {}});
    ASSERT_TRUE(done) << to_string(done.error());
    EXPECT_EQ(done->job, JobId{101});
    EXPECT_THAT(desk.cancels, SizeIs(1));
  }
  Desk desk{plan_of(rule("0 0 1 * * ?", [](Policy& p) { p.freshness.late_after = Millis{72h}; }))};
};

TEST_P(CancelByHand, IsConfirmedByAReadingAndToldInTheEnd) {
  const auto& c = GetParam();
  desk.pass(10s);
  if (c.ends) desk.end_job(JobId{101}, *c.ends, FailureType::config_error);
  desk.pass(1h);
  EXPECT_THAT(desk.cancels, SizeIs(c.requests));
  EXPECT_EQ(steps(desk), c.told);
  EXPECT_EQ(open_incidents(desk) == std::vector<std::string>{"cancel_failed"}, c.person);
  EXPECT_THAT(desk.sent, SizeIs(1)) << "nobody runs again what a person cancelled";
  if (c.person) {
    ASSERT_FALSE(desk.disk.incidents().empty());
    const auto& incident = desk.disk.incidents().rbegin()->second;
    EXPECT_THAT(incident.summary, HasSubstr("alice asked to cancel job 101, and it has not ended"));
    EXPECT_EQ(incident.summary.find("test") != std::string::npos, c.answers.back() == CancelResult::failed)
        << incident.summary;
  } else {
    EXPECT_THAT(desk.disk.recoveries(), IsEmpty());
  }
  if (c.ends != JobStatus::cancelled) return;
  EXPECT_EQ(desk.run(one).verdict, Verdict::cancelled);
  EXPECT_EQ(desk.run(one).by, "alice");
  EXPECT_EQ(desk.run(one).why, "") << "nor is it said twice";
}

constexpr auto accepted = CancelResult::accepted;
constexpr auto failed = CancelResult::failed;

INSTANTIATE_TEST_SUITE_P(
    Answers, CancelByHand,
    testing::Values(
        ByHandCase{"cancelled", {accepted}, JobStatus::cancelled, 1, {"cancel asked", "cancel done"}, false},
        ByHandCase{"reply_lost_and_it_worked",
                   {failed},
                   JobStatus::cancelled,
                   1,
                   {"cancel asked", "cancel refused", "cancel done"},
                   false},
        ByHandCase{"reply_lost_and_asked_again",
                   {failed, accepted},
                   {},
                   2,
                   {"cancel asked", "cancel refused", "cancel asked", "cancel timed_out"},
                   true},
        ByHandCase{"both_replies_lost",
                   {failed, failed},
                   {},
                   2,
                   {"cancel asked", "cancel refused", "cancel asked", "cancel refused", "cancel timed_out"},
                   true},
        ByHandCase{"accepted_in_vain", {accepted}, {}, 1, {"cancel asked", "cancel timed_out"}, true},
        ByHandCase{"succeeded_by_itself",
                   {accepted},
                   JobStatus::succeeded,
                   1,
                   {"cancel asked", "cancel not_needed"},
                   false},
        ByHandCase{"had_ended",
                   {CancelResult::already_ended},
                   JobStatus::succeeded,
                   1,
                   {"cancel asked", "cancel not_needed"},
                   false},
        ByHandCase{"a_newer_job_was_there",
                   {CancelResult::not_latest},
                   {},
                   1,
                   {"cancel asked", "cancel not_needed"},
                   false}),
    by_name);

TEST(CancelByHandBound, IsTheCancelTimeoutInObservedTime) {
  Desk desk(plan_of(rule("0 0 1 * * ?")));
  desk.job_length.reset();
  desk.on_cancel = [](const out::CancelJob& c) {
    return std::optional(in::CancelAnswered{c.job, accepted, {}});
  };
  desk.until(one + 10min);
  ASSERT_TRUE(desk.ask(command::Cancel{ConnectionId{"c"}, {}}));
  desk.away = true;
  desk.pass(20min);
  desk.away = false;
  desk.pass(4min);
  EXPECT_THAT(desk.told<fact::RecoveryStep>(), SizeIs(1)) << "what cannot be seen may have ended";
  desk.pass(2min);
  EXPECT_THAT(steps(desk), ElementsAre("cancel asked", "cancel timed_out"));
}

TEST(CancelByHandCrash, IsFollowedToItsEndByTheNextLife) {
  for (const bool ended : {true, false}) {
    Desk desk(plan_of(rule("0 0 1 * * ?")));
    desk.job_length.reset();
    desk.until(one + 10min);
    ASSERT_TRUE(desk.ask(command::Cancel{ConnectionId{"c"}, {}}));
    if (ended) desk.end_job(JobId{101}, JobStatus::cancelled);
    desk.crash(10s);
    desk.pass(10min);
    EXPECT_THAT(desk.cancels, SizeIs(ended ? 1 : 2)) << "nobody knows whether the request left";
    EXPECT_EQ(desk.run(one).verdict, ended ? Verdict::cancelled : Verdict::none);
    EXPECT_EQ(desk.run(one).by, "alice");
  }
}

TEST(CancelByHandForeign, WorksWhereNoRuleManages) {
  auto plan = plan_of(rule());
  plan.rules.clear();
  Desk desk(plan);
  desk.job_length.reset();
  desk.start_job("c");
  desk.poll();
  ASSERT_TRUE(desk.ask(command::Cancel{ConnectionId{"c"}, {}}));
  desk.pass(6min);
  EXPECT_THAT(open_incidents(desk), ElementsAre("cancel_failed"));
  desk.end_job(JobId{101}, JobStatus::cancelled);
  desk.poll();
  EXPECT_THAT(steps(desk), ElementsAre("cancel asked", "cancel timed_out", "cancel done"));
}

TEST(CancelByHandLadder, APersonsWordGoesBeforeThePolicys) {
  Desk desk(plan_of(rule("0 0 1 * * ?", [](Policy& p) {
    p.stuck.no_progress.action = StuckAction::cancel_and_rerun;
    p.freshness.late_after = Millis{72h};
  })));
  desk.job_length.reset();
  desk.until(one);
  desk.jobs.at(JobId{101}).attempts = 1;
  desk.jobs.at(JobId{101}).counters.records_emitted = 10;
  desk.until(one + 3h + 2min);
  ASSERT_THAT(desk.cancels, SizeIs(1));
  ASSERT_TRUE(desk.ask(command::Cancel{ConnectionId{"c"}, {}}));
  desk.end_job(JobId{101}, JobStatus::cancelled);
  desk.pass(1h);
  EXPECT_THAT(desk.sent, SizeIs(1)) << "it is not run again";
  EXPECT_EQ(desk.run(one).verdict, Verdict::cancelled);
  EXPECT_EQ(desk.run(one).by, "alice");
}

TEST(CancelByHandOfARunByHand, SaysWhoCancelledIt) {
  Desk desk(plan_of(rule("0 0 12 * * ?")));
  desk.job_length.reset();
  const auto sync = desk.ask(command::Sync{ConnectionId{"c"}});
  ASSERT_TRUE(sync);
  desk.pass(1min);
  ASSERT_TRUE(desk.ask(command::Cancel{ConnectionId{"c"}, {}}));
  desk.end_job(JobId{101}, JobStatus::cancelled);
  desk.poll();
  EXPECT_EQ(desk.disk.runs().at(*sync->run).why, "job 101 was cancelled by alice");
}

}  // namespace
}  // namespace syncwarden::core
