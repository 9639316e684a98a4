#include "base/text.hpp"

#include <array>

#include <gtest/gtest.h>

namespace syncwarden {
namespace {

TEST(Printable, ReplacesWhatAScrapeOrALogCannotCarry) {
  EXPECT_EQ(printable("orders \xE2\x86\x92 lake"), "orders \xE2\x86\x92 lake");
  EXPECT_EQ(printable("a\nb\x1B[31m"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD[31m");
  EXPECT_EQ(printable("\xFF\xFE"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(printable("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong NUL";
  EXPECT_EQ(printable("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
}

TEST(Printable, CutsAtACharacterBoundary) {
  EXPECT_EQ(printable("\xC3\xA9\xC3\xA9", 3), "\xC3\xA9");
  EXPECT_LE(printable(std::string(10'000, 'x')).size(), 128U);
  EXPECT_TRUE(is_utf8(printable(std::string(500, '\x80'))));
}

TEST(Nearest, FindsTypingErrorsAndNothingFar) {
  constexpr std::array<std::string_view, 3> keys{"timezone", "overlap", "catch_up"};
  EXPECT_EQ(nearest("timezon", keys), "timezone");
  EXPECT_EQ(nearest("catchup", keys), "catch_up");
  EXPECT_EQ(nearest("banana", keys), std::nullopt);
}

TEST(WithoutCredentials, DropsUserAndQuery) {
  EXPECT_EQ(without_credentials("https://me:pw@host:8000/api?token=1"), "https://host:8000/api");
  EXPECT_EQ(without_credentials("http://host/a@b"), "http://host/a@b");
  EXPECT_EQ(without_credentials("host:8000"), "host:8000");
}

}  // namespace
}  // namespace syncwarden
