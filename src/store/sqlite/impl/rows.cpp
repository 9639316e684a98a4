#include "store/sqlite/impl/rows.hpp"

#include "base/text.hpp"
#include "base/time.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::store {
namespace {

std::int64_t ms(Instant at) { return at.time_since_epoch().count(); }
std::optional<std::int64_t> ms(std::optional<Instant> at) {
  return at ? std::optional{ms(*at)} : std::nullopt;
}

void bind_run_id(Statement& to, const RunId& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 32> text{};
  for (std::size_t i = 0; i < 16; ++i) {
    const auto shift = 60 - 4 * i;
    text.at(i) = digits[(id.hi >> shift) & 15U];
    text.at(16 + i) = digits[(id.lo >> shift) & 15U];
  }
  to.bind_copy({text.data(), text.size()});
}

void bind_run_id(Statement& to, const std::optional<RunId>& id) {
  if (id) {
    bind_run_id(to, *id);
  } else {
    to.bind_null();
  }
}

std::optional<RunId> run_id_from(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  RunId id;
  const char* middle = text.data() + 16;
  const char* end = text.data() + 32;
  const auto [high_end, high_error] = std::from_chars(text.data(), middle, id.hi, 16);
  const auto [low_end, low_error] = std::from_chars(middle, end, id.lo, 16);
  const bool good = high_error == std::errc{} && low_error == std::errc{} && high_end == middle &&
                    low_end == end && to_string(id) == text;
  return good ? std::optional{id} : std::nullopt;
}

/// Each tag ends with a line feed, so that no tags and one empty tag differ; "\" escapes itself and "n".
std::string tags_text(const std::vector<std::string>& tags) {
  std::string out;
  for (const auto& tag : tags) {
    for (const char c : tag) {
      if (c == '\n') {
        out += "\\n";
      } else if (c == '\\') {
        out += "\\\\";
      } else {
        out += c;
      }
    }
    out += '\n';
  }
  return out;
}

std::optional<std::vector<std::string>> tags_from(std::string_view text) {
  std::vector<std::string> tags;
  std::string tag;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      tags.push_back(std::exchange(tag, {}));
    } else if (text[i] != '\\') {
      tag += text[i];
    } else if (++i < text.size() && (text[i] == 'n' || text[i] == '\\')) {
      tag += text[i] == 'n' ? '\n' : '\\';
    } else {
      return std::nullopt;
    }
  }
  return tag.empty() ? std::optional{std::move(tags)} : std::nullopt;
}

std::string durations_text(const std::vector<RunSample>& samples) {
  std::string out;
  for (const auto& [duration, records, bytes] : samples) {
    if (!out.empty()) out += ',';
    out += std::to_string(duration.count());
  }
  return out;
}

std::optional<std::vector<RunSample>> durations_from(std::string_view text) {
  std::vector<RunSample> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t count = 0;
    const auto [next, error] = std::from_chars(at, end, count);
    if (error != std::errc{}) return std::nullopt;
    out.push_back({Millis{count}, std::nullopt, std::nullopt});
    at = next;
    if (at == end) break;
    if (*at++ != ',' || at == end) return std::nullopt;
  }
  return out;
}

// Airbyte's words have lenient readers of their own; what we wrote ourselves must read back as it is.
template <class Enum>
using Reader = Enum (*)(std::string_view);

/// Takes a row column by column and remembers the first thing that makes no sense.
class RowReader {
 public:
  RowReader(const Statement& row, const std::string& path, std::string_view table, int key_columns)
      : row_(row), path_(path), table_(table), key_columns_(key_columns) {}

  std::string text() { return std::string{row_.text(next_++)}; }
  std::int64_t integer() { return row_.integer(next_++); }
  Instant instant() { return Instant{Millis{integer()}}; }
  std::optional<std::int64_t> optional_integer() {
    if (row_.is_null(next_)) return skip();
    return integer();
  }
  std::optional<Instant> optional_instant() {
    if (row_.is_null(next_)) return skip();
    return instant();
  }
  std::uint32_t count() {
    const auto value = row_.integer(next_++);
    if (value >= 0 && value <= std::numeric_limits<std::uint32_t>::max()) {
      return static_cast<std::uint32_t>(value);
    }
    refuse("is no count");
    return 0;
  }
  RunId run_id() {
    const auto id = run_id_from(row_.text(next_++));
    if (!id) refuse("is no run id");
    return id.value_or(RunId{});
  }
  std::optional<RunId> optional_run_id() {
    if (row_.is_null(next_)) return skip();
    return run_id();
  }
  /// A word of an enum whose reader knows every word or answers nothing.
  template <class Enum>
  Enum word(std::optional<Enum> (*from)(std::string_view)) {
    const auto text = row_.text(next_++);
    const auto value = from(text);
    if (value && to_string(*value) == text) return *value;
    refuse("is not a word that this version knows");
    return Enum{};
  }
  template <class Enum>
  Enum word(Reader<Enum> from) {
    const auto text = row_.text(next_++);
    const auto value = from(text);
    if (to_string(value) != text) refuse("is not a word that this version knows");
    return value;
  }
  template <class Enum>
  std::optional<Enum> optional_word(std::optional<Enum> (*from)(std::string_view)) {
    if (row_.is_null(next_)) return skip();
    return word(from);
  }
  [[nodiscard]] bool next_is_null() const { return row_.is_null(next_); }
  std::nullopt_t skip(int columns = 1) {
    next_ += columns;
    return std::nullopt;
  }
  template <class T>
  T list(std::optional<T> (*from)(std::string_view)) {
    auto value = from(row_.text(next_++));
    if (!value) refuse("cannot be read");
    return std::move(value).value_or(T{});
  }

