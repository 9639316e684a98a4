#include "app/setup/desk.hpp"

#include "airbyte/admin.hpp"
#include "base/text.hpp"
#include "provision/choose.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace syncwarden::app {
namespace {

constexpr std::size_t max_input_bytes = 4U << 20U;

Error with_kind_hint(Error error, std::string_view kind, std::string_view list) {
  if (error.code != Errc::not_found) return error;
  error.message = fmt::format("there is no {} with this id", kind);
  error.hint = fmt::format("`{}` lists them", list);
  return error;
}

std::string list_command(End end) { return fmt::format("syncwarden airbyte {}s list", to_string(end)); }

}  // namespace

void SetupFlags::add_to(CLI::App& command) {
  config.add_to(command);
  command.add_option("--workspace", workspace, "name or id of the workspace; needed where there are several");
  command.add_flag("--json", json, "one JSON object a line");
  command.add_flag("--yes", yes, "do what cannot be undone without asking");
}

Desk::Desk(SetupFlags flags, std::unique_ptr<AirbyteAdmin> admin, std::vector<std::string> configured)
    : flags_(std::move(flags)), admin_(std::move(admin)), configured_(std::move(configured)) {}

std::unique_ptr<Desk> Desk::open(const SetupFlags& flags, int& status, bool catch_interrupts) {
  const auto settings = flags.config.load();
  if (!settings) {
    status = exit_usage;
    return nullptr;
  }
  airbyte::AdminOptions options;
  options.catch_interrupts = catch_interrupts;
  auto admin = airbyte::make_admin(settings->airbyte, runtime::read_clock, options);
  if (!admin) {
    status = fail(admin.error());
    return nullptr;
  }
  return std::make_unique<Desk>(flags, std::move(*admin), settings->airbyte.workspaces);
}

Result<std::vector<WorkspaceEntry>> Desk::workspaces() {
  auto all = admin_->workspaces();
  if (!all) return all;
  std::vector<std::string> wanted = configured_;
  if (!flags_.workspace.empty()) wanted = {flags_.workspace};
  if (wanted.empty()) return all;
  std::vector<provision::Candidate> candidates;
  for (const auto& one : *all) candidates.push_back({one.id.text.str(), one.name, {}});
  std::vector<WorkspaceEntry> chosen;
  for (const auto& meant : wanted) {
    const auto at = provision::choose("workspace", meant, candidates, "syncwarden airbyte workspaces list");
    if (!at) return at.error();
    chosen.push_back((*all)[*at]);
  }
  return chosen;
}

Result<WorkspaceEntry> Desk::workspace() {
  const auto all = workspaces();
  if (!all) return all.error();
  std::vector<provision::Candidate> candidates;
  for (const auto& one : *all) candidates.push_back({one.id.text.str(), one.name, {}});
  const auto at = provision::choose_only("workspace", candidates, "--workspace");
  if (!at) return at.error();
  return (*all)[*at];
}

Result<WorkspaceEntry> Desk::workspace_named(const std::string& meant) {
  const auto all = admin_->workspaces();
  if (!all) return all.error();
  std::vector<provision::Candidate> candidates;
  for (const auto& one : *all) candidates.push_back({one.id.text.str(), one.name, {}});
  const auto at = provision::choose("workspace", meant, candidates, "syncwarden airbyte workspaces list");
  if (!at) return at.error();
  return (*all)[*at];
}

Result<DefinitionEntry> Desk::definition(End end, const std::string& meant, const WorkspaceId& workspace) {
  const auto all = admin_->definitions(end, workspace);
  if (!all) return all.error();
  std::vector<provision::Candidate> by_name, by_connector;
  for (const auto& one : *all) {
    if (one.id.text == meant || one.repository == meant) return one;
    by_name.push_back({one.id.text.str(), one.name, one.repository});
    by_connector.push_back({one.id.text.str(), one.connector(), one.name});
  }
  // "postgres" is the connector's word; "Postgres" the name that people see.
  const std::string list = fmt::format("syncwarden airbyte definitions list --{}", to_string(end));
  const auto at = provision::choose("connector", meant, by_connector, list);
  if (at) return (*all)[*at];
  const auto named = provision::choose("connector", meant, by_name, list);
  if (named) return (*all)[*named];
  return at.error();
}

