#include "provision/streams.hpp"

#include "base/text.hpp"
#include "model/connection.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::provision {
namespace {

constexpr std::size_t most_shown = 12;

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string shown(std::vector<std::string> names) {
  const std::size_t all = names.size();
  if (all > most_shown) names.resize(most_shown);
  std::string text = printable(fmt::format("{}", fmt::join(names, ", ")), 600);
  return all > most_shown ? fmt::format("{} and {} more", text, all - most_shown) : text;
}

bool matches(const StreamWish& wish, const CatalogStream& stream) {
  if (wish.space && *wish.space != stream.space) return false;
  return glob_matches(wish.pattern, stream.name) || glob_matches(wish.pattern, stream.full_name());
}

/// Completes and checks one stream.
class Decision {
 public:
  Decision(const CatalogStream& stream, const StreamWish& wish,
           const std::vector<std::string>& destination_modes, std::vector<Fault>& faults)
      : stream_(stream), wish_(wish), destination_modes_(destination_modes), faults_(faults) {}

  StreamChoice made() {
    choice_.name = stream_.name;
    choice_.space = stream_.space;
    choice_.stream = stream_.raw;
    choice_.primary_key = wish_.primary_key.value_or(stream_.source_defined_key);
    choice_.sync_mode = wish_.sync_mode.empty() ? usual_sync_mode() : wish_.sync_mode;
    choose_cursor();
    choice_.destination_sync_mode =
        wish_.destination_sync_mode.empty() ? usual_destination_mode() : wish_.destination_sync_mode;
    check();
    return std::move(choice_);
  }

 private:
  void fault(std::string_view member, std::string message, std::string hint) {
    const std::string pointer = member.empty() ? wish_.pointer : fmt::format("{}/{}", wish_.pointer, member);
    faults_.push_back(
        {pointer, fmt::format("stream {}: {}", printable(stream_.full_name()), message), std::move(hint)});
  }
  [[nodiscard]] bool takes(std::string_view mode) const {
    return destination_modes_.empty() || has(destination_modes_, mode);
  }
  [[nodiscard]] bool has_cursor() const {
    return wish_.cursor || stream_.source_defined_cursor || !stream_.default_cursor.empty();
  }
  [[nodiscard]] std::string usual_sync_mode() const {
    return has(stream_.sync_modes, "incremental") && has_cursor() ? "incremental" : "full_refresh";
  }
  [[nodiscard]] std::string usual_destination_mode() const {
    if (choice_.sync_mode == "full_refresh") return takes("overwrite") ? "overwrite" : "append";
    return takes("append_dedup") && !choice_.primary_key.empty() ? "append_dedup" : "append";
  }

  void choose_cursor() {
    if (choice_.sync_mode != "incremental") {
      choice_.cursor = wish_.cursor.value_or(stream_.default_cursor);
      return;
    }
    choice_.cursor = wish_.cursor.value_or(stream_.default_cursor);
    if (stream_.source_defined_cursor) {
      if (wish_.cursor && !stream_.default_cursor.empty() && *wish_.cursor != stream_.default_cursor)
        fault("cursor",
              fmt::format("the source itself defines the cursor: {}", to_string(stream_.default_cursor)),
              "leave cursor out");
    } else if (choice_.cursor.empty()) {
      fault("", "incremental needs a cursor", "name one of its fields: " + shown(stream_.fields));
    }
  }

  void check() {
    if (!has(stream_.sync_modes, choice_.sync_mode))
      fault("sync_mode", fmt::format("it cannot be synced {}", printable(choice_.sync_mode)),
            "it can: " + shown(stream_.sync_modes));
    if (!takes(choice_.destination_sync_mode))
      fault("destination_sync_mode",
            fmt::format("the destination does not take {}", printable(choice_.destination_sync_mode)),
            "it takes: " + shown(destination_modes_));
    const bool dedups = choice_.destination_sync_mode.ends_with("_dedup");
    if (dedups && choice_.primary_key.empty())
      fault("", fmt::format("{} needs a primary key", choice_.destination_sync_mode),
            "primary_key names fields: " + shown(stream_.fields));
    if (wish_.cursor) check_field("cursor", *wish_.cursor);
    if (!wish_.primary_key) return;
    for (const auto& path : *wish_.primary_key) check_field("primary_key", path);
  }

  void check_field(std::string_view member, const FieldPath& path) {
    if (stream_.fields.empty() || path.empty() || has(stream_.fields, path.front())) return;
    const std::vector<std::string_view> known(stream_.fields.begin(), stream_.fields.end());
    const auto near = nearest(path.front(), known);
    fault(member, fmt::format("it has no field \"{}\"", printable(to_string(path))),
          near ? fmt::format("did you mean {}?", printable(*near)) : "it has: " + shown(stream_.fields));
  }

  const CatalogStream& stream_;
  const StreamWish& wish_;
  const std::vector<std::string>& destination_modes_;
  std::vector<Fault>& faults_;
  StreamChoice choice_;
};

Fault nothing_matches(const StreamWish& wish, const Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& stream : catalog.streams) names.push_back(stream.full_name());
  std::vector<std::string_view> known;
  for (const auto& stream : catalog.streams) known.emplace_back(stream.name);
  const auto near = nearest(wish.pattern, known);
  return {wish.pointer, fmt::format("the source has no stream \"{}\"", printable(wish.pattern)),
          (near ? fmt::format("did you mean {}? ", printable(*near)) : std::string()) +
              "it has: " + shown(names)};
}

}  // namespace

ChosenStreams choose_streams(const Catalog& catalog, const std::vector<StreamWish>& wishes,
                             const std::vector<std::string>& destination_modes,
                             const std::vector<StreamChoice>& existing) {
  ChosenStreams chosen;
  std::vector<bool> used(wishes.size(), false);
  for (const auto& stream : catalog.streams) {
    const StreamWish* first = nullptr;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      if (!matches(wishes[i], stream)) continue;
      const bool exact = wishes[i].pattern == stream.name || wishes[i].pattern == stream.full_name();
      if (first != nullptr && exact && first->pattern == wishes[i].pattern &&
          first->space == wishes[i].space) {
        chosen.faults.push_back({wishes[i].pointer,
                                 fmt::format("stream {} is named twice", printable(stream.full_name())),
                                 "remove one of the two"});
      }
      used[i] = true;
      if (first == nullptr) first = &wishes[i];
    }
    if (first == nullptr) continue;
    StreamChoice choice = Decision(stream, *first, destination_modes, chosen.faults).made();
    for (const auto& before : existing) {
      if (before.name == choice.name && before.space == choice.space) choice.kept = before.kept;
    }
    chosen.streams.push_back(std::move(choice));
  }
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (!used[i]) chosen.faults.push_back(nothing_matches(wishes[i], catalog));
  }
  return chosen;
}

FieldPath field_path(const std::string& text) {
  FieldPath path;
  std::string_view rest = text;
  while (true) {
    const auto dot = rest.find('.');
    path.emplace_back(rest.substr(0, dot));
    if (dot == std::string_view::npos) return path;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace syncwarden::provision
