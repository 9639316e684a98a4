#include "app/commands/commands.hpp"
#include "app/moments.hpp"
#include "app/setup/desk.hpp"
#include "app/setup/rules_file.hpp"
#include "base/text.hpp"
#include "model/connection.hpp"
#include "provision/adoption.hpp"
#include "runtime/clock.hpp"

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Adopt {
  SetupFlags flags;
  std::vector<std::string> connections;
  std::string match, save, rules, dst = "safe";
  bool dry_run = false;

  int operator()() const;

 private:
  [[nodiscard]] Result<std::vector<ConnectionEntry>> meant(Desk& desk) const;
  [[nodiscard]] int move(Desk& desk, const std::vector<provision::Adoption>& adopted, Instant now) const;
};

Result<std::vector<ConnectionEntry>> Adopt::meant(Desk& desk) const {
  std::vector<ConnectionEntry> chosen;
  for (const auto& name : connections) {
    auto one = desk.connection(name);
    if (!one) return one.error();
    chosen.push_back(std::move(*one));
  }
  if (!connections.empty() && match.empty()) return chosen;
  auto all = desk.connections();
  if (!all) return all.error();
  for (auto& one : *all) {
    if (match.empty() || glob_matches(match, one.name)) chosen.push_back(std::move(one));
  }
  return chosen;
}

/// When the newest job that moves data was created; nothing if there was none.
Result<std::optional<Instant>> newest_start(Desk& desk, const ConnectionEntry& connection) {
  std::optional<Instant> newest;
  JobFilter filter;
  filter.connection = connection.id;
  filter.limit = 1;
  const auto read = desk.airbyte().jobs(filter, [&newest](const JobView& job) {
    newest = job.created;
    return false;
  });
  if (!read) return read.error();
  return newest;
}

/// What the Public API could not put back is not taken away over it.
std::optional<std::string> irreversible(const AirbyteInfo& info, const ScheduleSetting& schedule) {
  if (info.api != "public") return std::nullopt;
  if (schedule.kind == AirbyteSchedule::cron && schedule.zone == "UTC") return std::nullopt;
  return "the Public API could not put this schedule back; set airbyte.url to the Config API, which ends in "
         "/api/v1";
}

void tell(const provision::Adoption& one, Instant now) {
  fmt::print("{}  (Airbyte: {})\n{}", printable(one.connection.name),
             printable(one.connection.schedule.text()), one.rule);
  std::string next;
  for (const Instant at : one.next) next += (next.empty() ? "" : ", ") + local_text(at, now);
  if (!next.empty()) fmt::print("    next: {}\n", next);
  for (const auto& note : one.notes) fmt::print("    note: {}\n", printable(note, 300));
  if (one.changes.empty()) {
    fmt::print("    no fire of the next two years changes\n");
    return;
  }
  fmt::print("    {} fires of the next two years change (+ only by the rule, - only by Airbyte):\n",
             one.changes.size());
  for (const auto& change : one.changes)
    fmt::print("      {} {}\n", change.gained ? "+" : "-", to_rfc3339(change.at));
}

bool exists(const std::string& path) { return std::ifstream(path).good(); }

int Adopt::move(Desk& desk, const std::vector<provision::Adoption>& adopted, Instant now) const {
  if (save.empty() || rules.empty())
    return report({Errc::usage,
                   "nothing was changed: the way back and the rules need files",
                   {},
                   "give --save undo.yaml and --rules rules.yaml, or --dry-run"});
  for (const auto& path : {save, rules}) {
    if (exists(path))
      return report({Errc::usage,
                     fmt::format("{} exists already; nothing was changed", printable(path, 300)),
                     {},
                     "take another name: an older way back must not be lost"});
  }
  std::string text = "connections:\n";
  for (const auto& one : adopted) text += one.rule;
  // The way back first, then the rules, then Airbyte: whatever fails in between, nothing is scheduled by
  // nobody without a file that says so.
  if (!write_whole(save, provision::undo_text(adopted, now)) || !write_whole(rules, text)) return exit_failed;
  int status = exit_done;
  std::size_t moved = 0;
  for (const auto& one : adopted) {
    ConnectionChange manual;
    manual.schedule = ScheduleSetting{};
    const auto changed = desk.airbyte().update_connection(one.connection.id, manual);
    if (!changed) {
      fmt::print(stderr, "{}: ", printable(one.connection.name));
      status = Desk::fail(changed.error());
      continue;
    }
    ++moved;
  }
  fmt::print("{} of {} connections are manual in Airbyte now\n", moved, adopted.size());
  fmt::print(
      "rules:    {} (`include` it in syncwarden's configuration and reload: until then nothing starts "
      "them)\n",
      printable(rules, 300));
  fmt::print("way back: syncwarden release --from {}\n", printable(save, 300));
  return status;
}

