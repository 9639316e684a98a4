// A pipeline's file, and what is planned from it.
#include "provision/pipeline.hpp"

#include "provision/export.hpp"
#include "provision/plan.hpp"

#include <gtest/gtest.h>

namespace syncwarden::provision {
namespace {

constexpr const char* file = R"json({
"sources":[{"name":"shop","connector":"postgres","configuration":{"host":"db","password":"p"}}],
"destinations":[{"name":"lake","connector":"s3","configuration":{"bucket":"b"}}],
"connections":[{"name":"shop -> lake","source":"shop","destination":"lake","prefix":"raw_","namespace":"source",
 "streams":["orders",{"name":"c*","sync_mode":"full_refresh","destination_sync_mode":"overwrite"}],
 "syncwarden":{"schedule":{"every":"1h"}}}]})json";

Snapshot empty_airbyte() {
  Snapshot snapshot;
  snapshot.workspace = {WorkspaceId("ws"), "default"};
  snapshot.definitions = {
      {DefinitionId("d-pg"), End::source, "Postgres", "airbyte/source-postgres", "1", "", ""},
      {DefinitionId("d-s3"), End::destination, "S3", "airbyte/destination-s3", "1", "", ""}};
  ConnectorSpecification postgres;
  postgres.schema = {
      R"({"type":"object","required":["host"],"properties":{"host":{"type":"string"},"password":{"type":"string","airbyte_secret":true}}})"};
  snapshot.specifications[DefinitionId("d-pg")] = postgres;
  return snapshot;
}

Catalog catalog() {
  Catalog made;
  made.id = "catalog-1";
  for (const char* name : {"orders", "customers"}) {
    CatalogStream stream;
    stream.name = name;
    stream.sync_modes = {"full_refresh"};
    made.streams.push_back(stream);
  }
  return made;
}

/// Airbyte after the file was applied.
Snapshot applied_airbyte() {
  Snapshot snapshot = empty_airbyte();
  snapshot.actors = {{ActorId("a-1"),
                      End::source,
                      "shop",
                      WorkspaceId("ws"),
                      DefinitionId("d-pg"),
                      "Postgres",
                      {R"({"host":"db","password":"**********"})"}},
                     {ActorId("a-2"),
                      End::destination,
                      "lake",
                      WorkspaceId("ws"),
                      DefinitionId("d-s3"),
                      "S3",
                      {R"({"bucket":"b"})"}}};
  ConnectionEntry connection;
  connection.id = ConnectionId("c-1");
  connection.name = "shop -> lake";
  connection.workspace = WorkspaceId("ws");
  connection.source = ActorId("a-1");
  connection.destination = ActorId("a-2");
  connection.status = ConnectionStatus::active;
  connection.prefix = "raw_";
  connection.namespace_definition = "source";
  for (const char* name : {"orders", "customers"}) {
    StreamChoice choice;
    choice.name = name;
    choice.sync_mode = "full_refresh";
    choice.destination_sync_mode = "overwrite";
    connection.streams.push_back(choice);
  }
  snapshot.connections = {connection};
  return snapshot;
}

TEST(PipelineFile, IsReadWhole) {
  const auto read = pipeline_from({file});
  ASSERT_TRUE(read.faults.empty());
  EXPECT_EQ(read.pipeline.actors.size(), 2U);
  const auto& connection = read.pipeline.connections.front();
  EXPECT_EQ(connection.streams.size(), 2U);
  EXPECT_EQ(connection.settings.schedule->kind, AirbyteSchedule::manual) << "syncwarden's rules start it";
  EXPECT_EQ(connection.rule.text, R"({"schedule":{"every":"1h"}})");
}

struct Wrong {
  const char* text;
  const char* pointer;
  const char* message;
};

