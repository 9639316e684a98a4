#include "runtime/task_group.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace syncwarden::runtime {
namespace {

namespace asio = boost::asio;

class TaskGroupTest : public ::testing::Test {
 protected:
  asio::awaitable<void> sleep_for_ever() {
    asio::steady_timer timer(loop_, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
  }
  asio::awaitable<void> stumble() {
    asio::steady_timer timer(loop_, Millis{1});
    co_await timer.async_wait(asio::use_awaitable);
    throw std::logic_error("stumbled");
  }
  std::optional<bool> join(Millis limit) {
    std::optional<bool> quiet;
    auto joining = group_.join(limit);
    asio::co_spawn(loop_, std::move(joining),
                   [&quiet](const std::exception_ptr&, bool result) { quiet = result; });
    loop_.restart();
    for (int i = 0; i < 1000 && !quiet; ++i) loop_.run_for(Millis{5});
    return quiet;
  }

  asio::io_context loop_{1};
  std::vector<std::string> bugs_;
  TaskGroup group_{loop_.get_executor(), [this](const std::exception_ptr& error) {
                     try {
                       std::rethrow_exception(error);
                     } catch (const std::exception& bug) {
                       bugs_.emplace_back(bug.what());
                     }
                   }};
};

TEST_F(TaskGroupTest, AnExceptionOfATaskIsTold) {
  group_.spawn(stumble());
  EXPECT_EQ(join(Millis{2000}), true);
  EXPECT_EQ(bugs_, std::vector<std::string>{"stumbled"});
}

TEST_F(TaskGroupTest, ACancelledTaskIsNoBug) {
  const auto one = group_.spawn(sleep_for_ever());
  group_.spawn(sleep_for_ever());
  loop_.poll();
  group_.cancel(one);
  loop_.restart();
  loop_.poll();
  EXPECT_EQ(group_.size(), 1U);
  group_.cancel(one);  // it has ended: nothing happens
  group_.cancel_all();
  EXPECT_EQ(join(Millis{2000}), true);
  EXPECT_TRUE(bugs_.empty());
}

TEST_F(TaskGroupTest, JoinGivesUpAtItsLimit) {
  group_.spawn(sleep_for_ever());
  EXPECT_EQ(join(Millis{20}), false);
  EXPECT_FALSE(group_.empty());
  group_.cancel_all();
  EXPECT_EQ(join(Millis{2000}), true);
}

}  // namespace
}  // namespace syncwarden::runtime
