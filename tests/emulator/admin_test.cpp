// The administrative client against the emulator behind a real HTTP server, for each age and both APIs.
#include "airbyte/admin.hpp"

#include "emulator/front.hpp"
#include "http/server.hpp"
#include "lab.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace syncwarden::emulator {
namespace {

Now real_now() {
  const auto wall = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  const auto mono = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
  return {wall, Mono{mono}};
}

struct Age {
  const char* version;
  FrontAuth::Mode auth;
  const char* base;
};

/// An emulated Airbyte on a thread of its own: the administrative client blocks.
class Served {
 public:
  explicit Served(const Age& age, std::vector<Pipeline> pipelines = {named("orders")}, Faults faults = {})
      : base_(age.base), auth_(age.auth) {
    Options options;
    options.version = age.version;
    options.start = real_now().wall;
    options.signal_delay = options.start_delay = options.cancel_delay = {Millis{1}, Millis{2}};
    options.created = Behaviour::healthy({Millis{20}, Millis{30}}, {100, 200});
    airbyte_ = std::make_unique<Airbyte>(options, pipelines);
    FrontOptions front;
    front.auth.mode = age.auth;
    front.faults = faults;
    front_ = make_front(loop_.get_executor(), *airbyte_, front, [] { return real_now().wall; });
    server_ = http::make_server(loop_.get_executor(), {}, front_->handler(), {});
    port_ = server_->listen("127.0.0.1:0").value();
    boost::asio::co_spawn(loop_, server_->run(), [](std::exception_ptr) {});
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Served() {
    boost::asio::post(loop_, [this] {
      front_->stop();
      server_->stop(Millis{0});
    });
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  [[nodiscard]] std::unique_ptr<AirbyteAdmin> admin() const {
    AirbyteTarget target;
    target.url = fmt::format("http://127.0.0.1:{}{}", port_, base_);
    if (auth_ == FrontAuth::Mode::basic) target.auth = BasicAuth{"airbyte", Secret("password")};
    if (auth_ == FrontAuth::Mode::bearer) target.auth = ClientCredentialsAuth{"emulator", Secret("secret")};
    target.proxy = "none";
    target.connector_timeout = seconds{2};
    target.requests_per_second = 0;
    return airbyte::make_admin(target, real_now, {}).value();
  }

 private:
  std::string base_;
  FrontAuth::Mode auth_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<Airbyte> airbyte_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<http::Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

const Age newest{"2.0.0", FrontAuth::Mode::bearer, "/api/v1"};
const Age open_api{"2.0.0", FrontAuth::Mode::bearer, "/api/public/v1"};
const Age oldest{"0.40.32", FrontAuth::Mode::basic, "/api/v1"};

constexpr const char* shop =
    R"({"host":"db","port":5432,"database":"shop","username":"reader","password":"s3cret"})";
constexpr const char* lake =
    R"({"s3_bucket_name":"lake","s3_bucket_path":"raw","s3_bucket_region":"us-east-1","format":{"format_type":"JSONL"}})";

DefinitionEntry definition(AirbyteAdmin& admin, End end, const WorkspaceId& workspace,
                           std::string_view name) {
  const auto all = admin.definitions(end, workspace).value();
  for (const auto& one : all) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << "no definition " << name;
  return {};
}

class EveryAge : public testing::TestWithParam<Age> {};

TEST_P(EveryAge, SetsAWholePipelineUpAndTakesItDown) {
  const Served served(GetParam());
  const auto admin = served.admin();
  const bool config = std::string(GetParam().base) == "/api/v1";
  const auto spaces = admin->workspaces();
  ASSERT_TRUE(spaces) << to_string(spaces.error());
  const WorkspaceId space = spaces->front().id;
  const auto postgres = definition(*admin, End::source, space, "Postgres");
  const auto s3 = definition(*admin, End::destination, space, "S3");
  EXPECT_EQ(postgres.connector(), "postgres");
  if (config) {
    const auto told = admin->specification(End::destination, s3.id, space);
    ASSERT_TRUE(told) << to_string(told.error());
    EXPECT_EQ(told->destination_sync_modes, (std::vector<std::string>{"append", "overwrite"}));
    EXPECT_TRUE(admin->check_draft({End::source, "shop", space, postgres.id, {shop}}, {}).value().succeeded);
  }
  const auto source = admin->create_actor({End::source, "shop", space, postgres.id, {shop}});
  ASSERT_TRUE(source) << to_string(source.error());
  EXPECT_NE(source->configuration.text.find(R"("password":"**********")"), std::string::npos);
  const auto target = admin->create_actor({End::destination, "lake", space, s3.id, {lake}});
  ASSERT_TRUE(target) << to_string(target.error());
  const auto catalog = admin->discover(source->id);
  ASSERT_TRUE(catalog) << to_string(catalog.error());
  ASSERT_FALSE(catalog->streams.empty());
  EXPECT_EQ(catalog->streams.front().full_name(), "public.orders");
  EXPECT_EQ(catalog->streams.front().source_defined_key, (std::vector<FieldPath>{{"id"}}));

  StreamChoice orders;
  orders.name = "orders";
  orders.space = "public";
  orders.sync_mode = "incremental";
  orders.destination_sync_mode = "append";
  orders.cursor = {"updated_at"};
  orders.primary_key = {{"id"}};
  orders.stream = catalog->streams.front().raw;
  ConnectionChange draft;
  draft.source = source->id;
  draft.destination = target->id;
  draft.name = "shop to lake";
  draft.schedule = ScheduleSetting{};
  draft.prefix = "raw_";
  draft.namespace_definition = "customformat";
  draft.namespace_format = "bronze";
  draft.streams = {orders};
  draft.catalog_id = catalog->id;
  const auto made = admin->create_connection(draft);
  ASSERT_TRUE(made) << to_string(made.error());
  const auto read = admin->connection(made->id);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->name, "shop to lake");
  EXPECT_EQ(read->prefix, "raw_");
  EXPECT_EQ(read->namespace_definition, "customformat");
  EXPECT_EQ(read->namespace_format, "bronze");
  ASSERT_EQ(read->streams.size(), 1U);
  EXPECT_TRUE(read->streams.front().same_choice(orders));

  ConnectionChange change;
  change.schedule = ScheduleSetting{AirbyteSchedule::cron, 0, "", "0 15 2 * * ?", "UTC"};
  const auto changed = admin->update_connection(made->id, change);
  ASSERT_TRUE(changed) << to_string(changed.error());
  EXPECT_EQ(changed->schedule.text(), "0 15 2 * * ? UTC");
  EXPECT_EQ(changed->streams.size(), 1U) << "what was not said stays";

  const auto job = admin->sync(made->id);
  ASSERT_TRUE(job) << to_string(job.error());
  const auto detail = admin->job(job->id);
  ASSERT_TRUE(detail) << to_string(detail.error());
  EXPECT_EQ(detail->job.connection, made->id);
  EXPECT_EQ(detail->attempts.empty(), !config) << "the Public API tells no attempts";

  std::vector<JobView> listed;
  JobFilter filter;
  filter.connection = made->id;
  const auto done = admin->jobs(filter, [&](const JobView& one) {
    listed.push_back(one);
    return true;
  });
  ASSERT_TRUE(done) << to_string(done.error());
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed.front().id, job->id);

  EXPECT_TRUE(admin->delete_connection(made->id));
  EXPECT_TRUE(admin->delete_actor(End::source, source->id));
  EXPECT_TRUE(admin->delete_actor(End::destination, target->id));
  EXPECT_EQ(admin->actors(End::source, space).value().size(), 1U) << "the sample's";
}

TEST_P(EveryAge, MaskedSecretsKeepWhatAirbyteHas) {
  const Served served(GetParam());
  const auto admin = served.admin();
  const WorkspaceId space = admin->workspaces().value().front().id;
  const auto postgres = definition(*admin, End::source, space, "Postgres");
  auto source = admin->create_actor({End::source, "shop", space, postgres.id, {shop}}).value();
  source.name = "shop 2";
  const auto renamed = admin->update_actor(source);
  ASSERT_TRUE(renamed) << to_string(renamed.error());
  EXPECT_EQ(renamed->name, "shop 2");
  if (std::string(GetParam().base) == "/api/v1") {
    EXPECT_TRUE(admin->check(End::source, source.id).value().succeeded);
  }
}

INSTANTIATE_TEST_SUITE_P(Ages, EveryAge,
                         testing::Values(oldest, Age{"0.50.40", FrontAuth::Mode::basic, "/api/v1"},
                                         Age{"1.5.0", FrontAuth::Mode::bearer, "/api/v1"}, newest,
                                         Age{"2.1.0", FrontAuth::Mode::bearer, "/api/v1"}, open_api));

TEST(Admin, ChecksThatFailAndChecksThatCannotRun) {
  const Served served(newest);
  const auto admin = served.admin();
  const WorkspaceId space = admin->workspaces().value().front().id;
  const auto postgres = definition(*admin, End::source, space, "Postgres");
  const auto with_host = [&](const char* host) {
    return ActorDraft{End::source,
                      "x",
                      space,
                      postgres.id,
                      {fmt::format(R"({{"host":"{}","port":1,"database":"d","username":"u"}})", host)}};
  };
  const auto refused = admin->check_draft(with_host("unreachable.example"), {});
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->succeeded);
  EXPECT_NE(refused->message.find("Connection refused"), std::string::npos);
  const auto crashed = admin->check_draft(with_host("crash.example"), {});
  ASSERT_FALSE(crashed);
  EXPECT_NE(crashed.error().message.find("the check itself failed"), std::string::npos);
  const auto endless = admin->check_draft(with_host("blackhole.example"), {});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, Errc::reply_timeout);
  EXPECT_NE(endless.error().hint.find("airbyte.timeouts.connector"), std::string::npos);
}

