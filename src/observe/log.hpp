// Structured log lines: a message and fields, written as logfmt or JSON to standard error.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::observe {

enum class Level : std::uint8_t { error, warn, info, debug };
inline constexpr std::array all_levels{Level::error, Level::warn, Level::info, Level::debug};
[[nodiscard]] std::string_view to_string(Level level);
/// The words of --log.level: "debug", "info", "warn", "error".
[[nodiscard]] std::optional<Level> level_from(std::string_view word);

enum class LogFormat : std::uint8_t { logfmt, json };
/// The words of --log.format.
[[nodiscard]] std::optional<LogFormat> log_format_from(std::string_view word);

/// A key and a value. Keys are literals of ours; values may be as hostile as they like: they are escaped,
/// made valid UTF-8 and cut to 1 KiB.
struct LogField {
  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
  LogField(std::string_view name, bool flag) : key(name), value(flag ? "true" : "false"), bare(true) {}
  LogField(std::string_view name, std::integral auto number)
      : key(name), value(std::to_string(number)), bare(true) {}
  LogField(std::string_view name, JobId job) : key(name), value(std::to_string(job.value)), bare(true) {}
  LogField(std::string_view name, Instant at) : key(name), value(to_rfc3339(at)) {}
  LogField(std::string_view name, Millis duration) : key(name), value(syncwarden::to_string(duration)) {}
  template <class Tag>
  LogField(std::string_view name, const StrongString<Tag>& id) : key(name), value(id.text) {}

  std::string_view key;
  std::string value;
  bool bare = false;  ///< a number or a truth value: not quoted in JSON
};
using LogFields = std::initializer_list<LogField>;

struct LogOptions {
  Level level = Level::info;
  LogFormat format = LogFormat::logfmt;
  bool journal_prefix = false;                 ///< "<6>" before each line, see goes_to_journal()
  std::function<Instant()> clock;              ///< empty: spdlog's own
  std::function<void(Level)> counted;          ///< called for each line written
  std::function<void(std::string_view)> sink;  ///< gets whole lines; empty: standard error
};

/// Safe to use from any thread. A line is one write(2); what standard error does not take is dropped and
/// counted, never waited for longer than the write itself.
class Log {
 public:
  explicit Log(LogOptions options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Level level, std::string_view message, LogFields fields = {});
  void error(std::string_view message, LogFields fields = {}) { write(Level::error, message, fields); }
  void warn(std::string_view message, LogFields fields = {}) { write(Level::warn, message, fields); }
  void info(std::string_view message, LogFields fields = {}) { write(Level::info, message, fields); }
  void debug(std::string_view message, LogFields fields = {}) { write(Level::debug, message, fields); }

  /// Whether a line of this level would be written: for callers with costly fields.
  [[nodiscard]] bool enabled(Level level) const;
  void set_level(Level level);
  /// Lines that standard error refused.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether standard error is the journal's own stream: $JOURNAL_STREAM ("device:inode") must name the very
/// file that descriptor 2 is; that the variable exists says nothing, children inherit it.
[[nodiscard]] bool goes_to_journal(const char* journal_stream, std::uint64_t device, std::uint64_t inode);
/// The same, for the standard error of this process.
[[nodiscard]] bool stderr_is_journal();

}  // namespace syncwarden::observe
