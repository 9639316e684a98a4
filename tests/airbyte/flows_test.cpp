// What goes wrong on the way, over the Config API of 2.0.
#include "airbyte/client.hpp"
#include "fake_http.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::airbyte::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string item(std::int64_t id, const std::string& status, std::int64_t updated) {
  const std::string time = std::to_string(updated);
  return R"({"job":{"id":)" + std::to_string(id) + R"(,"configType":"sync","configId":"c-1","createdAt":)" +
         time + R"(,"updatedAt":)" + time + R"(,"status":")" + status + R"("},"attempts":[]})";
}

std::string list_of(std::int64_t first, std::int64_t count, const std::string& status,
                    std::int64_t per_second) {
  std::string text = R"({"jobs":[)";
  for (std::int64_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + item(first + i, status, 1763800000 + (first + i) / per_second);
  }
  return text + "]}";
}

std::size_t number_after(const std::string& text, const std::string& key) {
  const std::size_t at = text.find("\"" + key + "\":");
  return at == std::string::npos ? 0 : std::stoul(text.substr(at + key.size() + 3));
}

struct Flows : ::testing::Test {
  Bench bench;
  Script& script = *bench.script;

  Flows() {
    script.chunk = 4'096;
    script.on("GET /api/v1/instance_configuration", ok(instance_200));
    script.on("POST /api/v1/workspaces/list_by_user_id", ok(R"({"workspaces":[{"workspaceId":"w-1"}]})"));
  }
  void know() { ASSERT_TRUE(bench.run(bench.client().probe())); }
  out::TriggerSync trigger(Millis time_left) const {
    out::TriggerSync request;
    request.connection = ConnectionId("c-1");
    request.not_after = bench.now.mono + time_left;
    return request;
  }
  TriggerReply trigger_now() { return bench.run(bench.client().trigger(trigger(std::chrono::seconds{60}))); }
  in::CancelAnswered cancel(std::int64_t id, std::optional<std::uint32_t> attempts = std::nullopt) {
    out::CancelJob request;
    request.job = JobId{id};
    request.connection = ConnectionId("c-1");
    request.attempts = attempts;
    return bench.run(bench.client().cancel(request));
  }
};

TEST_F(Flows, AnEndlessTriggerReplyIsUnclearAndCutOff) {
  know();
  script.on("POST /api/v1/connections/sync",
            ok(R"({"job":{"id":1,"status":"running"},"attempts":[{"logs":{"logLines":[)"));
  script.repeat = "\"" + std::string(1'000, 'x') + "\",";
  const std::size_t before = script.fed;
  const auto reply = trigger_now();
  EXPECT_EQ(reply.answer, TriggerAnswer::unclear);
  EXPECT_EQ(reply.error->code, Errc::reply_too_large);
  EXPECT_LT(script.fed - before, 2U << 20U);
}

TEST_F(Flows, AnHtmlReplyToATriggerIsUnclear) {
  know();
  script.on("POST /api/v1/connections/sync", ok("<html>maintenance</html>"));
  const auto reply = trigger_now();
  EXPECT_EQ(reply.answer, TriggerAnswer::unclear);
  EXPECT_EQ(reply.error->code, Errc::malformed_reply);
  EXPECT_THAT(reply.error->message, HasSubstr("HTML"));
}

TEST_F(Flows, ATriggerWhoseTimeHasPassedIsNotSent) {
  know();
  script.on("POST /api/v1/connections/sync", ok(item(1, "running", 1763800000)));
  const auto reply = bench.run(bench.client().trigger(trigger(Millis{-1})));
  EXPECT_EQ(reply.answer, TriggerAnswer::not_sent);
  EXPECT_EQ(reply.error->code, Errc::expired);
  EXPECT_TRUE(script.bodies("POST /api/v1/connections/sync").empty());
}

TEST_F(Flows, HungTriggersHoldUpTriggersButNotReads) {
  bench.target.trigger_lanes = 1;
  know();
  script.on("POST /api/v1/connections/sync", hanging(item(1, "running", 1763800000)));
  script.on("POST /api/v1/jobs/get_without_logs", ok(item(7, "running", 1763800000)));
  std::vector<TriggerReply> replies;
  const auto keep = [&](std::exception_ptr, TriggerReply reply) { replies.push_back(std::move(reply)); };
  boost::asio::co_spawn(bench.context, bench.client().trigger(trigger(std::chrono::seconds{60})), keep);
  boost::asio::co_spawn(bench.context, bench.client().trigger(trigger(Millis{20})), keep);
  bool read = false;
  boost::asio::co_spawn(bench.context, bench.client().job(JobId{7}),
                        [&](std::exception_ptr, Result<JobView> view) { read = view.has_value(); });
  bench.context.restart();
  while (replies.empty()) bench.context.run_one();
  EXPECT_TRUE(read);
  EXPECT_EQ(replies[0].answer, TriggerAnswer::not_sent);  // its turn had not come
  EXPECT_EQ(replies[0].error->code, Errc::expired);
  script.release();
  bench.context.run();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[1].answer, TriggerAnswer::created);
}