TEST(Admin, WhatAnApiOrAVersionCannotDoSaysWhatCan) {
  const Served open_served(open_api);
  const auto open = open_served.admin();
  const WorkspaceId space = open->workspaces().value().front().id;
  const auto source = open->actors(End::source, space).value().front();
  const auto connection = open->connections(space).value().front();
  for (const Error& error : {open->check(End::source, source.id).error(),
                             open->specification(End::source, source.definition, space).error(),
                             open->refresh(connection.id, RefreshMode::merge, {}).error(),
                             open->log_lines(JobId{1}, 10).error()}) {
    EXPECT_EQ(error.code, Errc::unsupported);
    EXPECT_NE(error.hint.find("/api/v1"), std::string::npos) << to_string(error);
  }
  ConnectionChange basic;
  basic.schedule = ScheduleSetting{AirbyteSchedule::basic, 24, "hours", "", "UTC"};
  EXPECT_EQ(open->update_connection(connection.id, basic).error().code, Errc::unsupported);

  const Served old_served(oldest);
  const auto old = old_served.admin();
  EXPECT_EQ(old->jobs({}, [](const JobView&) { return true; }).error().code, Errc::unsupported);
  EXPECT_EQ(old->refresh(connection.id, RefreshMode::merge, {}).error().code, Errc::unsupported);
}

