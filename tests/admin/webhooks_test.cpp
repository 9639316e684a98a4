// Airbyte's webhook: who may call it, what it counts, and that it only ever asks for a look.
#include "admin/admin.hpp"
#include "exposition.hpp"
#include "fake_view.hpp"

#include <exception>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::admin {
namespace {

namespace asio = boost::asio;
using observe::testing::FakeView;
using observe::testing::parse_exposition;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string token = "0123456789abcdef-WEBHOOK";

class Hook : public ::testing::Test {
 protected:
  http::Response post(const std::string& body, const std::string& with = token,
                      std::vector<http::Header> headers = {{"Host", "warden.internal:9927"}},
                      const std::string& method = "POST") {
    if (!handle) handle = make();
    http::Response answer;
    answer.status = 0;
    asio::co_spawn(context, handle({method, "/webhooks/airbyte/" + with, std::move(headers), body}, peer),
                   [&answer](const std::exception_ptr& thrown, http::Response response) {
                     if (thrown) std::rethrow_exception(thrown);
                     answer = std::move(response);
                   });
    context.restart();
    context.run();
    return answer;
  }
  double count(const std::string& name, const std::string& label, const std::string& word) {
    const auto shown = parse_exposition(metrics.render(view, now));
    return shown.value("syncwarden_airbyte_webhooks_" + name + "_total", {{label, word}}).value_or(-1);
  }
  double received(const std::string& event) { return count("received", "event", event); }
  double rejected(const std::string& reason) { return count("rejected", "reason", reason); }

  asio::io_context context;
  FakeView view;
  observe::Metrics metrics{observe::MetricsOptions{}};
  Now now{Instant(Millis(1'767'225'600'000)), Mono{Millis(1'000)}};
  std::string configured = token;
  std::shared_ptr<Access> access;
  http::Peer peer{"10.1.2.3", false};
  int hints = 0;
  http::Handler handle;

 private:
  http::Handler make() {
    Dependencies dependencies{.view = view, .metrics = metrics};
    dependencies.clock = [this] { return now; };
    dependencies.listen_address = ":9927";
    dependencies.access = [this] { return access; };
    dependencies.webhook_token = [this] { return Secret(configured); };
    dependencies.hint = [this] { ++hints; };
    return make_handler(std::move(dependencies));
  }
};

TEST_F(Hook, WhoKnowsTheTokenMayHint) {
  EXPECT_EQ(post(R"({"text": "Hello"})").status, 202);
  EXPECT_EQ(hints, 1);
  EXPECT_EQ(received("test"), 1);
}

TEST_F(Hook, UsersAreNotAskedFor) {
  AccessOptions options;
  options.tokens.push_back({"ci", Secret("a-token-of-somebody"), Role::admin});
  access = std::make_shared<Access>(options, nullptr, [this] { return now.mono; });
  EXPECT_EQ(post(R"({"text": "Hello"})").status, 202);
  EXPECT_EQ(post(R"({"text": "Hello"})", "a-token-of-somebody").status, 404);
}

TEST_F(Hook, AWrongTokenLooksLikeNone) {
  const auto wrong = post(R"({"text": "Hello"})", "0123456789abcdef-WEBHOOk");
  configured.clear();
  const auto none = post(R"({"text": "Hello"})");
  const auto empty = post(R"({"text": "Hello"})", "");
  EXPECT_EQ(wrong.status, 404);
  for (const auto& answer : {none, empty}) {
    EXPECT_EQ(answer.status, wrong.status);
    EXPECT_EQ(answer.body, wrong.body);
  }
  EXPECT_EQ(hints, 0);
  EXPECT_EQ(rejected("auth"), 3);
  EXPECT_THAT(wrong.body, Not(HasSubstr("WEBHOOK")));
}

TEST_F(Hook, OnlyPostsCount) {
  const auto answer = post("", token, {{"Host", "x"}}, "GET");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow").value_or(""), "POST");
  EXPECT_EQ(rejected("other"), 1);
  EXPECT_EQ(post("", "wrong", {{"Host", "x"}}, "GET").status, 404) << "and the method tells nothing";
  EXPECT_EQ(hints, 0);
}

TEST_F(Hook, APageOfAnotherOriginMayNot) {
  EXPECT_EQ(post("{}", token, {{"Host", "warden"}, {"Origin", "https://evil.example"}}).status, 403);
  EXPECT_EQ(post("{}", token, {{"Host", "warden"}, {"Sec-Fetch-Site", "cross-site"}}).status, 403);
  EXPECT_EQ(hints, 0);
}

TEST_F(Hook, AJdkThatOffersHttp2IsAnsweredAsUsual) {
  EXPECT_EQ(post(R"({"text": "Hello"})", token,
                 {{"Host", "warden"},
                  {"Connection", "Upgrade, HTTP2-Settings"},
                  {"Upgrade", "h2c"},
                  {"HTTP2-Settings", "AAEAAEAA"},
                  {"Content-Type", "application/json"}})
                .status,
            202);
}

TEST_F(Hook, WhatIsNoObjectIsRefused) {
  std::string deep = "{\"data\":";
  for (int i = 0; i < 10'000; ++i) deep += '[';
  for (const std::string& body : {std::string(), std::string("{"), std::string("[]"), std::string("\"text\""),
                                  std::string("{\"text\": \"\xff\"}"), deep}) {
    EXPECT_EQ(post(body).status, 400) << body.substr(0, 40);
  }
  EXPECT_EQ(hints, 0);
  EXPECT_EQ(rejected("bad_json"), 6);
}

TEST_F(Hook, EventsAreTakenFromWhatAirbyteSays) {
  const auto titled = [](const std::string& title, const std::string& data) {
    return R"({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ")" + title +
           R"("}}])" + data + "}";
  };
  const std::map<std::string, std::vector<std::string>> cases{
      {"success", {titled("Sync completed: <u|n>", R"(, "data": {"success": true})")}},
      {"failure",
       {titled("[prod] Sync failure occurred: <u|n>", R"(, "data": {"success": false})"),
        titled("Sync failure occurred: <u|n>", "")}},
      {"queued", {titled("Sync queued: <u|n>", R"(, "data": {"success": false})")}},
      {"disabled", {titled("Connection disabled: <u|n>", "")}},
      {"warning", {titled("Warning - repeated connection failures: <u|n>", "")}},
      {"test", {R"({"text": "Hello World! This is a test"})"}},
      {"other",
       {titled("The schema of 'n' has changed.", ""), "{}", R"({"text": 7})", R"({"data": {"success": 1}})",
        R"({"blocks": {}, "data": []})", R"({"blocks": [[]], "text": null})"}}};
  int posted = 0;
  for (const auto& [event, bodies] : cases) {
    for (const auto& body : bodies) {
      EXPECT_EQ(post(body).status, 202) << body;
      ++posted;
    }
    EXPECT_EQ(received(event), static_cast<double>(bodies.size())) << event;
  }
  EXPECT_EQ(hints, posted);
}

