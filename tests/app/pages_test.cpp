#include "app/pages.hpp"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Pages : public ::testing::Test {
 protected:
  Pages() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  static Answer answer(const std::string& text) {
    const auto parsed = Answer::parse(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed.value_or(Answer());
  }
  Instant now = *parse_rfc3339("2026-11-26T21:35:00Z");
};

TEST_F(Pages, TheStatusSaysWhatMattersAndNothingElse) {
  const auto page = status_page(answer(R"json({
    "now": "2026-11-26T21:35:00Z", "version": "1.2.3", "started": "2026-11-26T20:35:00Z",
    "airbyte": {"up": true, "version": "2.0.0", "api": "config", "last_jobs_poll": "2026-11-26T21:34:55Z"},
    "connections": {"total": 400, "managed": 12, "failing": 1, "paused": 0, "never_succeeded": 0,
                    "late": {"high": 0, "normal": 1, "low": 0}},
    "jobs": [{"status": "running", "type": "sync", "count": 7}], "incidents": {"critical": 1},
    "running": [{"id": 41, "type": "sync", "status": "running", "created": "2026-11-26T21:31:00Z",
                 "typical_ms": 240000, "stuck": "no_progress", "connection": {"id": "c1", "name": "orders"},
                 "counters": {"records_emitted": 12000}}],
    "waiting": {"slot": 1}, "waiting_ticks": [{"connection": {"name": "crm"}, "nominal": "2026-11-26T21:30:00Z",
                 "cause": "slot", "what": "limit total (2)"}],
    "late": [{"name": "crm", "stale_after": "2026-11-26T21:00:00Z", "last_success": null}],
    "failing": [{"name": "deals", "consecutive_failures": 3}],
    "open_incidents": [{"number": 17, "severity": "critical", "kind": "stuck", "stuck": "no_progress",
                        "subject": "orders", "opened": "2026-11-26T21:30:00Z", "summary": "nothing moves"}]
})json"),
                                {});
  EXPECT_THAT(page, HasSubstr("syncwarden 1.2.3, up since 20:35:00 UTC (1h ago)\n"));
  EXPECT_THAT(page, HasSubstr("Airbyte 2.0.0 (config API) up, last read 21:34:55 UTC (5s ago)\n"));
  EXPECT_THAT(page, HasSubstr("400 connections, 12 managed, 1 failing, 1 late\n"));
  EXPECT_THAT(page, HasSubstr("\nIncidents (1)\n"));
  EXPECT_THAT(page, HasSubstr("\nRunning (7)\n"));
  EXPECT_THAT(page, HasSubstr("12,000 records"));
  EXPECT_THAT(page, HasSubstr("and 6 more\n")) << "what is not listed is counted";
  EXPECT_THAT(page, HasSubstr("limit total (2)"));
  EXPECT_THAT(page, Not(HasSubstr("paused")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST_F(Pages, AnAirbyteOutOfReachIsSaidFirst) {
  const auto page =
      status_page(answer(R"json({"now": "2026-11-26T21:35:00Z", "connections": {"total": 3, "managed": 0},
    "airbyte": {"up": false, "error": {"message": "http://a: refused the connection"}}, "draining": true})json"),
                  {});
  EXPECT_THAT(page, HasSubstr("Airbyte out of reach: http://a: refused the connection\n"));
  EXPECT_THAT(page, HasSubstr("3 connections, observing all, touching none\n"));
  EXPECT_THAT(page, HasSubstr("draining: nothing more is started\n"));
}

TEST_F(Pages, BeforeAirbyteWasReachedNobodySaysThatNothingIsManaged) {
  const auto page = status_page(answer(R"json({"now": "2026-11-26T21:35:00Z", "airbyte": {"up": false},
    "connections": {"total": 0, "managed": 0}})json"),
                                {});
  EXPECT_THAT(page, HasSubstr("not reached yet\nno connection seen yet\n"));
}

