// What `check --verbose` shows and what a reload reports.
#include "support.hpp"

namespace syncwarden::settings {
namespace {

using namespace testing;

Settings good(const std::string& text) {
  Loaded loaded = load(text);
  EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  return loaded.ok() ? *loaded.settings : observing({});
}

std::string changes(const std::string& before, const std::string& after) {
  std::string out;
  for (const Change& change : diff(good(before), good(after))) {
    out += change.text + (change.needs_restart ? " RESTART\n" : "\n");
  }
  return out;
}

TEST(Describe, ShowsTheEffectiveConfigurationWithoutSecrets) {
  const std::string text = describe(good(R"(
airbyte:
  url: http://localhost
  auth: {type: basic, username: me, password: hush}
  headers: {X-Key: hush}
  proxy: "http://u:hush@proxy:3128"
defaults: {overlap: attach}
connections:
  - match: {name: "orders -> *", tag: x}
    schedule: {every: 90m, phase: 10m}
    priority: high
    extra_jobs: {max: 0}
)"));
  EXPECT_EQ(text.find("hush"), std::string::npos) << text;
  EXPECT_NE(text.find("    password: <secret>\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    X-Key: <secret>\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  proxy: \"http://proxy:3128\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  overlap: attach\n"), std::string::npos) << text;
  EXPECT_NE(text.find("connections:\n"
                      "  - match: {name: \"orders -> *\", tag: \"x\"}  # conf.yaml:9\n"
                      "    schedule: \"every 1h30m phase 10m\"\n"
                      "    priority: high\n"
                      "    extra_jobs:\n"
                      "      max: 0\n"),
            std::string::npos)
      << text;
}

TEST(Diff, NothingForTheSameFile) {
  const std::string text =
      std::string(airbyte_line) +
      "connections: [{match: {tag: a}, schedule: {every: 1h}}, {match: {tag: a}, schedule: airbyte}]\n";
  EXPECT_EQ(changes(text, text), "");
}

TEST(Diff, TellsEachKey) {
  const std::string line(airbyte_line);
  EXPECT_EQ(changes(line, line + "limits: {total: 20}\nmode: shadow\ndefaults: {priority: low}\n"),
            "defaults.priority: normal -> low\nlimits.total: 0 -> 20\nmode: live -> shadow\n");
}

TEST(Diff, TellsWhatNeedsARestart) {
  const std::string line(airbyte_line);
  EXPECT_EQ(changes(line, line + "state: sqlite:/x.db\nweb: {listen_address: \":1\"}\n"),
            "state: \"sqlite:/var/lib/syncwarden/state.db\" -> \"sqlite:/x.db\" (needs a restart) RESTART\n"
            "web.listen_address: \"127.0.0.1:9927\" -> \":1\" (needs a restart) RESTART\n");
  EXPECT_EQ(changes(line, "airbyte: {url: \"http://localhost:8002\"}\n"),
            "airbyte.url: \"http://localhost:8001\" -> \"http://localhost:8002\"\n");
}

TEST(Diff, TellsRulesByTheirMatch) {
  const std::string line = std::string(airbyte_line) + "connections:\n";
  EXPECT_EQ(
      changes(
          line +
              "  - {match: {tag: a}, schedule: {every: 1h}}\n  - {match: {tag: b}, schedule: {every: 1h}}\n",
          line + "  - {match: {tag: c}, schedule: airbyte}\n"
                 "  - {match: {tag: a}, schedule: {every: 2h, spread: true}, overlap: attach}\n"),
      "rule {tag: \"a\"}: schedule: \"every 1h\" -> \"every 2h spread\"\n"
      "rule {tag: \"a\"}: overlap: skip -> attach\n"
      "rule {tag: \"b\"}: removed (was \"every 1h\")\n"
      "rule {tag: \"c\"}: added, airbyte\n");
  EXPECT_EQ(
      changes(line + "  - {match: {tag: a}, schedule: airbyte}\n  - {match: {tag: b}, schedule: airbyte}\n",
              line + "  - {match: {tag: b}, schedule: airbyte}\n  - {match: {tag: a}, schedule: airbyte}\n"),
      "rules: their order changed (the first match wins)\n");
}

TEST(Diff, OfASecretOnlyThatItChanged) {
  const auto with = [](const std::string& token, const std::string& header) {
    return "airbyte: {url: \"http://localhost\", auth: {type: token, token: " + token +
           "}, headers: {X: " + header + "}}\n";
  };
  EXPECT_EQ(changes(with("aaa", "ccc"), with("bbb", "ccc")), "airbyte.auth: the secret changed\n");
  EXPECT_EQ(changes(with("aaa", "ccc"), with("aaa", "ddd")), "airbyte.headers: changed\n");
  EXPECT_EQ(changes(with("aaa", "ccc"), "airbyte: {url: \"http://localhost\", auth: {type: none}}\n"),
            "airbyte.auth.type: token -> none\nairbyte.auth.token: removed (was <secret>)\n"
            "airbyte.headers.X: removed (was <secret>)\nairbyte.headers: changed\n");
}

}  // namespace
}  // namespace syncwarden::settings
