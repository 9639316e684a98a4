// The daily message: when, and what it says.
#include "notify/digest.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::notify {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Instant when(const std::string& text) { return *parse_rfc3339(text); }

DigestTime at_eight(const std::string& zone = "UTC") {
  return {calendar::Schedule::cron({.expression = "0 0 8 * * ?", .timezone = zone}).value(), "08:00"};
}

TEST(DueDigest, IsOneADay) {
  const auto daily = at_eight();
  const auto yesterday = when("2026-11-26T08:00:00Z");
  const auto today = when("2026-11-27T08:00:00Z");
  EXPECT_FALSE(due_digest(daily, yesterday, today - 1ms));
  EXPECT_EQ(due_digest(daily, yesterday, today), today);
  EXPECT_EQ(due_digest(daily, yesterday, today + 3h), today) << "late is better than never";
  EXPECT_FALSE(due_digest(daily, today, today + 1ms));
  EXPECT_FALSE(due_digest(daily, today, yesterday)) << "the clock was set back";
}

TEST(DueDigest, OldNewsIsNone) {
  const auto daily = at_eight();
  const auto long_ago = when("2026-10-01T08:00:00Z");
  EXPECT_FALSE(due_digest(daily, long_ago, when("2026-11-27T21:00:00Z")));
  EXPECT_EQ(due_digest(daily, long_ago, when("2026-11-28T09:00:00Z")), when("2026-11-28T08:00:00Z"));
}

TEST(DueDigest, IsByTheClockOfItsPlace) {
  const auto daily = at_eight("Europe/Amsterdam");
  const auto before = when("2026-10-24T06:00:00Z");  // summer time
  EXPECT_FALSE(due_digest(daily, before, when("2026-10-25T06:59:59Z")));
  EXPECT_EQ(due_digest(daily, before, when("2026-10-25T07:00:00Z")), when("2026-10-25T07:00:00Z"));
}

struct Day {
  Day() {
    facts.from = when("2026-11-26T08:00:00Z");
    facts.until = when("2026-11-27T08:00:00Z");
    receiver.name = "team";
    receiver.target = SlackTarget{Secret("http://h")};
  }
  Run& run(const std::string& connection, Verdict verdict, Millis after = 1h) {
    Run run;
    run.id = RunId{1, facts.runs.size()};
    run.connection = ConnectionId{connection};
    run.nominal = facts.from + after;
    run.phase = RunPhase::finished;
    run.verdict = verdict;
    run.job = JobId{static_cast<std::int64_t>(facts.runs.size()) + 1};
    facts.runs.push_back(run);
    return facts.runs.back();
  }
  [[nodiscard]] Notice notice() const {
    return digest_notice(receiver, facts, [](const ConnectionId& id) {
      std::optional<KnownConnection> out;
      if (id.text == "gone") return out;
      ConnectionView view;
      view.id = id;
      view.name = id.text.str() + " -> lake";
      out.emplace(KnownConnection{view});
      return out;
    });
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& event : notice().incident.events) out.push_back(event.what);
    return out;
  }

  Receiver receiver;
  DayFacts facts;
};

TEST(Digest, CountsAndNamesWhatFailed) {
  Day day;
  day.run("orders", Verdict::succeeded);
  day.run("orders", Verdict::cancelled);
  day.run("refunds", Verdict::failed, 1h);
  auto& newest = day.run("refunds", Verdict::abandoned, 2h);
  newest.failure = FailureClass::config;
  newest.why = "wrong password";
  day.run("empty", Verdict::suspect).why = "0 records";
  day.run("invoices", Verdict::failed);
  day.run("gone", Verdict::failed);
  Incident open;
  open.opened = day.facts.from;
  open.subject = "refunds -> lake";
  open.summary = "2 runs failed";
  day.facts.open = {open};
  const auto notice = day.notice();
  EXPECT_EQ(notice.incident.summary,
            "6 runs ended: 1 succeeded, 3 failed, 1 suspect, 1 otherwise; 1 incident is open");
  EXPECT_EQ(notice.event, NoticeEvent::daily_digest);
  EXPECT_EQ(notice.at, day.facts.until);
  EXPECT_THAT(day.lines(),
              ElementsAre("failed 2 times: refunds -> lake; last job 4 abandoned (config): wrong password",
                          "failed once: invoices -> lake; last job 6 failed",
                          "suspect once: empty -> lake; last job 5 succeeded, says Airbyte: 0 records",
                          "open since 2026-11-26T08:00:00Z (warning): refunds -> lake: 2 runs failed"));
}

TEST(Digest, AQuietDayIsToldToo) {
  Day day;
  EXPECT_EQ(day.notice().incident.summary,
            "0 runs ended: 0 succeeded, 0 failed, 0 suspect, 0 otherwise; 0 incidents are open");
  EXPECT_THAT(day.lines(), IsEmpty());
}

TEST(Digest, IsAboutWhatConcernsItsReceiver) {
  Day day;
  day.receiver.match = Match{.name = "orders*"};
  day.run("orders", Verdict::failed);
  day.run("refunds", Verdict::failed);
  EXPECT_THAT(day.notice().incident.summary, HasSubstr("1 run ended: 0 succeeded, 1 failed"));
  ASSERT_EQ(day.lines().size(), 1U);
}

TEST(Digest, AManyFailingFleetIsCut) {
  Day day;
  day.facts.has_more = true;
  for (int i = 0; i < 100; ++i) day.run("c" + std::to_string(i), Verdict::failed);
  const auto lines = day.lines();
  ASSERT_EQ(lines.size(), 11U);
  EXPECT_EQ(lines.back(), "failed: 90 more connections");
  EXPECT_THAT(day.notice().incident.summary, HasSubstr("At least 100 runs"));
}

}  // namespace
}  // namespace syncwarden::notify
