// A nursery: every coroutine belongs to one, can be cancelled through it, and is waited for before it goes.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <unordered_map>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

namespace syncwarden::runtime {

/// Used from one thread. It must be empty when it is destroyed: join() first.
class TaskGroup {
 public:
  using TaskId = std::uint64_t;

  /// `on_bug` is told when a task ends with an exception that is not a cancellation: that is a programming
  /// error, and nothing swallows it.
  TaskGroup(boost::asio::any_io_executor executor, std::function<void(std::exception_ptr)> on_bug);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  TaskId spawn(boost::asio::awaitable<void> task);
  /// Asks one task to end at its next suspension point; nothing happens if it has ended.
  void cancel(TaskId id);
  void cancel_all();
  [[nodiscard]] bool empty() const { return tasks_.empty(); }
  [[nodiscard]] std::size_t size() const { return tasks_.size(); }
  /// Waits until every task has ended, at most `limit`. False: some have not.
  [[nodiscard]] boost::asio::awaitable<bool> join(Millis limit);

 private:
  struct Task {
    boost::asio::cancellation_signal signal;
  };
  void ended(TaskId id, std::exception_ptr error);

  boost::asio::any_io_executor executor_;
  std::function<void(std::exception_ptr)> on_bug_;
  std::unordered_map<TaskId, Task> tasks_;
  boost::asio::steady_timer all_ended_;
  TaskId next_ = 0;
};

}  // namespace syncwarden::runtime
