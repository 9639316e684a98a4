#include "observe/log.hpp"

#include "base/text.hpp"
#include "observe/escape.hpp"
#include "observe/fact_log.hpp"
#include "observe/repeats.hpp"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::observe {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Logs : public ::testing::Test {
 protected:
  LogOptions options(Level level = Level::debug, LogFormat format = LogFormat::logfmt) {
    LogOptions made;
    made.level = level;
    made.format = format;
    made.clock = [] { return Instant(Millis(1'767'225'600'250)); };
    made.sink = [this](std::string_view line) { lines.emplace_back(line); };
    made.counted = [this](Level written) { ++counts[written]; };
    return made;
  }

  std::vector<std::string> lines;
  std::map<Level, int> counts;
};

const std::string attack =
    "ok\nlevel=error msg=\"fake\"\r\x1b[2J \xff \"quoted\" back\\slash \xC2\x9B"
    "1m";

TEST_F(Logs, WritesLogfmt) {
  Log log(options());
  log.info("run finished",
           {{"connection", "orders"}, {"jobs", 3}, {"name", "two words"}, {"ok", true}, {"empty", ""}});
  EXPECT_THAT(lines, ElementsAre("time=2026-01-01T00:00:00.250Z level=info msg=\"run finished\" "
                                 "connection=orders jobs=3 name=\"two words\" ok=true empty=\"\"\n"));
}

TEST_F(Logs, WritesJson) {
  Log log(options(Level::debug, LogFormat::json));
  log.warn("late", {{"connection", "orders"}, {"jobs", 3}, {"ok", false}});
  EXPECT_THAT(lines, ElementsAre(R"({"time":"2026-01-01T00:00:00.250Z","level":"warn","msg":"late",)"
                                 R"("connection":"orders","jobs":3,"ok":false})"
                                 "\n"));
}

TEST_F(Logs, ForeignTextCannotForgeALine) {
  for (const LogFormat format : {LogFormat::logfmt, LogFormat::json}) {
    lines.clear();
    Log log(options(Level::debug, format));
    log.info(attack, {{"name", attack}, {"bad key\n=", attack}});
    ASSERT_THAT(lines, SizeIs(1));
    const std::string& line = lines[0];
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_TRUE(is_utf8(line));
    EXPECT_EQ(printable(std::string_view(line).substr(0, line.size() - 1), line.size()),
              std::string_view(line).substr(0, line.size() - 1))
        << "control characters left";
    EXPECT_THAT(line, HasSubstr(R"(ok\nlevel=error msg=\"fake\"\r\u001b[2J)"));
    EXPECT_THAT(line, HasSubstr("bad_key__"));
  }
}