TEST(PipelineFile, FaultsNameTheirPlace) {
  const Wrong table[] = {
      {"{}", "", "declares nothing"},
      {R"({"source":[]})", "/source", "is no key of this place"},
      {R"({"sources":{}})", "/sources", "must be a list"},
      {R"({"sources":[1]})", "/sources/0", "must be a mapping"},
      {R"({"sources":[{"connector":"x","configuration":{}}]})", "/sources/0/name", "is missing"},
      {R"({"sources":[{"name":1,"connector":"x","configuration":{}}]})", "/sources/0/name", "must be text"},
      {R"({"sources":[{"name":"a","connector":"x","config":{}}]})", "/sources/0/config",
       "is no key of this place"},
      {R"({"sources":[{"name":"a","connector":"x","configuration":{}},{"name":"a","connector":"x","configuration":{}}]})",
       "/sources/1/name", "there are two sources \"a\" in this file"},
      {R"({"connections":[{"name":"c","source":"a","destination":"b"}]})", "/connections/0/streams",
       "is missing"},
      {R"({"connections":[{"name":"c","source":"a","destination":"b","streams":["*"],"status":"on"}]})",
       "/connections/0/status", "\"on\" is none of the words"},
      {R"({"connections":[{"name":"c","source":"a","destination":"b","streams":["*"],"airbyte_schedule":"0 30 * * *"}]})",
       "/connections/0/airbyte_schedule", "Airbyte's cron is Quartz's"},
      {R"({"connections":[{"name":"c","source":"a","destination":"b","streams":[{"name":"o","sync_mode":"fast"}]}]})",
       "/connections/0/streams/0/sync_mode", "\"fast\" is none of the words"},
      {R"({"connections":[{"name":"c","source":"a","destination":"b","streams":[{"name":"o","cursor":1}]}]})",
       "/connections/0/streams/0/cursor", "names no field"},
      {R"({"connections":[{"name":"c","source":"a","destination":"b","streams":["*"],"syncwarden":{"match":{"id":"x"}}}]})",
       "/connections/0/syncwarden", "has a match"},
  };
  for (const Wrong& wrong : table) {
    const auto read = pipeline_from({wrong.text});
    ASSERT_FALSE(read.faults.empty()) << wrong.text;
    EXPECT_EQ(read.faults.front().pointer, wrong.pointer) << wrong.text;
    EXPECT_NE(read.faults.front().message.find(wrong.message), std::string::npos)
        << read.faults.front().message;
  }
}

TEST(PipelinePlan, CreatesWhatIsNotThere) {
  const auto read = pipeline_from({file});
  const auto plan =
      plan_pipeline(read.pipeline, {{"/sources/0/configuration/password", "p"}}, empty_airbyte(), {});
  ASSERT_TRUE(plan.faults.empty());
  EXPECT_EQ(plan.actors[0].verb, Verb::create);
  EXPECT_EQ(plan.actors[0].shown.text, R"({"host":"db","password":"<secret>"})");
  EXPECT_EQ(plan.connections[0].verb, Verb::create);
  EXPECT_FALSE(plan.connections[0].streams_known);
}

TEST(PipelinePlan, ASecondRunChangesNothing) {
  const auto read = pipeline_from({file});
  const auto snapshot = applied_airbyte();
  auto plan = plan_pipeline(read.pipeline, {}, snapshot, {});
  plan_streams(plan.connections[0], read.pipeline.connections[0], catalog(), nullptr, snapshot.connections[0],
               plan.faults);
  EXPECT_TRUE(plan.faults.empty());
  EXPECT_TRUE(plan.changes_nothing());
  PlanOptions secrets;
  secrets.secrets = true;
  EXPECT_EQ(plan_pipeline(read.pipeline, {}, snapshot, secrets).actors[0].verb, Verb::update) << "asked for";
}

