// A daemon made of fakes, asked over its API: no sockets, no store, no core.
#pragma once

#include "admin/admin.hpp"
#include "fake_view.hpp"

#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::admin {

namespace asio = boost::asio;

/// Monday 2026-11-02, 12:00 UTC.
inline constexpr Instant noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 2} +
                              std::chrono::hours{12}};

/// Connections with everything that a person asks about, and incidents.
class RichView final : public ReadView {
 public:
  struct Row {
    ConnectionView view;
    ConnectionPicture picture;
    std::vector<JobView> jobs;
    std::optional<Pause> pause;
  };
  [[nodiscard]] FleetPicture fleet(Instant /*now*/) const override {
    FleetPicture picture = state;
    picture.connections = rows.size();
    return picture;
  }
  void for_each_connection(const std::function<void(const ConnectionPicture&)>& visit) const override {
    for (const Row& row : rows) visit(shown(row, false));
  }
  bool with_connection(const ConnectionId& id,
                       const std::function<void(const ConnectionPicture&)>& visit) const override {
    for (const Row& row : rows) {
      if (row.view.id != id) continue;
      visit(shown(row, true));
      return true;
    }
    return false;
  }
  void for_each_incident(const std::function<void(const Incident&)>& visit) const override {
    for (const Incident& incident : incidents) visit(incident);
  }

  Row& add(const std::string& id, const std::string& name, const std::string& workspace = "marketing") {
    Row row;
    row.view.id = ConnectionId(id);
    row.view.name = name;
    row.view.workspace = WorkspaceId("w-" + workspace);
    row.view.workspace_name = workspace;
    row.view.status = ConnectionStatus::active;
    row.view.schedule = AirbyteSchedule::manual;
    rows.push_back(std::move(row));
    return rows.back();
  }

  FleetPicture state;
  std::deque<Row> rows;
  std::vector<Incident> incidents;

 private:
  static ConnectionPicture shown(const Row& row, bool details) {
    ConnectionPicture picture = row.picture;
    picture.view = &row.view;
    if (row.pause) picture.pause = &*row.pause;
    if (!details) {
      picture.waiting.clear();
      picture.incidents.clear();
      picture.rule.clear();
      picture.schedules.clear();
      picture.typical_duration.reset();
      return picture;
    }
    for (const JobView& job : row.jobs) {
      JobPicture running;
      running.view = &job;
      picture.jobs.push_back(running);
    }
    return picture;
  }
};

/// A history as a store keeps it: newest first, bounded by the query.
class FakeHistory final : public Store {
 public:
  asio::awaitable<Result<std::optional<Lease>>> acquire_or_renew(std::string, Millis) override {
    co_return std::optional<Lease>();
  }
  asio::awaitable<Result<Snapshot>> load() override { co_return Snapshot(); }
  asio::awaitable<Result<void>> commit(CommitRequest) override { co_return Result<void>(); }
  asio::awaitable<Result<void>> release(Epoch) override { co_return Result<void>(); }
  asio::awaitable<Result<StoreStats>> stats() override { co_return StoreStats(); }
  asio::awaitable<Result<void>> backup(std::string) override { co_return Result<void>(); }
  void close() override {}
  asio::awaitable<Result<HistoryPage>> read(HistoryQuery query) override {
    queries.push_back(query);
    if (failure) co_return *failure;
    HistoryPage page;
    using What = HistoryQuery::What;
    if (query.what == What::ticks) {
      page.ticks = picked(ticks, query, [&](const Tick& t) {
        const std::string_view schedule(t.schedule.text);
        return std::pair(t.nominal, ConnectionId(std::string(schedule.substr(0, schedule.rfind('/')))));
      });
    }
    if (query.what == What::runs)
      page.runs = picked(runs, query, [](const Run& r) { return std::pair(r.nominal, r.connection); });
    if (query.what == What::jobs)
      page.jobs =
          picked(jobs, query, [](const JobRecord& r) { return std::pair(r.job.created, r.job.connection); });
    if (query.what == What::incidents) {
      page.incidents =
          picked(incidents, query, [](const Incident& i) { return std::pair(i.opened, i.connection); });
      std::erase_if(page.incidents,
                    [&](const Incident& i) { return query.incident && i.id != *query.incident; });
    }
    if (query.what == What::commands)
      page.commands =
          picked(commands, query, [](const CommandRecord& c) { return std::pair(c.at, ConnectionId()); });
    co_return page;
  }