TEST_F(Logs, LongFieldsAreCutAtACharacter) {
  Log log(options());
  log.info("long", {{"a", std::string(100'000, 'x')},
                    {"b", std::string(10'000, '\xff')},
                    {"c", std::string(10'000, '\n')}});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_LT(lines[0].size(), 4'500U);
  EXPECT_TRUE(is_utf8(lines[0]));
  EXPECT_THAT(lines[0], HasSubstr("x\xE2\x80\xA6\" b="));
}

TEST_F(Logs, PercentAndBracesAreText) {
  Log log(options());
  log.info("{} %v %s {0:>1000}", {{"x", "{}%n"}});
  EXPECT_THAT(lines, ElementsAre(HasSubstr(R"(msg="{} %v %s {0:>1000}" x={}%n)")));
}

TEST_F(Logs, TheLevelDecidesAndIsCounted) {
  Log log(options(Level::warn));
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  EXPECT_THAT(lines, SizeIs(2));
  EXPECT_FALSE(log.enabled(Level::info));
  log.set_level(Level::debug);
  log.debug("e");
  EXPECT_EQ(counts, (std::map<Level, int>{{Level::error, 1}, {Level::warn, 1}, {Level::debug, 1}}));
}

TEST_F(Logs, TheJournalGetsItsPriority) {
  LogOptions with = options();
  with.journal_prefix = true;
  Log log(with);
  log.error("a");
  log.warn("b");
  log.info("c");
  log.debug("d");
  EXPECT_THAT(lines, ElementsAre(StartsWith("<3>time="), StartsWith("<4>time="), StartsWith("<6>time="),
                                 StartsWith("<7>time=")));
}

TEST(Journal, OnlyTheVeryStreamCounts) {
  EXPECT_TRUE(goes_to_journal("8:12345", 8, 12345));
  EXPECT_FALSE(goes_to_journal("8:12345", 8, 12346));
  EXPECT_FALSE(goes_to_journal("8:123456", 8, 12345));
  EXPECT_FALSE(goes_to_journal("", 8, 12345));
  EXPECT_FALSE(goes_to_journal(nullptr, 8, 12345));
}

TEST(LogWords, AreThoseOfTheFlags) {
  EXPECT_EQ(level_from("warn"), Level::warn);
  EXPECT_EQ(level_from("WARN"), std::nullopt);
  EXPECT_EQ(log_format_from("json"), LogFormat::json);
  EXPECT_EQ(log_format_from("xml"), std::nullopt);
}

TEST(Escape, TellsWhereItCut) {
  EXPECT_EQ(json_quoted("abcdef", 3), "\"abc\xE2\x80\xA6\"");
  EXPECT_EQ(json_quoted("abc", 3), "\"abc\"");
  EXPECT_EQ(json_quoted(std::string("a\0b", 3)), "\"a\\u0000b\"");
  EXPECT_EQ(json_quoted("\xC3\xA9\xC3\xA9", 3), "\"\xC3\xA9\xE2\x80\xA6\"");
  EXPECT_EQ(logfmt_value("a=b"), "\"a=b\"");
  EXPECT_EQ(logfmt_value("\xC3\xA9"), "\"\xC3\xA9\"");
}

TEST(Repeats, TellHowManyWereSuppressed) {
  Repeats repeats(Millis(1'000), 2);
  EXPECT_EQ(repeats.admit("a", Mono{Millis(0)}), 0U);
  EXPECT_EQ(repeats.admit("a", Mono{Millis(10)}), std::nullopt);
  EXPECT_EQ(repeats.admit("a", Mono{Millis(999)}), std::nullopt);
  EXPECT_EQ(repeats.admit("b", Mono{Millis(999)}), 0U) << "another kind is news";
  EXPECT_EQ(repeats.admit("a", Mono{Millis(1'000)}), 2U);
  EXPECT_EQ(repeats.admit("a", Mono{Millis(2'000)}), 0U);
  repeats.forget("a");
  EXPECT_EQ(repeats.admit("a", Mono{Millis(2'001)}), 0U);
}

TEST(Repeats, AFloodOfKindsStaysBounded) {
  Repeats repeats(Millis(1'000'000), 2);
  EXPECT_TRUE(repeats.admit("a", Mono{Millis(0)}));
  EXPECT_TRUE(repeats.admit("b", Mono{Millis(1)}));
  EXPECT_TRUE(repeats.admit("c", Mono{Millis(2)})) << "a makes room";
  EXPECT_TRUE(repeats.admit("a", Mono{Millis(3)}));
  EXPECT_FALSE(repeats.admit("c", Mono{Millis(4)}));
}

class FactLogs : public Logs {
 protected:
  static Tick tick(TickOutcome outcome, TickReason reason) {
    Tick made;
    made.schedule = ScheduleId("c1/0");
    made.nominal = Instant(Millis(1'767'225'600'000));
    made.outcome = outcome;
    made.reason = reason;
    return made;
  }
};

TEST_F(FactLogs, ATickIsOneLineWithItsOutcome) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  auto started = tick(TickOutcome::started, TickReason::on_time);
  started.run = RunId{1, 2};
  facts.apply(fact::TickDecided{started, ConnectionId("c1"), "orders"});
  facts.apply(fact::TickDecided{tick(TickOutcome::missed, TickReason::down), ConnectionId("c1"), "orders"});
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("level=info msg=\"tick decided\" connection=orders schedule=c1/0 "
                                  "nominal=2026-01-01T00:00:00Z outcome=started reason=on_time "
                                  "run=00000000000000010000000000000002"));
  EXPECT_THAT(lines[1], HasSubstr("level=warn"));
  EXPECT_THAT(lines[1], HasSubstr("outcome=missed reason=down"));
}

TEST_F(FactLogs, TenThousandConnectionsAreOneLineAtInfo) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  ConnectionView view;
  for (int i = 0; i < 10'000; ++i) facts.apply(fact::ConnectionFound{view, i < 12 ? "conf.yaml:3" : ""});
  facts.apply(fact::ConnectionGone{view});
  EXPECT_THAT(lines, IsEmpty());
  facts.flush();
  EXPECT_THAT(lines, ElementsAre(HasSubstr("found=10000 managed=12 gone=1")));
  facts.flush();
  EXPECT_THAT(lines, SizeIs(1));
}

TEST_F(FactLogs, PollsAndJobsOfOthersAreSilentAtInfo) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  facts.apply(fact::PollDone{"jobs", std::nullopt});
  facts.apply(fact::PollDone{"jobs", Error{Errc::reply_timeout, "no reply", "", ""}});
  facts.apply(fact::JobEnded{{}, {}, std::nullopt});
  EXPECT_THAT(lines, IsEmpty());
  facts.apply(
      fact::AirbyteReachable{false, Error{Errc::connect_refused, "connection refused", "http://a", ""}});
  facts.apply(fact::AirbyteReachable{true, std::nullopt});
  EXPECT_THAT(
      lines,
      ElementsAre(HasSubstr("level=error msg=\"Airbyte unreachable\" error=\"http://a: connection refused\""),
                  HasSubstr("level=info msg=\"Airbyte reachable\"")));
}

TEST_F(FactLogs, RepeatedFailuresOfOneConnectionAreCounted) {
  Log log(options(Level::info));
  Mono now;
  FactLog facts(log, [&] { return now; });
  syncwarden::Run run;
  run.connection = ConnectionId("c1");
  const fact::TriggerFailed failed{run, TriggerAnswer::not_sent,
                                   Error{Errc::connect_refused, "refused", "", ""}};
  for (int i = 0; i < 100; ++i) facts.apply(failed);
  EXPECT_THAT(lines, SizeIs(1));
  now = Mono{std::chrono::minutes(2)};
  facts.apply(failed);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[1], EndsWith("suppressed=99\n"));
}

TEST_F(FactLogs, ARunThatEndsBadlyWarns) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  syncwarden::Run run;
  run.job = JobId{42};
  run.verdict = Verdict::failed;
  run.failure = FailureClass::config;
  facts.apply(fact::RunFinished{run});
  run.verdict = Verdict::succeeded;
  run.failure.reset();
  facts.apply(fact::RunFinished{run});
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("level=warn"));
  EXPECT_THAT(lines[0], HasSubstr("verdict=failed failure=config job=42"));
  EXPECT_THAT(lines[1], Not(HasSubstr("level=warn")));
}

TEST_F(FactLogs, ARunTellsWhatItsVerdictRestsOn) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  syncwarden::Run run;
  run.verdict = Verdict::suspect;
  run.cancels = 1;
  run.by = "alice";
  run.why = "0 records; its last 12 runs moved 4000-6000";
  facts.apply(fact::RunFinished{run, "orders"});
  EXPECT_THAT(lines,
              ElementsAre(AllOf(HasSubstr("level=warn"), HasSubstr("cancels=1 by=alice why=\"0 records; "
                                                                   "its last 12 runs moved 4000-6000\""))));
}

TEST_F(FactLogs, AnIncidentIsAsLoudAsItIsSevereAndQuietAfterwards) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  fact::IncidentChanged changed;
  auto& incident = changed.incident;
  incident.id = IncidentId{17};
  incident.kind = IncidentKind::stuck;
  incident.stuck = StuckKind::no_progress;
  incident.severity = Severity::critical;
  incident.subject = "orders";
  incident.job = JobId{41};
  incident.summary = "job 41 moves nothing";
  incident.opened = Instant(Millis(1'000));
  incident.events = {{Instant(Millis(1'000)), "counters unchanged for 3h: 120000 records", ""}};
  facts.apply(changed);
  changed.change = fact::IncidentChange::updated;
  facts.apply(changed);
  changed.change = fact::IncidentChange::acknowledged;
  incident.owner = "alice";
  incident.events.push_back({Instant(Millis(2'000)), "acknowledged: on it", "alice"});
  facts.apply(changed);
  changed.change = fact::IncidentChange::closed;
  incident.closed = Instant(Millis(61'000));
  incident.events.push_back({Instant(Millis(61'000)), "job 42 succeeded with 5000 records", ""});
  facts.apply(changed);
  ASSERT_THAT(lines, SizeIs(3)) << "an update is no news at info";
  EXPECT_THAT(
      lines[0],
      HasSubstr("level=error msg=\"incident opened\" incident=17 kind=stuck stuck=no_progress "
                "severity=critical subject=orders connection=\"\" job=41 "
                "summary=\"job 41 moves nothing\" evidence=\"counters unchanged for 3h: 120000 records\""));
  EXPECT_THAT(lines[1], AllOf(HasSubstr("level=info msg=\"incident acknowledged\" incident=17"),
                              HasSubstr("evidence=\"acknowledged: on it\" by=alice owner=alice")));
  EXPECT_THAT(lines[2],
              AllOf(HasSubstr("level=info msg=\"incident closed\""),
                    HasSubstr("evidence=\"job 42 succeeded with 5000 records\""), EndsWith("open_for=1m\n")));
}

TEST_F(FactLogs, WarningsAndHintsComeAtTheirOwnLevels) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  fact::IncidentChanged changed;
  facts.apply(changed);
  changed.change = fact::IncidentChange::reopened;
  facts.apply(changed);
  changed.incident.severity = Severity::info;
  changed.change = fact::IncidentChange::opened;
  facts.apply(changed);
  EXPECT_THAT(lines, ElementsAre(HasSubstr("level=warn"), HasSubstr("level=warn msg=\"incident reopened\""),
                                 HasSubstr("level=info")));
  EXPECT_THAT(lines[0], HasSubstr(" job=\"\" ")) << "no job is no number";
}

TEST_F(FactLogs, OnlyAConfirmedStuckJobIsNews) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  fact::StuckFound found;
  found.kind = StuckKind::orphan;
  found.connection.name = "orders";
  found.job = JobId{41};
  found.evidence = "no workflow runs for it";
  facts.apply(found);
  EXPECT_THAT(lines, IsEmpty());
  found.confirmed = true;
  facts.apply(found);
  EXPECT_THAT(lines,
              ElementsAre(HasSubstr("level=warn msg=\"stuck\" kind=orphan connection=\"\" name=orders job=41 "
                                    "evidence=\"no workflow runs for it\"")));
}

TEST_F(FactLogs, RecoveryWarnsWhereItWasInVain) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  fact::RecoveryStep step;
  step.job = JobId{41};
  step.why = "no progress for 3h";
  facts.apply(step);
  step.result = fact::RecoveryResult::timed_out;
  facts.apply(step);
  step.action = fact::RecoveryAction::breaker_open;
  step.result = fact::RecoveryResult::done;
  facts.apply(step);
  EXPECT_THAT(lines, ElementsAre(HasSubstr("level=info msg=\"recovery\" action=cancel result=asked"),
                                 HasSubstr("level=warn msg=\"recovery\" action=cancel result=timed_out"),
                                 HasSubstr("level=warn msg=\"recovery\" action=breaker_open result=done")));
  EXPECT_THAT(lines[0], HasSubstr("job=41 why=\"no progress for 3h\""));
}

TEST_F(FactLogs, ACommandIsOneLineWithWhoAskedAndWhyItWasRefused) {
  Log log(options(Level::info));
  FactLog facts(log, [] { return Mono{}; });
  facts.apply(fact::CommandTaken{"alice", "sync orders", std::nullopt});
  facts.apply(fact::CommandTaken{"uid 1000 on this host", "cancel orders",
                                 Error{Errc::conflict, "no job runs", "", ""}});
  EXPECT_THAT(lines, ElementsAre(HasSubstr("level=info msg=\"command taken\" who=alice what=\"sync orders\""),
                                 HasSubstr("level=warn msg=\"command refused\" who=\"uid 1000 on this host\" "
                                           "what=\"cancel orders\" error=\"no job runs\"")));
}

}  // namespace
}  // namespace syncwarden::observe
