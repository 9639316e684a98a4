// Which API a URL means and what a version of Airbyte can do. Pure.
#pragma once

#include "airbyte/codec.hpp"
#include "model/airbyte_target.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::airbyte {

/// An API and the path that it lives under: "/api/v1".
struct Place {
  Api api = Api::config;
  std::string base;

  bool operator==(const Place&) const = default;
};

/// Where the API may be, most likely first: one place if the path tells, several for a bare host. An `api:`
/// choice wins over the path.
[[nodiscard]] std::vector<Place> places_of(ApiChoice choice, std::string_view base_path);

struct Version {
  int major_part = 0;
  int minor_part = 0;

  auto operator<=>(const Version&) const = default;
};
/// "2.1.0", "v0.50.40-alpha"; nothing for "dev".
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

/// What the server understands. Unknown versions are taken for new ones; what they refuse is switched off.
struct Traits {
  bool knows_queued = true;      ///< job status `queued`: since 2.1
  bool knows_refresh = true;     ///< config types `refresh` and `clear`: since 1.0
  bool single_status = false;    ///< one `status` a listing: before 1.0, and the Public API
  bool whole_instance = true;    ///< jobs/list_for_workspaces: since 0.50
  bool lists_workspaces = true;  ///< workspaces/list: until 1.6
};
[[nodiscard]] Traits traits_of(Api api, std::string_view version);

}  // namespace syncwarden::airbyte
