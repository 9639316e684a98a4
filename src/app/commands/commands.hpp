// The commands of the binary, one file each. Each adds itself to the command line and sets `run` when it was
// chosen.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace syncwarden::app {

/// Filled in by the command that was given; returns the exit status.
using Chosen = std::function<int()>;

void add_run(CLI::App& app, Chosen& chosen);
void add_demo(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_next(CLI::App& app, Chosen& chosen);
void add_plan(CLI::App& app, Chosen& chosen);
void add_emulator(CLI::App& app, Chosen& chosen);
void add_healthcheck(CLI::App& app, Chosen& chosen);

}  // namespace syncwarden::app
