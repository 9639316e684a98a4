// Who may start, as tables: overlap (rule 4), limits, groups and order (rule 10), syncs by hand (rule 11).
#include "core/desk.hpp"
#include "core/ready_queue.hpp"

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Instant two = monday + 2h;

// ---- rule 4: overlap

enum class Runs : std::uint8_t { ours, foreign, reset, clear, refresh };

JobId begin_job(Desk& desk, Runs what) {
  switch (what) {
    case Runs::ours:
      break;
    case Runs::foreign:
      return desk.start_job("c");
    case Runs::reset:
      return desk.start_job("c", JobType::reset);
    case Runs::clear:
      return desk.start_job("c", JobType::clear);
    case Runs::refresh:
      return desk.start_job("c", JobType::refresh);
  }
  desk.until(one);
  return desk.jobs.rbegin()->first;
}

struct OverlapCase {
  const char* name;
  OverlapPolicy policy;
  bool any;
  Runs what;
  const char* meanwhile;  ///< the tick of 02:00 at 02:01, while it runs
  std::size_t cancels;
  const char* after;  ///< and when it has ended, at 02:04
};

class Rule4OverlapPolicies : public testing::TestWithParam<OverlapCase> {};

TEST_P(Rule4OverlapPolicies, DecideByWhatRuns) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule("0 0 1,2 * * ?", [&](Policy& p) {
    p.overlap = c.policy;
    p.cancel_any = c.any;
  })));
  desk.job_length.reset();
  if (c.what != Runs::ours) desk.until(one + 30min);
  for (auto& [id, job] : desk.jobs) desk.end_job(id, JobStatus::succeeded);
  const JobId job = begin_job(desk, c.what);
  desk.until(two + 1min);
  EXPECT_EQ(desk.tick(two), c.meanwhile);
  EXPECT_THAT(desk.cancels, SizeIs(c.cancels));
  desk.until(two + 3min);
  desk.end_job(job, c.cancels > 0 ? JobStatus::cancelled : JobStatus::succeeded);
  desk.until(two + 4min);
  EXPECT_EQ(desk.tick(two), c.after);
}

constexpr auto skip = OverlapPolicy::skip;
constexpr auto attach = OverlapPolicy::attach;
constexpr auto queue = OverlapPolicy::queue_one;
constexpr auto cancel = OverlapPolicy::cancel_other;

INSTANTIATE_TEST_SUITE_P(
    Matrix, Rule4OverlapPolicies,
    testing::Values(
        OverlapCase{"skip_ours", skip, false, Runs::ours, "skipped/overlap", 0, "skipped/overlap"},
        OverlapCase{"skip_foreign", skip, false, Runs::foreign, "skipped/overlap", 0, "skipped/overlap"},
        OverlapCase{"skip_reset", skip, false, Runs::reset, "skipped/overlap", 0, "skipped/overlap"},
        OverlapCase{"skip_clear", skip, false, Runs::clear, "skipped/overlap", 0, "skipped/overlap"},
        OverlapCase{"skip_refresh", skip, false, Runs::refresh, "skipped/overlap", 0, "skipped/overlap"},
        OverlapCase{"attach_ours", attach, false, Runs::ours, "attached/job_running", 0,
                    "attached/job_running"},
        OverlapCase{"attach_foreign", attach, false, Runs::foreign, "attached/job_running", 0,
                    "attached/job_running"},
        OverlapCase{"attach_reset", attach, false, Runs::reset, "-", 0, "started/deferred"},
        OverlapCase{"attach_clear", attach, false, Runs::clear, "-", 0, "started/deferred"},
        OverlapCase{"attach_refresh", attach, false, Runs::refresh, "-", 0, "started/deferred"},
        OverlapCase{"queue_one_ours", queue, false, Runs::ours, "-", 0, "started/deferred"},
        OverlapCase{"queue_one_foreign", queue, false, Runs::foreign, "-", 0, "started/deferred"},
        OverlapCase{"queue_one_reset", queue, false, Runs::reset, "-", 0, "started/deferred"},
        OverlapCase{"cancel_other_ours", cancel, false, Runs::ours, "-", 1, "started/deferred"},
        OverlapCase{"cancel_other_foreign", cancel, false, Runs::foreign, "skipped/overlap", 0,
                    "skipped/overlap"},
        OverlapCase{"cancel_other_reset", cancel, false, Runs::reset, "skipped/overlap", 0,
                    "skipped/overlap"},
        OverlapCase{"cancel_any_ours", cancel, true, Runs::ours, "-", 1, "started/deferred"},
        OverlapCase{"cancel_any_foreign", cancel, true, Runs::foreign, "-", 1, "started/deferred"},
        OverlapCase{"cancel_any_reset", cancel, true, Runs::reset, "skipped/overlap", 0, "skipped/overlap"},
        OverlapCase{"cancel_any_clear", cancel, true, Runs::clear, "skipped/overlap", 0, "skipped/overlap"},
        OverlapCase{"cancel_any_refresh", cancel, true, Runs::refresh, "skipped/overlap", 0,
                    "skipped/overlap"}),
    by_name);

