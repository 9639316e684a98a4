// What holds starts back or makes them, as tables: pauses of every kind of schedule (rule 8), windows (rule
// 9), chains and joins (rule 13); and what people ask for.
#include "core/desk.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace syncwarden::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::size_t starts_of(const Desk& desk, const char* id) {
  return static_cast<std::size_t>(std::count_if(desk.sent.begin(), desk.sent.end(), [&](const auto& sent) {
    return sent.request.connection == ConnectionId{id};
  }));
}

After after(std::initializer_list<const char*> names) {
  After made;
  for (const char* name : names) made.parents.emplace_back().name = name;
  made.text = "after";
  return made;
}

// ---- rule 8: every kind of schedule is paused

struct PausedCase {
  const char* name;
  RuleSchedule schedule;  ///< of "c"; "parent" runs hourly
  bool everything;        ///< all are paused, "parent" too
  std::size_t by_resume;  ///< starts of "c" before 06:30, where the resume does not catch up
  std::size_t caught_up;  ///< and where it does
};

class Rule8Schedules : public testing::TestWithParam<PausedCase> {
 protected:
  /// Paused from 01:30 to 05:30; starts of "c" within that time and the hour after it.
  static std::size_t starts(bool catch_up) {
    const auto& c = GetParam();
    auto plan = plan_of(rule());
    plan.rules[0].match.id = "parent";
    Rule child;
    child.match.id = "c";
    child.schedules.push_back(c.schedule);
    plan.rules.push_back(child);
    Desk desk(plan, {connection("c"), connection("parent")});
    desk.job_length = 5min;
    desk.until(monday + 90min);
    const std::vector<ConnectionId> who =
        c.everything ? std::vector<ConnectionId>{} : std::vector{ConnectionId{"c"}};
    EXPECT_TRUE(desk.ask(command::Pause{who, {}, "migration"}));
    const auto before = starts_of(desk, "c");
    desk.until(monday + 5h + 30min);
    EXPECT_EQ(starts_of(desk, "c"), before);
    EXPECT_TRUE(desk.ask(command::Resume{who, catch_up}));
    desk.until(monday + 5h + 59min);
    return starts_of(desk, "c") - before;
  }
};

TEST_P(Rule8Schedules, PausedTimeIsCaughtUpOnlyWhereSomebodySaysSo) {
  EXPECT_EQ(starts(false), GetParam().by_resume);
  EXPECT_EQ(starts(true), GetParam().caught_up);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Rule8Schedules,
    testing::Values(PausedCase{"cron", {"", cron("0 0 * * * ?")}, false, 0, 1},
                    PausedCase{"every", {"", calendar::Schedule::every({1h, 0s}).value()}, false, 0, 1},
                    PausedCase{"chain", {"", after({"parent"})}, false, 0, 1},
                    PausedCase{"everything_is_paused", {"", cron("0 0 * * * ?")}, true, 0, 1},
                    // Its promise is about now: whoever paused it, old data is old.
                    PausedCase{"keep_fresh", {"", KeepFresh{2h}}, false, 1, 1}),
    by_name);

// ---- rule 9: windows

struct WindowCase {
  const char* name;
  std::vector<std::pair<const char*, Millis>> windows;  ///< begin in Berlin, length
  Instant from;                                         ///< the daemon starts
  const char* expression;                               ///< in UTC
  Instant sent;                                         ///< the first request
};

class Rule9Windows : public testing::TestWithParam<WindowCase> {};

TEST_P(Rule9Windows, HoldInTheirOwnZoneAndTheLongestDecides) {
  const auto& c = GetParam();
  auto plan = plan_of(rule(c.expression));
  for (const auto& [begin, length] : c.windows) {
    plan.blackouts.push_back(
        {"w", {}, calendar::Window::make({begin, "Europe/Berlin"}, length).value(), false, false});
  }
  Desk desk(plan, {connection("c")}, c.from);
  desk.pass(12h);
  ASSERT_FALSE(desk.sent.empty());
  EXPECT_EQ(to_rfc3339(desk.sent.front().at.wall), to_rfc3339(c.sent));
}

const Instant spring{std::chrono::sys_days{std::chrono::year{2027} / 3 / 28}};
const Instant autumn{std::chrono::sys_days{std::chrono::year{2027} / 10 / 31}};

