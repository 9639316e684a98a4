// Which notifications a change asks for.
#include "notify/outbox.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::notify {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Instant at(std::int64_t seconds) { return Instant{std::chrono::seconds{seconds}}; }

Receiver receiver(const std::string& name) {
  Receiver out;
  out.name = name;
  out.target = WebhookTarget{Secret("http://h"), {}};
  out.events.assign(incident_events.begin(), incident_events.end());
  return out;
}

Incident incident(std::uint64_t number, std::int64_t opened) {
  Incident out;
  out.id = IncidentId{number};
  out.connection = ConnectionId{"c1"};
  out.opened = at(opened);
  out.updated = at(opened);
  out.events = {{at(opened), "it happened", ""}};
  return out;
}

ConnectionView connection(const std::string& name) {
  ConnectionView out;
  out.id = ConnectionId{"c1"};
  out.name = name;
  return out;
}

/// An outbox whose commits succeed at once.
class Desk {
 public:
  explicit Desk(std::vector<Receiver> receivers, std::size_t limit = 100)
      : outbox(std::move(receivers), limit) {}

  /// Keys without the moment and the receiver: "incident-1/incident_opened".
  std::vector<std::string> change(const Incident& changed) { return write({put::PutIncident{changed}}); }
  std::vector<std::string> write(std::vector<Mutation> durable) {
    const auto find = [this](const ConnectionId& id) {
      std::optional<KnownConnection> out;
      if (known && known->id == id) out.emplace(KnownConnection{*known, labels, "http://airbyte"});
      return out;
    };
    outbox.extend(durable, find, at(1'000));
    outbox.written(durable);
    std::vector<std::string> told;
    for (const auto& mutation : durable) {
      if (const auto* put = std::get_if<put::PutNotice>(&mutation)) {
        told.push_back(put->notice.receiver + ":" + std::string(to_string(put->notice.event)));
      }
      if (const auto* drop = std::get_if<put::DropNotice>(&mutation)) told.push_back("drop:" + drop->key);
    }
    return told;
  }

  Outbox outbox;
  Labels labels;
  std::optional<ConnectionView> known = connection("orders -> warehouse");
};

TEST(OutboxOfNotices, TheLifeOfAnIncident) {
  Desk desk({receiver("team")});
  auto one = incident(1, 10);
  EXPECT_THAT(desk.change(one), ElementsAre("team:incident_opened"));
  one.updated = at(11);
  one.events.push_back({at(11), "still", ""});
  EXPECT_THAT(desk.change(one), IsEmpty()) << "more evidence is no news";
  one.severity = Severity::critical;
  EXPECT_THAT(desk.change(one), ElementsAre("team:incident_escalated"));
  one.owner = "zoe";
  EXPECT_THAT(desk.change(one), ElementsAre("team:incident_acknowledged"));
  one.closed = at(12);
  EXPECT_THAT(desk.change(one), ElementsAre("team:incident_closed"));
  EXPECT_THAT(desk.change(one), IsEmpty());
  one.closed.reset();
  one.reopened = 1;
  EXPECT_THAT(desk.change(one), ElementsAre("team:incident_opened"));
}

TEST(OutboxOfNotices, ARowStandsBesideItsChangeAndHasNoHistory) {
  Outbox outbox({receiver("team")});
  std::vector<Mutation> durable{put::PutIncident{incident(7, 10)}};
  outbox.extend(
      durable, [](const ConnectionId&) { return std::optional<KnownConnection>{}; }, at(10));
  ASSERT_EQ(durable.size(), 2U);
  const auto& row = std::get<put::PutNotice>(durable[1]).notice;
  EXPECT_EQ(row.key, "incident-7/incident_opened/10000/team");
  EXPECT_THAT(row.incident.events, IsEmpty());
  EXPECT_THAT(outbox.waiting("team", 10), IsEmpty()) << "not before it is on disk";
  EXPECT_TRUE(outbox.written(durable));
  EXPECT_EQ(outbox.waiting("team", 10).size(), 1U);
}

TEST(OutboxOfNotices, OnlyWhomItConcerns) {
  auto by_name = receiver("by_name");
  by_name.match.emplace().name = "orders*";
  auto other = receiver("other");
  other.match.emplace().name = "users*";
  auto closed_only = receiver("closed_only");
  closed_only.events = {NoticeEvent::incident_closed};
  auto severe = receiver("severe");
  severe.severity = Severity::critical;
  auto finance = receiver("finance");
  finance.labels = {{"team", "finance"}};
  auto beat = receiver("beat");
  beat.target = HeartbeatTarget{Secret("http://h")};
  Desk desk({by_name, other, closed_only, severe, finance, beat});
  auto one = incident(1, 10);
  EXPECT_THAT(desk.change(one), ElementsAre("by_name:incident_opened"));
  auto two = incident(2, 10);
  two.labels = {{"team", "finance"}, {"x", "y"}};
  two.severity = Severity::critical;
  EXPECT_THAT(desk.change(two),
              ElementsAre("by_name:incident_opened", "severe:incident_opened", "finance:incident_opened"));
  auto whole = incident(3, 10);
  whole.connection = ConnectionId{};
  EXPECT_THAT(desk.change(whole), IsEmpty())
      << "about no connection: nobody without a match listens to opened";
}

TEST(OutboxOfNotices, AConnectionThatIsGoneIsStillKnownToItsIncident) {
  auto by_name = receiver("by_name");
  by_name.match.emplace().name = "orders*";
  Desk desk({by_name});
  auto one = incident(1, 10);
  EXPECT_THAT(desk.change(one), ElementsAre("by_name:incident_opened"));
  desk.known.reset();
  one.closed = at(20);
  EXPECT_THAT(desk.change(one), ElementsAre("by_name:incident_closed"));
}

TEST(OutboxOfNotices, AfterARestartNothingIsToldTwiceAndWhatWaitedStillWaits) {
  Snapshot snapshot;
  snapshot.incidents = {incident(1, 10)};
  snapshot.connections = {connection("orders")};
  Notice waiting;
  waiting.key = "k";
  waiting.receiver = "team";
  snapshot.outbox = {waiting};
  Desk desk({receiver("team")});
  desk.outbox.load(snapshot);
  EXPECT_THAT(desk.outbox.waiting("team", 10), ElementsAre(waiting));
  auto one = incident(1, 10);
  one.updated = at(30);
  EXPECT_THAT(desk.change(one), IsEmpty());
  one.closed = at(31);
  EXPECT_THAT(desk.change(one), ElementsAre("team:incident_closed"));
}

TEST(OutboxOfNotices, TheOldestGivesWayAndIsCounted) {
  Desk desk({receiver("team"), receiver("other")}, 2);
  desk.change(incident(1, 10));
  desk.change(incident(2, 10));
  EXPECT_EQ(desk.outbox.dropped(), 0U);
  EXPECT_THAT(desk.change(incident(3, 10)),
              ElementsAre("drop:incident-1/incident_opened/10000/team", "team:incident_opened",
                          "drop:incident-1/incident_opened/10000/other", "other:incident_opened"));
  EXPECT_EQ(desk.outbox.dropped(), 2U);
  EXPECT_EQ(desk.outbox.length(), 4U);
  EXPECT_EQ(desk.outbox.capacity(), 4U);
  EXPECT_EQ(desk.outbox.waiting("team", 10).front().incident.id, IncidentId{2});
}

TEST(OutboxOfNotices, WhatIsDeliveredIsRemoved) {
  Desk desk({receiver("team")});
  desk.change(incident(1, 10));
  desk.change(incident(2, 10));
  const auto first = desk.outbox.waiting("team", 1);
  const auto removed = desk.outbox.remove("team", first);
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_EQ(std::get<put::DropNotice>(removed[0]).key, first[0].key);
  EXPECT_EQ(desk.outbox.waiting("team", 10).size(), 1U);
}

TEST(OutboxOfNotices, RowsOfAReceiverThatIsGoneGoWithTheNextCommit) {
  Desk desk({receiver("team"), receiver("gone")});
  desk.change(incident(1, 10));
  desk.outbox.configure({receiver("team")});
  EXPECT_THAT(desk.change(incident(2, 10)),
              ElementsAre("drop:incident-1/incident_opened/10000/gone", "team:incident_opened"));
  EXPECT_EQ(desk.outbox.orphaned(), 1U);
}

TEST(OutboxOfNotices, AlertmanagerSeesEveryOpenIncidentThatConcernsIt) {
  auto severe = receiver("severe");
  severe.target = AlertmanagerTarget{{Secret("http://h")}};
  severe.severity = Severity::warning;
  Desk desk({severe});
  auto one = incident(1, 10);
  auto minor = incident(2, 10);
  minor.severity = Severity::info;
  desk.change(one);
  desk.change(minor);
  ASSERT_EQ(desk.outbox.open_for(severe).size(), 1U);
  one.closed = at(20);
  desk.change(one);
  EXPECT_THAT(desk.outbox.open_for(severe), IsEmpty());
}

Run ended(Verdict verdict, std::int64_t job = 42) {
  Run out;
  out.id = RunId{1, 2};
  out.connection = ConnectionId{"c1"};
  out.due = at(100);
  out.phase = RunPhase::finished;
  out.verdict = verdict;
  out.job = JobId{job};
  return out;
}

Receiver of_runs(const std::string& name) {
  auto out = receiver(name);
  out.events.assign(run_events.begin(), run_events.end());
  return out;
}

TEST(OutboxOfRuns, TellsVerdictsToThoseWhoAsk) {
  Desk desk({receiver("incidents"), of_runs("runs")});
  EXPECT_THAT(desk.write({put::PutRun{ended(Verdict::succeeded)}}), ElementsAre("runs:run_succeeded"));
  EXPECT_THAT(desk.write({put::PutRun{ended(Verdict::failed)}}), ElementsAre("runs:run_failed"));
  EXPECT_THAT(desk.write({put::PutRun{ended(Verdict::abandoned)}}), ElementsAre("runs:run_failed"));
  EXPECT_THAT(desk.write({put::PutRun{ended(Verdict::suspect)}}), ElementsAre("runs:run_suspect"));
  for (const auto silent : {Verdict::none, Verdict::cancelled, Verdict::ambiguous}) {
    EXPECT_THAT(desk.write({put::PutRun{ended(silent)}}), IsEmpty());
  }
  auto under_way = ended(Verdict::none);
  under_way.phase = RunPhase::backing_off;
  EXPECT_THAT(desk.write({put::PutRun{under_way}}), IsEmpty()) << "an extra job follows";
}

TEST(OutboxOfRuns, SaysWhatTheRunMoved) {
  Desk desk({of_runs("runs")});
  desk.labels = {{"team", "finance"}};
  JobView job;
  job.id = JobId{42};
  job.created = at(100);
  job.updated = at(820);
  job.counters.records_committed = 5'000;
  job.counters.bytes_committed = 48'000'000;
  desk.write({put::PutRun{ended(Verdict::succeeded)}, put::PutJob{{job, RunId{1, 2}}}});
  const auto notices = desk.outbox.waiting("runs", 10);
  ASSERT_EQ(notices.size(), 1U);
  const auto& news = notices[0].incident;
  EXPECT_EQ(notices[0].key, "run-" + to_string(RunId{1, 2}) + "/run_succeeded/runs");
  EXPECT_EQ(news.summary, "job 42 succeeded after 12m, 5000 records, 48000000 bytes");
  EXPECT_EQ(news.subject, "orders -> warehouse");
  EXPECT_EQ(news.severity, Severity::info);
  EXPECT_EQ(news.labels, desk.labels);
  EXPECT_EQ(news.opened, at(100));
  EXPECT_EQ(news.link, "http://airbyte/workspaces//connections/c1/timeline?jobId=42&openLogs=true");
}

TEST(OutboxOfRuns, SaysWhyOneFailed) {
  Desk desk({of_runs("runs")});
  auto run = ended(Verdict::failed, 0);
  run.failure = FailureClass::config;
  run.why = "404: no such connection";
  desk.write({put::PutRun{run}});
  EXPECT_EQ(desk.outbox.waiting("runs", 10)[0].incident.summary,
            "no job was started: failed (config): 404: no such connection");
}

TEST(OutboxOfRuns, GoTheWayOfMatchLabelsAndSeverity) {
  auto elsewhere = of_runs("elsewhere");
  elsewhere.match = Match{.name = "refunds*"};
  auto finance = of_runs("finance");
  finance.labels = {{"team", "finance"}};
  auto troubles = of_runs("troubles");
  troubles.severity = Severity::warning;
  Desk desk({elsewhere, finance, troubles});
  EXPECT_THAT(desk.write({put::PutRun{ended(Verdict::succeeded)}}), IsEmpty());
  desk.labels = {{"team", "finance"}};
  EXPECT_THAT(desk.write({put::PutRun{ended(Verdict::failed)}}),
              ElementsAre("finance:run_failed", "troubles:run_failed"));
  desk.known.reset();
  EXPECT_THAT(desk.write({put::PutRun{ended(Verdict::failed)}}), IsEmpty()) << "nobody knows whose it is";
}

Receiver daily(const std::string& name) {
  auto out = receiver(name);
  out.digest = DigestTime{calendar::Schedule::cron({.expression = "0 0 8 * * ?"}).value(), "08:00 UTC"};
  return out;
}

TEST(OutboxOfDigests, ARestartRemembersTheLastOne) {
  Desk desk({daily("team")});
  EXPECT_FALSE(desk.outbox.last_digest("team"));
  (void)desk.outbox.begin_digests("team", at(50));
  EXPECT_EQ(desk.outbox.last_digest("team"), at(50));
  EXPECT_EQ(desk.outbox.length(), 0U) << "a mark is nothing to send";
  Notice digest;
  digest.key = "digest-1/team";
  digest.receiver = "team";
  digest.event = NoticeEvent::daily_digest;
  digest.at = at(100);
  const auto durable = desk.outbox.put_digest(digest);
  ASSERT_EQ(durable.size(), 2U) << "the message and its mark, in one commit";
  desk.outbox.written(durable);
  const auto waiting = desk.outbox.waiting("team", 10);
  ASSERT_EQ(waiting.size(), 1U);
  (void)desk.outbox.remove("team", waiting);

  Snapshot disk;
  for (const auto& mutation : durable) {
    const auto& put = std::get<put::PutNotice>(mutation);
    if (put.notice.key != digest.key) disk.outbox.push_back(put.notice);  // it was delivered
  }
  Outbox next({daily("team")});
  next.load(disk);
  EXPECT_EQ(next.last_digest("team"), at(100));
  EXPECT_THAT(next.waiting("team", 10), IsEmpty());
  EXPECT_EQ(next.length(), 0U);
}

TEST(OutboxOfDigests, TheMarkGoesWithTheWish) {
  Desk desk({daily("team")});
  (void)desk.outbox.begin_digests("team", at(50));
  desk.outbox.configure({receiver("team")});
  EXPECT_THAT(desk.write({}), ElementsAre("drop:digests/team"));
  EXPECT_FALSE(desk.outbox.last_digest("team"));
}

}  // namespace
}  // namespace syncwarden::notify
