#include "airbyte/impl/inspection.hpp"

#include "airbyte/impl/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

namespace json = boost::json;

constexpr std::size_t max_name = 256;

std::vector<Shape> counter_fields() {
  return {{"recordsEmitted", {}},
          {"bytesEmitted", {}},
          {"recordsCommitted", {}},
          {"bytesCommitted", {}},
          {"recordsRejected", {}}};
}

std::vector<Shape> log_fields() {
  return {{"logLines", {}, true},
          {"events", {{"timestamp", {}}, {"message", {}}, {"level", {}}, {"logSource", {}}}, true}};
}

void put(std::optional<std::int64_t>& counter, const std::optional<std::int64_t>& fresh) {
  if (fresh) counter = fresh;
}

std::string stream_name(std::string_view space, std::string_view name) {
  return printable(space.empty() ? std::string(name) : fmt::format("{}.{}", space, name), max_name);
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string event_prefix(const Node& event) {
  std::string prefix;
  if (const auto at = instant_from_epoch(event["timestamp"].integer())) prefix = to_rfc3339(*at) + " ";
  const std::string_view level = event["level"].text_or_empty();
  if (!level.empty()) prefix += upper(level) + " ";
  const std::string_view source = event["logSource"].text_or_empty();
  if (!source.empty()) prefix += fmt::format("{} > ", source);
  return prefix;
}

/// Behind an escape sequence that begins at `start`: "ESC [ ... letter", "ESC ] ... BEL", else ESC and one
/// more.
std::size_t behind_escape(std::string_view line, std::size_t start) {
  std::size_t at = start + 1;
  if (at >= line.size()) return line.size();
  if (line[at] == '[') {
    ++at;
    while (at < line.size() && line[at] >= 0x20 && line[at] <= 0x3F) ++at;
    return std::min(at + 1, line.size());
  }
  if (line[at] == ']') {
    const std::size_t bell = line.find_first_of("\x07\x1B", at);
    if (bell == std::string_view::npos) return line.size();
    return line[bell] == 0x1B ? std::min(bell + 2, line.size()) : bell + 1;
  }
  return at + 1;
}

}  // namespace

std::string attempt_body(JobId job, std::uint32_t attempt) {
  return fmt::format(R"({{"jobId":{},"attemptNumber":{}}})", job.value, attempt);
}

std::string stream_statuses_body(const WorkspaceId& workspace, const ConnectionId& connection, JobId job,
                                 std::uint32_t attempt, std::size_t page_size, std::size_t page) {
  json::object body;
  body["workspaceId"] = json::string(workspace.text.view());
  body["connectionId"] = json::string(connection.text.view());
  body["jobId"] = job.value;
  body["attemptNumber"] = attempt;
  json::object pagination;
  pagination["pageSize"] = page_size;
  pagination["rowOffset"] = page * page_size;
  body["pagination"] = std::move(pagination);
  return json::serialize(body);
}

const Shape& sync_progress_shape() {
  static const Shape shape = [] {
    Shape made{"", counter_fields()};
    made.inside.push_back({"jobId", {}});
    made.inside.push_back({"streams",
                           {{"streamName", {}},
                            {"streamNamespace", {}},
                            {"recordsEmitted", {}},
                            {"bytesEmitted", {}},
                            {"recordsCommitted", {}},
                            {"bytesCommitted", {}}}});
    return made;
  }();
  return shape;
}

std::optional<LiveCounters> sync_progress_from(const Node& node) {
  const auto id = node["jobId"].id_number();
  if (!id || *id <= 0) return std::nullopt;
  return LiveCounters{JobId{*id}, attempt_stats_from(node)};
}

std::vector<StreamState> stream_counters_from(const Node& node) {
  std::vector<StreamState> streams;
  for (const Node& element : node["streams"].elements) {
    const std::string_view name = element["streamName"].text_or_empty();
    if (name.empty()) continue;
    const JobCounters counters = attempt_stats_from(element);
    StreamState stream;
    stream.name = stream_name(element["streamNamespace"].text_or_empty(), name);
    stream.state = StreamRunState::unknown;
    stream.records = counters.records_emitted ? counters.records_emitted : counters.records_committed;
    stream.bytes = counters.bytes_emitted ? counters.bytes_emitted : counters.bytes_committed;
    streams.push_back(std::move(stream));
  }
  return streams;
}

void merge_counters(std::vector<StreamState>& streams, std::vector<StreamState> counted) {
  std::map<std::string, StreamState*> by_name;
  for (StreamState& stream : streams) by_name.emplace(stream.name, &stream);
  std::vector<StreamState> unlisted;
  for (StreamState& stream : counted) {
    const auto known = by_name.find(stream.name);
    if (known == by_name.end()) {
      unlisted.push_back(std::move(stream));
      continue;
    }
    known->second->records = stream.records;
    known->second->bytes = stream.bytes;
  }
  streams.insert(streams.end(), std::make_move_iterator(unlisted.begin()),
                 std::make_move_iterator(unlisted.end()));
}

const Shape& attempt_stats_shape() {
  static const Shape shape{"", counter_fields()};
  return shape;
}

