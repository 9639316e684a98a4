#include "store/sqlite/impl/copy.hpp"

#include "store/sqlite/impl/database.hpp"
#include "store/sqlite/impl/file_lock.hpp"
#include "store/sqlite/impl/schema.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace syncwarden::store {
namespace {

Error exists_already(const std::string& path) {
  return {Errc::file_unwritable, "the file exists already and is left alone", path,
          "name a file that does not exist yet"};
}

Error cannot(const char* what, const std::string& path, int code) {
  return {Errc::file_unwritable, fmt::format("{}: {}", what, std::strerror(code)), path,
          "look at the disk and at the permissions of the directory"};
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

Result<void> sync_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot("cannot open the copy", path, errno);
  const int code = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (code != 0) return cannot("cannot bring the copy to the disk", path, code);
  return {};
}

void remove_copy(const std::string& path) {
  ::unlink(path.c_str());
  ::unlink((path + "-journal").c_str());
}

Result<void> copy_into(const std::string& from, const std::string& to, const std::atomic<bool>& stop) {
  Database source;
  constexpr int busy_ms = 2'000;
  if (auto opened = source.open(from, Database::Access::read_only, busy_ms); !opened) return opened;
  source.stop_when(stop);
  // Lightly: every row is read below anyway.
  if (auto checked = check_file(source, 0); !checked) return checked;
  const auto version = source.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version == 0) {
    return Error{Errc::store_corrupt, "the file is empty: there is no state in it", from,
                 "name another file"};
  }
  auto copying = source.prepare("VACUUM INTO ?");
  if (!copying) return copying.error();
  return copying->bind(to).run();
}

/// What failed is the copy, unless the error tells of the original.
Error about_the_copy(Error error, const std::string& to) {
  if (error.code != Errc::store_failed) return error;
  return {error.code, "the copy was not written: " + error.message, to,
          "look at the disk: space, quota, health; the state itself is unharmed"};
}

}  // namespace

Result<void> rename_new(const std::string& from, const std::string& to) {
  int code = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  if (code == EINVAL && !exists(to)) {  // a file system that cannot promise it
    code = ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  }
  if (code == EEXIST || code == EINVAL) return exists_already(to);
  if (code != 0) return cannot("cannot give the file its name", to, code);
  sync_directory_of(to);
  return {};
}

Result<void> copy_state(const std::string& from, const std::string& to, const std::atomic<bool>& stop) {
  if (exists(to)) return exists_already(to);
  const auto partial = to + ".partial";
  remove_copy(partial);  // of a process that was killed
  if (auto made = create_private_file(partial); !made) return made;
  auto done = copy_into(from, partial, stop);
  if (done) done = sync_file(partial);
  if (done) done = rename_new(partial, to);
  if (done) return done;
  remove_copy(partial);
  if (stop) return Error{Errc::cancelled, "the copy was called off", to, "no file was made"};
  return about_the_copy(done.error(), to);
}

}  // namespace syncwarden::store
