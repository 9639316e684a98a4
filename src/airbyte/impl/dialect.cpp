#include "airbyte/impl/dialect.hpp"

#include <charconv>

namespace syncwarden::airbyte {
namespace {

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() || text.substr(text.size() - suffix.size()) != suffix) return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return value;
}

}  // namespace

std::vector<Place> places_of(ApiChoice choice, std::string_view base_path) {
  const std::string path(base_path);
  std::string_view root = base_path;
  std::optional<Api> told;
  bool plain = false;
  if (take_suffix(root, "/api/public/v1")) {
    told = Api::public_api;
  } else if (take_suffix(root, "/api/v1")) {
    told = Api::config;
  } else if (take_suffix(root, "/v1")) {
    told = Api::public_api;
    plain = true;
  }
  const std::string prefix(root);
  const Place config{Api::config, prefix + "/api/v1"};
  const Place hosted{Api::public_api, prefix + "/api/public/v1"};
  const Place cloud{Api::public_api, prefix + "/v1"};
  if (choice == ApiChoice::config) return {plain ? Place{Api::config, path} : config};
  if (choice == ApiChoice::public_api) {
    if (told == Api::public_api) return {Place{Api::public_api, path}};
    return {hosted, cloud};
  }
  if (told) return {Place{*told, path}};
  return {config, hosted, cloud};
}

std::optional<Version> parse_version(std::string_view text) {
  if (!text.empty() && (text.front() == 'v' || text.front() == 'V')) text.remove_prefix(1);
  const auto major_part = take_number(text);
  if (!major_part || text.empty() || text.front() != '.') return std::nullopt;
  text.remove_prefix(1);
  const auto minor_part = take_number(text);
  if (!minor_part) return std::nullopt;
  Version version;
  version.major_part = *major_part;
  version.minor_part = *minor_part;
  return version;
}

Traits traits_of(Api api, std::string_view version) {
  Traits traits;
  const auto known = parse_version(version);
  traits.single_status = api == Api::public_api;
  if (!known) return traits;
  traits.knows_queued = *known >= Version{2, 1};
  traits.knows_refresh = *known >= Version{1, 0};
  traits.single_status = api == Api::public_api || *known < Version{1, 0};
  traits.whole_instance = api == Api::public_api || *known >= Version{0, 50};
  traits.lists_workspaces = *known < Version{1, 7};
  return traits;
}

}  // namespace syncwarden::airbyte
