#include "forecast/selftest.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace syncwarden::forecast {
namespace {

class Selftest : public testing::TestWithParam<std::string_view> {};

TEST_P(Selftest, PassesAndTellsWhatHappened) {
  const auto step = run_selftest(GetParam());
  EXPECT_TRUE(step.passed()) << render(step);
  EXPECT_GE(step.checks.size(), 3U);
  EXPECT_FALSE(step.events.empty());
  EXPECT_TRUE(std::is_sorted(step.events.begin(), step.events.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
  EXPECT_EQ(render(step).find("\n  FAILED"), std::string::npos);
}

TEST_P(Selftest, FailsWhereSyncwardenIsBrokenInWhatItIsAbout) {
  const auto step = run_selftest(GetParam(), true);
  EXPECT_FALSE(step.passed()) << render(step);
  EXPECT_NE(render(step).find("\n  FAILED"), std::string::npos);
}

TEST_P(Selftest, TellsTheSameStoryEachTime) {
  EXPECT_EQ(render(run_selftest(GetParam())), render(run_selftest(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(Steps, Selftest, testing::ValuesIn(selftest_steps()),
                         [](const auto& step) { return std::string(step.param); });

TEST(SelftestSteps, OneThatNobodyKnowsDoesNotPass) { EXPECT_FALSE(run_selftest("nonsense").passed()); }

TEST(SelftestSteps, TheLadderIsToldInItsOrder) {
  const auto text = render(run_selftest("frozen"));
  std::size_t from = 0;
  for (const char* part : {"looks stuck (no_progress)", "a second reading confirms", "opened: stuck",
                           "recovery: cancel asked", "the cancel of job 1 arrives", "recovery: cancel done",
                           "recovery: rerun asked", "closed: stuck", "passed"}) {
    const auto found = text.find(part, from);
    ASSERT_NE(found, std::string::npos) << part << " is missing, or not after what precedes it, in\n" << text;
    from = found;
  }
}

}  // namespace
}  // namespace syncwarden::forecast
