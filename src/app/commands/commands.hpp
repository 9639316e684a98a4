// The commands of the binary, one file each. Each adds itself to the command line and sets `run` when it was
// chosen.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

namespace syncwarden::app {

/// Filled in by the command that was given; returns the exit status.
using Chosen = std::function<int()>;

/// Takes what jobs and incidents are numbered by, and says so of anything else.
[[nodiscard]] inline CLI::Validator number_from_one() {
  return {[](std::string& text) {
            const bool digits = !text.empty() && text.size() <= 18 &&
                                text.find_first_not_of("0123456789") == std::string::npos &&
                                text.find_first_not_of('0') != std::string::npos;
            return digits ? std::string{} : "\"" + text + "\" is no number; jobs and incidents count from 1";
          },
          "NUMBER"};
}

void add_run(CLI::App& app, Chosen& chosen);
void add_demo(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_next(CLI::App& app, Chosen& chosen);
void add_notify(CLI::App& app, Chosen& chosen);
void add_plan(CLI::App& app, Chosen& chosen);
void add_selftest(CLI::App& app, Chosen& chosen);
void add_emulator(CLI::App& app, Chosen& chosen);
void add_healthcheck(CLI::App& app, Chosen& chosen);
void add_status(CLI::App& app, Chosen& chosen);
void add_explain(CLI::App& app, Chosen& chosen);
void add_runs(CLI::App& app, Chosen& chosen);
void add_incidents(CLI::App& app, Chosen& chosen);
void add_ack(CLI::App& app, Chosen& chosen);
void add_sync(CLI::App& app, Chosen& chosen);
void add_cancel(CLI::App& app, Chosen& chosen);
void add_pause(CLI::App& app, Chosen& chosen);
void add_resume(CLI::App& app, Chosen& chosen);
void add_drain(CLI::App& app, Chosen& chosen);
void add_logs(CLI::App& app, Chosen& chosen);
void add_state(CLI::App& app, Chosen& chosen);
void add_airbyte(CLI::App& app, Chosen& chosen);
void add_completion(CLI::App& app, Chosen& chosen);
void add_apply(CLI::App& app, Chosen& chosen);
void add_export(CLI::App& app, Chosen& chosen);
void add_adopt(CLI::App& app, Chosen& chosen);
void add_release(CLI::App& app, Chosen& chosen);

}  // namespace syncwarden::app
