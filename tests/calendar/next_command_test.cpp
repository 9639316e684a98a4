// The `next` command: its rows with marks, and the batch form line by line.
#include "calendar/next_command.hpp"

#include "base/text.hpp"
#include "tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

NextDefaults defaults(std::string_view zone, std::string_view from, int count,
                      DstPolicy dst = DstPolicy::safe) {
  return {std::string(zone), test::at(from), count, dst};
}

std::string rows(std::string_view text, const NextDefaults& how) {
  const auto table = next_table(text, how);
  if (!table) return to_string(table.error());
  std::string out;
  for (const NextRow& row : table->rows) {
    out += out.empty() ? "" : "\n";
    out += row.local + " " + row.utc + (row.mark.empty() ? "" : " " + row.mark);
  }
  return out;
}

TEST(NextTable, MarksWhatDstDoes) {
  EXPECT_EQ(rows("30 2 * * *", defaults("Europe/Berlin", "2026-03-28T12:00:00Z", 2)),
            "2026-03-29T03:00:00+02:00 2026-03-29T01:00:00Z DST: clocks go forward, moved from 02:30\n"
            "2026-03-30T02:30:00+02:00 2026-03-30T00:30:00Z");
  EXPECT_EQ(rows("0 2,3 * * *", defaults("Europe/Berlin", "2026-03-28T12:00:00Z", 1)),
            "2026-03-29T03:00:00+02:00 2026-03-29T01:00:00Z DST: clocks go forward, also stands for 02:00");
  EXPECT_EQ(rows("30 2 * * *", defaults("Europe/Berlin", "2026-10-24T12:00:00Z", 1)),
            "2026-10-25T02:30:00+02:00 2026-10-25T00:30:00Z DST: clocks go back, first pass");
  EXPECT_EQ(rows("30 * * * *", defaults("Europe/Berlin", "2026-10-25T00:00:00Z", 3)),
            "2026-10-25T02:30:00+02:00 2026-10-25T00:30:00Z DST: clocks go back, first pass\n"
            "2026-10-25T02:30:00+01:00 2026-10-25T01:30:00Z DST: clocks go back, second pass\n"
            "2026-10-25T03:30:00+01:00 2026-10-25T02:30:00Z");
  EXPECT_EQ(rows("0 30 2 * * ?", defaults("Europe/Berlin", "2026-03-28T12:00:00Z", 1, DstPolicy::quartz)),
            "2026-03-30T02:30:00+02:00 2026-03-30T00:30:00Z DST: clocks go forward, 02:30 does not exist and "
            "is not run");
  EXPECT_EQ(rows("0 30 * * * ?", defaults("America/New_York", "2026-11-01T04:30:00Z", 1, DstPolicy::quartz)),
            "2026-11-01T01:30:00-05:00 2026-11-01T06:30:00Z DST: clocks go back, second pass; the first pass "
            "of 01:30 "
            "is not run");
  EXPECT_EQ(rows("every 6h phase 30m", defaults("Asia/Tokyo", "2026-01-01T00:00:00Z", 1)),
            "2026-01-01T09:30:00+09:00 2026-01-01T00:30:00Z");
}

TEST(NextTable, CarriesTextAndWarningsAndEndsWithTheSchedule) {
  const auto table = next_table("0 0 0 ? 12 1#1 2026", defaults("UTC", "2026-01-01T00:00:00Z", 5));
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->text, "0 0 0 ? 12 1#1 2026 UTC safe");
  EXPECT_EQ(table->rows.size(), 1U);
  EXPECT_EQ(table->warnings.size(), 1U);
  EXPECT_FALSE(next_table("every 6", defaults("UTC", "2026-01-01T00:00:00Z", 5)).has_value());
  EXPECT_FALSE(next_table("every 6h", defaults("Mars", "2026-01-01T00:00:00Z", 5)).has_value());
}

TEST(AnswerLine, AnswersEachLineOnItsOwn) {
  const auto how = defaults("Europe/Berlin", "2026-03-28T12:00:00Z", 2);
  const auto answer = [&](std::string_view line) { return answer_line(line, how, false); };
  EXPECT_EQ(answer("30 2 * * *"), "2026-03-29T01:00:00Z,2026-03-30T00:30:00Z");
  EXPECT_EQ(answer("30 2 * * *\tUTC\t2026-05-01T02:30:00Z"), "2026-05-02T02:30:00Z,2026-05-03T02:30:00Z");
  EXPECT_EQ(answer("30 2 * * *\t\t2026-05-01T00:00:00+02:00\r\n"),
            "2026-05-01T00:30:00Z,2026-05-02T00:30:00Z");
  EXPECT_EQ(answer("30 2 * * *\tUTC"), "2026-03-29T02:30:00Z,2026-03-30T02:30:00Z");
  EXPECT_EQ(answer("every 12h"), "2026-03-29T00:00:00Z,2026-03-29T12:00:00Z");
  EXPECT_EQ(answer("0 0 0 1 1 ? 2020"), "NONE");
  EXPECT_EQ(answer("0 0 0 1 1 ? 2027"), "2026-12-31T23:00:00Z");
  EXPECT_THAT(answer("61 * * * *"), StartsWith("INVALID: minutes \"61\""));
  EXPECT_THAT(answer("0 0 30 2 *"), HasSubstr("never fires"));
  EXPECT_THAT(answer("* * * * *\tMars"), HasSubstr("unknown time zone"));
  EXPECT_THAT(answer("* * * * *\tUTC\ttomorrow"), StartsWith("INVALID: from \"tomorrow\""));
  EXPECT_THAT(answer("* * * * *\tUTC\t2026-01-01T00:00:00Z\tx"), StartsWith("INVALID: "));
  EXPECT_THAT(answer(""), StartsWith("INVALID: "));
  EXPECT_EQ(answer(std::string_view("\"\x01\n\xFF\"\t")).find('\n'), std::string::npos);
}

TEST(AnswerLine, WritesJson) {
  const auto how = defaults("UTC", "2026-01-01T00:00:00Z", 2);
  EXPECT_EQ(answer_line("0 0 * * *\tAsia/Tokyo", how, true),
            R"({"expression":"0 0 * * *","zone":"Asia/Tokyo","from":"2026-01-01T00:00:00Z",)"
            R"("next":["2026-01-01T15:00:00Z","2026-01-02T15:00:00Z"]})");
  EXPECT_EQ(answer_line("0 0 0 1 1 ? 2020", how, true),
            R"({"expression":"0 0 0 1 1 ? 2020","zone":"UTC","from":"2026-01-01T00:00:00Z","next":[]})");
  EXPECT_THAT(answer_line("\"\\\x01", how, true), StartsWith(R"({"expression":"\"\\\u0001","error":")"));
  EXPECT_TRUE(is_utf8(answer_line("\xFF\xFE", how, true)));
}

}  // namespace
}  // namespace syncwarden::calendar
