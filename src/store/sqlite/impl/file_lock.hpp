// One process per state file.
#pragma once

#include "base/error.hpp"

#include <string>

namespace syncwarden::store {

/// An exclusive flock on "<path>.lock", which holds the pid of its owner. The kernel lets go of it however
/// the process ends. The lock file stays: removing it would let two processes lock two files of one name.
class FileLock {
 public:
  FileLock() = default;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

  /// store_locked: another process (or another store of this one) has it. file_unwritable: the lock file
  /// cannot be made.
  [[nodiscard]] Result<void> take(const std::string& path);

 private:
  int fd_ = -1;
};

/// Creates `path` empty and for its owner alone, if it does not exist. file_unwritable names path and uid.
[[nodiscard]] Result<void> create_private_file(const std::string& path);

/// Makes names in the file's directory survive a crash of the machine, as well as the file system can.
void sync_directory_of(const std::string& path);

}  // namespace syncwarden::store
