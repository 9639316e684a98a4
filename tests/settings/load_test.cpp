// What good configurations mean.
#include "support.hpp"

#include <algorithm>
#include <chrono>
#include <variant>

namespace syncwarden::settings {
namespace {

using namespace testing;
using namespace std::chrono_literals;

Settings good(const std::string& text, std::map<std::string, std::string> variables = {}) {
  Loaded loaded = load(text, std::move(variables));
  EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  return loaded.ok() ? *loaded.settings : observing({});
}

std::string warned(const std::string& text) {
  const Loaded loaded = load(text);
  EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  return lines_of(loaded.warnings);
}

TEST(Load, OnlyTheUrlIsNeeded) {
  const Settings settings = good("airbyte: {url: \"http://localhost:8001/api/v1\"}\n");
  EXPECT_EQ(settings.airbyte.url, "http://localhost:8001/api/v1");
  EXPECT_TRUE(settings.plan->rules.empty());
  EXPECT_EQ(settings.state_path, "/var/lib/syncwarden/state.db");
}

TEST(Load, EveryDefaultIsTheOneOfTheCode) {
  const Settings settings = good(std::string(airbyte_line));
  AirbyteTarget target;
  target.url = "http://localhost:8001";
  Settings expected = observing(target);
  expected.state_path = "/var/lib/syncwarden/state.db";
  EXPECT_EQ(describe(settings), describe(expected));
}

TEST(Load, ReadsTheAirbyteSection) {
  const Settings settings = good(R"(
airbyte:
  url: https://airbyte.example.com:8443
  api: public
  auth: {type: client_credentials, client_id: us, client_secret: hush}
  workspaces: [marketing, "7"]
  timeouts: {connect: 1s, read: 2s, trigger: 1m30s, cancel: 4m, connector: 5m}
  settle: 5m
  in_flight: {triggers: 3, reads: 4, connectors: 5}
  requests_per_second: 2.5
  triggers_per_second: 0
  poll: {min: 500ms, max: 1m}
  proxy: none
  headers: {X-Team: data}
)");
  const AirbyteTarget& target = settings.airbyte;
  EXPECT_EQ(target.api, ApiChoice::public_api);
  ASSERT_TRUE(std::holds_alternative<ClientCredentialsAuth>(target.auth));
  EXPECT_EQ(std::get<ClientCredentialsAuth>(target.auth).client_id, "us");
  EXPECT_EQ(std::get<ClientCredentialsAuth>(target.auth).client_secret.reveal(), "hush");
  EXPECT_EQ(target.workspaces, (std::vector<std::string>{"marketing", "7"}));
  EXPECT_EQ(target.connect_timeout, 1s);
  EXPECT_EQ(target.read_timeout, 2s);
  EXPECT_EQ(target.trigger_timeout, 90s);
  EXPECT_EQ(target.cancel_timeout, 4min);
  EXPECT_EQ(target.connector_timeout, 5min);
  EXPECT_EQ(target.trigger_lanes, 3U);
  EXPECT_EQ(target.read_lanes, 4U);
  EXPECT_EQ(target.connector_lanes, 5U);
  EXPECT_EQ(target.requests_per_second, 2.5);
  EXPECT_EQ(target.proxy, "none");
  ASSERT_EQ(target.headers.size(), 1U);
  EXPECT_EQ(target.headers[0].second.reveal(), "data");
  const Plan& plan = *settings.plan;
  EXPECT_EQ(plan.settle, 5min);
  EXPECT_EQ(plan.trigger_timeout, 90s);
  EXPECT_EQ(plan.cancel_timeout, 4min);
  EXPECT_EQ(plan.trigger_lanes, 3U);
  EXPECT_EQ(plan.triggers_per_second, 0);
  EXPECT_EQ(plan.poll.min, 500ms);
  EXPECT_EQ(plan.poll.max, 1min);
}

TEST(Load, CloudHasGentlerDefaults) {
  const Settings cloud = good("airbyte: {url: \"https://API.airbyte.com/v1\"}\n");
  EXPECT_EQ(cloud.airbyte.requests_per_second, 1);
  EXPECT_EQ(cloud.plan->poll.min, 10s);
  EXPECT_EQ(cloud.plan->poll.max, 2min);
  const Settings set =
      good("airbyte: {url: \"https://api.airbyte.com/v1\", poll: {min: 5s}, requests_per_second: 3}\n");
  EXPECT_EQ(set.plan->poll.min, 5s);
  EXPECT_EQ(set.airbyte.requests_per_second, 3);
}

TEST(Load, RulesInheritTheDefaultsAndOverrideParts) {
  const Settings settings = good(std::string(airbyte_line) + R"(
defaults:
  timezone: Europe/Berlin
  overlap: attach
  start_deadline: 2h
  extra_jobs: {max: 3, backoff: {initial: 1m}}
connections:
  - match: {name: "orders -> *", destination_type: s3}
    schedule: {cron: "0 15 2 * * ?"}
    extra_jobs: {backoff: {factor: 3}, on: [lost]}
    freshness: {late_after: 6h}
  - match: {tag: loose}
    schedule: {cron: "0 3 * * *", timezone: Asia/Tokyo, dst: quartz}
    overlap: {cancel_other: any}
    start_deadline: none
    priority: high
    catch_up: all
    catch_up_max: 4
    jitter: 5m
    airbyte_schedule: tolerate
)");
  ASSERT_EQ(settings.plan->rules.size(), 2U);
  const Rule& first = settings.plan->rules[0];
  EXPECT_EQ(first.match.name, "orders -> *");
  EXPECT_EQ(first.match.destination_type, "s3");
  EXPECT_EQ(first.match.tag, std::nullopt);
  EXPECT_EQ(first.where, "conf.yaml:9");
  EXPECT_EQ(first.policy.overlap, OverlapPolicy::attach);
  EXPECT_EQ(first.policy.start_deadline, Millis{2h});
  EXPECT_EQ(first.policy.extra_jobs.max, 3U);
  EXPECT_EQ(first.policy.extra_jobs.initial, 1min);
  EXPECT_EQ(first.policy.extra_jobs.factor, 3);
  EXPECT_EQ(first.policy.extra_jobs.on, std::vector{FailureClass::lost});
  EXPECT_EQ(std::get<Millis>(first.policy.freshness.late_after), Millis{6h});
  ASSERT_EQ(first.schedules.size(), 1U);
  EXPECT_NE(std::get<calendar::Schedule>(first.schedules[0].when).text().view().find("Europe/Berlin"),
            std::string::npos);
  const Rule& second = settings.plan->rules[1];
  EXPECT_EQ(second.policy.overlap, OverlapPolicy::cancel_other);
  EXPECT_TRUE(second.policy.cancel_any);
  EXPECT_EQ(second.policy.start_deadline, std::nullopt);
  EXPECT_EQ(second.policy.priority, Priority::high);
  EXPECT_EQ(second.policy.catch_up, CatchUpPolicy::all);
  EXPECT_EQ(second.policy.catch_up_max, 4U);
  EXPECT_EQ(second.policy.jitter, 5min);
  EXPECT_EQ(second.policy.airbyte_schedule, AirbyteSchedulePolicy::tolerate);
  EXPECT_EQ(second.policy.extra_jobs.max, 3U);
  const std::string text = std::get<calendar::Schedule>(second.schedules[0].when).text().str();
  EXPECT_NE(text.find("Asia/Tokyo"), std::string::npos);
  EXPECT_NE(text.find("quartz"), std::string::npos);
}

TEST(Load, EveryFormOfASchedule) {
  const Settings settings = good(std::string(airbyte_line) + R"(
connections:
  - {match: {tag: a}, schedule: {every: 1h, phase: 10m}}
  - {match: {tag: b}, schedule: {every: 90m, spread: true}}
  - {match: {tag: c}, schedule: airbyte, freshness: {late_after: 1d}}
  - {match: {tag: d}, overlap: attach}
  - match: {tag: e}
    schedule: [{name: day, cron: "0 6-20 * * MON-FRI"}, {name: night, every: 6h}]
  - {match: {tag: f}, timezone: Europe/Paris, schedule: {name: x, cron: "@daily"}}
)");
  const auto& rules = settings.plan->rules;
  ASSERT_EQ(rules.size(), 6U);
  const auto& hourly = std::get<calendar::Schedule>(rules[0].schedules[0].when);
  EXPECT_EQ(to_rfc3339(*hourly.next(Instant{})), "1970-01-01T00:10:00Z");
  EXPECT_EQ(rules[0].schedules[0].name, "");
  EXPECT_EQ(std::get<SpreadEvery>(rules[1].schedules[0].when).interval, 90min);
  EXPECT_TRUE(rules[2].schedules.empty());
  EXPECT_TRUE(rules[3].schedules.empty());
  ASSERT_EQ(rules[4].schedules.size(), 2U);
  EXPECT_EQ(rules[4].schedules[0].name, "day");
  EXPECT_EQ(rules[4].schedules[1].name, "night");
  EXPECT_EQ(rules[5].schedules[0].name, "x");
}

TEST(Load, LimitsAndTheRest) {
  const Settings settings = good(std::string(airbyte_line) + R"(
state: sqlite:data/state.db
limits:
  total: 20
  per_source: 1
  per_destination: 2
  per_source_type: 3
  per_destination_type: 4
  groups: [{name: crm, match: {source: "sales*"}, total: 5}]
mode: shadow
web: {listen_address: "[::1]:9000", unix_socket: /run/x/api.sock}
metrics: {connection_detail: full, connection_limit: 10, botify_compat: true}
history: {keep: 4w}
)");
  const Limits& limits = settings.plan->limits;
  EXPECT_EQ(limits.total, 20U);
  EXPECT_EQ(limits.per_source, 1U);
  EXPECT_EQ(limits.per_destination, 2U);
  EXPECT_EQ(limits.per_source_type, 3U);
  EXPECT_EQ(limits.per_destination_type, 4U);
  ASSERT_EQ(limits.groups.size(), 1U);
  EXPECT_EQ(limits.groups[0].name, "crm");
  EXPECT_EQ(limits.groups[0].match.source, "sales*");
  EXPECT_EQ(limits.groups[0].total, 5U);
  EXPECT_EQ(settings.plan->mode, Mode::shadow);
  EXPECT_EQ(settings.state_path, "data/state.db");
  EXPECT_EQ(settings.listen_address, "[::1]:9000");
  EXPECT_EQ(settings.unix_socket, "/run/x/api.sock");
  EXPECT_EQ(settings.connection_detail, ConnectionDetail::full);
  EXPECT_EQ(settings.connection_limit, 10U);
  EXPECT_TRUE(settings.botify_compat);
  EXPECT_EQ(settings.plan->history_keep, 28 * 24h);
}

TEST(Load, SectionsMayBeEmpty) {
  good("airbyte:\n  url: http://h\n  auth:\n  workspaces:\n  headers:\ndefaults:\nconnections:\nlimits:\n");
}

TEST(Load, VariablesExpandAfterTheYamlIsRead) {
  const Settings settings = good(
      "airbyte: {url: \"${SCHEME:-http}://${HOST}\", workspaces: [\"$$5\", \"${W}\", \"a$b\"], auth: {type: "
      "token, "
      "token: \"x${T}$$\"}}\nlimits:\n  total: ${N}\nmode: ${EMPTY:-shadow}\n",
      {{"HOST", "h:1"}, {"W", "a: [b"}, {"T", "t\"}"}, {"N", "7"}, {"EMPTY", ""}});
  EXPECT_EQ(settings.airbyte.url, "http://h:1");
  EXPECT_EQ(settings.airbyte.workspaces, (std::vector<std::string>{"$5", "a: [b", "a$b"}));
  EXPECT_EQ(std::get<TokenAuth>(settings.airbyte.auth).token.reveal(), "xt\"}$");
  EXPECT_EQ(settings.plan->limits.total, 7U);
  EXPECT_EQ(settings.plan->mode, Mode::shadow);
}

TEST(Load, AnchorsAndMergeKeys) {
  const Settings settings = good(std::string(airbyte_line) + R"(
connections:
  - &base {match: {tag: a}, schedule: {every: 1h}, overlap: attach}
  - {<<: *base, match: {tag: b}}
)");
  ASSERT_EQ(settings.plan->rules.size(), 2U);
  EXPECT_EQ(settings.plan->rules[1].policy.overlap, OverlapPolicy::attach);
  EXPECT_EQ(settings.plan->rules[1].match.tag, "b");
}

TEST(Load, FlagsWinOverTheFile) {
  const Loaded loaded = load("airbyte: {url: \"http://file\", auth: {type: none}}\n", {},
                             {{"airbyte.url", "http://flag"},
                              {"web.listen_address", ":1"},
                              {"airbyte.auth.type", "token"},
                              {"airbyte.auth.token", "${NOT_EXPANDED}"}});
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  EXPECT_EQ(loaded.settings->airbyte.url, "http://flag");
  EXPECT_EQ(loaded.settings->listen_address, ":1");
  EXPECT_EQ(std::get<TokenAuth>(loaded.settings->airbyte.auth).token.reveal(), "${NOT_EXPANDED}");
  const Loaded bare = load("", {}, {{"airbyte.url", "http://flag"}});
  EXPECT_TRUE(bare.ok()) << lines_of(bare.problems);
  EXPECT_EQ(lines_of(load("", {}, {{"airbyte.url", "flag"}}).problems),
            "--airbyte.url: airbyte.url: the URL starts with neither http:// nor https://; such as "
            "http://localhost:8001/api/v1\n");
}

TEST(Observing, TouchesNothing) {
  AirbyteTarget target;
  target.url = "https://api.airbyte.com/v1";
  const Settings settings = observing(target);
  EXPECT_TRUE(settings.plan->rules.empty());
  EXPECT_TRUE(settings.state_path.empty());
  EXPECT_EQ(settings.airbyte.requests_per_second, 1);
  EXPECT_EQ(settings.plan->poll.min, 10s);
}

TEST(Warnings, TellWhatIsLegalButSuspect) {
  EXPECT_EQ(warned("airbyte: {url: \"http://far\", auth: {type: token, token: x}}\n"),
            "conf.yaml:1:16: airbyte.url: credentials travel unencrypted to another machine; use https:// "
            "unless the "
            "network is yours\n");
  EXPECT_EQ(warned("airbyte: {url: \"http://127.0.0.1\", auth: {type: token, token: x}}\n"), "");
  EXPECT_NE(
      warned("airbyte: {url: \"https://api.airbyte.com/v1\", requests_per_second: 5}\n").find("Cloud limits"),
      std::string::npos);
  const std::string line(airbyte_line);
  EXPECT_NE(
      warned(line + "connections: [{match: {tag: a}, schedule: {cron: \"0 6 * * 1\"}}]\n").find("onday"),
      std::string::npos)
      << "a numeric weekday";
  EXPECT_NE(warned(line + "connections: [{match: {tag: a}, schedule: {cron: \"* 15 * * * ?\"}}]\n")
                .find("once a minute"),
            std::string::npos);
  EXPECT_EQ(warned(line + "connections: [{match: {tag: a}, schedule: {cron: \"0 15 * * * ?\"}}]\n"), "");
}

TEST(Warnings, TellWhichRulesNeverWin) {
  const std::string text = std::string(airbyte_line) +
                           "connections:\n"
                           "  - {match: {tag: a}, schedule: {every: 1h}}\n"
                           "  - {match: {tag: a}, schedule: {every: 2h}}\n"
                           "  - {match: {name: \"*\"}, schedule: airbyte}\n"
                           "  - {match: {tag: b}, schedule: {every: 2h}}\n";
  EXPECT_EQ(warned(text),
            "conf.yaml:4:5: connections[1]: never used: the rule at conf.yaml:3 has the same match and wins\n"
            "conf.yaml:6:5: connections[3]: never used: the rule at conf.yaml:5 matches every connection "
            "before this "
            "one\n");
}

}  // namespace
}  // namespace syncwarden::settings
