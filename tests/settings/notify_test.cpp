// Who is notified: the receivers of `notify:`, and what is wrong with them.
#include "support.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::settings {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string with(const std::string& receivers) { return std::string(airbyte_line) + "notify:\n" + receivers; }

std::vector<Receiver> receivers(const std::string& text, std::map<std::string, std::string> variables = {}) {
  const auto loaded = load(with(text), std::move(variables));
  EXPECT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  return loaded.ok() ? loaded.settings->receivers : std::vector<Receiver>{};
}

std::string problems(const std::string& text) { return lines_of(load(with(text)).problems); }

TEST(Receivers, WithoutThemNobodyIsTold) {
  EXPECT_TRUE(load(std::string(airbyte_line)).settings->receivers.empty());
  EXPECT_TRUE(load(std::string(airbyte_line) + "notify: []\n").settings->receivers.empty());
}

TEST(Receivers, EachKindIsRead) {
  const auto read = receivers(
      "  - {name: a, alertmanager: {urls: [\"http://m1:9093\", \"http://m2:9093\"]}}\n"
      "  - {name: s, slack: {webhook_url: \"${URL}\"}, match: {tag: crm}, events: [incident_closed]}\n"
      "  - {name: p, pagerduty: {routing_key: k3y}, severity: critical, per_hour: 0}\n"
      "  - {name: w, webhook: {url: \"http://h/x?token=t\", hmac_secret: sign}, labels: {team: a}}\n"
      "  - {name: h, heartbeat: {url: \"http://h/ping\", every: 30s, method: POST}}\n",
      {{"URL", "https://slack/x"}});
  ASSERT_EQ(read.size(), 5U);
  EXPECT_EQ(std::get<AlertmanagerTarget>(read[0].target).urls.size(), 2U);
  EXPECT_EQ(std::get<SlackTarget>(read[1].target).webhook_url.reveal(), "https://slack/x");
  EXPECT_EQ(read[1].match->tag, "crm");
  EXPECT_THAT(read[1].events, ElementsAre(NoticeEvent::incident_closed));
  EXPECT_EQ(std::get<PagerDutyTarget>(read[2].target).url.reveal(),
            "https://events.pagerduty.com/v2/enqueue");
  EXPECT_EQ(read[2].severity, Severity::critical);
  EXPECT_EQ(read[2].per_hour, 0U);
  EXPECT_EQ(read[2].events.size(), incident_events.size());
  EXPECT_EQ(std::get<WebhookTarget>(read[3].target).hmac_secret.reveal(), "sign");
  EXPECT_THAT(read[3].labels, ElementsAre(std::pair<std::string, std::string>{"team", "a"}));
  EXPECT_EQ(read[3].per_hour, 60U);
  EXPECT_EQ(std::get<HeartbeatTarget>(read[4].target).every, std::chrono::seconds{30});
  EXPECT_TRUE(std::get<HeartbeatTarget>(read[4].target).post);
}

TEST(Receivers, MayAskForRunsAndForADigest) {
  const auto read = receivers(
      "  - {name: s, slack: {webhook_url: \"http://h\"}, events: [run_failed, run_suspect], daily_digest: "
      "{at: "
      "\"08:30\", timezone: Europe/Amsterdam}}\n"
      "  - {name: w, webhook: {url: \"http://h\"}, daily_digest: {at: \"08:30\"}}\n");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_THAT(read[0].events, ElementsAre(NoticeEvent::run_failed, NoticeEvent::run_suspect));
  ASSERT_TRUE(read[0].digest);
  EXPECT_EQ(read[0].digest->text, "08:30 Europe/Amsterdam");
  EXPECT_EQ(read[0].digest->when.next(*parse_rfc3339("2026-11-27T00:00:00Z")),
            *parse_rfc3339("2026-11-27T07:30:00Z"));
  EXPECT_EQ(read[1].digest->text, "08:30 UTC");
  EXPECT_THAT(problems("  - {name: p, pagerduty: {routing_key: k}, events: [run_failed]}\n"),
              HasSubstr("run_failed is no trouble that begins and ends"));
  EXPECT_THAT(problems("  - {name: p, pagerduty: {routing_key: k}, daily_digest: {at: \"08:00\"}}\n"),
              HasSubstr("nobody should be called for it"));
  EXPECT_THAT(problems("  - {name: s, slack: {webhook_url: \"http://h\"}, daily_digest: {at: \"8\"}}\n"),
              HasSubstr("no time of the day"));
  EXPECT_THAT(problems("  - {name: s, slack: {webhook_url: \"http://h\"}, daily_digest: {timezone: UTC}}\n"),
              HasSubstr("daily_digest.at is missing"));
  EXPECT_THAT(
      problems("  - {name: a, alertmanager: {urls: [\"http://h\"]}, daily_digest: {at: \"08:00\"}}\n"),
      HasSubstr("Alertmanager is told of every change"));
}