INSTANTIATE_TEST_SUITE_P(
    Windows, Rule9Windows,
    testing::Values(
        WindowCase{"of_its_zone", {{"0 0 3 * * ?", 1h}}, monday + 1h, "0 30 2 * * ?", monday + 3h},
        WindowCase{"two_that_overlap",
                   {{"0 0 3 * * ?", 1h}, {"0 15 3 * * ?", 2h}},
                   monday + 1h,
                   "0 30 2 * * ?",
                   monday + 4h + 15min},
        WindowCase{"one_after_another",
                   {{"0 0 3 * * ?", 1h}, {"0 0 4 * * ?", 1h}},
                   monday + 1h,
                   "0 30 2 * * ?",
                   monday + 4h},
        // 02:30 does not exist that night: the window begins with the gap's end, at 01:00 UTC.
        WindowCase{"begins_in_the_gap", {{"0 30 2 * * ?", 1h}}, spring, "0 0 1 * * ?", spring + 2h},
        // The hour from 02:00 comes twice: both are inside.
        WindowCase{"both_passes_of_a_fold", {{"0 0 2 * * ?", 1h}}, autumn - 1h, "0 10 0 * * ?", autumn + 2h}),
    by_name);

// ---- rule 13: chains

struct JoinCase {
  const char* name;
  After after;
  std::vector<std::pair<const char*, Millis>> ends;  ///< successes, by the time after 01:00
  std::vector<Millis> nominals;                      ///< of the child, before 03:00
};

class Rule13Joins : public testing::TestWithParam<JoinCase> {};

TEST_P(Rule13Joins, FireAtTheLastParentsSuccess) {
  const auto& c = GetParam();
  Plan plan;
  Rule child;
  child.match.id = "child";
  child.schedules.push_back({"", c.after});
  plan = plan_of(child);
  Desk desk(plan, {connection("child"), connection("p1"), connection("p2"), connection("p3")});
  for (const auto& [who, at] : c.ends) {
    desk.until(one + at - 1min);
    desk.job_length.reset();
    const JobId job = desk.start_job(who);
    desk.until(one + at);
    desk.end_job(job, JobStatus::succeeded);
    desk.job_length = 1min;
    desk.poll();
  }
  desk.until(monday + 3h);
  std::vector<Millis> nominals;
  for (const auto& [key, tick] : desk.disk.ticks()) {
    if (tick.outcome == TickOutcome::started) nominals.push_back(tick.nominal - one);
  }
  EXPECT_EQ(nominals, c.nominals);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Rule13Joins,
    testing::Values(JoinCase{"one_parent", after({"p1"}), {{"p1", 5min}, {"p1", 40min}}, {5min, 40min}},
                    JoinCase{"two_parents", after({"p1", "p2"}), {{"p1", 5min}, {"p2", 20min}}, {20min}},
                    JoinCase{"in_any_order", after({"p1", "p2"}), {{"p2", 5min}, {"p1", 20min}}, {20min}},
                    JoinCase{"one_of_two", after({"p1", "p2"}), {{"p1", 5min}, {"p1", 30min}}, {}},
                    JoinCase{"a_glob_is_all_of_them",
                             after({"p*"}),
                             {{"p1", 5min}, {"p2", 10min}, {"p3", 30min}},
                             {30min}},
                    JoinCase{"two_of_three", after({"p*"}), {{"p1", 5min}, {"p2", 10min}}, {}},
                    JoinCase{"a_parent_that_is_not_there", after({"p1", "nobody"}), {{"p1", 5min}}, {}},
                    JoinCase{"each_success_counts_once",
                             after({"p1", "p2"}),
                             {{"p1", 5min}, {"p2", 20min}, {"p2", 50min}, {"p1", 70min}},
                             {20min, 70min}}),
    by_name);

TEST(Rule13Restart, AChainGoesOnWhereItStood) {
  Rule child;
  child.match.id = "child";
  child.schedules.push_back({"", after({"p1", "p2"})});
  Desk desk(plan_of(child), {connection("child"), connection("p1"), connection("p2")});
  desk.pass(1min);
  desk.end_job(desk.start_job("p1"), JobStatus::succeeded);
  desk.poll();
  desk.crash(2h);
  desk.pass(1min);
  EXPECT_THAT(desk.sent, IsEmpty());
  desk.end_job(desk.start_job("p2"), JobStatus::succeeded);
  desk.poll();
  EXPECT_THAT(desk.sent, SizeIs(1)) << "the first success is remembered";
  desk.crash(1min);
  desk.pass(2h);
  EXPECT_THAT(desk.sent, SizeIs(1)) << "and used once";
}

// ---- what people ask for

struct AskCase {
  const char* name;
  std::function<void(Desk&)> before;
  CommandWhat what;
  bool done;
  const char* says;  ///< part of the answer
  const char* told;  ///< of what was asked: in the log in any case, in the audit trail where it was done
  std::vector<const char*> paused = {};  ///< on disk afterwards; "": everything
};