// ---- rule 10: limits

struct GroupCase {
  const char* name;
  std::function<void(Match&)> match;
  std::size_t members;  ///< of the twelve connections below
};

/// Twelve connections due at 01:00, and a group of which one may run.
class Rule10Groups : public testing::TestWithParam<GroupCase> {};

TEST_P(Rule10Groups, HoldWhatTheyMatchAndNothingElse) {
  const auto& c = GetParam();
  auto plan = plan_of(rule());
  LimitGroup group{"g", {}, 1};
  c.match(group.match);
  plan.limits.groups.push_back(group);
  std::vector<ConnectionView> views;
  for (int i = 0; i < 12; ++i) {
    auto view = connection("c" + std::to_string(i));
    view.tags = {i < 3 ? "crm" : "web"};
    view.workspace = WorkspaceId{i < 4 ? "sales-id" : "web-id"};
    view.workspace_name = i < 4 ? "sales" : "web";
    view.source.name = i < 5 ? "salesforce eu" : "postgres";
    view.destination.connector = i < 6 ? "snowflake" : "s3";
    views.push_back(std::move(view));
  }
  Desk desk(plan, views);
  desk.job_length = 2min;
  desk.until(one + 1s);
  EXPECT_THAT(desk.sent, SizeIs(12 - c.members + 1));
  EXPECT_EQ(desk.core().fleet(desk.now.wall).waiting[static_cast<std::size_t>(WaitCause::slot)],
            c.members - 1);
  desk.until(one + 55min);
  EXPECT_THAT(desk.sent, SizeIs(12)) << "all have had their turn";
}

INSTANTIATE_TEST_SUITE_P(
    Matches, Rule10Groups,
    testing::Values(GroupCase{"tag", [](Match& m) { m.tag = "crm"; }, 3},
                    GroupCase{"workspace_by_name", [](Match& m) { m.workspace = "sales"; }, 4},
                    GroupCase{"workspace_by_id", [](Match& m) { m.workspace = "sales-id"; }, 4},
                    GroupCase{"source_glob", [](Match& m) { m.source = "salesforce*"; }, 5},
                    GroupCase{"destination_type", [](Match& m) { m.destination_type = "snowflake"; }, 6},
                    GroupCase{"name_glob", [](Match& m) { m.name = "c1*"; }, 3},
                    GroupCase{"tag_and_source", [](Match& m) { m.tag = "web", m.source = "salesforce*"; }, 2},
                    GroupCase{"everything", [](Match&) {}, 12}),
    by_name);

TEST(Rule10Groups, EveryLimitOfAConnectionHolds) {
  auto plan = plan_of(rule());
  plan.limits.total = 5;
  plan.limits.per_destination = 2;
  plan.limits.groups = {{"a", {}, 4}, {"b", {}, 3}};
  std::vector<ConnectionView> views;
  for (int i = 0; i < 8; ++i) {
    views.push_back(connection("c" + std::to_string(i)));
    views.back().destination.id = ActorId{"d" + std::to_string(i % 2)};
  }
  Desk desk(plan, views);
  desk.job_length.reset();
  desk.until(one + 1s);
  EXPECT_THAT(desk.sent, SizeIs(3)) << "the narrowest decides";
  desk.plan.limits.groups.clear();
  desk.reload();
  EXPECT_THAT(desk.sent, SizeIs(4)) << "two for each destination";
}

// ---- rule 10: order

struct AgeCase {
  const char* name;
  int level;      ///< of the one that has waited
  Millis waited;  ///< before the other one came
  int other;
  bool first;  ///< the one that has waited goes first
};

class Rule10Ageing : public testing::TestWithParam<AgeCase> {};

TEST_P(Rule10Ageing, ALevelForEveryTenMinutesUpToEight) {
  const auto& c = GetParam();
  const Mono start{1h};
  const auto item = [](std::uint64_t id, int level, Mono since) {
    ReadyQueue::Item made;
    made.run = RunId{0, id};
    made.level = level;
    made.since = since;
    made.workspace = 1;
    made.due = monday + (since - Mono{});
    made.schedule = std::to_string(id);
    return made;
  };
  ReadyQueue ready;
  ready.push(item(1, c.level, start), start);
  ready.push(item(2, c.other, start + c.waited), start + c.waited);
  EXPECT_EQ(ready.pop(start + c.waited)->run.lo == 1U, c.first);
}

