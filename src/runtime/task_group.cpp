#include "runtime/task_group.hpp"

#include "runtime/clock.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace syncwarden::runtime {

namespace asio = boost::asio;

TaskGroup::TaskGroup(asio::any_io_executor executor, std::function<void(std::exception_ptr)> on_bug)
    : executor_(executor), on_bug_(std::move(on_bug)), all_ended_(executor) {}

TaskGroup::~TaskGroup() = default;

TaskGroup::TaskId TaskGroup::spawn(asio::awaitable<void> task) {
  const TaskId id = ++next_;
  auto& entry = tasks_[id];  // stays where it is, whatever comes and goes beside it
  asio::co_spawn(executor_, std::move(task),
                 asio::bind_cancellation_slot(entry.signal.slot(), [this, id](std::exception_ptr error) {
                   ended(id, std::move(error));
                 }));
  return id;
}

void TaskGroup::ended(TaskId id, std::exception_ptr error) {
  tasks_.erase(id);
  if (tasks_.empty()) all_ended_.cancel();
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == asio::error::operation_aborted) return;
    on_bug_(error);
  } catch (...) {
    on_bug_(error);
  }
}

void TaskGroup::cancel(TaskId id) {
  if (const auto task = tasks_.find(id); task != tasks_.end()) {
    task->second.signal.emit(asio::cancellation_type::terminal);
  }
}

void TaskGroup::cancel_all() {
  // A cancelled task may end at once and change the map.
  std::vector<TaskId> ids;
  ids.reserve(tasks_.size());
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());  // the oldest first
  for (const TaskId id : ids) cancel(id);
}

asio::awaitable<bool> TaskGroup::join(Millis limit) {
  all_ended_.expires_at(steady_now() + limit);
  while (!tasks_.empty()) {
    const auto [error] = co_await all_ended_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) break;  // the limit has passed
  }
  co_return tasks_.empty();
}

}  // namespace syncwarden::runtime
