// syncwarden airbyte sources | destinations
#include "app/screen.hpp"
#include "app/setup/sheets.hpp"
#include "app/setup/verbs.hpp"
#include "base/text.hpp"

#include <cstdio>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Actors {
  SharedFlags flags;
  End end = End::source;
  std::string meant, name, connector, file;
  bool without_check = false, without_validation = false;

  [[nodiscard]] int list() const;
  [[nodiscard]] int get() const;
  [[nodiscard]] int create() const;
  [[nodiscard]] int update() const;
  [[nodiscard]] int check() const;
  [[nodiscard]] int discover() const;
  [[nodiscard]] int remove() const;

 private:
  /// The configuration of --file, good for the connector; nothing after faults, which are printed.
  [[nodiscard]] std::optional<JsonText> configuration(Desk& desk, const DefinitionId& definition,
                                                      const WorkspaceId& workspace, int& status) const;
  /// 0 where the configuration works, or where nobody can tell.
  [[nodiscard]] int checked(Desk& desk, const ActorDraft& draft, const ActorId& existing) const;
  [[nodiscard]] int show(Desk& desk, const ActorEntry& actor) const;
};

/// With the connector's schema where Airbyte tells it: its secrets are secrets whatever they are called.
JsonText shown_configuration(Desk& desk, const ActorEntry& actor) {
  const auto specification = desk.airbyte().specification(actor.end, actor.definition, actor.workspace);
  return provision::masked(actor.configuration, specification ? specification->schema : JsonText{});
}

int Actors::show(Desk& desk, const ActorEntry& actor) const {
  const JsonText configuration = shown_configuration(desk, actor);
  fmt::print("{}", desk.json() ? json_line(actor, configuration) + "\n" : actor_sheet(actor, configuration));
  return exit_done;
}

int Actors::list() const {
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto all = desk->actors(end);
  if (!all) return Desk::fail(all.error());
  if (desk->json()) {
    for (const auto& one : *all) fmt::print("{}\n", json_line(one, provision::masked(one.configuration, {})));
    return exit_done;
  }
  Names workspaces;
  if (const auto spaces = desk->workspaces()) {
    for (const auto& space : *spaces) workspaces[space.id.text.str()] = space.name;
  }
  fmt::print("{}", actors_sheet(*all, workspaces, Look::of_output()));
  return exit_done;
}

int Actors::get() const {
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto one = desk->actor(end, meant);
  if (!one) return Desk::fail(one.error());
  return show(*desk, *one);
}

std::optional<JsonText> Actors::configuration(Desk& desk, const DefinitionId& definition,
                                              const WorkspaceId& workspace, int& status) const {
  const auto document = read_document(file);
  if (!document) {
    status = exit_usage;
    return std::nullopt;
  }
  if (without_validation) return JsonText{document->json};
  const auto specification = desk.airbyte().specification(end, definition, workspace);
  if (!specification && specification.error().code == Errc::unsupported) {
    fmt::print(stderr, "warning: the configuration was not validated: {}\n",
               to_string(specification.error()));
    return JsonText{document->json};
  }
  if (!specification) {
    status = Desk::fail(specification.error());
    return std::nullopt;
  }
  auto fitted = provision::fit({document->json}, document->brought, specification->schema);
  (void)print_faults(*document, fitted.warnings, "warning");
  if (!print_faults(*document, fitted.faults, "error")) return std::move(fitted.configuration);
  fmt::print(stderr,
             "syncwarden: nothing was sent; `syncwarden airbyte definitions get --{} ID` shows every field\n",
             to_string(end));
  status = exit_usage;
  return std::nullopt;
}

int Actors::checked(Desk& desk, const ActorDraft& draft, const ActorId& existing) const {
  if (without_check) return exit_done;
  const auto outcome = desk.airbyte().check_draft(draft, existing);
  if (!outcome && outcome.error().code == Errc::unsupported) {
    fmt::print(stderr, "warning: the connection was not checked: {}\n", to_string(outcome.error()));
    return exit_done;
  }
  if (!outcome) return Desk::fail(outcome.error());
  if (outcome->succeeded) return exit_done;
  return Desk::fail({Errc::rejected,
                     fmt::format("Airbyte cannot connect with this configuration: {}", outcome->message),
                     {},
                     "nothing was stored; --no-check stores it all the same"});
}

int Actors::create() const {
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto workspace = desk->workspace();
  if (!workspace) return Desk::fail(workspace.error());
  const auto definition = desk->definition(end, connector, workspace->id);
  if (!definition) return Desk::fail(definition.error());
  const auto others = desk->airbyte().actors(end, workspace->id);
  if (!others) return Desk::fail(others.error());
  for (const auto& other : *others) {
    if (other.name == name)
      return Desk::fail(
          {Errc::usage,
           fmt::format("there is a {} \"{}\" already: {}", to_string(end), printable(name), other.id.text),
           {},
           "take another name, or `update` it"});
  }
  const auto wanted = configuration(*desk, definition->id, workspace->id, status);
  if (!wanted) return status;
  const ActorDraft draft{end, name, workspace->id, definition->id, *wanted};
  status = checked(*desk, draft, {});
  if (status != exit_done) return status;
  const auto made = desk->airbyte().create_actor(draft);
  if (!made) return Desk::fail(made.error());
  if (desk->json()) return show(*desk, *made);
  fmt::print("created {} {} ({})\n", to_string(end), printable(made->name), made->id.text);
  return exit_done;
}