TEST_F(Flows, ClosingEndsEverythingWithCancelled) {
  bench.target.trigger_lanes = 1;
  know();
  script.on("POST /api/v1/connections/sync", hanging(item(1, "running", 1763800000)));
  std::vector<TriggerReply> replies;
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(
        bench.context, bench.client().trigger(trigger(std::chrono::seconds{60})),
        [&](std::exception_ptr, TriggerReply reply) { replies.push_back(std::move(reply)); });
  }
  bench.context.restart();
  bench.context.poll();
  bench.client().close();
  bench.context.run();
  ASSERT_EQ(replies.size(), 2U);
  for (const auto& reply : replies) EXPECT_EQ(reply.error->code, Errc::cancelled);
  std::vector<TriggerAnswer> answers{replies[0].answer, replies[1].answer};
  EXPECT_THAT(answers, ::testing::UnorderedElementsAre(TriggerAnswer::unclear, TriggerAnswer::not_sent));
  EXPECT_EQ(bench.run(bench.client().job(JobId{1})).error().code, Errc::cancelled);
}

TEST_F(Flows, CancellingTheCoroutineEndsTheCall) {
  know();
  script.on("POST /api/v1/connections/sync", hanging(item(1, "running", 1763800000)));
  boost::asio::cancellation_signal signal;
  std::optional<TriggerReply> got;
  boost::asio::co_spawn(
      bench.context, bench.client().trigger(trigger(std::chrono::seconds{60})),
      boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error, TriggerReply reply) {
        EXPECT_FALSE(error);
        got = std::move(reply);
      }));
  bench.context.restart();
  bench.context.poll();
  signal.emit(boost::asio::cancellation_type::terminal);
  bench.context.run();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->answer, TriggerAnswer::unclear);
  EXPECT_EQ(got->error->code, Errc::cancelled);
}