  template <class T>
  Result<T> finish(T value) {
    if (error_) return *std::move(error_);
    return value;
  }

 private:
  /// About the column that was just taken.
  void refuse(std::string_view why) {
    if (error_) return;
    const int column = next_ - 1;
    std::string key;
    for (int i = 0; i < key_columns_; ++i) {
      key += fmt::format("{}{} {}", i == 0 ? "" : ", ", row_.name(i), printable(row_.text(i)));
    }
    // text() of a number converts it in place; nothing reads this column afterwards.
    error_ = Error{Errc::store_corrupt,
                   fmt::format("table {}, row {}: column {} holds '{}', which {}", table_, key,
                               row_.name(column), printable(row_.text(column)), why),
                   path_, corrupt_hint(path_)};
  }

  const Statement& row_;
  const std::string& path_;
  std::string_view table_;
  int key_columns_;
  int next_ = 0;
  std::optional<Error> error_;
};

void bind(Statement& to, const Actor& actor) {
  to.bind(actor.id.text).bind(actor.name).bind(actor.connector).bind(actor.definition.text);
}

Actor read_actor(RowReader& row) {
  Actor actor;
  actor.id = ActorId{row.text()};
  actor.name = row.text();
  actor.connector = row.text();
  actor.definition = DefinitionId{row.text()};
  return actor;
}

}  // namespace

void bind(Statement& to, const ScheduleCursor& cursor) {
  to.bind(cursor.schedule.text).bind(cursor.connection.text).bind(ms(cursor.watermark)).bind(cursor.spec);
  to.bind(ms(cursor.decided_from)).bind(ms(cursor.ahead_from)).bind(ms(cursor.ahead_until));
}

void bind(Statement& to, const Tick& tick) {
  to.bind(tick.schedule.text).bind(ms(tick.nominal)).bind(to_string(tick.outcome));
  to.bind(to_string(tick.reason)).bind(ms(tick.decided));
  bind_run_id(to, tick.run);
  to.bind(std::int64_t{tick.also}).bind(tick.detail);
}

void bind(Statement& to, const Run& run) {
  bind_run_id(to, run.id);
  to.bind(run.schedule.text).bind(run.connection.text);
  to.bind(ms(run.nominal)).bind(ms(run.due)).bind(to_string(run.cause)).bind(to_string(run.phase));
  to.bind(std::int64_t{run.job_number}).bind(std::int64_t{run.requests});
  to.bind(run.baseline.value).bind(run.job.value).bind(to_string(run.attribution));
  to.bind(ms(run.intended)).bind(ms(run.not_before)).bind(to_string(run.verdict));
  if (run.failure) {
    to.bind(to_string(*run.failure));
  } else {
    to.bind_null();
  }
}

void bind(Statement& to, const JobRecord& record) {
  const auto& job = record.job;
  to.bind(job.id.value).bind(job.connection.text).bind(to_string(job.type)).bind(to_string(job.status));
  to.bind(ms(job.created)).bind(ms(job.updated)).bind(std::int64_t{job.attempts});
  to.bind(ms(job.attempt_started)).bind(ms(job.attempt_ended));
  to.bind(job.counters.records_emitted).bind(job.counters.bytes_emitted);
  to.bind(job.counters.records_committed).bind(job.counters.bytes_committed);
  if (job.failures.empty()) {
    to.bind_null().bind_null().bind_null();
  } else {
    const auto& first = job.failures.front();
    to.bind(to_string(first.origin)).bind(to_string(first.type)).bind(first.message);
  }
  bind_run_id(to, record.run);
}

