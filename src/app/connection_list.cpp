#include "app/connection_list.hpp"

#include "app/answer.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr std::size_t largest_file = 64U << 20;
/// As many samples as the core wants before it calls a duration typical.
constexpr std::size_t samples = 5;

constexpr std::array<std::string_view, 11> written_by_hand{
    "id",     "name",  "source",       "destination",         "workspace",       "tags",
    "status", "takes", "last_success", "typical_duration_ms", "airbyte_schedule"};

/// A name, or an object as the API tells one.
Actor actor_of(const Answer& value) {
  Actor actor;
  const std::string name = value["name"].text(value.text());
  actor.name = name;
  actor.id = ActorId{value["id"].text(name)};
  actor.connector = value["connector"].text();
  return actor;
}

/// Of a list of one's own: a word that means nothing here is most likely misspelt.
std::optional<std::string> misspelt(const Answer& entry) {
  for (const auto& [name, value] : entry.members()) {
    if (std::find(written_by_hand.begin(), written_by_hand.end(), name) != written_by_hand.end()) continue;
    const auto near = nearest(name, written_by_hand);
    return near ? fmt::format("there is no \"{}\" here; did you mean \"{}\"?", printable(name), *near)
                : fmt::format("there is no \"{}\" here", printable(name));
  }
  return std::nullopt;
}

Result<ConnectionView> view_of(const Answer& entry) {
  ConnectionView view;
  const std::string name = entry["name"].text();
  if (name.empty()) return Error{Errc::usage, "it has no name", "", ""};
  view.name = name;
  view.id = ConnectionId{entry["id"].text(name)};
  view.source = actor_of(entry["source"]);
  view.destination = actor_of(entry["destination"]);
  const Answer workspace = entry["workspace"];
  const std::string workspace_name = workspace["name"].text(workspace.text());
  view.workspace_name = workspace_name;
  view.workspace = WorkspaceId{workspace["id"].text(workspace_name)};
  const std::string status = entry["status"].text("active");
  view.status = connection_status_from(status);
  if (view.status == ConnectionStatus::unknown)
    return Error{Errc::usage, fmt::format("\"{}\" is no status", printable(status)), "",
                 "active or inactive"};
  view.schedule = airbyte_schedule_from(entry["airbyte_schedule"]["kind"].text("manual"));
  const std::string schedule_text = entry["airbyte_schedule"]["text"].text();
  view.schedule_text = schedule_text;
  for (const auto& tag : entry["tags"].items()) view.tags.push_back(tag.text());
  return view;
}

/// Nothing where nobody says how long it takes.
Result<std::optional<ConnectionHistory>> history_of(const Answer& entry, const ConnectionId& id) {
  ConnectionHistory history;
  history.connection = id;
  history.last_success = entry["last_success"].instant();
  history.last_success_created = history.last_success;
  std::optional<Millis> takes = entry["typical_duration_ms"].millis();
  if (entry["takes"].known()) {
    takes = parse_duration(entry["takes"].text());
    if (!takes || *takes <= Millis{})
      return Error{Errc::usage, fmt::format("takes: \"{}\" is no duration", printable(entry["takes"].text())),
                   "", "write 10m or 1h30m"};
  }
  if (!takes && !history.last_success) return std::optional<ConnectionHistory>{};
  if (takes) history.samples.assign(samples, RunSample{*takes, std::nullopt, std::nullopt});
  return std::optional{std::move(history)};
}

}  // namespace

Result<ConnectionList> connection_list(std::string_view text, const std::string& where) {
  const auto document = Answer::parse(text);
  if (!document) return Error{Errc::usage, "this is no JSON", where, "see `syncwarden plan --help`"};
  const bool of_api = (*document)["connections"].known();
  const auto entries = of_api ? (*document)["connections"].items() : document->items();
  if (entries.empty())
    return Error{Errc::usage, "no connections are named", where, "see `syncwarden plan --help`"};
  if (of_api && (*document)["next"].known()) {
    return Error{
        Errc::usage, "this is one page of several", where,
        fmt::format("there are {}: ask for all of them with --limit", (*document)["matched"].count())};
  }
  ConnectionList list;
  std::set<ConnectionId> seen;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto about = [&](Error error) {
      error.where = fmt::format("{}, connection {}", where, i + 1);
      return error;
    };
    if (!of_api) {
      if (auto word = misspelt(entries[i])) return about({Errc::usage, *std::move(word), "", ""});
    }
    auto view = view_of(entries[i]);
    if (!view) return about(view.error());
    if (!seen.insert(view->id).second)
      return about({Errc::usage,
                    fmt::format("\"{}\" is there twice", printable(std::string_view(view->id.text))), "",
                    "give ids where names are the same"});
    auto history = history_of(entries[i], view->id);
    if (!history) return about(history.error());
    if (*history) list.histories.push_back(**std::move(history));
    list.connections.push_back(std::move(*view));
  }
  return list;
}

Result<ConnectionList> read_connection_list(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in) return Error{Errc::file_unreadable, "the list of connections cannot be read", path, ""};
  std::string text;
  std::array<char, 64 * 1024> part{};
  while (in.read(part.data(), part.size()) || in.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > largest_file)
      return Error{Errc::usage, "the list of connections is too large", path, ""};
  }
  return connection_list(text, path == "-" ? "standard input" : path);
}

}  // namespace syncwarden::app
