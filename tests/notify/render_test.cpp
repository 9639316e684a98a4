// What receivers get, whatever a connection is called.
#include "notify/render.hpp"

#include "base/text.hpp"
#include "http/signature.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::notify {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* start = "2026-11-27T06:00:00Z";

Notice notice(NoticeEvent event = NoticeEvent::incident_opened) {
  Notice out;
  out.key = "incident-7/incident_opened/1/team";
  out.receiver = "team";
  out.event = event;
  out.at = *parse_rfc3339(start);
  out.incident.id = IncidentId{7};
  out.incident.kind = IncidentKind::sync_failing;
  out.incident.connection = ConnectionId{"5ae6b09b"};
  out.incident.subject = "orders → warehouse";
  out.incident.severity = Severity::critical;
  out.incident.summary = "job 41 failed 3 times";
  out.incident.job = JobId{41};
  out.incident.link = "http://airbyte/jobs/41?a=b&c=d";
  out.incident.labels = {{"team", "finance"}};
  out.incident.opened = *parse_rfc3339(start);
  out.incident.updated = out.incident.opened;
  if (event == NoticeEvent::incident_closed) out.incident.closed = *parse_rfc3339("2026-11-27T07:00:00Z");
  if (event == NoticeEvent::incident_acknowledged) out.incident.owner = "zoe";
  return out;
}

std::string text_at(const json::value& value, std::string_view pointer) {
  return std::string(value.at_pointer(pointer).as_string());
}

TEST(Alertmanager, OpenIncidentsEndByThemselvesAndClosedOnesHaveEnded) {
  const auto open = notice().incident;
  auto closed = notice(NoticeEvent::incident_closed).incident;
  const auto sent =
      json::parse(alertmanager_message({open, closed}, *parse_rfc3339(start), std::chrono::minutes{1}).body);
  ASSERT_EQ(sent.as_array().size(), 2U);
  EXPECT_EQ(text_at(sent, "/0/labels/alertname"), "SyncwardenConnectionFailing");
  EXPECT_EQ(text_at(sent, "/0/labels/severity"), "critical");
  EXPECT_EQ(text_at(sent, "/0/labels/team"), "finance");
  EXPECT_EQ(text_at(sent, "/0/labels/connection_id"), "5ae6b09b");
  EXPECT_EQ(text_at(sent, "/0/startsAt"), start);
  EXPECT_EQ(text_at(sent, "/0/endsAt"), "2026-11-27T06:04:00Z");
  EXPECT_EQ(text_at(sent, "/1/endsAt"), "2026-11-27T07:00:00Z");
  EXPECT_EQ(json::serialize(sent.at_pointer("/0/labels")), json::serialize(sent.at_pointer("/1/labels")))
      << "else nothing would be resolved";
  EXPECT_EQ(text_at(sent, "/0/annotations/job"), "41");
}

TEST(Alertmanager, WhatChangesIsNoLabel) {
  auto later = notice().incident;
  later.summary = "job 42 failed 4 times";
  later.job = JobId{42};
  later.link = "http://airbyte/jobs/42";
  later.owner = "zoe";
  const auto labels = [](const Incident& incident) {
    const auto sent = json::parse(alertmanager_message({incident}, Instant{}, Millis{1}).body);
    return json::serialize(sent.at_pointer("/0/labels"));
  };
  EXPECT_EQ(labels(notice().incident), labels(later));
}

TEST(Slack, OneMessageWithALink) {
  const auto text = text_at(json::parse(slack_message({notice()}).body), "/text");
  EXPECT_EQ(text,
            "*Opened* (critical): orders → warehouse\njob 41 failed 3 times\nincident 7 · "
            "<http://airbyte/jobs/41?a=b&amp;c=d|open in Airbyte>");
  const auto acknowledged =
      text_at(json::parse(slack_message({notice(NoticeEvent::incident_acknowledged)}).body), "/text");
  EXPECT_THAT(acknowledged, HasSubstr("*Acknowledged*"));
  EXPECT_THAT(acknowledged, HasSubstr("by zoe"));
}

TEST(Slack, WhatWasHeldBackComesTogether) {
  const auto text = text_at(json::parse(slack_message({notice(), notice(), notice()}).body), "/text");
  EXPECT_THAT(text, HasSubstr("3 notifications, held back"));
}

