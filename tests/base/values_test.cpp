#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/rng.hpp"
#include "base/secret.hpp"

#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace syncwarden {
namespace {

TEST(Secret, NeverPrintsItself) {
  const Secret secret{"hunter2"};
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "<secret>");
  EXPECT_EQ(fmt::format("{}", secret), "<secret>");
  EXPECT_EQ(secret.reveal(), "hunter2");
}

TEST(Error, TellsPlaceMessageAndWayOut) {
  EXPECT_EQ(
      to_string(Error{Errc::connect_refused, "connection refused", "http://h:8000", "is Airbyte running?"}),
      "http://h:8000: connection refused (is Airbyte running?)");
  EXPECT_EQ(to_string(Error{Errc::internal, "no", "", ""}), "no");
}

TEST(Result, ThrowsALogicErrorWhenAnErrorIsTakenForAValue) {
  const Result<int> result = Error{Errc::internal, "broken", "", ""};
  EXPECT_THROW((void)result.value(), std::logic_error);
}

TEST(SharedText, CopiesAreTheSameTextAndOutliveIt) {
  SharedText kept;
  {
    const SharedText first{std::string(40, 'x')};
    kept = first;
    EXPECT_EQ(kept.view().data(), first.view().data()) << "a copy holds the same characters";
    EXPECT_EQ(kept, SharedText(std::string(40, 'x'))) << "equal texts are equal, whoever wrote them";
    EXPECT_EQ(kept.hash(), SharedText(std::string(40, 'x')).hash());
  }
  EXPECT_EQ(kept, std::string(40, 'x'));
  SharedText moved = std::move(kept);
  moved = SharedText(moved);
  EXPECT_EQ(moved.size(), 40U);
}

TEST(SharedText, IsOrderedByteByByteAndEmptyWithoutCharacters) {
  EXPECT_LT(SharedText("a"), SharedText("b"));
  EXPECT_LT(SharedText("a"), SharedText("aa"));
  EXPECT_LT(SharedText(), SharedText("a"));
  EXPECT_LT(SharedText("z"), SharedText("\x80"));
  EXPECT_EQ(SharedText(), SharedText(""));
  EXPECT_TRUE(SharedText("").empty());
  EXPECT_NE(SharedText("").view().data(), nullptr) << "an empty text is no missing value";
}

TEST(Hash64, StaysTheSameBetweenReleases) {
  // Jitter, spread and run ids of running installations depend on these numbers.
  EXPECT_EQ(hash64(""), 0xC3817C016BA4FF30ULL);
  EXPECT_EQ(hash64("orders"), 0x48252E7F585BAD26ULL);
  EXPECT_NE(hash64("orders", 1), hash64("orders"));
}

TEST(Rng, IsReproducibleAndCoversItsRange) {
  Rng a{42}, b{42};
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto value = a.below(10);
    EXPECT_EQ(value, b.below(10));
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(Rng{1}.below(0), 0U);
}

TEST(RunId, PrintsAs32HexadecimalDigits) {
  EXPECT_EQ(to_string(RunId{1, 0xABC}), "00000000000000010000000000000abc");
}

}  // namespace
}  // namespace syncwarden
