// The second look at a job, its log, and the readings before a cancel, against replies that a real server
// might not give.
#include "airbyte/client.hpp"
#include "airbyte/impl/inspection.hpp"
#include "fake_http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const running_7 =
    R"({"job":{"id":7,"configType":"sync","configId":"c-1","createdAt":1763800000,"updatedAt":1763800001,
        "status":"running","aggregatedStats":{"recordsEmitted":10,"bytesEmitted":20,"recordsCommitted":5,
        "bytesCommitted":6,"recordsRejected":1}},"attempts":[{"attempt":{"id":0}},{"attempt":{"id":1}}]})";
const char* const sync_progress = "POST /api/v1/connections/sync_progress";
const char* const combined_stats = "POST /api/v1/attempt/get_combined_stats";
const char* const stream_statuses = "POST /api/v1/stream_statuses/list";
const char* const debug_info = "POST /api/v1/jobs/get_debug_info";

struct Inspect : ::testing::Test {
  Bench bench;
  Script& script = *bench.script;

  Inspect() {
    script.chunk = 4'096;
    script.on("GET /api/v1/instance_configuration", ok(instance_200));
  }
  Result<JobInspection> inspect(bool only_progress = false) {
    out::InspectJob request;
    request.only_progress = only_progress;
    request.job = JobId{7};
    request.connection = ConnectionId("c-1");
    request.workspace = WorkspaceId("w-1");
    request.attempts = 2;
    return bench.run(bench.client().inspect(request));
  }
};

TEST_F(Inspect, GathersWhatTheServerTells) {
  script.on("POST /api/v1/jobs/get_without_logs", ok(running_7));
  script.on(sync_progress,
            ok(R"({"connectionId":"c-1","jobId":7,"recordsEmitted":11,"bytesEmitted":22,"streams":[]})"));
  script.on(stream_statuses, ok(R"({"streamStatuses":[
      {"jobId":7,"attemptNumber":1,"streamName":"a","streamNamespace":"public","runState":"RUNNING",
       "transitionedAt":1763800000000},
      {"jobId":7,"attemptNumber":1,"streamName":"a","streamNamespace":"public","runState":"RATE_LIMITED",
       "transitionedAt":1763800009000,"metadata":{"quotaReset":1763803600000}},
      {"jobId":7,"attemptNumber":0,"streamName":"b","runState":"INCOMPLETE","transitionedAt":1763800009000},
      {"jobId":6,"attemptNumber":1,"streamName":"c","runState":"RUNNING","transitionedAt":1763800009000},
      {"jobId":7,"attemptNumber":1,"streamName":"d","runState":"DREAMING","transitionedAt":1763800009000}]})"));
  script.on(debug_info,
            ok(R"({"job":{},"attempts":[{"logs":{"logLines":["x"]}}],"workflowState":{"running":false}})"));
  const auto seen = inspect();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ(seen->job.counters.records_emitted, 11);
  EXPECT_EQ(seen->job.counters.records_committed, 5) << "what the fresher reading leaves out stays";
  EXPECT_EQ(seen->job.counters.records_rejected, 1);
  ASSERT_EQ(seen->streams.size(), 2U);
  EXPECT_EQ(seen->streams[0].name, "d");
  EXPECT_EQ(seen->streams[0].state, StreamRunState::unknown);
  EXPECT_EQ(seen->streams[1].name, "public.a");
  EXPECT_EQ(seen->streams[1].state, StreamRunState::rate_limited);
  EXPECT_EQ(seen->streams[1].quota_reset, parse_rfc3339("2025-11-22T09:26:40Z"));
  EXPECT_EQ(seen->workflow_running, false);
  EXPECT_THAT(script.bodies(stream_statuses),
              ElementsAre(R"({"workspaceId":"w-1","connectionId":"c-1","jobId":7,"attemptNumber":1,)"
                          R"("pagination":{"pageSize":200,"rowOffset":0}})"));
}

