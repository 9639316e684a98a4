// Which streams a connection takes, and how: chosen by name or glob, completed and checked by what the source
// offers and the destination takes. Pure.
#pragma once

#include "model/administration.hpp"
#include "provision/configuration.hpp"

#include <optional>
#include <string>
#include <vector>

namespace syncwarden::provision {

/// One line of a file: which streams, and how they are synced.
struct StreamWish {
  std::string pattern;                ///< name or glob; "namespace.name" too
  std::optional<std::string> space;   ///< only streams of this namespace
  std::string sync_mode;              ///< empty: incremental where it is possible
  std::string destination_sync_mode;  ///< empty: append_dedup, append or overwrite, whatever fits first
  std::optional<FieldPath> cursor;
  std::optional<std::vector<FieldPath>> primary_key;
  std::string pointer;  ///< where it stands, for faults
};

struct ChosenStreams {
  std::vector<StreamChoice> streams;  ///< in the order of the catalog
  std::vector<Fault> faults;
};

/// The first wish that matches a stream decides about it. `destination_modes`: what the destination takes;
/// empty: it does not tell. `existing`: what the connection has now; what nobody chooses here (mappers,
/// selected fields) is kept from it.
[[nodiscard]] ChosenStreams choose_streams(const Catalog& catalog, const std::vector<StreamWish>& wishes,
                                           const std::vector<std::string>& destination_modes,
                                           const std::vector<StreamChoice>& existing);

/// "updated_at" and "user.id" as paths.
[[nodiscard]] FieldPath field_path(const std::string& text);

}  // namespace syncwarden::provision
