#include "app/notifications.hpp"

#include "observe/build_info.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {

void set_process(notify::CourierContext& context) {
  context.clock = runtime::read_clock;
  context.environment = [](const char* name) -> const char* { return std::getenv(name); };
  context.user_agent = "syncwarden/" + observe::current_build().version;
}

Notifications::Notifications(boost::asio::any_io_executor executor, runtime::TaskGroup& tasks,
                             observe::Metrics& metrics, observe::Log& log)
    : executor_(std::move(executor)),
      tasks_(tasks),
      metrics_(metrics),
      log_(log),
      outbox_(std::make_shared<notify::Outbox>(std::vector<Receiver>{})),
      context_(std::make_shared<notify::CourierContext>()) {
  set_process(*context_);
  context_->write = [this](std::vector<Mutation> mutations) { shell_->write(std::move(mutations)); };
  context_->alive = [this] { return shell_->awake(runtime::read_clock()) && shell_->store_healthy(); };
  context_->tried = [this](const Receiver& receiver, const std::vector<Notice>& notices,
                           const notify::Delivery& delivery, Millis took,
                           bool again) { tried(receiver, notices, delivery, took, again); };
  context_->beat = [this](Instant at) { metrics_.notify().heartbeat(at); };
  context_->beat_failed = [this](const Receiver& receiver, const notify::Delivery& delivery) {
    log_.warn("heartbeat not taken", {{"receiver", receiver.name}, {"why", delivery.what}});
  };
}

Result<void> Notifications::configure(const std::vector<Receiver>& receivers) {
  Couriers made;
  for (const auto& receiver : receivers) {
    auto courier = notify::Courier::make(executor_, receiver, outbox_, context_);
    if (!courier) return courier.error();
    made.push_back(std::move(*courier));
  }
  stop();
  couriers_ = std::move(made);
  outbox_->configure(receivers);
  const bool beats = std::any_of(receivers.begin(), receivers.end(), [](const Receiver& receiver) {
    return std::holds_alternative<HeartbeatTarget>(receiver.target);
  });
  // Until the first ping is taken the process's start stands for it: an alert counts from there.
  if (beats && !beats_) metrics_.notify().heartbeat(runtime::read_clock().wall);
  beats_ = beats;
  if (started_) run_couriers();
  refresh();
  return {};
}

void Notifications::attach(runtime::ShellOptions& shell) {
  shell.loaded = [this](const Snapshot& snapshot) { load(snapshot); };
  shell.complete = [this](std::vector<Mutation>& durable) {
    outbox_->extend(
        durable, [this](const ConnectionId& connection) { return find(connection); },
        runtime::read_clock().wall);
  };
  shell.written = [this](const MutationBatch& batch) {
    if (outbox_->written(batch.list())) {
      for (const auto& courier : couriers_) courier->wake();
    }
    refresh();
  };
}

void Notifications::load(const Snapshot& snapshot) {
  outbox_->load(snapshot);
  if (snapshot.newer_notices.empty()) return;
  const std::set<std::string> events(snapshot.newer_notices.begin(), snapshot.newer_notices.end());
  log_.warn(
      "notifications that a newer syncwarden wrote are kept and not sent: this one does not know their kind",
      {{"kept", std::to_string(snapshot.newer_notices.size())},
       {"events", fmt::format("{}", fmt::join(events, ", "))},
       {"hint", "the newer version sends them after its next start"}});
}

void Notifications::use(runtime::Shell& shell, Store& store) {
  shell_ = &shell;
  store_ = &store;
}

void Notifications::plan(PlanPtr plan) {
  plan_ = std::move(plan);
  rules_.clear();
  for (const Rule& rule : plan_->rules) rules_.emplace(rule.where, &rule);
}

void Notifications::start() {
  started_ = true;
  run_couriers();
  tasks_.spawn(keep_digests());
  refresh();
}

void Notifications::run_couriers() {
  for (const auto& courier : couriers_) tasks_.spawn(notify::Courier::run(courier));
}

void Notifications::stop() {
  for (const auto& courier : couriers_) courier->stop();
  couriers_.clear();
}

std::optional<notify::KnownConnection> Notifications::find(const ConnectionId& connection) const {
  std::optional<notify::KnownConnection> out;
  if (shell_ == nullptr || connection.text.empty()) return out;
  shell_->view().with_connection(connection, [&](const ConnectionPicture& picture) {
    if (picture.view == nullptr) return;
    out.emplace(notify::KnownConnection{*picture.view});
    if (const auto rule = rules_.find(picture.rule); rule != rules_.end())
      out->labels = rule->second->policy.labels;
    if (plan_) out->airbyte_ui = plan_->airbyte_ui;
  });
  return out;
}

void Notifications::tried(const Receiver& receiver, const std::vector<Notice>& notices,
                          const notify::Delivery& delivery, Millis took, bool again) {
  using End = notify::Delivery::End;
  auto& metrics = metrics_.notify();
  const auto kind = kind_of(receiver);
  metrics.tried(kind, took, again);
  std::string keys;
  for (const auto& notice : notices) keys += (keys.empty() ? "" : " ") + notice.key;
  if (delivery.end == End::taken) {
    metrics.delivered(kind);
    if (!notices.empty()) log_.info("notified", {{"receiver", receiver.name}, {"notification", keys}});
    if (again && notices.empty())
      log_.info("receiver takes notifications again", {{"receiver", receiver.name}});
  } else if (delivery.end == End::given_up) {
    metrics.given_up(kind, delivery.reason);
    log_.error("notification given up", {{"receiver", receiver.name},
                                         {"why", delivery.what},
                                         {"notification", keys},
                                         {"hint", "syncwarden notify test " + receiver.name}});
  } else if (!again) {
    log_.warn("notification not taken, trying again",
              {{"receiver", receiver.name}, {"why", delivery.what}, {"notification", keys}});
  }
  refresh();
}

void Notifications::refresh() {
  auto& metrics = metrics_.notify();
  metrics.queue(outbox_->length(), outbox_->capacity());
  if (const auto dropped = outbox_->dropped(); dropped > dropped_told_) {
    metrics.dropped(dropped - std::exchange(dropped_told_, dropped));
    log_.error("notifications dropped: too many wait for a receiver that does not take them",
               {{"dropped", std::to_string(dropped)}});
  }
  if (const auto orphaned = outbox_->orphaned(); orphaned > orphaned_told_) {
    log_.warn("notifications of a receiver that is no longer configured are removed",
              {{"removed", std::to_string(orphaned - std::exchange(orphaned_told_, orphaned))}});
  }
  for (const std::string_view kind : {"alertmanager", "pagerduty", "slack", "webhook"}) {
    std::optional<Instant> oldest;
    for (const auto& courier : couriers_) {
      if (kind_of(courier->receiver()) != kind || !courier->failing()) continue;
      const auto of_receiver = outbox_->oldest(courier->receiver().name);
      if (of_receiver && (!oldest || *of_receiver < *oldest)) oldest = of_receiver;
    }
    metrics.undelivered_since(kind, oldest);
  }
}

}  // namespace syncwarden::app
