// Carrying a plan out: what happens to Airbyte when a step fails.
#include "provision/apply.hpp"

#include <gtest/gtest.h>

namespace syncwarden::provision {
namespace {

Error refused() { return {Errc::server_error, "Airbyte answered 500", {}, {}}; }

/// An Airbyte in a few lists. A call whose name is in `fails` fails.
class Fake final : public AirbyteAdmin {
 public:
  std::vector<ActorEntry> all_actors;
  std::vector<ConnectionEntry> all_connections;
  std::string fails;
  std::vector<std::string> calls;
  bool check_succeeds = true;
  bool stop = false;

  std::string loses;
  static Error lost() { return {Errc::cancelled, "interrupted", "", ""}; }

  Result<AirbyteInfo> probe() override { return AirbyteInfo{}; }
  bool interrupted() const override { return stop; }
  Result<std::vector<WorkspaceEntry>> workspaces() override { return std::vector<WorkspaceEntry>{}; }
  Result<std::vector<DefinitionEntry>> definitions(End end, WorkspaceId) override {
    return std::vector<DefinitionEntry>{
        end == End::source
            ? DefinitionEntry{DefinitionId("d-pg"), end, "Postgres", "airbyte/source-postgres", "", "", ""}
            : DefinitionEntry{DefinitionId("d-s3"), end, "S3", "airbyte/destination-s3", "", "", ""}};
  }
  Result<ConnectorSpecification> specification(End, DefinitionId, WorkspaceId) override {
    return ConnectorSpecification{{R"({"type":"object"})"}, "", {}};
  }
  Result<std::vector<ActorEntry>> actors(End end, WorkspaceId) override {
    std::vector<ActorEntry> some;
    for (const auto& actor : all_actors) {
      if (actor.end == end) some.push_back(actor);
    }
    return some;
  }
  Result<ActorEntry> actor(End, ActorId) override { return refused(); }
  Result<ActorEntry> create_actor(ActorDraft draft) override {
    calls.push_back("create " + draft.name);
    if (fails == "create " + draft.name) return refused();
    if (loses == "request of " + draft.name) return lost();
    all_actors.push_back({ActorId("id of " + draft.name), draft.end, draft.name, draft.workspace,
                          draft.definition, "", draft.configuration});
    if (loses == "reply of " + draft.name) return lost();
    return all_actors.back();
  }
  Result<ActorEntry> update_actor(ActorEntry actor) override {
    calls.push_back("update " + actor.name);
    return actor;
  }
  Result<void> delete_actor(End, ActorId id) override {
    calls.push_back("delete " + id.text.str());
    if (fails == "delete") return refused();
    std::erase_if(all_actors, [&](const ActorEntry& actor) { return actor.id == id; });
    return Result<void>();
  }
  Result<CheckOutcome> check(End, ActorId) override { return CheckOutcome{check_succeeds, "refused"}; }
  Result<CheckOutcome> check_draft(ActorDraft draft, ActorId) override {
    calls.push_back("check " + draft.name);
    return CheckOutcome{check_succeeds, "connection refused"};
  }
  Result<Catalog> discover(ActorId) override {
    calls.emplace_back("discover");
    if (fails == "discover") return refused();
    Catalog catalog;
    CatalogStream orders;
    orders.name = "orders";
    orders.sync_modes = {"full_refresh"};
    catalog.streams = {orders};
    return catalog;
  }
  Result<std::vector<ConnectionEntry>> connections(WorkspaceId) override { return all_connections; }
  Result<ConnectionEntry> connection(ConnectionId) override { return refused(); }
  Result<ConnectionEntry> create_connection(ConnectionChange draft) override {
    calls.push_back("create " + *draft.name);
    if (fails == "create " + *draft.name) return refused();
    ConnectionEntry entry;
    entry.id = ConnectionId("id of " + *draft.name);
    entry.name = *draft.name;
    entry.source = draft.source;
    entry.destination = draft.destination;
    entry.status = ConnectionStatus::active;
    entry.streams = *draft.streams;
    all_connections.push_back(entry);
    if (loses == "reply of " + *draft.name) return lost();
    return entry;
  }
  Result<ConnectionEntry> update_connection(ConnectionId, ConnectionChange) override { return refused(); }
  Result<void> delete_connection(ConnectionId id) override {
    calls.push_back("delete " + id.text.str());
    std::erase_if(all_connections, [&](const ConnectionEntry& one) { return one.id == id; });
    return Result<void>();
  }
  Result<JobView> sync(ConnectionId) override { return refused(); }
  Result<JobView> reset(ConnectionId) override { return refused(); }
  Result<JobView> refresh(ConnectionId, RefreshMode, std::vector<StreamChoice>) override { return refused(); }
  Result<void> jobs(JobFilter, const std::function<bool(const JobView&)>&) override { return Result<void>(); }
  Result<JobDetail> job(JobId) override { return refused(); }
  Result<JobInspection> progress(JobId, ConnectionId, WorkspaceId) override { return refused(); }
  in::CancelAnswered cancel(JobId, ConnectionId) override { return {}; }
  Result<std::vector<std::string>> log_lines(JobId, std::size_t) override { return refused(); }
};

constexpr const char* file = R"json({
"sources":[{"name":"shop","connector":"postgres","configuration":{}}],
"destinations":[{"name":"lake","connector":"s3","configuration":{}}],
"connections":[{"name":"a","source":"shop","destination":"lake","streams":["orders"]},
               {"name":"b","source":"shop","destination":"lake","streams":["STREAM"]}]})json";

