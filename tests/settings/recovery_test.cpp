// What a rule asks beyond its schedule: stuck jobs, verification, freshness, chains, windows.
#include "support.hpp"

#include <chrono>
#include <variant>

namespace syncwarden::settings {
namespace {

using namespace testing;
using namespace std::chrono_literals;

Settings good(const std::string& text) {
  Loaded loaded = load(std::string(airbyte_line) + text);
  EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  return loaded.ok() ? *loaded.settings : observing({});
}

std::string warned(const std::string& text) {
  const Loaded loaded = load(std::string(airbyte_line) + text);
  EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  return lines_of(loaded.warnings);
}

/// product.md, "Configuration": its defaults, as it writes them.
constexpr const char* product_defaults = R"(
defaults:
  timezone: UTC
  airbyte_schedule: refuse
  overlap: skip
  catch_up: latest
  start_deadline: none
  dst: safe
  jitter: 0s
  priority: normal
  extra_jobs: {max: 1, backoff: {initial: 5m, factor: 2, max: 1h}, on: [transient, system, lost, source_timeout, destination_timeout]}
  breaker: {after_failed_jobs: 8, probe: {every: 24h, max: 5}}
  stuck:
    pending: {after: 15m, action: alert}
    queued: {after: 1h, action: alert}
    between_attempts: {after: 45m, action: alert}
    no_progress: {after: 3h, action: alert}
    longer_than: {typical: 3x, at_least: 30m, action: alert}
    max_run_time: {after: 24h, action: alert}
    max_cancels: 1
  verify: {no_statistics: suspect, zero_records: unless_usual, volume: alert_outliers}
  freshness: {late_after: auto}
  labels: {}
fleet_hold: {failed_ratio: 50%, min_jobs: 10, window: 15m}
blackouts: []
)";

TEST(RecoveryDefaults, AreThoseOfTheContractAndOfTheCode) {
  const Settings bare = good("");
  EXPECT_EQ(warned(product_defaults), "");
  EXPECT_EQ(describe(good(product_defaults)), describe(bare));
  const Policy code;
  EXPECT_EQ(bare.defaults.breaker, code.breaker);
  EXPECT_EQ(bare.defaults.stuck, code.stuck);
  EXPECT_EQ(bare.defaults.verify, code.verify);
  EXPECT_TRUE(std::holds_alternative<LateAuto>(bare.defaults.freshness.late_after));
  EXPECT_EQ(bare.defaults.freshness.objective, code.freshness.objective);
  EXPECT_EQ(bare.defaults.incident_after, code.incident_after);
  EXPECT_EQ(bare.defaults.labels, code.labels);
  const FleetHold hold;
  EXPECT_EQ(bare.plan->fleet_hold.failed_ratio, hold.failed_ratio);
  EXPECT_EQ(bare.plan->fleet_hold.min_jobs, hold.min_jobs);
  EXPECT_EQ(bare.plan->fleet_hold.window, hold.window);
  EXPECT_TRUE(bare.plan->blackouts.empty());
}

TEST(Recovery, EveryKeyIsRead) {
  const Settings settings = good(R"(
defaults:
  breaker: {after_failed_jobs: 6, probe: {every: 12h, max: 4}}
  stuck:
    pending: {after: 20m}
    queued: {after: 2h, action: cancel}
    between_attempts: {after: 50m, action: cancel_and_rerun}
    no_progress: {after: 2h, action: cancel_and_rerun}
    longer_than: {typical: 2.5x, at_least: 45m, action: cancel}
    max_run_time: {after: 12h, action: cancel_and_rerun}
    max_cancels: 2
  verify: {no_statistics: accept, zero_records: accept, volume: off}
  freshness: {late_after: 6h, objective: 99.5%}
  incident_after: 3
  labels: {team: finance, _x9: "ü"}
)");
  const Policy& policy = settings.defaults;
  EXPECT_EQ(policy.breaker, (BreakerPolicy{6, 12h, 4}));
  EXPECT_EQ(policy.stuck.pending, (StuckRule{20min, StuckAction::alert}));
  EXPECT_EQ(policy.stuck.queued, (StuckRule{2h, StuckAction::cancel}));
  EXPECT_EQ(policy.stuck.between_attempts, (StuckRule{50min, StuckAction::cancel_and_rerun}));
  EXPECT_EQ(policy.stuck.no_progress, (StuckRule{2h, StuckAction::cancel_and_rerun}));
  EXPECT_EQ(policy.stuck.longer_than, (StuckRule{45min, StuckAction::cancel}));
  EXPECT_EQ(policy.stuck.longer_than_typical, 2.5);
  EXPECT_EQ(policy.stuck.max_run_time, (StuckRule{12h, StuckAction::cancel_and_rerun}));
  EXPECT_EQ(policy.stuck.max_cancels, 2U);
  EXPECT_EQ(policy.verify, (VerifyPolicy{NoStatistics::accept, ZeroRecords::accept, VolumeCheck::off}));
  EXPECT_EQ(std::get<Millis>(policy.freshness.late_after), 6h);
  EXPECT_DOUBLE_EQ(policy.freshness.objective, 0.995);
  EXPECT_EQ(policy.incident_after, 3U);
  EXPECT_EQ(policy.labels, (Labels{{"_x9", "ü"}, {"team", "finance"}}));
  EXPECT_EQ(good("defaults: {stuck: {longer_than: {typical: never}}}\n").defaults.stuck.longer_than_typical,
            0);
}

TEST(Recovery, ARuleOverridesAnyPart) {
  const Settings settings = good(R"(
defaults:
  breaker: {after_failed_jobs: 6}
  stuck: {no_progress: {after: 2h}, queued: {action: cancel}, longer_than: {typical: 2x}}
  verify: {volume: off}
  freshness: {late_after: 6h, objective: 90%}
  incident_after: 2
  labels: {team: data, floor: "7"}
connections:
  - match: {tag: a}
    schedule: airbyte
    breaker: {probe: {max: 1}}
    stuck: {no_progress: {action: cancel_and_rerun}, longer_than: {typical: never}}
    verify: {zero_records: suspect}
    freshness: {late_after: auto}
    labels: {team: sales, severity: page}
  - {match: {tag: b}, schedule: airbyte}
  - {match: {tag: c}, freshness: {objective: none}, incident_after: 1}
)");
  const Policy& first = settings.plan->rules[0].policy;
  EXPECT_EQ(first.breaker, (BreakerPolicy{6, 24h, 1}));
  EXPECT_EQ(first.stuck.no_progress, (StuckRule{2h, StuckAction::cancel_and_rerun}));
  EXPECT_EQ(first.stuck.queued, (StuckRule{1h, StuckAction::cancel}));
  EXPECT_EQ(first.stuck.longer_than_typical, 0);
  EXPECT_EQ(first.verify.volume, VolumeCheck::off);
  EXPECT_EQ(first.verify.zero_records, ZeroRecords::suspect);
  EXPECT_TRUE(std::holds_alternative<LateAuto>(first.freshness.late_after));
  EXPECT_DOUBLE_EQ(first.freshness.objective, 0.9);
  EXPECT_EQ(first.incident_after, 2U);
  EXPECT_EQ(first.labels, (Labels{{"floor", "7"}, {"severity", "page"}, {"team", "sales"}}));
  const Policy& second = settings.plan->rules[1].policy;
  EXPECT_EQ(second.stuck, settings.defaults.stuck);
  EXPECT_EQ(second.labels, settings.defaults.labels);
  EXPECT_EQ(settings.plan->rules[2].policy.freshness.objective, 0);
  EXPECT_EQ(settings.plan->rules[2].policy.incident_after, 1U);
}

std::string next_deadline(const Policy& policy, const std::string& after) {
  const auto* done_by = std::get_if<DoneBy>(&policy.freshness.late_after);
  if (done_by == nullptr) return "no deadline";
  return to_rfc3339(*done_by->deadlines.next(*parse_rfc3339(after)));
}

TEST(Freshness, DoneByIsATimeOfTheRulesOwnZone) {
  const Settings settings = good(R"(
defaults: {timezone: Europe/Paris, freshness: {late_after: {done_by: "08:00", days: MON-FRI}}}
connections:
  - {match: {tag: a}, schedule: airbyte}
  - {match: {tag: b}, schedule: airbyte, timezone: Asia/Tokyo}
  - {match: {tag: c}, schedule: airbyte, freshness: {late_after: {done_by: 23:59}}}
  - {match: {tag: d}, schedule: airbyte, freshness: {late_after: {done_by: "07:30", days: "sat, SUN-TUE"}}}
  - {match: {tag: e}, schedule: airbyte, timezone: Asia/Tokyo, freshness: {late_after: 1d}}
)");
  const auto& rules = settings.plan->rules;
  const std::string friday_noon = "2026-07-03T12:00:00Z";
  EXPECT_EQ(next_deadline(settings.defaults, friday_noon), "2026-07-06T06:00:00Z") << "a Monday";
  EXPECT_EQ(next_deadline(rules[0].policy, friday_noon), "2026-07-06T06:00:00Z");
  EXPECT_EQ(next_deadline(rules[1].policy, friday_noon), "2026-07-05T23:00:00Z");
  EXPECT_EQ(next_deadline(rules[2].policy, friday_noon), "2026-07-03T21:59:00Z") << "every day";
  EXPECT_EQ(next_deadline(rules[3].policy, friday_noon), "2026-07-04T05:30:00Z");
  EXPECT_EQ(next_deadline(rules[3].policy, "2026-07-07T12:00:00Z"), "2026-07-11T05:30:00Z");
  EXPECT_EQ(std::get<Millis>(rules[4].policy.freshness.late_after), 24h);
}

TEST(Schedules, KeepFreshAndChains) {
  const Settings settings = good(R"(
connections:
  - {match: {tag: a}, schedule: {keep_fresh: 2h}}
  - {match: {name: "revenue mart"}, schedule: {after: {all: ["orders -> warehouse", "customers → *"], within: 6h}}}
  - {match: {tag: c}, schedule: {after: "orders*"}}
  - {match: {tag: d}, schedule: {after: [ac5b26bb-0d38-45df-9ae1-1d08d17ca666, y, y]}}
  - match: {tag: e}
    schedule: [{name: night, cron: "@daily"}, {name: chain, after: {all: x, within: none}}]
)");
  const auto& rules = settings.plan->rules;
  EXPECT_EQ(std::get<KeepFresh>(rules[0].schedules[0].when).target, 2h);
  const auto& mart = std::get<After>(rules[1].schedules[0].when);
  ASSERT_EQ(mart.parents.size(), 2U);
  EXPECT_EQ(mart.parents[0].name, "orders -> warehouse");
  EXPECT_EQ(mart.within, Millis{6h});
  EXPECT_EQ(mart.text, "after [\"customers -> *\", \"orders -> warehouse\"]");
  const auto& one = std::get<After>(rules[2].schedules[0].when);
  EXPECT_EQ(one.parents[0].name, "orders*");
  EXPECT_EQ(one.within, std::nullopt);
  const auto& by_id = std::get<After>(rules[3].schedules[0].when);
  ASSERT_EQ(by_id.parents.size(), 2U) << "a parent named twice is one parent";
  EXPECT_EQ(by_id.parents[0].id, "ac5b26bb-0d38-45df-9ae1-1d08d17ca666");
  EXPECT_EQ(by_id.parents[0].name, std::nullopt);
  ASSERT_EQ(rules[4].schedules.size(), 2U);
  EXPECT_EQ(rules[4].schedules[1].name, "chain");
  EXPECT_EQ(std::get<After>(rules[4].schedules[1].when).within, std::nullopt);
}

TEST(Blackouts, BeginInTheirZoneAndDeferUnlessTold) {
  const Settings settings = good(R"(
defaults: {timezone: Asia/Tokyo}
blackouts:
  - {name: warehouse-maintenance, match: {destination: "snowflake*"}, cron: "0 2 * * SUN", duration: 3h, timezone: Europe/Paris, ticks: defer, running: finish}
  - {name: weekend, match: {name: "*"}, cron: "0 0 * * SAT,SUN", duration: 24h, ticks: skip, running: cancel}
)");
  const auto& blackouts = settings.plan->blackouts;
  ASSERT_EQ(blackouts.size(), 2U);
  EXPECT_EQ(blackouts[0].name, "warehouse-maintenance");
  EXPECT_EQ(blackouts[0].match.destination, "snowflake*");
  EXPECT_EQ(blackouts[0].window.duration(), 3h);
  EXPECT_FALSE(blackouts[0].skip_ticks);
  EXPECT_FALSE(blackouts[0].cancel_running);
  const Instant start = *parse_rfc3339("2026-07-03T12:00:00Z");
  EXPECT_EQ(to_rfc3339(*blackouts[0].window.next_begin(start)), "2026-07-05T00:00:00Z");
  EXPECT_EQ(to_rfc3339(*blackouts[1].window.next_begin(start)), "2026-07-03T15:00:00Z");
  EXPECT_TRUE(blackouts[1].skip_ticks);
  EXPECT_TRUE(blackouts[1].cancel_running);
}

TEST(Blackouts, ADayOnWhichTheClocksChangeIsNoMistake) {
  EXPECT_EQ(
      warned("blackouts: [{name: n, match: {tag: a}, timezone: Europe/Paris, cron: \"0 0 * * SUN,MON\", "
             "duration: 24h}]\n"),
      "");
}

TEST(FleetHold, MayBeTunedOrTurnedOff) {
  const Plan tuned = *good("fleet_hold: {failed_ratio: 75%, min_jobs: 4, window: 5m}\n").plan;
  EXPECT_DOUBLE_EQ(tuned.fleet_hold.failed_ratio, 0.75);
  EXPECT_EQ(tuned.fleet_hold.min_jobs, 4U);
  EXPECT_EQ(tuned.fleet_hold.window, 5min);
  EXPECT_EQ(good("fleet_hold: off\n").plan->fleet_hold.failed_ratio, 0);
}

TEST(Ui, IsDerivedFromTheUrlUnlessGiven) {
  const auto ui = [](const std::string& url, const std::string& more = "") {
    const Loaded loaded = load("airbyte: {url: \"" + url + "\"" + more + "}\n");
    EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
    return loaded.ok() ? loaded.settings->plan->airbyte_ui : "failed";
  };
  EXPECT_EQ(ui("http://localhost:8001"), "http://localhost:8001");
  EXPECT_EQ(ui("http://localhost:8001/"), "http://localhost:8001");
  EXPECT_EQ(ui("http://localhost:8000/api/v1"), "http://localhost:8000");
  EXPECT_EQ(ui("https://h/airbyte/api/public/v1/"), "https://h/airbyte");
  EXPECT_EQ(ui("https://h/apis"), "https://h/apis");
  EXPECT_EQ(ui("https://api.airbyte.com/v1"), "https://cloud.airbyte.com");
  EXPECT_EQ(ui("http://server:8001/api/v1", ", ui: \"https://airbyte.example.com/\""),
            "https://airbyte.example.com");
  EXPECT_EQ(ui("http://server:8001/api/v1", ", ui: none"), "");
  AirbyteTarget target;
  target.url = "http://me:pw@h:8000/api/v1";
  EXPECT_EQ(observing(target).plan->airbyte_ui, "http://h:8000") << "a link never holds credentials";
}

TEST(RecoveryWarnings, TellWhatIsLegalButSuspect) {
  EXPECT_EQ(
      warned("defaults: {stuck: {pending: {action: cancel}}}\n"),
      "conf.yaml:2:38: defaults.stuck.pending.action: a cancel does nothing to a pending job before Airbyte "
      "2.1; there it only alerts; a later start joins the same job\n");
  EXPECT_EQ(warned("defaults: {stuck: {pending: {action: alert}}}\n"), "");
  EXPECT_EQ(
      warned("defaults: {stuck: {between_attempts: {after: 29m}}}\n"),
      "conf.yaml:2:46: defaults.stuck.between_attempts.after: 29m is less than Airbyte itself may wait; its "
      "back-off between attempts reaches 30m; the default is 45m\n");
  EXPECT_EQ(warned("defaults: {stuck: {between_attempts: {after: 30m}, no_progress: {after: 10m}}}\n"), "");
  EXPECT_EQ(
      warned("defaults: {stuck: {no_progress: {after: 9m}}}\n"),
      "conf.yaml:2:41: defaults.stuck.no_progress.after: 9m is short; counters may stand still for longer "
      "while a destination writes or types what it has; the default is 3h\n");
  EXPECT_EQ(
      warned("defaults: {stuck: {max_cancels: 0, queued: {action: cancel}}}\n"),
      "conf.yaml:2:33: defaults.stuck.max_cancels: stuck.max_cancels is 0, so the actions that cancel only "
      "alert; use 1 or more, or alert\n");
}

TEST(RecoveryWarnings, ABreakerThatComesNearAirbytesOwn) {
  const std::string rule =
      "Airbyte itself disables a connection: before 1.3 after 20 failed jobs in a row or 14 days, since then "
      "after 30 and 7 days; keep the sum at 18 or less\n";
  EXPECT_EQ(
      warned("defaults: {breaker: {after_failed_jobs: 14}}\n"),
      "conf.yaml:2:41: defaults.breaker.after_failed_jobs: 14 failed jobs and 5 probes are many; " + rule);
  EXPECT_EQ(warned("defaults: {breaker: {after_failed_jobs: 13}}\n"), "");
  EXPECT_EQ(warned("defaults: {breaker: {after_failed_jobs: 0}}\n"),
            "conf.yaml:2:41: defaults.breaker.after_failed_jobs: the breaker never opens; " + rule);
  // A rule is told about what it makes of the defaults, and one without a word about it is not told again.
  EXPECT_EQ(
      warned("defaults: {breaker: {after_failed_jobs: 12}}\n"
             "connections:\n"
             "  - {match: {tag: a}, schedule: airbyte, breaker: {probe: {max: 7}}}\n"
             "  - {match: {tag: b}, schedule: airbyte, breaker: {probe: {every: 1h}}}\n"),
      "conf.yaml:4:65: connections[0].breaker.probe.max: 12 failed jobs and 7 probes are many; " + rule);
}

TEST(RecoveryWarnings, ChainsThatWaitForEachOther) {
  EXPECT_EQ(
      warned("connections:\n"
             "  - {match: {name: a}, schedule: {after: b}}\n"
             "  - {match: {name: b}, schedule: {after: [c, d]}}\n"
             "  - {match: {name: c}, schedule: {after: a}}\n"
             "  - {match: {name: d}, schedule: {after: e}}\n"
             "  - {match: {name: e}, schedule: {every: 1h}}\n"),
      "conf.yaml:3:34: connections[0]: never starts: the chains that it waits for wait for each other; give "
      "one of them a schedule of its own\n"
      "conf.yaml:4:34: connections[1]: never starts: the chains that it waits for wait for each other; give "
      "one of them a schedule of its own\n"
      "conf.yaml:5:34: connections[2]: never starts: the chains that it waits for wait for each other; give "
      "one of them a schedule of its own\n");
  EXPECT_EQ(warned("connections:\n"
                   "  - {match: {name: a}, schedule: {after: b}}\n"
                   "  - {match: {name: b}, schedule: [{name: x, after: a}, {name: y, every: 1d}]}\n"),
            "");
}

TEST(Recovery, VariablesAreExpandedAndNeverShown) {
  const std::map<std::string, std::string> hidden{{"V", "M4rk3r"}};
  const Loaded loaded =
      load(std::string(airbyte_line) +
               "defaults: {stuck: {longer_than: {typical: \"${V}\"}}, labels: {a: \"${V}\"},\n"
               "  freshness: {late_after: {done_by: \"08:00\", days: \"${V}\"}}}\n"
               "fleet_hold: {failed_ratio: \"${V}\"}\n"
               "blackouts: [{name: \"${V}\", match: {tag: a}, cron: \"${V}\", duration: 1h},\n"
               "  {name: \"${V}\", match: {tag: a}, cron: \"@daily\", duration: 1h}]\n"
               "connections: [{match: {name: M4rk3r}, schedule: {after: \"${V}\"}}]\n",
           hidden);
  EXPECT_EQ(loaded.problems.size(), 6U);
  EXPECT_EQ(lines_of(loaded.problems).find("M4rk3r"), std::string::npos) << lines_of(loaded.problems);
  const Loaded label = load(std::string(airbyte_line) + "defaults: {labels: {team: \"${V}\"}}\n", hidden);
  ASSERT_TRUE(label.ok());
  EXPECT_EQ(label.settings->defaults.labels, (Labels{{"team", "M4rk3r"}}));
}

TEST(Labels, AreBoundedInNumberAndSize) {
  const std::string long_text(128, 'x');
  EXPECT_EQ(good("defaults: {labels: {a: " + long_text + "}}\n").defaults.labels[0].second, long_text);
  EXPECT_EQ(
      lines_of(load(std::string(airbyte_line) + "defaults: {labels: {a: " + long_text + "y}}\n").problems),
      "conf.yaml:2:24: defaults.labels.a: the value has 129 bytes; at most 128\n");
  std::string many = "defaults: {labels: {";
  for (int i = 0; i < 33; ++i) many += "l" + std::to_string(i) + ": x, ";
  EXPECT_EQ(lines_of(load(std::string(airbyte_line) + many + "}}\n").problems),
            "conf.yaml:2:20: defaults.labels: 33 labels are too many; at most 32\n");
}

}  // namespace
}  // namespace syncwarden::settings