int Adopt::operator()() const {
  if (connections.empty() && match.empty())
    return report({Errc::usage, "which connections?", {}, "name them, or --match '*' for all"});
  int status = exit_done;
  const auto desk = Desk::open(flags, status);
  if (desk == nullptr) return status;
  const auto info = desk->airbyte().probe();
  if (!info) return Desk::fail(info.error());
  const auto chosen = meant(*desk);
  if (!chosen) return Desk::fail(chosen.error());
  const Instant now = runtime::read_clock().wall;
  const auto policy = dst == "quartz" ? calendar::DstPolicy::quartz
                      : dst == "skip" ? calendar::DstPolicy::skip
                                      : calendar::DstPolicy::safe;
  std::vector<provision::Adoption> adopted;
  std::size_t manual = 0;
  for (const auto& connection : *chosen) {
    if (connection.schedule.kind == AirbyteSchedule::manual) {
      ++manual;
      continue;
    }
    if (const auto why = irreversible(*info, connection.schedule)) {
      status = Desk::fail({Errc::unsupported, *why, printable(connection.name), {}});
      continue;
    }
    const auto last = newest_start(*desk, connection);
    if (!last) return Desk::fail(last.error());
    auto one = provision::adopt(connection, *last, now, policy);
    if (!one) {
      fmt::print(stderr, "{}: ", printable(connection.name));
      status = Desk::fail(one.error());
      continue;
    }
    tell(*one, now);
    adopted.push_back(std::move(*one));
  }
  fmt::print("{} to adopt, {} that Airbyte does not schedule\n", adopted.size(), manual);
  std::fflush(stdout);
  if (adopted.empty() || dry_run) return status;
  const int moved = move(*desk, adopted, now);
  return moved != exit_done ? moved : status;
}

struct Release {
  SetupFlags flags;
  std::string file;
  std::vector<std::string> only;
  bool dry_run = false;

  int operator()() const;

 private:
  [[nodiscard]] bool is_meant(const provision::Kept& kept) const;
  [[nodiscard]] static int put_back(Desk& desk, const provision::Kept& kept, bool dry_run);
};

bool Release::is_meant(const provision::Kept& kept) const {
  if (only.empty()) return true;
  for (const auto& meant : only) {
    if (kept.id.text == meant || kept.name == meant || glob_matches(meant, kept.name)) return true;
  }
  return false;
}

int Release::put_back(Desk& desk, const provision::Kept& kept, bool dry_run) {
  const std::string name = printable(kept.name);
  const auto now = desk.airbyte().connection(kept.id);
  if (!now || now->status == ConnectionStatus::deprecated) {
    fmt::print(stderr, "{}: ", name);
    return Desk::fail(now ? Error{Errc::not_found, "the connection was deleted", {}, {}} : now.error());
  }
  if (now->schedule == kept.schedule) {
    fmt::print("{}: already {}\n", name, kept.schedule.text());
    return exit_done;
  }
  if (now->schedule.kind != AirbyteSchedule::manual) {
    return Desk::fail(
        {Errc::conflict,
         fmt::format("{}: somebody has given it another schedule: {}", name, now->schedule.text()),
         {},
         "it was left as it is"});
  }
  if (!dry_run) {
    ConnectionChange change;
    change.schedule = kept.schedule;
    const auto changed = desk.airbyte().update_connection(kept.id, change);
    if (!changed) {
      fmt::print(stderr, "{}: ", name);
      return Desk::fail(changed.error());
    }
  }
  fmt::print("{}: {}\n", name, kept.schedule.text());
  return exit_done;
}

int Release::operator()() const {
  const auto document = read_document(file);
  if (!document) return exit_usage;
  const auto read = provision::kept_from({document->json});
  if (print_faults(*document, read.faults, "error")) return exit_usage;
  int status = exit_done;
  const auto desk = Desk::open(flags, status);
  if (desk == nullptr) return status;
  for (const auto& kept : read.kept) {
    if (!is_meant(kept)) continue;
    const int one = put_back(*desk, kept, dry_run);
    if (one != exit_done) status = one;
  }
  if (!dry_run)
    fmt::print("take their rules out of syncwarden's configuration, or two schedulers drive them\n");
  return status;
}

}  // namespace

void add_adopt(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("adopt", "move Airbyte's own schedules into syncwarden's rules");
  auto adopt = std::make_shared<Adopt>();
  adopt->flags.add_to(*command);
  command->add_option("connections", adopt->connections, "names or ids");
  command->add_option("--match", adopt->match, "all whose name matches this glob");
  command->add_flag("--dry-run", adopt->dry_run, "show rules and changed fires, change nothing");
  command->add_option("--save", adopt->save, "write the way back here, for `release`");
  command->add_option("--rules", adopt->rules, "write the rules here, for `include`");
  command
      ->add_option("--dst", adopt->dst,
                   "of cron rules: safe loses and doubles no fire, quartz does what Airbyte did")
      ->check(CLI::IsMember({"safe", "quartz", "skip"}))
      ->capture_default_str();
  command->footer(
      "Rules are pinned by the connections' ids. Basic schedules become `every` with `overlap: queue_one`, "
      "in step with\n"
      "the newest job. Every fire of the next two years that changes is shown. Airbyte's schedule becomes "
      "manual.");
  command->callback([adopt, &chosen] { chosen = [adopt] { return (*adopt)(); }; });
}

void add_release(CLI::App& app, Chosen& chosen) {
  auto* command =
      app.add_subcommand("release", "give schedules back to Airbyte, as they were before `adopt`");
  auto release = std::make_shared<Release>();
  release->flags.add_to(*command);
  command->add_option("--from", release->file, "the file that `adopt --save` wrote")->required();
  command->add_option("--connection", release->only, "only this one, by name, glob or id; repeatable");
  command->add_flag("--dry-run", release->dry_run, "show what would be put back");
  command->footer(
      "Needs Airbyte only: neither the daemon nor its state. Schedules that somebody changed since are left "
      "alone.");
  command->callback([release, &chosen] { chosen = [release] { return (*release)(); }; });
}

}  // namespace syncwarden::app
