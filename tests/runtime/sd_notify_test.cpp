#include "runtime/sd_notify.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace syncwarden::runtime {
namespace {

/// systemd's end of the socket, and the variables that it sets.
class Systemd : public ::testing::Test {
 protected:
  void SetUp() override {
    clear();
    std::array<char, 32> name{"/tmp/warden-notify-XXXXXX"};
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name.data();
  }
  void TearDown() override {
    clear();
    if (fd_ >= 0) ::close(fd_);
    std::filesystem::remove_all(directory_);
  }
  static void clear() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  /// `name` as in NOTIFY_SOCKET: a path, or an abstract name after an @.
  void listen(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(name.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  std::string received() const {
    std::array<char, 256> text{};
    const auto length = ::recv(fd_, text.data(), text.size(), 0);
    return length < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(length));
  }

  std::string directory_;
  int fd_ = -1;
};

TEST_F(Systemd, HearsWhatIsSent) {
  listen(directory_ + "/notify");
  const auto notifier = SystemdNotifier::from_environment();
  notifier.send("READY=1\nSTATUS=3 rules");
  EXPECT_EQ(received(), "READY=1\nSTATUS=3 rules");
  EXPECT_EQ(received(), "nothing");
}

TEST_F(Systemd, HearsOnAnAbstractSocket) {
  listen("@warden-notify-" + std::to_string(::getpid()));
  SystemdNotifier::from_environment().send("STOPPING=1");
  EXPECT_EQ(received(), "STOPPING=1");
}

TEST_F(Systemd, IsToldWhenAReloadBegan) {
  listen(directory_ + "/notify");
  SystemdNotifier::from_environment().reloading({Instant{}, Mono{Millis{1234}}});
  EXPECT_EQ(received(), "RELOADING=1\nMONOTONIC_USEC=1234000");
}

TEST_F(Systemd, ThatIsNotThereIsNoFault) {
  SystemdNotifier::from_environment().send("READY=1");
  ::setenv("NOTIFY_SOCKET", (directory_ + "/nobody").c_str(), 1);
  SystemdNotifier::from_environment().send("READY=1");
  ::setenv("NOTIFY_SOCKET", std::string(500, 'x').c_str(), 1);
  SystemdNotifier::from_environment().send("READY=1");
}

TEST_F(Systemd, ASlowSystemdNeverBlocksTheLoop) {
  listen(directory_ + "/notify");
  const auto notifier = SystemdNotifier::from_environment();
  for (int i = 0; i < 2000; ++i) notifier.send("WATCHDOG=1");
  EXPECT_EQ(received(), "WATCHDOG=1");
}

struct WatchdogCase {
  const char* limit_us;
  const char* pid;  ///< nothing: not set; "own": ours
  std::optional<Millis> interval;
};

TEST_F(Systemd, WatchdogIsFedTwiceWithinItsLimit) {
  const std::string own = std::to_string(::getpid());
  const std::array cases{
      WatchdogCase{"30000000", nullptr, Millis{15'000}}, WatchdogCase{"30000000", "own", Millis{15'000}},
      WatchdogCase{"30000000", "1", std::nullopt},       WatchdogCase{"1", nullptr, Millis{1}},
      WatchdogCase{"0", nullptr, std::nullopt},          WatchdogCase{"-5", nullptr, std::nullopt},
      WatchdogCase{"30s", nullptr, std::nullopt},        WatchdogCase{"", nullptr, std::nullopt},
      WatchdogCase{nullptr, nullptr, std::nullopt}};
  for (const auto& c : cases) {
    clear();
    if (c.limit_us != nullptr) ::setenv("WATCHDOG_USEC", c.limit_us, 1);
    if (c.pid != nullptr) ::setenv("WATCHDOG_PID", std::string(c.pid) == "own" ? own.c_str() : c.pid, 1);
    EXPECT_EQ(SystemdNotifier::from_environment().watchdog_interval(), c.interval)
        << (c.limit_us != nullptr ? c.limit_us : "unset") << ' ' << (c.pid != nullptr ? c.pid : "unset");
  }
}

}  // namespace
}  // namespace syncwarden::runtime
