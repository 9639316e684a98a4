// The configuration: loaded whole or not at all, every mistake reported at once with its place.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "model/airbyte_target.hpp"
#include "model/plan.hpp"
#include "model/receiver.hpp"
#include "settings/web_config.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syncwarden::settings {

/// How much a single connection shows in /metrics.
enum class ConnectionDetail : std::uint8_t { off, basic, full };

[[nodiscard]] std::string_view to_string(ConnectionDetail detail);

/// Everything that a configuration says.
struct Settings {
  AirbyteTarget airbyte;
  PlanPtr plan;
  Policy defaults;               ///< the `defaults:` section; already merged into every rule
  std::string timezone = "UTC";  ///< defaults.timezone
  calendar::DstPolicy dst = calendar::DstPolicy::safe;  ///< defaults.dst
  std::vector<Receiver> receivers;                      ///< the `notify:` section
  std::string state_path;                         ///< SQLite file; empty: nothing durable, keep it in memory
  std::string listen_address = "127.0.0.1:9927";  ///< "host:port"; an empty host means every address
  std::vector<std::string> host_names;            ///< under which the server may be called
  std::string web_config_file;                    ///< empty: no TLS, no users
  WebConfig web;                                  ///< what stands in it
  std::string unix_socket;                        ///< path of a second way in; empty: none
  Secret webhook_token;                           ///< of Airbyte's webhook; empty: none is received
  ConnectionDetail connection_detail = ConnectionDetail::basic;
  std::uint32_t connection_limit = 20'000;  ///< connections with metrics of their own; 0 = none
  bool botify_compat = false;               ///< metrics under botify's names, too
  std::vector<std::string> files;           ///< what was read: the file itself, then its includes
};

/// One mistake, or one warning. Never holds a secret, nor a value that came from the environment or from a
/// secret's file.
struct Problem {
  std::string file;        ///< path as given, or the flag's name
  std::size_t line = 0;    ///< from 1; 0 where no line is meant
  std::size_t column = 0;  ///< from 1
  std::string message;     ///< "airbyte.timeouts.read: \"thirty\" is no duration"
  std::string hint;        ///< what to write instead; may be empty

  bool operator==(const Problem&) const = default;
};

/// "conf.yaml:12:5: airbyte.timeouts.read: "thirty" is no duration; use units ms s m h d w such as 30s"
[[nodiscard]] std::string to_string(const Problem& problem);

/// The value of an environment variable. The caller decides what the environment is; nothing here reads it.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// A value from the command line: the path of a key ("airbyte.url") and its text. It wins over the file.
/// Problems name it "--airbyte.url".
using Override = std::pair<std::string, std::string>;

struct LoadOptions {
  Environment environment;          ///< none: every variable is undefined
  std::vector<Override> overrides;  ///< keys that hold one plain value only
};

/// Either settings or problems (at least one), and warnings in both cases. All sorted by place.
struct Loaded {
  std::optional<Settings> settings;
  std::vector<Problem> problems;
  std::vector<Problem> warnings;

  [[nodiscard]] bool ok() const { return settings.has_value(); }
};

/// Reads `path` and what it includes. Relative paths inside a file start at that file's folder. Never throws
/// for anything that a file may hold.
[[nodiscard]] Loaded load_file(const std::string& path, const LoadOptions& options);

/// The same for a text; `name` stands for its path. An empty text with overrides is a configuration made of
/// flags only.
[[nodiscard]] Loaded load_text(std::string_view text, const std::string& name, const LoadOptions& options);

/// Operation without a file: every connection is observed, none is touched, nothing durable is needed.
[[nodiscard]] Settings observing(AirbyteTarget target);

/// The effective configuration, like YAML, with "<secret>" for secrets: for `check --verbose` and the log.
[[nodiscard]] std::string describe(const Settings& settings);

/// When a rule starts what it matches, in one line: "every 1h", [day: "…", night: "…"], airbyte.
[[nodiscard]] std::string schedules_text(const Rule& rule);

/// What a rule's policy has otherwise than the defaults: "stuck.no_progress.after: 2h".
[[nodiscard]] std::vector<std::string> additions(const Rule& rule, const Policy& defaults);

struct Change {
  std::string text;            ///< "limits.total: 0 -> 20"; of a secret only that it changed
  bool needs_restart = false;  ///< a reload cannot apply it; the running value stays
};

/// What a reload from `before` to `after` changes, in the order of describe(). Everything is applied live,
/// except the state file and the listen address; a change below `airbyte` rebuilds the client without
/// touching running jobs.
[[nodiscard]] std::vector<Change> diff(const Settings& before, const Settings& after);

}  // namespace syncwarden::settings