JobCounters attempt_stats_from(const Node& node) {
  const auto read = [&node](std::string_view key) {
    const auto value = node[key].integer();
    return value && *value >= 0 ? value : std::nullopt;
  };
  JobCounters counters;
  counters.records_emitted = read("recordsEmitted");
  counters.bytes_emitted = read("bytesEmitted");
  counters.records_committed = read("recordsCommitted");
  counters.bytes_committed = read("bytesCommitted");
  counters.records_rejected = read("recordsRejected");
  return counters;
}

void overlay(JobCounters& counters, const JobCounters& fresh) {
  put(counters.records_emitted, fresh.records_emitted);
  put(counters.bytes_emitted, fresh.bytes_emitted);
  put(counters.records_committed, fresh.records_committed);
  put(counters.bytes_committed, fresh.bytes_committed);
  put(counters.records_rejected, fresh.records_rejected);
}

const Shape& stream_status_list_shape() {
  static const Shape shape{"",
                           {{"streamStatuses",
                             {{"jobId", {}},
                              {"attemptNumber", {}},
                              {"streamName", {}},
                              {"streamNamespace", {}},
                              {"runState", {}},
                              {"transitionedAt", {}},
                              {"metadata", {{"quotaReset", {}}}}},
                             true}}};
  return shape;
}

std::optional<StreamReport> stream_report_from(const Node& node) {
  const std::string_view name = node["streamName"].text_or_empty();
  const auto state = node["runState"].text();
  if (name.empty() || !state) return std::nullopt;
  const std::string_view space = node["streamNamespace"].text_or_empty();
  StreamReport report;
  if (const auto id = node["jobId"].id_number()) report.job = JobId{*id};
  report.attempt = node["attemptNumber"].integer();
  report.changed = instant_from_epoch(node["transitionedAt"].integer()).value_or(Instant{});
  report.stream.name = stream_name(space, name);
  report.stream.state = stream_run_state_from(*state);
  if (report.stream.state == StreamRunState::rate_limited) {
    report.stream.quota_reset = instant_from_epoch(node["metadata"]["quotaReset"].integer());
  }
  return report;
}

void StreamRoll::add(StreamReport report) {
  if (report.job && *report.job != job_) return;
  if (report.attempt && *report.attempt != static_cast<std::int64_t>(attempt_)) return;
  const auto [known, fresh] = newest_.try_emplace(report.stream.name, report);
  if (!fresh && known->second.changed <= report.changed) known->second = std::move(report);
}

std::vector<StreamState> StreamRoll::take() {
  std::vector<StreamState> streams;
  streams.reserve(newest_.size());
  for (auto& [name, report] : newest_) streams.push_back(std::move(report.stream));
  newest_.clear();
  return streams;
}

const Shape& workflow_shape() {
  static const Shape shape{"", {{"workflowState", {{"running", {}}}}}};
  return shape;
}

std::optional<bool> workflow_running_from(const Node& node) {
  return node["workflowState"]["running"].boolean();
}

const Shape& attempt_log_shape() {
  static const Shape shape{"", {{"logs", log_fields()}}};
  return shape;
}

const Shape& job_log_shape() {
  static const Shape shape{"", {{"attempts", {{"attempt", {{"id", {}}}}, {"logs", log_fields()}}, true}}};
  return shape;
}

std::string log_text(std::string_view line) {
  std::string clean;
  clean.reserve(line.size());
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at];
    if (c == 0x1B) {
      at = behind_escape(line, at);
      continue;
    }
    if (c == '\t') {
      clean.push_back(' ');
    } else if (c < 0 || (c >= ' ' && c != 0x7F)) {
      clean.push_back(c);
    }
    ++at;
  }
  return printable(clean, LogTail::max_line);
}

void LogTail::add(std::string_view text) {
  open_.push_back(log_text(text));
  bytes_ += open_.back().size();
  while (open_.size() > most_ || (bytes_ > max_bytes && !open_.empty())) {
    bytes_ -= open_.front().size();
    open_.pop_front();
  }
}

void LogTail::end_attempt(std::int64_t number) {
  if (attempts_ == 0 || number >= newest_number_) {
    newest_ = std::move(open_);
    newest_number_ = number;
  }
  ++attempts_;
  open_.clear();
  bytes_ = 0;
}

void LogTail::take(const Node& node) {
  std::string prefix;
  std::string_view text;
  if (node.kind == Node::Kind::text) {
    text = node.string;
  } else if (node.kind == Node::Kind::object && node["message"].text()) {
    prefix = event_prefix(node);
    text = node["message"].text_or_empty();
  } else if (!node["attempt"].is_absent() || !node["logs"].is_absent()) {
    return end_attempt(node["attempt"]["id"].integer().value_or(attempts_));
  } else {
    return;
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  do {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add(prefix + std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  } while (!text.empty());
}

std::vector<std::string> LogTail::lines() {
  auto& kept = attempts_ > 0 ? newest_ : open_;
  return {std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end())};
}

}  // namespace syncwarden::airbyte
