#include "airbyte/impl/dialect.hpp"

#include "airbyte/impl/fleet.hpp"
#include "airbyte/impl/job_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Dialect, ThePathTellsTheApi) {
  const Place config{Api::config, "/api/v1"};
  const Place hosted{Api::public_api, "/api/public/v1"};
  const Place cloud{Api::public_api, "/v1"};
  EXPECT_THAT(places_of(ApiChoice::probe, "/api/v1"), ElementsAre(config));
  EXPECT_THAT(places_of(ApiChoice::probe, "/api/public/v1"), ElementsAre(hosted));
  EXPECT_THAT(places_of(ApiChoice::probe, "/v1"), ElementsAre(cloud));
  EXPECT_THAT(places_of(ApiChoice::probe, ""), ElementsAre(config, hosted, cloud));
  EXPECT_THAT(places_of(ApiChoice::probe, "/etl/api/v1"), ElementsAre(Place{Api::config, "/etl/api/v1"}));
  EXPECT_THAT(places_of(ApiChoice::config, ""), ElementsAre(config));
  EXPECT_THAT(places_of(ApiChoice::config, "/api/public/v1"), ElementsAre(config));
  EXPECT_THAT(places_of(ApiChoice::config, "/tunnel/v1"), ElementsAre(Place{Api::config, "/tunnel/v1"}));
  EXPECT_THAT(places_of(ApiChoice::public_api, ""), ElementsAre(hosted, cloud));
  EXPECT_THAT(places_of(ApiChoice::public_api, "/v1"), ElementsAre(cloud));
}

TEST(Dialect, TraitsFollowTheVersion) {
  struct Case {
    const char* version;
    bool queued, refresh, single, whole, plain_list;
  };
  for (const auto& one : std::vector<Case>{
           {"0.40.32", false, false, true, false, true},
           {"0.50.40", false, false, true, true, true},
           {"v1.6.3", false, true, false, true, true},
           {"1.7.0", false, true, false, true, false},
           {"2.0.1", false, true, false, true, false},
           {"2.1.0-alpha", true, true, false, true, false},
           {"dev", true, true, false, true, true},
           {"", true, true, false, true, true},
       }) {
    const Traits traits = traits_of(Api::config, one.version);
    EXPECT_EQ(traits.knows_queued, one.queued) << one.version;
    EXPECT_EQ(traits.knows_refresh, one.refresh) << one.version;
    EXPECT_EQ(traits.single_status, one.single) << one.version;
    EXPECT_EQ(traits.whole_instance, one.whole) << one.version;
    EXPECT_EQ(traits.lists_workspaces, one.plain_list) << one.version;
  }
  EXPECT_TRUE(traits_of(Api::public_api, "2.0.0").single_status);
}

TEST(Workspaces, AreChosenByNameOrId) {
  const std::vector<Workspace> existing{{WorkspaceId("w-1"), "Default"}, {WorkspaceId("w-2"), "marketing"}};
  const auto all = choose_workspaces(existing, {});
  EXPECT_EQ(all->size(), 2U);
  const auto one = choose_workspaces(existing, {"marketing", "w-2"});
  ASSERT_TRUE(one);
  EXPECT_THAT(*one, ElementsAre(existing[1]));
  const auto none = choose_workspaces(existing, {"Marketing"});
  ASSERT_FALSE(none);
  EXPECT_THAT(to_string(none.error()), HasSubstr("\"Default\", \"marketing\""));
}

JobView job(std::int64_t id, JobStatus status, int updated) {
  JobView view;
  view.id = JobId{id};
  view.status = status;
  view.updated = Instant{std::chrono::seconds{updated}};
  return view;
}

std::vector<std::int64_t> ids(const std::vector<JobView>& jobs) {
  std::vector<std::int64_t> out;
  for (const auto& one : jobs) out.push_back(one.id.value);
  return out;
}

TEST(JobSets, EndedOnesAreFilteredOrderedAndCut) {
  const std::vector<JobView> read{job(3, JobStatus::failed, 30),    job(1, JobStatus::succeeded, 10),
                                  job(4, JobStatus::running, 40),   job(2, JobStatus::cancelled, 20),
                                  job(5, JobStatus::succeeded, 30), job(3, JobStatus::failed, 30)};
  const Instant since{std::chrono::seconds{20}};
  EXPECT_THAT(ids(ended_from(read, since, false)), ElementsAre(2, 3, 5));
  EXPECT_THAT(ids(ended_from(read, since, true)), ElementsAre(2));
  EXPECT_THAT(ids(ended_from(read, std::nullopt, false)), ElementsAre(1, 2, 3, 5));
  // nothing would remain: the whole instant is kept
  EXPECT_THAT(ids(ended_from({job(8, JobStatus::failed, 30), job(9, JobStatus::failed, 30)}, since, true)),
              ElementsAre(8, 9));
  EXPECT_THAT(ids(active_from(read)), ElementsAre(4));
}

}  // namespace
}  // namespace syncwarden::airbyte
