// Who may start, and who goes first: overlap (rule 4), limits, order and pacing (rule 10).
#include "core/desk.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;

Plan with_overlap(OverlapPolicy overlap, bool cancel_any = false) {
  return plan_of(rule("0 0 * * * ?", [&](Policy& p) {
    p.overlap = overlap;
    p.cancel_any = cancel_any;
  }));
}

/// A foreign job runs on "c" when the tick of 01:00 comes.
struct Busy {
  explicit Busy(OverlapPolicy overlap, bool cancel_any = false, JobType type = JobType::sync)
      : desk(with_overlap(overlap, cancel_any)) {
    desk.job_length.reset();
    job = desk.start_job("c", type);
    desk.poll();
    desk.until(one);
  }
  Desk desk;
  JobId job;
};

TEST(Rule4Overlap, SkipNamesTheJob) {
  Busy busy(OverlapPolicy::skip);
  EXPECT_EQ(busy.desk.tick(one), "skipped/overlap");
  EXPECT_THAT(busy.desk.tick_record(one)->detail, testing::HasSubstr("job 101 is running"));
  EXPECT_TRUE(busy.desk.sent.empty());
}

TEST(Rule4Overlap, AttachTakesTheRunningJob) {
  Busy busy(OverlapPolicy::attach);
  EXPECT_EQ(busy.desk.tick(one), "attached/job_running");
  busy.desk.end_job(busy.job, JobStatus::failed, FailureType::transient_error);
  busy.desk.poll();
  EXPECT_EQ(busy.desk.run(one).verdict, Verdict::failed);
  busy.desk.pass(20min);
  EXPECT_TRUE(busy.desk.sent.empty()) << "a job that is not ours gets no extra job";
}

TEST(Rule4Overlap, AttachWaitsForAResetToEnd) {
  Busy busy(OverlapPolicy::attach, false, JobType::reset);
  EXPECT_EQ(busy.desk.tick(one), "-");
  busy.desk.end_job(busy.job, JobStatus::succeeded);
  busy.desk.poll();
  EXPECT_EQ(busy.desk.tick(one), "started/deferred");
}

TEST(Rule4Overlap, QueueOneStartsAtTheEnd) {
  Busy busy(OverlapPolicy::queue_one);
  busy.desk.pass(30min);
  EXPECT_EQ(busy.desk.tick(one), "-");
  EXPECT_EQ(busy.desk.core().fleet(busy.desk.now.wall).waiting[static_cast<std::size_t>(WaitCause::overlap)],
            1U);
  busy.desk.end_job(busy.job, JobStatus::succeeded);
  busy.desk.poll();
  EXPECT_EQ(busy.desk.tick(one), "started/deferred");
}

TEST(Rule4Overlap, CancelOtherLeavesForeignJobsAlone) {
  Busy busy(OverlapPolicy::cancel_other);
  EXPECT_TRUE(busy.desk.cancels.empty());
  EXPECT_EQ(busy.desk.tick(one), "skipped/overlap");
}

TEST(Rule4Overlap, CancelAnyCancelsForeignSyncsButNeverAReset) {
  Busy sync(OverlapPolicy::cancel_other, true);
  ASSERT_EQ(sync.desk.cancels.size(), 1U);
  EXPECT_EQ(sync.desk.cancels[0].job, sync.job);
  sync.desk.end_job(sync.job, JobStatus::cancelled);
  sync.desk.poll();
  EXPECT_EQ(sync.desk.tick(one), "started/deferred");
  Busy reset(OverlapPolicy::cancel_other, true, JobType::reset);
  EXPECT_TRUE(reset.desk.cancels.empty());
  EXPECT_EQ(reset.desk.tick(one), "skipped/overlap");
}

TEST(Rule4Overlap, CancelOtherCancelsOurOwnAndGivesUpAfterItsTimeout) {
  for (const bool obeys : {true, false}) {
    Desk desk(with_overlap(OverlapPolicy::cancel_other));
    desk.job_length.reset();
    desk.until(one);
    ASSERT_EQ(desk.tick(one), "started/on_time");
    desk.until(monday + 2h);
    ASSERT_EQ(desk.cancels.size(), 1U);
    if (obeys) desk.end_job(desk.cancels[0].job, JobStatus::cancelled);
    desk.pass(desk.plan.cancel_timeout + 1s);
    EXPECT_EQ(desk.cancels.size(), 1U);
    EXPECT_EQ(desk.tick(monday + 2h), obeys ? "started/deferred" : "skipped/overlap");
    EXPECT_EQ(desk.run(one).verdict, obeys ? Verdict::cancelled : Verdict::none);
  }
}

/// A job that no poll has shown yet: Airbyte answers 409 to the first request.
TEST(Rule4Conflict, IsAnOverlapUnderEachPolicy) {
  for (const auto& [policy, outcome] : {std::pair{OverlapPolicy::skip, "skipped/overlap"},
                                        {OverlapPolicy::attach, "attached/job_running"},
                                        {OverlapPolicy::queue_one, "started/deferred"},
                                        {OverlapPolicy::cancel_other, "skipped/overlap"}}) {
    Desk desk(with_overlap(policy));
    desk.until(one - 1s);
    desk.job_length = 5min;
    desk.start_job("c");
    desk.pass(12min);
    EXPECT_EQ(desk.tick(one), outcome) << to_string(policy);
  }
}

