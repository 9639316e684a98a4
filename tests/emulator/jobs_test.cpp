// Questions to the jobs table (4.5): filters, order, pages, pruning.
#include "emulator/sample.hpp"
#include "lab.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

/// Three connections, one job each hour for ten hours; the last of "c" hangs.
class Jobs : public testing::Test {
 protected:
  Jobs() {
    auto other = named("c");
    other.workspace = "other";
    airbyte_.emplace(exact(), std::vector<Pipeline>{named("a"), named("b"), other});
    for (int hour = 0; hour < 10; ++hour) {
      const auto now = day_one + hours{hour};
      airbyte_->advance(now);
      if (hour == 9) airbyte_->set_behaviour(id(2), Behaviour::never_ending());
      for (ConnectionIndex i = 0; i < 3; ++i) airbyte_->signal_sync(id(i), now + seconds{i});
    }
    airbyte_->advance(day_one + hours{10});
  }
  [[nodiscard]] ConnectionId id(ConnectionIndex i) const { return airbyte_->connection(i).view.id; }
  [[nodiscard]] std::vector<std::int64_t> ask(const JobQuery& query) const {
    std::vector<std::int64_t> ids;
    for (const auto* job : airbyte_->jobs(query).jobs) ids.push_back(job->id.value);
    return ids;
  }
  using Ids = std::vector<std::int64_t>;
  std::optional<Airbyte> airbyte_;
};

TEST_F(Jobs, NewestFirstByDefault) {
  JobQuery query;
  query.limit = 3;
  EXPECT_EQ(ask(query), (Ids{129, 128, 127}));
  query.offset = 3;
  EXPECT_EQ(ask(query), (Ids{126, 125, 124}));
  query.ascending = true;
  query.offset = 0;
  EXPECT_EQ(ask(query), (Ids{100, 101, 102}));
}

TEST_F(Jobs, ByConnectionAndWorkspace) {
  JobQuery query;
  query.connection = id(1);
  query.limit = 2;
  EXPECT_EQ(ask(query), (Ids{128, 125}));
  JobQuery other;
  other.workspaces = {airbyte_->connection(2).view.workspace};
  other.limit = 2;
  EXPECT_EQ(ask(other), (Ids{129, 126}));
  other.connection = id(0);
  EXPECT_EQ(ask(other), Ids{});
  JobQuery nobody;
  nobody.connection = ConnectionId{"nobody"};
  EXPECT_EQ(ask(nobody), Ids{});
}

TEST_F(Jobs, ByStatus) {
  JobQuery active;
  active.statuses = {JobStatus::pending, JobStatus::running, JobStatus::incomplete};
  EXPECT_EQ(ask(active), (Ids{129}));
  active.connection = id(0);
  EXPECT_EQ(ask(active), Ids{});
  JobQuery succeeded;
  succeeded.statuses = {JobStatus::succeeded};
  succeeded.with_total = true;
  EXPECT_EQ(airbyte_->jobs(succeeded).total, 29U);
}

TEST_F(Jobs, RangesIncludeBothEnds) {
  JobQuery created;
  created.created_from = airbyte_->job({103})->created;
  created.created_to = airbyte_->job({105})->created;
  EXPECT_EQ(ask(created), (Ids{105, 104, 103}));
  JobQuery updated;
  updated.order = JobQuery::Order::updated;
  updated.ascending = true;
  updated.updated_from = airbyte_->job({126})->updated;
  EXPECT_EQ(ask(updated), (Ids{126, 129, 127, 128})) << "a job's own end decides, not its creation";
  updated.updated_to = airbyte_->job({126})->updated;
  EXPECT_EQ(ask(updated), (Ids{126}));
}

TEST_F(Jobs, PrunedJobsAreGoneAndTheRestStays) {
  airbyte_->prune(day_one + hours{9});
  JobQuery all;
  EXPECT_EQ(ask(all), (Ids{129, 128, 127}));
  EXPECT_EQ(airbyte_->job({105}), nullptr);
  EXPECT_EQ(airbyte_->jobs_kept(), 3U);
  EXPECT_EQ(airbyte_->newest_job(), JobId{129});
  EXPECT_EQ(airbyte_->signal_sync(id(0), day_one + hours{11}).signal, Signal::accepted);
  airbyte_->advance(day_one + hours{12});
  EXPECT_EQ(airbyte_->job({130})->status, JobStatus::succeeded);
}

/// Every question gives the same answer as reading the whole table.
TEST_F(Jobs, IndexesAgreeWithAFullScan) {
  Rng rng(5);
  const std::vector<JobStatus> words{JobStatus::running, JobStatus::succeeded, JobStatus::failed};
  for (int round = 0; round < 500; ++round) {
    JobQuery query;
    if (rng.chance(0.3)) query.statuses.push_back(words[rng.below(3)]);
    if (rng.chance(0.3)) query.statuses.push_back(words[rng.below(3)]);
    if (rng.chance(0.3)) query.connection = id(static_cast<ConnectionIndex>(rng.below(3)));
    const auto some_time = [&] { return day_one + minutes{static_cast<int>(rng.below(700))}; };
    if (rng.chance(0.3)) query.created_from = some_time();
    if (rng.chance(0.3)) query.created_to = some_time();
    if (rng.chance(0.3)) query.updated_from = some_time();
    if (rng.chance(0.3)) query.updated_to = some_time();
    query.ascending = rng.chance(0.5);
    query.with_total = rng.chance(0.5);
    if (rng.chance(0.3)) query.order = JobQuery::Order::updated;
    Ids expected;
    for (std::int64_t i = 100; i < 130; ++i) {
      const auto& job = *airbyte_->job({i});
      const bool status =
          query.statuses.empty() || std::count(query.statuses.begin(), query.statuses.end(), job.status) > 0;
      const bool mine = !query.connection || *query.connection == id(job.connection);
      if (status && mine && (!query.created_from || job.created >= *query.created_from) &&
          (!query.created_to || job.created <= *query.created_to) &&
          (!query.updated_from || job.updated >= *query.updated_from) &&
          (!query.updated_to || job.updated <= *query.updated_to)) {
        expected.push_back(i);
      }
    }
    if (query.order == JobQuery::Order::updated) {
      std::sort(expected.begin(), expected.end(), [&](std::int64_t a, std::int64_t b) {
        const auto one = airbyte_->job({a})->updated, two = airbyte_->job({b})->updated;
        return one != two ? one < two : a < b;
      });
    }
    if (!query.ascending) std::reverse(expected.begin(), expected.end());
    ASSERT_EQ(ask(query), expected) << "round " << round;
    EXPECT_EQ(airbyte_->jobs(query).total, expected.size());
  }
}

TEST(History, CanBeLimited) {
  auto options = exact();
  options.history_limit = 10;
  Airbyte airbyte(options, {named("a")});
  for (int hour = 0; hour < 100; ++hour) {
    airbyte.signal_sync(airbyte.connection(0).view.id, day_one + hours{hour});
    airbyte.advance(day_one + hours{hour} + minutes{30});
    airbyte.prune(day_one + hours{hour - 5});
  }
  EXPECT_EQ(airbyte.history().size(), 10U);
  EXPECT_EQ(airbyte.history().back().job, JobId{199});
  EXPECT_LE(airbyte.jobs_kept(), 7U);
}

}  // namespace
}  // namespace syncwarden::emulator
