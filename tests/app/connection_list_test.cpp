#include "app/connection_list.hpp"

#include <gtest/gtest.h>

namespace syncwarden::app {
namespace {

using namespace std::chrono_literals;

ConnectionList good(const std::string& text) {
  auto list = connection_list(text, "fleet.json");
  EXPECT_TRUE(list) << to_string(list.error());
  return list ? *list : ConnectionList{};
}

std::string complaint(const std::string& text) {
  const auto list = connection_list(text, "fleet.json");
  return list ? std::string("none") : to_string(list.error());
}

TEST(ConnectionListFile, AListOfOnesOwnNeedsNamesOnly) {
  const auto list = good(R"([{"name": "orders -> warehouse"},
      {"name": "crm", "id": "c2", "source": "hubspot", "destination": "warehouse", "workspace": "sales",
       "tags": ["crm"], "takes": "1h30m", "last_success": "2026-11-26T20:00:00Z", "status": "inactive"}])");
  ASSERT_EQ(list.connections.size(), 2U);
  EXPECT_EQ(list.connections[0].id, ConnectionId{"orders -> warehouse"});
  EXPECT_EQ(list.connections[0].status, ConnectionStatus::active);
  const auto& crm = list.connections[1];
  EXPECT_EQ(crm.id, ConnectionId{"c2"});
  EXPECT_EQ(crm.destination.name, "warehouse");
  EXPECT_EQ(crm.destination.id, ActorId{"warehouse"});
  EXPECT_EQ(crm.workspace_name, "sales");
  EXPECT_EQ(crm.tags, std::vector<std::string>{"crm"});
  EXPECT_EQ(crm.status, ConnectionStatus::inactive);
  ASSERT_EQ(list.histories.size(), 1U) << "of the other one nothing is known";
  EXPECT_EQ(list.histories[0].connection, crm.id);
  EXPECT_EQ(list.histories[0].samples.at(0).duration, 90min);
  EXPECT_EQ(list.histories[0].last_success, parse_rfc3339("2026-11-26T20:00:00Z"));
}

TEST(ConnectionListFile, WhatTheDaemonAnswersIsAListToo) {
  const auto list =
      good(R"({"connections": [{"id": "c1", "name": "orders", "managed": true, "typical_duration_ms": 240000,
      "source": {"id": "s1", "name": "shop", "connector": "postgres"}, "status": "active",
      "airbyte_schedule": {"kind": "cron", "text": "0 15 2 * * ? UTC"},
      "workspace": {"id": "w1", "name": "sales"}}], "matched": 1, "next": null})");
  ASSERT_EQ(list.connections.size(), 1U);
  EXPECT_EQ(list.connections[0].source.id, ActorId{"s1"});
  EXPECT_EQ(list.connections[0].source.connector, "postgres");
  EXPECT_EQ(list.connections[0].schedule, AirbyteSchedule::cron);
  EXPECT_EQ(list.connections[0].schedule_text, "0 15 2 * * ? UTC");
  EXPECT_EQ(list.histories.at(0).samples.at(0).duration, 4min);
}

TEST(ConnectionListFile, EveryMistakeSaysWhereItIs) {
  EXPECT_NE(complaint("not json").find("no JSON"), std::string::npos);
  EXPECT_NE(complaint("[]").find("no connections"), std::string::npos);
  EXPECT_NE(complaint(R"([{"name": "a"}, {"id": "b"}])").find("connection 2"), std::string::npos);
  EXPECT_NE(complaint(R"([{"name": "a", "takes": "ten"}])").find("\"ten\" is no duration"),
            std::string::npos);
  EXPECT_NE(complaint(R"([{"name": "a"}, {"name": "a"}])").find("twice"), std::string::npos);
  EXPECT_NE(complaint(R"([{"name": "a", "sorce": "b"}])").find("did you mean \"source\""), std::string::npos);
  EXPECT_NE(complaint(R"([{"name": "a", "status": "sleepy"}])").find("no status"), std::string::npos);
  EXPECT_NE(complaint(R"({"connections": [{"name": "a"}], "matched": 7, "next": "a"})").find("there are 7"),
            std::string::npos);
  EXPECT_EQ(complaint(R"([{"name": "a"}])"), "none");
}

}  // namespace
}  // namespace syncwarden::app
