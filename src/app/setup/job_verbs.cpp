// syncwarden airbyte jobs
#include "app/direct_sync.hpp"
#include "app/moments.hpp"
#include "app/screen.hpp"
#include "app/setup/job_watch.hpp"
#include "app/setup/sheets.hpp"
#include "app/setup/verbs.hpp"
#include "app/sync_watch.hpp"
#include "base/text.hpp"
#include "runtime/clock.hpp"

#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Jobs {
  SharedFlags flags;
  std::string id, connection, since, until, timeout;
  std::vector<std::string> statuses, types;
  std::size_t limit = 0;
  std::size_t log_lines = 0;

  [[nodiscard]] int list() const;
  [[nodiscard]] int get() const;
  [[nodiscard]] int watch() const;
  [[nodiscard]] int cancel() const;

 private:
  [[nodiscard]] Result<JobFilter> filter(Desk& desk) const;
  [[nodiscard]] Result<JobId> job_id() const;
};

Result<JobId> Jobs::job_id() const {
  JobId job;
  const char* const end = id.data() + id.size();
  const auto [stop, ec] = std::from_chars(id.data(), end, job.value);
  if (ec == std::errc() && stop == end && job.value > 0) return job;
  return Error{Errc::usage,
               fmt::format("\"{}\" is no job's number", printable(id)),
               {},
               "`syncwarden airbyte jobs list` tells them"};
}

Result<std::optional<Instant>> moment(const std::string& text, std::string_view flag, Instant now) {
  if (text.empty()) return std::optional<Instant>();
  const auto at = parse_moment(text, now, Towards::past);
  if (at) return std::optional<Instant>(*at);
  return Error{Errc::usage, fmt::format("\"{}\" is no time", printable(text)), std::string(flag),
               "write 24h, 02:00, \"2026-11-26 02:00\" or RFC 3339"};
}

Result<JobFilter> Jobs::filter(Desk& desk) const {
  JobFilter wanted;
  const Instant now = runtime::read_clock().wall;
  const auto from = moment(since, "--since", now);
  if (!from) return from.error();
  wanted.since = *from;
  const auto to = moment(until, "--until", now);
  if (!to) return to.error();
  wanted.until = *to;
  wanted.limit = limit;
  for (const auto& word : statuses) wanted.statuses.push_back(job_status_from(word));
  for (const auto& word : types) wanted.types.push_back(job_type_from(word));
  if (!connection.empty()) {
    const auto one = desk.connection(connection);
    if (!one) return one.error();
    wanted.connection = one->id;
  } else {
    const auto spaces = desk.workspaces();
    if (!spaces) return spaces.error();
    for (const auto& space : *spaces) wanted.workspaces.push_back(space.id);
  }
  return wanted;
}

/// Names of connections; without them the ids must do, which is no reason to fail.
Names connection_names(Desk& desk) {
  Names names;
  const auto all = desk.connections();
  if (!all) return names;
  for (const auto& one : *all) names[one.id.text.str()] = one.name;
  return names;
}

int Jobs::list() const {
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto wanted = filter(*desk);
  if (!wanted) return Desk::fail(wanted.error());
  const Names names = connection_names(*desk);
  const Instant now = runtime::read_clock().wall;
  if (!desk->json()) fmt::print("{}", job_header());
  bool closed = false;
  const auto done = desk->airbyte().jobs(*wanted, [&](const JobView& job) {
    if (desk->json()) {
      fmt::print("{}\n", json_line(job, names));
    } else {
      fmt::print("{}", job_row(job, names, now));
    }
    closed = std::ferror(stdout) != 0;
    return !closed;  // the reader has gone: `jobs list | head`
  });
  if (!done) return Desk::fail(done.error());
  return exit_done;
}

int Jobs::get() const {
  const auto job = job_id();
  if (!job) return report(job.error());
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto detail = desk->airbyte().job(*job);
  if (!detail) return Desk::fail(detail.error());
  const Names names = connection_names(*desk);
  fmt::print("{}", desk->json() ? json_line(*detail, names) + "\n"
                                : job_sheet(*detail, names, runtime::read_clock().wall, Look::of_output()));
  if (log_lines == 0) return exit_done;
  const auto lines = desk->airbyte().log_lines(*job, log_lines);
  if (!lines) return Desk::fail(lines.error());
  FILE* const out = desk->json() ? stderr : stdout;  // standard output stays JSON line by line
  if (!desk->json()) fmt::print("\n");
  for (const auto& line : *lines) fmt::print(out, "{}\n", line);
  return exit_done;
}

