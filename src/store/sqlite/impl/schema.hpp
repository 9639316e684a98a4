// What the file looks like, and how an older file becomes a current one.
#pragma once

#include "base/error.hpp"
#include "store/sqlite/impl/database.hpp"

#include <cstdint>
#include <vector>

namespace syncwarden::store {

/// The schema that this syncwarden writes: PRAGMA user_version.
inline constexpr std::int64_t schema_version = 5;

/// The tables that a file of this version has.
[[nodiscard]] std::vector<const char*> tables_of(std::int64_t version);

/// Refuses what is not ours before anything is written to it: store_corrupt for garbage, for damage and for
/// another program's database; store_newer for a file of a newer syncwarden. Files beyond `full_check_bytes`
/// are checked lightly (size, schema, both ends of each table) so that a start stays quick. An empty file
/// passes.
[[nodiscard]] Result<void> check_file(const Database& database, std::uint64_t full_check_bytes);

/// Brings an empty or older file to schema_version, in one transaction.
[[nodiscard]] Result<void> migrate(const Database& database);

}  // namespace syncwarden::store
