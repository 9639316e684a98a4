#include "model/plan.hpp"

#include "model/words.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden {
namespace {

using model::word_of;
using model::Words;

constexpr Words<OverlapPolicy, 4> overlaps{{{OverlapPolicy::skip, "skip"},
                                            {OverlapPolicy::attach, "attach"},
                                            {OverlapPolicy::queue_one, "queue_one"},
                                            {OverlapPolicy::cancel_other, "cancel_other"}}};
constexpr Words<CatchUpPolicy, 3> catch_ups{
    {{CatchUpPolicy::latest, "latest"}, {CatchUpPolicy::none, "none"}, {CatchUpPolicy::all, "all"}}};
constexpr Words<AirbyteSchedulePolicy, 3> schedule_policies{
    {{AirbyteSchedulePolicy::refuse, "refuse"},
     {AirbyteSchedulePolicy::set_manual, "set_manual"},
     {AirbyteSchedulePolicy::tolerate, "tolerate"}}};
constexpr Words<Priority, 3> priorities{
    {{Priority::high, "high"}, {Priority::normal, "normal"}, {Priority::low, "low"}}};
constexpr Words<Mode, 2> modes{{{Mode::live, "live"}, {Mode::shadow, "shadow"}}};

bool agrees(const std::optional<std::string>& pattern, std::string_view text) {
  return !pattern || glob_matches(*pattern, text);
}

bool agrees(const std::optional<std::string>& pattern, std::string_view text, std::string_view id) {
  return !pattern || *pattern == id || glob_matches(*pattern, text);
}

}  // namespace

std::string_view to_string(OverlapPolicy policy) { return word_of(overlaps, policy); }
std::string_view to_string(CatchUpPolicy policy) { return word_of(catch_ups, policy); }
std::string_view to_string(AirbyteSchedulePolicy policy) { return word_of(schedule_policies, policy); }
std::string_view to_string(Priority priority) { return word_of(priorities, priority); }
std::string_view to_string(Mode mode) { return word_of(modes, mode); }

bool matches(const Match& match, const ConnectionView& connection) {
  if (match.id && *match.id != connection.id.text) return false;
  if (match.tag && std::none_of(connection.tags.begin(), connection.tags.end(),
                                [&](const std::string& tag) { return glob_matches(*match.tag, tag); })) {
    return false;
  }
  return agrees(match.name, connection.name) &&
         agrees(match.workspace, connection.workspace_name, connection.workspace.text) &&
         agrees(match.source, connection.source.name, connection.source.id.text) &&
         agrees(match.destination, connection.destination.name, connection.destination.id.text) &&
         agrees(match.source_type, connection.source.connector) &&
         agrees(match.destination_type, connection.destination.connector);
}

std::string timeline_link(const std::string& airbyte_ui, const ConnectionView& connection, JobId job) {
  if (airbyte_ui.empty()) return {};
  std::string link = fmt::format("{}/workspaces/{}/connections/{}/timeline", airbyte_ui,
                                 connection.workspace.text.view(), connection.id.text.view());
  if (job.value != 0) link += fmt::format("?jobId={}&openLogs=true", job.value);
  return link;
}

}  // namespace syncwarden
