// The real client asks the emulated Airbyte, without sockets: what it makes of a job that looks stuck.
#include "airbyte/client.hpp"

#include "desk.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

namespace asio = boost::asio;

/// Hands requests to a front and its answers back.
class InProcess final : public http::Client {
 public:
  InProcess(http::Handler handler, std::vector<std::string>* asked)
      : handler_(std::move(handler)), asked_(asked) {}

  asio::awaitable<boost::system::result<http::Response, http::Failure>> send(
      http::Request request, http::SendOptions options) override {
    asked_->push_back(std::string(request.path()));
    http::Peer peer;
    http::Response response = co_await handler_(std::move(request), peer);
    if (options.sink && response.status / 100 == 2) {
      const bool read = options.sink(response.body);
      if (!read) {
        http::Failure failure;
        failure.error.code = Errc::malformed_reply;
        failure.sent = true;
        co_return failure;
      }
      response.body.clear();
    }
    co_return response;
  }
  void close() override {}

 private:
  http::Handler handler_;
  std::vector<std::string>* asked_;
};

struct Asking {
  explicit Asking(const std::string& version, Behaviour behaviour, const std::string& api = "/api/v1")
      : desk(exact(version), {}, {named("orders", std::move(behaviour))}) {
    AirbyteTarget target;
    target.url = "http://airbyte:8000" + api;
    target.requests_per_second = 0;
    target.proxy = "none";
    airbyte::HttpFactory factory = [this](
                                       asio::any_io_executor, const http::Origin&,
                                       const http::ClientOptions&) -> Result<std::unique_ptr<http::Client>> {
      return std::unique_ptr<http::Client>(std::make_unique<InProcess>(desk.handler, &asked));
    };
    const auto clock = [this] { return Now{desk.now, Mono{desk.now.time_since_epoch()}}; };
    client = *airbyte::make_client(desk.io.get_executor(), target, clock, {}, factory);
  }
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> result;
    asio::co_spawn(desk.io, std::move(work),
                   [&](std::exception_ptr, T value) { result.emplace(std::move(value)); });
    desk.settle();
    return std::move(*result);
  }
  [[nodiscard]] Result<JobInspection> inspect(JobId id) {
    out::InspectJob request;
    request.job = id;
    request.connection = desk.airbyte.connection(0).view.id;
    request.workspace = desk.airbyte.connection(0).view.workspace;
    request.attempts = 1;
    return run(client->inspect(request));
  }

  std::vector<std::string> asked;
  Desk desk;
  std::unique_ptr<AirbyteApi> client;
};

/// Airbyte tells whole seconds.
JobInspection in_seconds(JobInspection inspection) {
  const auto cut = [](Instant& at) { at = std::chrono::floor<seconds>(at); };
  cut(inspection.job.created);
  cut(inspection.job.updated);
  if (inspection.job.attempt_started) cut(*inspection.job.attempt_started);
  if (inspection.job.attempt_ended) cut(*inspection.job.attempt_ended);
  return inspection;
}

TEST(ClientInspects, WhatThePerfectClientWouldSee) {
  for (const auto* version : {"1.0.0", "1.8.0", "2.0.0", "2.1.0"}) {
    SCOPED_TRACE(version);
    Asking asking(version, Behaviour::throttled({seconds{100}, seconds{100}}));
    const auto id = asking.desk.running_job();
    asking.desk.pass(seconds{50});
    const auto seen = asking.inspect(id);
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_EQ(*seen, in_seconds(asking.desk.airbyte.inspect(*asking.desk.airbyte.job(id))));
    EXPECT_EQ(seen->streams.at(0).state, StreamRunState::rate_limited);
  }
}

TEST(ClientInspects, AnOrphanByItsWorkflow) {
  Asking asking("2.0.0", Behaviour::never_ending());
  const auto id = asking.desk.running_job();
  asking.desk.airbyte.make_orphan(asking.desk.airbyte.connection(0).view.id, asking.desk.now);
  const auto seen = asking.inspect(id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->job.status, JobStatus::running);
  EXPECT_EQ(seen->workflow_running, false);
}

TEST(ClientInspects, ASecondReadingIsComparableWithThePoll) {
  for (const auto* version : {"0.40.32", "0.50.40", "1.0.0", "2.1.0"}) {
    SCOPED_TRACE(version);
    auto flaky = Behaviour::never_ending();
    flaky.attempt_failure = 0;
    Asking asking(version, flaky);
    const auto id = asking.desk.running_job();
    asking.desk.pass(hours{3});
    out::ReadJobs poll;
    poll.focus = {asking.desk.airbyte.connection(0).view.id};
    const auto page = asking.run(asking.client->jobs(poll));
    ASSERT_TRUE(page) << to_string(page.error());
    ASSERT_EQ(page->active.size(), 1U);
    const auto seen = asking.inspect(id);
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_TRUE(has_statistics(seen->job.counters));
    EXPECT_EQ(seen->job.counters, page->active[0].counters) << "nothing moved";
    EXPECT_EQ(seen->job.attempts, page->active[0].attempts);
    EXPECT_EQ(seen->workflow_running, true);
  }
}

TEST(ClientInspects, ThePublicApiTellsNoMoreThanTheJob) {
  Asking asking("2.0.0", Behaviour::never_ending(), "/api/public/v1");
  const auto id = asking.desk.running_job();
  const auto seen = asking.inspect(id);
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_EQ(seen->job.status, JobStatus::running);
  EXPECT_FALSE(seen->workflow_running);
  EXPECT_TRUE(seen->streams.empty());
  const auto lines = asking.run(asking.client->log_lines(id, 10));
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().code, Errc::unsupported);
}

TEST(ClientReadsLogs, OfTheNewestAttempt) {
  for (const auto* version : {"0.40.32", "0.50.40", "2.0.0"}) {
    SCOPED_TRACE(version);
    auto behaviour = ten_seconds();
    behaviour.job_failure = 1;
    Asking asking(version, behaviour);
    const auto id = asking.desk.running_job();
    asking.desk.pass(seconds{25});
    const auto attempts = asking.desk.airbyte.job(id)->attempts.size();
    ASSERT_GE(attempts, 2U);
    const auto lines = asking.run(asking.client->log_lines(id, 100));
    ASSERT_TRUE(lines) << to_string(lines.error());
    ASSERT_FALSE(lines->empty());
    EXPECT_NE(lines->front().find(fmt::format("Attempt {} of job", attempts - 1)), std::string::npos)
        << lines->front();
    const auto last = asking.run(asking.client->log_lines(id, 1));
    ASSERT_EQ(last->size(), 1U);
    EXPECT_EQ(last->front(), lines->back());
  }
}

TEST(ClientReadsConnections, WithTheReasonWhyOneIsOff) {
  for (const auto* api : {"/api/v1", "/api/public/v1"}) {
    Asking asking("2.1.0", ten_seconds(), api);
    asking.desk.airbyte.break_schema(asking.desk.airbyte.connection(0).view.id, asking.desk.now);
    const auto seen = asking.run(asking.client->connections());
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_EQ(seen->at(0).status_reason, "SCHEMA_CHANGES_ARE_BREAKING");
    EXPECT_EQ(seen->at(0).breaking_change, api == std::string("/api/v1")) << "the Public API does not tell";
  }
}

}  // namespace
}  // namespace syncwarden::emulator
