// The logs of an attempt: made up from what it has done so far, so that they cost nothing until somebody
// asks.
#include "emulator/impl/encode.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

struct Line {
  Instant at;
  std::string_view level;  ///< debug, error, info, trace, warn
  std::string_view from;   ///< destination, source, platform, replication-orchestrator
  std::string message;
};

std::vector<Line> lines_of(const Api& api, const Job& job, std::size_t number) {
  const auto& attempt = job.attempts[number];
  const auto& stream = api.airbyte.connection(job.connection).view.source.name;
  std::vector<Line> lines;
  lines.push_back({attempt.created, "info", "platform",
                   fmt::format("Attempt {} of job {} begins", number, job.id.value)});
  lines.push_back({attempt.created, "info", "source", fmt::format("Reading stream {}", stream)});
  const auto progress = api.airbyte.progress(job, attempt);
  const auto seen = attempt.ended.value_or(api.airbyte.now());
  lines.push_back(
      {seen, "info", "replication-orchestrator",
       fmt::format("Records read: {} ({} bytes)", progress.records_emitted, progress.bytes_emitted)});
  const bool newest = number + 1 == job.attempts.size();
  if (const auto reset = api.airbyte.quota_reset(job); newest && reset) {
    lines.push_back({seen, "warn", "source", fmt::format("Rate limited until {}", java_time(*reset))});
  }
  if (attempt.failure) lines.push_back({seen, "error", "platform", attempt.failure->message});
  if (attempt.ended) {
    lines.push_back({seen, "info", "platform", fmt::format("Attempt ended: {}", to_string(attempt.status))});
  }
  return lines;
}

std::string formatted(const Line& line) {
  auto time = java_time(line.at);
  time.pop_back();
  for (auto& c : time) c = c == 'T' ? ' ' : c;
  return fmt::format("{} {} > {}", time, line.from, line.message);
}

void write_line(Json& json, const Line& line, bool structured) {
  if (!structured) {
    json.value(formatted(line));
    return;
  }
  json.open('{').member("timestamp", line.at.time_since_epoch().count()).member("message", line.message);
  json.member("level", line.level).member("logSource", line.from).close('}');
}

}  // namespace

void write_logs(Json& json, const Api& api, const Job& job, std::size_t number, std::int64_t padding) {
  const bool structured = api.rules().structured_logs;
  if (!api.rules().stack_traces) json.member("logType", structured ? "structured" : "formatted");
  json.key("logs").open('{').key(structured ? "events" : "logLines").open('[');
  for (const auto& line : lines_of(api, job, number)) write_line(json, line, structured);
  const Line filler{job.attempts[number].created, "info", "platform", std::string(1'000, 'x')};
  for (std::int64_t written = 0; written < padding; written += 1'000) write_line(json, filler, structured);
  json.close(']');
  if (structured) json.member("version", "1");
  json.close('}');
}

}  // namespace syncwarden::emulator
