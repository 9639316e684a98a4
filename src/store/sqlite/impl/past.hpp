// Questions about the past: a bounded number of rows, newest first, each over an index.
#pragma once

#include "base/error.hpp"
#include "ports/store.hpp"
#include "store/sqlite/impl/database.hpp"

namespace syncwarden::store {

/// Within one read transaction of its own. Every question walks an index from its newest end, so that it
/// costs what it shows and not what the file holds.
[[nodiscard]] Result<HistoryPage> read_past(const Database& database, const HistoryQuery& query);

}  // namespace syncwarden::store
