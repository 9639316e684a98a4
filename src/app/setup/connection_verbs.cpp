// syncwarden airbyte connections
#include "app/daemon_client.hpp"
#include "app/screen.hpp"
#include "app/setup/sheets.hpp"
#include "app/setup/verbs.hpp"
#include "base/text.hpp"
#include "provision/schedule_text.hpp"
#include "provision/streams.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Connections {
  SharedFlags flags;
  std::string meant, source, destination, name, status, prefix, space, schedule, schema_changes;
  std::string sync_mode, destination_sync_mode, cursor;
  std::vector<std::string> streams, primary_key;
  std::string mode = "merge";
  bool prefix_given = false;

  [[nodiscard]] int list() const;
  [[nodiscard]] int get() const;
  [[nodiscard]] int create() const;
  [[nodiscard]] int update() const;
  [[nodiscard]] int remove() const;
  [[nodiscard]] int reset() const;
  [[nodiscard]] int refresh() const;

 private:
  [[nodiscard]] Result<ConnectionChange> change() const;
  [[nodiscard]] Result<std::vector<StreamChoice>> chosen(Desk& desk, const ActorEntry& from,
                                                         const ActorEntry& to,
                                                         const std::vector<StreamChoice>& existing,
                                                         std::string& catalog_id) const;
  [[nodiscard]] int show(Desk& desk, const ConnectionEntry& connection) const;
};

Result<Names> actor_names(Desk& desk) {
  Names names;
  for (const End end : {End::source, End::destination}) {
    const auto all = desk.actors(end);
    if (!all) return all.error();
    for (const auto& one : *all) names[one.id.text.str()] = one.name;
  }
  return names;
}

int Connections::show(Desk& desk, const ConnectionEntry& connection) const {
  const auto names = actor_names(desk);
  if (!names) return Desk::fail(names.error());
  fmt::print("{}", desk.json() ? json_line(connection, *names) + "\n"
                               : connection_sheet(connection, *names, Look::of_output()));
  return exit_done;
}

/// Nothing where there is no such daemon, or nobody knows its address.
std::unique_ptr<DaemonClient> quiet_client(const DaemonFlags& flags) {
  auto client = DaemonClient::make(flags);
  return client ? std::move(*client) : nullptr;
}

/// Of these ids those that a rule of the daemon schedules, with its schedules.
std::map<std::string, std::string> scheduled_by_rules(DaemonClient& client,
                                                      const std::set<std::string>& ids) {
  std::map<std::string, std::string> both;
  std::string after;
  do {
    const auto page = client.get("connections" + query_of({{"limit", "1000"}, {"after", after}}));
    if (!page) break;
    for (const Answer& connection : (*page)["connections"].items()) {
      const std::string id = connection["id"].text();
      std::string schedules;
      for (const Answer& schedule : connection["schedules"].items())
        schedules += (schedules.empty() ? "" : ", ") + schedule.text();
      if (ids.contains(id) && !schedules.empty()) both.emplace(id, schedules);
    }
    after = (*page)["next"].text();
  } while (!after.empty());
  return both;
}

/// The standing warning, on standard error: connections that Airbyte schedules and a rule of the daemon, too.
/// A daemon that is not there has no rules.
void warn_of_two_schedulers(const std::vector<ConnectionEntry>& all, const std::string& config_file) {
  DaemonFlags flags;
  flags.file = config_file;
  std::set<std::string> scheduled;
  for (const auto& one : all) {
    if (one.schedule.kind == AirbyteSchedule::basic || one.schedule.kind == AirbyteSchedule::cron)
      scheduled.insert(one.id.text.str());
  }
  auto client = scheduled.empty() ? nullptr : quiet_client(flags);
  if (client == nullptr) return;
  const auto both = scheduled_by_rules(*client, scheduled);
  if (both.empty()) return;
  fmt::print(stderr, "warning: two schedulers drive {} of these connections, Airbyte and syncwarden at {}:\n",
             both.size(), client->url());
  for (const auto& one : all) {
    const auto found = both.find(one.id.text.str());
    if (found == both.end()) continue;
    fmt::print(stderr, "  {}: Airbyte: {}; syncwarden: {}\n", printable(one.name),
               printable(one.schedule.text()), found->second);
  }
  fmt::print(stderr,
             "`syncwarden adopt CONNECTION` moves Airbyte's schedule into a rule and sets it to manual\n");
}

