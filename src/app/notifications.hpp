// Notifications of the daemon: the outbox beside the store, and a courier for each receiver.
#pragma once

#include "base/error.hpp"
#include "model/plan.hpp"
#include "model/receiver.hpp"
#include "notify/courier.hpp"
#include "notify/outbox.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "ports/store.hpp"
#include "runtime/shell.hpp"
#include "runtime/task_group.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace syncwarden::app {

class Notifications {
 public:
  Notifications(boost::asio::any_io_executor executor, runtime::TaskGroup& tasks, observe::Metrics& metrics,
                observe::Log& log);

  /// Reads the receivers. Fails where an address cannot be used; nothing has changed then.
  [[nodiscard]] Result<void> configure(const std::vector<Receiver>& receivers);
  /// Rules, for the labels of their connections, and Airbyte's address, for links.
  void plan(PlanPtr plan);
  /// Has the shell write rows with what they tell of. Before the shell is made.
  void attach(runtime::ShellOptions& shell);
  /// The shell that was made so, and where it writes; before it starts, so that connections are known from
  /// the first decision on.
  void use(runtime::Shell& shell, Store& store);
  /// From now on what waits is delivered.
  void start();
  /// Nothing more is sent; what waits stays on disk.
  void stop();

 private:
  using Couriers = std::vector<std::shared_ptr<notify::Courier>>;

  void load(const Snapshot& snapshot);
  void run_couriers();
  void refresh();
  void tried(const Receiver& receiver, const std::vector<Notice>& notices, const notify::Delivery& delivery,
             Millis took, bool again);
  std::optional<notify::KnownConnection> find(const ConnectionId& connection) const;
  boost::asio::awaitable<void> keep_digests();
  boost::asio::awaitable<void> write_digest(std::string receiver, Instant due);

  boost::asio::any_io_executor executor_;
  runtime::TaskGroup& tasks_;
  observe::Metrics& metrics_;
  observe::Log& log_;
  runtime::Shell* shell_ = nullptr;
  Store* store_ = nullptr;
  PlanPtr plan_;
  std::map<std::string, const Rule*, std::less<>> rules_;  ///< of the plan, by where they stand
  std::shared_ptr<notify::Outbox> outbox_;
  std::shared_ptr<notify::CourierContext> context_;
  Couriers couriers_;
  std::uint64_t dropped_told_ = 0;
  std::uint64_t orphaned_told_ = 0;
  bool beats_ = false;
  bool started_ = false;
};

/// What couriers need of the process: its clock, its environment, its name.
void set_process(notify::CourierContext& context);

}  // namespace syncwarden::app
