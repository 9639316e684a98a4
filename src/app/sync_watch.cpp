#include "app/sync_watch.hpp"

#include "admin/amounts.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr std::size_t bar_width = 20;
constexpr std::size_t most_streams_below = 20;
constexpr std::size_t most_streams_told = 50;  ///< lines of one look, where there is no terminal

std::string_view word_of(StreamRunState state) {
  switch (state) {
    case StreamRunState::rate_limited:
      return "rate limited";
    case StreamRunState::unknown:
      return "under way";  // Airbyte counts it and tells no state
    case StreamRunState::pending:
    case StreamRunState::running:
    case StreamRunState::complete:
    case StreamRunState::incomplete:
      break;
  }
  return to_string(state);
}

/// What needs a look first.
int urgency(StreamRunState state) {
  switch (state) {
    case StreamRunState::rate_limited:
      return 0;
    case StreamRunState::incomplete:
      return 1;
    case StreamRunState::running:
    case StreamRunState::unknown:
      return 2;
    case StreamRunState::pending:
      return 3;
    case StreamRunState::complete:
      break;
  }
  return 4;
}

std::string state_words(const StreamState& stream, Instant now) {
  std::string out(word_of(stream.state));
  if (stream.quota_reset) out += " until " + when_text(*stream.quota_reset, now);
  return out;
}

void take_job(SyncState& state, const Answer& job) {
  const Answer counters = job["counters"];
  const auto either = [&](const char* committed, const char* emitted) {
    const auto first = counters[committed].number();
    return first ? first : counters[emitted].number();
  };
  state.job = job["id"].count();
  state.status = job["status"].text();
  state.attempts = static_cast<std::uint32_t>(job["attempts"].count());
  state.created = job["created"].instant();
  const bool terminal =
      state.status == "succeeded" || state.status == "failed" || state.status == "cancelled";
  if (terminal) state.ended = job["updated"].instant();
  // While it runs, what is read moves sooner than what is committed.
  state.records = terminal ? either("records_committed", "records_emitted")
                           : either("records_emitted", "records_committed");
  state.bytes =
      terminal ? either("bytes_committed", "bytes_emitted") : either("bytes_emitted", "bytes_committed");
}

std::string moved(const SyncState& state) {
  std::string out;
  if (state.records) out = fmt::format(", {} records", admin::count_text(*state.records));
  if (state.bytes) out += ", " + admin::bytes_text(*state.bytes);
  return out;
}

std::string elapsed(const SyncState& state, Instant now) {
  if (!state.created) return {};
  std::string out = ", " + admin::rough_text(now - *state.created);
  if (state.typical) out += " of typically " + admin::rough_text(*state.typical);
  return out;
}

std::string rate(const SyncState& state, Instant now) {
  if (!state.bytes || !state.created || now - *state.created < std::chrono::seconds{1}) return {};
  const auto seconds = std::chrono::duration<double>(now - *state.created).count();
  return fmt::format(
      ", {}/s", admin::bytes_text(static_cast<std::int64_t>(static_cast<double>(*state.bytes) / seconds)));
}

std::string what_it_does(const SyncState& state) {
  if (state.job == 0) {
    std::string out = state.phase == "queued"     ? "waits"
                      : state.phase == "intended" ? "requested"
                                                  : state.phase;
    if (!state.waits.empty()) out += ": " + state.waits;
    return out;
  }
  if (state.phase == "backing_off")
    return fmt::format("job {} {}, another one follows", state.job, state.status);
  // Right after the request nobody has read the job yet.
  std::string out = fmt::format("job {} {}", state.job, state.status == "unknown" ? "begins" : state.status);
  if (state.attempts > 1) out += fmt::format(", attempt {}", state.attempts);
  return out;
}

}  // namespace

std::optional<SyncState> sync_state(const Answer& runs, const Answer& connection) {
  const auto found = runs["runs"].items();
  if (found.empty()) return std::nullopt;
  const Answer& run = found.front();
  SyncState state;
  state.name = connection["name"].text(run["connection"]["name"].text(run["connection"]["id"].text()));
  state.phase = run["phase"].text();
  state.typical = connection["typical_duration_ms"].millis();
  if (run["job"].known()) take_job(state, run["job"]);
  for (const Answer& job : connection["jobs"].items()) {
    if (state.job != 0 && job["id"].count() == state.job) take_job(state, job);  // fresher than the history
  }
  for (const Answer& tick : connection["waiting"].items()) {
    if (state.phase == "queued") state.waits = tick["what"].text(tick["cause"].text());
  }
  if (state.phase == "finished") state.verdict = run["verdict"].text("ambiguous");
  state.why = run["why"].text();
  if (state.why.empty() && run["failure"].known()) state.why = "failure class " + run["failure"].text();
  return state;
}

int exit_status_of(const SyncState& state) {
  if (state.verdict == "succeeded") return exit_done;
  if (state.verdict == "suspect") return exit_suspect;
  if (state.verdict == "cancelled") return exit_cancelled;
  return exit_failed;
}

