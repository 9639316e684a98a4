// The API's values as JSON. Everything foreign is made printable; what is not known is null, so that a field
// never comes and goes.
#pragma once

#include "admin/impl/find.hpp"
#include "base/error.hpp"
#include "http/message.hpp"
#include "model/command.hpp"
#include "model/incident.hpp"
#include "model/mutation.hpp"
#include "model/read_view.hpp"
#include "model/run.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

// Boost.JSON itself is included by .cpp files only.
namespace boost::json {
class array;
class object;
class value;
}  // namespace boost::json

namespace syncwarden::admin {

[[nodiscard]] boost::json::value json_of(std::optional<Instant> at);
[[nodiscard]] boost::json::value json_of(std::optional<Millis> duration);
/// Printable, at most 2 KiB.
[[nodiscard]] boost::json::value json_of(std::string_view text);
/// Empty text is null.
[[nodiscard]] boost::json::value json_or_null(std::string_view text);
/// The error of an answer: {"code", "message", "hint"}.
[[nodiscard]] boost::json::object json_of(const Error& error);
/// {"id", "name"}
[[nodiscard]] boost::json::object connection_reference(const ConnectionId& id, Names& names);

/// What a list shows of a connection; `details` adds jobs, waiting ticks, incidents and the pause.
[[nodiscard]] boost::json::object json_of(const ConnectionPicture& picture, Instant now, bool details);
[[nodiscard]] boost::json::object json_of(const JobPicture& picture);
[[nodiscard]] boost::json::object json_of(const WaitingPicture& picture);
[[nodiscard]] boost::json::object json_of(const JobView& job);
[[nodiscard]] boost::json::object json_of(const StreamState& stream);
[[nodiscard]] boost::json::object json_of(const Tick& tick, Names& names);
/// `jobs`: what is known of the runs' jobs.
[[nodiscard]] boost::json::object json_of(const Run& run, Names& names, const std::map<JobId, JobView>& jobs);
[[nodiscard]] boost::json::object json_of(const Incident& incident, Names& names, bool events);
[[nodiscard]] boost::json::object json_of(const CommandRecord& record);
[[nodiscard]] boost::json::object json_of(const FleetPicture& fleet);

[[nodiscard]] http::Response json_answer(unsigned status, const boost::json::object& content);
/// The status that belongs to the error's code.
[[nodiscard]] http::Response api_error(const Error& error);

}  // namespace syncwarden::admin
