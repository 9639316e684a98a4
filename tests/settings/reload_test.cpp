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
            "airbyte.url: \"http://localhost:8001\" -> \"http://localhost:8002\"\n"
            "airbyte.ui: \"http://localhost:8001\" -> \"http://localhost:8002\"\n");
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

TEST(Describe, ShowsWhatRecoveryIsAskedFor) {
  const std::string text = describe(good(std::string(airbyte_line) + R"(
defaults: {timezone: Europe/Paris, labels: {team: "a\"b"}, freshness: {late_after: {done_by: "08:05"}}}
fleet_hold: off
blackouts: [{name: night, match: {tag: x}, cron: "0 2 * * *", duration: 3h, running: cancel}]
connections:
  - match: {name: mart}
    schedule: {after: {all: ["orders → w", customers], within: 6h}}
    stuck: {no_progress: {after: 2h, action: cancel_and_rerun}, longer_than: {typical: never}}
    timezone: Asia/Tokyo
    labels: {severity: page}
    freshness: {objective: 99.9%}
)"));
  for (const char* part :
       {"    late_after: {done_by: \"08:05\", days: MON-SUN} (Europe/Paris)\n", "\nfleet_hold: off\n",
        "\nblackouts:\n  - {name: \"night\", match: {tag: \"x\"}, cron: \"0 2 * * * Europe/Paris safe\", "
        "duration: 3h, ticks: defer, running: cancel}\n",
        "    schedule: after [\"customers\", \"orders -> w\"] within 6h\n"
        "    stuck:\n"
        "      no_progress:\n"
        "        after: 2h\n"
        "        action: cancel_and_rerun\n"
        "      longer_than:\n"
        "        typical: never\n"
        "    freshness:\n"
        "      late_after: {done_by: \"08:05\", days: MON-SUN} (Asia/Tokyo)\n"
        "      objective: 99.9%\n"
        "    labels: {severity: \"page\", team: \"a\\\"b\"}\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
  }
}

TEST(Describe, TellsWhatARuleAddsInShort) {
  const Settings settings = good(std::string(airbyte_line) + R"(
connections:
  - {match: {tag: a}, schedule: {keep_fresh: 2h}}
  - {match: {tag: b}, schedule: airbyte, incident_after: 3, verify: {zero_records: accept}}
)");
  const Plan& plan = *settings.plan;
  EXPECT_EQ(schedules_text(plan.rules[0]), "\"keep_fresh 2h\"");
  EXPECT_EQ(additions(plan.rules[0], settings.defaults), std::vector<std::string>{});
  EXPECT_EQ(schedules_text(plan.rules[1]), "airbyte");
  EXPECT_EQ(additions(plan.rules[1], settings.defaults),
            (std::vector<std::string>{"verify.zero_records: accept", "incident_after: 3"}));
}

TEST(Diff, TellsEachKeyOfRecovery) {
  const std::string line(airbyte_line);
  EXPECT_EQ(changes(line, line + R"(
defaults:
  breaker: {after_failed_jobs: 7, probe: {every: 12h, max: 4}}
  stuck:
    pending: {after: 20m}
    queued: {after: 2h, action: cancel}
    between_attempts: {after: 1h}
    no_progress: {after: 2h, action: cancel_and_rerun}
    longer_than: {typical: 2.5x, at_least: 45m}
    max_run_time: {after: 12h}
    max_cancels: 2
  verify: {no_statistics: accept, zero_records: suspect, volume: off}
  freshness: {late_after: {done_by: "08:00", days: mon-fri}, objective: 99%}
  incident_after: 2
  labels: {team: finance}
fleet_hold: {failed_ratio: 75%, window: 10m}
)"),
            "defaults.breaker.after_failed_jobs: 8 -> 7\n"
            "defaults.breaker.probe.every: 1d -> 12h\n"
            "defaults.breaker.probe.max: 5 -> 4\n"
            "defaults.stuck.pending.after: 15m -> 20m\n"
            "defaults.stuck.queued.after: 1h -> 2h\n"
            "defaults.stuck.queued.action: alert -> cancel\n"
            "defaults.stuck.between_attempts.after: 45m -> 1h\n"
            "defaults.stuck.no_progress.after: 3h -> 2h\n"
            "defaults.stuck.no_progress.action: alert -> cancel_and_rerun\n"
            "defaults.stuck.longer_than.typical: 3x -> 2.5x\n"
            "defaults.stuck.longer_than.at_least: 30m -> 45m\n"
            "defaults.stuck.max_run_time.after: 1d -> 12h\n"
            "defaults.stuck.max_cancels: 1 -> 2\n"
            "defaults.verify.no_statistics: suspect -> accept\n"
            "defaults.verify.zero_records: unless_usual -> suspect\n"
            "defaults.verify.volume: alert_outliers -> off\n"
            "defaults.freshness.late_after: auto -> {done_by: \"08:00\", days: MON-FRI} (UTC)\n"
            "defaults.freshness.objective: none -> 99%\n"
            "defaults.incident_after: 1 -> 2\n"
            "defaults.labels: {} -> {team: \"finance\"}\n"
            "fleet_hold: {failed_ratio: 50%, min_jobs: 10, window: 15m} -> {failed_ratio: 75%, min_jobs: 10, "
            "window: 10m}\n");
}

TEST(Diff, TellsBlackoutsByTheirNameAndChainsByTheirParents) {
  const std::string line(airbyte_line);
  const auto blackout = [](const std::string& name, const std::string& rest) {
    return "  - {name: " + name + ", match: {tag: a}, cron: \"@daily\", " + rest + "}\n";
  };
  EXPECT_EQ(changes(line + "blackouts:\n" + blackout("a", "duration: 1h") + blackout("b", "duration: 1h"),
                    line + "blackouts:\n" + blackout("b", "duration: 2h") + blackout("c", "duration: 1h")),
            "blackout \"a\": removed (was {name: \"a\", match: {tag: \"a\"}, cron: \"0 0 * * * UTC safe\", "
            "duration: 1h, ticks: defer, running: finish})\n"
            "blackout \"b\": {name: \"b\", match: {tag: \"a\"}, cron: \"0 0 * * * UTC safe\", duration: 1h, "
            "ticks: defer, running: finish} -> {name: \"b\", match: {tag: \"a\"}, cron: \"0 0 * * * UTC "
            "safe\", duration: 2h, ticks: defer, running: finish}\n"
            "blackout \"c\": added, {name: \"c\", match: {tag: \"a\"}, cron: \"0 0 * * * UTC safe\", "
            "duration: 1h, ticks: defer, running: finish}\n");
  const auto chain = [&](const std::string& after) {
    return line + "connections: [{match: {tag: a}, schedule: {after: " + after + "}}]\n";
  };
  EXPECT_EQ(changes(chain("[x, y]"), chain("{all: [y, x]}")), "");
  EXPECT_EQ(changes(chain("[x, y]"), chain("{all: [y, z], within: 1h}")),
            "rule {tag: \"a\"}: schedule: after [\"x\", \"y\"] -> after [\"y\", \"z\"] within 1h\n");
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
