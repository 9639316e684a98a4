#include "model/administration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden {
namespace {

std::string joined(const std::string& space, const std::string& name) {
  return space.empty() ? name : space + "." + name;
}

}  // namespace

std::string_view to_string(End end) { return end == End::source ? "source" : "destination"; }

std::string DefinitionEntry::connector() const {
  const std::string_view prefix = end == End::source ? "source-" : "destination-";
  const std::string image = repository.substr(repository.rfind('/') + 1);
  if (image.size() > prefix.size() && image.compare(0, prefix.size(), prefix) == 0)
    return image.substr(prefix.size());
  std::string lower = name;
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string to_string(const FieldPath& path) { return fmt::format("{}", fmt::join(path, ".")); }

std::string CatalogStream::full_name() const { return joined(space, name); }
std::string StreamChoice::full_name() const { return joined(space, name); }

bool StreamChoice::same_choice(const StreamChoice& other) const {
  return name == other.name && space == other.space && sync_mode == other.sync_mode &&
         destination_sync_mode == other.destination_sync_mode && cursor == other.cursor &&
         primary_key == other.primary_key;
}

std::string ScheduleSetting::text() const {
  switch (kind) {
    case AirbyteSchedule::basic:
      return fmt::format("every {} {}", units, time_unit);
    case AirbyteSchedule::cron:
      return fmt::format("{} {}", cron, zone);
    case AirbyteSchedule::manual:
      return "manual";
    case AirbyteSchedule::unknown:
      break;
  }
  return "unknown";
}

}  // namespace syncwarden
