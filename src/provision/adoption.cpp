#include "provision/adoption.hpp"

#include "base/text.hpp"
#include "provision/schedule_text.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::provision {

namespace json = boost::json;

namespace {

constexpr std::size_t shown_fires = 3;

std::string quoted(std::string_view text) { return json::serialize(json::string(text)); }

Millis interval_of(const ScheduleSetting& schedule) {
  using std::chrono::hours;
  if (schedule.time_unit == "minutes") return std::chrono::minutes{schedule.units};
  if (schedule.time_unit == "hours") return hours{schedule.units};
  if (schedule.time_unit == "days") return hours{24 * schedule.units};
  if (schedule.time_unit == "weeks") return hours{24 * 7 * schedule.units};
  if (schedule.time_unit == "months") return hours{24 * 30 * schedule.units};  // Airbyte's months
  return {};
}

/// Every fire that only one of the two has.
std::vector<FireChange> changes_between(const calendar::Schedule& before, const calendar::Schedule& after,
                                        Instant now) {
  std::vector<FireChange> changes;
  const Instant end = now + adoption_horizon;
  auto old_fire = before.next(now);
  auto new_fire = after.next(now);
  while ((old_fire && *old_fire <= end) || (new_fire && *new_fire <= end)) {
    if (old_fire && new_fire && *old_fire == *new_fire) {
      old_fire = before.next(*old_fire);
      new_fire = after.next(*new_fire);
    } else if (!new_fire || (old_fire && *old_fire < *new_fire)) {
      changes.push_back({*old_fire, false});
      old_fire = before.next(*old_fire);
    } else {
      changes.push_back({*new_fire, true});
      new_fire = after.next(*new_fire);
    }
  }
  return changes;
}

void look_ahead(Adoption& adoption, const calendar::Schedule& schedule, Instant now) {
  auto fire = schedule.next(now);
  while (fire && adoption.next.size() < shown_fires) {
    adoption.next.push_back(*fire);
    fire = schedule.next(*fire);
  }
  for (const auto& warning : schedule.warnings()) adoption.notes.push_back(warning);
}

std::string head_of(const ConnectionEntry& connection) {
  return fmt::format("  - match: {{id: {}}}  # {}, which Airbyte started {}\n", connection.id.text,
                     printable(connection.name), printable(connection.schedule.text()));
}

Result<void> adopt_cron(Adoption& adoption, Instant now, calendar::DstPolicy dst) {
  const ScheduleSetting& own = adoption.connection.schedule;
  calendar::CronSpec spec;
  spec.expression = own.cron;
  spec.timezone = own.zone;
  spec.dst = calendar::DstPolicy::quartz;
  const auto before = calendar::Schedule::cron(spec);
  spec.dst = dst;
  const auto after = calendar::Schedule::cron(spec);
  if (!before || !after) {
    const Error& why = !before ? before.error() : after.error();
    return Error{Errc::unsupported,
                 fmt::format("\"{}\" cannot be a rule: {}", printable(own.text()), why.message),
                 {},
                 why.hint};
  }
  adoption.changes = changes_between(*before, *after, now);
  adoption.rule = head_of(adoption.connection) +
                  fmt::format("    schedule: {{cron: {}, timezone: {}, dst: {}}}\n", quoted(own.cron),
                              quoted(own.zone), calendar::to_string(dst));
  look_ahead(adoption, *after, now);
  return Result<void>();
}

Result<void> adopt_basic(Adoption& adoption, std::optional<Instant> last, Instant now) {
  const ScheduleSetting& own = adoption.connection.schedule;
  const Millis interval = interval_of(own);
  if (interval <= Millis{})
    return Error{Errc::unsupported,
                 fmt::format("\"{}\" is no interval that is known here", printable(own.text())),
                 {},
                 {}};
  calendar::EverySpec spec;
  spec.interval = interval;
  const Instant from =
      std::chrono::floor<std::chrono::seconds>(last.value_or(now));  // grids begin at whole seconds
  spec.phase = from.time_since_epoch() % interval;
  const auto after = calendar::Schedule::every(spec);
  if (!after) return after.error();
  const std::string phase =
      spec.phase == Millis{} ? std::string() : ", phase: " + syncwarden::to_string(spec.phase);
  adoption.rule =
      head_of(adoption.connection) + fmt::format("    schedule: {{every: {}{}}}\n    overlap: queue_one\n",
                                                 syncwarden::to_string(interval), phase);
  look_ahead(adoption, *after, now);
  adoption.notes.emplace_back(
      last ? "counted on from its newest job; from then on a fixed grid, where Airbyte counts from each start"
           : "it has no job yet: the grid begins now");
  if (last && now - *last > interval)
    adoption.notes.emplace_back(
        "Airbyte would have started it already; the rule starts it at the next point of its grid");
  if (own.time_unit == "months") adoption.notes.emplace_back("a month is 30 days, as it was in Airbyte");
  return Result<void>();
}

}  // namespace

Result<Adoption> adopt(const ConnectionEntry& connection, std::optional<Instant> last, Instant now,
                       calendar::DstPolicy dst) {
  Adoption adoption;
  adoption.connection = connection;
  Result<void> done;
  if (connection.schedule.kind == AirbyteSchedule::cron) {
    done = adopt_cron(adoption, now, dst);
  } else if (connection.schedule.kind == AirbyteSchedule::basic) {
    done = adopt_basic(adoption, last, now);
  } else {
    done = Error{Errc::usage, "Airbyte does not schedule it", {}, {}};
  }
  if (!done) return done.error();
  if (connection.status != ConnectionStatus::active)
    adoption.notes.push_back(
        fmt::format("it is {}: nothing starts it until it is active", to_string(connection.status)));
  return adoption;
}

std::string undo_text(const std::vector<Adoption>& adopted, Instant now) {
  std::string text = fmt::format(
      "# Airbyte's own schedules before `syncwarden adopt` at {}. `syncwarden release --from THIS_FILE` puts "
      "them back; it\n"
      "# needs Airbyte only, neither the daemon nor its state.\nconnections:\n",
      to_rfc3339(now));
  for (const auto& one : adopted) {
    text += fmt::format("  - id: {}\n    name: {}\n    schedule: {}\n", one.connection.id.text,
                        quoted(one.connection.name), quoted(one.connection.schedule.text()));
  }
  return text;
}

KeptRead kept_from(const JsonText& document) {
  KeptRead read;
  boost::system::error_code failed;
  const json::value root = json::parse(document.text, failed);
  const auto* object = failed ? nullptr : root.if_object();
  const auto* list = object == nullptr ? nullptr : object->if_contains("connections");
  if (list == nullptr || !list->is_array()) {
    read.faults.push_back({"", "lists no connections", "a file that `syncwarden adopt --save` wrote"});
    return read;
  }
  std::size_t index = 0;
  for (const auto& item : list->get_array()) {
    const std::string pointer = fmt::format("/connections/{}", index++);
    const auto text = [&](const char* key) {
      const auto* value = item.is_object() ? item.get_object().if_contains(key) : nullptr;
      return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    Kept kept{ConnectionId(text("id")), text("name"), {}};
    const auto schedule = schedule_from(text("schedule"));
    if (kept.id.empty()) read.faults.push_back({pointer + "/id", "is missing", {}});
    if (!schedule) {
      read.faults.push_back({pointer + "/schedule", schedule.error().message, schedule.error().hint});
      continue;
    }
    kept.schedule = *schedule;
    read.kept.push_back(std::move(kept));
  }
  return read;
}

}  // namespace syncwarden::provision