TEST_F(Hook, AConnectionOfSomebodyElseIsNoReasonToLook) {
  const std::string mine(view.add(7).view.id.text.view());
  const auto about = [](const std::string& id) {
    return R"({"data": {"success": true, "connection": {"id": ")" + id + R"("}}})";
  };
  EXPECT_EQ(post(about("elsewhere")).status, 202) << "before the connections are known nobody is foreign";
  view.state.last_connections_poll = now.wall;
  EXPECT_EQ(post(about("elsewhere")).status, 422);
  EXPECT_EQ(rejected("unknown_connection"), 1);
  EXPECT_EQ(post(about(mine)).status, 202);
  EXPECT_EQ(hints, 2);
}

TEST_F(Hook, AFloodIsRefusedAndOverSoon) {
  int taken = 0;
  for (int i = 0; i < 1000; ++i) taken += post("{}").status == 202 ? 1 : 0;
  EXPECT_EQ(taken, 200);
  EXPECT_EQ(rejected("rate_limited"), 800);
  const auto refused = post("{}");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("Retry-After").value_or(""), "1");
  EXPECT_EQ(post("{}", "wrong").status, 404) << "guesses cost those who know the token nothing";
  now.mono = now.mono + std::chrono::seconds{1};
  EXPECT_EQ(post("{}").status, 202);
}

TEST_F(Hook, WhatIsTooLargeIsCountedByWhereItWent) {
  const auto observer = make_observer(metrics);
  observer.refused(http::Refusal::body_limit, "/webhooks/airbyte/" + token);
  observer.refused(http::Refusal::body_limit, "/-/reload");
  EXPECT_EQ(rejected("too_large"), 1);
}

TEST_F(Hook, TheTokenIsInNoLabel) {
  const auto observer = make_observer(metrics);
  http::Request seen;
  seen.method = "POST";
  seen.target = "/webhooks/airbyte/" + token + "?x=1";
  observer.answered(seen, 202, Millis{1});
  const auto text = metrics.render(view, now);
  EXPECT_THAT(text, Not(HasSubstr(token)));
  EXPECT_EQ(
      parse_exposition(text).value("syncwarden_http_requests_total",
                                   {{"handler", "/webhooks/airbyte"}, {"method", "post"}, {"code", "202"}}),
      1);
}

}  // namespace
}  // namespace syncwarden::admin
