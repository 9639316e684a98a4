#include "runtime/wake_timer.hpp"

#include "runtime/clock.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace syncwarden::runtime {
namespace {

namespace asio = boost::asio;

/// Wall-clock wakes come from a timerfd on CLOCK_REALTIME that the kernel cancels when the clock is set (an
/// Asio timer would sleep on); monotonic ones from an Asio timer.
class SystemWakeTimer final : public WakeTimer, public std::enable_shared_from_this<SystemWakeTimer> {
 public:
  SystemWakeTimer(const asio::any_io_executor& executor, int fd, std::function<void()> woke)
      : wall_(executor, fd), mono_(executor), woke_(std::move(woke)) {}

  void start() { wait_wall(); }

  void set(const NextWake& wake) override {
    if (wake.wall != wall_set_) {
      wall_set_ = wake.wall;
      arm_wall();
    }
    if (!wake.mono) {
      mono_set_.reset();
      mono_.cancel();
    } else if (wake.mono != mono_set_) {
      mono_set_ = wake.mono;
      mono_.expires_at(steady_time(*wake.mono));
      mono_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (error || self->stopped_) return;
        self->mono_set_.reset();
        self->woke_();
      });
    }
  }

  void stop() override {
    stopped_ = true;
    mono_.cancel();
    boost::system::error_code ignored;
    wall_.close(ignored);
  }

 private:
  void arm_wall() {
    itimerspec when{};
    // Without a wake of its own it still watches for the clock being set: a year ahead is never.
    const Instant at = wall_set_.value_or(read_clock().wall + std::chrono::hours{24 * 365});
    const auto since = at.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count();
    // All zeros would disarm it.
    if (when.it_value.tv_sec <= 0) when.it_value.tv_sec = 1;
    timerfd_settime(wall_.native_handle(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr);
  }

  void wait_wall() {
    wall_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (error || self->stopped_) return;
                       std::uint64_t expirations = 0;
                       const auto got = ::read(self->wall_.native_handle(), &expirations, sizeof expirations);
                       const bool clock_was_set = got < 0 && errno == ECANCELED;
                       const bool fired = got == sizeof expirations;
                       if (clock_was_set) self->arm_wall();
                       if (fired) self->wall_set_.reset();
                       if (fired || clock_was_set) self->woke_();
                       self->wait_wall();
                     });
  }

  asio::posix::stream_descriptor wall_;
  asio::steady_timer mono_;
  std::function<void()> woke_;
  std::optional<Instant> wall_set_;
  std::optional<Mono> mono_set_;
  bool stopped_ = false;
};

/// Owns the shared part: its handlers may outlive the daemon's handle by a moment.
class WakeTimerHandle final : public WakeTimer {
 public:
  explicit WakeTimerHandle(std::shared_ptr<SystemWakeTimer> timer) : timer_(std::move(timer)) {}
  ~WakeTimerHandle() override { timer_->stop(); }
  WakeTimerHandle(const WakeTimerHandle&) = delete;
  WakeTimerHandle& operator=(const WakeTimerHandle&) = delete;
  void set(const NextWake& wake) override { timer_->set(wake); }
  void stop() override { timer_->stop(); }

 private:
  std::shared_ptr<SystemWakeTimer> timer_;
};

}  // namespace

Result<std::unique_ptr<WakeTimer>> make_wake_timer(asio::any_io_executor executor,
                                                   std::function<void()> woke) {
  const int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) {
    return Error{Errc::internal, std::string("no timer from the kernel: ") + std::strerror(errno),
                 "timerfd_create", "is the limit of open files (LimitNOFILE) too low?"};
  }
  auto timer = std::make_shared<SystemWakeTimer>(executor, fd, std::move(woke));
  timer->start();
  return std::unique_ptr<WakeTimer>(std::make_unique<WakeTimerHandle>(std::move(timer)));
}

}  // namespace syncwarden::runtime
