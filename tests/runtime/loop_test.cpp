// The heartbeat of the loop.
#include "runtime/loop_pulse.hpp"
#include "runtime/task_group.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace syncwarden::runtime {
namespace {

class Pulse : public ::testing::Test {
 protected:
  void start(Millis interval) {
    tasks_.spawn(beat(
        loop_.get_executor(), interval, [this](double lag) { lags_.push_back(lag); },
        SystemdNotifier::from_environment()));
  }
  void run_until_beats(std::size_t count) {
    for (int i = 0; i < 1000 && lags_.size() < count; ++i) {
      loop_.restart();
      loop_.run_for(Millis{5});
    }
    ASSERT_GE(lags_.size(), count);
  }
  void TearDown() override {
    tasks_.cancel_all();
    loop_.restart();
    loop_.poll();
    EXPECT_TRUE(tasks_.empty());
  }

  boost::asio::io_context loop_{1};
  std::vector<double> lags_;
  TaskGroup tasks_{loop_.get_executor(), [](std::exception_ptr bug) { std::rethrow_exception(bug); }};
};

TEST_F(Pulse, TellsHowLateTheLoopIs) {
  start(Millis{10});
  run_until_beats(2);
  lags_.clear();
  boost::asio::post(loop_, [] { std::this_thread::sleep_for(Millis{60}); });
  run_until_beats(1);
  EXPECT_GE(lags_.front(), 0.030);
  // The beats that were missed are not made up for.
  const auto beats = lags_.size();
  loop_.restart();
  loop_.poll();
  EXPECT_LE(lags_.size(), beats + 1);
}

TEST_F(Pulse, FeedsTheWatchdogFasterThanItsOwnInterval) {
  const std::string name = "@warden-pulse-" + std::to_string(::getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), length), 0);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "20000", 1);
  start(std::chrono::hours{1});
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");
  run_until_beats(3);
  std::array<char, 64> text{};
  const auto got = ::recv(fd, text.data(), text.size(), 0);
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(got)), "WATCHDOG=1");
  ::close(fd);
}

}  // namespace
}  // namespace syncwarden::runtime
