#include "app/sync_watch.hpp"

#include "admin/amounts.hpp"
#include "app/flags.hpp"
#include "app/moments.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

constexpr std::size_t bar_width = 20;

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
  std::string out = fmt::format("job {} {}", state.job, state.status);
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

void ProgressDisplay::show(const SyncState& state, Instant now) {
  if (look_.terminal) {
    fmt::print("\r\x1b[K{}", progress_bar(state, now, look_));
    std::fflush(stdout);
    bar_ = true;
    return;
  }
  // Counters and time change always; a line is for what somebody waits for.
  std::string change = what_it_does(state);
  if (change == told_) return;
  told_ = std::move(change);
  fmt::print("{}\n", progress_line(state, now));
  std::fflush(stdout);
}

void ProgressDisplay::end() {
  if (std::exchange(bar_, false)) fmt::print("\n");
}

}  // namespace syncwarden::app
