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
  out.events.assign(all_notice_events.begin(), all_notice_events.end());
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
  std::vector<std::string> change(const Incident& changed) {
    std::vector<Mutation> durable{put::PutIncident{changed}};
    outbox.extend(durable, [this](const ConnectionId& id) {
      return known && known->id == id ? known : std::optional<ConnectionView>{};
    });
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
  outbox.extend(durable, [](const ConnectionId&) { return std::optional<ConnectionView>{}; });
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

}  // namespace
}  // namespace syncwarden::notify
