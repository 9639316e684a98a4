#include "settings/impl/files.hpp"

#include "base/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace syncwarden::settings {
namespace {

Error unreadable(const std::string& path, const std::string& reason) {
  return {Errc::file_unreadable, fmt::format("cannot read {}: {}", printable(path, 300), reason), {}, {}};
}

std::string reason_of(int number) { return std::generic_category().message(number); }

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes, const std::string& named) {
  const std::string& name = named.empty() ? path : named;
  if (path.find('\0') != std::string::npos) return unreadable(name, "the path holds a zero byte");
  // Not blocking: opening a pipe without a writer would wait for ever.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // NOLINT(*-vararg)
  if (file.number < 0) return unreadable(name, reason_of(errno));
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return unreadable(name, reason_of(errno));
  if (S_ISDIR(status.st_mode)) return unreadable(name, "it is a folder");
  if (!S_ISREG(status.st_mode)) return unreadable(name, "it is no regular file");
  std::string text;
  std::array<char, 16'384> block{};
  while (true) {
    const ssize_t got = ::read(file.number, block.data(), block.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(name, reason_of(errno));
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > max_bytes)
      return unreadable(name, fmt::format("it is longer than {} bytes", max_bytes));
  }
}

}  // namespace syncwarden::settings
