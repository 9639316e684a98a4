// A consistent copy of a state file, made beside its owner.
#pragma once

#include "base/error.hpp"

#include <atomic>
#include <string>

namespace syncwarden::store {

/// Copies `from`, which a daemon may be writing to, into the new file `to`: as of one commit, without the
/// room of deleted rows, for its owner alone, and on the disk when it returns. The name appears last, so that
/// a file of that name is whole. Errors: file_unwritable (`to` exists and is left alone, or cannot be made),
/// store_failed (disk), store_corrupt and store_newer (about `from`), cancelled (`stop` became true).
[[nodiscard]] Result<void> copy_state(const std::string& from, const std::string& to,
                                      const std::atomic<bool>& stop);

/// Gives `from` the name `to`, which must not exist, and makes both names durable.
[[nodiscard]] Result<void> rename_new(const std::string& from, const std::string& to);

}  // namespace syncwarden::store
