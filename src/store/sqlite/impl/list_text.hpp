// Lists that fit into one column, and that a person can still read there.
#pragma once

#include "model/incident.hpp"
#include "model/mutation.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::store {

/// Each tag ends with a line feed, so that no tags and one empty tag differ.
[[nodiscard]] std::string tags_text(const std::vector<std::string>& tags);
[[nodiscard]] std::optional<std::vector<std::string>> tags_from(std::string_view text);

/// "60000:1200:48000,58000": milliseconds, and records and bytes where any of them is known.
[[nodiscard]] std::string samples_text(const std::vector<RunSample>& samples);
[[nodiscard]] std::optional<std::vector<RunSample>> samples_from(std::string_view text);

/// `53:1767225600000,55:1767229200000`: job and milliseconds since the epoch.
[[nodiscard]] std::string unclaimed_text(const std::vector<UnclaimedJob>& jobs);
[[nodiscard]] std::optional<std::vector<UnclaimedJob>> unclaimed_from(std::string_view text);

/// A line each: milliseconds since 1970 of both ends, tab between, tab, the schedule's text.
[[nodiscard]] std::string ranges_text(const std::vector<DecidedRange>& ranges);
[[nodiscard]] std::optional<std::vector<DecidedRange>> ranges_from(std::string_view text);

/// A line each: name, tab, value.
[[nodiscard]] std::string labels_text(const Labels& labels);
[[nodiscard]] std::optional<Labels> labels_from(std::string_view text);

/// A line each: milliseconds since 1970, tab, who, tab, what.
[[nodiscard]] std::string events_text(const std::vector<IncidentEvent>& events);
[[nodiscard]] std::optional<std::vector<IncidentEvent>> events_from(std::string_view text);

}  // namespace syncwarden::store