TEST_F(Pages, EveryPageStandsAnEmptyOrStrangeAnswer) {
  for (const char* text :
       {"{}", "[]", "null", R"json({"runs": 5, "lines": [7, null], "connections": {"total": "x"}})json"}) {
    const auto strange = answer(text);
    (void)status_page(strange, {});
    (void)connection_page(strange, {});
    (void)connections_page(strange, now, {});
    EXPECT_EQ(runs_page(strange, now, {}), "no runs\n") << text;
    EXPECT_EQ(ticks_page(strange, now, {}), "no ticks\n") << text;
    EXPECT_EQ(incidents_page(strange, now, {}), "no incidents\n") << text;
    (void)commands_page(strange, now, {});
    (void)incident_page(strange, now, {});
    (void)explain_page(strange, {});
  }
  EXPECT_FALSE(Answer::parse("<html>").has_value());
}

TEST_F(Pages, RunsHaveTheirEndAndWhy) {
  const auto page =
      runs_page(answer(R"json({"runs": [{"nominal": "2026-11-26T21:00:00Z", "connection": {"name": "orders"},
    "cause": "manual", "by": "alice", "phase": "finished", "verdict": "failed", "failure": "config",
    "job": {"id": 41, "created": "2026-11-26T21:00:01Z", "updated": "2026-11-26T21:04:13Z", "counters": {}},
    "why": "the key was revoked at 2026-11-26T20:00:00Z"}], "next": "2026-11-26T20:00:00Z"})json"),
                now, {});
  EXPECT_THAT(page, HasSubstr("manual by alice"));
  EXPECT_THAT(page, HasSubstr("4m12s"));
  EXPECT_THAT(page, HasSubstr("failed (config)"));
  EXPECT_THAT(page, HasSubstr("the key was revoked at 20:00:00 UTC"));
  EXPECT_THAT(page, HasSubstr("older ones: --until 2026-11-26T20:00:00Z"));
}

TEST_F(Pages, AnExplanationIndentsItsSteps) {
  const auto page =
      explain_page(answer(R"json({"now": "2026-11-26T21:35:00Z", "connection": {"id": "c1", "name": "orders"},
    "lines": [{"kind": "tick", "text": "conf.yaml:12: due 2026-11-26T21:00:00Z, started (on_time)",
               "steps": [{"at": "2026-11-26T21:00:01Z", "text": "job 41 was created"}, {"at": null, "text": "verdict: failed"}]}]
})json"),
                   {});
  EXPECT_EQ(
      page,
      "orders (c1)\nconf.yaml:12: due 21:00:00 UTC, started (on_time)\n    21:00:01 UTC  job 41 was created\n"
      "    verdict: failed\n");
}

TEST_F(Pages, OneConnectionIsTold) {
  const auto page = connection_page(
      answer(R"json({"now": "2026-11-26T21:35:00Z", "id": "c1", "name": "orders", "managed": true,
    "rule": "conf.yaml:12", "priority": "high", "schedules": ["every 1h"], "status": "active", "late": true,
    "stale_after": "2026-11-26T21:00:00Z", "consecutive_failures": 2, "pause": {"until": null, "by": "alice", "reason": "migration"},
    "jobs": [{"id": 41, "type": "sync", "status": "running", "created": "2026-11-26T21:30:00Z", "stuck": "no_progress",
              "unchanged_ms": 120000}], "incidents": [17]})json"),
      {});
  EXPECT_THAT(page, HasSubstr("by conf.yaml:12, priority high"));
  EXPECT_THAT(page, HasSubstr("until somebody resumes it, by alice: migration"));
  EXPECT_THAT(page, HasSubstr("yes, since 21:00:00 UTC"));
  EXPECT_THAT(page, HasSubstr("2 failed jobs in a row"));
  EXPECT_THAT(page, HasSubstr("unchanged for 2m, stuck: no_progress"));
  EXPECT_THAT(page, HasSubstr("#17"));
}

}  // namespace
}  // namespace syncwarden::app