TEST(Rule4Conflict, ThreeWithoutAJobToShowAreGivenUp) {
  Desk desk(with_overlap(OverlapPolicy::queue_one));
  desk.airbyte = [](const out::TriggerSync&) { return reply_of(TriggerAnswer::conflict, Errc::conflict); };
  desk.until(one + 10min);
  EXPECT_EQ(desk.sent.size(), 3U);
  EXPECT_EQ(desk.tick(one), "skipped/overlap");
  EXPECT_THAT(desk.tick_record(one)->detail, testing::HasSubstr("lists none"));
}

// ---- limits ----

std::vector<ConnectionView> many(std::size_t count,
                                 const std::function<void(ConnectionView&, std::size_t)>& change = {}) {
  std::vector<ConnectionView> views;
  for (std::size_t i = 0; i < count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 4 - number.size(), '0');
    views.push_back(connection("c" + number));
    if (change) change(views.back(), i);
  }
  return views;
}

Plan queued(const Limits& limits) {
  Plan plan = plan_of(rule());
  plan.limits = limits;
  return plan;
}

std::size_t running(const Desk& desk) {
  std::size_t count = 0;
  for (const auto& [id, job] : desk.jobs) count += is_terminal(job.status) ? 0U : 1U;
  return count;
}

TEST(Rule10Limits, HoldAtTheirBoundAndAllGetTheirTurn) {
  struct Case {
    const char* name;
    Limits limits;
    std::size_t at_once;
  };
  Limits group;
  group.groups.push_back({"g", {}, 4});
  std::vector<Case> cases{{"total", {.total = 3}, 3},
                          {"source", {.per_source = 1}, 2},
                          {"destination", {.per_destination = 1}, 3},
                          {"source type", {.per_source_type = 2}, 4},
                          {"destination type", {.per_destination_type = 2}, 2},
                          {"group", group, 4}};
  for (const auto& [name, limits, at_once] : cases) {
    SCOPED_TRACE(name);
    Desk desk(queued(limits), many(12, [](ConnectionView& view, std::size_t i) {
                view.source.id = ActorId{"s" + std::to_string(i % 2)};
                view.source.connector = i % 2 == 0 ? "postgres" : "mysql";
                view.destination.id = ActorId{"d" + std::to_string(i % 3)};
              }));
    desk.job_length = 3min;
    desk.until(one);
    EXPECT_EQ(desk.sent.size(), at_once);
    for (int i = 0; i < 55; ++i) {
      EXPECT_LE(running(desk), at_once);
      desk.pass(1min);
    }
    EXPECT_EQ(desk.sent.size(), 12U);
    EXPECT_EQ(desk.core().fleet(desk.now.wall).slots_in_use, 0U);
  }
}

TEST(Rule10Limits, JobsThatAreNotOursCount) {
  Desk desk(queued({.total = 2}), many(3));
  desk.job_length.reset();
  desk.start_job("c0000");
  desk.start_job("c0001", JobType::reset);
  desk.poll();
  desk.until(one + 5min);
  EXPECT_TRUE(desk.sent.empty());
  EXPECT_EQ(desk.tick(one, "c0002/0"), "-");
  desk.end_job(JobId{102}, JobStatus::succeeded);
  desk.poll();
  EXPECT_EQ(desk.tick(one, "c0002/0"), "started/deferred");
}

TEST(Rule10Limits, OneThatCannotStartBlocksNobodyElse) {
  Desk desk(queued({.per_source = 1}), many(4, [](ConnectionView& view, std::size_t i) {
              view.source.id = ActorId{i < 3 ? "same" : "other"};
            }));
  desk.until(one);
  EXPECT_EQ(desk.tick(one, "c0003/0"), "started/on_time");
}

TEST(Rule10Limits, ASlotFreedByAChangedConnectionIsUsed) {
  Desk desk(queued({.per_source = 1}),
            many(2, [](ConnectionView& view, std::size_t) { view.source.id = ActorId{"same"}; }));
  desk.job_length.reset();
  desk.until(one);
  ASSERT_EQ(desk.tick(one, "c0001/0"), "-");
  desk.connections[0].source.id = ActorId{"moved"};  // its job runs on
  desk.discover();
  EXPECT_EQ(desk.tick(one, "c0001/0"), "started/deferred");
}

TEST(Rule10Limits, AWaitingRunWhoseConnectionMovedAwayNeedNotWait) {
  Desk desk(queued({.per_source = 1}),
            many(2, [](ConnectionView& view, std::size_t) { view.source.id = ActorId{"same"}; }));
  desk.job_length.reset();
  desk.until(one);
  desk.connections[1].source.id = ActorId{"moved"};
  desk.discover();
  EXPECT_EQ(desk.tick(one, "c0001/0"), "started/deferred");
}

