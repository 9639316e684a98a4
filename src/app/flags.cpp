#include "app/flags.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Flag {
  const char* key;
  const char* help;
};
constexpr std::array flags{
    Flag{"airbyte.url",
         "where Airbyte is: http://host:8000/api/v1, https://api.airbyte.com/v1, or a bare host"},
    Flag{"airbyte.api", "config or public, where the URL does not tell"},
    Flag{"airbyte.auth.type", "none, basic, token or client_credentials"},
    Flag{"airbyte.auth.username", "for basic"},
    Flag{"airbyte.auth.password_file", "for basic: a file that holds the password"},
    Flag{"airbyte.auth.token_file", "for token: a file that holds it"},
    Flag{"airbyte.auth.client_id", "for client_credentials"},
    Flag{"airbyte.auth.client_secret_file", "for client_credentials: a file that holds the secret"},
    Flag{"airbyte.tls.ca_file", "trust these authorities instead of the system's"},
    Flag{"state", "sqlite:PATH"},
    Flag{"mode", "live, or shadow: decide and record, send nothing"},
    Flag{"web.listen_address", "where metrics and health are served, 127.0.0.1:9927 unless told otherwise"},
    Flag{"web.unix_socket",
         "a Unix socket beside it (mode 0660), where the audit knows who asks; commands use it, too"},
};

/// Secrets never come by flag, where `ps` shows them.
struct Variable {
  const char* name;
  const char* key;
};
constexpr std::array variables{
    Variable{"SYNCWARDEN_AIRBYTE_URL", "airbyte.url"},
    Variable{"SYNCWARDEN_AIRBYTE_USERNAME", "airbyte.auth.username"},
    Variable{"SYNCWARDEN_AIRBYTE_PASSWORD", "airbyte.auth.password"},
    Variable{"SYNCWARDEN_AIRBYTE_PASSWORD_FILE", "airbyte.auth.password_file"},
    Variable{"SYNCWARDEN_AIRBYTE_TOKEN", "airbyte.auth.token"},
    Variable{"SYNCWARDEN_AIRBYTE_TOKEN_FILE", "airbyte.auth.token_file"},
    Variable{"SYNCWARDEN_AIRBYTE_CLIENT_ID", "airbyte.auth.client_id"},
    Variable{"SYNCWARDEN_AIRBYTE_CLIENT_SECRET", "airbyte.auth.client_secret"},
    Variable{"SYNCWARDEN_AIRBYTE_CLIENT_SECRET_FILE", "airbyte.auth.client_secret_file"},
    Variable{"SYNCWARDEN_AIRBYTE_WEBHOOK_TOKEN", "web.airbyte_webhook_token"},
    Variable{"SYNCWARDEN_AIRBYTE_WEBHOOK_TOKEN_FILE", "web.airbyte_webhook_token_file"},
};

/// The flag's spelling: Prometheus' style has dashes within a word, and --web.listen-address is its own.
std::string flag_names(const std::string& key) {
  std::string dashed = key;
  for (char& c : dashed) {
    if (c == '_') c = '-';
  }
  return dashed == key ? "--" + key : "--" + dashed + ",--" + key;
}

bool starts_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

}  // namespace

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

void ConfigFlags::add_to(CLI::App& command) {
  command.add_option("--config.file", file_, "the configuration (YAML)");
  values_.clear();
  values_.reserve(flags.size());
  for (const auto& flag : flags) {
    auto& value = values_.emplace_back(flag.key, "");
    command.add_option(flag_names(flag.key), value.second, flag.help);
  }
}

