#include "model/plan.hpp"

#include <gtest/gtest.h>

namespace syncwarden {
namespace {

ConnectionView orders() {
  ConnectionView view;
  view.id = ConnectionId{"ac5b26bb-0d38-45df-9ae1-1d08d17ca666"};
  view.name = "orders \xE2\x86\x92 warehouse";
  view.workspace = WorkspaceId{"bed3b473-1518-4461-a37f-730ea3d3a848"};
  view.workspace_name = "finance";
  view.source.name = "orders";
  view.source.connector = "postgres";
  view.destination.name = "snowflake-prod";
  view.destination.id = ActorId{"1f2a3b4c-5d6e-4f70-8a91-b2c3d4e5f607"};
  view.tags = {"hourly", "crm"};
  return view;
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*c", "abbbc"));
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_TRUE(glob_matches("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(glob_matches("a?c", "ac"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_FALSE(glob_matches("abc", "ABC"));
}

TEST(Glob, ManyStarsTakeLinearTime) {
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a')));
}

TEST(Match, TypedArrowMatchesAirbytesArrow) {
  EXPECT_TRUE(matches(Match{.name = "orders -> warehouse"}, orders()));
  EXPECT_TRUE(matches(Match{.name = "orders \xE2\x86\x92 *"}, orders()));
}

TEST(Match, EveryGivenMemberMustAgree) {
  EXPECT_TRUE(matches(Match{}, orders()));
  EXPECT_TRUE(matches(Match{.tag = "crm", .workspace = "fin*"}, orders()));
  EXPECT_FALSE(matches(Match{.tag = "crm", .workspace = "marketing"}, orders()));
  EXPECT_TRUE(matches(Match{.source_type = "postgres", .destination_type = std::nullopt}, orders()));
  EXPECT_FALSE(matches(Match{.id = "other"}, orders()));
}

TEST(Match, IdsOfWorkspacesAndActorsAreAccepted) {
  EXPECT_TRUE(matches(Match{.workspace = "bed3b473-1518-4461-a37f-730ea3d3a848"}, orders()));
  EXPECT_TRUE(matches(Match{.destination = "1f2a3b4c-5d6e-4f70-8a91-b2c3d4e5f607"}, orders()));
}

}  // namespace
}  // namespace syncwarden
