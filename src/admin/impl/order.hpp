// What somebody asks for, out of the JSON of a request.
#pragma once

#include "base/error.hpp"
#include "model/command.hpp"
#include "model/read_view.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::admin {

/// `path`: "sync", "cancel", "pause", "resume", "drain", or "incidents", "17", "ack". Errc::usage for a body
/// that is no JSON object, an unknown member, a member of the wrong type or one that is missing. Everything
/// is meant only by {"all": true}; a match that fits nothing is Errc::not_found.
[[nodiscard]] Result<CommandWhat> read_order(const ReadView& view, const std::vector<std::string>& path,
                                             std::string_view body, Instant now);

}  // namespace syncwarden::admin