int Connections::list() const {
  int outcome = exit_done;
  const auto desk = Desk::open(*flags, outcome);
  if (desk == nullptr) return outcome;
  const auto all = desk->connections();
  if (!all) return Desk::fail(all.error());
  const auto names = actor_names(*desk);
  if (!names) return Desk::fail(names.error());
  if (desk->json()) {
    for (const auto& one : *all) fmt::print("{}\n", json_line(one, *names));
  } else {
    fmt::print("{}", connections_sheet(*all, *names, Look::of_output()));
  }
  std::fflush(stdout);
  warn_of_two_schedulers(*all, flags->config.file());
  return exit_done;
}

int Connections::get() const {
  int outcome = exit_done;
  const auto desk = Desk::open(*flags, outcome);
  if (desk == nullptr) return outcome;
  const auto one = desk->connection(meant);
  if (!one) return Desk::fail(one.error());
  return show(*desk, *one);
}

/// What the flags say about everything but the streams.
Result<ConnectionChange> Connections::change() const {
  ConnectionChange wanted;
  if (!name.empty()) wanted.name = name;
  if (!status.empty()) wanted.status = connection_status_from(status);
  if (prefix_given) wanted.prefix = prefix;
  if (!schema_changes.empty()) wanted.schema_changes = schema_changes;
  if (space == "source" || space == "destination") {
    wanted.namespace_definition = space;
  } else if (!space.empty()) {
    wanted.namespace_definition = "customformat";
    wanted.namespace_format = space;
  }
  if (!schedule.empty()) {
    const auto read = provision::schedule_from(schedule);
    if (!read) return read.error();
    wanted.schedule = *read;
  }
  return wanted;
}

Result<std::vector<StreamChoice>> Connections::chosen(Desk& desk, const ActorEntry& from,
                                                      const ActorEntry& to,
                                                      const std::vector<StreamChoice>& existing,
                                                      std::string& catalog_id) const {
  const auto catalog = desk.airbyte().discover(from.id);
  if (!catalog) return catalog.error();
  catalog_id = catalog->id;
  const auto specification = desk.airbyte().specification(End::destination, to.definition, to.workspace);
  if (!specification && specification.error().code != Errc::unsupported) return specification.error();
  std::vector<provision::StreamWish> wishes;
  for (const auto& pattern : streams) {
    provision::StreamWish wish;
    wish.pattern = pattern;
    wish.sync_mode = sync_mode;
    wish.destination_sync_mode = destination_sync_mode;
    if (!cursor.empty()) wish.cursor = provision::field_path(cursor);
    if (!primary_key.empty()) {
      wish.primary_key.emplace();
      for (const auto& field : primary_key) wish.primary_key->push_back(provision::field_path(field));
    }
    wish.pointer = "--stream " + pattern;
    wishes.push_back(std::move(wish));
  }
  auto made = provision::choose_streams(
      *catalog, wishes, specification ? specification->destination_sync_modes : std::vector<std::string>{},
      existing);
  if (made.faults.empty()) return std::move(made.streams);
  for (std::size_t i = 0; i + 1 < made.faults.size(); ++i)
    (void)report({Errc::usage, made.faults[i].message, made.faults[i].pointer, made.faults[i].hint});
  return Error{Errc::usage, made.faults.back().message, made.faults.back().pointer, made.faults.back().hint};
}

