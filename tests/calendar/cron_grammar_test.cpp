// What the two dialects accept, refuse and warn about.
#include "calendar/cron.hpp"
#include "tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::calendar {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CronGrammar, AcceptsWhatAirbyteAccepts) {
  for (const char* expression : {"0 15 * * * ?",
                                 "0 15 2 ? * MON-FRI",
                                 "0 0 12 1 1 ? 2030",
                                 "* * * * * ?",
                                 "0/5 14,18,3-39,52 * ? JAN,MAR,SEP MON-FRI 2002-2099",
                                 "0 0 0 L * ?",
                                 "0 0 0 L-3 * ?",
                                 "0 0 0 L-0 * ?",
                                 "0 0 0 L-30 * ?",
                                 "0 0 0 LW * ?",
                                 "0 0 0 15W * ?",
                                 "0 0 0 ? * L",
                                 "0 0 0 ? * 6L",
                                 "0 0 0 ? * 6#3",
                                 "0 0 0 ? * fri#3",
                                 "0 0 22-2 * * ?",
                                 "0 0 0 ? * FRI-MON",
                                 "0 0 0 25-5 * ?",
                                 "0 0 0 1 NOV-FEB ?",
                                 "/5 * * * * ?",
                                 "0 0 0 ? * 2-6/2",
                                 "0\t0  0 * * ?",
                                 "0 0 0 1,15W * ?",
                                 "0 0 0 1,2, * ?",
                                 "0 0/59 0/23 1/30 1/11 ? 1970/129",
                                 "0 5-40/15 * * * ? *",
                                 "0 *,5 * * * ?",
                                 "0 0 0 ? jan sun"}) {
    const auto parsed = parse_cron(expression);
    EXPECT_TRUE(parsed.has_value()) << expression << ": " << to_string(parsed.error());
  }
}

TEST(CronGrammar, RefusesWhatAirbyteRefuses) {
  for (const char* expression : {"0 15 * * * *",
                                 "0 15 * ? * ?",
                                 "60 * * * * ?",
                                 "0 60 * * * ?",
                                 "0 0 24 * * ?",
                                 "0 0 0 0 * ?",
                                 "0 0 0 32 * ?",
                                 "0 0 0 1 13 ?",
                                 "0 0 0 1 0 ?",
                                 "0 0 0 ? * 0",
                                 "0 0 0 ? * 8",
                                 "0 0 0 1 * ? 1969",
                                 "0 0 0 1 * ? 2100",
                                 "0 0 0 1 * ? 2030-2020",
                                 "** * * * * ?",
                                 "0 1,,2 * * * ?",
                                 "0 ,1 * * * ?",
                                 "0 1, * * * ?",
                                 "0 */-1 * * * ?",
                                 "0 1-2-3 * * * ?",
                                 "0 0 0 ? * 8#1",
                                 "0 0 0 ? * 2#6",
                                 "0 0 0 ? * 2#0",
                                 "0 0 0 ? * 2#1,3#2",
                                 "0 0 0 ? * 1,L",
                                 "0 0 0 1,L * ?",
                                 "0 0 0 L-31 * ?",
                                 "0 0 0 L-3W * ?",
                                 "0 0 0 32W * ?",
                                 "0 0 0 W * ?",
                                 "0 0 0 ? * FRIL",
                                 "0 0 0 ? * MONDAY",
                                 "0 0 0 ? * MON-6",
                                 "0 0 0 ? * 2-FRI",
                                 "0 */0 * * * ?",
                                 "0 */60 * * * ?",
                                 "0 0 */24 * * ?",
                                 "0 0 0 */31 * ?",
                                 "0 ? * * * ?",
                                 "0 0 0 15L * ?",
                                 "0 0 0 ? * 15W",
                                 "0 0 0 ?,1 * ?",
                                 "0 1/2/3 * * * ?",
                                 "0 1/ * * * ?",
                                 "0 -5 * * * ?",
                                 "0 0 0 1 * ? 2030 x",
                                 "0 0 0 1 * ? UTC",
                                 "0 5 L * * ?",
                                 "0 99999999999999999999 * * * ?",
                                 "0 */99999999999999999999 * * * ?",
                                 "0 0 0 ? * #2",
                                 "0 0 0 ? * 2#",
                                 "0 0 0 ? * 2#10"}) {
    const auto parsed = parse_cron(expression);
    ASSERT_FALSE(parsed.has_value()) << expression;
    EXPECT_EQ(parsed.error().code, Errc::invalid_config) << expression;
    EXPECT_FALSE(parsed.error().message.empty()) << expression;
  }
}

TEST(CronGrammar, ReadsUnix) {
  for (const char* expression :
       {"* * * * *", "*/15 0 1,15 * 1-5", "0 0 * jan sun", "5/15 * * * *", "0 0 * * 7", "0 0 * * 5-7",
        "0 0 * * FRI-SUN", "0 22-23,0-2 * * *", "@yearly", "@annually", "@monthly", "@weekly", "@daily",
        "@midnight", "@hourly", "@Daily", "0 0 1-31/2 * *", "0 0 * JAN-MAR/2 *"}) {
    const auto parsed = parse_cron(expression);
    EXPECT_TRUE(parsed.has_value()) << expression << ": " << to_string(parsed.error());
  }
  for (const char* expression : {"",
                                 "   ",
                                 "*",
                                 "* * * *",
                                 "60 * * * *",
                                 "* 24 * * *",
                                 "* * 0 * *",
                                 "* * * 13 *",
                                 "* * * * 8",
                                 "* 22-2 * * *",
                                 "* * * * FRI-MON",
                                 "* * * NOV-FEB *",
                                 "* * L * *",
                                 "* * * * 5L",
                                 "* * 15W * *",
                                 "* * * * 5#2",
                                 "/5 * * * *",
                                 "1,2, * * * *",
                                 "*/0 * * * *",
                                 "@reboot",
                                 "@every 1h",
                                 "@fortnightly",
                                 "0 15 * * ?",
                                 "a * * * *",
                                 "-1 * * * *",
                                 "1- * * * *",
                                 "* * * * * * * *"}) {
    EXPECT_FALSE(parse_cron(expression).has_value()) << expression;
  }
}