Result<std::vector<ActorEntry>> Desk::actors(End end) {
  const auto spaces = workspaces();
  if (!spaces) return spaces.error();
  std::vector<ActorEntry> all;
  for (const auto& space : *spaces) {
    auto some = admin_->actors(end, space.id);
    if (!some) return some;
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  return all;
}

Result<ActorEntry> Desk::actor(End end, const std::string& meant) {
  if (looks_like_id(meant)) {
    auto one = admin_->actor(end, ActorId(meant));
    if (one) return one;
    return with_kind_hint(one.error(), to_string(end), list_command(end));
  }
  auto all = actors(end);
  if (!all) return all.error();
  std::vector<provision::Candidate> candidates;
  for (const auto& one : *all) candidates.push_back({one.id.text.str(), one.name, one.definition_name});
  const auto at = provision::choose(to_string(end), meant, candidates, list_command(end));
  if (!at) return at.error();
  return std::move((*all)[*at]);
}

Result<std::vector<ConnectionEntry>> Desk::connections() {
  const auto spaces = workspaces();
  if (!spaces) return spaces.error();
  std::vector<ConnectionEntry> all;
  for (const auto& space : *spaces) {
    auto some = admin_->connections(space.id);
    if (!some) return some;
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  return all;
}

Result<ConnectionEntry> Desk::connection(const std::string& meant) {
  constexpr std::string_view list = "syncwarden airbyte connections list";
  if (looks_like_id(meant)) {
    auto one = admin_->connection(ConnectionId(meant));
    if (!one) return with_kind_hint(one.error(), "connection", list);
    if (one->status == ConnectionStatus::deprecated)
      return Error{Errc::not_found,
                   fmt::format("the connection \"{}\" was deleted", printable(one->name)),
                   {},
                   fmt::format("`{}` lists those that are left", list)};
    return one;
  }
  auto all = connections();
  if (!all) return all.error();
  std::vector<provision::Candidate> candidates;
  for (const auto& one : *all)
    candidates.push_back({one.id.text.str(), one.name, std::string(to_string(one.status))});
  const auto at = provision::choose("connection", meant, candidates, list);
  if (!at) return at.error();
  return std::move((*all)[*at]);
}

bool Desk::confirmed(const std::string& question) const {
  if (flags_.yes) return true;
  if (::isatty(STDIN_FILENO) != 1) {
    fmt::print(stderr, "syncwarden: {} Nothing was done: this is no terminal to ask on; --yes says yes\n",
               question);
    return false;
  }
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  const bool yes = answer == "y" || answer == "Y" || answer == "yes";
  if (!yes) fmt::print("nothing was done\n");
  return yes;
}

int Desk::fail(const Error& error) {
  const int status = report(error);
  return error.code == Errc::unsupported ? exit_usage : status;
}

std::optional<settings::PlainDocument> read_document(const std::string& path) {
  settings::PlainLoaded loaded;
  if (path == "-") {
    std::string text;
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
    if (text.size() > max_input_bytes) text.resize(max_input_bytes);
    loaded = settings::read_plain(text, "standard input", environment);
  } else {
    loaded = settings::read_plain_file(path, environment);
  }
  for (const auto& warning : loaded.warnings)
    fmt::print(stderr, "warning: {}\n", settings::to_string(warning));
  for (const auto& problem : loaded.problems) fmt::print(stderr, "error: {}\n", settings::to_string(problem));
  if (!loaded.problems.empty() && loaded.problems.front().line == 0 && path != "-")
    fmt::print(stderr,
               "give a YAML or JSON file that you may read, or - for standard input; config/pipelines has "
               "examples\n");
  return std::move(loaded.document);
}

bool print_faults(const settings::PlainDocument& document, const std::vector<provision::Fault>& faults,
                  std::string_view word, const std::string& below) {
  for (const auto& fault : faults) {
    const std::string pointer = below + fault.pointer;
    fmt::print(stderr, "{}: {}: {}{}{}{}\n", word, document.where(pointer),
               pointer.empty() ? "" : pointer + ": ", fault.message, fault.hint.empty() ? "" : " (",
               fault.hint.empty() ? "" : fault.hint + ")");
  }
  return !faults.empty();
}

bool looks_like_id(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

}  // namespace syncwarden::app