TEST_F(Inspect, WhoeverWatchesGetsTheStreamsAndNoLogs) {
  script.on("POST /api/v1/jobs/get_without_logs", ok(running_7));
  script.on(sync_progress, ok(R"({"connectionId":"c-1","jobId":7,"recordsEmitted":11,"streams":[
      {"streamName":"a","streamNamespace":"public","recordsEmitted":8,"bytesEmitted":80,"recordsCommitted":5},
      {"streamName":"b","recordsCommitted":3},{"streamNamespace":"nameless","recordsCommitted":3}]})"));
  script.on(stream_statuses, ok(R"({"streamStatuses":[
      {"jobId":7,"attemptNumber":1,"streamName":"a","streamNamespace":"public","runState":"RUNNING",
       "transitionedAt":1763800000000}]})"));
  const auto seen = inspect(true);
  ASSERT_TRUE(seen) << to_string(seen.error());
  ASSERT_EQ(seen->streams.size(), 2U);
  EXPECT_EQ(seen->streams[0].state, StreamRunState::running);
  EXPECT_EQ(seen->streams[0].records, 8);
  EXPECT_EQ(seen->streams[0].bytes, 80);
  EXPECT_EQ(seen->streams[1].name, "b") << "counted, and without a state";
  EXPECT_EQ(seen->streams[1].records, 3);
  EXPECT_THAT(script.bodies(debug_info), IsEmpty()) << "its reply carries the logs of every attempt";
}

TEST_F(Inspect, AnEndedJobStillTellsItsStreams) {
  script.on("POST /api/v1/jobs/get_without_logs",
            ok(R"({"job":{"id":7,"configId":"c-1","status":"failed"},"attempts":[{"attempt":{"id":0}}]})"));
  script.on(stream_statuses, ok(R"({"streamStatuses":[
      {"jobId":7,"attemptNumber":0,"streamName":"a","runState":"INCOMPLETE","transitionedAt":1763800000000}]})"));
  const auto seen = inspect(true);
  ASSERT_TRUE(seen) << to_string(seen.error());
  ASSERT_EQ(seen->streams.size(), 1U);
  EXPECT_EQ(seen->streams[0].state, StreamRunState::incomplete);
  EXPECT_THAT(script.bodies(sync_progress), IsEmpty()) << "nothing moves any more";
}

TEST_F(Inspect, WhatFailsOrIsForbiddenIsAbsent) {
  script.on("POST /api/v1/jobs/get_without_logs", ok(running_7));
  script.on(sync_progress, status(500, R"({"errorId":"e"})"));
  script.on(stream_statuses, ok("<html>login</html>"));
  script.on(debug_info, status(403, ""));
  const auto seen = inspect();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ(seen->job.counters.records_emitted, 10);
  EXPECT_TRUE(seen->streams.empty());
  EXPECT_FALSE(seen->workflow_running);
}

TEST_F(Inspect, TheFirstReadingFailsTheWhole) {
  script.on("POST /api/v1/jobs/get_without_logs", status(503, ""));
  const auto seen = inspect();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Errc::server_error);
  EXPECT_TRUE(script.bodies(debug_info).empty());
}

TEST_F(Inspect, AnEndedJobNeedsNoMoreLooks) {
  script.on("POST /api/v1/jobs/get_without_logs",
            ok(R"({"job":{"id":7,"configId":"c-1","status":"succeeded"}})"));
  const auto seen = inspect();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->job.status, JobStatus::succeeded);
  EXPECT_EQ(script.asked.size(), 2U) << "the probe and the job";
}

TEST_F(Inspect, ProgressOfAnotherJobIsNotTaken) {
  script.on("POST /api/v1/jobs/get_without_logs",
            ok(R"({"job":{"id":7,"configId":"c-1","status":"running"},"attempts":[{"attempt":{"id":0}}]})"));
  script.on(sync_progress, ok(R"({"connectionId":"c-1","jobId":8,"recordsEmitted":99,"streams":[]})"));
  script.on(combined_stats, ok(R"({"recordsEmitted":3,"bytesCommitted":-9007199254740991})"));
  const auto seen = inspect();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->job.counters.records_emitted, 3);
  EXPECT_FALSE(seen->job.counters.bytes_committed);
  EXPECT_THAT(script.bodies(combined_stats), ElementsAre(R"({"jobId":7,"attemptNumber":0})"));
}

TEST_F(Inspect, ClosingEndsItWithCancelled) {
  script.on("POST /api/v1/jobs/get_without_logs", ok(running_7));
  script.on(sync_progress, ok("{}"));
  script.on(stream_statuses, broken(Errc::cancelled, true));
  const auto seen = inspect();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Errc::cancelled);
}