TEST(PipelinePlan, DriftIsToldFieldByField) {
  const auto read = pipeline_from({file});
  auto snapshot = applied_airbyte();
  snapshot.actors[0].configuration = {R"({"host":"old","password":"**********"})"};
  snapshot.connections[0].prefix = "";
  snapshot.connections[0].schedule = {AirbyteSchedule::basic, 24, "hours", "", "UTC"};
  snapshot.connections[0].streams[1].destination_sync_mode = "append";
  auto plan = plan_pipeline(read.pipeline, {}, snapshot, {});
  plan_streams(plan.connections[0], read.pipeline.connections[0], catalog(), nullptr, snapshot.connections[0],
               plan.faults);
  EXPECT_EQ(plan.actors[0].differences,
            (std::vector<Difference>{{"/configuration/host", R"("old")", R"("db")"}}));
  EXPECT_EQ(plan.connections[0].verb, Verb::update);
  const std::vector<Difference> wanted{
      {"/airbyte_schedule", "every 24 hours", "manual"},
      {"/prefix", "", "raw_"},
      {"/streams/customers", "full_refresh append", "full_refresh overwrite"}};
  EXPECT_EQ(plan.connections[0].differences, wanted);
}

TEST(PipelinePlan, FaultsOfTheWorld) {
  const auto read = pipeline_from({file});
  auto two = applied_airbyte();
  two.actors.push_back(two.actors[0]);
  two.actors.back().id = ActorId("a-9");
  EXPECT_NE(plan_pipeline(read.pipeline, {}, two, {}).faults.front().hint.find("a-1, or a-9"),
            std::string::npos);
  auto other = applied_airbyte();
  other.definitions.push_back(
      {DefinitionId("d-my"), End::source, "MySQL", "airbyte/source-mysql", "1", "", ""});
  other.actors[0].definition = DefinitionId("d-my");
  EXPECT_EQ(plan_pipeline(read.pipeline, {}, other, {}).faults.front().pointer, "/sources/0/connector");
  auto nothing = empty_airbyte();
  nothing.definitions.clear();
  EXPECT_EQ(plan_pipeline(read.pipeline, {}, nothing, {}).faults.front().pointer, "/sources/0/connector");
  const auto lonely = pipeline_from(
      {R"({"connections":[{"name":"c","source":"shopp","destination":"lake","streams":["*"]}]})"});
  const auto plan = plan_pipeline(lonely.pipeline, {}, applied_airbyte(), {});
  ASSERT_EQ(plan.faults.size(), 1U);
  EXPECT_EQ(plan.faults.front().pointer, "/connections/0/source");
  EXPECT_NE(plan.faults.front().hint.find("did you mean \"shop\""), std::string::npos);
}

TEST(PipelinePlan, PruningIsAskedFor) {
  const auto read = pipeline_from(
      {R"({"destinations":[{"name":"lake","connector":"s3","configuration":{"bucket":"b"}}]})"});
  EXPECT_TRUE(plan_pipeline(read.pipeline, {}, applied_airbyte(), {}).changes_nothing());
  PlanOptions options;
  options.prune = true;
  const auto plan = plan_pipeline(read.pipeline, {}, applied_airbyte(), options);
  ASSERT_EQ(plan.connections.size(), 1U);
  EXPECT_EQ(plan.connections[0].verb, Verb::remove);
  ASSERT_EQ(plan.actors.size(), 2U);
  EXPECT_EQ(plan.actors[1].name, "shop");
  EXPECT_EQ(plan.actors[1].verb, Verb::remove);
}

TEST(Export, NamesSecretsAsVariablesAndDoublesDollars) {
  auto snapshot = applied_airbyte();
  snapshot.connections[0].namespace_definition = "customformat";
  snapshot.connections[0].namespace_format = "${SOURCE_NAMESPACE}_raw";
  const auto exported = export_pipeline(snapshot, {});
  EXPECT_EQ(exported.variables, (std::vector<std::string>{"SOURCE_SHOP_PASSWORD"}));
  EXPECT_NE(exported.yaml.find("password: \"${SOURCE_SHOP_PASSWORD}\""), std::string::npos) << exported.yaml;
  EXPECT_NE(exported.yaml.find("namespace: \"$${SOURCE_NAMESPACE}_raw\""), std::string::npos)
      << exported.yaml;
  EXPECT_EQ(exported.yaml.find("**********"), std::string::npos);
}

}  // namespace
}  // namespace syncwarden::provision