int Connections::create() const {
  int outcome = exit_done;
  const auto desk = Desk::open(*flags, outcome);
  if (desk == nullptr) return outcome;
  auto wanted = change();
  if (!wanted) return Desk::fail(wanted.error());
  const auto from = desk->actor(End::source, source);
  if (!from) return Desk::fail(from.error());
  const auto to = desk->actor(End::destination, destination);
  if (!to) return Desk::fail(to.error());
  wanted->source = from->id;
  wanted->destination = to->id;
  if (!wanted->name) wanted->name = fmt::format("{} \xE2\x86\x92 {}", from->name, to->name);
  if (!wanted->schedule) wanted->schedule = ScheduleSetting{};
  if (!wanted->status) wanted->status = ConnectionStatus::active;
  const auto others = desk->airbyte().connections(from->workspace);
  if (!others) return Desk::fail(others.error());
  for (const auto& other : *others) {
    if (other.name == *wanted->name)
      return Desk::fail(
          {Errc::usage,
           fmt::format("there is a connection \"{}\" already: {}", printable(other.name), other.id.text),
           {},
           "give another --name"});
  }
  auto picked = chosen(*desk, *from, *to, {}, wanted->catalog_id);
  if (!picked) return Desk::fail(picked.error());
  wanted->streams = std::move(*picked);
  const auto made = desk->airbyte().create_connection(*wanted);
  if (!made) return Desk::fail(made.error());
  if (desk->json()) return show(*desk, *made);
  fmt::print("created connection {} ({}) with {} streams, schedule {}\n", printable(made->name),
             made->id.text, made->streams.size(), made->schedule.text());
  return exit_done;
}

int Connections::update() const {
  int outcome = exit_done;
  const auto desk = Desk::open(*flags, outcome);
  if (desk == nullptr) return outcome;
  auto wanted = change();
  if (!wanted) return Desk::fail(wanted.error());
  const auto one = desk->connection(meant);
  if (!one) return Desk::fail(one.error());
  if (!streams.empty()) {
    const auto from = desk->airbyte().actor(End::source, one->source);
    if (!from) return Desk::fail(from.error());
    const auto to = desk->airbyte().actor(End::destination, one->destination);
    if (!to) return Desk::fail(to.error());
    auto picked = chosen(*desk, *from, *to, one->streams, wanted->catalog_id);
    if (!picked) return Desk::fail(picked.error());
    wanted->streams = std::move(*picked);
  }
  const auto changed = desk->airbyte().update_connection(one->id, *wanted);
  if (!changed) return Desk::fail(changed.error());
  if (desk->json()) return show(*desk, *changed);
  fmt::print("changed connection {} ({})\n", printable(changed->name), changed->id.text);
  return exit_done;
}

int Connections::remove() const {
  int outcome = exit_done;
  const auto desk = Desk::open(*flags, outcome);
  if (desk == nullptr) return outcome;
  const auto one = desk->connection(meant);
  if (!one) return Desk::fail(one.error());
  if (!desk->confirmed(fmt::format("Delete the connection \"{}\"? What it has loaded stays where it is.",
                                   printable(one->name))))
    return exit_usage;
  const auto gone = desk->airbyte().delete_connection(one->id);
  if (!gone) return Desk::fail(gone.error());
  if (!desk->json()) fmt::print("deleted connection {}\n", printable(one->name));
  return exit_done;
}

int started(Desk& desk, const ConnectionEntry& connection, const Result<JobView>& job,
            std::string_view what) {
  if (!job) return Desk::fail(job.error());
  JobView view = *job;
  if (view.connection.empty()) view.connection = connection.id;
  if (desk.json()) {
    fmt::print("{}\n", json_line(view, Names{{connection.id.text.str(), connection.name}}));
  } else {
    fmt::print("{}: {} began as job {}\nsyncwarden airbyte jobs watch {} follows it\n",
               printable(connection.name), what, view.id.value, view.id.value);
  }
  return exit_done;
}

int Connections::reset() const {
  int outcome = exit_done;
  const auto desk = Desk::open(*flags, outcome);
  if (desk == nullptr) return outcome;
  const auto one = desk->connection(meant);
  if (!one) return Desk::fail(one.error());
  if (!desk->confirmed(fmt::format(
          "Reset \"{}\"? It deletes what the connection has loaded into the destination and forgets "
          "its cursors; a running sync is cancelled.",
          printable(one->name))))
    return exit_usage;
  return started(*desk, *one, desk->airbyte().reset(one->id), "the reset");
}