settings::LoadOptions ConfigFlags::options() const {
  settings::LoadOptions options;
  options.environment = environment;
  std::string type, kind;
  const auto set = [&](const std::string& key, const std::string& value) {
    options.overrides.emplace_back(key, value);
    if (key == "airbyte.auth.type") type = value;
    if (starts_with(key, "airbyte.auth.username") || starts_with(key, "airbyte.auth.password"))
      kind = "basic";
    if (starts_with(key, "airbyte.auth.token")) kind = "token";
    if (starts_with(key, "airbyte.auth.client")) kind = "client_credentials";
  };
  for (const auto& [key, value] : values_) {
    if (!value.empty()) set(key, value);
  }
  // The environment counts where neither a flag nor a file speaks.
  if (file_.empty()) {
    for (const auto& variable : variables) {
      const auto value = environment(variable.name);
      const bool flagged = std::any_of(values_.begin(), values_.end(), [&](const auto& given) {
        return given.first == variable.key && !given.second.empty();
      });
      if (value && !value->empty() && !flagged) set(variable.key, *value);
    }
    // One credential names its kind.
    if (type.empty() && !kind.empty()) options.overrides.emplace_back("airbyte.auth.type", kind);
  }
  return options;
}

std::string ConfigFlags::given() const {
  std::string text;
  if (!file_.empty()) text += " --config.file " + shell_word(file_);
  for (const auto& [key, value] : values_) {
    // A URL with a password in it is not shown; the rest holds no secrets.
    if (value.empty() || !starts_with(key, "airbyte.") || value.find('@') != std::string::npos) continue;
    const std::string names = flag_names(key);
    text += " " + names.substr(0, names.find(',')) + " " + shell_word(value);
  }
  return text;
}

std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::optional<settings::Settings> ConfigFlags::load() const {
  const auto how = options();
  if (file_.empty() && how.overrides.empty()) {
    fmt::print(stderr,
               "syncwarden: give --config.file FILE, or at least --airbyte.url URL; `syncwarden demo` needs "
               "neither\n");
    return std::nullopt;
  }
  auto loaded = file_.empty() ? settings::load_text("", "flags", how) : settings::load_file(file_, how);
  print(loaded);
  // Without a file nothing is managed, so there is nothing to remember: no state file is asked of a first
  // visitor.
  const bool state_given =
      std::any_of(how.overrides.begin(), how.overrides.end(),
                  [](const settings::Override& given) { return given.first == "state"; });
  if (loaded.settings && file_.empty() && !state_given) loaded.settings->state_path.clear();
  return loaded.settings;
}

void print(const settings::Loaded& loaded) {
  for (const auto& warning : loaded.warnings)
    fmt::print(stderr, "warning: {}\n", settings::to_string(warning));
  for (const auto& problem : loaded.problems) fmt::print(stderr, "error: {}\n", settings::to_string(problem));
  if (loaded.problems.size() > 1) fmt::print(stderr, "{} errors\n", loaded.problems.size());
}

void LogFlags::add_to(CLI::App& command) {
  command.add_option("--log.level", level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  command.add_option("--log.format", format, "logfmt or json")->check(CLI::IsMember({"logfmt", "json"}));
}

observe::LogOptions LogFlags::options() const {
  observe::LogOptions options;
  options.level = observe::level_from(level).value_or(observe::Level::info);
  options.format = observe::log_format_from(format).value_or(observe::LogFormat::logfmt);
  options.journal_prefix = observe::stderr_is_journal();
  return options;
}

int report(const Error& error) {
  fmt::print(stderr, "syncwarden: {}\n", to_string(error));
  return exit_status(error);
}

int exit_status(const Error& error) {
  switch (error.code) {
    case Errc::usage:
    case Errc::invalid_config:
      return exit_usage;
    case Errc::resolve_failed:
    case Errc::resolve_timeout:
    case Errc::connect_refused:
    case Errc::connect_timeout:
    case Errc::tls_failed:
    case Errc::proxy_failed:
    case Errc::send_timeout:
    case Errc::reply_timeout:
    case Errc::connection_lost:
    case Errc::malformed_reply:
    case Errc::unauthorized:
    case Errc::forbidden:
    case Errc::server_error:
    case Errc::rate_limited:
      return exit_unreachable;
    default:
      return exit_failed;
  }
}

}  // namespace syncwarden::app
