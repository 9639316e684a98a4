#include "store/sqlite/sqlite_store.hpp"

#include "store/impl/lease_rule.hpp"
#include "store/sqlite/impl/copy.hpp"
#include "store/sqlite/impl/ledger.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::store {
namespace {

namespace asio = boost::asio;

/// A coroutine that waits for the thread. Touched on the loop only; the thread passes it on unseen. The timer
/// never expires: it is the event that the result sets off.
template <class T>
struct Waiter {
  explicit Waiter(const asio::any_io_executor& executor)
      : wake(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer wake;
  std::optional<Result<T>> result;
};
template <class T>
using WaiterPtr = std::shared_ptr<Waiter<T>>;

/// Called on the thread.
template <class T>
void answer(WaiterPtr<T> waiter, Result<T> result) {
  const auto executor = waiter->wake.get_executor();
  auto deliver = [waiter = std::move(waiter), result = std::move(result)]() mutable {
    waiter->result = std::move(result);
    waiter->wake.cancel();
  };
  asio::post(executor, std::move(deliver));
}

/// Does not touch the store: that may be gone when this resumes.
template <class T>
asio::awaitable<Result<T>> wait_for(WaiterPtr<T> waiter) {
  if (!waiter->result) {
    [[maybe_unused]] auto [ignored] = co_await waiter->wake.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (waiter->result) co_return *std::move(waiter->result);
  co_return Error{Errc::cancelled, "nobody waits for the state store's answer any more", "", ""};
}

Error unexpected(const char* what) {
  return {Errc::internal, std::string{"the store's thread: "} + what, "", "this is a bug: please report it"};
}

struct CommitTask {
  CommitRequest request;
  WaiterPtr<void> waiter;
};
/// Anything else: with a ledger it is done, with none it is called off.
using OtherTask = std::function<void(Ledger*)>;
using Task = std::variant<CommitTask, OtherTask>;

/// Commits in one transaction at most: what waits behind a long one is not delayed for ever.
constexpr std::size_t group_limit = 256;
/// Without a commit for this long a burst is over.
constexpr std::chrono::milliseconds quiet_time{250};

class SqliteStore final : public Store {
 public:
  SqliteStore(asio::any_io_executor executor, std::string path, std::unique_ptr<Ledger> ledger,
              SqliteOptions options)
      : executor_(std::move(executor)),
        path_(std::move(path)),
        options_(std::move(options)),
        ledger_(std::move(ledger)),
        thread_([this] { work(); }) {}
  ~SqliteStore() override { end(/*finish=*/false); }

  asio::awaitable<Result<std::optional<Lease>>> acquire_or_renew(std::string owner, Millis ttl) override {
    return ask<std::optional<Lease>>([this, owner = std::move(owner), ttl](Ledger& ledger) {
      std::optional<Instant> now;
      if (options_.now) now = options_.now();
      return ledger.acquire_or_renew(owner, ttl, now);
    });
  }
  asio::awaitable<Result<Snapshot>> load() override {
    return ask<Snapshot>([](Ledger& ledger) { return ledger.load(); });
  }
  asio::awaitable<Result<void>> commit(CommitRequest request) override {
    auto waiter = std::make_shared<Waiter<void>>(executor_);
    submit(CommitTask{std::move(request), waiter});
    return wait_for<void>(std::move(waiter));
  }
  asio::awaitable<Result<void>> release(Epoch epoch) override {
    return ask<void>([epoch](Ledger& ledger) { return ledger.release(epoch); });
  }
  asio::awaitable<Result<StoreStats>> stats() override {
    return ask<StoreStats>([](Ledger& ledger) { return ledger.stats(); });
  }
  asio::awaitable<Result<HistoryPage>> read(HistoryQuery query) override {
    auto waiter = std::make_shared<Waiter<HistoryPage>>(executor_);
    submit_read(task_of<HistoryPage>(
        waiter, [query = std::move(query)](Ledger& ledger) { return ledger.read(query); }));
    return wait_for<HistoryPage>(std::move(waiter));
  }
  asio::awaitable<Result<void>> backup(std::string path) override {
    auto waiter = std::make_shared<Waiter<void>>(executor_);
    start_copy(waiter, std::move(path));
    return wait_for<void>(std::move(waiter));
  }
  void close() override { end(/*finish=*/true); }

 private:
  template <class T, class Work>
  static OtherTask task_of(WaiterPtr<T> waiter, Work work) {
    return [waiter = std::move(waiter), work = std::move(work)](Ledger* ledger) {
      if (ledger == nullptr) {
        answer<T>(waiter, closed_error());
        return;
      }
      try {
        answer<T>(waiter, work(*ledger));
      } catch (const std::exception& problem) {
        answer<T>(waiter, unexpected(problem.what()));
      }
    };
  }

  template <class T, class Work>
  asio::awaitable<Result<T>> ask(Work work) {
    auto waiter = std::make_shared<Waiter<T>>(executor_);
    submit(task_of<T>(waiter, std::move(work)));
    return wait_for<T>(std::move(waiter));
  }

  void submit(Task task) {
    {
      const std::lock_guard lock{mutex_};
      if (!closing_) {
        queue_.push_back(std::move(task));
        changed_.notify_one();
        return;
      }
    }
    call_off(task);
  }

  void submit_read(OtherTask task) {
    {
      const std::lock_guard lock{mutex_};
      if (!closing_) {
        reads_.push_back(std::move(task));
        changed_.notify_one();
        return;
      }
    }
    task(nullptr);
  }

  /// A copy reads the file over a connection of its own and on a thread of its own: it may take minutes, and
  /// readers do not hold up the writer.
  void start_copy(const WaiterPtr<void>& waiter, std::string to) {
    if (closing_) {  // written on this thread alone
      answer<void>(waiter, closed_error());
      return;
    }
    if (copying_.exchange(true)) {
      answer<void>(waiter,
                   Error{Errc::store_locked, "a backup is being written already", to, "wait for it to end"});
      return;
    }
    copier_ = std::jthread{[this, waiter, to = std::move(to)] {
      Result<void> done;
      try {
        done = copy_state(path_, to, stop_copy_);
      } catch (const std::exception& problem) {
        done = unexpected(problem.what());
      }
      copying_ = false;
      answer<void>(waiter, std::move(done));
    }};
  }

  void end(bool finish) {
    // First: whoever closes the file last folds its log, and a reader cannot.
    stop_copy_ = true;
    if (copier_.joinable()) copier_.join();
    {
      const std::lock_guard lock{mutex_};
      closing_ = true;
      if (!finish) abandoned_ = true;
      changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

  static void call_off(Task& task) {
    if (auto* commit = std::get_if<CommitTask>(&task)) {
      answer<void>(std::move(commit->waiter), closed_error());
    } else {
      std::get<OtherTask>(task)(nullptr);
    }
  }

  /// The thread. Nothing may escape it; running out of memory here ends the process, which is safe.
  void work() noexcept {
    for (;;) {
      auto tasks = next_tasks();
      if (tasks.empty()) break;
      if (const auto* other = std::get_if<OtherTask>(&tasks.front())) {
        (*other)(ledger_.get());
      } else {
        commit(tasks);
      }
    }
    // Closed here, so that the file and its lock are free once close() returns.
    ledger_.reset();
    const std::lock_guard lock{mutex_};
    for (auto& task : queue_) call_off(task);
    queue_.clear();
    for (auto& task : reads_) task(nullptr);
    reads_.clear();
  }

  /// Waits; then the commits at the head of the queue, or one task of another kind. Empty: time to end.
  /// Questions about the past have a queue of their own and every second turn: a flood of them costs a commit
  /// one question, and a flood of commits does not starve them.
  std::vector<Task> next_tasks() {
    std::unique_lock lock{mutex_};
    const auto wanted = [this] { return closing_ || !queue_.empty() || !reads_.empty(); };
    if (committed_ && !changed_.wait_for(lock, quiet_time, wanted)) {
      committed_ = false;
      lock.unlock();
      ledger_->rest();
      lock.lock();
    }
    changed_.wait(lock, wanted);
    std::vector<Task> tasks;
    if (abandoned_) return tasks;
    const bool read_now = !reads_.empty() && (queue_.empty() || read_is_next_);
    read_is_next_ = !read_now;
    if (read_now) {
      tasks.emplace_back(std::move(reads_.front()));
      reads_.pop_front();
      return tasks;
    }
    while (!queue_.empty() && tasks.size() < group_limit) {
      const bool is_commit = std::holds_alternative<CommitTask>(queue_.front());
      if (!is_commit && !tasks.empty()) break;
      tasks.push_back(std::move(queue_.front()));
      queue_.pop_front();
      if (!is_commit) break;
    }
    return tasks;
  }

  void commit(std::vector<Task>& tasks) {
    std::vector<Result<void>> results;
    try {
      std::vector<const CommitRequest*> group;
      group.reserve(tasks.size());
      for (const auto& task : tasks) group.push_back(&std::get<CommitTask>(task).request);
      results = ledger_->commit(group);
      committed_ = true;
    } catch (const std::exception& problem) {
      results.assign(tasks.size(), unexpected(problem.what()));
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      answer<void>(std::move(std::get<CommitTask>(tasks[i]).waiter), std::move(results[i]));
    }
  }

  const asio::any_io_executor executor_;
  const std::string path_;
  const SqliteOptions options_;
  std::unique_ptr<Ledger> ledger_;  ///< the thread's alone, like the one below
  bool committed_ = false;          ///< since the ledger has rested
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> queue_;  ///< guarded by mutex_, like the three below
  std::deque<OtherTask> reads_;
  bool closing_ = false;
  bool abandoned_ = false;
  bool read_is_next_ = false;  ///< the thread's alone
  std::atomic<bool> copying_ = false;
  std::atomic<bool> stop_copy_ = false;
  // Last: they use everything above.
  std::jthread copier_;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<Store>> make_sqlite_store(asio::any_io_executor executor, const std::string& path,
                                                 SqliteOptions options) {
  const Ledger::Limits limits{static_cast<int>(options.busy_timeout.count()), options.full_check_bytes,
                              options.prune_limit};
  auto ledger = Ledger::open(path, limits);
  if (!ledger) return ledger.error();
  return std::unique_ptr<Store>{
      std::make_unique<SqliteStore>(std::move(executor), path, std::move(*ledger), std::move(options))};
}

}  // namespace syncwarden::store
