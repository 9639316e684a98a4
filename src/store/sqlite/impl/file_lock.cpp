#include "store/sqlite/impl/file_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace syncwarden::store {
namespace {

Error unwritable(const std::string& path, int code) {
  const char* hint =
      code == ENOENT    ? "make the directory first"
      : code == ENOTDIR ? "a part of the path is a file, not a directory"
      : code == EROFS   ? "the file system is read-only; choose a path on a writable one"
      : code == ENOSPC
          ? "the disk is full"
          : "the directory must be writable for this user; --state=sqlite:PATH names another file";
  return {Errc::file_unwritable,
          fmt::format("uid {} cannot create or write the state file: {}", geteuid(), std::strerror(code)),
          path, hint};
}

std::string owner_of(int fd) {
  std::array<char, 32> text{};
  const auto size = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string digits;
  for (ssize_t i = 0;
       i < size && text[static_cast<std::size_t>(i)] >= '0' && text[static_cast<std::size_t>(i)] <= '9';
       ++i) {
    digits += text[static_cast<std::size_t>(i)];
  }
  return digits;
}

}  // namespace

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> FileLock::take(const std::string& path) {
  const auto name = path + ".lock";
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return unwritable(name, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    const auto pid = owner_of(fd);
    ::close(fd);
    if (code != EWOULDBLOCK) return unwritable(name, code);
    const auto who = pid.empty() ? std::string{"another process"} : "process " + pid;
    return Error{Errc::store_locked, fmt::format("{} holds the state file", who), path,
                 "one daemon per state file: end the other one, or give this one its own state"};
  }
  // Only a help for whoever finds the file locked: a full disk must not keep us from starting.
  const auto text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) == 0) {
    [[maybe_unused]] const auto written = ::pwrite(fd, text.data(), text.size(), 0);
  }
  fd_ = fd;
  return {};
}

Result<void> create_private_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISREG(info.st_mode)) return {};
    return Error{Errc::file_unwritable,
                 fmt::format("uid {} cannot use it as a state file: not a regular file", geteuid()), path,
                 "name a file, for example state.db in that directory"};
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return unwritable(path, errno);
  ::close(fd);
  // The new name must survive a crash of the machine, or the state would be gone with it.
  sync_directory_of(path);
  return {};
}

void sync_directory_of(const std::string& path) {
  const auto parent = std::filesystem::path{path}.parent_path();
  const int directory = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

}  // namespace syncwarden::store