int Jobs::watch() const {
  const auto job = job_id();
  if (!job) return report(job.error());
  WatchOptions options;
  options.json = flags->json;
  if (!timeout.empty()) {
    options.timeout = parse_duration(timeout);
    if (!options.timeout)
      return report({Errc::usage, fmt::format("\"{}\" is no duration", printable(timeout)), "--timeout",
                     "write 30m or 4h"});
  }
  int status = exit_done;
  const auto desk = Desk::open(*flags, status, true);
  if (desk == nullptr) return status;
  return watch_job(*desk, *job, connection_names(*desk), options);
}

int Jobs::cancel() const {
  const auto job = job_id();
  if (!job) return report(job.error());
  int status = exit_done;
  const auto desk = Desk::open(*flags, status);
  if (desk == nullptr) return status;
  const auto detail = desk->airbyte().job(*job);
  if (!detail) return Desk::fail(detail.error());
  if (is_terminal(detail->job.status))
    return Desk::fail({Errc::conflict,
                       fmt::format("job {} has ended: {}", job->value, to_string(detail->job.status)),
                       {},
                       "there is nothing to cancel"});
  const Names names = connection_names(*desk);
  const auto name = names.find(detail->job.connection.text);
  if (!desk->confirmed(
          fmt::format("Cancel job {} of \"{}\"?", job->value,
                      printable(name == names.end() ? detail->job.connection.text.str() : name->second))))
    return exit_usage;
  const auto answer = desk->airbyte().cancel(*job, detail->job.connection);
  switch (answer.result) {
    case CancelResult::accepted:
      if (!desk->json())
        fmt::print("the cancel of job {} was accepted; `jobs watch {}` tells when it has ended\n", job->value,
                   job->value);
      return exit_done;
    case CancelResult::already_ended:
      return Desk::fail({Errc::conflict,
                         fmt::format("job {} has ended in the meantime", job->value),
                         {},
                         "nothing was cancelled"});
    case CancelResult::not_latest:
      return Desk::fail({Errc::conflict,
                         fmt::format("a newer job runs on this connection than {}", job->value),
                         {},
                         "Airbyte would cancel that one; nothing was cancelled"});
    case CancelResult::has_moved:  // no attempt was named
    case CancelResult::failed:
      break;
  }
  return Desk::fail(answer.error.value_or(Error{Errc::internal, "the cancel failed", {}, {}}));
}

}  // namespace

void add_job_verbs(CLI::App& airbyte, const SharedFlags& flags, Chosen& chosen) {
  auto* noun = add_noun(airbyte, "jobs", "list, get, watch, cancel");
  auto jobs = std::make_shared<Jobs>();
  jobs->flags = flags;
  const auto verb = [&](const std::string& name, const std::string& help, int (Jobs::*run)() const,
                        bool named) {
    auto* made = add_verb(*noun, name, help, chosen, [jobs, run] { return (jobs.get()->*run)(); });
    if (named) made->add_option("job", jobs->id, "its number")->required();
    return made;
  };
  auto* list = verb("list", "newest first, printed while they arrive", &Jobs::list, false);
  list->add_option("--connection", jobs->connection, "name or id; before Airbyte 0.50 it must be given");
  list->add_option("--status", jobs->statuses,
                   "pending, queued, running, incomplete, failed, succeeded or cancelled; repeatable")
      ->check(
          CLI::IsMember({"pending", "queued", "running", "incomplete", "failed", "succeeded", "cancelled"}));
  list->add_option("--type", jobs->types, "sync, reset, refresh or clear; repeatable")
      ->check(CLI::IsMember({"sync", "reset", "refresh", "clear"}));
  list->add_option("--since", jobs->since, "created then or later: 24h, 02:00, RFC 3339");
  list->add_option("--until", jobs->until, "created then or earlier");
  list->add_option("--limit", jobs->limit, "at most so many; 0 = all")->capture_default_str();
  auto* get = verb("get", "one with its attempts, failures and streams", &Jobs::get, true);
  get->add_option("--logs", jobs->log_lines,
                  "also the newest lines of its log, so many (not over the Public API)");
  auto* watch = verb("watch", "follow one until it ends", &Jobs::watch, true);
  watch->add_option("--timeout", jobs->timeout, "wait no longer than this: 30m, 4h");
  watch->footer(
      "Exit status: 0 succeeded, 1 failed, 4 no statistics, 5 cancelled, 6 still running at --timeout or "
      "Ctrl-C.");
  verb("cancel", "asks first; hits this job or none", &Jobs::cancel, true);
}

}  // namespace syncwarden::app
