// One kind of store behind the same questions: what the contract's tests share.
#pragma once

#include "store/memory/memory_store.hpp"
#include "store/sqlite/inspect.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "support.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace syncwarden::store::test {

inline constexpr std::size_t prune_limit = 3;

class Backend {
 public:
  virtual ~Backend() = default;
  virtual void open(std::function<Instant()> now) = 0;
  /// Ends the store and starts it again on what it kept. Nothing where nothing is kept.
  virtual void reopen() = 0;
  virtual Store& store() = 0;
  virtual std::vector<Tick> ticks() = 0;
  std::vector<std::int64_t> tick_nominals() {
    std::vector<std::int64_t> out;
    for (const auto& tick : ticks()) out.push_back(tick.nominal.time_since_epoch().count());
    return out;
  }
  virtual std::vector<RunId> run_ids() = 0;
  boost::asio::io_context loop;
};

class Memory final : public Backend {
 public:
  void open(std::function<Instant()> now) override {
    MemoryStore::Options options;
    options.now = std::move(now);
    options.prune_limit = prune_limit;
    store_ = std::make_unique<MemoryStore>(std::move(options));
  }
  void reopen() override {}
  Store& store() override { return *store_; }
  std::vector<Tick> ticks() override {
    std::vector<Tick> out;
    for (const auto& [key, tick] : store_->ticks()) out.push_back(tick);
    return out;
  }
  std::vector<RunId> run_ids() override {
    std::vector<RunId> out;
    for (const auto& [id, run] : store_->runs()) out.push_back(id);
    return out;
  }

 private:
  std::unique_ptr<MemoryStore> store_;
};

class Sqlite final : public Backend {
 public:
  void open(std::function<Instant()> now) override {
    now_ = std::move(now);
    SqliteOptions options;
    options.now = now_;
    options.prune_limit = prune_limit;
    auto made = make_sqlite_store(loop.get_executor(), path_, options);
    ASSERT_TRUE(made) << to_string(made.error());
    store_ = std::move(*made);
  }
  void reopen() override {
    store_->close();
    open(now_);
  }
  Store& store() override { return *store_; }
  std::vector<Tick> ticks() override {
    std::vector<Tick> out;
    Visitors visitors;
    visitors.tick = [&](const Tick& tick) { out.push_back(tick); };
    EXPECT_TRUE(inspect(path_, visitors));
    return out;
  }
  std::vector<RunId> run_ids() override {
    std::vector<RunId> out;
    Visitors visitors;
    visitors.run = [&](const Run& run) { out.push_back(run.id); };
    EXPECT_TRUE(inspect(path_, visitors));
    return out;
  }

 private:
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("state.db");
  std::function<Instant()> now_;
  std::unique_ptr<Store> store_;
};

enum class Kind { memory, sqlite };

class StoreContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::memory) {
      backend_ = std::make_unique<Memory>();
    } else {
      backend_ = std::make_unique<Sqlite>();
    }
    backend_->open([this] { return clock_; });
    epoch_ = lead("me");
  }
  Epoch lead(const std::string& owner) {
    const auto lease = wait(backend_->loop, backend_->store().acquire_or_renew(owner, Millis{1000}));
    EXPECT_TRUE(lease && *lease);
    return lease && *lease ? (*lease)->epoch : Epoch{};
  }
  Result<void> commit(std::vector<Mutation> batch) { return commit_as(epoch_, std::move(batch)); }
  Result<void> commit_as(Epoch epoch, std::vector<Mutation> batch) {
    CommitRequest request;
    request.epoch = epoch;
    request.batch = std::move(batch);
    return wait(backend_->loop, backend_->store().commit(std::move(request)));
  }
  HistoryPage read(HistoryQuery query) {
    auto page = wait(backend_->loop, backend_->store().read(std::move(query)));
    EXPECT_TRUE(page) << to_string(page.error());
    return page ? *page : HistoryPage{};
  }
  Snapshot load() {
    auto snapshot = wait(backend_->loop, backend_->store().load());
    EXPECT_TRUE(snapshot) << to_string(snapshot.error());
    return snapshot ? *snapshot : Snapshot{};
  }
  std::vector<std::int64_t> loaded_jobs() {
    std::vector<std::int64_t> ids;
    for (const auto& record : load().jobs) ids.push_back(record.job.id.value);
    return ids;
  }

  Instant clock_ = at(1'000'000);  // set only while the store is idle
  std::unique_ptr<Backend> backend_;
  Epoch epoch_;
};

inline std::string kind_name(const testing::TestParamInfo<Kind>& which) {
  return which.param == Kind::memory ? "memory" : "sqlite";
}

}  // namespace syncwarden::store::test
