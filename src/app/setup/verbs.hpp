// The verbs of `syncwarden airbyte`, one file for each kind of thing.
#pragma once

#include "app/commands/commands.hpp"
#include "app/setup/desk.hpp"

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

namespace syncwarden::app {

using SharedFlags = std::shared_ptr<SetupFlags>;

void add_workspace_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen);
void add_definition_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen);
void add_actor_verbs(CLI::App& airbyte, End end, const SharedFlags& flags, Chosen& chosen);
void add_connection_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen);
void add_job_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen);

/// A verb below a noun: what is not its own is its parents' (--json, --config.file, ...).
CLI::App* add_verb(CLI::App& noun, const std::string& name, const std::string& help, Chosen& chosen,
                   std::function<int()> run);
/// A noun: `syncwarden airbyte sources ...`.
CLI::App* add_noun(CLI::App& airbyte, const std::string& name, const std::string& help);

}  // namespace syncwarden::app