void bind(Statement& to, const ConnectionView& connection) {
  to.bind(connection.id.text).bind(connection.name);
  to.bind(connection.workspace.text).bind(connection.workspace_name);
  bind(to, connection.source);
  bind(to, connection.destination);
  to.bind(to_string(connection.status)).bind(to_string(connection.schedule)).bind(connection.schedule_text);
  to.bind_copy(tags_text(connection.tags));
}

void bind(Statement& to, const ConnectionHistory& history) {
  to.bind(history.connection.text).bind(ms(history.first_seen));
  to.bind(ms(history.last_success)).bind(ms(history.last_completion));
  to.bind(std::int64_t{history.consecutive_failures}).bind_copy(durations_text(history.samples));
}

Result<ScheduleCursor> read_cursor(const Statement& from, const std::string& path) {
  RowReader row{from, path, "cursor", 1};
  ScheduleCursor cursor;
  cursor.schedule = ScheduleId{row.text()};
  cursor.connection = ConnectionId{row.text()};
  cursor.watermark = row.instant();
  cursor.spec = row.text();
  cursor.decided_from = row.instant();
  cursor.ahead_from = row.optional_instant();
  cursor.ahead_until = row.optional_instant();
  return row.finish(std::move(cursor));
}

Result<Tick> read_tick(const Statement& from, const std::string& path) {
  RowReader row{from, path, "tick", 2};
  Tick tick;
  tick.schedule = ScheduleId{row.text()};
  tick.nominal = row.instant();
  tick.outcome = row.word(tick_outcome_from);
  tick.reason = row.word(tick_reason_from);
  tick.decided = row.instant();
  tick.run = row.optional_run_id();
  tick.also = row.count();
  tick.detail = row.text();
  return row.finish(std::move(tick));
}

Result<Run> read_run(const Statement& from, const std::string& path) {
  RowReader row{from, path, "run", 1};
  Run run;
  run.id = row.run_id();
  run.schedule = ScheduleId{row.text()};
  run.connection = ConnectionId{row.text()};
  run.nominal = row.instant();
  run.due = row.instant();
  run.cause = row.word(trigger_cause_from);
  run.phase = row.word(run_phase_from);
  run.job_number = row.count();
  run.requests = row.count();
  run.baseline = JobId{row.integer()};
  run.job = JobId{row.integer()};
  run.attribution = row.word(attribution_from);
  run.intended = row.instant();
  run.not_before = row.instant();
  run.verdict = row.word(verdict_from);
  run.failure = row.optional_word(failure_class_from);
  return row.finish(std::move(run));
}

Result<JobRecord> read_job(const Statement& from, const std::string& path) {
  RowReader row{from, path, "job", 1};
  JobRecord record;
  auto& job = record.job;
  job.id = JobId{row.integer()};
  job.connection = ConnectionId{row.text()};
  job.type = row.word(job_type_from);
  job.status = row.word(job_status_from);
  job.created = row.instant();
  job.updated = row.instant();
  job.attempts = row.count();
  job.attempt_started = row.optional_instant();
  job.attempt_ended = row.optional_instant();
  job.counters.records_emitted = row.optional_integer();
  job.counters.bytes_emitted = row.optional_integer();
  job.counters.records_committed = row.optional_integer();
  job.counters.bytes_committed = row.optional_integer();
  if (row.next_is_null()) {
    row.skip(3);
  } else {
    JobFailure failure;
    failure.origin = row.word(failure_origin_from);
    failure.type = row.word(failure_type_from);
    failure.message = row.text();
    job.failures.push_back(std::move(failure));
  }
  record.run = row.optional_run_id();
  return row.finish(std::move(record));
}

Result<ConnectionView> read_connection(const Statement& from, const std::string& path) {
  RowReader row{from, path, "connection", 1};
  ConnectionView connection;
  connection.id = ConnectionId{row.text()};
  connection.name = row.text();
  connection.workspace = WorkspaceId{row.text()};
  connection.workspace_name = row.text();
  connection.source = read_actor(row);
  connection.destination = read_actor(row);
  connection.status = row.word(connection_status_from);
  connection.schedule = row.word(airbyte_schedule_from);
  connection.schedule_text = row.text();
  connection.tags = row.list(tags_from);
  return row.finish(std::move(connection));
}

Result<ConnectionHistory> read_history(const Statement& from, const std::string& path) {
  RowReader row{from, path, "history", 1};
  ConnectionHistory history;
  history.connection = ConnectionId{row.text()};
  history.first_seen = row.instant();
  history.last_success = row.optional_instant();
  history.last_completion = row.optional_instant();
  history.consecutive_failures = row.count();
  history.samples = row.list(durations_from);
  return row.finish(std::move(history));
}

}  // namespace syncwarden::store
