#include "app/failed_since.hpp"

#include <gtest/gtest.h>

namespace syncwarden::app {
namespace {

const Instant since = *parse_rfc3339("2026-11-26T20:00:00Z");

std::vector<FailedSync> found(const std::string& connections,
                              const std::string& abandoned = R"({"runs": []})") {
  return failed_since(*Answer::parse(connections), *Answer::parse(abandoned), since);
}

std::string one(const std::string& members) {
  return R"({"connections": [{"id": "c1", "name": "orders", "status": "active", )" + members + "}]}";
}

TEST(FailedSince, OneThatFailedSinceIsRunAgain) {
  const auto failed = found(one(R"("consecutive_failures": 2, "last_completion": "2026-11-26T21:00:00Z")"));
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.front().id, "c1");
  EXPECT_EQ(failed.front().name, "orders");
  EXPECT_EQ(failed.front().why, "2 failed jobs in a row, the last one ended at 2026-11-26T21:00:00Z");
  EXPECT_EQ(failed.front().not_now, "");
}

TEST(FailedSince, OneThatFailedEarlierOrIsWellIsNot) {
  EXPECT_TRUE(found(one(R"("consecutive_failures": 2, "last_completion": "2026-11-26T19:59:59Z")")).empty());
  EXPECT_TRUE(found(one(R"("consecutive_failures": 0, "last_completion": "2026-11-26T21:00:00Z")")).empty());
  EXPECT_TRUE(found(one(R"("consecutive_failures": 1, "last_completion": null)")).empty());
}

TEST(FailedSince, OneThatRunsOrIsSwitchedOffIsNamedAndLeftAlone) {
  const std::string failing = R"("consecutive_failures": 1, "last_completion": "2026-11-26T21:00:00Z")";
  EXPECT_EQ(found(one(failing + R"(, "running_since": "2026-11-26T21:05:00Z")")).at(0).not_now,
            "it runs already");
  EXPECT_EQ(found(R"({"connections": [{"id": "c1", "status": "inactive", )" + failing + "}]}").at(0).not_now,
            "Airbyte has it as inactive");
}

TEST(FailedSince, AGivenUpRunCountsUntilASuccessCameAfterIt) {
  const std::string runs =
      R"({"runs": [{"connection": {"id": "c1"}, "nominal": "2026-11-26T20:30:00Z"},
                   {"connection": {"id": "c1"}, "nominal": "2026-11-26T20:10:00Z"}]})";
  const auto given_up =
      found(one(R"("consecutive_failures": 0, "last_success": "2026-11-26T20:20:00Z")"), runs);
  ASSERT_EQ(given_up.size(), 1U);
  EXPECT_EQ(given_up.front().why, "its run of 2026-11-26T20:30:00Z was given up");
  EXPECT_TRUE(
      found(one(R"("consecutive_failures": 0, "last_success": "2026-11-26T20:40:00Z")"), runs).empty());
  const std::string older = R"({"runs": [{"connection": {"id": "c1"}, "nominal": "2026-11-26T19:30:00Z"}]})";
  EXPECT_TRUE(found(one(R"("consecutive_failures": 0)"), older).empty());
}

TEST(FailedSince, WhatIsMissingOrOddIsNoFailure) {
  EXPECT_TRUE(found("{}").empty());
  EXPECT_TRUE(found(R"({"connections": [{}, 7, null]})").empty());
}

}  // namespace
}  // namespace syncwarden::app
