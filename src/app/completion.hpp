// What may come next on a command line, from the commands themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace syncwarden::app {

/// What has names: Airbyte's connections, sources, destinations and workspaces.
enum class Named : std::uint8_t { connection, source, destination, workspace };

/// The names of one kind; asked only where one may stand.
using NamesOf = std::function<std::vector<std::string>(Named)>;

/// Every word that may stand for the last of `words`, and begins as it does.
[[nodiscard]] std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words,
                                                   const NamesOf& names);

/// `airbyte …`, `export` and `adopt` ask Airbyte, with the flags in `words` and the environment as the
/// commands themselves; the others, and all where Airbyte is away, the daemon that --url or --config.file
/// names, else the usual one. A daemon knows sources and destinations by their connections. None where both
/// are away; says nothing and takes three seconds at most, after which the process ends: nobody waits for a
/// key.
[[nodiscard]] std::vector<std::string> names_for(Named kind, const std::vector<std::string>& words);

}  // namespace syncwarden::app