class Commands : public testing::TestWithParam<AskCase> {};

TEST_P(Commands, AreAnsweredOnceAndRecordedWithWhoAsked) {
  const auto& c = GetParam();
  Desk desk(plan_of(rule()), {connection("c"), connection("d")});
  desk.job_length.reset();
  if (c.before) c.before(desk);
  const auto replies = desk.replies.size();
  const auto records = desk.disk.commands().size();
  const auto answer = desk.ask(c.what, "k");
  EXPECT_THAT(desk.replies, SizeIs(replies + 1));
  ASSERT_EQ(answer.has_value(), c.done);
  EXPECT_THAT(answer ? answer->text : to_string(answer.error()), HasSubstr(c.says));
  EXPECT_THAT(desk.disk.commands(), SizeIs(records + (c.done ? 1 : 0)));
  const auto taken = desk.told<fact::CommandTaken>();
  ASSERT_FALSE(taken.empty());
  EXPECT_EQ(taken.back().who, "alice");
  EXPECT_EQ(taken.back().what, c.told);
  EXPECT_EQ(taken.back().refused.has_value(), !c.done);
  std::vector<std::string> paused;
  for (const auto& [id, pause] : desk.disk.pauses()) paused.push_back(id.text.str());
  EXPECT_THAT(paused, ElementsAreArray(c.paused));
  if (!c.done) return;
  const auto& record = desk.disk.commands().at("k");
  EXPECT_EQ(record.who, "alice");
  EXPECT_EQ(record.what, c.told);
  // The same key: the same answer, and nothing is done again, also by another life.
  const auto pauses = desk.disk.pauses();
  const auto cancels = desk.cancels.size();
  desk.crash(1s);
  const auto again = desk.ask(c.what, "k");
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->text, answer->text);
  EXPECT_EQ(desk.disk.pauses(), pauses);
  EXPECT_THAT(desk.cancels, SizeIs(cancels));
}

const ConnectionId c_id{"c"};
const ConnectionId d_id{"d"};
const ConnectionId x_id{"x"};

std::function<void(Desk&)> pauses(std::vector<ConnectionId> which) {
  return [which](Desk& desk) {
    for (const auto& id : which) {
      const auto one_of_them = id.empty() ? std::vector<ConnectionId>{} : std::vector{id};
      (void)desk.ask(command::Pause{one_of_them, {}, ""});
    }
  };
}

INSTANTIATE_TEST_SUITE_P(
    Asked, Commands,
    testing::Values(
        AskCase{"sync", {}, command::Sync{c_id}, true, "a sync of c is requested", "sync c"},
        AskCase{"sync_of_nothing", {}, command::Sync{x_id}, false, "no connection x", "sync x"},
        AskCase{"cancel", [](Desk& d) { d.start_job("c"), d.poll(); }, command::Cancel{c_id, {}}, true,
                "cancel of job 101", "cancel c job 101"},
        AskCase{"cancel_that_one", [](Desk& d) { d.start_job("c"), d.poll(); },
                command::Cancel{c_id, JobId{101}}, true, "cancel of job 101", "cancel c job 101"},
        AskCase{"cancel_another_one", [](Desk& d) { d.start_job("c"), d.poll(); },
                command::Cancel{c_id, JobId{99}}, false, "job 101 of c runs, not job 99", "cancel c job 99"},
        AskCase{"cancel_nothing", {}, command::Cancel{c_id, {}}, false, "nothing runs on c", "cancel c"},
        AskCase{"cancel_on_nothing", {}, command::Cancel{x_id, {}}, false, "no connection x", "cancel x"},
        AskCase{"cancel_in_shadow_mode",
                [](Desk& d) {
                  d.start_job("c");
                  d.poll();
                  d.plan.mode = Mode::shadow;
                  d.reload();
                },
                command::Cancel{c_id, {}}, false, "mode: shadow sends nothing", "cancel c"},
        AskCase{"pause_one",
                {},
                command::Pause{{c_id}, {}, "migration"},
                true,
                "c is paused until somebody resumes",
                "pause c: migration",
                {"c"}},
        AskCase{"pause_until",
                {},
                command::Pause{{c_id}, monday + 5h, ""},
                true,
                "paused until 2026-11-02T05:00:00Z",
                "pause c until 2026-11-02T05:00:00Z",
                {"c"}},
        AskCase{"pause_two",
                {},
                command::Pause{{c_id, d_id}, {}, ""},
                true,
                "c, d are paused",
                "pause c, d",
                {"c", "d"}},
        AskCase{"pause_everything",
                {},
                command::Pause{{}, {}, ""},
                true,
                "everything is paused",
                "pause everything",
                {""}},
        AskCase{"pause_until_yesterday",
                {},
                command::Pause{{c_id}, monday - 24h, ""},
                false,
                "has passed already",
                "pause c until 2026-11-01T00:00:00Z"},
        AskCase{"pause_one_that_is_not_there",
                {},
                command::Pause{{c_id, x_id}, {}, ""},
                false,
                "no connection x",
                "pause c, x"},
        AskCase{"resume",
                pauses({c_id, d_id}),
                command::Resume{{c_id}, false},
                true,
                "1 pause ended",
                "resume c",
                {"d"}},
        AskCase{"resume_two", pauses({c_id, d_id}), command::Resume{{c_id, d_id}, true}, true,
                "2 pauses ended; the latest missed ticks start", "resume c, d, catching up"},
        AskCase{"resume_everything", pauses({c_id, d_id, {}}), command::Resume{{}, false}, true,
                "3 pauses ended", "resume everything"},
        AskCase{"resume_what_is_not_paused",
                pauses({d_id}),
                command::Resume{{c_id}, false},
                false,
                "nothing of that is paused",
                "resume c",
                {"d"}},
        AskCase{"resume_one_of_all",
                pauses({{}}),
                command::Resume{{c_id}, false},
                false,
                "resume everything",
                "resume c",
                {""}},
        AskCase{"resume_one_that_is_not_there",
                pauses({c_id}),
                command::Resume{{c_id, x_id}, false},
                false,
                "no connection x",
                "resume c, x",
                {"c"}},
        AskCase{
            "drain", {}, command::Drain{"upgrade"}, true, "nothing more is started", "drain: upgrade", {""}},
        AskCase{"ack_nothing",
                {},
                command::Ack{IncidentId{7}, ""},
                false,
                "no open incident 7",
                "acknowledge incident 7"}),
    by_name);