INSTANTIATE_TEST_SUITE_P(Ages, Rule10Ageing,
                         testing::Values(AgeCase{"low_behind_normal", 2, 29min, 5, false},
                                         AgeCase{"low_as_normal_and_earlier", 2, 30min, 5, true},
                                         AgeCase{"low_behind_high", 2, 59min, 8, false},
                                         AgeCase{"low_as_high_and_earlier", 2, 60min, 8, true},
                                         AgeCase{"normal_behind_high", 5, 29min, 8, false},
                                         AgeCase{"normal_as_high_and_earlier", 5, 30min, 8, true},
                                         AgeCase{"never_before_a_person", 2, 24h, 9, false},
                                         AgeCase{"high_never_before_a_person", 8, 24h, 9, false}),
                         by_name);

struct OrderCase {
  const char* name;
  std::function<void(Desk&)> changes;  ///< of three connections b, a, c that wait for one slot
  std::vector<const char*> order;
};

class Rule10Order3 : public testing::TestWithParam<OrderCase> {};

TEST_P(Rule10Order3, PriorityThenWorkspaceThenDueThenId) {
  const auto& c = GetParam();
  Plan plan;
  for (const char* id : {"b", "a", "c"}) {
    auto one_of_three = rule();
    one_of_three.match.id = id;
    if (plan.rules.empty()) plan = plan_of(one_of_three);
    if (plan.rules.back().match.id != one_of_three.match.id) plan.rules.push_back(one_of_three);
  }
  plan.limits.total = 1;
  Desk desk(plan, {connection("b"), connection("a"), connection("c"), connection("holder")});
  c.changes(desk);
  desk.reload();
  desk.discover();
  desk.job_length.reset();
  const JobId holder = desk.start_job("holder");
  desk.poll();
  desk.until(one + 5min);
  desk.job_length = 1min;
  desk.end_job(holder, JobStatus::succeeded);
  desk.until(one + 25min);
  std::vector<std::string> order;
  for (const auto& sent : desk.sent) order.push_back(sent.request.connection.text.str());
  EXPECT_THAT(order, testing::ElementsAreArray(c.order));
}

INSTANTIATE_TEST_SUITE_P(Keys, Rule10Order3,
                         testing::Values(OrderCase{"id", [](Desk&) {}, {"a", "b", "c"}},
                                         OrderCase{"due",
                                                   [](Desk& d) {
                                                     d.plan.rules[0].schedules[0].when = cron("0 3 * * * ?");
                                                     d.plan.rules[1].schedules[0].when = cron("0 2 * * * ?");
                                                     d.plan.rules[2].schedules[0].when = cron("0 1 * * * ?");
                                                   },
                                                   {"c", "a", "b"}},
                                         OrderCase{"priority",
                                                   [](Desk& d) {
                                                     d.plan.rules[1].policy.priority = Priority::low;
                                                     d.plan.rules[2].policy.priority = Priority::high;
                                                   },
                                                   {"c", "b", "a"}},
                                         OrderCase{"workspace_before_due",
                                                   [](Desk& d) {
                                                     // a and b belong together, and b is due before c.
                                                     d.plan.rules[2].schedules[0].when = cron("0 2 * * * ?");
                                                     d.connections[2].workspace = WorkspaceId{"another"};
                                                   },
                                                   {"a", "c", "b"}}),
                         by_name);

// ---- rule 11: by hand

struct ByHandCase {
  const char* name;
  std::function<void(Plan&)> configure;
  std::function<void(Desk&)> before;     ///< at 00:30
  const char* refused;                   ///< part of the answer; empty: it is taken
  bool at_once;                          ///< the request leaves in the same moment
  std::function<void(Desk&)> ends = {};  ///< what holds it
};

class Rule11ByHand : public testing::TestWithParam<ByHandCase> {};

TEST_P(Rule11ByHand, ObeysWhatHoldsTicks) {
  const auto& c = GetParam();
  auto plan = plan_of(rule("0 0 12 * * ?"));
  plan.rules[0].match.id = "c";
  if (c.configure) c.configure(plan);
  Desk desk(plan, {connection("c"), connection("other")});
  desk.job_length.reset();
  if (c.before) c.before(desk);
  const auto requests = desk.sent.size();
  const auto runs = desk.disk.runs().size();
  const auto cursors = desk.disk.cursors();
  const auto done = desk.ask(command::Sync{ConnectionId{"c"}});
  if (*c.refused != '\0') {
    ASSERT_FALSE(done);
    EXPECT_THAT(to_string(done.error()), HasSubstr(c.refused));
  } else {
    ASSERT_TRUE(done) << to_string(done.error());
    EXPECT_TRUE(done->run);
  }
  EXPECT_THAT(desk.sent, SizeIs(requests + (c.at_once ? 1 : 0)));
  if (c.ends) {
    c.ends(desk);
    EXPECT_THAT(desk.sent, SizeIs(requests + 1)) << "it has waited";
  }
  EXPECT_THAT(desk.disk.ticks(), testing::IsEmpty());
  EXPECT_EQ(desk.disk.cursors(), cursors);
  std::vector<std::string> by;
  for (const auto& [id, run] : desk.disk.runs()) by.push_back(run.by);
  EXPECT_THAT(by, SizeIs(runs + (*c.refused == '\0' ? 1 : 0)));
  EXPECT_THAT(by, testing::Each("alice"));
}