  std::vector<Tick> ticks;
  std::vector<Run> runs;
  std::vector<JobRecord> jobs;
  std::vector<Incident> incidents;
  std::vector<CommandRecord> commands;
  std::optional<Error> failure;
  std::vector<HistoryQuery> queries;

 private:
  template <class Row, class Key>
  static std::vector<Row> picked(std::vector<Row> rows, const HistoryQuery& query, Key key) {
    std::erase_if(rows, [&](const Row& row) {
      const auto [at, connection] = key(row);
      return (query.from && at < *query.from) || (query.until && at > *query.until) ||
             (query.connection && connection != *query.connection);
    });
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const Row& a, const Row& b) { return key(a).first > key(b).first; });
    if (rows.size() > query.limit)
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(query.limit), rows.end());
    return rows;
  }
};

class FakeCommands final : public CommandSink {
 public:
  void submit(CommandRequest request, std::function<void(Result<CommandDone>)> done) override {
    requests.push_back(request);
    if (later) {
      waiting.push_back(std::move(done));
    } else {
      done(answer);
    }
  }
  template <class What>
  [[nodiscard]] const What& last() const {
    return std::get<What>(requests.back().what);
  }
  Result<CommandDone> answer = CommandDone{"done", std::nullopt, std::nullopt, false};
  bool later = false;
  std::vector<CommandRequest> requests;
  std::vector<std::function<void(Result<CommandDone>)>> waiting;
};

class ApiDesk : public ::testing::Test {
 protected:
  http::Handler handler() {
    Dependencies dependencies{view, metrics, [this] { return now; }, Health{}};
    dependencies.build = {"1.2.3", "abc", "main", "gcc"};
    dependencies.started = now;
    dependencies.commands = &commands;
    dependencies.history = &history;
    dependencies.user_name = [](std::uint32_t uid) { return name_of(uid); };
    dependencies.log_lines = [this](JobId job, std::size_t most) { return lines_of(job, most); };
    dependencies.progress = [this](JobId job, ConnectionId, WorkspaceId workspace) {
      return progress_of(job, std::move(workspace));
    };
    return make_handler(std::move(dependencies));
  }

  http::Response send(http::Request request, http::Peer peer = {"127.0.0.1", true, std::nullopt}) {
    http::Response answer;
    answer.status = 0;
    request.headers.insert(request.headers.begin(), {"Host", "localhost:9927"});
    asio::co_spawn(context, handler()(std::move(request), std::move(peer)),
                   [&answer](const std::exception_ptr& thrown, http::Response response) {
                     if (thrown) std::rethrow_exception(thrown);
                     answer = std::move(response);
                   });
    context.restart();
    if (while_waiting) {
      context.poll();
      while_waiting();
    }
    context.run();
    return answer;
  }
  http::Response ask(const std::string& target) { return send({"GET", "/api/v1/" + target, {}, ""}); }
  http::Response post(const std::string& target, const std::string& body,
                      std::vector<http::Header> more = {}) {
    more.push_back({"Content-Type", "application/json"});
    return send({"POST", "/api/v1/" + target, std::move(more), body});
  }
  /// The answer of a GET that must succeed.
  boost::json::value get(const std::string& target) {
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 200U) << target << ": " << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    return boost::json::parse(answer.body);
  }
  static std::string text_at(const boost::json::value& value, const std::string& pointer) {
    return std::string(value.at_pointer(pointer).as_string());
  }

  static asio::awaitable<std::string> name_of(std::uint32_t uid) {
    co_return uid == 1000 ? std::string("alice") : std::string();
  }

  asio::awaitable<Result<JobInspection>> progress_of(JobId job, WorkspaceId workspace) {
    asked_job = job;
    asked_workspace = std::move(workspace);
    co_return progress;
  }
  Result<JobInspection> progress = JobInspection{};
  WorkspaceId asked_workspace;

  asio::awaitable<Result<std::vector<std::string>>> lines_of(JobId job, std::size_t most) {
    asked_job = job;
    asked_lines = most;
    co_return log;
  }

  asio::io_context context;
  RichView view;
  observe::Metrics metrics{observe::MetricsOptions{}};
  FakeHistory history;
  FakeCommands commands;
  Now now{noon, Mono{Millis(1'000)}};
  std::function<void()> while_waiting;  ///< called when the request waits for something
  Result<std::vector<std::string>> log = std::vector<std::string>{"first line", "second line"};
  JobId asked_job;
  std::size_t asked_lines = 0;
};

}  // namespace syncwarden::admin
