#include "admin/impl/stream_looks.hpp"
#include "api_desk.hpp"

#include <boost/asio/detached.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace syncwarden::admin {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* arrow = "orders \xE2\x86\x92 warehouse";

TEST_F(ApiDesk, PathsMethodsAndParametersAreKnownOrRefused) {
  view.add("c1", arrow);
  const struct {
    const char* method;
    const char* target;
    unsigned status;
    const char* allow;
  } cases[] = {{"GET", "status", 200, ""},
               {"HEAD", "status", 200, ""},
               {"POST", "status", 405, "GET, HEAD"},
               {"GET", "connections", 200, ""},
               {"GET", "connections/c1", 200, ""},
               {"GET", "connections/c1/logs?job=5", 200, ""},
               {"GET", "connections/c1/streams?job=5", 200, ""},
               {"GET", "connections/c1/nothing", 404, ""},
               {"GET", "connections/", 404, ""},
               {"GET", "runs", 200, ""},
               {"GET", "ticks", 200, ""},
               {"GET", "incidents", 200, ""},
               {"GET", "incidents/1", 404, ""},
               {"GET", "incidents/one", 404, ""},
               {"GET", "commands", 200, ""},
               {"GET", "explain?connection=c1", 200, ""},
               {"GET", "explain", 400, ""},
               {"GET", "sync", 405, "POST"},
               {"DELETE", "pause", 405, "POST"},
               {"GET", "incidents/1/ack", 405, "POST"},
               {"GET", "nothing", 404, ""},
               {"GET", "", 404, ""},
               {"GET", "runs?limt=3", 400, ""},
               {"GET", "runs?limit=0", 400, ""},
               {"GET", "runs?limit=1001", 400, ""},
               {"GET", "runs?limit=3&limit=4", 400, ""},
               {"GET", "runs?from=yesterday", 400, ""},
               {"GET", "runs?verdict=good", 400, ""},
               {"GET", "ticks?outcome=good", 400, ""},
               {"GET", "incidents?state=closed", 400, ""},
               {"GET", "runs?connection=c2", 404, ""},
               {"GET", "connections/%zz", 400, ""}};
  for (const auto& c : cases) {
    const auto answer = send({c.method, std::string("/api/v1/") + c.target, {}, ""});
    EXPECT_EQ(answer.status, c.status) << c.method << ' ' << c.target << ' ' << answer.body;
    EXPECT_EQ(answer.header("Allow").value_or(""), c.allow) << c.target;
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << c.target;
    const auto body = boost::json::parse(answer.body);
    if (c.status == 200) continue;
    for (const char* member : {"code", "message", "hint"})
      EXPECT_TRUE(body.at("error").as_object().contains(member)) << c.target;
  }
  EXPECT_THAT(ask("runs?limt=3").body, HasSubstr("did you mean \\\"limit\\\"?"));
}

TEST_F(ApiDesk, NamesServeWhereverIdsDo) {
  view.add("c1", arrow);
  view.add("c2", "twice", "marketing");
  view.add("c3", "twice", "sales");
  EXPECT_EQ(text_at(get("connections/c1"), "/id"), "c1");
  EXPECT_EQ(text_at(get("connections/orders%20-%3E%20warehouse"), "/id"), "c1") << "the arrow may be typed";
  EXPECT_EQ(text_at(get("connections/orders%20%E2%86%92%20warehouse"), "/id"), "c1");
  const auto ambiguous = ask("connections/twice");
  EXPECT_EQ(ambiguous.status, 400U);
  EXPECT_THAT(ambiguous.body, HasSubstr("c2 (workspace marketing), c3 (workspace sales)"));
  const auto unknown = ask("connections/order%20-%3E%20warehouse");
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_THAT(unknown.body, HasSubstr("did you mean \\\"orders -> warehouse\\\"?"));
}