INSTANTIATE_TEST_SUITE_P(
    Holds, Rule11ByHand,
    testing::Values(
        ByHandCase{"free", {}, {}, "", true},
        ByHandCase{
            "runs_already", {}, [](Desk& d) { d.start_job("c"), d.poll(); }, "is running already", false},
        ByHandCase{"requested_already",
                   {},
                   [](Desk& d) {
                     d.by_hand();
                     (void)d.ask(command::Sync{ConnectionId{"c"}}, "first");
                   },
                   "is being requested already",
                   false},
        ByHandCase{"paused",
                   {},
                   [](Desk& d) {
                     (void)d.ask(command::Pause{{ConnectionId{"c"}}, {}, "x"});
                   },
                   "paused by alice",
                   false},
        ByHandCase{"draining", {}, [](Desk& d) { (void)d.ask(command::Drain{"upgrade"}); }, "upgrade", false},
        ByHandCase{"blackout",
                   [](Plan& p) {
                     p.blackouts.push_back(
                         {"m", {}, calendar::Window::make({"0 0 0 * * ?", "UTC"}, 2h).value(), true, false});
                   },
                   {},
                   "",
                   false,
                   [](Desk& d) { d.until(two); }},
        ByHandCase{"limit", [](Plan& p) { p.limits.total = 1; },
                   [](Desk& d) { d.start_job("other"), d.poll(); }, "", false,
                   [](Desk& d) { d.end_job(JobId{101}, JobStatus::succeeded), d.poll(); }},
        ByHandCase{"airbyte_away",
                   {},
                   [](Desk& d) { d.away = true, d.pass(2min); },
                   "",
                   false,
                   [](Desk& d) { d.away = false, d.pass(1min); }},
        ByHandCase{"store",
                   {},
                   [](Desk& d) { d.step(in::StoreState{false}); },
                   "",
                   false,
                   [](Desk& d) { d.step(in::StoreState{true}); }},
        ByHandCase{"fleet_hold",
                   [](Plan& p) {
                     p.fleet_hold = {0.5, 2, 24h};
                   },
                   [](Desk& d) {
                     for (int i = 0; i < 2; ++i) d.end_job(d.start_job("other"), JobStatus::failed);
                     d.poll();
                   },
                   "", false, [](Desk& d) { d.pass(8h); }},
        ByHandCase{"inactive",
                   {},
                   [](Desk& d) { d.connections[0].status = ConnectionStatus::inactive, d.discover(); },
                   "inactive in Airbyte",
                   false},
        ByHandCase{"shadow", [](Plan& p) { p.mode = Mode::shadow; }, {}, "shadow", false},
        ByHandCase{"stopping", {}, [](Desk& d) { d.step(in::StopAsked{}); }, "is stopping", false},
        ByHandCase{"gone",
                   {},
                   [](Desk& d) { d.connections.erase(d.connections.begin()), d.discover(); },
                   "there is no connection c",
                   false},
        ByHandCase{"unmanaged", [](Plan& p) { p.rules.clear(); }, {}, "", true},
        ByHandCase{"airbytes_own_schedule",
                   {},
                   [](Desk& d) { d.connections[0].schedule = AirbyteSchedule::cron, d.discover(); },
                   "",
                   true}),
    by_name);

TEST(Rule11ByHand, TheSameKeyStartsOneSync) {
  Desk desk(plan_of(rule("0 0 12 * * ?")));
  const auto first = desk.ask(command::Sync{ConnectionId{"c"}}, "deploy-41");
  desk.crash(1min);
  const auto again = desk.ask(command::Sync{ConnectionId{"c"}}, "deploy-41");
  ASSERT_TRUE(first);
  ASSERT_TRUE(again);
  EXPECT_FALSE(first->repeated);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->run, first->run);
  desk.pass(2min);
  EXPECT_THAT(desk.sent, SizeIs(1));
}

}  // namespace
}  // namespace syncwarden::core
