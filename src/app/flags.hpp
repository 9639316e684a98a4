// Flags that several commands share, and how they become a configuration.
#pragma once

#include "observe/log.hpp"
#include "settings/settings.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace syncwarden::app {

/// Exit status of every command.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;       ///< the thing asked about failed
inline constexpr int exit_usage = 2;        ///< usage or configuration
inline constexpr int exit_unreachable = 3;  ///< Airbyte or the daemon out of reach
// of `sync --wait` only
inline constexpr int exit_suspect = 4;        ///< Airbyte says succeeded, the evidence says nothing moved
inline constexpr int exit_cancelled = 5;      ///< somebody cancelled it
inline constexpr int exit_still_running = 6;  ///< at --timeout, or when told to wait no longer

/// --config.file, and one flag for each key that makes a configuration file optional.
class ConfigFlags {
 public:
  void add_to(CLI::App& command);
  /// Loads the file, or makes a configuration from flags and environment alone. Prints every problem and
  /// warning to standard error.
  [[nodiscard]] std::optional<settings::Settings> load() const;
  [[nodiscard]] settings::LoadOptions options() const;
  [[nodiscard]] const std::string& file() const { return file_; }
  /// The flags about Airbyte that were given, to be appended to another command: " --airbyte.url 'http://…'".
  [[nodiscard]] std::string given() const;

 private:
  std::string file_;
  std::vector<std::pair<std::string, std::string>> values_;  // key, value; empty where the flag was not given
};

struct LogFlags {
  std::string level = "info";
  std::string format = "logfmt";

  void add_to(CLI::App& command);
  [[nodiscard]] observe::LogOptions options() const;
};

/// 'orders -> warehouse', as a shell takes it.
[[nodiscard]] std::string shell_word(std::string_view text);

/// The environment of this process, as the configuration sees it.
[[nodiscard]] std::optional<std::string> environment(std::string_view name);

/// Prints problems and warnings to standard error, one a line.
void print(const settings::Loaded& loaded);

/// Prints an error for a person, and gives the exit status that belongs to it.
int report(const Error& error);
[[nodiscard]] int exit_status(const Error& error);

}  // namespace syncwarden::app