TEST(CronGrammar, ErrorsNameFieldTextAllowedValuesAndAWayOut) {
  const auto message = [](std::string_view expression) { return to_string(parse_cron(expression).error()); };
  EXPECT_THAT(message("61 * * * *"), AllOf(HasSubstr("minutes \"61\""), HasSubstr("0-59")));
  EXPECT_THAT(message("0 15 * * ?"),
              AllOf(HasSubstr("looks like Quartz without seconds"), HasSubstr("\"0 0 15 * * ?\"")));
  EXPECT_THAT(message("0 0 0 * * THR"), AllOf(HasSubstr("day-of-week"), HasSubstr("did you mean THU?")));
  EXPECT_THAT(message("0 15 * * * *"), HasSubstr("exactly one of them must be ?"));
  EXPECT_THAT(message("0 22-2 * * *"), AllOf(HasSubstr("hours"), HasSubstr("22-23,0-2")));
  EXPECT_THAT(message("0 0 L * *"), HasSubstr("Quartz"));
  EXPECT_THAT(message("0 0 12 * * ? Europe/Berlin"), HasSubstr("time zone"));
  EXPECT_THAT(message("@reboot"), HasSubstr("@reboot is not a time"));
  EXPECT_THAT(message("* * *"), HasSubstr("has 3 fields"));
}

TEST(CronGrammar, WarnsOfWhatReadsDifferentlyElsewhere) {
  const auto warnings = [](std::string_view expression) {
    return fmt::format("{}", fmt::join(parse_cron(expression).value().warnings, "|"));
  };
  EXPECT_THAT(warnings("0 0 * * 1"), AllOf(HasSubstr("means Monday"), HasSubstr("1 is Monday")));
  EXPECT_THAT(warnings("0 0 * * 7"), HasSubstr("means Sunday"));
  EXPECT_THAT(warnings("0 0 0 ? * 1"), AllOf(HasSubstr("means Sunday"), HasSubstr("1 is Sunday")));
  EXPECT_THAT(warnings("0 0 0 ? * 6L"), HasSubstr("means Friday"));
  EXPECT_THAT(warnings("0 0 0 ? * MON-FRI/2"), HasSubstr("Quartz ignores a step after a name"));
  EXPECT_THAT(warnings("0 0 0 1 JAN/3 ?"), HasSubstr("Quartz ignores a step after a name"));
  EXPECT_THAT(warnings("0 0 */2 * MON"), HasSubstr("both must match"));
  EXPECT_THAT(warnings("0 0 31 * */2"), HasSubstr("both must match"));
  EXPECT_THAT(warnings("0 0 0 31W * ?"), HasSubstr("LW"));
  EXPECT_THAT(warnings("0 0 0 1,15W * ?"), HasSubstr("lowest day"));
  for (const char* quiet :
       {"0 0 * * MON-FRI", "0 0 0 ? * FRI#2", "0 15 * * * ?", "@weekly", "0 0 1,15 * FRI"}) {
    EXPECT_THAT(warnings(quiet), IsEmpty()) << quiet;
  }
}

TEST(CronGrammar, RefusesWhatNeverFires) {
  for (const char* expression : {"0 0 31 4 *", "0 0 30 2 *", "0 0 0 30 2 ?", "0 0 0 31 2,4,6,9,11 ?",
                                 "0 0 0 29 2 ? 2027", "0 0 0 31W 4 ?", "0 0 0 L-30 FEB ?"}) {
    const auto schedule = test::cron(expression);
    ASSERT_FALSE(schedule.has_value()) << expression;
    EXPECT_THAT(schedule.error().message, HasSubstr("never fires")) << expression;
  }
  // The second Sunday of March at 02:15: always in New York's gap.
  for (const auto policy : {DstPolicy::quartz, DstPolicy::skip}) {
    const auto schedule = test::cron("0 15 2 ? 3 1#2", "America/New_York", policy);
    ASSERT_FALSE(schedule.has_value());
    EXPECT_THAT(schedule.error().message, HasSubstr("clocks always skip"));
  }
  EXPECT_TRUE(test::cron("0 15 2 ? 3 1#2", "America/New_York", DstPolicy::safe).has_value());
  // A year that is over yields nothing more, but is no mistake.
  const auto past = test::cron("0 0 0 1 1 ? 2020");
  ASSERT_TRUE(past.has_value());
  EXPECT_EQ(past->next(test::at("2026-01-01T00:00:00Z")), std::nullopt);
}

TEST(CronGrammar, TextIdentifiesTheSchedule) {
  EXPECT_EQ(test::cron(" 0  15 * * * ? ", "Europe/Berlin")->text(), "0 15 * * * ? Europe/Berlin safe");
  EXPECT_EQ(test::cron("@daily", "UTC", DstPolicy::skip)->text(), "0 0 * * * UTC skip");
  EXPECT_EQ(test::cron("0 0 * * mon-fri")->text(), "0 0 * * MON-FRI UTC safe");
}

}  // namespace
}  // namespace syncwarden::calendar