TEST(Receivers, ASecretMayStandInAFile) {
  const Folder folder;
  folder.write("hook", "https://slack/from-file\n");
  const auto file = folder.write("conf.yaml", with("  - {name: s, slack: {webhook_url_file: hook}}\n"));
  const auto loaded = load_file(file, {});
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  EXPECT_EQ(std::get<SlackTarget>(loaded.settings->receivers.at(0).target).webhook_url.reveal(),
            "https://slack/from-file");
}

TEST(Receivers, WhatIsWrongIsTold) {
  EXPECT_THAT(problems("  - {name: a}\n"), HasSubstr("conf.yaml:3:5: notify[0]: says not where to send"));
  EXPECT_THAT(problems("  - {name: a, slack: {webhook_url: \"http://h\"}, webhook: {url: \"http://h\"}}\n"),
              HasSubstr("notify[0]: slack and webhook are too many for one receiver"));
  EXPECT_THAT(problems("  - {slack: {webhook_url: \"http://h\"}}\n"), HasSubstr("notify[0].name is missing"));
  EXPECT_THAT(problems("  - {name: \"a b\", webhook: {url: \"http://h\"}}\n"),
              HasSubstr("is no name of a receiver"));
  EXPECT_THAT(problems("  - {name: a, slack: {}}\n"), HasSubstr("notify[0].slack.webhook_url is missing"));
  EXPECT_THAT(problems("  - {name: a, alertmanager: {}}\n"), HasSubstr("alertmanager.urls is missing"));
  EXPECT_THAT(problems("  - {name: a, webhook: {url: \"ftp://h\"}}\n"),
              HasSubstr("the URL starts with neither http:// nor https://"));
  EXPECT_THAT(problems("  - {name: a, webhook: {url: \"http://u:p@h\"}}\n"), HasSubstr("credentials"));
  EXPECT_THAT(problems("  - {name: a, heartbeat: {url: \"http://h\"}, events: [incident_closed]}\n"),
              HasSubstr("a heartbeat tells of no incident"));
  EXPECT_THAT(problems("  - {name: a, webhook: {url: \"http://h\"}, events: [incident_opend]}\n"),
              HasSubstr("incident_opened"));
  EXPECT_THAT(
      problems("  - {name: a, webhook: {url: \"http://h\"}}\n  - {name: a, webhook: {url: \"http://h\"}}\n"),
      HasSubstr("\"a\" is the name of a receiver in line 3 already"));
}

TEST(Receivers, AnAddressIsASecretEverywhere) {
  const std::string text =
      "  - {name: s, slack: {webhook_url: \"https://M4rk3r/x\"}}\n"
      "  - {name: a, alertmanager: {urls: [\"http://M4rk3r\"]}}\n"
      "  - {name: w, webhook: {url: \"http://M4rk3r\", hmac_secret: M4rk3r}}\n"
      "  - {name: p, pagerduty: {routing_key: M4rk3r}}\n"
      "  - {name: h, heartbeat: {url: \"http://M4rk3r\"}}\n";
  const auto loaded = load(with(text));
  ASSERT_TRUE(loaded.ok()) << lines_of(loaded.problems);
  const auto told = describe(*loaded.settings);
  EXPECT_THAT(told, HasSubstr("notify:\n  - {name: \"s\", slack: <secret>"));
  EXPECT_THAT(told, Not(HasSubstr("M4rk3r")));
  EXPECT_THAT(problems("  - {name: s, slack: {webhook_url: \"ftp://M4rk3r\"}}\n"), Not(HasSubstr("M4rk3r")));
  EXPECT_THAT(problems("  - {name: s, alertmanager: {urls: [\"M4rk3r\"]}}\n"), Not(HasSubstr("M4rk3r")));
}

TEST(Receivers, AReloadTellsWhatChanges) {
  const auto before =
      load(with("  - {name: s, slack: {webhook_url: \"https://one\"}}\n"
                "  - {name: gone, webhook: {url: \"http://h\"}}\n"));
  const auto after =
      load(with("  - {name: s, slack: {webhook_url: \"https://two\"}}\n"
                "  - {name: new, webhook: {url: \"http://h\"}}\n"));
  ASSERT_TRUE(before.ok() && after.ok());
  std::string told;
  for (const auto& change : diff(*before.settings, *after.settings)) {
    EXPECT_FALSE(change.needs_restart);
    told += change.text + "\n";
  }
  EXPECT_THAT(told, HasSubstr("notify \"s\": an address or a secret changed"));
  EXPECT_THAT(told, HasSubstr("notify \"gone\": removed"));
  EXPECT_THAT(told, HasSubstr("notify \"new\": added"));
  EXPECT_THAT(told, Not(HasSubstr("https://")));
}

}  // namespace
}  // namespace syncwarden::settings
