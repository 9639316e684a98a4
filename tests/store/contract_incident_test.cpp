// What every store must do with incidents and commands, and with questions about the past.
#include "contract.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::store {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t day = 24LL * 3'600 * 1'000;
using What = HistoryQuery::What;

Incident incident(std::uint64_t number, std::int64_t opened, std::optional<std::int64_t> closed = {}) {
  Incident out;
  out.id = IncidentId{number};
  out.connection = ConnectionId{"conn"};
  out.opened = at(opened);
  out.updated = at(closed.value_or(opened));
  if (closed) out.closed = at(*closed);
  return out;
}

CommandRecord command(const std::string& key, std::int64_t when) {
  CommandRecord out;
  out.key = key;
  out.at = at(when);
  return out;
}

Tick tick_of(const std::string& schedule, std::int64_t nominal) {
  auto out = tick(nominal);
  out.schedule = ScheduleId{schedule};
  return out;
}

HistoryQuery question(What what) {
  HistoryQuery query;
  query.what = what;
  return query;
}

Notice notice(const std::string& key, std::uint64_t number) {
  Notice out;
  out.key = key;
  out.receiver = "team";
  out.incident = incident(number, 1);
  return out;
}

class StoreIncidents : public StoreContract {
 protected:
  std::vector<std::uint64_t> loaded_incidents() {
    std::vector<std::uint64_t> ids;
    for (const auto& one : load().incidents) ids.push_back(one.id.value);
    return ids;
  }
  std::vector<std::string> loaded_commands() {
    std::vector<std::string> keys;
    for (const auto& one : load().commands) keys.push_back(one.key);
    return keys;
  }
  std::vector<std::string> ticks(const HistoryQuery& query) {
    std::vector<std::string> out;
    for (const auto& one : read(query).ticks) {
      out.push_back(one.schedule.text.str() + "@" + std::to_string(one.nominal.time_since_epoch().count()));
    }
    return out;
  }
};

INSTANTIATE_TEST_SUITE_P(Every, StoreIncidents, testing::Values(Kind::memory, Kind::sqlite), kind_name);

TEST_P(StoreIncidents, TheOutboxKeepsTheOrderOfItsWritingUntilEachIsDropped) {
  ASSERT_TRUE(commit({put::PutNotice{notice("z", 1)}, put::PutNotice{notice("a", 2)}}));
  ASSERT_TRUE(commit({put::PutNotice{notice("m", 3)}, put::PutNotice{notice("z", 4)}}));
  backend_->reopen();
  EXPECT_THAT(load().outbox, ElementsAre(notice("z", 4), notice("a", 2), notice("m", 3)));
  ASSERT_TRUE(commit({put::DropNotice{"a"}, put::DropNotice{"unknown"}}));
  backend_->reopen();
  EXPECT_THAT(load().outbox, ElementsAre(notice("z", 4), notice("m", 3)));
}

TEST_P(StoreIncidents, LoadBringsOpenOnesAndThoseClosedWithinADayOfTheNewestChange) {
  constexpr std::int64_t now = 100 * day;
  ASSERT_TRUE(commit({put::PutIncident{incident(1, 0)}, put::PutIncident{incident(2, 0, now - day)},
                      put::PutIncident{incident(3, 0, now - day - 1)}, put::PutIncident{incident(4, now)}}));
  EXPECT_THAT(loaded_incidents(), ElementsAre(1, 2, 4));
  backend_->reopen();
  EXPECT_THAT(loaded_incidents(), ElementsAre(1, 2, 4));
}

TEST_P(StoreIncidents, ANumberIsNeverGivenTwiceEvenWhenItsIncidentIsForgotten) {
  ASSERT_TRUE(commit({put::PutIncident{incident(9, 0, 5)}, put::PutIncident{incident(3, 50 * day)},
                      put::Prune{at(40 * day)}}));
  EXPECT_THAT(loaded_incidents(), ElementsAre(3));
  EXPECT_EQ(load().newest_incident, IncidentId{9});
}

