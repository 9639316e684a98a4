// Connections out of a file, for a plan without Airbyte and without a state.
#pragma once

#include "base/error.hpp"
#include "model/connection.hpp"
#include "model/mutation.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::app {

/// What is known of connections and of how long their syncs take.
struct ConnectionList {
  std::vector<ConnectionView> connections;
  std::vector<ConnectionHistory> histories;
};

/// JSON: what GET /api/v1/connections answers, or a list of objects with `name` and, where they matter, `id`,
/// `source`, `destination` and `workspace` (a name, or an object with id, name and connector), `tags`,
/// `status`, `takes` ("10m"; also typical_duration_ms), `last_success`. Without an id the name is one. An
/// error names the entry and what is wrong with it.
[[nodiscard]] Result<ConnectionList> connection_list(std::string_view text, const std::string& where);
/// The same out of a file; "-" is standard input.
[[nodiscard]] Result<ConnectionList> read_connection_list(const std::string& path);

}  // namespace syncwarden::app
