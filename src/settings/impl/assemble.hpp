// From values of the right kind to settings that make sense together.
#pragma once

#include "settings/impl/read.hpp"
#include "settings/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::settings {

/// Checks what one key alone cannot tell. The result is meaningful only if no problem was added.
[[nodiscard]] Settings assemble(const Section& root, const Reading& reading);

/// The `airbyte:` section.
[[nodiscard]] AirbyteTarget assemble_airbyte(const Section& airbyte, const Reading& reading);
/// airbyte.ui, or what stands for it; empty: no links.
[[nodiscard]] std::string assemble_ui(const Section& airbyte, const Reading& reading);
/// True for Airbyte Cloud's API, which has limits of its own.
[[nodiscard]] bool is_cloud(std::string_view url);

/// What is wrong with an http(s) URL, after "the URL"; empty: nothing. The text is never part of it.
[[nodiscard]] std::string url_fault(std::string_view text, bool query_allowed);

/// Where Airbyte's web interface is, by the URL of its API: the same without its path from "/api" on. Empty
/// if the URL tells nothing.
[[nodiscard]] std::string default_ui(std::string_view url);

/// What the rules inherit, and what a rule has then.
struct Inherited {
  Policy policy;
  std::string timezone;
  calendar::DstPolicy dst = calendar::DstPolicy::safe;
  std::string deadlines;  ///< late_after's done_by as a cron expression, for the zone of each rule; or empty
};
[[nodiscard]] Inherited assemble_defaults(const Section& defaults, const Reading& reading);
/// Puts what `section` gives (or all of it, defaults included) over `into`, and checks what it makes
/// together.
void take_policy(const Section& section, bool all, Inherited& into, const Reading& reading);
[[nodiscard]] std::vector<Rule> assemble_rules(const Value& connections, const Inherited& inherited,
                                               const Reading& reading);
[[nodiscard]] std::vector<Blackout> assemble_blackouts(const Value& blackouts, const std::string& timezone,
                                                       const Reading& reading);
[[nodiscard]] std::vector<Receiver> assemble_receivers(const Value& notify, const std::string& timezone,
                                                       const Reading& reading);
[[nodiscard]] Match assemble_match(const Section& match, const Reading& reading);

/// {name: "orders*", tag: hourly}: equal text means an equal match.
[[nodiscard]] std::string match_text(const Match& match);

/// A declared policy word as its value.
[[nodiscard]] calendar::DstPolicy dst_from(std::string_view word);

}  // namespace syncwarden::settings