TEST_P(StoreIncidents, AnIncidentGrowsAndCloses) {
  auto growing = incident(1, 10);
  ASSERT_TRUE(commit({put::PutIncident{growing}}));
  growing.events.push_back({at(11), "counters unchanged for 3h", ""});
  growing.owner = "alice";
  growing.closed = at(12);
  ASSERT_TRUE(commit({put::PutIncident{growing}}));
  backend_->reopen();
  EXPECT_THAT(load().incidents, ElementsAre(growing));
}

TEST_P(StoreIncidents, RecoveriesAndPausesStayUntilTheyAreDropped) {
  auto everybody = full_pause();
  everybody.connection = ConnectionId{};
  auto asked = full_recovery();
  ASSERT_TRUE(commit({put::PutRecovery{asked}, put::PutPause{full_pause()}, put::PutPause{everybody},
                      put::Prune{at(highest)}}));
  asked.requests = 2;
  ASSERT_TRUE(commit({put::PutRecovery{asked}, put::DropPause{full_pause().connection}}));
  backend_->reopen();
  EXPECT_THAT(load().recoveries, ElementsAre(asked));
  EXPECT_THAT(load().pauses, ElementsAre(everybody));
  ASSERT_TRUE(commit({put::DropRecovery{asked.job}, put::DropPause{ConnectionId{}}}));
  EXPECT_THAT(load().recoveries, IsEmpty());
  EXPECT_THAT(load().pauses, IsEmpty());
}

TEST_P(StoreIncidents, LoadBringsTheCommandsOfTheLastDay) {
  ASSERT_TRUE(commit({put::PutCommand{command("new", 9 * day)}, put::PutCommand{command("just", 8 * day)},
                      put::PutCommand{command("old", 8 * day - 1)}}));
  EXPECT_THAT(loaded_commands(), ElementsAre("just", "new"));
}

TEST_P(StoreIncidents, PruneForgetsClosedIncidentsAndCommandsButNotThoseThatTheNextStartNeeds) {
  constexpr std::int64_t now = 100 * day;
  ASSERT_TRUE(
      commit({put::PutIncident{incident(1, 0)}, put::PutIncident{incident(2, 0, now)},
              put::PutIncident{incident(3, 0, now - day)}, put::PutIncident{incident(4, 0, now - day - 1)},
              put::PutCommand{command("new", now)}, put::PutCommand{command("recent", now - day)},
              put::PutCommand{command("old", now - day - 1)}, put::Prune{at(highest)}}));
  const auto page = read(question(What::incidents));
  std::vector<std::uint64_t> ids;
  for (const auto& one : page.incidents) ids.push_back(one.id.value);
  EXPECT_THAT(ids, ElementsAre(3, 2, 1));
  std::vector<std::string> keys;
  for (const auto& one : read(question(What::commands)).commands) keys.push_back(one.key);
  EXPECT_THAT(keys, ElementsAre("new", "recent"));
}

TEST_P(StoreIncidents, PruneOfIncidentsIsBoundedAndStartsWithTheOldest) {
  std::vector<Mutation> batch{put::PutIncident{incident(9, 100 * day)}};
  for (std::uint64_t id = 1; id <= 5; ++id) {
    batch.emplace_back(put::PutIncident{incident(id, 0, static_cast<std::int64_t>(10 - id))});
  }
  ASSERT_TRUE(commit(std::move(batch)));
  ASSERT_TRUE(commit({put::Prune{at(day)}}));
  std::vector<std::uint64_t> ids;
  for (const auto& one : read(question(What::incidents)).incidents) ids.push_back(one.id.value);
  EXPECT_THAT(ids, ElementsAre(9, 2, 1));
}