TEST_F(Inspect, AHugeLogPassesByUnkept) {
  script.chunk = 1U << 16U;
  script.on("POST /api/v1/jobs/get_without_logs", ok(running_7));
  std::string reply = R"({"attempts":[{"logs":{"logLines":[)";
  for (int i = 0; i < 1'000; ++i) reply += "\"" + std::string(2'000, 'x') + "\",";
  script.on(debug_info, ok(reply + R"("end"]}}],"workflowState":{"running":true}})"));
  const auto seen = inspect();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->workflow_running, true);
  EXPECT_EQ(script.asked.back().max_body, std::size_t{256} << 20U);
}

TEST_F(Inspect, StreamsBeyondTheFirstPageAreRead) {
  script.on("POST /api/v1/jobs/get_without_logs", ok(running_7));
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/stream_statuses/list") return std::nullopt;
    const bool first = request.body.find("\"rowOffset\":0}") != std::string::npos;
    std::string list;
    for (int i = 0; i < (first ? 200 : 3); ++i) {
      list += (i == 0 ? "" : ",");
      list += R"({"streamName":"s)" + std::to_string(first ? i : 200 + i) + R"(","runState":"RUNNING"})";
    }
    return ok(R"({"streamStatuses":[)" + list + "]}");
  };
  const auto seen = inspect();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->streams.size(), 203U);
  EXPECT_THAT(script.bodies(stream_statuses).back(), HasSubstr("\"rowOffset\":200}"));
}

// ---- logs

struct Logs : Inspect {
  Logs() { script.on("POST /api/v1/jobs/get_without_logs", ok(running_7)); }
  Result<std::vector<std::string>> lines(std::size_t most) {
    return bench.run(bench.client().log_lines(JobId{7}, most));
  }
};

TEST_F(Logs, LinesAndEventsBecomeText) {
  script.on("POST /api/v1/attempt/get_for_job", ok(R"({"attempt":{"id":1},"logs":{"events":[
      {"timestamp":1763800000000,"message":"it\nbroke\n","level":"error","logSource":"source","stackTrace":"at x"},
      {"message":"odd"},{},7]}})"));
  script.on("POST /api/v1/attempt/get_for_job",
            ok(R"({"logs":{"logLines":["a","\u001b[32mINFO\u001b[m b\u0007\tc",null,{"x":1}]}})"));
  const auto events = lines(10);
  ASSERT_TRUE(events) << to_string(events.error());
  EXPECT_THAT(*events, ElementsAre("2025-11-22T08:26:40Z ERROR source > it",
                                   "2025-11-22T08:26:40Z ERROR source > broke", "odd"));
  EXPECT_THAT(script.bodies("POST /api/v1/attempt/get_for_job"),
              ElementsAre(R"({"jobId":7,"attemptNumber":1})"));
  const auto plain = lines(10);
  ASSERT_TRUE(plain);
  EXPECT_THAT(*plain, ElementsAre("a", "INFO b c"));
}

TEST_F(Logs, OnlyTheNewestLinesAreKept) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
  script.on("POST /api/v1/attempt/get_for_job", ok(R"({"logs":{"logLines":[)" + text + "]}}"));
  const auto kept = lines(2);
  ASSERT_TRUE(kept);
  EXPECT_THAT(*kept, ElementsAre("4998", "4999"));
  EXPECT_THAT(*lines(0), IsEmpty());
}

TEST_F(Logs, WithoutTheRouteOfOneAttemptTheLogsOfAllAreRead) {
  script.on(debug_info, ok(R"({"attempts":[{"attempt":{"id":0},"logs":{"logLines":["old"]}},
      {"attempt":{"id":1},"logs":{"logLines":["new"]}}],"workflowState":{"running":true}})"));
  const auto kept = lines(10);
  ASSERT_TRUE(kept) << to_string(kept.error());
  EXPECT_THAT(*kept, ElementsAre("new"));
}

