// What may come next on a command line, from the commands themselves.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace syncwarden::app {

/// Names of connections; asked only where one may stand.
using ConnectionNames = std::function<std::vector<std::string>()>;

/// Every word that may stand for the last of `words`, and begins as it does.
[[nodiscard]] std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words,
                                                   const ConnectionNames& names);

/// Of the daemon that --url or --config.file in `words` names, else of the usual one; none where it is away.
[[nodiscard]] std::vector<std::string> names_from_daemon(const std::vector<std::string>& words);

}  // namespace syncwarden::app