TEST_P(StoreIncidents, TicksComeNewestFirstAndOfOneConnectionOnlyItsOwn) {
  ASSERT_TRUE(commit({put::PutTick{tick_of("conn/a", 1)}, put::PutTick{tick_of("conn/b", 3)},
                      put::PutTick{tick_of("conn/a", 5)}, put::PutTick{tick_of("conn/b", 5)},
                      put::PutTick{tick_of("conn2/a", 4)}, put::PutTick{tick_of("con/a", 6)},
                      put::PutTick{tick_of("conn", 7)}, put::PutTick{tick_of("conn0", 8)}}));
  auto query = question(What::ticks);
  query.limit = 3;
  EXPECT_THAT(ticks(query), ElementsAre("conn0@8", "conn@7", "con/a@6"));
  query.connection = ConnectionId{"conn"};
  EXPECT_THAT(ticks(query), ElementsAre("conn/b@5", "conn/a@5", "conn/b@3"));
  query.limit = 100;
  EXPECT_THAT(ticks(query), ElementsAre("conn/b@5", "conn/a@5", "conn/b@3", "conn/a@1"));
  query.from = at(3);
  query.until = at(3);
  EXPECT_THAT(ticks(query), ElementsAre("conn/b@3")) << "both ends belong to it";
  query.connection = ConnectionId{"nobody"};
  EXPECT_THAT(ticks(query), IsEmpty());
}

TEST_P(StoreIncidents, RunsAndJobsOfThePastAreFoundByTimeAndConnection) {
  auto other = finished_run(2);
  other.connection = ConnectionId{"other"};
  auto foreign = job(8, JobStatus::failed, 5);
  foreign.job.created = at(8);
  foreign.job.connection = ConnectionId{"other"};
  auto mine = job(7, JobStatus::succeeded, 5);
  mine.job.created = at(7);
  ASSERT_TRUE(commit({put::PutRun{finished_run(1)}, put::PutRun{other}, put::PutRun{open_run(3)},
                      put::PutJob{mine}, put::PutJob{foreign}}));
  auto query = question(What::runs);
  EXPECT_THAT(read(query).runs, ElementsAre(open_run(3), other, finished_run(1)));
  query.until = at(2'000);
  EXPECT_THAT(read(query).runs, ElementsAre(other, finished_run(1)));
  query.connection = ConnectionId{"conn"};
  EXPECT_THAT(read(query).runs, ElementsAre(finished_run(1)));
  query = question(What::jobs);
  EXPECT_THAT(read(query).jobs, ElementsAre(foreign, mine));
  query.connection = ConnectionId{"conn"};
  EXPECT_THAT(read(query).jobs, ElementsAre(mine));
  query.from = at(8);
  EXPECT_THAT(read(query).jobs, IsEmpty());
}

TEST_P(StoreIncidents, AnIncidentIsFoundByItsNumberAndCommandsByTime) {
  auto other = incident(2, 20, 30);
  other.connection = ConnectionId{"other"};
  ASSERT_TRUE(commit({put::PutIncident{incident(1, 10)}, put::PutIncident{other},
                      put::PutCommand{command("a", 1)}, put::PutCommand{command("b", 2)}}));
  auto query = question(What::incidents);
  EXPECT_THAT(read(query).incidents, ElementsAre(other, incident(1, 10)));
  query.connection = ConnectionId{"conn"};
  EXPECT_THAT(read(query).incidents, ElementsAre(incident(1, 10)));
  query.incident = IncidentId{2};
  EXPECT_THAT(read(query).incidents, IsEmpty());
  query.connection.reset();
  EXPECT_THAT(read(query).incidents, ElementsAre(other));
  query = question(What::commands);
  query.connection = ConnectionId{"conn"};  // of no meaning here
  EXPECT_THAT(read(query).commands, ElementsAre(command("b", 2), command("a", 1)));
  query.from = at(2);
  EXPECT_THAT(read(query).commands, ElementsAre(command("b", 2)));
}

TEST_P(StoreIncidents, OnlyWhatWasAskedForIsAnsweredAndNeverMoreThanTheBound) {
  std::vector<Mutation> batch{put::PutRun{open_run(1)}};
  for (std::size_t row = 0; row < history_rows_at_most + 1; ++row) {
    batch.emplace_back(put::PutTick{tick(static_cast<std::int64_t>(row))});
  }
  ASSERT_TRUE(commit(std::move(batch)));
  auto query = question(What::ticks);
  query.limit = history_rows_at_most * 2;
  const auto page = read(query);
  EXPECT_EQ(page.ticks.size(), history_rows_at_most);
  EXPECT_THAT(page.runs, IsEmpty());
  query.connection = ConnectionId{"conn"};
  EXPECT_EQ(read(query).ticks.size(), history_rows_at_most);
}

}  // namespace
}  // namespace syncwarden::store
