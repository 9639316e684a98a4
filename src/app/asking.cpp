// What the commands that ask the daemon for something have in common.
#include "app/daemon_client.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

namespace syncwarden::app {

void Selection::add_to(CLI::App& command) {
  command.add_option("connection", connection, "name or id");
  command.add_option("--match", match, "every connection of such a name (glob)");
  command.add_flag("--all", all, "every connection, those that appear later included");
  command.add_flag("--yes", yes, "with --all: yes, everything");
}

std::optional<Error> Selection::mistake() const {
  const int given = int{!connection.empty()} + int{!match.empty()} + int{all};
  if (given != 1) {
    return Error{Errc::usage, "say what is meant", "", "give a connection, --match GLOB, or --all --yes"};
  }
  if (all && !yes) return Error{Errc::usage, "--all is everything", "", "add --yes if that is meant"};
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> Selection::texts() const {
  return {{"connection", connection}, {"match", match}};
}

std::vector<std::string> Selection::flags() const {
  if (all) return {"all"};
  return {};
}

Error bad_moment(std::string_view given, std::string_view flag) {
  return {Errc::usage, fmt::format("\"{}\" is no time", printable(given)), std::string(flag),
          "write 02:00, '2026-11-26 02:00' (local time), 2026-11-26T02:00:00Z, or a distance such as 2h"};
}

Result<std::string> instant_parameter(const std::string& given, Instant now, std::string_view flag) {
  if (given.empty()) return std::string();
  const auto at = parse_moment(given, now, Towards::past);
  if (!at) return bad_moment(given, flag);
  return to_rfc3339(*at);
}

int report_done(const Result<Answer>& answer, bool json) {
  if (!answer) return report_answer(answer.error());
  if (json) {
    fmt::print("{}\n", answer->json());
  } else {
    const std::string text = (*answer)["text"].text("done");
    fmt::print("{}{}\n", text, (*answer)["repeated"].flag() ? " (asked before; nothing was done again)" : "");
  }
  return exit_done;
}

}  // namespace syncwarden::app
