#include "admin/impl/find.hpp"

#include "base/text.hpp"
#include "model/connection.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace {

/// So many names are compared for "did you mean", and so many candidates are told: the loop waits for both.
constexpr std::size_t most_compared = 2'000;
constexpr std::size_t most_told = 5;

/// "->" and the arrow are the same to a reader.
std::string typed(std::string_view text) {
  constexpr std::string_view arrow = "\xE2\x86\x92";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const bool is_arrow = text.starts_with(arrow);
    out += is_arrow ? std::string_view("->") : text.substr(0, 1);
    text.remove_prefix(is_arrow ? arrow.size() : 1);
  }
  return out;
}

struct Found {
  ConnectionId id;
  std::string workspace;
};

Error ambiguous(std::string_view meant, const std::vector<Found>& found) {
  std::string candidates;
  for (std::size_t i = 0; i < std::min(found.size(), most_told); ++i) {
    candidates += fmt::format("{}{} (workspace {})", i > 0 ? ", " : "", std::string_view(found[i].id.text),
                              printable(found[i].workspace));
  }
  if (found.size() > most_told) candidates += fmt::format(" and {} more", found.size() - most_told);
  return {Errc::usage,
          fmt::format("{} connections are called \"{}\": {}", found.size(), printable(meant), candidates), "",
          "give the id of the one that is meant"};
}

Error unknown(std::string_view meant, const std::vector<std::string>& names) {
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto near = nearest(meant, candidates);
  return {Errc::not_found, fmt::format("there is no connection \"{}\"", printable(meant)), "",
          near ? fmt::format("did you mean \"{}\"?", printable(*near))
               : std::string("`syncwarden status --all` lists the connections")};
}

}  // namespace

Result<ConnectionId> find_connection(const ReadView& view, std::string_view meant) {
  const std::string wanted = typed(meant);
  std::optional<ConnectionId> by_id;
  std::vector<Found> by_name;
  std::vector<std::string> names;
  view.for_each_connection([&](const ConnectionPicture& picture) {
    const ConnectionView& connection = *picture.view;
    if (std::string_view(connection.id.text) == meant) by_id = connection.id;
    const std::string name = typed(std::string_view(connection.name));
    if (name == wanted) by_name.push_back({connection.id, std::string(connection.workspace_name)});
    if (names.size() < most_compared) names.push_back(name);
  });
  if (by_id) return *by_id;
  if (by_name.size() == 1) return by_name.front().id;
  if (by_name.empty()) return unknown(wanted, names);
  return ambiguous(meant, by_name);
}

std::vector<ConnectionId> matching(const ReadView& view, std::string_view glob) {
  std::vector<ConnectionId> found;
  view.for_each_connection([&](const ConnectionPicture& picture) {
    const bool meant = std::string_view(picture.view->id.text) == glob ||
                       glob_matches(glob, std::string_view(picture.view->name));
    if (meant) found.push_back(picture.view->id);
  });
  return found;
}

const std::optional<std::string>& Names::of(const ConnectionId& id) {
  const auto known = known_.find(id);
  if (known != known_.end()) return known->second;
  auto& name = known_[id];
  view_.with_connection(
      id, [&name](const ConnectionPicture& picture) { name = std::string(picture.view->name); });
  return name;
}

ConnectionId connection_of(const ScheduleId& schedule) {
  const std::string_view text(schedule.text);
  return ConnectionId(std::string(text.substr(0, text.rfind('/'))));
}

}  // namespace syncwarden::admin
