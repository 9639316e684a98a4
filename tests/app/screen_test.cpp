#include "app/screen.hpp"

#include <gtest/gtest.h>

namespace syncwarden::app {
namespace {

constexpr const char* arrow = "\xE2\x86\x92";
constexpr const char* kanji = "\xE5\x8F\x97\xE6\xB3\xA8";  // two wide characters

TEST(Screen, WidthIsWhatTheEyeSees) {
  EXPECT_EQ(display_width("orders"), 6U);
  EXPECT_EQ(display_width(arrow), 1U);
  EXPECT_EQ(display_width(kanji), 4U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U) << "a combining accent takes none";
}

TEST(Screen, WhatDoesNotFitEndsInAnEllipsis) {
  EXPECT_EQ(fitted("orders", 6), "orders");
  EXPECT_EQ(fitted("orders", 5), "orde\xE2\x80\xA6");
  EXPECT_EQ(display_width(fitted(kanji, 3)), 3U);
  EXPECT_EQ(fitted("orders", 0), "");
}

TEST(Screen, ATableLinesUpWithoutTrailingBlanks) {
  Table table({"NAME", "STATE"});
  table.add({std::string("a ") + arrow + " b", "ok"});
  table.add({"longer name", ""});
  EXPECT_EQ(table.text({}), std::string("NAME         STATE\na ") + arrow + " b        ok\nlonger name\n");
}

TEST(Screen, ATerminalCutsTheWidestColumnAndAFileNone) {
  Table table({"#", "SUMMARY"});
  table.add({"17", std::string(200, 'x')});
  Look narrow;
  narrow.width = 40;
  std::string rest = table.text(narrow);
  while (!rest.empty()) {
    const std::string line = rest.substr(0, rest.find('\n'));
    EXPECT_LE(display_width(line), 40U) << line;
    rest.erase(0, line.size() + 1);
  }
  EXPECT_NE(table.text({}).find(std::string(200, 'x')), std::string::npos);
}

TEST(Screen, ColoursAreForTerminalsOnly) {
  Table table({"A"});
  table.add({Cell("bad", Tone::bad)});
  EXPECT_EQ(table.text({}), "A\nbad\n");
  Look colours;
  colours.colour = true;
  EXPECT_EQ(table.text(colours), "A\n\x1b[31mbad\x1b[0m\n");
}

TEST(Screen, APageThatIsDrawnAgainFillsTheScreenAndNoMore) {
  Look look;
  look.terminal = true;
  look.width = 30;
  look.height = 3;
  EXPECT_EQ(redrawn("a\nb\n", "every 2 s", look), "\x1b[Ha\x1b[K\nb\x1b[K\nevery 2 s\x1b[J");
  EXPECT_EQ(redrawn("a\nb\nc\nd\n", "every 2 s", look),
            "\x1b[Ha\x1b[K\nb\x1b[K\n2 more lines; every 2 s\x1b[J");
  look.height = 0;
  EXPECT_EQ(redrawn("a\nb\nc\n", "", look), "\x1b[Ha\x1b[K\nb\x1b[K\nc\x1b[K\n\x1b[J");
}

}  // namespace
}  // namespace syncwarden::app