TEST(Rule10Limits, ARaisedLimitLetsTheWaitingGo) {
  Desk desk(queued({.total = 1}), many(5));
  desk.job_length.reset();
  desk.until(one);
  ASSERT_EQ(desk.sent.size(), 1U);
  desk.plan.limits.total = 3;
  desk.reload();
  EXPECT_EQ(desk.sent.size(), 3U);
  desk.plan.limits.total = 0;
  desk.reload();
  EXPECT_EQ(desk.sent.size(), 5U);
}

// ---- order ----

std::vector<std::string> order_of(const Desk& desk) {
  std::vector<std::string> order;
  for (const auto& sent : desk.sent) order.push_back(sent.request.connection.text.str());
  return order;
}

Plan by_priority() {
  Plan plan = plan_of(rule());
  plan.rules.clear();
  for (const auto& [tag, priority] :
       {std::pair{"low", Priority::low}, {"normal", Priority::normal}, {"high", Priority::high}}) {
    Rule made = rule("0 0 * * * ?", [p = priority](Policy& policy) { policy.priority = p; });
    made.match.tag = tag;
    plan.rules.push_back(made);
  }
  plan.limits.total = 1;
  return plan;
}

TEST(Rule10Order, HigherPriorityFirst) {
  const std::array tags{"low", "normal", "high", "low", "high"};
  Desk desk(by_priority(), many(5, [&](ConnectionView& view, std::size_t i) { view.tags = {tags.at(i)}; }));
  desk.job_length = 1min;
  desk.until(one + 30min);
  EXPECT_THAT(order_of(desk), testing::ElementsAre("c0002", "c0004", "c0001", "c0000", "c0003"));
}

TEST(Rule10Order, WaitingRaisesThePriority) {
  // A low one has waited 40 minutes (level 2 + 4 = 6) when a normal one (5) comes due.
  Plan plan = by_priority();
  plan.rules[1].schedules[0].when = cron("0 40 * * * ?");
  Desk desk(plan,
            many(3, [&](ConnectionView& view, std::size_t i) { view.tags = {i == 2 ? "normal" : "low"}; }),
            monday + 50min);
  desk.job_length = 45min;
  desk.until(one + 59min);
  EXPECT_THAT(order_of(desk), testing::ElementsAre("c0000", "c0001"));
}

TEST(Rule10Order, WorkspacesTakeTurns) {
  Desk desk(queued({.total = 1}), many(6, [](ConnectionView& view, std::size_t i) {
              view.workspace = WorkspaceId{i < 4 ? "big" : "small"};
            }));
  desk.job_length = 1min;
  desk.until(one + 30min);
  const auto order = order_of(desk);
  ASSERT_EQ(order.size(), 6U);
  EXPECT_THAT(std::vector(order.begin(), order.begin() + 5), testing::IsSupersetOf({"c0004", "c0005"}))
      << "the small one does not wait for the whole big one";
}

TEST(Rule10Order, AFreedSlotGoesToTheHighestAlsoAmongThoseWhoWaitForPacing) {
  // The slot of "same" frees while high ones wait for the pace: the low one behind the slot does not
  // overtake.
  Plan plan = by_priority();
  plan.limits = {.per_source = 1};
  plan.triggers_per_second = 1;
  plan.rules[0].schedules[0].when = cron("0 50 * * * ?");
  Desk desk(plan, many(30, [&](ConnectionView& view, std::size_t i) {
              view.tags = {i < 2 ? "low" : "high"};
              if (i < 2) view.source.id = ActorId{"same"};
            }));
  desk.job_length.reset();
  const JobId job = desk.start_job("c0000");
  desk.poll();
  desk.until(one + 5s);
  desk.end_job(job, JobStatus::succeeded);
  desk.pass(40s);
  EXPECT_EQ(desk.sent.size(), 29U);
  EXPECT_EQ(order_of(desk).back(), "c0001");
}

// ---- pacing ----

TEST(Rule10Pacing, AThousandInOneSecondGoOutInOrderAtTheirPace) {
  Plan plan = plan_of(rule());
  plan.triggers_per_second = 5;
  Desk desk(plan, many(1000));
  desk.until(one);
  EXPECT_EQ(desk.sent.size(), 10U) << "the burst";
  desk.until(one + 190s);
  EXPECT_NEAR(static_cast<double>(desk.sent.size()), 960, 3);
  desk.until(one + 199s);
  EXPECT_EQ(desk.sent.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(desk.sent.begin(), desk.sent.end(), [](const auto& a, const auto& b) {
    return a.request.connection < b.request.connection;
  }));
  EXPECT_EQ(desk.ticks(), 1000U) << "waiting is no miss";
}

TEST(Rule10Pacing, UnpacedAllGoAtOnce) {
  Desk desk(plan_of(rule()), many(300));
  desk.until(one);
  EXPECT_EQ(desk.sent.size(), 300U);
}

}  // namespace
}  // namespace syncwarden::core
