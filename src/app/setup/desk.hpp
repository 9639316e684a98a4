// What every command that sets Airbyte up shares: its flags, the administrative client, names to ids, output.
#pragma once

#include "app/flags.hpp"
#include "base/error.hpp"
#include "ports/airbyte_admin.hpp"
#include "provision/configuration.hpp"
#include "settings/plain_document.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace syncwarden::app {

struct SetupFlags {
  ConfigFlags config;
  std::string workspace;
  bool json = false;
  bool yes = false;

  void add_to(CLI::App& command);
};

class Desk {
 public:
  /// Nothing after an error, which is printed; `status` is then the exit status.
  [[nodiscard]] static std::unique_ptr<Desk> open(const SetupFlags& flags, int& status,
                                                  bool catch_interrupts = false);
  /// For tests: over another client.
  Desk(SetupFlags flags, std::unique_ptr<AirbyteAdmin> admin, std::vector<std::string> configured);

  [[nodiscard]] AirbyteAdmin& airbyte() { return *admin_; }
  [[nodiscard]] bool json() const { return flags_.json; }
  /// A command for the same Airbyte, as it can be pasted into a shell.
  [[nodiscard]] std::string command(std::string_view words) const {
    return "syncwarden " + std::string(words) + flags_.config.given();
  }

  /// Those that are meant: --workspace, else airbyte.workspaces, else all.
  [[nodiscard]] Result<std::vector<WorkspaceEntry>> workspaces();
  /// The one that something is created in.
  [[nodiscard]] Result<WorkspaceEntry> workspace();
  [[nodiscard]] Result<WorkspaceEntry> workspace_named(const std::string& meant);

  /// By id, connector ("postgres"), repository or name.
  [[nodiscard]] Result<DefinitionEntry> definition(End end, const std::string& meant,
                                                   const WorkspaceId& workspace);
  [[nodiscard]] Result<std::vector<ActorEntry>> actors(End end);
  [[nodiscard]] Result<ActorEntry> actor(End end, const std::string& meant);
  [[nodiscard]] Result<std::vector<ConnectionEntry>> connections();
  /// Fails for a deleted one.
  [[nodiscard]] Result<ConnectionEntry> connection(const std::string& meant);

  /// With --yes, or after a yes on a terminal; else says what is missing.
  [[nodiscard]] bool confirmed(const std::string& question) const;
  /// Prints the error; the exit status that belongs to it.
  [[nodiscard]] static int fail(const Error& error);

 private:
  SetupFlags flags_;
  std::unique_ptr<AirbyteAdmin> admin_;
  std::vector<std::string> configured_;
};

/// A document from a file, or from standard input for "-". Prints what is wrong with it.
[[nodiscard]] std::optional<settings::PlainDocument> read_document(const std::string& path);
/// Prints faults with their places; true if there are any.
bool print_faults(const settings::PlainDocument& document, const std::vector<provision::Fault>& faults,
                  std::string_view word, const std::string& below = {});
/// 8-4-4-4-12 hexadecimal digits.
[[nodiscard]] bool looks_like_id(std::string_view text);

}  // namespace syncwarden::app