TEST(PagerDuty, OneDedupKeyForTheWholeLife) {
  const Secret key("r0uting");
  std::string dedup;
  for (const auto& [event, action] :
       std::vector<std::pair<NoticeEvent, std::string>>{{NoticeEvent::incident_opened, "trigger"},
                                                        {NoticeEvent::incident_escalated, "trigger"},
                                                        {NoticeEvent::incident_acknowledged, "acknowledge"},
                                                        {NoticeEvent::incident_closed, "resolve"}}) {
    const auto sent = json::parse(pagerduty_message(notice(event), key).body);
    EXPECT_EQ(text_at(sent, "/event_action"), action);
    EXPECT_EQ(text_at(sent, "/routing_key"), "r0uting");
    if (dedup.empty()) dedup = text_at(sent, "/dedup_key");
    EXPECT_EQ(text_at(sent, "/dedup_key"), dedup);
    EXPECT_EQ(text_at(sent, "/payload/severity"), "critical");
    EXPECT_EQ(text_at(sent, "/payload/summary"), "orders → warehouse: job 41 failed 3 times");
    EXPECT_EQ(text_at(sent, "/links/0/href"), "http://airbyte/jobs/41?a=b&c=d");
  }
  EXPECT_LE(dedup.size(), 255U);
}

TEST(Webhook, HasTheShapeOfAlertmanagersVersion4) {
  const auto message = webhook_message({notice()}, "team", Secret("s"));
  const auto sent = json::parse(message.body);
  for (const char* field : {"version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels",
                            "commonLabels", "commonAnnotations", "externalURL", "alerts"}) {
    EXPECT_TRUE(sent.as_object().contains(field)) << field;
  }
  EXPECT_EQ(text_at(sent, "/version"), "4");
  EXPECT_EQ(text_at(sent, "/status"), "firing");
  EXPECT_EQ(text_at(sent, "/alerts/0/status"), "firing");
  EXPECT_EQ(text_at(sent, "/alerts/0/endsAt"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(text_at(sent, "/alerts/0/annotations/event"), "incident_opened");
  EXPECT_EQ(text_at(sent, "/alerts/0/fingerprint").size(), 16U);
  EXPECT_EQ(text_at(sent, "/commonLabels/team"), "finance");
  const auto closed = json::parse(webhook_message({notice(NoticeEvent::incident_closed)}, "team", {}).body);
  EXPECT_EQ(text_at(closed, "/status"), "resolved");
  EXPECT_EQ(text_at(closed, "/alerts/0/fingerprint"), text_at(sent, "/alerts/0/fingerprint"));
}

TEST(Webhook, IsSignedAndHasAKeyThatStays) {
  const auto message = webhook_message({notice()}, "team", Secret("s"));
  ASSERT_EQ(message.headers.size(), 2U);
  EXPECT_EQ(message.headers[0],
            (std::pair<std::string, std::string>{"Syncwarden-Key", "incident-7/incident_opened/1/team"}));
  EXPECT_EQ(message.headers[1].second, "sha256=" + http::hmac_sha256("s", message.body));
  EXPECT_EQ(webhook_message({notice()}, "team", Secret("s")).body, message.body);
  EXPECT_TRUE(webhook_message({notice(), notice()}, "team", {}).headers.empty());
}

TEST(Webhook, OnlyWhatAllOfThemHaveIsCommon) {
  auto other = notice();
  other.incident.labels = {{"team", "sales"}};
  const auto sent = json::parse(webhook_message({notice(), other}, "team", {}).body);
  EXPECT_FALSE(sent.at("commonLabels").as_object().contains("team"));
  EXPECT_TRUE(sent.at("commonLabels").as_object().contains("alertname"));
  EXPECT_EQ(sent.at("alerts").as_array().size(), 2U);
}

// RFC 4231, test cases 1, 2 and 6.
TEST(Signature, IsHmacSha256) {
  EXPECT_EQ(http::hmac_sha256(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(http::hmac_sha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      http::hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

class HostileName : public testing::TestWithParam<std::string> {};

TEST_P(HostileName, BreaksNoMessage) {
  auto one = notice(NoticeEvent::incident_acknowledged);
  one.incident.subject = GetParam();
  one.incident.summary = GetParam();
  one.incident.link = GetParam();
  one.incident.owner = GetParam();
  one.incident.labels = {{"team", GetParam()}};
  const std::vector<std::string> bodies{
      alertmanager_message({one.incident}, Instant{}, Millis{1}).body, slack_message({one, one}).body,
      pagerduty_message(one, Secret("k")).body, webhook_message({one, one}, "team", Secret("s")).body};
  for (const auto& body : bodies) {
    boost::system::error_code error;
    const auto parsed = json::parse(body, error);
    EXPECT_FALSE(error) << body;
    EXPECT_TRUE(is_utf8(body));
    EXPECT_EQ(body.find('\n'), std::string::npos);
    EXPECT_LT(body.size(), 100'000U);
    EXPECT_THAT(body, Not(HasSubstr("javascript:alert\"")));
  }
  const auto text = text_at(json::parse(bodies[1]), "/text");
  EXPECT_THAT(text, Not(HasSubstr("<!channel>")));
  EXPECT_THAT(text, Not(HasSubstr("<http://evil")));
  EXPECT_LE(text_at(json::parse(bodies[2]), "/payload/summary").size(), 1'024U);
}

INSTANTIATE_TEST_SUITE_P(OfAConnection, HostileName,
                         testing::Values("<!channel> &<b>", "\"},{\"x\":\"", "a\r\nX-Evil: 1", "\xff\xfe\x80",
                                         std::string("nul\0nul", 7), "http://evil|x>y", "javascript:alert(1)",
                                         "<http://evil|click>", std::string(1'000'000, 'x'),
                                         "\xE2\x80\xAE"
                                         "gnirts",
                                         "{{ $labels }}", ""));

TEST(AlertNames, AreCamelCaseAndDifferByKind) {
  EXPECT_EQ(alert_name(IncidentKind::airbyte_unreachable), "SyncwardenAirbyteUnreachable");
  EXPECT_EQ(alert_name(IncidentKind::data_late), "SyncwardenConnectionStale");
  EXPECT_EQ(alert_name(IncidentKind::disabled_by_airbyte), "SyncwardenDisabledByAirbyte");
}

Notice of_run(NoticeEvent event) {
  auto out = notice(event);
  out.key = "run-1/" + std::string(to_string(event)) + "/team";
  out.incident.id = {};
  out.incident.closed.reset();
  if (event == NoticeEvent::run_succeeded) out.incident.closed = out.at;
  out.incident.severity = event == NoticeEvent::run_succeeded ? Severity::info : Severity::warning;
  return out;
}

TEST(Runs, ASuccessResolvesTheFailureBefore) {
  const auto failed = json::parse(webhook_message({of_run(NoticeEvent::run_failed)}, "team", {}).body);
  const auto succeeded = json::parse(webhook_message({of_run(NoticeEvent::run_succeeded)}, "team", {}).body);
  EXPECT_EQ(text_at(failed, "/alerts/0/status"), "firing");
  EXPECT_EQ(text_at(succeeded, "/alerts/0/status"), "resolved");
  EXPECT_EQ(text_at(failed, "/alerts/0/fingerprint"), text_at(succeeded, "/alerts/0/fingerprint"));
  EXPECT_EQ(text_at(failed, "/alerts/0/labels/alertname"), "SyncwardenRunFailed");
  EXPECT_EQ(text_at(failed, "/alerts/0/annotations/event"), "run_failed");
  EXPECT_EQ(text_at(failed, "/groupKey"), "syncwarden/run-1/run_failed/team");
  const auto suspect = json::parse(webhook_message({of_run(NoticeEvent::run_suspect)}, "team", {}).body);
  EXPECT_NE(text_at(suspect, "/alerts/0/fingerprint"), text_at(failed, "/alerts/0/fingerprint"));
}

TEST(Digests, AreOneMessageOfLines) {
  auto digest = of_run(NoticeEvent::run_succeeded);
  digest.event = NoticeEvent::daily_digest;
  digest.incident.subject = "the day";
  digest.incident.summary = "2 runs ended";
  digest.incident.events = {{digest.at, "failed once: <orders> & refunds", ""}, {digest.at, "open", ""}};
  EXPECT_THAT(text_at(json::parse(slack_message({digest}).body), "/text"),
              testing::HasSubstr("*Daily digest*: the day\n2 runs ended\n"
                                 "• failed once: &lt;orders&gt; &amp; refunds\n• open"));
  const auto hook = json::parse(webhook_message({digest}, "team", {}).body);
  EXPECT_EQ(text_at(hook, "/alerts/0/labels/alertname"), "SyncwardenDailyDigest");
  EXPECT_EQ(text_at(hook, "/alerts/0/annotations/description"), "failed once: <orders> & refunds\nopen");
}

}  // namespace
}  // namespace syncwarden::notify
