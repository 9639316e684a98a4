#include "admin/admin.hpp"
#include "exposition.hpp"
#include "fake_view.hpp"

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace syncwarden::admin {
namespace {

namespace asio = boost::asio;
using observe::testing::FakeView;
using observe::testing::parse_exposition;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// Counts how often it is looked at.
class CountingView final : public ReadView {
 public:
  [[nodiscard]] FleetPicture fleet(Instant now) const override {
    ++looks;
    if (looked) looked();
    return fake.fleet(now);
  }
  void for_each_connection(const std::function<void(const ConnectionPicture&)>& visit) const override {
    fake.for_each_connection(visit);
  }
  bool with_connection(const ConnectionId& id,
                       const std::function<void(const ConnectionPicture&)>& visit) const override {
    return fake.with_connection(id, visit);
  }
  void for_each_incident(const std::function<void(const Incident&)>& visit) const override {
    for (const Incident& incident : incidents) visit(incident);
  }
  std::vector<Incident> incidents;
  FakeView fake;
  mutable int looks = 0;
  std::function<void()> looked;
};

std::string unzipped(std::string_view packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::vector<unsigned char> in(packed.begin(), packed.end());
  stream.next_in = in.data();
  stream.avail_in = static_cast<unsigned>(in.size());
  std::string out;
  std::array<char, 4096> buffer{};
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<unsigned char*>(buffer.data());
    stream.avail_out = static_cast<unsigned>(buffer.size());
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  EXPECT_EQ(result, Z_STREAM_END);
  inflateEnd(&stream);
  return out;
}

asio::awaitable<Result<std::string>> reload_result(Result<std::string>* result, int* reloads) {
  ++*reloads;
  co_return *result;
}

class Admin : public ::testing::Test {
 protected:
  http::Handler handler(std::string listen = "127.0.0.1:9927", std::shared_ptr<Access> access = nullptr) {
    Health health;
    health.loop_alive = [this] { return loop_alive; };
    health.store_ok = [this] { return store_ok; };
    health.config_loaded = [this] { return config_loaded; };
    health.first_poll_done = [this] { return polled; };
    health.draining = [this] { return draining; };
    Dependencies dependencies{view, metrics, [this] { return now; }, health};
    dependencies.reload = [this] { return reload_result(&reload, &reloads); };
    dependencies.build = {"1.2.3", "abc<def>", "main", "gcc"};
    dependencies.listen_address = std::move(listen);
    dependencies.started = now;
    dependencies.access = [access] { return access; };
    return make_handler(std::move(dependencies));
  }

  void start(const http::Handler& handle, http::Request request, http::Peer peer, http::Response& answer) {
    asio::co_spawn(context, handle(std::move(request), std::move(peer)),
                   [&answer](const std::exception_ptr& thrown, http::Response response) {
                     if (thrown) std::rethrow_exception(thrown);
                     answer = std::move(response);
                   });
  }

  http::Response ask(const http::Handler& handle, std::string method, std::string target,
                     std::vector<http::Header> headers = {{"Host", "localhost:9927"}},
                     http::Peer peer = {"127.0.0.1", true}) {
    http::Response answer;
    answer.status = 0;
    start(handle, {std::move(method), std::move(target), std::move(headers), ""}, std::move(peer), answer);
    context.restart();
    context.run();
    return answer;
  }
  http::Response get(std::string target) { return ask(handler(), "GET", std::move(target)); }

  asio::io_context context;
  CountingView view;
  observe::Metrics metrics{observe::MetricsOptions{}};
  Now now{Instant(Millis(1'767'225'600'000)), Mono{Millis(1'000)}};
  bool loop_alive = true;
  bool store_ok = true;
  bool config_loaded = true;
  bool polled = true;
  bool draining = false;
  Result<std::string> reload = std::string("3 rules changed");
  int reloads = 0;
};

TEST_F(Admin, EveryRouteTakesItsMethods) {
  const struct {
    const char* method;
    const char* target;
    unsigned status;
    const char* allow;
  } cases[] = {{"GET", "/", 200, ""},
               {"HEAD", "/", 200, ""},
               {"POST", "/", 405, "GET, HEAD"},
               {"GET", "/metrics", 200, ""},
               {"HEAD", "/metrics?x=1", 200, ""},
               {"POST", "/metrics", 405, "GET, HEAD"},
               {"DELETE", "/metrics", 405, "GET, HEAD"},
               {"GET", "/livez", 200, ""},
               {"PUT", "/livez", 405, "GET, HEAD"},
               {"GET", "/livez/loop", 200, ""},
               {"GET", "/livez/nothing", 404, ""},
               {"GET", "/livez/", 404, ""},
               {"GET", "/readyz", 200, ""},
               {"GET", "/readyz/store", 200, ""},
               {"GET", "/healthz", 200, ""},
               {"GET", "/health", 200, ""},
               {"GET", "/-/healthy", 200, ""},
               {"GET", "/-/ready", 200, ""},
               {"POST", "/-/ready", 405, "GET, HEAD"},
               {"POST", "/-/reload", 200, ""},
               {"PUT", "/-/reload", 200, ""},
               {"GET", "/-/reload", 405, "POST, PUT"},
               {"HEAD", "/-/reload", 405, "POST, PUT"},
               {"OPTIONS", "/-/reload", 405, "POST, PUT"},
               {"GET", "/metrics/", 404, ""},
               {"GET", "/METRICS", 404, ""},
               {"GET", "/debug/pprof", 404, ""},
               {"PO", "/-/reload", 405, "POST, PUT"},
               {"", "/", 405, "GET, HEAD"}};
  const auto handle = handler();
  for (const auto& c : cases) {
    const auto answer = ask(handle, c.method, c.target);
    EXPECT_EQ(answer.status, c.status) << c.method << ' ' << c.target;
    EXPECT_EQ(answer.header("Allow").value_or(""), c.allow) << c.method << ' ' << c.target;
    EXPECT_TRUE(answer.header("Content-Type").has_value()) << c.target;
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << c.target;
    if (c.status >= 400) {
      EXPECT_THAT(answer.body, StartsWith("{\"error\":{\"code\":\"")) << c.target;
    }
  }
  EXPECT_EQ(reloads, 2);
}

TEST_F(Admin, MetricsHaveTheExactTypeAndParse) {
  view.fake.add(1);
  const auto answer = get("/metrics");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.header("Content-Encoding"), std::nullopt);
  const auto shown = parse_exposition(answer.body);
  EXPECT_THAT(shown.faults, IsEmpty());
  EXPECT_EQ(shown.value("syncwarden_ready"), 1.0);
  store_ok = false;
  EXPECT_EQ(parse_exposition(get("/metrics").body).value("syncwarden_ready"), 0.0);
}

TEST_F(Admin, MetricsAreCompressedForThoseWhoTakeIt) {
  for (std::size_t i = 0; i < 200; ++i) view.fake.add(i);
  const auto plain = get("/metrics").body;
  for (const char* accept : {"gzip", "deflate, gzip;q=0.5", "GZIP", "br;q=1.0, gzip ; q=0.8, *;q=0.1"}) {
    const auto answer =
        ask(handler(), "GET", "/metrics", {{"Host", "localhost"}, {"Accept-Encoding", accept}});
    EXPECT_EQ(answer.header("Content-Encoding"), "gzip") << accept;
    EXPECT_EQ(answer.header("Vary"), "Accept-Encoding");
    EXPECT_LT(answer.body.size(), plain.size() / 3);
    const auto shown = parse_exposition(unzipped(answer.body));
    EXPECT_THAT(shown.faults, IsEmpty());
    EXPECT_EQ(shown.series(), parse_exposition(plain).series());
  }
  for (const char* accept : {"", "identity", "gzip;q=0", "gzip; q=0.000", "xgzip", "br"}) {
    const auto answer =
        ask(handler(), "GET", "/metrics", {{"Host", "localhost"}, {"Accept-Encoding", accept}});
    EXPECT_EQ(answer.header("Content-Encoding"), std::nullopt) << accept;
  }
}

TEST_F(Admin, ScrapesAtTheSameTimeShareOneRenderAndOneCompression) {
  for (std::size_t i = 0; i < 100; ++i) view.fake.add(i);
  view.looked = [this] { now.mono = now.mono + Millis(10); };  // how long a render takes
  const auto handle = handler();
  const http::Request request{"GET", "/metrics", {{"Host", "localhost"}, {"Accept-Encoding", "gzip"}}, ""};
  std::array<http::Response, 2> answers;
  for (auto& answer : answers) start(handle, request, {"127.0.0.1", true}, answer);
  context.run();
  EXPECT_EQ(view.looks, 1);
  EXPECT_EQ(answers[0].header("Content-Encoding"), "gzip");
  EXPECT_TRUE(answers[0].body == answers[1].body);
  now.mono = now.mono + Millis(1'000);
  ask(handle, "GET", "/metrics");
  EXPECT_EQ(view.looks, 2) << "a later scrape sees a later state";
}

TEST_F(Admin, CompressionDoesNotHoldTheLoopUp) {
  for (std::size_t i = 0; i < 2'000; ++i) view.fake.add(i);
  const auto handle = handler();
  http::Response answer;
  answer.status = 0;
  int turns = 0;
  std::function<void()> turn = [&] {
    if (answer.status != 0) return;
    ++turns;
    asio::post(context, turn);
  };
  start(handle, {"GET", "/metrics", {{"Host", "localhost"}, {"Accept-Encoding", "gzip"}}, ""},
        {"127.0.0.1", true}, answer);
  asio::post(context, turn);
  context.run();
  EXPECT_EQ(answer.status, 200U);
  EXPECT_GE(turns, 8) << "other work must run between the slices";
}

TEST_F(Admin, ReadinessTable) {
  const struct {
    const char* what;
    bool config, store, polled, draining, late;
    unsigned expected;
  } cases[] = {{"all well", true, true, true, false, false, 200},
               {"no configuration", false, true, true, false, false, 503},
               {"no store", true, false, true, false, false, 503},
               {"no poll yet", true, true, false, false, false, 503},
               {"no poll for a minute: Airbyte is down", true, true, false, false, true, 200},
               {"draining", true, true, true, true, false, 503},
               {"draining after a minute", true, true, true, true, true, 503}};
  for (const auto& c : cases) {
    config_loaded = c.config;
    store_ok = c.store;
    polled = c.polled;
    draining = c.draining;
    const auto handle = handler();
    if (c.late) now.mono = now.mono + std::chrono::seconds(60);
    EXPECT_EQ(ask(handle, "GET", "/readyz").status, c.expected) << c.what;
    EXPECT_EQ(ask(handle, "GET", "/-/ready").status, c.expected) << c.what;
    EXPECT_EQ(ask(handle, "GET", "/health").status, c.expected) << c.what;
    EXPECT_EQ(ask(handle, "GET", "/livez").status, 200U) << c.what;
    EXPECT_EQ(ask(handle, "GET", "/healthz").status, 200U) << c.what;
    EXPECT_EQ(ask(handle, "GET", "/-/healthy").status, 200U) << c.what;
  }
}

TEST_F(Admin, LivenessIsAboutTheLoopOnly) {
  view.fake.state.airbyte_up = false;
  EXPECT_EQ(get("/livez").status, 200U);
  loop_alive = false;
  EXPECT_EQ(get("/livez").status, 503U);
  EXPECT_EQ(get("/healthz").status, 503U);
  EXPECT_EQ(get("/livez/loop").status, 503U);
}

TEST_F(Admin, ProbesExplainThemselvesWhenAsked) {
  EXPECT_EQ(get("/readyz").body, "ok\n");
  EXPECT_EQ(get("/readyz?verbose").body,
            "[+]config ok\n[+]store ok\n[+]poll ok\n[+]drain ok\nreadyz check passed\n");
  store_ok = false;
  const auto failed = get("/readyz");
  EXPECT_EQ(failed.status, 503U);
  EXPECT_THAT(failed.body, HasSubstr("[-]store failed: the state store"));
  EXPECT_THAT(failed.body, HasSubstr("readyz check failed\n"));
  EXPECT_EQ(get("/readyz?exclude=store").status, 200U);
  EXPECT_EQ(get("/readyz?exclude=poll").status, 503U);
  const auto odd = get("/readyz?verbose&exclude=%0a%22x&exclude=store&exclude=%zz");
  EXPECT_EQ(odd.status, 200U);
  EXPECT_THAT(odd.body, HasSubstr("warn: nothing to exclude by the name \"\\n\\\"x\"\n"));
  EXPECT_EQ(get("/readyz/store").status, 503U);
  EXPECT_EQ(get("/readyz/config").status, 200U);
}

TEST_F(Admin, HealthIsAWarningWhileAirbyteIsDown) {
  view.fake.state.airbyte_up = false;
  view.fake.state.airbyte_error = Error{Errc::connect_refused, "connection \"refused\"", "http://a", ""};
  const auto down = get("/health");
  EXPECT_EQ(down.status, 200U);
  EXPECT_EQ(down.header("Content-Type"), "application/health+json");
  EXPECT_EQ(down.header("Cache-Control"), "max-age=5");
  EXPECT_THAT(down.body, HasSubstr(R"({"status":"warn","version":"1","releaseId":"1.2.3")"));
  EXPECT_THAT(down.body, HasSubstr(R"("output":"http://a: connection \"refused\"")"));
  const auto stranger = ask(handler(":9927"), "GET", "/health", {{"Host", "x"}}, {"10.0.0.7", false});
  EXPECT_EQ(stranger.body, "{\"status\":\"warn\"}\n");
  view.fake.state.airbyte_up = true;
  EXPECT_THAT(get("/health").body, HasSubstr(R"({"status":"pass")"));
  store_ok = false;
  EXPECT_THAT(get("/health").body, HasSubstr(R"({"status":"fail")"));
}

TEST_F(Admin, ReloadTellsWhatHappened) {
  EXPECT_EQ(ask(handler(), "POST", "/-/reload").body, "3 rules changed\n");
  reload =
      Error{Errc::invalid_config, "unknown key \"shedule\"", "conf.yaml:3:5", "did you mean \"schedule\"?"};
  const auto refused = ask(handler(), "POST", "/-/reload");
  EXPECT_EQ(refused.status, 500U);
  EXPECT_THAT(refused.body, HasSubstr("the old one stays: conf.yaml:3:5: unknown key"));
  EXPECT_THAT(refused.body, HasSubstr("did you mean"));
}

TEST_F(Admin, StrangersGetMetricsAndProbesOnly) {
  const http::Peer stranger{"10.0.0.7", false};
  const std::vector<http::Header> headers{{"Host", "warden.svc:9927"}};
  const auto handle = handler(":9927");
  EXPECT_EQ(ask(handle, "GET", "/metrics", headers, stranger).status, 200U);
  EXPECT_EQ(ask(handle, "GET", "/readyz", headers, stranger).status, 200U);
  for (const char* target : {"/", "/-/reload", "/nothing", "/api/v1/runs"}) {
    const auto answer = ask(handle, "GET", target, headers, stranger);
    EXPECT_EQ(answer.status, 403U) << target;
    EXPECT_THAT(answer.body, HasSubstr("127.0.0.1")) << "says how";
  }
  EXPECT_EQ(ask(handle, "POST", "/-/reload", headers, stranger).status, 403U);
  EXPECT_EQ(reloads, 0);
}

TEST_F(Admin, UsersMayDoWhatTheirRoleSaysFromAnywhere) {
  AccessOptions options;
  options.tokens = {{"scraper", Secret("metrics-metrics-metrics"), Role::metrics},
                    {"viewer", Secret("read-read-read-read"), Role::read},
                    {"boss", Secret("admin-admin-admin-admin"), Role::admin}};
  const auto access = std::make_shared<Access>(std::move(options), CheckPassword(), [] { return Mono(); });
  const auto handle = handler(":9927", access);
  const http::Peer stranger{"10.0.0.7", false, std::nullopt, {}};
  const http::Peer here{"127.0.0.1", true, std::nullopt, {}};
  const struct {
    const char* token;
    unsigned probe, metrics, page, reload;
  } callers[] = {{nullptr, 200, 401, 401, 401},
                 {"wrong-wrong-wrong", 200, 401, 401, 401},
                 {"metrics-metrics-metrics", 200, 200, 403, 403},
                 {"read-read-read-read", 200, 200, 200, 403},
                 {"admin-admin-admin-admin", 200, 200, 200, 200}};
  for (const auto& caller : callers) {
    for (const auto& peer : {stranger, here}) {
      const char* token = caller.token != nullptr ? caller.token : "none";
      std::vector<http::Header> headers{{"Host", "10.0.0.5:9927"}};
      if (caller.token != nullptr)
        headers.push_back({"Authorization", std::string("Bearer ") + caller.token});
      EXPECT_EQ(ask(handle, "GET", "/livez", headers, peer).status, caller.probe) << token;
      EXPECT_EQ(ask(handle, "GET", "/metrics", headers, peer).status, caller.metrics) << token;
      EXPECT_EQ(ask(handle, "GET", "/", headers, peer).status, caller.page) << token;
      EXPECT_EQ(ask(handle, "POST", "/-/reload", headers, peer).status, caller.reload) << token;
    }
  }
  EXPECT_EQ(reloads, 2);
  const auto unknown = ask(handle, "GET", "/", {{"Host", "10.0.0.5"}}, stranger);
  EXPECT_EQ(unknown.header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(ask(handle, "GET", "/",
                {{"Host", "evil.example"}, {"Authorization", "Bearer admin-admin-admin-admin"}}, stranger)
                .status,
            421U);
  const http::Peer by_socket{"unix", true, 0U, {}};
  EXPECT_EQ(ask(handle, "POST", "/-/reload", {{"Host", "localhost"}}, by_socket).status, 200U);
}

TEST_F(Admin, ForeignHostsAndPagesAreRefusedAndCounted) {
  const auto handle = handler();
  EXPECT_EQ(ask(handle, "GET", "/", {{"Host", "evil.example"}}).status, 421U);
  EXPECT_EQ(ask(handle, "GET", "/metrics", {{"Host", "evil.example"}}).status, 421U);
  EXPECT_EQ(ask(handle, "GET", "/livez", {{"Host", "evil.example"}}).status, 200U);
  EXPECT_EQ(
      ask(handle, "POST", "/-/reload", {{"Host", "localhost"}, {"Origin", "http://evil.example"}}).status,
      403U);
  EXPECT_EQ(reloads, 0);
  const auto shown = parse_exposition(get("/metrics").body);
  EXPECT_EQ(shown.value("syncwarden_http_connections_rejected_total", {{"reason", "host"}}), 2.0);
  EXPECT_EQ(shown.value("syncwarden_http_connections_rejected_total", {{"reason", "origin"}}), 1.0);
}

TEST_F(Admin, TheStatusPageIsEscapedAndSelfContained) {
  view.fake.state.airbyte_error = Error{Errc::connect_refused, "<script>alert('x')</script>\n", "", ""};
  view.fake.state.managed = 12;
  view.fake.add(1).view.name = "<b onclick=\"x\">\x1b[31m";
  view.fake.rows.back().picture.consecutive_failures = 3;
  view.incidents.push_back(
      {.id = IncidentId{7}, .subject = "<i>", .summary = "\"<u>\"", .link = "javascript:alert(1)"});
  const auto page = get("/");
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(page.header("Content-Security-Policy").value_or("")),
              HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)"));
  EXPECT_THAT(page.body, HasSubstr("1.2.3 (abc&lt;def&gt;)"));
  EXPECT_THAT(page.body, HasSubstr(">12</b>managed"));
  EXPECT_THAT(page.body, HasSubstr("href=\"/metrics\""));
  for (const char* raw : {"<script", "://", "<b onclick", "\x1b", "<i>", "<u>", "javascript:"})
    EXPECT_THAT(page.body, Not(HasSubstr(raw))) << raw;
}

TEST_F(Admin, TheStatusPageListsWhatNeedsAPersonAndWhatComes) {
  EXPECT_THAT(get("/").body, Not(HasSubstr("<h2>")));
  auto& failing = view.fake.add(1);
  failing.view.name = "bad one";
  failing.picture.consecutive_failures = 4;
  failing.picture.stale_after = now.wall - Millis(90'000);
  auto& waiting = view.fake.add(2);
  waiting.view.name = "patient one";
  waiting.picture.managed = true;
  waiting.picture.stale_after.reset();
  waiting.picture.next_run = now.wall + Millis(3'600'000);
  waiting.picture.waiting = {
      {ScheduleId{"x"}, now.wall - Millis(60'000), WaitCause::slot, "limit total (2)"}};
  view.fake.state.waiting[0] = 1;
  view.incidents.push_back({.id = IncidentId{8}, .subject = "mild", .severity = Severity::warning});
  view.incidents.push_back({.id = IncidentId{9},
                            .subject = "grave",
                            .severity = Severity::critical,
                            .link = "https://airbyte.example/jobs/1?a=\"b\""});
  const auto page = get("/").body;
  EXPECT_LT(page.find("grave"), page.find("mild"));
  EXPECT_THAT(page, HasSubstr("href=\"https://airbyte.example/jobs/1?a=&quot;b&quot;\""));
  const auto part = [&](const std::string& title) {
    const auto from = page.find("<h2>" + title + "</h2>");
    return from == std::string::npos ? "no " + title : page.substr(from, page.find("</table>", from) - from);
  };
  EXPECT_THAT(part("Waiting"), HasSubstr("limit total (2)"));
  EXPECT_THAT(part("Late"), HasSubstr(">1m30s ago<"));
  EXPECT_THAT(part("Late"), Not(HasSubstr("patient one")));
  EXPECT_THAT(part("Failing"), HasSubstr(">4<"));
  EXPECT_THAT(part("Next starts"), HasSubstr(">in 1h<"));
  EXPECT_EQ(part("Running"), "no Running");
}

TEST_F(Admin, TheServerIsCounted) {
  const auto observer = make_observer(metrics);
  observer.connections(+1);
  observer.refused(http::Refusal::header_timeout, "");
  observer.answered({"GET", "/readyz?verbose", {}, ""}, 503, Millis(30));
  const auto shown = parse_exposition(get("/metrics").body);
  EXPECT_EQ(shown.value("syncwarden_http_connections"), 1.0);
  EXPECT_EQ(shown.value("syncwarden_http_connections_rejected_total", {{"reason", "header_timeout"}}), 1.0);
  EXPECT_EQ(shown.value("syncwarden_http_requests_total",
                        {{"handler", "/readyz"}, {"method", "get"}, {"code", "503"}}),
            1.0);
  EXPECT_EQ(shown.value("syncwarden_http_request_duration_seconds_sum", {{"handler", "/readyz"}}), 0.03);
}

}  // namespace
}  // namespace syncwarden::admin