struct Attempt {
  explicit Attempt(Fake& airbyte, const char* stream = "orders") : airbyte_(airbyte) {
    std::string text = file;
    text.replace(text.find("STREAM"), 6, stream);
    pipeline = pipeline_from({text}).pipeline;
    snapshot = take_snapshot(airbyte, {WorkspaceId("ws"), "default"}, pipeline).value();
    plan = plan_pipeline(pipeline, {}, snapshot, {});
    EXPECT_TRUE(plan.faults.empty());
    EXPECT_TRUE(discover_known(airbyte, pipeline, snapshot, plan));
  }
  Result<Applied> carry_out() {
    return provision::carry_out(
        airbyte_, pipeline, snapshot, plan, [this](const std::string& line) { told.push_back(line); },
        faults);
  }

  Fake& airbyte_;
  Pipeline pipeline;
  Snapshot snapshot;
  PipelinePlan plan;
  std::vector<std::string> told;
  std::vector<Fault> faults;
};

TEST(Apply, CreatesEverythingAndDiscoversASourceOnce) {
  Fake airbyte;
  Attempt run(airbyte);
  const auto applied = run.carry_out();
  ASSERT_TRUE(applied) << to_string(applied.error());
  EXPECT_EQ(applied->created.size(), 2U);
  EXPECT_EQ(airbyte.calls,
            (std::vector<std::string>{"create shop", "create lake", "discover", "create a", "create b"}));
  Attempt again(airbyte);
  EXPECT_TRUE(again.plan.changes_nothing());
}

TEST(Apply, AFailedStepTakesBackWhatThisRunCreatedAndNothingElse) {
  Fake airbyte;
  airbyte.all_actors.push_back(
      {ActorId("old"), End::source, "older", WorkspaceId("ws"), DefinitionId("d-pg"), "", {"{}"}});
  airbyte.fails = "create b";
  Attempt run(airbyte);
  const auto applied = run.carry_out();
  ASSERT_FALSE(applied);
  EXPECT_NE(applied.error().message.find("connection b: "), std::string::npos);
  EXPECT_TRUE(airbyte.all_connections.empty());
  ASSERT_EQ(airbyte.all_actors.size(), 1U);
  EXPECT_EQ(airbyte.all_actors.front().name, "older");
  const std::vector<std::string> undone(airbyte.calls.end() - 3, airbyte.calls.end());
  EXPECT_EQ(undone, (std::vector<std::string>{"delete id of a", "delete id of lake", "delete id of shop"}))
      << "latest first";
}

TEST(Apply, FaultsThatADiscoveryShowsLeaveNothing) {
  Fake airbyte;
  Attempt run(airbyte, "odrers");
  const auto applied = run.carry_out();
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, Errc::usage);
  ASSERT_EQ(run.faults.size(), 1U);
  EXPECT_EQ(run.faults.front().pointer, "/connections/1/streams/0");
  EXPECT_TRUE(airbyte.all_actors.empty());
  EXPECT_TRUE(airbyte.all_connections.empty());
}

TEST(Apply, WhatCannotBeTakenBackIsNamed) {
  Fake airbyte;
  airbyte.fails = "delete";
  Attempt run(airbyte, "odrers");
  const auto applied = run.carry_out();
  ASSERT_FALSE(applied);
  EXPECT_NE(applied.error().hint.find(
                "could not take back: destination lake (id of lake), source shop (id of shop)"),
            std::string::npos)
      << applied.error().hint;
}

TEST(Apply, AnInterruptStopsBetweenStepsAndTakesBack) {
  Fake airbyte;
  Attempt run(airbyte);
  airbyte.stop = true;
  EXPECT_EQ(run.carry_out().error().code, Errc::cancelled);
  EXPECT_TRUE(airbyte.calls.empty());
}

TEST(Apply, WhatAnInterruptedRequestCreatedIsFoundAndTakenBack) {
  for (const char* last : {"reply of lake", "reply of b"}) {
    Fake airbyte;
    airbyte.loses = last;
    Attempt run(airbyte);
    const auto applied = run.carry_out();
    ASSERT_FALSE(applied);
    EXPECT_TRUE(airbyte.all_actors.empty()) << last;
    EXPECT_TRUE(airbyte.all_connections.empty()) << last;
    EXPECT_NE(applied.error().hint.find("what this run created was taken back"), std::string::npos)
        << applied.error().hint;
  }
}

TEST(Apply, ARequestThatMayTakeEffectLaterIsNamed) {
  Fake airbyte;
  airbyte.loses = "request of lake";
  Attempt run(airbyte);
  const auto applied = run.carry_out();
  ASSERT_FALSE(applied);
  EXPECT_TRUE(airbyte.all_actors.empty());
  EXPECT_NE(applied.error().hint.find("look whether Airbyte has created it after all: destination lake"),
            std::string::npos)
      << applied.error().hint;
}

TEST(Apply, ChecksComeBeforeAnythingIsCreated) {
  Fake airbyte;
  airbyte.check_succeeds = false;
  Attempt run(airbyte);
  const auto checked = check_ends(airbyte, run.snapshot, run.plan, [](const std::string&) {});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("source shop: Airbyte cannot connect: connection refused"),
            std::string::npos);
  EXPECT_EQ(airbyte.calls, (std::vector<std::string>{"check shop"}));
}

}  // namespace
}  // namespace syncwarden::provision
