#include "emulator/sample.hpp"

#include <utility>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

using std::chrono::seconds;

Pipeline pipeline(const char* source, const char* connector, const char* destination,
                  const char* destination_connector, const char* workspace, Behaviour behaviour) {
  Pipeline made;
  made.name = fmt::format("{} → {}", source, destination);
  made.workspace = workspace;
  made.source = source;
  made.source_connector = connector;
  made.destination = destination;
  made.destination_connector = destination_connector;
  made.behaviour = std::move(behaviour);
  return made;
}

/// One for each step of the recovery ladder and one that it must leave alone; the tag says which.
std::vector<Pipeline> troubled_pipelines() {
  const auto trouble = [](const char* source, const char* connector, Behaviour behaviour, const char* tag) {
    auto made = pipeline(source, connector, "warehouse", "snowflake", "operations", std::move(behaviour));
    made.tags = {tag};
    return made;
  };
  std::vector<Pipeline> all;
  all.push_back(
      trouble("shipments", "postgres", Behaviour::stuck_at_first(1, {seconds{4}, seconds{6}}), "stuck-once"));
  all.push_back(
      trouble("contacts", "hubspot", Behaviour::throttled({seconds{50}, seconds{60}}), "rate-limited"));
  auto empty = Behaviour::without_data(true);
  empty.duration = {seconds{3}, seconds{4}};
  all.push_back(trouble("surveys", "s3", std::move(empty), "empty-success"));
  auto recovering = Behaviour::recovering_after(3, {seconds{3}, seconds{5}});
  recovering.failure = {FailureOrigin::source, FailureType::config_error, "the password has expired"};
  all.push_back(trouble("refunds", "stripe", std::move(recovering), "fails-then-recovers"));
  return all;
}

}  // namespace

std::vector<Pipeline> sample_pipelines() {
  std::vector<Pipeline> all;
  all.push_back(pipeline("orders", "postgres", "warehouse", "snowflake", "analytics",
                         Behaviour::healthy({seconds{3}, seconds{5}}, {2'000, 6'000})));
  all.push_back(pipeline("customers", "mysql", "warehouse", "snowflake", "analytics",
                         Behaviour::healthy({seconds{6}, seconds{10}}, {10'000, 20'000})));
  all.push_back(pipeline("events", "s3", "lake", "s3", "analytics",
                         Behaviour::healthy({seconds{15}, seconds{20}}, {200'000, 400'000})));
  auto flaky = Behaviour::healthy({seconds{4}, seconds{8}}, {500, 900});
  flaky.attempt_failure = 0.3;
  flaky.job_failure = 0.2;
  all.push_back(pipeline("deals", "salesforce", "warehouse", "snowflake", "analytics", std::move(flaky)));
  auto broken = Behaviour::failing(FailureType::config_error, "the API key was revoked");
  broken.duration = {seconds{3}, seconds{4}};
  all.push_back(pipeline("payments", "stripe", "ledger", "postgres", "finance", std::move(broken)));
  all.push_back(pipeline("invoices", "postgres", "ledger", "postgres", "finance", Behaviour::never_ending()));
  all.push_back(pipeline("contacts", "hubspot", "ledger", "postgres", "finance",
                         Behaviour::throttled({seconds{12}, seconds{18}})));
  auto empty = Behaviour::without_data(false);
  empty.duration = {seconds{3}, seconds{4}};
  all.push_back(pipeline("budgets", "s3", "reports", "bigquery", "finance", std::move(empty)));
  all.front().tags = {"tier-1"};
  for (auto& made : troubled_pipelines()) all.push_back(std::move(made));
  return all;
}

std::vector<Pipeline> fleet(std::size_t count, Range<Millis> duration) {
  std::vector<Pipeline> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Pipeline made;
    made.name = fmt::format("fleet-{:05}", i);
    made.workspace = "fleet";
    made.behaviour = Behaviour::healthy(duration, {1'000, 5'000});
    all.push_back(std::move(made));
  }
  return all;
}

}  // namespace syncwarden::emulator