TEST(CommandPause, OfOneThatIsNotThereChangesNothing) {
  Desk desk(plan_of(rule()));
  EXPECT_FALSE(desk.ask(command::Pause{{c_id, ConnectionId{"x"}}, {}, ""}));
  EXPECT_THAT(desk.disk.pauses(), IsEmpty());
  desk.until(one + 1s);
  EXPECT_THAT(desk.sent, SizeIs(1));
}

TEST(CommandResume, OfEverythingEndsAPauseOfOneThatAirbyteHasForgotten) {
  Desk desk(plan_of(rule()), {connection("c"), connection("d")});
  ASSERT_TRUE(desk.ask(command::Pause{{d_id}, {}, "migration"}));
  ASSERT_TRUE(desk.ask(command::Drain{"upgrade"}));
  desk.connections.pop_back();
  desk.discover();
  desk.crash(1min);
  desk.pass(1s);
  EXPECT_TRUE(desk.ask(command::Resume{{}, false}));
  EXPECT_THAT(desk.disk.pauses(), IsEmpty());
  desk.until(one + 1s);
  EXPECT_THAT(desk.sent, SizeIs(1));
}

TEST(CommandDrain, IsDrainedWhenNothingOfOursIsUnderWay) {
  Desk desk(plan_of(rule()));
  desk.job_length.reset();
  desk.until(one + 1s);
  ASSERT_THAT(desk.sent, SizeIs(1));
  EXPECT_TRUE(desk.ask(command::Drain{"upgrade"}));
  EXPECT_TRUE(desk.core().fleet(desk.now.wall).draining);
  EXPECT_FALSE(desk.core().fleet(desk.now.wall).drained) << "its job goes on";
  desk.until(monday + 2h + 1s);
  EXPECT_THAT(desk.sent, SizeIs(1));
  desk.end_job(JobId{101}, JobStatus::succeeded);
  desk.poll();
  EXPECT_TRUE(desk.core().fleet(desk.now.wall).drained);
  EXPECT_TRUE(desk.ask(command::Resume{{}, false}));
  desk.until(monday + 3h + 1s);
  EXPECT_THAT(desk.sent, SizeIs(2));
}

TEST(CommandKey, IsForgottenAfterADay) {
  Desk desk(plan_of(rule("0 0 12 1 1 ?")));
  ASSERT_TRUE(desk.ask(command::Drain{""}, "k"));
  desk.pass(23h);
  EXPECT_TRUE(desk.ask(command::Drain{""}, "k")->repeated);
  desk.pass(2h);
  EXPECT_FALSE(desk.ask(command::Drain{""}, "k")->repeated);
}

}  // namespace
}  // namespace syncwarden::core