std::string progress_line(const SyncState& state, Instant now) {
  return fmt::format("{}: {}{}{}", state.name, with_local_times(what_it_does(state), now), moved(state),
                     elapsed(state, now));
}

std::string progress_bar(const SyncState& state, Instant now, const Look& look) {
  std::string bar;
  if (state.typical && state.created && *state.typical > Millis{0}) {
    const double share = std::chrono::duration<double>(now - *state.created) / *state.typical;
    const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(bar_width));
    bar = "[" + std::string(full, '#') + std::string(bar_width - full, '.') + "] ";
  }
  const std::string line =
      bar + fmt::format("{}: {}{}{}{}", state.name, with_local_times(what_it_does(state), now), moved(state),
                        rate(state, now), elapsed(state, now));
  return look.width > 1 ? fitted(line, look.width - 1) : line;
}

std::string verdict_line(const SyncState& state, Instant now) {
  std::string out = fmt::format("{}: {}", state.name, state.verdict);
  if (state.job != 0) out += fmt::format(", job {}", state.job);
  if (state.created && state.ended) out += " after " + admin::rough_text(*state.ended - *state.created);
  out += moved(state);
  if (!state.why.empty()) out += ": " + with_local_times(state.why, now);
  return out;
}

std::vector<StreamState> streams_of(const Answer& answer) {
  std::vector<StreamState> streams;
  for (const Answer& one : answer["streams"].items()) {
    StreamState stream;
    stream.name = one["name"].text();
    stream.state = stream_run_state_from(one["state"].text());
    stream.quota_reset = one["quota_reset"].instant();
    stream.records = one["records"].number();
    stream.bytes = one["bytes"].number();
    streams.push_back(std::move(stream));
  }
  return streams;
}

std::string stream_line(const StreamState& stream, Instant now) {
  std::string out = printable(stream.name, 256) + ": " + state_words(stream, now);
  if (stream.records) out += fmt::format(", {} records", admin::count_text(*stream.records));
  if (stream.bytes) out += ", " + admin::bytes_text(*stream.bytes);
  return out;
}

std::vector<std::string> stream_lines(const std::vector<StreamState>& streams, Instant now,
                                      std::size_t most) {
  std::vector<const StreamState*> ordered;
  ordered.reserve(streams.size());
  for (const StreamState& stream : streams) ordered.push_back(&stream);
  std::stable_sort(ordered.begin(), ordered.end(), [](const StreamState* a, const StreamState* b) {
    return urgency(a->state) < urgency(b->state);
  });
  const std::size_t shown = ordered.size() <= most ? ordered.size() : std::max<std::size_t>(most, 1) - 1;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(stream_line(*ordered[i], now));
  if (shown == ordered.size()) return lines;
  std::map<std::string_view, std::size_t> rest;
  for (std::size_t i = shown; i < ordered.size(); ++i) ++rest[word_of(ordered[i]->state)];
  std::string counts;
  for (const auto& [state, count] : rest)
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, state);
  lines.push_back(fmt::format("and {} more: {}", ordered.size() - shown, counts));
  return lines;
}

void ProgressDisplay::draw(const SyncState& state, Instant now) {
  std::string out;
  if (below_ > 0) out = fmt::format("\x1b[{}A", below_);
  out += "\r\x1b[J" + progress_bar(state, now, look_);
  // The bar, the streams and a line for what comes after them have to fit: what has scrolled away cannot be
  // drawn over.
  const std::size_t room = look_.height == 0 ? most_streams_below : look_.height > 3 ? look_.height - 3 : 0;
  const auto lines = room == 0 ? std::vector<std::string>()
                               : stream_lines(state.streams, now, std::min(room, most_streams_below));
  for (const std::string& line : lines)
    out += "\n  " + (look_.width > 3 ? fitted(line, look_.width - 3) : line);
  below_ = lines.size();
  fmt::print("{}", out);
  std::fflush(stdout);
  bar_ = true;
}

void ProgressDisplay::tell_streams(const SyncState& state, Instant now) {
  std::vector<StreamState> changed;
  for (const StreamState& stream : state.streams) {
    const std::pair seen(stream.state, stream.quota_reset);
    const auto [known, fresh] = told_streams_.try_emplace(stream.name, seen);
    if (!fresh && known->second == seen) continue;
    known->second = seen;
    changed.push_back(stream);
  }
  for (const std::string& line : stream_lines(changed, now, most_streams_told))
    fmt::print("{}: {}\n", state.name, line);
}

void ProgressDisplay::show(const SyncState& state, Instant now) {
  if (look_.terminal) return draw(state, now);
  // Counters and time change always; a line is for what somebody waits for.
  std::string change = what_it_does(state);
  if (change != told_) {
    told_ = std::move(change);
    fmt::print("{}\n", progress_line(state, now));
  }
  tell_streams(state, now);
  std::fflush(stdout);
}

void ProgressDisplay::end() {
  if (std::exchange(bar_, false)) fmt::print("\n");
  below_ = 0;
}

}  // namespace syncwarden::app
