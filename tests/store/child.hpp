// A store_writer process and what it has acknowledged.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace syncwarden::store::test {

class Child {
 public:
  Child(const std::string& state, std::int64_t first_number) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    const auto number = std::to_string(first_number);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(STORE_WRITER, STORE_WRITER, state.c_str(), number.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(ends[1]);
    from_ = ends[0];
    if (pid_ < 0) throw std::runtime_error("fork failed");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill();
    ::close(from_);
  }

  /// Blocks until `lines` lines have come (or the child has ended).
  void await_lines(std::size_t lines) {
    while (lines_.size() < lines && read_some()) {}
  }
  /// SIGKILL, then everything that it still had said.
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    while (read_some()) {}
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  bool read_some() {
    char data[4096];
    const auto size = ::read(from_, data, sizeof data);
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    for (ssize_t i = 0; i < size; ++i) {
      if (data[i] == '\n') {
        lines_.push_back(line_);
        line_.clear();
      } else {
        line_ += data[i];
      }
    }
    return true;
  }

  pid_t pid_ = 0;
  int from_ = -1;
  std::string line_;
  std::vector<std::string> lines_;
};

}  // namespace syncwarden::store::test
