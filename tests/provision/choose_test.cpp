// Names where ids are meant.
#include "provision/choose.hpp"

#include <gtest/gtest.h>

namespace syncwarden::provision {
namespace {

using testing::Test;

const std::vector<Candidate> all{{"id-1", "orders → lake", "analytics"},
                                 {"id-2", "orders", "analytics"},
                                 {"id-3", "customers", "analytics"},
                                 {"id-4", "customers", "finance"}};

TEST(Choose, TakesIdsAndNamesAndTypedArrows) {
  EXPECT_EQ(choose("source", "id-2", all, "list").value(), 1U);
  EXPECT_EQ(choose("source", "orders", all, "list").value(), 1U);
  EXPECT_EQ(choose("source", "orders -> lake", all, "list").value(), 0U);
}

TEST(Choose, AmbiguousNamesListTheCandidates) {
  const auto chosen = choose("source", "customers", all, "list");
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, Errc::usage);
  EXPECT_NE(chosen.error().message.find("id-3  customers  analytics"), std::string::npos);
  EXPECT_NE(chosen.error().message.find("id-4  customers  finance"), std::string::npos);
  EXPECT_TRUE(choose("source", "id-4", all, "list")) << "an id is never ambiguous";
}

TEST(Choose, UnknownNamesSuggestTheNearest) {
  const auto chosen = choose("source", "ordres", all, "syncwarden airbyte sources list");
  ASSERT_FALSE(chosen);
  EXPECT_NE(chosen.error().hint.find("did you mean \"orders\""), std::string::npos);
  EXPECT_NE(choose("source", "x", all, "LIST").error().hint.find("LIST"), std::string::npos);
}

TEST(Choose, TheOnlyOneNeedsNoName) {
  EXPECT_TRUE(choose_only("workspace", {{"id-1", "default", ""}}, "--workspace"));
  const auto several = choose_only("workspace", all, "--workspace");
  ASSERT_FALSE(several);
  EXPECT_NE(several.error().hint.find("--workspace"), std::string::npos);
  EXPECT_FALSE(choose_only("workspace", {}, "--workspace"));
}

}  // namespace
}  // namespace syncwarden::provision
