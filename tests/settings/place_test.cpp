// Files: includes, places in several files, and files that are no configuration at all.
#include "support.hpp"

#include <sys/stat.h>

namespace syncwarden::settings {
namespace {

using namespace testing;

Loaded load_at(const std::string& path) { return load_file(path, {environment_of({}), {}}); }

TEST(Include, JoinsListsInAlphabeticalOrder) {
  const Folder folder;
  folder.write("conf.d/b.yaml", "connections: [{match: {tag: b}, schedule: airbyte}]\n");
  folder.write("conf.d/a.yaml",
               "connections: [{match: {tag: a}, schedule: airbyte}]\nlimits: {per_source: 2}\n");
  folder.write("conf.d/ignored.txt", "nonsense: [\n");
  const std::string main =
      folder.write("main.yaml", std::string(airbyte_line) +
                                    "include: conf.d/*.yaml\nlimits: {total: 1}\n"
                                    "connections: [{match: {tag: m}, schedule: airbyte}]\n");
  const Loaded loaded = load_at(main);
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  const Plan& plan = *loaded.settings->plan;
  ASSERT_EQ(plan.rules.size(), 3U);
  EXPECT_EQ(plan.rules[0].match.tag, "m");
  EXPECT_EQ(plan.rules[1].match.tag, "a");
  EXPECT_EQ(plan.rules[2].match.tag, "b");
  EXPECT_EQ(plan.rules[2].where, folder.at("conf.d/b.yaml") + ":1");
  EXPECT_EQ(plan.limits.total, 1U);
  EXPECT_EQ(plan.limits.per_source, 2U);
  EXPECT_EQ(loaded.settings->files,
            (std::vector{main, folder.at("conf.d/a.yaml"), folder.at("conf.d/b.yaml")}));
}

TEST(Include, ProblemsNameTheFileThatHoldsThem) {
  const Folder folder;
  const std::string more = folder.write("more.yaml", "mode: shadow\nlimits: {totl: 1}\n");
  const std::string main = folder.write(
      "main.yaml", std::string(airbyte_line) + "mode: live\ninclude: [more.yaml, \"none/*.yaml\"]\n");
  const Loaded loaded = load_at(main);
  EXPECT_EQ(lines_of(loaded.problems),
            more + ":1:1: mode: " + main +
                " gives it already, in line 2; a key may stand in one file only\n" + more +
                ":2:10: unknown key \"totl\" in limits; did you mean total?\n");
  EXPECT_EQ(lines_of(loaded.warnings), main + ":3:22: include: no file matches \"none/*.yaml\"\n");
}

TEST(Include, ACycleIsAnError) {
  const Folder folder;
  const std::string a = folder.write("a.yaml", std::string(airbyte_line) + "include: b.yaml\n");
  const std::string b = folder.write("b.yaml", "include: [\"./a.yaml\"]\n");
  EXPECT_EQ(lines_of(load_at(a).problems),
            b + ":1:11: include: \"./a.yaml\" includes itself; a file may not be reached from itself\n");
}

TEST(Files, WhatCannotBeReadIsNamedWithItsReason) {
  const Folder folder;
  EXPECT_EQ(lines_of(load_at(folder.at("no.yaml")).problems),
            folder.at("no.yaml") + ": cannot read " + folder.at("no.yaml") +
                ": No such file or directory; --config.file names the configuration\n");
  EXPECT_NE(lines_of(load_at(folder.at("")).problems).find("it is a folder"), std::string::npos);
  ASSERT_EQ(::mkfifo(folder.at("pipe").c_str(), 0600), 0);
  EXPECT_NE(lines_of(load_at(folder.at("pipe")).problems).find("it is no regular file"), std::string::npos);
  const std::string huge = folder.write("huge.yaml", std::string(5U << 20U, '#'));
  EXPECT_NE(lines_of(load_at(huge).problems).find("longer than"), std::string::npos);
}

TEST(Files, BombsEndEarly) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'k'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i > 0 ? "," : "") + "*" + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  EXPECT_NE(lines_of(load(bomb).problems).find("more than 200000 values"), std::string::npos);
  const Loaded nested = load("a: " + std::string(100, '[') + std::string(100, ']'));
  ASSERT_EQ(nested.problems.size(), 1U);
  EXPECT_NE(nested.problems[0].message.find("nested deeper than 64 levels"), std::string::npos);
  EXPECT_EQ(load("a: " + std::string(100'000, '[')).problems.size(), 1U);
  EXPECT_EQ(load(std::string(100'000, '{')).problems.size(), 1U);
}

TEST(Files, SyntaxErrorsHaveAPlaceAndEndTheReading) {
  for (const char* text : {"airbyte: {url: \"x\n", "airbyte: [1, 2\n", "a: b: c\n", "a: *unknown\n",
                           "a: @b\n", "a: 'b\n", "a: |x\n"}) {
    const Loaded loaded = load(text);
    ASSERT_EQ(loaded.problems.size(), 1U) << text << lines_of(loaded.problems);
    EXPECT_GT(loaded.problems[0].line, 0U) << text;
    EXPECT_EQ(loaded.problems[0].message.rfind("YAML syntax: ", 0), 0U) << loaded.problems[0].message;
  }
}

TEST(Files, SecondDocumentsAreRefusedAndByteOrderMarksAccepted) {
  EXPECT_TRUE(load("\xEF\xBB\xBF" + std::string(airbyte_line)).ok());
  EXPECT_TRUE(load("---\n" + std::string(airbyte_line) + "...\n").ok());
  EXPECT_NE(lines_of(load(std::string(airbyte_line) + "---\nmode: live\n").problems)
                .find("more than one YAML document"),
            std::string::npos);
}

TEST(Files, ManyProblemsAreCutOff) {
  std::string text(airbyte_line);
  for (int i = 0; i < 1'000; ++i) text += "nonsense_" + std::to_string(i) + ": 1\n";
  const Loaded loaded = load(text);
  EXPECT_EQ(loaded.problems.size(), 201U);
  EXPECT_EQ(loaded.problems.back().message, "and 800 more problems");
}

}  // namespace
}  // namespace syncwarden::settings
