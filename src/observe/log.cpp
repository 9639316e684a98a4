#include "observe/log.hpp"

#include "observe/escape.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <utility>

#include <spdlog/details/log_msg.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

namespace syncwarden::observe {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::error:
      return spdlog::level::err;
    case Level::warn:
      return spdlog::level::warn;
    case Level::info:
      return spdlog::level::info;
    case Level::debug:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

Level from_spdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
    case spdlog::level::err:
      return Level::error;
    case spdlog::level::warn:
      return Level::warn;
    case spdlog::level::info:
      return Level::info;
    default:
      return Level::debug;
  }
}

/// sd-daemon(3)
std::string_view journal_prefix(Level level) {
  switch (level) {
    case Level::error:
      return "<3>";
    case Level::warn:
      return "<4>";
    case Level::info:
      return "<6>";
    case Level::debug:
      return "<7>";
  }
  return "<6>";
}

/// "a.b_c" and nothing else, whatever a caller may think of.
void append_key(std::string& out, std::string_view key) {
  for (const char c : key) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    out += good ? c : '_';
  }
}

void append_field(std::string& out, LogFormat format, const LogField& field) {
  if (format == LogFormat::logfmt) {
    out += ' ';
    append_key(out, field.key);
    out += '=';
    append_logfmt_value(out, field.value);
    return;
  }
  out += ",\"";
  append_key(out, field.key);
  out += "\":";
  if (field.bare) {
    out += field.value;
  } else {
    append_json_quoted(out, field.value);
  }
}

/// Puts time and level before what Log::write() made, and hands the whole line on at once.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  LineSink(LogFormat format, bool prefixed, std::function<void(std::string_view)> target)
      : format_(format), prefixed_(prefixed), target_(std::move(target)) {}

  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const Level level = from_spdlog(message.level);
    const auto at = std::chrono::floor<Millis>(message.time);
    std::string line;
    line.reserve(message.payload.size() + 96);
    if (prefixed_) line += journal_prefix(level);
    if (format_ == LogFormat::logfmt) {
      line += "time=";
      append_time(line, at);
      line += " level=";
      line += to_string(level);
      line += " msg=";
    } else {
      line += R"({"time":")";
      append_time(line, at);
      line += R"(","level":")";
      line += to_string(level);
      line += R"(","msg":)";
    }
    line.append(message.payload.data(), message.payload.size());
    line += format_ == LogFormat::logfmt ? "\n" : "}\n";
    if (target_) {
      target_(line);
    } else {
      write_out(line);
    }
  }
  void flush_() override {}

 private:
  /// to_rfc3339(), whose date and time of day are the same for a whole second.
  void append_time(std::string& line, Instant at) {
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    if (second_text_.empty() || second != second_) {
      second_ = second;
      second_text_ = to_rfc3339(second);
      second_text_.pop_back();  // the Z
    }
    line += second_text_;
    if (const auto rest = (at - second).count(); rest != 0) {
      const char digits[] = {'.', static_cast<char>('0' + rest / 100),
                             static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
      line.append(digits, sizeof digits);
    }
    line += 'Z';
  }

  void write_out(std::string_view line) {
    while (!line.empty()) {
      const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        ++lost_;
        return;
      }
      line.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  LogFormat format_;
  bool prefixed_;
  std::function<void(std::string_view)> target_;
  std::chrono::sys_seconds second_{};
  std::string second_text_;
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warn:
      return "warn";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return "info";
}

std::optional<Level> level_from(std::string_view word) {
  for (const Level level : all_levels) {
    if (to_string(level) == word) return level;
  }
  return std::nullopt;
}

std::optional<LogFormat> log_format_from(std::string_view word) {
  if (word == "logfmt") return LogFormat::logfmt;
  if (word == "json") return LogFormat::json;
  return std::nullopt;
}

struct Log::Impl {
  explicit Impl(LogOptions given)
      : options(std::move(given)),
        sink(std::make_shared<LineSink>(options.format, options.journal_prefix, options.sink)),
        logger("syncwarden", sink) {
    logger.set_level(to_spdlog(options.level));
    // A sink that throws must not write about it to standard error by itself.
    logger.set_error_handler([](const std::string&) {});
  }

  LogOptions options;
  std::shared_ptr<LineSink> sink;
  spdlog::logger logger;
};

Log::Log(LogOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Log::~Log() = default;

void Log::write(Level level, std::string_view message, LogFields fields) {
  if (!enabled(level)) return;
  const LogOptions& options = impl_->options;
  std::string line;
  line.reserve(512);
  append_json_quoted(line, message);
  for (const LogField& field : fields) append_field(line, options.format, field);
  const spdlog::string_view_t payload(line.data(), line.size());
  if (options.clock) {
    impl_->logger.log(std::chrono::time_point_cast<spdlog::log_clock::duration>(options.clock()),
                      spdlog::source_loc{}, to_spdlog(level), payload);
  } else {
    impl_->logger.log(spdlog::source_loc{}, to_spdlog(level), payload);
  }
  if (options.counted) options.counted(level);
}

bool Log::enabled(Level level) const { return impl_->logger.should_log(to_spdlog(level)); }
void Log::set_level(Level level) { impl_->logger.set_level(to_spdlog(level)); }
std::uint64_t Log::lost() const { return impl_->sink->lost(); }

bool goes_to_journal(const char* journal_stream, std::uint64_t device, std::uint64_t inode) {
  return journal_stream != nullptr && journal_stream == std::to_string(device) + ":" + std::to_string(inode);
}

bool stderr_is_journal() {
  struct stat status {};
  if (::fstat(STDERR_FILENO, &status) != 0) return false;
  return goes_to_journal(std::getenv("JOURNAL_STREAM"), status.st_dev,
                         status.st_ino);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace syncwarden::observe