TEST(Admin, JobsComePageByPageAndEachOnce) {
  std::vector<Pipeline> pipelines;
  for (int i = 0; i < 450; ++i) pipelines.push_back(named(fmt::format("c{}", i).c_str()));
  const Served served(newest, pipelines);
  const auto admin = served.admin();
  const WorkspaceId space = admin->workspaces().value().front().id;
  for (const auto& connection : admin->connections(space).value()) ASSERT_TRUE(admin->sync(connection.id));
  std::vector<JobView> listed;
  const auto all = [&](const JobView& job) {
    listed.push_back(job);
    return true;
  };
  ASSERT_TRUE(admin->jobs({}, all));
  ASSERT_EQ(listed.size(), 450U);
  for (std::size_t i = 1; i < listed.size(); ++i) EXPECT_GE(listed[i - 1].created, listed[i].created);
  listed.clear();
  JobFilter some;
  some.limit = 7;
  ASSERT_TRUE(admin->jobs(some, all));
  EXPECT_EQ(listed.size(), 7U);
  listed.clear();
  some.limit = 0;
  ASSERT_TRUE(admin->jobs(some, [&](const JobView& job) {
    listed.push_back(job);
    return listed.size() < 3;
  }));
  EXPECT_EQ(listed.size(), 3U) << "the reader has gone";
}

TEST(Admin, WrongCredentialsAndNobodyThere) {
  AirbyteTarget target;
  target.url = "http://127.0.0.1:1/api/v1";
  target.proxy = "none";
  const auto nobody = airbyte::make_admin(target, real_now, {}).value()->workspaces();
  EXPECT_EQ(nobody.error().code, Errc::connect_refused);
  EXPECT_FALSE(airbyte::make_admin({}, real_now, {}));
}

}  // namespace
}  // namespace syncwarden::emulator