TEST_F(Flows, ARetryAfterPausesItsLaneAndIsToldOnce) {
  know();
  Reply throttled = status(429, R"({"message":"You are being rate limited."})");
  throttled.headers.push_back({"Retry-After", "30"});
  script.on("POST /api/v1/connections/sync", throttled);
  script.on("POST /api/v1/jobs/get_without_logs", ok(item(7, "running", 1763800000)));
  const auto reply = trigger_now();
  EXPECT_EQ(reply.answer, TriggerAnswer::throttled);
  EXPECT_EQ(reply.retry_after, Millis{30'000});
  EXPECT_EQ(bench.client().take_retry_after(), Millis{30'000});
  EXPECT_FALSE(bench.client().take_retry_after());
  const auto paused = bench.run(bench.client().trigger(trigger(std::chrono::seconds{10})));
  EXPECT_EQ(paused.answer, TriggerAnswer::not_sent);
  EXPECT_EQ(script.bodies("POST /api/v1/connections/sync").size(), 1U);
  EXPECT_TRUE(bench.run(bench.client().job(JobId{7})));  // another lane
}

TEST_F(Flows, CancelSendsNothingForAnEndedOrOlderOrUnknownJob) {
  script.on("POST /api/v1/jobs/get_without_logs", ok(item(12, "succeeded", 1763800000)));
  script.on("POST /api/v1/jobs/get_without_logs", ok(item(12, "running", 1763800000)));
  script.on("POST /api/v1/jobs/get_without_logs", status(500, R"({"errorId":"e"})"));
  script.on("POST /api/v1/jobs/list", ok(list_of(13, 1, "running", 1)));
  EXPECT_EQ(cancel(12).result, CancelResult::already_ended);
  EXPECT_EQ(cancel(12).result, CancelResult::not_latest);
  const auto unknown = cancel(12);
  EXPECT_EQ(unknown.result, CancelResult::failed);
  EXPECT_EQ(unknown.error->code, Errc::not_found);
  EXPECT_TRUE(script.bodies("POST /api/v1/jobs/cancel").empty());
}

TEST_F(Flows, CancelSparesAJobThatHasBegunAnotherAttempt) {
  std::string second = item(12, "running", 1763800000);
  const std::string attempt = R"({"id":0,"status":"failed","createdAt":1763800000,"updatedAt":1763800000})";
  second.replace(second.find("[]"), 2, "[" + attempt + "," + attempt + "]");
  script.on("POST /api/v1/jobs/get_without_logs", ok(second));
  script.on("POST /api/v1/jobs/list", ok(R"({"jobs":[)" + second + "]}"));
  EXPECT_EQ(cancel(12, 1).result, CancelResult::has_moved);
  EXPECT_TRUE(script.bodies("POST /api/v1/jobs/cancel").empty());
  script.on("POST /api/v1/jobs/cancel", ok(second));
  EXPECT_EQ(cancel(12, 2).result, CancelResult::accepted);
}

TEST_F(Flows, ACancelReplyFullOfLogsIsAnAnswer) {
  script.on("POST /api/v1/jobs/get_without_logs", ok(item(12, "running", 1763800000)));
  script.on("POST /api/v1/jobs/list", ok(list_of(12, 1, "running", 1)));
  ASSERT_TRUE(bench.run(bench.client().job(JobId{12})));
  script.on("POST /api/v1/jobs/cancel", ok("{"));
  script.handler = [this](const http::Request& request) -> std::optional<Reply> {
    if (request.path() == "/api/v1/jobs/cancel") script.repeat = std::string(100'000, ' ');
    return std::nullopt;
  };
  EXPECT_EQ(cancel(12).result, CancelResult::accepted);
}

TEST_F(Flows, PagesAreReadToTheEndAndLargeFleetsInLargePages) {
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/jobs/list_for_workspaces") return std::nullopt;
    if (request.body.find("running") == std::string::npos) return ok(R"({"jobs":[]})");
    const auto size = static_cast<std::int64_t>(number_after(request.body, "pageSize"));
    const auto offset = static_cast<std::int64_t>(number_after(request.body, "rowOffset"));
    const std::int64_t count = std::clamp<std::int64_t>(450 - offset, 0, size);
    return ok(list_of(1 + offset, count, "running", 1));
  };
  out::ReadJobs request;
  request.ended_since = bench.now.wall;
  const auto page = bench.run(bench.client().jobs(request));
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_EQ(page->active.size(), 450U);
  EXPECT_EQ(script.bodies("POST /api/v1/jobs/list_for_workspaces").size(), 4U);
  ASSERT_TRUE(bench.run(bench.client().jobs(request)));
  const auto bodies = script.bodies("POST /api/v1/jobs/list_for_workspaces");
  ASSERT_EQ(bodies.size(), 6U);
  EXPECT_EQ(number_after(bodies[4], "pageSize"), 1'000U);
}

TEST_F(Flows, AFloodOfEndedJobsIsCutWhereTheTimeChanges) {
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/jobs/list_for_workspaces") return std::nullopt;
    if (request.body.find("running") != std::string::npos) return ok(R"({"jobs":[]})");
    const auto offset = static_cast<std::int64_t>(number_after(request.body, "rowOffset"));
    return ok(list_of(1 + offset, 200, "succeeded", 300));  // 300 end in each second, without end
  };
  out::ReadJobs request;
  request.ended_since = parse_rfc3339("2025-11-22T00:00:00Z");
  const auto page = bench.run(bench.client().jobs(request));
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_FALSE(page->ended_complete);
  EXPECT_EQ(page->ended.size(), 19'799U);  // the second that begins with 19,800 was not read whole
  EXPECT_EQ(page->ended.back().id, JobId{19'799});
}

TEST_F(Flows, WithoutACursorTheNewestEndedJobsAreRead) {
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/jobs/list_for_workspaces") return std::nullopt;
    if (request.body.find("running") != std::string::npos) return ok(R"({"jobs":[]})");
    const auto offset = static_cast<std::int64_t>(number_after(request.body, "rowOffset"));
    return ok(list_of(1 + offset, 200, "succeeded", 1));
  };
  out::ReadJobs request;
  request.history_limit = 450;
  const auto page = bench.run(bench.client().jobs(request));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->ended.size(), 450U);
  EXPECT_TRUE(page->ended_complete);
  EXPECT_THAT(script.bodies("POST /api/v1/jobs/list_for_workspaces").back(),
              HasSubstr(R"("orderByField":"createdAt","orderByMethod":"DESC")"));
}

TEST_F(Flows, AServerThatIgnoresOffsetsEndsThePoll) {
  script.on("POST /api/v1/jobs/list_for_workspaces", ok(list_of(1, 200, "running", 1)));
  const auto page = bench.run(bench.client().jobs(out::ReadJobs()));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->active.size(), 200U);
  EXPECT_TRUE(page->ended.empty());  // and it ignores the filter of statuses
}

TEST_F(Flows, AServerThatIgnoresTheFilterIsNotReadToItsBeginning) {
  script.handler = [](const http::Request& request) -> std::optional<Reply> {
    if (request.path() != "/api/v1/jobs/list_for_workspaces") return std::nullopt;
    if (request.body.find("updatedAtStart") != std::string::npos) return ok(R"({"jobs":[]})");
    const auto offset = static_cast<std::int64_t>(number_after(request.body, "rowOffset"));
    if (offset == 0) {
      std::string newest = list_of(100'000, 199, "succeeded", 1);
      newest.replace(newest.rfind(']'), 1, "," + item(100'199, "running", 1763800000) + "]");
      return ok(newest);
    }
    return ok(list_of(1 + offset, 200, "succeeded", 1));  // without end
  };
  out::ReadJobs request;
  request.ended_since = bench.now.wall;
  const auto page = bench.run(bench.client().jobs(request));
  ASSERT_TRUE(page) << to_string(page.error());
  ASSERT_EQ(page->active.size(), 1U);
  EXPECT_EQ(page->active[0].id, JobId{100'199});
  EXPECT_EQ(script.bodies("POST /api/v1/jobs/list_for_workspaces").size(), 3U);
  ASSERT_TRUE(bench.run(bench.client().jobs(request)));
  EXPECT_THAT(script.bodies("POST /api/v1/jobs/list_for_workspaces")[3], HasSubstr(R"("status":"pending")"));
}

TEST_F(Flows, AListThatIsNoneIsAnError) {
  script.on("POST /api/v1/jobs/list_for_workspaces", ok(R"({"data":[]})"));
  const auto missing = bench.run(bench.client().jobs(out::ReadJobs()));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::malformed_reply);
  EXPECT_THAT(to_string(missing.error()),
              HasSubstr("list_jobs POST http://airbyte:8000/api/v1/jobs/list_for_workspaces"));
}

TEST_F(Flows, AnUnknownWorkspaceListsTheOthers) {
  bench.target.workspaces = {"nowhere"};
  const auto found = bench.run(bench.client().connections());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::not_found);
  EXPECT_EQ(found.error().where, "airbyte.workspaces");
}

TEST_F(Flows, AUrlThatIsNoneIsRefusedAtOnce) {
  AirbyteTarget target;
  target.url = "ftp://airbyte";
  const auto client = make_client(
      bench.context.get_executor(), target, [this] { return bench.now; }, Observer());
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::invalid_config);
}

}  // namespace
}  // namespace syncwarden::airbyte::testing
