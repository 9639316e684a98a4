// syncwarden airbyte workspaces | definitions
#include "app/screen.hpp"
#include "app/setup/sheets.hpp"
#include "app/setup/verbs.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

struct Workspaces {
  SharedFlags flags;
  std::string meant;

  [[nodiscard]] int list() const {
    int status = exit_done;
    const auto desk = Desk::open(*flags, status);
    if (desk == nullptr) return status;
    const auto all = desk->workspaces();
    if (!all) return Desk::fail(all.error());
    if (desk->json()) {
      for (const auto& one : *all) fmt::print("{}\n", json_line(one));
    } else {
      fmt::print("{}", workspaces_sheet(*all, Look::of_output()));
    }
    return exit_done;
  }

  [[nodiscard]] int get() const {
    int status = exit_done;
    const auto desk = Desk::open(*flags, status);
    if (desk == nullptr) return status;
    const auto one = desk->workspace_named(meant);
    if (!one) return Desk::fail(one.error());
    fmt::print("{}", desk->json() ? json_line(*one) + "\n" : workspaces_sheet({*one}, Look::of_output()));
    return exit_done;
  }
};

struct Definitions {
  SharedFlags flags;
  bool sources = false, destinations = false;
  std::string search, meant;

  [[nodiscard]] std::vector<End> ends() const {
    if (sources == destinations) return {End::source, End::destination};
    return {sources ? End::source : End::destination};
  }

  /// Definitions belong to the instance; the Public API wants a workspace all the same.
  static Result<WorkspaceId> place(Desk& desk) {
    const auto all = desk.workspaces();
    if (!all) return all.error();
    if (all->empty()) return WorkspaceId();
    return all->front().id;
  }

  [[nodiscard]] int list() const {
    int status = exit_done;
    const auto desk = Desk::open(*flags, status);
    if (desk == nullptr) return status;
    const auto workspace = place(*desk);
    if (!workspace) return Desk::fail(workspace.error());
    std::vector<DefinitionEntry> found;
    for (const End end : ends()) {
      const auto all = desk->airbyte().definitions(end, *workspace);
      if (!all) return Desk::fail(all.error());
      for (const auto& one : *all) {
        const std::string text = lower(one.name + " " + one.repository);
        if (text.find(lower(search)) != std::string::npos) found.push_back(one);
      }
    }
    std::stable_sort(found.begin(), found.end(), [](const DefinitionEntry& a, const DefinitionEntry& b) {
      return std::pair(a.end, lower(a.name)) < std::pair(b.end, lower(b.name));
    });
    if (desk->json()) {
      for (const auto& one : found) fmt::print("{}\n", json_line(one));
    } else {
      fmt::print("{}", definitions_sheet(found, Look::of_output()));
    }
    return exit_done;
  }

  [[nodiscard]] int get() const {
    int status = exit_done;
    const auto desk = Desk::open(*flags, status);
    if (desk == nullptr) return status;
    const auto workspace = place(*desk);
    if (!workspace) return Desk::fail(workspace.error());
    std::vector<DefinitionEntry> found;
    std::optional<Error> missing;
    for (const End end : ends()) {
      const auto one = desk->definition(end, meant, *workspace);
      if (one) {
        found.push_back(*one);
      } else if (one.error().code != Errc::usage) {
        return Desk::fail(one.error());
      } else if (!missing) {
        missing = one.error();
      }
    }
    if (found.empty()) return Desk::fail(*missing);
    if (found.size() > 1)
      return Desk::fail({Errc::usage,
                         fmt::format("\"{}\" is a source and a destination", meant),
                         {},
                         "add --source or --destination"});
    const auto specification = desk->airbyte().specification(found.front().end, found.front().id, *workspace);
    if (!specification) return Desk::fail(specification.error());
    fmt::print("{}", desk->json() ? json_line(found.front(), *specification) + "\n"
                                  : specification_sheet(found.front(), *specification, Look::of_output()));
    return exit_done;
  }
};

void add_ends(CLI::App& verb, const std::shared_ptr<Definitions>& definitions) {
  verb.add_flag("--source", definitions->sources, "sources only");
  verb.add_flag("--destination", definitions->destinations, "destinations only");
}

}  // namespace

CLI::App* add_noun(CLI::App& airbyte, const std::string& name, const std::string& help) {
  auto* noun = airbyte.add_subcommand(name, help);
  noun->require_subcommand(1);
  noun->fallthrough();
  return noun;
}

CLI::App* add_verb(CLI::App& noun, const std::string& name, const std::string& help, Chosen& chosen,
                   std::function<int()> run) {
  auto* verb = noun.add_subcommand(name, help);
  verb->fallthrough();
  verb->callback([run = std::move(run), &chosen] { chosen = run; });
  return verb;
}

void add_workspace_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen) {
  auto* noun = add_noun(airbyte, "workspaces", "list, get");
  auto workspaces = std::make_shared<Workspaces>();
  workspaces->flags = flags;
  add_verb(*noun, "list", "every workspace that the credentials see", chosen,
           [workspaces] { return workspaces->list(); });
  auto* get = add_verb(*noun, "get", "one of them", chosen, [workspaces] { return workspaces->get(); });
  get->add_option("workspace", workspaces->meant, "name or id")->required();
}

void add_definition_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen) {
  auto* noun = add_noun(airbyte, "definitions", "list, get: the connectors that this Airbyte offers");
  auto definitions = std::make_shared<Definitions>();
  definitions->flags = flags;
  auto* list =
      add_verb(*noun, "list", "the connectors", chosen, [definitions] { return definitions->list(); });
  list->add_option("--search", definitions->search, "only names and images with this text");
  add_ends(*list, definitions);
  auto* get = add_verb(*noun, "get", "one connector and the fields of its configuration", chosen,
                       [definitions] { return definitions->get(); });
  get->add_option("definition", definitions->meant, "connector (postgres), name, image or id")->required();
  add_ends(*get, definitions);
  get->footer("--json has the whole specification, a JSON Schema, in the member \"specification\".");
}

}  // namespace syncwarden::app