int Actors::update() const {
  if (name.empty() && file.empty())
    return report({Errc::usage, "nothing to change", {}, "give --name, --file or both"});
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  auto one = desk->actor(end, meant);
  if (!one) return Desk::fail(one.error());
  if (!name.empty()) one->name = name;
  if (!file.empty()) {
    auto wanted = configuration(*desk, one->definition, one->workspace, status);
    if (!wanted) return status;
    one->configuration = std::move(*wanted);
    status = checked(*desk, {end, one->name, one->workspace, one->definition, one->configuration}, one->id);
    if (status != exit_done) return status;
  }
  const auto changed = desk->airbyte().update_actor(*one);
  if (!changed) return Desk::fail(changed.error());
  if (desk->json()) return show(*desk, *changed);
  fmt::print("changed {} {} ({})\n", to_string(end), printable(changed->name), changed->id.text);
  return exit_done;
}

int Actors::check() const {
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto one = desk->actor(end, meant);
  if (!one) return Desk::fail(one.error());
  const auto outcome = desk->airbyte().check(end, one->id);
  if (!outcome) return Desk::fail(outcome.error());
  if (desk->json()) {
    fmt::print("{}\n", check_line(*one, *outcome));
  } else if (outcome->succeeded) {
    fmt::print("{} {}: Airbyte can connect\n", to_string(end), printable(one->name));
  } else {
    fmt::print("{} {}: Airbyte cannot connect: {}\n", to_string(end), printable(one->name), outcome->message);
  }
  return outcome->succeeded ? exit_done : exit_failed;
}

int Actors::discover() const {
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto one = desk->actor(end, meant);
  if (!one) return Desk::fail(one.error());
  const auto catalog = desk->airbyte().discover(one->id);
  if (!catalog) return Desk::fail(catalog.error());
  if (desk->json()) {
    for (const auto& stream : catalog->streams) fmt::print("{}\n", json_line(stream));
  } else {
    fmt::print("{}", catalog_sheet(*catalog, Look::of_output()));
  }
  return exit_done;
}

int Actors::remove() const {
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto one = desk->actor(end, meant);
  if (!one) return Desk::fail(one.error());
  const auto connections = desk->airbyte().connections(one->workspace);
  if (!connections) return Desk::fail(connections.error());
  std::size_t used = 0;
  for (const auto& connection : *connections) {
    if (connection.source == one->id || connection.destination == one->id) ++used;
  }
  const std::string with =
      used == 0 ? std::string() : fmt::format(" and the {} connections that use it", used);
  if (!desk->confirmed(fmt::format("Delete the {} \"{}\"{}?", to_string(end), printable(one->name), with)))
    return exit_usage;
  const auto gone = desk->airbyte().delete_actor(end, one->id);
  if (!gone) return Desk::fail(gone.error());
  if (!desk->json()) fmt::print("deleted {} {}{}\n", to_string(end), printable(one->name), with);
  return exit_done;
}

void add_configuration(CLI::App& verb, const std::shared_ptr<Actors>& actors, bool required) {
  auto* file =
      verb.add_option("--file,-f", actors->file, "the configuration, YAML or JSON; - is standard input");
  if (required) file->required();
  verb.add_flag("--no-check", actors->without_check, "do not have Airbyte try to connect first");
  verb.add_flag("--no-validation", actors->without_validation,
                "do not hold it against the connector's schema first");
  verb.footer(
      "Secrets: ${NAME} is the environment's, file:/path or file:./path a file's content; both are text, "
      "and\n"
      "become numbers where the connector wants numbers. Nothing is stored unless the configuration fits "
      "the\n"
      "connector's schema and Airbyte can connect with it.");
}

}  // namespace

void add_actor_verbs(CLI::App& airbyte, End end, const SharedFlags& flags, Chosen& chosen) {
  const std::string one(to_string(end));
  const bool source = end == End::source;
  auto* noun = add_noun(airbyte, one + "s",
                        source ? "list, get, create, update, check, discover, delete"
                               : "list, get, create, update, check, delete");
  auto actors = std::make_shared<Actors>();
  actors->flags = flags;
  actors->end = end;
  const auto verb = [&](const std::string& name, const std::string& help, int (Actors::*run)() const,
                        bool named) {
    auto* made = add_verb(*noun, name, help, chosen, [actors, run] { return (actors.get()->*run)(); });
    if (named) made->add_option(one, actors->meant, "name or id")->required();
    return made;
  };
  verb("list", "every " + one, &Actors::list, false);
  verb("get", "one with its configuration, secrets masked", &Actors::get, true);
  auto* create = verb("create", "from a configuration, checked before it is stored", &Actors::create, false);
  create->add_option("--name", actors->name, "how it is called")->required();
  create->add_option("--connector", actors->connector, "postgres, an image, a name or an id")->required();
  add_configuration(*create, actors, true);
  auto* update = verb("update", "name, configuration or both", &Actors::update, true);
  update->add_option("--name", actors->name, "how it is called from now on");
  add_configuration(*update, actors, false);
  verb("check", "have Airbyte try to connect", &Actors::check, true);
  if (source) verb("discover", "what it offers: streams, sync modes, cursors, keys", &Actors::discover, true);
  verb("delete", "with the connections that use it; asks first", &Actors::remove, true);
}

}  // namespace syncwarden::app