int Connections::refresh() const {
  int outcome = exit_done;
  const auto desk = Desk::open(*flags, outcome);
  if (desk == nullptr) return outcome;
  const auto one = desk->connection(meant);
  if (!one) return Desk::fail(one.error());
  std::vector<StreamChoice> only;
  for (const auto& stream : streams) {
    const auto at = std::find_if(one->streams.begin(), one->streams.end(), [&](const StreamChoice& choice) {
      return choice.name == stream || choice.full_name() == stream;
    });
    if (at == one->streams.end())
      return Desk::fail({Errc::usage,
                         fmt::format("the connection has no stream \"{}\"", printable(stream)),
                         {},
                         "`connections get` lists its streams"});
    only.push_back(*at);
  }
  const bool truncate = mode == "truncate";
  if (!desk->confirmed(fmt::format(
          "Refresh \"{}\"? It reads everything again{}; a running sync is cancelled.", printable(one->name),
          truncate ? " and removes the old records" : ", beside the old records")))
    return exit_usage;
  return started(
      *desk, *one,
      desk->airbyte().refresh(one->id, truncate ? RefreshMode::truncate : RefreshMode::merge, only),
      "the refresh");
}

void add_settings(CLI::App& verb, const std::shared_ptr<Connections>& connections) {
  verb.add_option("--name", connections->name, "how it is called");
  verb.add_option("--status", connections->status, "active or inactive")
      ->check(CLI::IsMember({"active", "inactive"}));
  verb.add_option_function<std::string>(
      "--prefix",
      [connections](const std::string& text) {
        connections->prefix = text;
        connections->prefix_given = true;
      },
      "before every table's name; \"\" takes it away");
  verb.add_option("--namespace", connections->space,
                  "source, destination, or a format such as '${SOURCE_NAMESPACE}_raw'");
  verb.add_option("--schedule", connections->schedule,
                  "Airbyte's own: manual, \"every 24 hours\", or a Quartz expression and a zone");
  verb.add_option("--schema-changes", connections->schema_changes,
                  "ignore, disable, propagate_columns or propagate_fully")
      ->check(CLI::IsMember({"ignore", "disable", "propagate_columns", "propagate_fully"}));
  verb.add_option("--stream", connections->streams,
                  "a stream by name or glob; repeatable; replaces the choice");
  verb.add_option("--sync-mode", connections->sync_mode, "of these streams: full_refresh or incremental");
  verb.add_option("--destination-sync-mode", connections->destination_sync_mode,
                  "append, overwrite, append_dedup, ...");
  verb.add_option("--cursor", connections->cursor, "field that grows, for incremental");
  verb.add_option("--primary-key", connections->primary_key, "field; repeatable");
}

}  // namespace

void add_connection_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen) {
  auto* noun = add_noun(airbyte, "connections", "list, get, create, update, delete, reset, refresh");
  auto connections = std::make_shared<Connections>();
  connections->flags = flags;
  const auto verb = [&](const std::string& name, const std::string& help, int (Connections::*run)() const,
                        bool named) {
    auto* made =
        add_verb(*noun, name, help, chosen, [connections, run] { return (connections.get()->*run)(); });
    if (named) made->add_option("connection", connections->meant, "name or id")->required();
    return made;
  };
  verb("list", "every connection", &Connections::list, false);
  verb("get", "one with its streams", &Connections::get, true);
  auto* create = verb("create", "between a source and a destination; discovers the source first",
                      &Connections::create, false);
  create->add_option("--source", connections->source, "name or id")->required();
  create->add_option("--destination", connections->destination, "name or id")->required();
  add_settings(*create, connections);
  create->get_option("--stream")->required();
  create->footer(
      "Without --schedule it is manual: syncwarden's own rules start it. Many at once: syncwarden apply.");
  auto* update = verb("update", "only what is given changes", &Connections::update, true);
  add_settings(*update, connections);
  verb("delete", "asks first", &Connections::remove, true);
  verb("reset", "delete what it has loaded; asks first", &Connections::reset, true);
  auto* refresh = verb("refresh", "read everything again (Airbyte 1.0 and later); asks first",
                       &Connections::refresh, true);
  refresh->add_option("--mode", connections->mode, "merge keeps old records, truncate removes them")
      ->check(CLI::IsMember({"merge", "truncate"}))
      ->capture_default_str();
  refresh->add_option("--stream", connections->streams, "only this stream; repeatable");
}

}  // namespace syncwarden::app