TEST_F(ApiDesk, StatusListsWhatAPersonLooksFor) {
  auto& late = view.add("c1", arrow);
  late.picture.managed = true;
  late.picture.stale_after = noon - hours{1};
  late.picture.waiting.push_back({ScheduleId("c1/0"), noon - minutes{2}, WaitCause::slot, "limit total (2)"});
  auto& running = view.add("c2", "running");
  running.picture.running_since = noon - minutes{3};
  running.jobs.push_back({JobId{41}, ConnectionId("c2"), JobType::sync, JobStatus::running});
  running.jobs.back().counters.records_emitted = 1'200;
  auto& failing = view.add("c3", "failing");
  failing.picture.consecutive_failures = 4;
  auto& off = view.add("c4", "switched off");
  off.view.status = ConnectionStatus::inactive;
  off.picture.stale_after = noon - hours{9};
  view.state.managed = 1;
  view.state.waiting[static_cast<std::size_t>(WaitCause::slot)] = 1;
  Incident incident;
  incident.id = IncidentId{17};
  incident.severity = Severity::info;
  view.incidents.push_back(incident);
  incident.id = IncidentId{18};
  incident.severity = Severity::critical;
  view.incidents.push_back(incident);

  const auto status = get("status");
  EXPECT_EQ(text_at(status, "/now"), "2026-11-02T12:00:00Z");
  EXPECT_EQ(text_at(status, "/version"), "1.2.3");
  EXPECT_EQ(status.at_pointer("/connections/total").to_number<int>(), 4);
  EXPECT_EQ(status.at_pointer("/running").as_array().size(), 1U);
  EXPECT_EQ(status.at_pointer("/running/0/id").to_number<int>(), 41);
  EXPECT_EQ(text_at(status, "/running/0/connection/name"), "running");
  EXPECT_EQ(status.at_pointer("/running/0/counters/records_emitted").to_number<int>(), 1'200);
  EXPECT_TRUE(status.at_pointer("/running/0/counters/bytes_emitted").is_null()) << "unknown is null, never 0";
  ASSERT_EQ(status.at_pointer("/late").as_array().size(), 1U) << "what is switched off is not late";
  EXPECT_EQ(text_at(status, "/late/0/id"), "c1");
  EXPECT_EQ(text_at(status, "/failing/0/id"), "c3");
  EXPECT_EQ(text_at(status, "/waiting_ticks/0/what"), "limit total (2)");
  EXPECT_EQ(status.at_pointer("/open_incidents/0/number").to_number<int>(), 18) << "the worst first";
  EXPECT_EQ(status.at_pointer("/waiting/slot").to_number<int>(), 1);
}

TEST_F(ApiDesk, ConnectionsComeInPages) {
  for (int i = 0; i < 25; ++i) view.add(fmt::format("c{:02}", i), fmt::format("crm {}", i));
  view.add("z", "orders");
  const auto first = get("connections?match=crm*&limit=10");
  EXPECT_EQ(first.at("connections").as_array().size(), 10U);
  EXPECT_EQ(first.at("matched").to_number<int>(), 25);
  EXPECT_EQ(text_at(first, "/next"), "c09");
  const auto last = get("connections?match=crm*&limit=10&after=c19");
  EXPECT_EQ(last.at("connections").as_array().size(), 5U);
  EXPECT_EQ(text_at(last, "/connections/0/id"), "c20");
  EXPECT_TRUE(last.at("next").is_null());
  EXPECT_EQ(get("connections?match=z").at("connections").as_array().size(), 1U) << "an id is a match, too";
}

TEST_F(ApiDesk, AListTellsWhatIsTypicalAndByWhichRule) {
  auto& row = view.add("c1", "orders");
  row.picture.managed = true;
  row.picture.rule = "conf.yaml:12";
  row.picture.typical_duration = minutes{4};
  const auto listed = get("connections");
  EXPECT_EQ(listed.at_pointer("/connections/0/typical_duration_ms").to_number<int>(), 240'000);
  EXPECT_EQ(text_at(listed, "/connections/0/rule"), "conf.yaml:12");
}

TEST_F(ApiDesk, OneConnectionTellsEverything) {
  auto& row = view.add("c1", "<img src=x>\n");
  row.picture.managed = true;
  row.picture.rule = "conf.yaml:12";
  row.picture.schedules = {"0 0 * * * ? UTC safe"};
  row.picture.incidents = {IncidentId{17}};
  row.picture.typical_duration = minutes{4};
  row.pause = Pause{ConnectionId(), noon + hours{1}, "migration", "alice", noon - hours{1}};
  row.jobs.push_back({JobId{41}, ConnectionId("c1"), JobType::sync, JobStatus::running});
  const auto shown = get("connections/c1");
  EXPECT_EQ(text_at(shown, "/name"), "<img src=x>\xEF\xBF\xBD") << "controls are made visible";
  EXPECT_EQ(text_at(shown, "/rule"), "conf.yaml:12");
  EXPECT_EQ(text_at(shown, "/schedules/0"), "0 0 * * * ? UTC safe");
  EXPECT_EQ(text_at(shown, "/pause/until"), "2026-11-02T13:00:00Z");
  EXPECT_TRUE(shown.at_pointer("/pause/everything").as_bool());
  EXPECT_EQ(shown.at_pointer("/incidents/0").to_number<int>(), 17);
  EXPECT_EQ(shown.at_pointer("/jobs/0/id").to_number<int>(), 41);
  EXPECT_EQ(shown.at("typical_duration_ms").to_number<int>(), 240'000);
  EXPECT_TRUE(shown.at("last_success").is_null());
}

Run run_at(Instant nominal, std::uint64_t number, Verdict verdict = Verdict::succeeded) {
  Run run;
  run.id = RunId{number, number};
  run.schedule = ScheduleId("c1/0");
  run.connection = ConnectionId("c1");
  run.nominal = run.due = run.intended = nominal;
  run.phase = RunPhase::finished;
  run.verdict = verdict;
  run.job = JobId{static_cast<std::int64_t>(number)};
  return run;
}

TEST_F(ApiDesk, HistoryIsReadInPagesThatLoseNothing) {
  view.add("c1", arrow);
  for (std::uint64_t i = 1; i <= 5; ++i) history.runs.push_back(run_at(noon - hours{i}, i));
  const auto first = get("runs?limit=2");
  EXPECT_EQ(first.at("runs").as_array().size(), 2U);
  EXPECT_EQ(text_at(first, "/runs/0/nominal"), "2026-11-02T11:00:00Z") << "newest first";
  EXPECT_EQ(text_at(first, "/next"), "2026-11-02T09:00:00Z") << "where the next page begins";
  const auto second = get("runs?limit=2&until=" + text_at(first, "/next"));
  EXPECT_EQ(text_at(second, "/runs/0/nominal"), "2026-11-02T09:00:00Z");
  EXPECT_TRUE(get("runs?limit=5").at("next").is_null());
  EXPECT_EQ(get("runs?from=2026-11-02T10:00:00Z").at("runs").as_array().size(), 2U);
}

TEST_F(ApiDesk, RunsAreFilteredAndShowTheirJobs) {
  view.add("c1", arrow);
  for (std::uint64_t i = 1; i <= 30; ++i)
    history.runs.push_back(run_at(noon - hours{i}, i, i % 10 == 0 ? Verdict::failed : Verdict::succeeded));
  JobRecord record;
  record.job = {JobId{20},         ConnectionId("c1"), JobType::sync,
                JobStatus::failed, noon - hours{20},   noon - hours{19}};
  history.jobs.push_back(record);
  const auto failed = get("runs?connection=orders%20-%3E%20warehouse&verdict=failed&limit=2");
  EXPECT_EQ(failed.at("runs").as_array().size(), 2U);
  EXPECT_EQ(failed.at_pointer("/runs/1/job/id").to_number<int>(), 20);
  EXPECT_EQ(text_at(failed, "/runs/1/job/updated"), "2026-11-01T17:00:00Z");
  EXPECT_EQ(text_at(failed, "/next"), "2026-11-01T06:00:00Z");
  const auto one = get("runs?connection=c1&run=" + to_string(RunId{7, 7}));
  ASSERT_EQ(one.at("runs").as_array().size(), 1U);
  EXPECT_EQ(text_at(one, "/runs/0/connection/name"), arrow);
}

TEST_F(ApiDesk, TicksIncidentsAndCommandsAreTold) {
  view.add("c1", arrow);
  Tick tick{ScheduleId("c1/nightly"), noon, TickOutcome::missed, TickReason::down, noon + minutes{5}};
  tick.also = 3;
  tick.detail = "not running from 02:00";
  history.ticks = {tick};
  const auto ticks = get("ticks?outcome=missed");
  EXPECT_EQ(text_at(ticks, "/ticks/0/reason"), "down");
  EXPECT_EQ(text_at(ticks, "/ticks/0/connection/id"), "c1");
  EXPECT_EQ(ticks.at_pointer("/ticks/0/also").to_number<int>(), 3);
  EXPECT_EQ(get("ticks?outcome=started").at("ticks").as_array().size(), 0U);

  Incident incident;
  incident.id = IncidentId{17};
  incident.kind = IncidentKind::stuck;
  incident.stuck = StuckKind::no_progress;
  incident.connection = ConnectionId("c1");
  incident.labels = {{"team", "finance"}};
  incident.events = {{noon, "counters unchanged", "alice"}};
  incident.opened = noon;
  view.incidents = {incident};
  EXPECT_EQ(text_at(get("incidents"), "/incidents/0/stuck"), "no_progress");
  EXPECT_EQ(text_at(get("incidents/17"), "/events/0/by"), "alice");
  EXPECT_EQ(text_at(get("incidents/17"), "/labels/team"), "finance");
  incident.id = IncidentId{3};
  incident.closed = noon + minutes{9};
  history.incidents = {incident};
  EXPECT_EQ(text_at(get("incidents/3"), "/state"), "closed") << "closed ones come from the history";
  EXPECT_EQ(text_at(get("incidents?state=all"), "/incidents/0/closed"), "2026-11-02T12:09:00Z");

  history.commands = {{"key", noon, "alice", "pause orders", "paused", std::nullopt}};
  EXPECT_EQ(text_at(get("commands"), "/commands/0/what"), "pause orders");
}

TEST_F(ApiDesk, AHistoryThatCannotBeReadSaysSo) {
  history.failure = Error{Errc::store_failed, "disk I/O error", "state.db", "look at dmesg"};
  const auto answer = ask("runs");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_THAT(answer.body, HasSubstr("\"code\":\"store_failed\",\"message\":\"state.db: disk I/O error\""));
}

TEST_F(ApiDesk, LogsAreOfTheRunningJobUnlessOneIsNamed) {
  auto& row = view.add("c1", arrow);
  JobRecord old;
  old.job = {JobId{40}, ConnectionId("c1")};
  old.job.created = noon - hours{2};
  history.jobs = {old};
  EXPECT_EQ(text_at(get("connections/c1/logs"), "/lines/1"), "second line");
  EXPECT_EQ(asked_job, JobId{40}) << "nothing runs: the newest one known";
  row.jobs.push_back({JobId{41}, ConnectionId("c1")});
  (void)get("connections/c1/logs?limit=7");
  EXPECT_EQ(asked_job, JobId{41});
  EXPECT_EQ(asked_lines, 7U);
  (void)get("connections/c1/logs?job=12");
  EXPECT_EQ(asked_job, JobId{12});
  EXPECT_EQ(ask("connections/c1/logs?job=0").status, 400U);
  log = Error{Errc::unsupported, "the Public API has no logs", "", ""};
  EXPECT_EQ(ask("connections/c1/logs").status, 501U);
  log = Error{Errc::connect_refused, "Airbyte refused the connection", "", ""};
  EXPECT_EQ(ask("connections/c1/logs").status, 502U);
}

TEST_F(ApiDesk, StreamsOfAJobAreAskedOfAirbyte) {
  auto& row = view.add("c1", arrow);
  row.jobs.push_back({JobId{41}, ConnectionId("c1")});
  JobInspection seen;
  seen.job.id = JobId{41};
  seen.job.status = JobStatus::running;
  seen.streams = {{"public.a", StreamRunState::rate_limited, noon + minutes{5}, 7, std::nullopt}};
  progress = seen;
  const auto told = get("connections/c1/streams");
  EXPECT_EQ(asked_job, JobId{41}) << "what runs";
  EXPECT_EQ(asked_workspace, WorkspaceId("w-marketing")) << "stream statuses are asked by workspace";
  EXPECT_EQ(text_at(told, "/streams/0/name"), "public.a");
  EXPECT_EQ(text_at(told, "/streams/0/state"), "rate_limited");
  EXPECT_EQ(text_at(told, "/streams/0/quota_reset"), "2026-11-02T12:05:00Z");
  EXPECT_EQ(told.at_pointer("/streams/0/records").to_number<int>(), 7);
  EXPECT_TRUE(told.at_pointer("/streams/0/bytes").is_null());
  EXPECT_EQ(text_at(told, "/job/status"), "running");
  EXPECT_EQ(ask("connections/c1/streams?job=0").status, 400U);
  progress = Error{Errc::connect_refused, "Airbyte refused the connection", "", ""};
  EXPECT_EQ(ask("connections/c1/streams?job=41").status, 502U);
}

TEST(StreamLooks, HoweverManyWatchAirbyteIsAskedOnceInAWhile) {
  int asked = 0;
  StreamLooks looks([&asked](JobId, ConnectionId, WorkspaceId) -> asio::awaitable<Result<JobInspection>> {
    ++asked;
    co_return JobInspection{};
  });
  asio::io_context context;
  const auto look = [&](std::int64_t job, Millis at) {
    auto looking = looks.look(JobId{job}, ConnectionId("c1"), WorkspaceId("w"), Mono{at});
    asio::co_spawn(context, std::move(looking), asio::detached);
    context.restart();
    context.run();
  };
  for (int i = 0; i < 10; ++i) look(41, Millis{i * 100});
  EXPECT_EQ(asked, 1);
  look(42, Millis{950});
  EXPECT_EQ(asked, 2) << "another job";
  look(41, StreamLooks::good_for);
  EXPECT_EQ(asked, 3) << "it has aged";
}

// ---- what changes something

TEST_F(ApiDesk, OrdersReachTheCoreAndTellWhatWasDone) {
  view.add("c1", arrow);
  commands.answer = CommandDone{"started", RunId{1, 2}, std::nullopt, true};
  const auto answer = post("sync", R"({"connection": "orders -> warehouse"})", {{"Idempotency-Key", "k-1"}});
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(commands.last<command::Sync>().connection, ConnectionId("c1"));
  EXPECT_EQ(commands.requests.back().key, "k-1");
  EXPECT_EQ(commands.requests.back().who, "local");
  const auto body = boost::json::parse(answer.body);
  EXPECT_EQ(text_at(body, "/run"), to_string(RunId{1, 2}));
  EXPECT_TRUE(body.at("repeated").as_bool());

  EXPECT_EQ(post("cancel", R"({"connection": "c1", "job": 41})").status, 200U);
  EXPECT_EQ(commands.last<command::Cancel>().job, JobId{41});
  EXPECT_EQ(post("pause", R"({"match": "orders*", "until": "2026-11-02T13:00:00Z", "reason": "migration\n"})")
                .status,
            200U);
  EXPECT_THAT(commands.last<command::Pause>().connections, ElementsAre(ConnectionId("c1")));
  EXPECT_EQ(commands.last<command::Pause>().until, noon + hours{1});
  EXPECT_THAT(commands.last<command::Pause>().reason, Not(HasSubstr("\n")));
  EXPECT_EQ(post("pause", R"({"all": true, "indefinitely": true})").status, 200U);
  EXPECT_TRUE(commands.last<command::Pause>().connections.empty());
  EXPECT_EQ(post("resume", R"({"connection": "c1", "catch_up": "latest"})").status, 200U);
  EXPECT_TRUE(commands.last<command::Resume>().catch_up_latest);
  EXPECT_EQ(post("drain", "").status, 200U);
  EXPECT_EQ(post("incidents/17/ack", R"({"note": "on it"})").status, 200U);
  EXPECT_EQ(commands.last<command::Ack>().incident, IncidentId{17});
}

TEST_F(ApiDesk, NothingVagueReachesTheCore) {
  view.add("c1", arrow);
  const struct {
    const char* target;
    const char* body;
    unsigned status;
  } cases[] = {
      {"sync", "", 400},
      {"sync", "[]", 400},
      {"sync", "{", 400},
      {"sync", R"({"connection": 5})", 400},
      {"sync", R"({"connection": "c2"})", 404},
      {"sync", R"({"conection": "c1"})", 400},
      {"sync", R"({"connection": "c1", "x": [[[[[[1]]]]]]})", 400},
      {"cancel", R"({"connection": "c1", "job": -1})", 400},
      {"cancel", R"({"connection": "c1", "job": "41"})", 400},
      {"pause", R"({"indefinitely": true})", 400},
      {"pause", R"({"all": false, "indefinitely": true})", 400},
      {"pause", R"({"connections": [], "indefinitely": true})", 400},
      {"pause", R"({"match": "crm*", "indefinitely": true})", 404},
      {"pause", R"({"match": "*", "all": true, "indefinitely": true})", 400},
      {"pause", R"({"connection": "c1"})", 400},
      {"pause", R"({"connection": "c1", "until": "2026-11-02T13:00:00Z", "indefinitely": true})", 400},
      {"pause", R"({"connection": "c1", "until": "2026-11-02T11:00:00Z"})", 400},
      {"pause", R"({"connection": "c1", "until": "tomorrow"})", 400},
      {"resume", "{}", 400},
      {"resume", R"({"connection": "c1", "catch_up": "all"})", 400},
      {"incidents/0/ack", "{}", 404},
      {"incidents/x/ack", "{}", 404}};
  for (const auto& c : cases) {
    const auto answer = post(c.target, c.body);
    EXPECT_EQ(answer.status, c.status) << c.target << ' ' << c.body << ' ' << answer.body;
  }
  EXPECT_TRUE(commands.requests.empty());
}

TEST_F(ApiDesk, OnlyAskingRightChangesSomething) {
  view.add("c1", arrow);
  const std::string body = R"({"connection": "c1"})";
  const auto order = [&](std::vector<http::Header> headers,
                         http::Peer peer = {"127.0.0.1", true, std::nullopt}) {
    return send({"POST", "/api/v1/sync", std::move(headers), body}, std::move(peer)).status;
  };
  const http::Header json{"Content-Type", "application/json"};
  EXPECT_EQ(order({}), 415U);
  EXPECT_EQ(order({{"Content-Type", "text/plain"}}), 415U) << "what a page of another site can send";
  EXPECT_EQ(order({{"Content-Type", "application/x-www-form-urlencoded"}}), 415U);
  EXPECT_EQ(order({json, {"Origin", "http://evil.example"}}), 403U);
  EXPECT_EQ(order({json, {"Sec-Fetch-Site", "cross-site"}}), 403U);
  EXPECT_EQ(order({json}, {"10.0.0.7", false, std::nullopt}), 403U);
  EXPECT_EQ(order({json, {"Idempotency-Key", "a b"}}), 400U);
  EXPECT_EQ(order({json, {"Idempotency-Key", std::string(200, 'k')}}), 400U);
  EXPECT_TRUE(commands.requests.empty());
  EXPECT_EQ(order({{"Content-Type", "application/json; charset=utf-8"}}), 200U);
  EXPECT_EQ(order({json, {"Origin", "http://localhost:9927"}}), 200U);
  EXPECT_EQ(order({json, {"Idempotency-Key", "\"quoted\""}}), 200U);
  EXPECT_EQ(commands.requests.back().key, "quoted");
}

TEST_F(ApiDesk, TheAuditKnowsWhatItKnows) {
  view.add("c1", arrow);
  const std::string body = R"({"connection": "c1"})";
  (void)post("sync", body, {{"X-Syncwarden-User", "al%C3%AFce"}});
  EXPECT_EQ(commands.requests.back().who,
            "al\xC3\xAF"
            "ce (by own account; local)");
  (void)send({"POST", "/api/v1/sync", {{"Content-Type", "application/json"}}, body}, {"unix", true, 1000U});
  EXPECT_EQ(commands.requests.back().who, "alice (uid 1000 on this host)");
  const auto by = [&](const std::string& account, std::uint32_t uid) {
    (void)send({"POST",
                "/api/v1/sync",
                {{"Content-Type", "application/json"}, {"X-Syncwarden-User", account}},
                body},
               {"unix", true, uid});
    return commands.requests.back().who;
  };
  EXPECT_EQ(by("alice", 1000), "alice (uid 1000 on this host)");
  EXPECT_EQ(by("bob", 1000), "alice (uid 1000 on this host), by own account bob")
      << "nobody passes for another";
  EXPECT_EQ(by("bob", 1001), "uid 1001 on this host, by own account bob");
}

TEST_F(ApiDesk, AnAnswerWaitsForTheDisk) {
  view.add("c1", arrow);
  commands.later = true;
  while_waiting = [this] {
    ASSERT_EQ(commands.waiting.size(), 1U);
    commands.waiting.front()(Error{Errc::conflict, "it is paused", "", "resume it"});
  };
  const auto answer = post("sync", R"({"connection": "c1"})");
  EXPECT_EQ(answer.status, 409U);
  EXPECT_THAT(answer.body,
              HasSubstr(R"({"error":{"code":"conflict","message":"it is paused","hint":"resume it"}})"));
}

TEST_F(ApiDesk, ExplainReadsWhatBearsOnTheQuestion) {
  auto& row = view.add("c1", arrow);
  row.picture.rule = "conf.yaml:12";
  row.picture.schedules = {"0 0 * * * ? UTC safe"};
  Tick tick{ScheduleId("c1/0"), noon - hours{2}, TickOutcome::started, TickReason::on_time, noon - hours{2}};
  tick.run = RunId{7, 7};
  history.ticks = {tick};
  history.runs = {run_at(noon - hours{2}, 7)};
  history.runs.front().attribution = Attribution::proven;
  JobRecord record;
  record.job = {JobId{7},        ConnectionId("c1"),          JobType::sync, JobStatus::succeeded,
                noon - hours{2}, noon - hours{2} + minutes{4}};
  record.job.counters.records_committed = 12'000;
  history.jobs = {record};
  const auto told = get("explain?connection=c1&at=2026-11-02T10:00:00Z");
  EXPECT_EQ(
      text_at(told, "/lines/0/text"),
      "conf.yaml:12: due 2026-11-02T10:00:00Z, started (on_time); job 7 (sync) succeeded after 4m: 12,000 "
      "records; succeeded");
  EXPECT_GE(told.at_pointer("/lines/0/steps").as_array().size(), 3U);
  const auto idle = get("explain?connection=c1&at=2026-11-02T10:30:00Z");
  EXPECT_EQ(text_at(idle, "/lines/0/kind"), "idle");
  EXPECT_THAT(text_at(idle, "/lines/0/text"),
              HasSubstr("the last tick before was 2026-11-02T10:00:00Z, the next is "
                        "2026-11-02T11:00:00Z"));
}

}  // namespace
}  // namespace syncwarden::admin
