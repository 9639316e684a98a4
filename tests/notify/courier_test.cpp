// Deliveries over real sockets: what is taken, given up and tried again, and who waits for whom.
#include "notify/courier.hpp"

#include "http/server.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::notify {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using End = Delivery::End;

constexpr std::chrono::seconds patience{20};

/// A receiver of notifications that answers as it is told, and couriers on one loop.
class Couriers : public testing::Test {
 protected:
  Couriers() {
    context->clock = [] { return Now{Instant{std::chrono::hours{500'000}}, Mono{}}; };
    context->environment = [](const char*) -> const char* { return nullptr; };
    context->user_agent = "syncwarden/test";
    context->write = [this](const std::vector<Mutation>& mutations) {
      for (const auto& mutation : mutations) removed.push_back(std::get<put::DropNotice>(mutation).key);
    };
    context->alive = [this] { return alive; };
    context->tried = [this](const Receiver& receiver, const std::vector<Notice>&, const Delivery& delivery,
                            Millis, bool) {
      ends.push_back(fmt::format("{} {} {}", receiver.name, delivery.what, delivery.reason));
      if (--tries_wanted == 0) finish();
    };
    context->beat = [this](Instant) {
      ++beats;
      finish();
    };
    context->beat_failed = [this](const Receiver&, const Delivery&) { finish(); };
    server = http::make_server(
        loop.get_executor(), http::ServerLimits{},
        [this](http::Request request, http::Peer) { return handle(std::move(request)); }, {});
    port = *server->listen("127.0.0.1:0");
    spawn(server->run());
  }

  asio::awaitable<http::Response> handle(http::Request request) {
    requests.push_back(request);
    co_return answer;
  }

  void spawn(asio::awaitable<void> task) {
    asio::co_spawn(loop, std::move(task), [](std::exception_ptr bug) {
      if (bug) std::rethrow_exception(bug);
    });
  }

  /// What runs ends by itself afterwards.
  void finish() {
    for (const auto& courier : couriers) courier->stop();
    server->stop(Millis{0});
  }

  Receiver webhook(const std::string& name, std::uint16_t at) const {
    Receiver out;
    out.name = name;
    out.target =
        WebhookTarget{Secret(fmt::format("http://127.0.0.1:{}/hook/s3cret?token=t0ken", at)), Secret("k")};
    out.events.assign(incident_events.begin(), incident_events.end());
    return out;
  }

  std::shared_ptr<Courier> courier(const Receiver& receiver) {
    auto made = Courier::make(loop.get_executor(), receiver, outbox, context);
    EXPECT_TRUE(made);
    couriers.push_back(*made);
    return *made;
  }

  void rows_for(const std::vector<Receiver>& receivers) {
    outbox->configure(receivers);
    Incident incident;
    incident.id = IncidentId{1};
    incident.subject = "orders";
    std::vector<Mutation> durable{put::PutIncident{incident}};
    outbox->extend(
        durable, [](const ConnectionId&) { return std::optional<KnownConnection>{}; }, Instant{});
    outbox->written(durable);
  }

  asio::io_context loop{1};
  std::unique_ptr<http::Server> server;
  std::uint16_t port = 0;
  http::Response answer;
  std::vector<http::Request> requests;
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>(std::vector<Receiver>{});
  std::shared_ptr<CourierContext> context = std::make_shared<CourierContext>();
  std::vector<std::shared_ptr<Courier>> couriers;
  std::vector<std::string> removed;
  std::vector<std::string> ends;
  int tries_wanted = 1;
  int beats = 0;
  bool alive = true;
};

TEST_F(Couriers, WhatIsTakenIsRemoved) {
  const auto hook = webhook("hook", port);
  rows_for({hook});
  spawn(Courier::run(courier(hook)));
  loop.run_for(patience);
  EXPECT_THAT(ends, ElementsAre("hook answered 200 "));
  EXPECT_THAT(removed, ElementsAre("incident-1/incident_opened/0/hook"));
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/hook/s3cret?token=t0ken");
  EXPECT_EQ(requests[0].header("Syncwarden-Key"), "incident-1/incident_opened/0/hook");
  EXPECT_EQ(requests[0].header("User-Agent"), "syncwarden/test");
  EXPECT_TRUE(requests[0].header("Syncwarden-Signature"));
}

TEST_F(Couriers, WhatCannotSucceedIsGivenUpAndRemoved) {
  answer.status = 404;
  const auto hook = webhook("hook", port);
  rows_for({hook});
  spawn(Courier::run(courier(hook)));
  loop.run_for(patience);
  EXPECT_THAT(ends, ElementsAre("hook answered 404 clientError"));
  EXPECT_EQ(removed.size(), 1U);
}

TEST_F(Couriers, WhatMaySucceedLaterStays) {
  answer.status = 503;
  const auto hook = webhook("hook", port);
  rows_for({hook});
  const auto one = courier(hook);
  spawn(Courier::run(one));
  loop.run_for(patience);
  EXPECT_THAT(ends, ElementsAre("hook answered 503 serverError"));
  EXPECT_THAT(removed, IsEmpty());
  EXPECT_TRUE(one->failing());
  EXPECT_EQ(outbox->waiting("hook", 9).size(), 1U);
}

TEST_F(Couriers, ADeadReceiverDelaysNoOther) {
  // Two ends, in whatever order: the dead one's failure and the other one's success.
  tries_wanted = 2;
  auto dead = webhook("dead", 1);
  const auto hook = webhook("hook", port);
  rows_for({dead, hook});
  spawn(Courier::run(courier(dead)));
  spawn(Courier::run(courier(hook)));
  loop.run_for(patience);
  EXPECT_THAT(removed, ElementsAre("incident-1/incident_opened/0/hook"));
  EXPECT_THAT(ends, testing::UnorderedElementsAre("hook answered 200 ", "dead connect_refused other"));
}

TEST_F(Couriers, AHeartbeatIsPinged) {
  Receiver beat;
  beat.name = "deadman";
  beat.target = HeartbeatTarget{Secret(fmt::format("http://127.0.0.1:{}/ping", port)), Millis{60'000}, false};
  spawn(Courier::run(courier(beat)));
  loop.run_for(patience);
  EXPECT_EQ(beats, 1);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "GET");
  EXPECT_EQ(requests[0].target, "/ping");
}

TEST_F(Couriers, AHeartbeatIsSilentWhileNothingMoves) {
  alive = false;
  Receiver beat;
  beat.name = "deadman";
  beat.target = HeartbeatTarget{Secret(fmt::format("http://127.0.0.1:{}/ping", port)), Millis{60'000}, false};
  spawn(Courier::run(courier(beat)));
  asio::post(loop, [this] { asio::post(loop, [this] { finish(); }); });
  loop.run_for(patience);
  EXPECT_THAT(requests, IsEmpty());
}

TEST_F(Couriers, ATestIsMarkedAndItsAnswerShowsNoSecret) {
  answer.status = 400;
  answer.body = "no such hook: /hook/s3cret?token=t0ken\x1b[31m";
  const auto one = courier(webhook("hook", port));
  Delivery delivery;
  const auto testing = [](std::shared_ptr<Courier> which, Delivery& into) -> asio::awaitable<void> {
    into = co_await which->test();
  };
  asio::co_spawn(loop, testing(one, delivery), [this](std::exception_ptr) { finish(); });
  loop.run_for(patience);
  EXPECT_EQ(delivery.end, End::given_up);
  EXPECT_THAT(delivery.answer, HasSubstr("no such hook: <secret>"));
  EXPECT_THAT(delivery.answer, Not(HasSubstr("\x1b")));
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_THAT(requests[0].body, HasSubstr("This is a test of syncwarden"));
}

TEST_F(Couriers, AnAddressThatCannotBeUsedIsToldWithoutIt) {
  auto bad = webhook("hook", port);
  bad.target = WebhookTarget{Secret("http://s3cret host/x"), {}};
  const auto made = Courier::make(loop.get_executor(), bad, outbox, context);
  ASSERT_FALSE(made);
  EXPECT_THAT(to_string(made.error()), HasSubstr("notify \"hook\""));
  EXPECT_THAT(to_string(made.error()), Not(HasSubstr("s3cret")));
  finish();
  loop.run_for(patience);
}

}  // namespace
}  // namespace syncwarden::notify
