#include "emulator/version.hpp"

#include <charconv>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

int take_part(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) {
    text = {};
    return 0;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
  } else {
    text = {};
  }
  return value;
}

int disable_after(Version version) {
  if (version >= Version{1, 3, 0}) return 30;
  return version >= Version{0, 50, 0} ? 20 : 100;
}

}  // namespace

Version Version::parse(std::string_view text) {
  Version version;
  version.major_part = take_part(text);
  version.minor_part = take_part(text);
  version.patch_part = take_part(text);
  return version;
}

std::string Version::text() const { return fmt::format("{}.{}.{}", major_part, minor_part, patch_part); }

Rules::Rules(Version version)
    : instance_configuration(version >= Version{0, 50, 0}),
      lists_workspaces(version < Version{1, 7, 0}),
      job_filters(version >= Version{0, 50, 0}),
      config_id_required(version < Version{1, 0, 0}),
      offset_rounded(version >= Version{0, 64, 2}),
      single_status_filter(version >= Version{0, 50, 0} && version < Version{2, 1, 0}),
      queued_status(version >= Version{2, 1, 0}),
      replies_with_id(version >= Version{2, 1, 0}),
      cancels_queued(version >= Version{2, 1, 0}),
      checks_active(version >= Version{0, 50, 0}),
      scheduled_jobs_only(version >= Version{1, 4, 0}),
      back_off(version >= Version{0, 50, 0}),
      stream_statuses(version >= Version{0, 50, 0}),
      rate_limited_streams(version >= Version{1, 0, 0}),
      structured_logs(version >= Version{1, 4, 0}),
      clears(version >= Version{1, 0, 0}),
      public_api(version >= Version{0, 50, 0}),
      error_ids_only(version >= Version{2, 0, 0}),
      stack_traces(version < Version{1, 0, 0}),
      locked_status(version >= Version{2, 1, 0}),
      disable_after_failures(disable_after(version)),
      disable_after_days(version >= Version{1, 3, 0} ? 7 : 14),
      disable_needs_both(version >= Version{1, 3, 0}) {}

}  // namespace syncwarden::emulator