TEST_F(Logs, AreBoundedInBytesToo) {
  LogTail tail(100'000);
  Node line;
  line.kind = Node::Kind::text;
  line.string = std::string(100'000, 'y');
  for (int i = 0; i < 10'000; ++i) tail.take(line);
  const auto kept = tail.lines();
  EXPECT_LE(kept.size() * LogTail::max_line, LogTail::max_bytes);
  EXPECT_EQ(kept.back().size(), LogTail::max_line);
}

TEST(LogText, LosesControlsAndKeepsTheRest) {
  EXPECT_EQ(log_text("a\x1B]0;title\x07z"), "az");
  EXPECT_EQ(log_text("a\x1B]0;title\x1B\\z"), "az");
  EXPECT_EQ(log_text("a\x1B[1;31"), "a");
  EXPECT_EQ(log_text("\x1B"), "");
  EXPECT_EQ(log_text("größe \xFF\r"), "größe \xEF\xBF\xBD");
}

// ---- the readings before a cancel

struct Cancels : Inspect {
  in::CancelAnswered cancel() {
    out::CancelJob request;
    request.job = JobId{7};
    request.connection = ConnectionId("c-1");
    return bench.run(bench.client().cancel(request));
  }
  void job(const std::string& status_word, const std::string& connection = "c-1") {
    script.on("POST /api/v1/jobs/get_without_logs",
              ok(R"({"job":{"id":7,"configType":"sync","configId":")" + connection + R"(","status":")" +
                 status_word + R"("}})"));
  }
  void newest(const std::string& id, const std::string& status_word) {
    script.on("POST /api/v1/jobs/list",
              ok(R"({"jobs":[{"job":{"id":)" + id + R"(,"configType":"sync","configId":"c-1","status":")" +
                 status_word + R"("},"attempts":[]}]})"));
  }
  [[nodiscard]] bool sent() const { return !script.bodies("POST /api/v1/jobs/cancel").empty(); }
};

TEST_F(Cancels, WhatIsUnclearIsFailedAndSendsNothing) {
  job("from_the_future");
  const auto strange = cancel();
  EXPECT_EQ(strange.result, CancelResult::failed);
  EXPECT_THAT(to_string(*strange.error), HasSubstr("not known here"));

  script.routes.clear();
  job("running", "c-2");
  const auto foreign = cancel();
  EXPECT_EQ(foreign.result, CancelResult::failed);
  EXPECT_THAT(to_string(*foreign.error), HasSubstr("another connection"));

  script.routes.clear();
  job("running");
  script.on("POST /api/v1/jobs/list", ok(R"({"jobs":[]})"));
  EXPECT_EQ(cancel().result, CancelResult::failed) << "not listed at all";

  script.routes.clear();
  job("running");
  newest("6", "running");
  EXPECT_EQ(cancel().result, CancelResult::failed) << "an older one is the newest";

  script.routes.clear();
  job("running");
  script.on("POST /api/v1/jobs/list", status(502, "<html>"));
  EXPECT_EQ(cancel().result, CancelResult::failed);
  EXPECT_FALSE(sent());
}

TEST_F(Cancels, AJobThatEndsBetweenTheReadingsIsLeftAlone) {
  job("running");
  newest("7", "succeeded");
  EXPECT_EQ(cancel().result, CancelResult::already_ended);
  EXPECT_FALSE(sent());
}

TEST_F(Cancels, AnAnswerThatDoesNotComeIsFailed) {
  job("running");
  newest("7", "running");
  script.on("POST /api/v1/jobs/cancel", broken(Errc::reply_timeout, true));
  const auto lost = cancel();
  EXPECT_EQ(lost.result, CancelResult::failed);
  EXPECT_EQ(lost.error->code, Errc::reply_timeout);
  EXPECT_EQ(script.bodies("POST /api/v1/jobs/cancel").size(), 1U) << "never repeated blindly";
}

TEST_F(Cancels, ReadingsThatGrewOldInTheLaneAreMadeAgain) {
  bench.target.trigger_lanes = 1;  // the lane of cancels is as wide
  ASSERT_TRUE(bench.run(bench.client().probe()));
  job("running");
  job("running");
  job("cancelled");
  newest("7", "running");
  script.on("POST /api/v1/jobs/cancel", hanging("{}"));
  script.on("POST /api/v1/jobs/cancel", ok("{}"));
  std::vector<CancelResult> results;
  out::CancelJob request;
  request.job = JobId{7};
  request.connection = ConnectionId("c-1");
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(
        bench.context, bench.client().cancel(request),
        [&](std::exception_ptr, const in::CancelAnswered& answer) { results.push_back(answer.result); });
  }
  bench.context.restart();
  bench.context.poll();
  EXPECT_TRUE(results.empty());
  bench.now.mono = bench.now.mono + std::chrono::seconds{6};
  script.release();
  bench.context.run();
  EXPECT_THAT(results, ElementsAre(CancelResult::accepted, CancelResult::already_ended));
  EXPECT_EQ(script.bodies("POST /api/v1/jobs/cancel").size(), 1U);
}

}  // namespace
}  // namespace syncwarden::airbyte::testing
